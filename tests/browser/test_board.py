"""The supervisor's board in a real browser, against a server that says what the test wants."""

import re
import time

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import LEAD, OpenPage
from tests.browser.fake_floor import make_agents
from tests.browser.fake_server import FakeServer

LATE = re.compile(r"\blate\b")
SORT_EACH_MS = 10_000
PLACES = """() => Object.fromEntries([...document.querySelectorAll("[data-agent]")].map((tile) => {
  const { x, y } = tile.getBoundingClientRect();
  return [tile.dataset.agent, [x, y]];
}))"""
WATCH_ORDERS = """() => {
  window.orders = [];
  const look = () => {
    const order = [...document.querySelectorAll("[data-agent]")].map((tile) => tile.dataset.agent);
    if (String(order) !== String(window.orders.at(-1))) window.orders.push(order);
    requestAnimationFrame(look);
  };
  look();
}"""
ORDER = '() => [...document.querySelectorAll("[data-agent]")].map((tile) => tile.dataset.agent)'


def tile(page: Page, agent: str) -> Locator:
    return page.locator(f'[data-agent="{agent}"] button')


def working(server: FakeServer) -> None:
    """Everybody is available, for differing times: a floor on which one change is easily seen."""
    for at, agent in enumerate(server.agents.values()):
        plain = {"state": "available", "reason": "", "exempt": False, "other_call": False, "aux_from": None}
        agent.update(plain, aux=100.0, since=time.time() - 10 - at)


def test_a_tile_turns_when_its_agent_pauses(board: Page, server: FakeServer) -> None:
    server.change("1005", state="paused", reason="ticket", exempt=False, aux=0.0, aux_from=time.time())
    expect(tile(board, "1005")).to_contain_text("示忙提交工单", timeout=1_000)
    assert tile(board, "1005").get_attribute("data-look") == "paused"
    expect(tile(board, "1005").locator("time")).to_have_text(re.compile(r"^0:0[0-2]$"))


def test_the_timer_counts_up_on_the_servers_clock(open_as: OpenPage, server: FakeServer) -> None:
    server.change("1005", state="on_call", since=time.time() - 3_595)
    board = open_as(LEAD)
    expect(tile(board, "1005").locator("time")).to_have_text(re.compile(r"^59:5[5-9]$"))
    expect(tile(board, "1005").locator("time")).to_have_text(re.compile(r"^1:00:0\d$"), timeout=7_000)


def test_each_look_has_a_shape_and_a_word_of_its_own(open_as: OpenPage, server: FakeServer) -> None:
    looks = ["on_call", "available", "ringing", "wrap_up", "paused", "unreachable", "unobserved", "signed_out"]
    for agent, state in zip(server.agents, looks, strict=False):
        server.change(agent, state=state, exempt=False, other_call=False, reason="")
    server.change("1009", state="paused", exempt=True, reason="meal")
    server.change("1010", state="on_call", other_call=True)
    board = open_as(LEAD)
    seen = board.evaluate("""() => [...document.querySelectorAll(".tile")].map((tile) => [
        tile.dataset.look,
        tile.querySelector(".icon path").getAttribute("d"),
        tile.querySelector(".state").innerText,
    ])""")
    shapes = {look: shape for look, shape, _ in seen}
    words = {look: word.split("\n")[0] for look, _, word in seen}
    assert set(shapes) == {*looks, "exempt", "other_call"}
    assert len(set(shapes.values())) == len(shapes)
    # An exempt pause is a pause by its word too; its reason and its shape tell it apart.
    assert len({word for look, word in words.items() if look != "exempt"}) == len(words) - 1


def test_nothing_moves_when_one_agent_changes(open_as: OpenPage, server: FakeServer) -> None:
    working(server)
    board = open_as(LEAD)
    before = board.evaluate(PLACES)
    server.change("1003", state="unreachable")
    expect(tile(board, "1003")).to_have_class(LATE)
    assert board.evaluate(PLACES) == before


def test_the_board_sorts_itself_but_never_under_the_pointer(open_as: OpenPage, server: FakeServer) -> None:
    working(server)
    board = open_as(LEAD)
    before = board.evaluate(ORDER)
    tile(board, before[2]).hover()
    server.change(before[4], state="unreachable")
    expect(board.get_by_text("指针停留，暂不排序")).to_be_visible(timeout=SORT_EACH_MS + 2_000)
    assert board.evaluate(ORDER) == before
    board.mouse.move(400, 10)
    expect(board.get_by_text("指针停留，暂不排序")).to_have_count(0)
    expect(board.locator("[data-agent]").first).to_have_attribute("data-agent", before[4])


def test_the_board_sorts_itself_each_ten_seconds(open_as: OpenPage, server: FakeServer) -> None:
    working(server)
    board = open_as(LEAD)
    board.mouse.move(400, 10)
    last = board.evaluate(ORDER)[10]
    server.change(last, state="unreachable")
    first = board.locator("[data-agent]").first
    expect(first).to_have_attribute("data-agent", last, timeout=SORT_EACH_MS + 2_000)


