"""Is what I see live? Connections that go and come, switches that go, frames that are missing, sessions that end."""

import re
import time

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import AGENT, LEAD, OpenPage
from tests.browser.fake_floor import savings_line
from tests.browser.fake_server import PASSWORD, FakeServer
from tests.browser.test_board import tile

RECONNECT_MS_MAX = 20_000


def live(page: Page) -> str:
    return page.locator("[data-live]").first.get_attribute("data-live") or ""


def test_a_lost_connection_is_stale_with_its_age_and_comes_back_by_itself(board: Page, server: FakeServer) -> None:
    server.stop()
    expect(board.locator("[data-live=stale]")).to_have_text(re.compile(r"已滞后 \d+\s秒"), timeout=8_000)
    expect(board.locator(".lost")).to_contain_text("正在自动重连")
    assert board.locator("main").evaluate("(main) => getComputedStyle(main).filter") == "grayscale(1)"
    server.agents["1005"] |= {"state": "paused", "reason": "ticket", "exempt": False, "since": time.time()}
    server.start()
    expect(board.locator("[data-live=live]")).to_be_visible(timeout=RECONNECT_MS_MAX)
    expect(tile(board, "1005")).to_contain_text("示忙提交工单")
    expect(board.locator(".lost")).to_have_count(0)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("width", [320, 360, 400])
def test_nothing_on_an_agents_page_moves_because_the_connection_went(
    open_as: OpenPage, server: FakeServer, language: str, width: int
) -> None:
    me = open_as(AGENT, language=language, size=(width, 780))
    expect(me.locator("[data-live=live]")).to_be_visible()
    expect(me.locator("section li").first).to_be_visible()
    before = me.locator("main").bounding_box()
    server.stop()
    expect(me.locator("[data-live=stale]")).to_be_visible(timeout=8_000)
    assert me.locator("main").bounding_box() == before


def test_timers_stop_while_nothing_is_known(open_as: OpenPage, server: FakeServer) -> None:
    server.change("1005", state="on_call", since=time.time() - 100)
    board = open_as(LEAD)
    server.stop()
    expect(board.locator("[data-live=stale]")).to_be_visible(timeout=8_000)
    shown = tile(board, "1005").locator("time").inner_text()
    board.wait_for_timeout(2_200)
    assert tile(board, "1005").locator("time").inner_text() == shown


def test_timers_stop_while_no_switch_is_followed(open_as: OpenPage, server: FakeServer) -> None:
    server.change("1007", state="paused", reason="ticket", exempt=False, aux=0.0, aux_from=time.time())
    me = open_as(AGENT, size=(400, 900))
    server.health("lost")
    expect(me.locator("[data-live=stale]")).to_be_visible()
    before = me.locator("main").inner_text()
    me.wait_for_timeout(2_200)
    assert me.locator("main").inner_text() == before


def sign_in_beside(page: Page, server: FakeServer, name: str) -> None:
    """Somebody else signs in in another window of the same browser."""
    page.context.request.post(f"{server.url}/api/session", data={"name": name, "password": PASSWORD})


def test_an_account_is_never_shown_under_anothers_name(me: Page, server: FakeServer) -> None:
    sign_in_beside(me, server, "1008")
    server.settle(savings_line("2026-11-24", 28_800, 600, 15_932))
    expect(me.locator("h1")).to_contain_text("1008", timeout=5_000)
    expect(me.locator("[data-live=live]")).to_be_visible()
    expect(me.locator("h1")).to_contain_text(server.agents["1008"]["name"])


def test_a_page_that_comes_back_is_the_one_of_who_is_signed_in_now(board: Page, server: FakeServer) -> None:
    sign_in_beside(board, server, "1008")
    server.drop_connections()
    expect(board.locator("h1")).to_contain_text("1008", timeout=RECONNECT_MS_MAX)
    assert board.url.endswith("/me")


def test_a_silent_server_is_stale_though_connected(board: Page, server: FakeServer) -> None:
    server.silent = True
    expect(board.locator("[data-live=stale]")).to_be_visible(timeout=13_000)
    server.silent = False
    expect(board.locator("[data-live=live]")).to_be_visible(timeout=RECONNECT_MS_MAX)


