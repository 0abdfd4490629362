"""The pages of who leads units: what waits is decided in place, packets, emergencies, days off, indicators."""

import re
import time
from datetime import timedelta

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.conftest import LEAD, OpenPage
from tests.browser.fake_bank import RefusedError
from tests.browser.fake_server import FakeServer


def open_at(open_as: OpenPage, server: FakeServer, address: str, **how: object) -> Page:
    page = open_as(LEAD, **how)
    page.goto(server.url + address)
    expect(page.locator("main :is(section:not(.unknown), .empty h2)").first).to_be_visible()
    return page


def card(page: Page, title: str) -> Locator:
    return page.locator("section", has=page.get_by_role("heading", name=title))


def test_the_board_leads_to_what_waits_and_back(board: Page) -> None:
    board.get_by_role("link", name="管理").click()
    expect(board).to_have_url(re.compile("/manage$"))
    expect(board).to_have_title("管理 · demo")
    expect(board.get_by_role("link", name="待办")).to_contain_text("7")
    board.get_by_role("link", name="指标").click()
    expect(board).to_have_url(re.compile("/manage/indicators$"))
    board.go_back()
    expect(card(board, "调休申请")).to_be_visible()
    board.get_by_role("link", name="现场").click()
    expect(board.locator("[data-agent]").first).to_be_visible()


def test_what_waits_is_decided_in_place_and_keeps_its_place(open_as: OpenPage, server: FakeServer) -> None:
    page = open_at(open_as, server, "/manage")
    days = card(page, "调休申请")
    first, second = days.locator("li").nth(0), days.locator("li").nth(1)
    name = server.agents["1001"]["name"]
    expect(first).to_contain_text(name)
    expect(first).to_contain_text("8 时 · 另有 2 个名额 · 余额 5 时 · 按规则排第 1 · 之前 90 天内获批 0 天")
    first.get_by_role("button", name="批准").click()
    expect(first).to_contain_text("已批准")
    second.get_by_role("button", name="拒绝").click()
    refuse = second.get_by_role("button", name="拒绝")
    expect(refuse).to_be_disabled()
    expect(second.get_by_label("写明理由")).to_be_focused()
    second.get_by_label("写明理由").fill("当天有大促")
    page.keyboard.press("Enter")
    expect(second).to_contain_text("已拒绝")
    expect(first).to_contain_text(name)
    assert [said["verdict"] for said in server.bank.acts.values()] == ["approved", "refused"]
    expect(page.get_by_role("link", name="待办")).to_contain_text("5")


def test_entered_overtime_is_declined_with_a_reason(open_as: OpenPage, server: FakeServer) -> None:
    page = open_at(open_as, server, "/manage")
    entry = card(page, "待复核的加班").locator("li").first
    expect(entry).to_contain_text("当天其他应急已计入 30 分")
    entry.get_by_role("button", name="驳回").click()
    entry.get_by_label("写明理由").fill("当时职场已关")
    page.keyboard.press("Enter")
    expect(entry).to_contain_text("已驳回")
    assert list(server.bank.acts.values()) == [{"entry": "e1", "reason": "当时职场已关"}]


def test_of_each_kind_one_is_decided(open_as: OpenPage, server: FakeServer) -> None:
    page = open_at(open_as, server, "/manage")
    card(page, "待复核的加班").get_by_role("button", name="批准").click()
    card(page, "红包提议").get_by_role("button", name="发放").click()
    change = card(page, "待同意的变更")
    expect(change).to_contain_text("影响 2 天 · 涉及 1 人 · −7 分 45 秒")
    change.get_by_role("button", name="同意").click()
    change.get_by_label("写明理由").fill("我在场")
    change.get_by_role("button", name="同意").click()
    appeal = card(page, "申诉")
    expect(appeal).to_contain_text("当时在培训")
    appeal.get_by_text("看这笔明细和当天经过").click()
    expect(appeal).to_contain_text("用了 33 分 20 秒")
    appeal.get_by_role("button", name="反向工时 · 个人").click()
    appeal.get_by_role("button", name="成立").click()
    expect(appeal.get_by_label("从")).to_have_value("14:00")
    appeal.get_by_label("写明理由").fill("培训签到表")
    appeal.get_by_role("button", name="成立").click()
    span = card(page, "待裁定的时段")
    span.get_by_role("button", name="免计").click()
    span.get_by_label("写明理由").fill("机房检修")
    span.get_by_role("button", name="免计").click()
    expect(page.locator(".verdict")).to_have_count(5)
    said = list(server.bank.acts.values())
    assert said[3]["counts"] == "exempt"
    assert said[3]["to"] - said[3]["from"] == 2_000  # to the second, as it was seen
    assert (said[4]["agent"], said[4]["counts"], said[4]["reason"]) == ("1005", "exempt", "机房检修")


