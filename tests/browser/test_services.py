"""An agent's pages for the bank's services: walked to by links, decided on, refused in words."""

import re
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import AGENT, OpenPage
from tests.browser.fake_bank import RefusedError, application
from tests.browser.fake_server import FakeServer

NARROW, PHONE = (320, 700), (400, 900)


def open_loan(page: Page) -> Page:
    page.get_by_role("link", name="无息贷款").click()
    expect(page.get_by_role("heading", name="无息贷款")).to_be_focused()
    return page


def test_a_service_is_one_tap_away_and_back_is_where_one_was(me: Page) -> None:
    link = me.get_by_role("link", name="无息贷款")
    link.scroll_into_view_if_needed()
    before = me.evaluate("scrollY")
    loan = open_loan(me)
    assert loan.url.endswith("/me/loan")
    expect(loan).to_have_title("无息贷款 · demo")
    expect(loan.locator("[data-live=live]")).to_be_visible()
    loan.go_back()
    expect(me.locator(".ring")).to_be_visible()
    assert me.evaluate("scrollY") == pytest.approx(before, abs=2)
    me.go_forward()
    expect(me.get_by_role("heading", name="无息贷款")).to_be_visible()
    me.reload()
    expect(me.get_by_role("heading", name="无息贷款")).to_be_visible()
    me.get_by_role("link", name="我的时间").click()
    expect(me.locator(".ring")).to_be_visible()


def test_what_is_owed_is_offset_after_a_second_word(me: Page, server: FakeServer) -> None:
    loan = open_loan(me)
    expect(loan.locator("main")).to_contain_text("尚欠事假 37 分 15 秒")
    expect(loan.get_by_test_id("full-attendance")).to_contain_text("全勤有望：10 分")
    expect(loan.locator("li").nth(2)).to_contain_text("已抵 10 分")
    loan.get_by_role("button", name="抵扣 37 分 15 秒").click()
    expect(loan.get_by_text("截止前可以撤回")).to_be_visible()
    assert server.bank.acts == {}
    loan.get_by_role("button", name="确定").click()
    expect(loan.get_by_text("本月的事假都已处理")).to_be_visible()
    assert list(server.bank.acts.values()) == [{}]
    loan.get_by_role("button", name="撤回 30 分").click()
    expect(loan.locator("main")).to_contain_text("尚欠事假 30 分")
    assert list(server.bank.acts.values())[1:] == [{"item": "2026-11-10/idle", "back": True}]


def test_of_the_items_one_can_be_left_out_and_it_says_what_stays(me: Page, server: FakeServer) -> None:
    loan = open_loan(me)
    loan.get_by_label("闲日事假").first.uncheck()
    expect(loan.locator(".decide")).to_contain_text("余额还剩 42 分 45 秒")
    expect(loan.locator(".decide")).to_contain_text("抵扣后尚欠 30 分")
    loan.get_by_role("button", name="抵扣 7 分 15 秒").click()
    loan.get_by_role("button", name="确定").click()
    expect(loan.locator("main")).to_contain_text("尚欠事假 30 分")
    assert list(server.bank.acts.values()) == [{"item": "2026-11-12/day", "seconds": 435}]


def test_the_balance_goes_as_far_as_it_goes(me: Page, server: FakeServer) -> None:
    server.bank.loan["balance"] = 2_000
    loan = open_loan(me)
    loan.get_by_role("button", name="抵扣 33 分 20 秒").click()
    loan.get_by_role("button", name="确定").click()
    expect(loan.locator("main")).to_contain_text("尚欠事假 3 分 55 秒")
    assert [said["seconds"] for said in server.bank.acts.values()] == [1_800, 200]


def test_who_keeps_the_balance_is_told_what_that_means(me: Page, server: FakeServer) -> None:
    loan = open_loan(me)
    loan.get_by_role("button", name="不自动抵扣").click()
    expect(loan.get_by_text("可能失去全勤")).to_be_visible()
    loan.get_by_role("button", name="确定").click()
    expect(loan.locator("main")).to_contain_text("不会自动抵扣，转入考勤")
    expect(loan.get_by_role("button", name="不自动抵扣")).to_have_count(0)
    assert list(server.bank.acts.values()) == [{"keep": True}]