def test_a_sort_loses_nobody_on_the_way_and_shows_nobody_twice(open_as: OpenPage, server: FakeServer) -> None:
    working(server)
    board = open_as(LEAD)
    board.mouse.move(400, 10)
    board.evaluate(WATCH_ORDERS)
    before = board.evaluate(ORDER)
    wanted = before[::-1]
    for longest_s, agent in zip(range(600, 0, -1), wanted, strict=False):
        server.change(agent, state="unreachable", since=time.time() - longest_s)
    expect(board.locator("[data-agent]").first).to_have_attribute(
        "data-agent", wanted[40], timeout=SORT_EACH_MS + 2_000
    )
    expect(board.locator("[data-agent]").nth(19)).to_have_attribute("data-agent", before[0])
    orders: list[list[str]] = board.evaluate("window.orders")
    assert len(orders) > 5  # it came over several frames
    assert all(sorted(order) == sorted(before) for order in orders)


def test_the_focus_stays_with_its_agent_when_the_board_is_sorted(open_as: OpenPage, server: FakeServer) -> None:
    working(server)
    board = open_as(LEAD)
    board.mouse.move(400, 10)
    board.keyboard.press("/")
    board.keyboard.press("Enter")
    first = board.evaluate(ORDER)[0]
    for agent in board.evaluate(ORDER)[1:8]:
        server.change(agent, state="unreachable")
    moved = board.locator("[data-agent]").nth(7)
    expect(moved).to_have_attribute("data-agent", first, timeout=2 * SORT_EACH_MS + 2_000)
    expect(tile(board, first)).to_be_focused()


def test_a_chosen_order_holds_at_once(open_as: OpenPage, server: FakeServer) -> None:
    working(server)
    board = open_as(LEAD)
    server.change("1001", state="on_call", since=time.time() - 5)
    server.change("1004", state="on_call", since=time.time() - 500)
    expect(tile(board, "1004")).to_contain_text("通话")
    board.get_by_label("排序").select_option("longest")
    longest = board.evaluate(ORDER)
    assert longest[0] == "1004"
    assert longest.index("1001") == 19  # the last of its team of twenty
    board.reload()
    expect(board.get_by_label("排序")).to_have_value("longest")


def test_filters_show_whom_they_fit(open_as: OpenPage, server: FakeServer) -> None:
    working(server)
    now = time.time()
    server.change("1002", state="paused", reason="ticket", aux_from=now)
    server.change("1003", state="paused", reason="ticket", since=now - 400, aux_from=now - 400)
    board = open_as(LEAD)
    board.get_by_text("只看示忙").click()
    assert sorted(board.evaluate(ORDER)) == ["1002", "1003"]
    board.get_by_text("临近超时").click()
    assert board.evaluate(ORDER) == ["1003"]
    board.get_by_label("班组").select_option("team-2")
    expect(board.get_by_text("没有符合条件的座席")).to_be_visible()
    board.get_by_text("显示全部").click()
    expect(tile(board, "1001")).to_be_visible()


def test_a_slash_searches_and_escape_clears(board: Page, server: FakeServer) -> None:
    board.keyboard.press("/")
    board.keyboard.type("1033")
    expect(board.locator("[data-agent]")).to_have_count(1)
    expect(tile(board, "1033")).to_be_visible()
    board.keyboard.press("Escape")
    assert len(board.evaluate(ORDER)) > 20
    board.keyboard.type(server.agents["1033"]["name"])
    expect(tile(board, "1033")).to_be_visible()


def test_the_keyboard_walks_the_tiles_opens_and_closes(board: Page) -> None:
    board.keyboard.press("/")
    board.keyboard.press("Enter")
    first, second = board.evaluate(ORDER)[:2]
    expect(tile(board, first)).to_be_focused()
    board.keyboard.press("ArrowRight")
    expect(tile(board, second)).to_be_focused()
    board.keyboard.press("Enter")
    panel = board.locator("aside")
    expect(panel).to_contain_text(second)
    expect(panel.get_by_label("关闭")).to_be_focused()
    board.keyboard.press("Escape")
    expect(panel).to_have_count(0)
    expect(tile(board, second)).to_be_focused()
    board.keyboard.press("ArrowLeft")
    board.keyboard.press("ArrowDown")
    focused = board.evaluate("document.activeElement.closest('[data-agent]').dataset.agent")
    places = board.evaluate(PLACES)
    assert places[focused][0] == places[first][0]
    assert places[focused][1] > places[first][1]


def test_the_focus_is_visible(board: Page) -> None:
    board.keyboard.press("/")
    board.keyboard.press("Enter")
    outline = board.evaluate("getComputedStyle(document.activeElement).outline")
    assert "solid" in outline
    assert "2px" in outline


def test_the_panel_follows_its_agent(board: Page, server: FakeServer) -> None:
    tile(board, "1005").click()
    status = board.locator("aside .now [role=status]")
    server.change("1005", state="paused", reason="meal", exempt=True)
    expect(status).to_have_text("示忙 · 用餐 · 免计")
    server.say({"op": "delta", "changed": [], "queues": [], "gone": ["1005"]})
    expect(board.locator("aside")).to_contain_text("已不在名单中")