def test_a_refusal_is_said_where_it_was_asked_and_nothing_is_lost(open_as: OpenPage, server: FakeServer) -> None:
    page = open_at(open_as, server, "/manage")
    first = card(page, "调休申请").locator("li").first
    server.bank.refuses = RefusedError(409, "1001 has a1 cancelled: it stays that")
    first.get_by_role("button", name="批准").click()
    expect(first.get_by_role("alert")).to_contain_text("没有办成：1001 has a1 cancelled")
    expect(first.get_by_role("button", name="批准")).to_be_enabled()


def test_where_nothing_waits_it_says_so(open_as: OpenPage, server: FakeServer) -> None:
    office = server.bank.office
    for waiting in (office.undecided, office.entries, office.proposals, office.changes, office.appeals, office.unruled):
        waiting.clear()
    page = open_at(open_as, server, "/manage", language="en")
    expect(page.get_by_role("heading", name="Nothing waits for you")).to_be_visible()


def test_a_packet_is_given_to_some_who_were_searched_and_the_figures_stand_beside(
    open_as: OpenPage, server: FakeServer
) -> None:
    page = open_at(open_as, server, "/manage/packets")
    form = card(page, "发时间红包")
    form.get_by_label("从哪里发").select_option("team-1")
    search = form.get_by_label("发给谁")
    for number in ("1001", "1002"):
        search.fill(number)
        search.press("Enter")
    search.fill("1025")  # of another team
    expect(form.get_by_text("没有找到")).to_be_visible()
    search.fill("")
    form.get_by_label("为什么发").fill("第一名")
    expect(form.locator("dl")).to_contain_text("本月上限 33 时 20 分 已发放 31 时 50 分 这次 1 时 发后还剩 30 分")
    form.get_by_label("时", exact=True).fill("1")
    expect(form.locator("dl")).to_contain_text("这次 3 时 超出 1 时 30 分")
    figures = {"unit": "team-1", "cap_s": 120_000, "given_s": 114_600, "asked_s": 10_800, "left_s": 5_400}
    server.bank.refuses = RefusedError(409, "team-1 may give 120000 s", "cap-passed", **figures)
    form.get_by_role("button", name="发 1 时 30 分 × 2 人").click()
    expect(form.get_by_role("alert")).to_contain_text("可发 33 时 20 分，已发 31 时 50 分，这次要发 3 时")
    server.bank.refuses = None
    form.get_by_label("时", exact=True).fill("0")
    form.get_by_role("button", name="发 30 分 × 2 人").click()
    expect(form).to_contain_text("已发给 2 人，共 1 时")
    (said,) = server.bank.acts.values()
    assert (said["unit"], said["agents"], said["seconds"]) == ("team-1", ["1001", "1002"], 1_800)


def test_who_has_a_budget_gives_from_it_and_who_has_nothing_is_told(open_as: OpenPage, server: FakeServer) -> None:
    office = server.bank.office
    for one in office.office["units"]:
        one["may"] = []
    page = open_at(open_as, server, "/manage/packets")
    expect(page.get_by_role("heading", name="您没有可发的红包")).to_be_visible()
    office.budgets = [
        {"budget": "b", "unit": "team-2", "holder": "lead1", "month": "", "seconds": 7_200, "given": 1_800,
         "reason": "春季竞赛", "ended": False}
    ]  # fmt: skip
    page.reload()
    expect(card(page, "发时间红包").locator("dl")).to_contain_text("本月上限 2 时 已发放 30 分")
    expect(card(page, "分出的额度")).to_contain_text("还剩 1 时 30 分")
    page.get_by_role("link", name="应急").click()
    expect(card(page, "开启应急")).to_contain_text("由所辖单位的热线管理人员办理。")


