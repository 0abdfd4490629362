"""The spine, all of it real: Asterisk pauses a member; the board's tile turns, and the agent's ring shrinks; a leader
pauses the agent, and ends it; and when the day is over its line stands on the statement."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.screenshots import Login, open_page
from tests.pbx_real.asterisk import Asterisk
from tests.whole.daemon import AGENT_PASSWORD, LEAD, LEAD_PASSWORD, Daemon

SEAT = "Local/1001@agents/n"
DAY_LASTS_S_MIN = 50


@pytest.fixture
def daemon(tmp_path: Path, asterisk: Asterisk, pages: Path) -> Iterator[Daemon]:
    """Its business day ends with the first full minute that is far enough away."""
    ends = datetime.now(UTC) + timedelta(seconds=DAY_LASTS_S_MIN + 60)
    made = Daemon(tmp_path, asterisk.port, f'timezone = "UTC"\nday_starts_at = "{ends:%H:%M}"')
    made.let_in()
    yield made.start().until_ready()
    assert made.stop() == 0


def left_s(me: Page) -> int:
    """What the ring says is left, from its words."""
    minutes, seconds = re.search(r"(?:(\d+)\s分\s)?(\d+)\s秒", me.locator("section.ring b").inner_text()).groups()  # type: ignore[union-attr]  # the assertion is the search
    return int(minutes or 0) * 60 + int(seconds)


@pytest.mark.timeout(240)
def test_a_pause_at_the_switch_turns_the_tile_shrinks_the_ring_and_is_settled(
    asterisk: Asterisk, daemon: Daemon, browser: Browser
) -> None:
    with asterisk.drive() as pbx:
        board = open_page(browser, daemon.url, Login(LEAD, LEAD_PASSWORD), "zh", "light", (1440, 900))
        me = open_page(browser, daemon.url, Login("1001", AGENT_PASSWORD), "zh", "light", (400, 900))
        tile = board.locator('[data-agent="1001"]')
        expect(tile).to_contain_text("签出")
        pbx.sign_in(SEAT, "Agent 1001")
        expect(tile).to_contain_text("空闲", timeout=3000)
        before = left_s(me)
        pbx.pause(SEAT, "toilet")
        expect(tile).to_contain_text("示忙", timeout=3000)
        expect(tile).to_contain_text("个人")
        expect(me.locator("main")).to_contain_text("上厕所", timeout=3000)
        me.wait_for_timeout(4000)
        assert before - 10 < left_s(me) <= before - 3
        pbx.unpause(SEAT)
        expect(tile).to_contain_text("空闲", timeout=3000)
        expect(board.locator('[data-agent="1003"]')).to_have_count(0)
        tile.locator("button").click()
        board.get_by_role("button", name="示忙", exact=True).click()
        board.locator("aside input").fill("消防演习")
        board.keyboard.press("Enter")
        expect(board.locator("aside [role=status]").last).to_have_text("交换机已示忙")
        expect(tile).to_contain_text("主管示忙")
        done = daemon.ccd("agent", "unpause", "1001", "--text", "it is over", "--config", str(daemon.config))
        assert done.stdout.startswith("1001: unpause: done\n"), done.stderr
        expect(tile).to_contain_text("空闲")
        expect(me.locator("main")).to_contain_text("超支", timeout=150_000)
    day = f"{datetime.now(UTC) - timedelta(minutes=3):%Y-%m-%d}"
    records = {a: r for each in (day, f"{datetime.now(UTC) - timedelta(days=1):%Y-%m-%d}")
               for a, r in daemon.day(each).items()}  # fmt: skip
    record = records["1001"]
    assert record["sign_ins"] == 1
    assert record["pauses"] == 2
    assert 4 < record["paused"]["toilet"] < 8
    assert record["aux"] == pytest.approx(record["paused"]["toilet"], abs=1e-6)
    assert record["exempt"] == pytest.approx(record["paused"]["supervisor"], abs=1e-6)
    assert record["signed_in"] == pytest.approx(record["available"] + sum(record["paused"].values()), abs=1e-6)
