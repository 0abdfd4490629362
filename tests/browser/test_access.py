"""For everyone: axe in both languages and themes, what is heard, what moves."""

import time
from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from ccd.web.pages import MANAGED
from tests.browser.conftest import AGENT, HERE, LEAD, OpenPage
from tests.browser.fake_server import FakeServer
from tests.browser.test_board import tile, working

AXE = HERE / "agent_web" / "node_modules" / "axe-core" / "axe.min.js"
SERIOUS = {"serious", "critical"}
LOOKS = pytest.mark.parametrize(("language", "theme"), list(product(("zh", "en"), ("light", "dark"))))


@pytest.fixture
def axe(pages: Path) -> Callable[[Page], list[str]]:
    """What axe finds serious, a line each; `pages` has seen to it that npm brought axe-core."""
    source = AXE.read_text()

    def look(page: Page) -> list[str]:
        page.evaluate(source)
        found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
        assert len(found["passes"]) > 0
        return [
            f"{violation['id']}: {node['html']} {node['failureSummary']}"
            for violation in found["violations"]
            if violation["impact"] in SERIOUS
            for node in violation["nodes"]
        ]

    return look


Axe = Callable[[Page], list[str]]


def test_axe_would_find_something(open_as: OpenPage, axe: Axe) -> None:
    board = open_as(LEAD)
    board.evaluate("document.querySelector('.id').style.color = '#ccc'")
    assert any("color-contrast" in line for line in axe(board))


@LOOKS
def test_axe_finds_nothing_serious_on_the_board(open_as: OpenPage, axe: Axe, language: str, theme: str) -> None:
    board = open_as(LEAD, language=language, theme=theme)
    board.locator("summary").click()
    assert axe(board) == []
    board.locator(".views button").last.click()
    assert axe(board) == []
    tile(board, "1008").click()
    assert axe(board) == []


@LOOKS
def test_axe_finds_nothing_serious_on_a_narrow_board(open_as: OpenPage, axe: Axe, language: str, theme: str) -> None:
    board = open_as(LEAD, language=language, theme=theme, size=(360, 780))
    assert axe(board) == []
    board.locator("input").fill("nobody is called so")
    assert axe(board) == []


@LOOKS
def test_axe_finds_nothing_serious_on_my_page(
    open_as: OpenPage, server: FakeServer, axe: Axe, language: str, theme: str
) -> None:
    since = time.time() - 1_000
    server.change("1007", state="paused", reason="water", exempt=False, since=since, aux=900.0, aux_from=since)
    me = open_as(AGENT, language=language, theme=theme, size=(360, 780))
    expect(me.locator(".nudge")).to_be_visible()
    assert axe(me) == []


@LOOKS
def test_axe_finds_nothing_serious_on_the_pages_of_services(
    open_as: OpenPage, server: FakeServer, axe: Axe, language: str, theme: str
) -> None:
    page = open_as(AGENT, language=language, theme=theme, size=(360, 780))
    page.goto(f"{server.url}/me/loan")
    page.locator(".buttons button").first.click()
    assert axe(page) == []
    page.goto(f"{server.url}/me/days-off")
    page.locator("[data-day-look=free]").or_(page.locator(".head button").last).last.click()
    expect(page.locator(".weeks")).to_be_visible()
    assert axe(page) == []
    for address in ("/me/line?transfer=1.1", "/me/policy"):
        page.goto(server.url + address)
        page.locator("summary").last.click()
        assert axe(page) == []
    page.goto(f"{server.url}/me/recorded")
    page.locator("main li button").last.click()
    assert axe(page) == []


@LOOKS
def test_axe_finds_nothing_serious_on_the_pages_of_who_leads_and_none_is_wider_than_a_telephone(
    open_as: OpenPage, server: FakeServer, axe: Axe, language: str, theme: str
) -> None:
    server.bank.office.flood()
    page = open_as(LEAD, language=language, theme=theme, size=(390, 844))
    for address in MANAGED:
        page.goto(server.url + address)
        expect(page.locator("main section:not(.unknown)").first).to_be_visible()
        if address == "/manage/days-off":
            page.locator(".day").last.click()
        elif address == "/manage":
            page.locator("main li button").last.click()
        assert axe(page) == [], address
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, address


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious_on_what_is_stale(
    open_as: OpenPage, server: FakeServer, axe: Axe, theme: str
) -> None:
    pages = open_as(LEAD, theme=theme), open_as(AGENT, theme=theme, size=(360, 780))
    server.health("lost")
    for page in pages:
        expect(page.locator("[data-live=stale]")).to_be_visible()
        assert axe(page) == []


@LOOKS
def test_axe_finds_nothing_serious_at_the_door(
    open_as: OpenPage, axe: Axe, server: FakeServer, language: str, theme: str
) -> None:
    page = open_as(LEAD, language=language, theme=theme)
    page.locator("header button").last.click()
    page.locator("form").wait_for()
    page.locator("input[type=password]").fill("wrong")
    page.locator("input[autocomplete=username]").fill("lead1")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).not_to_be_empty()
    assert axe(page) == []


def test_only_what_is_followed_is_heard(open_as: OpenPage) -> None:
    board = open_as(LEAD)
    spoken = "[role=status], [role=alert], [role=log], [aria-live]"
    assert board.locator(f"[data-agent] :is({spoken})").count() == 0
    tile(board, "1005").click()
    assert board.locator(f"aside .now :is({spoken})").count() == 1
    orders = board.get_by_role("region", name="代座席操作")
    assert board.locator(f"aside :is({spoken})").count() == 1 + orders.locator(f":is({spoken})").count()
    assert orders.locator(f":is({spoken})").all_inner_texts() == [""], "nothing was ordered that could be told"
    assert board.locator(f"header :is({spoken})").count() == 0


@pytest.mark.parametrize(("width", "is_covered"), [(390, True), (1440, False)])
def test_what_the_panel_covers_can_not_be_reached_by_key(open_as: OpenPage, width: int, is_covered: bool) -> None:
    board = open_as(LEAD, size=(width, 800))
    board.locator("[data-agent] button").first.click()
    expect(board.locator("aside header button")).to_be_focused()
    board.keyboard.press("Shift+Tab")
    assert board.evaluate("document.activeElement.closest('[data-agent], header, search') !== null") is not is_covered
    board.keyboard.press("Escape")
    expect(board.locator("[data-agent] button").first).to_be_focused()


def test_a_tile_says_everything_in_words(open_as: OpenPage, server: FakeServer) -> None:
    working(server)
    name = server.agents["1001"]["name"]
    server.change("1001", state="paused", reason="meal", exempt=True)
    board = open_as(LEAD, language="en")
    said = tile(board, "1001").evaluate("(button) => button.textContent.replaceAll(/\\s+/g, ' ')")
    for word in (name, "1001", "Paused", "Meal", "exempt", "16 min left"):
        assert word in said


def _moves_on_sorting(board: Page) -> int:
    board.locator("select").last.select_option("longest")
    return int(board.evaluate("document.getAnimations().length"))


def test_a_sort_glides_unless_motion_is_to_be_reduced(open_as: OpenPage) -> None:
    assert _moves_on_sorting(open_as(LEAD)) > 5
    still = open_as(LEAD)
    still.emulate_media(reduced_motion="reduce")
    assert _moves_on_sorting(still) == 0