def test_an_emergency_is_opened_people_are_called_and_it_ends(open_as: OpenPage, server: FakeServer) -> None:
    server.change("1002", state="signed_out")
    page = open_at(open_as, server, "/manage/emergencies")
    expect(page.get_by_role("heading", name="现在没有应急")).to_be_visible()
    form = card(page, "开启应急")
    form.get_by_role("button", name=re.compile("^III")).click()
    form.get_by_label("开始").select_option(str(600))
    form.get_by_label("最迟到").select_option(str(3_600))
    form.get_by_label("原因").fill("来电是平时三倍")
    form.get_by_role("button", name="开启 III 级应急").click()
    running = page.get_by_test_id("running")
    expect(running).to_contain_text("III 级 · 10001 热线")
    (opened,) = server.bank.acts.values()
    assert opened["from"] - time.time() == pytest.approx(-600, abs=60)
    assert opened["until"] - opened["from"] == 3_600
    running.get_by_role("button", name="召集冲锋队").click()
    running.get_by_label("写明理由").fill("能来的都来")
    page.keyboard.press("Enter")
    expect(running.locator("dl")).to_contain_text("已召集 3 会来 1 10 分内签入 1")
    names = [server.agents[number]["name"] for number in ("1002", "1001", "1003")]
    assert [row.inner_text().split()[0] for row in running.locator("li[data-look]").all()] == names
    worked = running.locator("li:not([data-look])")
    expect(worked).to_contain_text("2 时，利息 36 分")
    expect(worked).to_contain_text("当天在各单位加班共 3 时 45 分，超过提醒线 3 时")
    expect(running.locator(".late")).to_contain_text("已等 11:")
    running.get_by_role("button", name="延长").click()
    running.get_by_label("写明理由").fill("还没有结束")
    running.get_by_role("button", name="延长").click()
    expect(running.get_by_role("button", name="结束")).to_be_visible()
    running.get_by_role("button", name="结束").click()
    running.get_by_label("写明理由").fill("队列已空")
    running.get_by_role("button", name="结束").click()
    expect(page.get_by_role("heading", name="现在没有应急")).to_be_visible()
    expect(card(page, "近 30 天").locator("li")).to_have_count(1)


def test_what_is_asked_again_for_want_of_an_answer_is_the_same_to_the_letter(
    open_as: OpenPage, server: FakeServer
) -> None:
    page = open_at(open_as, server, "/manage/emergencies")
    sent: list[tuple[str, str | None]] = []

    def lost(route: Route) -> None:
        request = route.request
        if request.method == "POST":
            sent.append((request.headers["idempotency-key"], request.post_data))
        if request.method == "POST" and len(sent) % 2:
            route.abort()  # it may have been done
        else:
            route.continue_()

    page.route(re.compile("/api/emergencies"), lost)
    form = card(page, "开启应急")
    form.get_by_label("最迟到").select_option(str(3_600))
    form.get_by_label("原因").fill("来电是平时三倍")
    form.get_by_role("button", name=re.compile("^开启")).click()
    expect(form.get_by_role("alert")).to_contain_text("没有办成")
    page.wait_for_timeout(2_000)
    form.get_by_role("button", name=re.compile("^开启")).click()
    running = page.get_by_test_id("running")
    running.get_by_role("button", name="延长").click()
    running.get_by_label("写明理由").fill("还没有结束")
    running.get_by_role("button", name="延长").click()
    expect(running.get_by_role("alert")).to_contain_text("没有办成")
    page.wait_for_timeout(2_000)
    running.get_by_role("button", name="延长").click()
    expect(running.get_by_role("button", name="结束")).to_be_visible()
    assert len(sent) == 4
    assert (sent[0], sent[2]) == (sent[1], sent[3])