def test_a_refusal_is_said_and_nothing_is_lost(me: Page, server: FakeServer) -> None:
    loan = open_loan(me)
    loan.get_by_role("button", name="抵扣 37").click()
    server.bank.refuses = RefusedError(409, "1007 can't offset leave of 2026-11 any more", "offset-closed")
    loan.get_by_role("button", name="确定").click()
    expect(loan.get_by_role("alert")).to_have_text("没有办成：已经截止，不能再抵扣")
    expect(loan.get_by_role("button", name="确定")).to_be_enabled()


def test_before_its_day_and_after_its_close_nothing_can_be_chosen(me: Page, server: FakeServer) -> None:
    server.bank.loan["opens"] = "2099-12-25"
    loan = open_loan(me)
    expect(loan.locator("main")).to_contain_text("12-25 起可以抵扣")
    expect(loan.get_by_label("闲日事假").first).to_be_disabled()
    expect(loan.get_by_role("button", name="抵扣")).to_have_count(0)
    server.bank.loan |= {"opens": "2000-01-01", "closes": 1_000.0}
    server.say({"op": "account"}, numbered=False)
    expect(loan.locator("main")).to_contain_text("已截止，不能再抵扣")
    expect(loan.get_by_role("button", name="抵扣")).to_have_count(0)


def test_what_lost_full_attendance_is_named(open_as: OpenPage, server: FakeServer) -> None:
    faults = [{"what": "late", "day": "2026-11-03", "seconds": 240}, {"what": "leave", "day": None, "seconds": 0}]
    server.bank.loan["forecast"] = {"full": False, "points": 0, "faults": faults}
    page = open_as(AGENT, language="en", size=PHONE)
    page.get_by_role("link", name="Leave offset").click()
    full = page.get_by_test_id("full-attendance")
    expect(full).to_contain_text("No full attendance as things stand")
    expect(full.locator("li").first).to_contain_text("Late 3 Nov 4 min")


def test_what_would_expire_as_the_month_closes_is_said_beforehand(open_as: OpenPage, server: FakeServer) -> None:
    server.bank.loan["expires"] = {"months": 2, "since": "2026-10", "seconds": 600, "accounts": {"savings": 600}}
    page = open_as(AGENT, language="en", size=PHONE)
    page.get_by_role("link", name="Leave offset").click()
    expires = page.get_by_test_id("expires")
    expect(expires).to_contain_text("10 min would expire as this month closes")
    expect(expires).to_contain_text("time is kept for 2 attendance months, and what came in before October 2026")
    server.bank.loan["expires"] |= {"seconds": 0, "accounts": {}}
    server.say({"op": "account"}, numbered=False)
    expect(expires).to_contain_text("Nothing expires as this month closes")


def test_what_could_not_be_fetched_says_so_and_comes_by_itself(me: Page, server: FakeServer) -> None:
    server.bank.refuses = RefusedError(503, "busy")
    loan = open_loan(me)
    expect(loan.get_by_role("alert")).to_contain_text("服务器暂时无法处理")
    server.bank.refuses = None
    expect(loan.locator("main")).to_contain_text("尚欠事假", timeout=8_000)


def day_of(page: Page, day: date) -> Locator:
    """Of the calendar, whichever month is shown first."""
    button = page.get_by_role("button", name=re.compile(rf"^{day.month}月{day.day}日"))
    if button.count() == 0:
        page.get_by_role("button", name="下个月").click()
    return button


def open_days(page: Page) -> Page:
    page.get_by_role("link", name="现金取款").click()
    expect(page.get_by_role("heading", name="现金取款")).to_be_focused()
    expect(page.get_by_text("以后的日子还没有申请")).to_be_visible()
    return page


