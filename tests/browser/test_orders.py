"""A leader pauses, unpauses and signs out from an opened tile: by mouse and by keys, in both languages."""

import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import LEAD, OpenPage
from tests.browser.fake_server import FakeServer
from tests.browser.test_access import Axe, axe
from tests.browser.test_board import tile, working

__all__ = ["axe"]
STATIC = {"pbx": "pbx-1", "seat": "PJSIP/1005", "queue": "hotline", "answered": "static", "said": "Member not dynamic"}
DONE = STATIC | {"queue": "broadband", "answered": "done", "said": ""}


@pytest.fixture
def opened(open_as: OpenPage, server: FakeServer) -> Callable[[str], Page]:
    def opened_in(language: str) -> Page:
        working(server)
        board = open_as(LEAD, language=language)
        tile(board, "1005").click()
        return board

    return opened_in


def order(board: Page, name: str, why: str, confirm: str) -> None:
    panel = board.locator("aside")
    panel.get_by_role("button", name=name, exact=True).click()
    expect(panel.locator("input")).to_be_focused()
    panel.locator("input").fill(why)
    panel.locator("form").get_by_role("button", name=confirm).click()


def test_the_tile_turns_when_the_switch_says_so_and_not_before(
    opened: Callable[[str], Page], server: FakeServer
) -> None:
    board = opened("zh")
    order(board, "示忙", " 消防演习 ", "确定示忙")
    expect(board.locator("aside [role=status]").last).to_have_text("交换机已示忙")
    [(agent, what, why, _)] = server.orders
    assert (agent, what, why) == ("1005", "pause", "消防演习")
    assert tile(board, "1005").get_attribute("data-look") == "available"
    server.change("1005", state="paused", reason="training", exempt=True)
    expect(tile(board, "1005")).to_have_attribute("data-look", "exempt")
    expect(board.locator("aside form")).to_have_count(0)
    expect(board.get_by_role("button", name="示忙", exact=True)).to_be_focused()


def test_what_each_queue_answers_is_told_in_words(opened: Callable[[str], Page], server: FakeServer) -> None:
    board = opened("en")
    status = board.locator("aside [role=status]").last
    server.outcome, server.answers = "partly", [DONE, STATIC]
    order(board, "Sign out", "gone home", "Sign out")
    expect(status.locator("p")).to_have_text("Done in part:")
    expect(status.locator("li")).to_have_text(
        ["broadband: done", "hotline: a static member, which can't be signed out; it can be paused"]
    )
    server.outcome, server.answers = "refused", [STATIC | {"answered": "denied"}]
    board.locator("aside form button").click()
    expect(status.locator("p")).to_have_text("The switch refused, and nothing was done:")
    expect(status).to_contain_text("lacks the right")
    server.outcome, server.answers = "unknown", []
    board.locator("aside form button").click()
    expect(status).to_contain_text("the switch has not answered")
    assert len({key for *_, key in server.orders}) == 3, "each asking is one of its own"


def test_it_is_done_by_keys_alone_and_escape_leaves_the_form_first(
    opened: Callable[[str], Page], server: FakeServer
) -> None:
    board = opened("zh")
    board.get_by_role("button", name="签出", exact=True).focus()
    board.keyboard.press("Enter")
    board.keyboard.press("Escape")
    expect(board.locator("aside form")).to_have_count(0)
    expect(board.get_by_role("button", name="签出", exact=True)).to_be_focused()
    board.keyboard.press("Enter")
    expect(board.locator("aside input")).to_be_focused()
    board.keyboard.press("Enter")
    assert server.orders == [], "it takes a word of why"
    board.keyboard.type("下班")
    board.keyboard.press("Enter")
    expect(board.locator("aside [role=status]").last).to_have_text("交换机已签出")
    assert [entry[:3] for entry in server.orders] == [("1005", "sign-out", "下班")]
    board.keyboard.press("Escape")
    expect(board.locator("aside")).to_have_count(0)


def test_who_does_not_lead_the_agent_is_offered_nothing_and_nobody_is_signed_out_twice(
    open_as: OpenPage, server: FakeServer
) -> None:
    working(server)
    server.leads = ["team-3"]
    other = next(agent for agent, one in server.agents.items() if one["unit"] == "team-3")
    board = open_as(LEAD)
    tile(board, "1005").click()
    expect(board.locator("aside dd").first).to_be_visible()
    expect(board.locator("aside section[aria-labelledby=orders]")).to_have_count(0)
    board.keyboard.press("Escape")
    tile(board, other).click()
    expect(board.get_by_role("button", name="签出", exact=True)).to_be_enabled()
    server.change(other, state="signed_out", since=time.time())
    expect(board.get_by_role("button", name="签出", exact=True)).to_be_disabled()


def test_axe_finds_nothing_serious_in_the_form(open_as: OpenPage, server: FakeServer, axe: Axe) -> None:
    working(server)
    server.outcome, server.answers = "refused", [STATIC]
    board = open_as(LEAD, language="en", theme="dark")
    tile(board, "1005").click()
    board.locator("section[aria-labelledby=orders] .choice button").first.click()
    board.locator("aside input").fill("x")
    board.locator("aside form button").click()
    expect(board.locator("aside li")).to_have_count(1)
    assert axe(board) == []