def test_a_days_places_are_set_and_who_is_off_is_seen_and_taken_back(open_as: OpenPage, server: FakeServer) -> None:
    page = open_at(open_as, server, "/manage/days-off")
    expect(page.locator(".day").first).to_be_visible()
    day = server.bank.office.today + timedelta(days=1)
    button = page.get_by_role("button", name=re.compile(rf"^{day.month}月{day.day}日"))
    if button.count() == 0:
        page.get_by_role("button", name="下个月").click()
    expect(button).to_contain_text("1/4")
    button.click()
    form = page.locator("form", has=page.get_by_role("button", name="设名额", exact=True))
    form.get_by_label("可休人数").fill("6")
    form.get_by_role("button", name="设名额").click()
    expect(page.get_by_text("名额已设")).to_be_visible()
    expect(button).to_contain_text("1/6")
    assert server.bank.acts["quotas/centre"] == {"on": str(day), "agents": 6, "seconds": None, "load": ""}
    page.get_by_role("button", name="收回").click()
    page.get_by_label("写明理由").fill("大促")
    server.bank.refuses = RefusedError(409, "it is too late")
    page.get_by_role("button", name="收回").click()
    expect(page.get_by_role("alert").last).to_contain_text("it is too late")


def test_a_budget_is_handed_out_beside_its_figures_and_taken_back(open_as: OpenPage, server: FakeServer) -> None:
    page = open_at(open_as, server, "/manage/packets")
    form = card(page, "分出额度")
    form.get_by_label("从哪个单位的上限").select_option("team-1")
    form.get_by_label("给谁").fill("lead2")
    form.get_by_label("做什么用").fill("春季竞赛")
    expect(form.locator("dl")).to_contain_text("这次 2 时 超出 30 分")
    form.get_by_label("时", exact=True).fill("1")
    expect(form.locator("dl")).to_contain_text("这次 1 时 发后还剩 30 分")
    server.bank.refuses = RefusedError(403, "lead1 may not hand a budget to oneself", "own-account")
    form.get_by_role("button", name="分给 lead2 1 时").click()
    expect(form.get_by_role("alert")).to_contain_text("不能办理自己的账户")
    server.bank.refuses = None
    form.get_by_role("button", name="分给 lead2 1 时").click()
    expect(form).to_contain_text("已分给 lead2 1 时")
    handed = card(page, "分出的额度")
    expect(handed).to_contain_text("lead2")
    handed.get_by_role("button", name="收回").click()
    expect(handed).to_contain_text("没发的 1 时 回到上限；已发的不变。")
    handed.get_by_label("写明理由").fill("竞赛取消")
    handed.get_by_role("button", name="收回").click()
    expect(handed).to_contain_text("已收回")
    hand, recall = server.bank.acts.values()
    assert hand == {"unit": "team-1", "holder": "lead2", "seconds": 3_600, "reason": "春季竞赛"}
    assert recall == {"reason": "竞赛取消"}


def test_overtime_is_entered_by_hand_and_says_whether_it_waits_for_a_second_person(
    open_as: OpenPage, server: FakeServer
) -> None:
    server.bank.office.flood()
    page = open_at(open_as, server, "/manage/emergencies")
    running = page.get_by_test_id("running")
    running.get_by_role("button", name="人工录入加班").click()
    search = running.get_by_label("给谁")
    search.fill("1003")
    search.press("Enter")
    form = running.locator("form")
    expect(form).to_contain_text("本金 1 时，利息 18 分。马上计入")
    form.get_by_label("时", exact=True).fill("9")
    expect(form).to_contain_text("这次应急共 4 时 00 分 05 秒，不能录入更多。")
    form.get_by_label("时", exact=True).fill("2")
    expect(form).to_contain_text("利息 36 分。当天各次应急合计超过 1 时，须第二人批准后才计入。")
    form.get_by_label("怎么知道的").fill("在备份职场接听")
    name = server.agents["1003"]["name"]
    form.get_by_role("button", name=f"为 {name} 录入 2 时").click()
    expect(form).to_contain_text(f"{name} 的加班已录入，当天其他应急已计入 30 分，等第二人批准")
    expect(running.locator("li", has_text="待第二人批准")).to_contain_text("2 时")
    (said,) = server.bank.acts.values()
    assert said == {"agent": "1003", "seconds": 7_200, "reason": "在备份职场接听"}


