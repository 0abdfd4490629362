"""An agent's own page: the ring, the nudges, what today is worth, the statement."""

import re
import time

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import AGENT, OpenPage
from tests.browser.fake_floor import gift_line, savings_line
from tests.browser.fake_server import FakeServer

ME = "1007"


def pause(server: FakeServer, reason: str, for_s: float, aux: float, exempt: bool = False) -> None:
    since = time.time() - for_s
    aux_from = None if exempt else since
    server.change(ME, state="paused", reason=reason, exempt=exempt, since=since, aux=aux, aux_from=aux_from)


def ring_length(page: Page) -> float:
    dashes = page.locator(".ring .left").get_attribute("stroke-dasharray") or ""
    return float(dashes.split()[0])


def test_the_page_begins_with_my_state(me: Page, server: FakeServer) -> None:
    assert me.url.endswith("/me")
    pause(server, "water", for_s=125, aux=0)
    expect(me.locator("main section").first).to_contain_text("示忙 · 打水")
    expect(me.locator("main section").first.locator("time")).to_have_text(re.compile(r"^2:0[5-9]$"))


def test_another_configuration_is_on_the_page_without_loading_it_again(me: Page, server: FakeServer) -> None:
    pause(server, "water", for_s=5, aux=0)
    expect(me.locator("main section").first).to_contain_text("示忙 · 打水")
    server.site["reasons"]["water"]["zh"] = "接水"
    server.say({"op": "site"}, numbered=False)
    expect(me.locator("main section").first).to_contain_text("示忙 · 接水", timeout=5_000)


def test_the_ring_shrinks_while_a_pause_counts(me: Page, server: FakeServer) -> None:
    expect(me.locator(".ring b")).to_have_text("12 分 45 秒")
    full = ring_length(me)
    pause(server, "water", for_s=0, aux=300)
    expect(me.locator(".ring b")).to_have_text("12 分 42 秒", timeout=5_000)
    assert ring_length(me) < full
    assert ring_length(me) == pytest.approx(full * 762 / 765, abs=1.0)


def test_the_ring_stands_still_in_an_exempt_pause(me: Page, server: FakeServer) -> None:
    pause(server, "meal", for_s=600, aux=300, exempt=True)
    expect(me.locator(".ring")).to_contain_text("这段示忙不占额度")
    expect(me.locator(".ring b")).to_have_text("12 分 45 秒")
    expect(me.locator(".nudge")).to_have_count(0)


def test_beyond_the_allowance_the_page_says_how_much(me: Page, server: FakeServer) -> None:
    server.change(ME, state="available", aux=1_160.0)
    expect(me.locator(".ring")).to_contain_text("1 分 35 秒 今日已超出")
    expect(me.locator(".ring .left")).to_have_count(0)


def test_a_nudge_comes_before_the_allowance_is_used_up_and_can_be_put_away(me: Page, server: FakeServer) -> None:
    pause(server, "water", for_s=0, aux=943)
    expect(me.locator(".nudge")).to_contain_text("今日额度还剩", timeout=4_000)
    me.get_by_text("知道了").click()
    me.wait_for_timeout(1_500)
    expect(me.locator(".nudge")).to_have_count(0)


def test_a_nudge_is_in_sight_and_nothing_moves_for_it(me: Page, server: FakeServer) -> None:
    expect(me.locator(".ring")).to_be_visible()
    before = me.locator("main section").evaluate_all("all => all.map(one => one.getBoundingClientRect().top)")
    pause(server, "water", for_s=0, aux=943)
    expect(me.locator(".nudge")).to_be_in_viewport(ratio=1, timeout=4_000)
    after = me.locator("main section").evaluate_all("all => all.map(one => one.getBoundingClientRect().top)")
    assert after == before


def test_a_forgotten_unpause_gets_a_nudge_and_nothing_else(me: Page, server: FakeServer) -> None:
    pause(server, "ticket", for_s=899, aux=0)
    expect(me.locator(".nudge")).to_contain_text("您已示忙 15 分，是否忘了解除？", timeout=3_000)
    assert me.locator(".nudge button").count() == 1
    assert {asked["op"] for asked in server.heard} == {"subscribe"}