def test_a_dropped_connection_that_comes_back_at_once_dims_nothing(board: Page, server: FakeServer) -> None:
    before = len(server.heard)
    board.evaluate("""() => { window.staleSeen = false; new MutationObserver(() => {
        if (document.querySelector("[data-live=stale]")) window.staleSeen = true;
    }).observe(document.body, { subtree: true, childList: true, attributes: true }) }""")
    server.drop_connections()
    board.wait_for_timeout(2_000)
    assert len(server.heard) == before + 1
    assert live(board) == "live"
    assert board.evaluate("window.staleSeen") is False


def test_a_machine_that_slept_asks_anew_and_does_not_call_live_what_is_an_hour_old(
    board: Page, server: FakeServer
) -> None:
    before = len(server.heard)
    board.evaluate("""() => {
        window.seen = [];
        new MutationObserver(() => window.seen.push(document.querySelector("[data-live]").textContent.trim()))
          .observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true });
        const awake = Date.now.bind(Date);
        Date.now = () => awake() + 3_600_000;  // what a sleep leaves behind: the steady clock has not seen it
    }""")
    for _ in range(50):
        board.wait_for_timeout(100)
        if len(server.heard) > before:
            break
    assert server.heard[before:] == [{"op": "subscribe", "topic": "floor"}]
    expect(board.locator("[data-live=live]")).to_be_visible()
    assert any(said.startswith("已滞后 1\N{NO-BREAK SPACE}时") for said in board.evaluate("window.seen"))


def test_a_lost_switch_is_named_and_a_catching_up_one_is_said(board: Page, server: FakeServer) -> None:
    server.health("lost")
    expect(board.locator(".lost")).to_contain_text("pbx-1")
    server.health("catching_up")
    expect(board.locator("[data-live=catching_up]")).to_have_text("正在追平")
    server.health("live")
    expect(board.locator("[data-live=live]")).to_have_text("实时")


def test_why_the_server_hung_up_is_said_in_the_readers_language(board: Page, server: FakeServer) -> None:
    server.say({"op": "error", "title": "Not allowed", "detail": "lead1 may not see the floor"}, numbered=False)
    server.health("lost")
    expect(board.locator(".lost")).to_have_text("服务器中止了实时连接：无权查看")


def test_a_hole_in_the_frames_asks_for_a_snapshot(board: Page, server: FakeServer) -> None:
    server.skip_a_frame()
    server.change("1005", state="paused", reason="ticket", exempt=False)
    expect(tile(board, "1005")).to_contain_text("示忙提交工单")
    assert server.heard[-1] == {"op": "resync"}
    assert live(board) == "live"


def test_an_ended_session_asks_for_the_password_and_comes_back(board: Page, server: FakeServer) -> None:
    server.sessions.clear()
    server.drop_connections()
    expect(board.get_by_text("登录已过期，请重新登录")).to_be_visible(timeout=RECONNECT_MS_MAX)
    expect(board.locator("input[autocomplete=username]")).to_have_value("lead1")
    expect(board.locator("input[type=password]")).to_be_focused()
    board.locator("input[type=password]").fill(PASSWORD)
    board.keyboard.press("Enter")
    expect(board.locator("[data-live=live]")).to_be_visible()
    assert board.url.endswith("/board")


def test_a_floor_without_agents_says_so(open_as: OpenPage, server: FakeServer) -> None:
    server.agents = {}
    board = open_as(LEAD, language="en")
    expect(board.get_by_text("There are no agents in your teams yet")).to_be_visible()


def test_a_floor_that_could_not_be_read_yet_is_not_called_empty(open_as: OpenPage, server: FakeServer) -> None:
    board = open_as(LEAD, language="en")
    server.agents = {}
    server.health("lost")
    server.drop_connections()
    expect(board.locator(".ghosts")).to_be_visible(timeout=RECONNECT_MS_MAX)
    expect(board.get_by_text("There are no agents in your teams yet")).to_have_count(0)


def test_the_frames_can_be_looked_at_as_json(board: Page, server: FakeServer) -> None:
    board.goto(f"{server.url}/board?wire=json")
    expect(board.locator("[data-live=live]")).to_be_visible()
    assert server.followers[-1].wire == "ccd.v1.json"
    server.change("1005", state="paused", reason="ticket", exempt=False)
    expect(tile(board, "1005")).to_contain_text("示忙提交工单")