def test_an_incident_of_a_unit_is_ruled_on_and_reversed(open_as: OpenPage, server: FakeServer) -> None:
    page = open_at(open_as, server, "/manage/rulings")
    form = card(page, "裁定一段时间")
    day = server.bank.office.today - timedelta(days=1)
    form.get_by_label("班组").select_option("team-1")
    form.get_by_label("哪天").fill(str(day))
    form.get_by_label("从", exact=True).fill("23:30")
    form.get_by_label("到", exact=True).fill("00:15")
    form.get_by_role("button", name=re.compile("^不计")).click()
    expect(form).to_contain_text("（45 分）算作「不计」。这些日子会在几秒内重新核算")
    form.get_by_label("发生了什么").fill("CRM 故障")
    server.bank.refuses = RefusedError(409, "a ruling on team-1 reaches nobody", "ruling-nobody")
    submit = form.get_by_role("button", name="一班 · 国内：算作不计")
    submit.click()
    expect(form.get_by_role("alert")).to_contain_text("当时没有这样的座席或班组")
    server.bank.refuses = None
    submit.click()
    past = card(page, "近 30 天的裁定")
    expect(past.locator("li")).to_contain_text("一班 · 国内")
    past.get_by_role("button", name="撤销").click()
    past.get_by_label("写明理由").fill("日期不对")
    past.get_by_role("button", name="撤销").click()
    expect(past.locator("li")).to_contain_text("已撤销")
    said, _ = server.bank.acts.values()
    assert said["to"] - said["from"] == 2_700
    assert (said["unit"], said["counts"], said["reason"]) == ("team-1", "left_out", "CRM 故障")
    form.get_by_label("哪天").fill(str(server.bank.office.today + timedelta(days=1)))
    expect(form).to_contain_text("还没有到这段时间")


def test_the_quotas_of_every_week_are_set_and_a_day_is_marked(open_as: OpenPage, server: FakeServer) -> None:
    office = server.bank.office
    page = open_at(open_as, server, "/manage/days-off")
    week = card(page, "每周名额")
    expect(week.locator("li")).to_have_count(2)
    week.get_by_role("button", name="星期五（忙）").click()
    expect(week.get_by_label("可休人数")).to_have_value("2")
    week.get_by_label("可休人数").fill("1")
    week.get_by_label("合计时数").fill("4")
    expect(week).to_contain_text("今天起每个星期五（忙）：可休 2 人 → 可休 1 人 · 4 时。")
    week.get_by_role("button", name="设星期五（忙）的名额").click()
    expect(week).to_contain_text("名额已设")
    expect(week.locator("li")).to_have_count(2)
    assert server.bank.acts["quotas/centre"] == {"on": "friday", "agents": 1, "seconds": 14_400, "load": "忙"}
    friday = office.today + timedelta(days=(4 - office.today.weekday()) % 7 or 7)
    button = page.get_by_role("button", name=re.compile(rf"^{friday.month}月{friday.day}日"))
    if button.count() == 0:
        page.get_by_role("button", name="下个月").click()
    button.click()
    mark = page.locator("form", has=page.get_by_role("button", name="标注"))
    mark.get_by_label("这天忙还是闲").fill("忙")
    expect(mark).to_contain_text("这天将可休 1 人")
    mark.get_by_role("button", name="标注").click()
    expect(mark).to_contain_text("已标为「忙」")
    expect(button).to_have_accessible_name(re.compile("忙"))
    assert office.loads == {str(friday): "忙"}


def test_indicators_stand_side_by_side_with_the_units_below_and_the_spread(
    open_as: OpenPage, server: FakeServer
) -> None:
    page = open_at(open_as, server, "/manage/indicators")
    row = page.get_by_role("row", name="反向工时占比").first
    expect(row).to_contain_text("3.15 %")
    expect(row).to_contain_text("4.57 %")
    expect(row).to_contain_text("−1.42")
    expect(card(page, "下属单位").get_by_role("row")).to_have_count(4)
    spread = card(page, "分布")
    expect(spread).to_contain_text("60 人")
    expect(spread.get_by_role("img", name="低于 1 %：5.00 %；2.53–3.7 %：70.0 %；高于 10 %：10.0 %")).to_be_visible()
    expect(spread.locator("rect.bar")).to_have_count(11)
    expect(card(page, "时间供给")).to_contain_text("名额够兑付")
    page.get_by_role("button", name="本周").click()
    expect(page.get_by_role("columnheader", name="上周")).to_be_visible()