def test_a_nudge_is_heard_once(me: Page, server: FakeServer) -> None:
    pause(server, "water", for_s=0, aux=950)
    heard = me.locator("[role=status]", has_text="今日额度还剩")
    expect(heard).to_have_count(1)
    said = heard.inner_text()
    me.wait_for_timeout(2_200)
    assert heard.inner_text() == said


def test_another_nudge_is_heard_as_well(me: Page, server: FakeServer) -> None:
    pause(server, "ticket", for_s=897, aux=103)
    expect(me.locator("[role=status]", has_text="今日额度还剩")).to_have_count(1)
    expect(me.locator("[role=status]", has_text="您已示忙 15 分")).to_have_count(1, timeout=6_000)


def test_who_has_never_signed_in_is_in_no_state_since_a_time(me: Page, server: FakeServer) -> None:
    server.change(ME, state="signed_out", since=0.0, aux=0.0)
    expect(me.locator("main section").first).to_contain_text("今天还没有您的签入记录")
    expect(me.locator("main section").first.locator("time")).to_have_count(0)


def test_it_says_what_today_would_be_worth_and_why(me: Page, server: FakeServer) -> None:
    server.change(ME, state="signed_out", aux=600.0, aux_from=None, base=28_800.0, base_from=None)
    worth = me.get_by_test_id("projection")
    expect(worth).to_contain_text("到现在为止会存入 +7 分 45 秒")
    expect(worth).to_contain_text("已计入 8 时 00 分，其 3.7 % 是 17 分 45 秒；已用 10 分 00 秒。")
    server.change(ME, state="signed_out", aux=20_000.0, aux_from=None, base=28_800.0, base_from=None)
    expect(worth).to_contain_text("到现在为止会扣除 \N{MINUS SIGN}5 时 15 分 35 秒")
    expect(worth).to_contain_text("其中 57 分 48 秒余额不足，会记为事假")


def test_with_a_schedule_today_is_worth_what_of_the_shift_counts(open_as: OpenPage, server: FakeServer) -> None:
    server.shift = {
        "until": 0, "base": 7_200, "aux": 100, "unobserved": 0, "working": [], "base_max": None, "rate_ppm": None,
        "minimum_s": None, "allowance": None,
    }  # fmt: skip
    me = open_as(AGENT, language="zh", size=(400, 900))
    server.change(ME, state="signed_out", aux=600.0, aux_from=None, base=28_800.0, base_from=None)
    worth = me.get_by_test_id("projection")
    expect(worth).to_contain_text("已计入 2 时 00 分，其 3.7 % 是 4 分 26 秒；已用 1 分 40 秒。")
    expect(worth).to_contain_text("到现在为止会存入 +2 分 46 秒")


def test_the_balance_says_what_it_buys(me: Page) -> None:
    expect(me.get_by_test_id("balance")).to_have_text("4 时 17 分")
    expect(me.get_by_text("半天调休")).to_be_visible()
    expect(me.get_by_text("再存 3 时 43 分够满一天")).to_be_visible()


def test_each_line_has_its_arithmetic_in_words(open_as: OpenPage) -> None:
    me = open_as(AGENT, language="en", size=(400, 900))
    lines = me.locator("section li")
    expect(lines.nth(0)).to_contain_text("+7 min 47 s")
    expect(lines.nth(0)).to_contain_text(
        "Base 8 h; 3.7 % of it is an allowance of 17 min 45 s; 9 min 58 s used, 7 min 47 s saved."
    )
    expect(lines.nth(1)).to_contain_text("Corrected: it should be +6 min 05 s")
    expect(lines.nth(2).locator(".amount")).to_contain_text("\N{MINUS SIGN}8 min 20 s")
    expect(lines.nth(2).locator(".amount")).to_contain_text("+7 min 15 s leave")
    expect(lines.nth(2)).to_contain_text("7 min 15 s beyond the balance is personal leave.")
    expect(lines.nth(3)).to_contain_text("20 min could not be observed")


def test_a_settlement_is_on_the_page_without_asking(me: Page, server: FakeServer) -> None:
    expect(me.locator("section li").first).to_contain_text("11-23")
    server.settle(savings_line("2026-11-24", 28_800, 600, 15_932))
    expect(me.locator("section li").first).to_contain_text("11-24")
    expect(me.locator("section li").first).to_contain_text("+7 分 45 秒")
    expect(me.get_by_test_id("balance")).to_have_text("4 时 25 分")