def test_the_panels_figures_add_up_and_nobody_is_away_on_a_running_clock(board: Page, server: FakeServer) -> None:
    server.change("1005", state="available", aux=281.4, aux_from=None)
    tile(board, "1005").click()
    panel = board.locator("aside")
    expect(panel.locator(".left b")).to_have_text("13 分 04 秒")  # of 17 分 45 秒
    expect(panel.locator("dd").first).to_have_text("4 分 41 秒")
    server.change("1005", state="signed_out", since=0.0)
    expect(panel.locator(".now [role=status]")).to_have_text("签出")
    expect(panel.locator(".since, time")).to_have_count(0)
    server.change("1005", state="signed_out", since=time.time() - 3 * 86_400)
    expect(panel.locator(".since")).to_have_text(re.compile(r"自 \d\d-\d\d \d\d:\d\d 起"))


def test_the_header_counts_each_state(open_as: OpenPage, server: FakeServer) -> None:
    working(server)
    board = open_as(LEAD)
    available = board.locator('.counts [data-look="available"] b')
    expect(available).to_have_text("60")
    server.change("1001", state="ringing")
    expect(available).to_have_text("59")
    expect(board.locator('.counts [data-look="ringing"] b')).to_have_text("1")


def test_the_header_tells_who_waits_and_warns_after_the_threshold(board: Page, server: FakeServer) -> None:
    waiting = board.locator(".queue")
    expect(waiting).to_contain_text("7")
    expect(waiting).not_to_have_class(re.compile("warn"))
    server.wait_in("hotline", 5, time.time() - 61)
    expect(waiting).to_contain_text("8 位客户在等 最久 1:0")
    expect(waiting).to_have_class(re.compile("warn"))
    waiting.locator("summary").click()
    expect(waiting.locator("li").first).to_contain_text("hotline5")
    server.wait_in("hotline", 0, None)
    server.wait_in("broadband", 0, None)
    expect(board.locator(".queue")).to_have_text("无人等待")


def test_the_list_of_queues_lies_over_nothing_that_is_wanted_next(open_as: OpenPage) -> None:
    board = open_as(LEAD)
    queues = board.locator("details.queue")
    queues.locator("summary").click()
    expect(queues.locator("li")).to_have_count(2)
    board.keyboard.press("Escape")
    expect(queues.locator("li").first).to_be_hidden()
    expect(queues.locator("summary")).to_be_focused()
    board.keyboard.press("Enter")
    expect(queues.locator("li").first).to_be_visible()
    board.locator("input[type=search]").click()
    expect(queues.locator("li").first).to_be_hidden()


def test_a_pause_over_its_reasons_threshold_stands_out(open_as: OpenPage, server: FakeServer) -> None:
    working(server)
    now = time.time()
    server.change("1001", state="paused", reason="ticket", since=now - 417, aux_from=now - 417)
    server.change("1002", state="paused", reason="meal", exempt=True, since=now - 900)
    board = open_as(LEAD)
    expect(tile(board, "1001")).not_to_have_class(LATE)
    expect(tile(board, "1001")).to_have_class(LATE, timeout=6_000)
    expect(tile(board, "1002")).not_to_have_class(LATE)


def test_the_bar_is_grey_until_the_allowance_is_used_up(open_as: OpenPage, server: FakeServer) -> None:
    working(server)
    now = time.time()
    server.change("1001", state="paused", reason="ticket", aux=1_062.0, aux_from=now)
    board = open_as(LEAD)
    bar = tile(board, "1001").locator(".bar .bar")
    expect(bar).not_to_have_class(re.compile("over"))
    expect(bar).to_have_class(re.compile("over"), timeout=6_000)
    expect(tile(board, "1001")).to_contain_text("超 0:0")


def test_rows_show_the_same_agents_with_more_of_their_day(board: Page, server: FakeServer) -> None:
    tiles = board.evaluate(ORDER)
    board.get_by_text("列表", exact=True).click()
    rows = board.evaluate(ORDER)
    assert rows == tiles[: len(rows)]
    first = server.agents[rows[0]]
    expect(tile(board, rows[0])).to_contain_text(first["name"])
    expect(tile(board, rows[0]).locator(".number").nth(1)).to_contain_text(str(first["counters"]["answered"]))


def test_five_thousand_agents_are_not_five_thousand_tiles(open_as: OpenPage, server: FakeServer) -> None:
    server.agents = make_agents(5_000)
    board = open_as(LEAD)
    assert len(board.evaluate(ORDER)) < 200
    board.keyboard.press("/")
    board.keyboard.press("Enter")
    first = board.evaluate(ORDER)[0]
    board.keyboard.press("End")
    expect(board.locator("[aria-posinset='5000'] button")).to_be_focused()
    expect(board.locator("[aria-posinset='5000'] button")).to_be_in_viewport()
    board.keyboard.press("Home")
    expect(tile(board, first)).to_be_focused()
    expect(tile(board, first)).to_be_in_viewport()