def test_a_day_off_is_applied_for_where_there_is_a_place_and_cancelled_again(me: Page, server: FakeServer) -> None:
    server.account.savings = 60_000
    server.say({"op": "account"}, numbered=False)
    days, day = open_days(me), server.bank.first
    day_of(days, day).click()
    expect(days.locator(".card")).to_contain_text("还有 3 个名额。")
    expect(days.locator(".card")).to_contain_text("需要 8 时")
    expect(days.locator(".card")).to_contain_text("余额还剩 9 时 33 分 20 秒")
    days.get_by_role("button", name="申请", exact=True).click()
    mine = days.locator("section", has=days.get_by_role("heading", name="我的申请"))
    expect(mine.locator("li")).to_contain_text("待审批")
    expect(day_of(days, day)).to_have_attribute("data-day-look", "applied")
    server.bank.days[day]["own"][0]["state"] = "approved"
    server.say({"op": "account"}, numbered=False)
    expect(mine.locator("li")).to_contain_text("已批准")
    expect(mine.locator("li")).to_contain_text("及以前可以取消")
    mine.get_by_role("button", name="取消申请").click()
    mine.get_by_role("button", name="确定取消").click()
    expect(mine.locator("li")).to_contain_text("已取消")
    assert [list(said) for said in server.bank.acts.values()] == [["day"], ["application"]]


def test_where_it_is_full_one_waits_and_sees_how_many_are_before(me: Page, server: FakeServer) -> None:
    server.account.savings = 60_000
    server.say({"op": "account"}, numbered=False)
    days, day = open_days(me), server.bank.first + timedelta(days=2)
    day_of(days, day).click()
    expect(days.locator(".card")).to_contain_text("名额已满，2 人在候补。")
    days.get_by_role("button", name="申请候补").click()
    expect(days.locator("li").last).to_contain_text("前面还有 2 人。")


def test_several_days_and_parts_say_what_they_cost_and_what_the_balance_lacks(me: Page, server: FakeServer) -> None:
    days, day = open_days(me), server.bank.first
    day_of(days, day).click()
    card = days.locator(".card")
    expect(card).to_contain_text("余额还差 3 时 42 分 13 秒")
    expect(card.get_by_role("button", name="申请", exact=True)).to_be_disabled()
    card.get_by_role("button", name="连续几天").click()
    card.locator("input").fill(str(day + timedelta(days=5)))
    expect(card).to_contain_text("需要 32 时")
    card.get_by_role("button", name="几小时").click()
    card.locator("input").first.fill("14:00")
    card.locator("input").last.fill("15:30")
    expect(card).to_contain_text("1 时 30 分")
    card.get_by_role("button", name="申请", exact=True).click()
    expect(days.locator("li")).to_contain_text("1 时 30 分")
    (said,) = server.bank.acts.values()
    begins = datetime.combine(day, time(14), ZoneInfo("Asia/Shanghai")).timestamp()
    assert said == {"day": str(day), "from": begins, "to": begins + 5_400}


def test_whoever_applied_sees_the_order_with_the_own_numbers(me: Page, server: FakeServer) -> None:
    day = server.bank.first
    server.bank.days[day] |= {"allocated_at": 1_000.0, "agents": 0, "own": [application(day, "waiting")], "ahead": 0}
    common = {"seconds": 28_800, "contract_ppm": 1_000_000, "applied_at": 1_790_000_000_000_000, "line": ["centre"]}
    order = [
        common | {"application": "a", "agent": "1003", "granted_days": 0, "joined_on": "2020-02-01"},
        common | {"application": "b", "agent": "1007", "granted_days": 2, "joined_on": "2019-01-01"},
    ]
    server.bank.allocations[f"allocations/centre/{day}"] = {"applicants": order, "winners": ["a"]}
    me.get_by_role("link", name="现金取款").click()
    me.get_by_role("button", name="分配顺序").click()
    expect(me.locator("ol li").first).to_contain_text("1003")
    expect(me.locator("ol li").last).to_contain_text("我")
    expect(me.locator("ol li").last).to_contain_text("获批 2 天 · 2019-01-01 入职")
    expect(me.get_by_text("您排在候补第一位。")).to_be_visible()