def test_who_looks_again_sees_a_settlement_that_nobody_told_of(me: Page, server: FakeServer) -> None:
    expect(me.locator("section li").first).to_contain_text("11-23")
    server.account.lines.insert(0, savings_line("2026-11-24", 28_800, 600, 15_932))
    me.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(me.locator("section li").first).to_contain_text("11-24")


def test_earlier_lines_come_on_demand(me: Page, server: FakeServer) -> None:
    expect(me.locator("section li")).to_have_count(20)
    me.get_by_text("更早的明细").click()
    expect(me.locator("section li")).to_have_count(len(server.account.lines))
    expect(me.get_by_text("更早的明细")).to_have_count(0)


def test_without_any_lines_it_says_when_there_will_be_some(open_as: OpenPage, server: FakeServer) -> None:
    server.account.lines.clear()
    me = open_as(AGENT, language="en", size=(400, 900))
    expect(me.get_by_text("No lines yet.")).to_be_visible()


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("width", [320, 360, 500])
def test_nothing_is_wider_than_the_window(open_as: OpenPage, server: FakeServer, language: str, width: int) -> None:
    pause(server, "transaction", for_s=5_000, aux=900)
    me = open_as(AGENT, language=language, size=(width, 700))
    expect(me.locator(".nudge")).to_be_visible()
    assert me.evaluate("document.documentElement.scrollWidth") <= width


def emergency(server: FakeServer, growing: bool = True, **more: object) -> None:
    """Level II runs since half an hour, of which ten minutes are measured so far; pages hear of it."""
    now = time.time()
    running = {
        "emergency": "storm", "level": "II", "interest_ppm": 450_000, "round_up_s": 0, "starts": now - 1_800,
        "ends": now + 12_600, "principal": 600, "interest": 270, "measured": True,
    }  # fmt: skip
    grows = {
        "emergency": "storm", "since": now, "until": now + 12_600, "day_ends": now + 86_400, "worked": 600.0,
        "principal": 600, "interest": 270,
    }  # fmt: skip
    server.overtime = {"running": [running | more], "growing": grows if growing else None}
    server.say({"op": "account"}, numbered=False)


def test_overtime_grows_on_the_page_while_an_emergency_runs(me: Page, server: FakeServer) -> None:
    line = me.get_by_test_id("overtime")
    expect(line).to_have_count(0)
    server.change(ME, state="available", reason="")
    emergency(server)
    expect(line).to_contain_text("应急加班 · II 级")
    expect(line.locator("time")).to_have_text(re.compile(r"^10:0[2-9]$"), timeout=8_000)
    expect(line).to_contain_text(re.compile("利息 45 %：4.分 3"))
    server.change(ME, state="paused", reason="water")
    expect(line).to_contain_text("现在不计时")
    server.overtime = {"running": [], "growing": None}
    server.say({"op": "account"}, numbered=False)
    expect(line).to_have_count(0)


def test_where_overtime_is_entered_by_hand_the_page_says_so(me: Page, server: FakeServer) -> None:
    emergency(server, growing=False, measured=False, principal=0, interest=0)
    expect(me.get_by_test_id("overtime")).to_contain_text("本班组的加班由人工录入")


def test_a_red_packet_is_told_once_and_stands_in_the_statement(me: Page, server: FakeServer) -> None:
    gift = me.get_by_test_id("gift")
    expect(me.get_by_test_id("balance")).to_be_visible()
    expect(gift).to_have_count(0)
    server.settle(gift_line("2026-11-24", 1_800, 17_267, time.time()))
    expect(gift).to_contain_text("您收到时间红包 30 分")
    expect(gift).to_contain_text("合理化建议，li 发放。改了三张表单")
    expect(me.locator("#statement + ul li").first).to_contain_text("合理化建议，li 发放。改了三张表单")
    gift.get_by_role("button", name="知道了").click()
    expect(gift).to_have_count(0)
    me.reload()
    expect(me.locator("#statement + ul li").first).to_contain_text("时间红包")
    expect(gift).to_have_count(0)
