"""In a small window, zoomed in, on paper, and with names that nobody expected."""

import time

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.browser.chromium import ARGUMENTS, find
from tests.browser.conftest import LEAD, OpenPage
from tests.browser.fake_server import FakeServer
from tests.browser.screenshots import WIDE, open_page
from tests.browser.test_board import ORDER, tile, working

LONG = "Maximiliane-Alexandra von Hohenzollern-Sigmaringen"
LONG_QUEUE = "hotline-with-a-rather-long-name-for-vip-customers"


def unexpected(server: FakeServer) -> None:
    working(server)
    hours_ago = time.time() - 40_000
    server.agents["1001"] |= {"name": LONG, "state": "unreachable", "since": hours_ago}
    more = {"state": "paused", "reason": "quarterly-compliance-training", "aux": 9_000.0}
    server.agents["1002"] |= more | {"name": "阿卜杜勒·热合曼·艾山江·买买提", "aux_from": hours_ago, "since": hours_ago}
    server.queues["hotline"] = {"queue": LONG_QUEUE, "waiting": 112, "oldest_since": hours_ago}
    server.site["units"][0]["name"] = "Customer service centre South-West · broadband and television, second level"


def width_of(part: Locator) -> float:
    box = part.bounding_box()
    assert box is not None
    return box["width"]


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("width", [320, 390, 768])
def test_nothing_of_the_board_is_wider_than_the_window(
    open_as: OpenPage, server: FakeServer, language: str, width: int
) -> None:
    unexpected(server)
    board = open_as(LEAD, language=language, size=(width, 800))
    board.locator("summary").click()
    assert board.evaluate("document.documentElement.scrollWidth") <= width
    board.locator(".views button").last.click()
    assert board.evaluate("document.documentElement.scrollWidth") <= width
    tile(board, "1001").click()
    assert board.evaluate("document.documentElement.scrollWidth") <= width
    expect(board.locator("aside h2")).to_have_text(LONG)


def test_a_count_of_one_digit_stands_beside_its_word(open_as: OpenPage) -> None:
    board = open_as(LEAD, language="zh", size=WIDE)
    gaps = board.locator(".counts li").evaluate_all("""counts => counts.map(count => {
        const digits = document.createRange()
        digits.selectNodeContents(count.querySelector("b"))
        const [one, word] = [digits, count.querySelector("span")].map(part => part.getBoundingClientRect())
        return [count.querySelector("b").textContent.length, word.left - one.right]
    })""")
    assert min(digits for digits, _ in gaps) == 1
    assert all(0 <= gap < 8 for _, gap in gaps), gaps


@pytest.mark.parametrize("width", [320, 390, 640, 768])
def test_a_row_has_room_for_the_name(open_as: OpenPage, server: FakeServer, width: int) -> None:
    unexpected(server)
    board = open_as(LEAD, language="en", size=(width, 800))
    board.locator(".views button").last.click()
    for agent in ("1001", "1002"):
        assert width_of(tile(board, agent).locator(".name")) > 80
        assert width_of(tile(board, agent).locator(".state")) > 60


@pytest.mark.parametrize("width", [320, 360, 390, 430])
def test_a_telephone_shows_two_tiles_side_by_side(open_as: OpenPage, width: int) -> None:
    board = open_as(LEAD, language="en", size=(width, 800))
    lefts = board.evaluate("new Set([...document.querySelectorAll('[data-agent]')].map((li) => li.style.left)).size")
    assert lefts == 2


def test_a_long_teams_name_leaves_its_numbers_in_sight(open_as: OpenPage, server: FakeServer) -> None:
    unexpected(server)
    board = open_as(LEAD, size=(320, 800))
    numbers = board.locator("main h2 small").first
    box = numbers.bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= 320


def test_the_list_of_queues_lies_over_what_is_below_it(open_as: OpenPage, server: FakeServer) -> None:
    unexpected(server)
    board = open_as(LEAD, size=(320, 800))
    board.locator("summary").click()
    item = board.locator(".queue li").first
    box = item.bounding_box()
    assert box is not None
    on_top = "([x, y]) => document.elementFromPoint(x, y).closest('.queue') !== null"
    assert board.evaluate(on_top, [box["x"] + 30, box["y"] + box["height"] / 2])


@pytest.mark.parametrize("size", [(720, 450), (360, 225)])  # 1440 × 900 at 200 % and 400 %
def test_zoomed_in_what_stays_on_top_leaves_room(open_as: OpenPage, size: tuple[int, int]) -> None:
    board = open_as(LEAD, language="en", size=size)
    board.evaluate("scrollTo(0, 500)")
    bottom = board.locator("header").first.evaluate("(header) => header.getBoundingClientRect().bottom")
    assert bottom < size[1] / 3


def test_who_asks_the_browser_for_larger_letters_gets_them(browser: Browser, server: FakeServer) -> None:
    asked = browser.browser_type.launch(
        executable_path=find(), args=[*ARGUMENTS, "--blink-settings=defaultFontSize=32"]
    )
    sizes = []
    for each in (browser, asked):
        page = open_page(each, server.url, LEAD, "zh", "light", WIDE)
        tile_height = page.locator("[data-agent]").first.evaluate("(li) => li.clientHeight")
        sizes.append((page.evaluate("getComputedStyle(document.documentElement).fontSize"), tile_height))
        page.context.close()
    asked.close()
    assert [size for size, _ in sizes] == ["15px", "30px"]
    assert sizes[1][1] > 1.9 * sizes[0][1]


def test_a_count_that_gains_a_digit_moves_none_of_the_others(open_as: OpenPage, server: FakeServer) -> None:
    working(server)
    board = open_as(LEAD)
    lefts = "[...document.querySelectorAll('.counts li')].map((li) => Math.round(li.getBoundingClientRect().left))"
    before = board.evaluate(lefts)
    for agent in list(server.agents)[:51]:
        server.change(agent, state="on_call")
    expect(board.locator('.counts [data-look="available"] b')).to_have_text("9")
    assert board.evaluate(lefts) == before


def test_what_needs_a_person_stays_tinted_under_the_pointer(open_as: OpenPage, server: FakeServer) -> None:
    working(server)
    server.agents["1001"] |= {"state": "unreachable"}
    board = open_as(LEAD)
    for view in ("first", "last"):
        getattr(board.locator(".views button"), view).click()
        look = "(button) => { const { backgroundColor, borderLeftColor } = getComputedStyle(button);"
        look += " return [backgroundColor, borderLeftColor]; }"
        board.mouse.move(400, 10)
        before = tile(board, "1001").evaluate(look)
        tile(board, "1001").hover()
        assert tile(board, "1001").evaluate(look) == before


def test_on_paper_stands_the_whole_floor_in_ink(open_as: OpenPage) -> None:
    board = open_as(LEAD, theme="dark", size=(1000, 500))
    assert len(board.evaluate(ORDER)) < 60
    board.emulate_media(media="print")
    assert board.evaluate("getComputedStyle(document.documentElement).color") == "rgb(23, 32, 42)"
    expect(board.locator("search")).to_be_hidden()
    board.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert len(board.evaluate(ORDER)) == 60
    board.evaluate("window.dispatchEvent(new Event('afterprint'))")
    board.wait_for_function("document.querySelectorAll('[data-agent]').length < 60")