def test_a_line_is_opened_down_to_what_the_switch_said_and_appealed_against(me: Page, server: FakeServer) -> None:
    me.get_by_role("link", name="超支还款").first.click()
    expect(me.get_by_role("heading", name="超支还款")).to_be_focused()
    expect(me.locator("main")).to_contain_text("用了 33 分 20 秒")
    expect(me.locator("main")).to_contain_text("反向工时 · 打水")
    me.get_by_text("交换机原始记录").click()
    expect(me.locator("pre").first).to_contain_text("Event: QueueMemberPause")
    expect(me.locator("pre").last).to_contain_text("purged with 2026-11-21.log")
    lodge = me.get_by_role("button", name="提交申诉")
    expect(lodge).to_be_disabled()
    me.get_by_label("原因").fill("CRM 故障，无法接听")
    lodge.click()
    expect(me.get_by_text("已申诉，等待裁定")).to_be_visible()
    me.get_by_role("button", name="撤回申诉").click()
    expect(me.get_by_text("您已撤回申诉")).to_be_visible()
    me.get_by_label("原因").fill("还是要申诉")
    lodge.click()
    expect(me.get_by_text("已申诉，等待裁定")).to_be_visible()
    appealed, withdrawn, _ = server.bank.acts.values()
    assert (appealed["reason"], withdrawn["appeal"]) == ("CRM 故障，无法接听", "ap9")
    server.bank.appeals[0] |= {"state": "rejected", "answer": "录音显示当时在休息区"}
    me.reload()
    expect(me.locator("main")).to_contain_text("申诉被驳回 理由：录音显示当时在休息区")
    expect(lodge).to_have_count(0)
    me.goto(f"{server.url}/me/line?transfer=99.1")  # none of the newest
    expect(me.locator("main")).to_contain_text("从余额扣 8 分 20 秒。余额不足的 7 分 15 秒记为事假。")


def test_an_appeal_that_comes_too_late_is_refused_in_words(me: Page, server: FakeServer) -> None:
    me.get_by_role("link", name="零存整取").first.click()
    me.get_by_label("原因").fill("迟了")
    server.bank.refuses = RefusedError(409, "1007 could appeal against 1.1 until 2026-11-28")
    me.get_by_role("button", name="提交申诉").click()
    expect(me.get_by_role("alert").last).to_contain_text("没有办成：1007 could appeal against 1.1 until 2026-11-28")
    expect(me.get_by_label("原因")).to_have_value("迟了")


def test_the_policy_for_me_says_by_whom_and_why_and_that_i_have_read_it(me: Page) -> None:
    me.get_by_role("link", name="适用的规定").click()
    expect(me.locator("section").first).to_contain_text("01-01 起生效")
    holds = me.locator(".holds")
    expect(holds).to_contain_text("li 发布，wang 复核")
    expect(holds).to_contain_text("职代会通过")
    expect(holds).to_contain_text("反向工时考核值 3 % 与默认不同")
    expect(holds).to_contain_text("零存整取、时间红包")
    expect(holds).to_contain_text("未用时长过期 12 个月后")
    holds.get_by_role("button", name="我已阅读").click()
    expect(holds).to_contain_text("您已于")
    expect(holds.get_by_role("button", name="我已阅读")).to_have_count(0)


def test_what_is_recorded_about_me_says_how_long_it_is_kept_and_who_can_see_it(me: Page) -> None:
    me.get_by_role("link", name="关于我的记录").click()
    lines = me.locator("main li")
    expect(lines.nth(0)).to_contain_text("812 条")
    expect(lines.nth(1)).to_contain_text("交换机原始记录 保存 365 天。可见：服务器管理员。")
    expect(lines.nth(1).get_by_role("button")).to_be_disabled()
    lines.nth(2).get_by_role("button").click()
    read = lines.nth(2).locator("li")
    expect(read.first.locator("dl")).to_contain_text("类别 查看 statement")
    me.get_by_role("button", name="更早的").click()
    expect(read).to_have_count(2)
    expect(lines.nth(2)).to_contain_text("以上是全部 2 条。")


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("address", ["/me/loan", "/me/days-off", "/me/line?transfer=1.1", "/me/policy", "/me/recorded"])
def test_no_page_of_a_service_is_wider_than_the_window(open_as: OpenPage, language: str, address: str) -> None:
    page = open_as(AGENT, language=language, size=NARROW)
    page.goto(page.url.replace("/me", address))
    expect(page.locator("main h2").first).to_be_visible()
    expect(page.locator("main section:not(.unknown)").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW[0]
