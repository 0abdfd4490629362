"""A connection that was cut, and what queue_log says of the time, against another that heard all of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from datetime import time as time_of_day
from pathlib import Path
from time import time
from typing import Any

import pytest

from ccd.commands.replay import replayed
from ccd.daemon.site import Site
from ccd.floor.agents import AgentRules
from ccd.floor.crew import day_records
from ccd.floor.days import BusinessDays
from ccd.floor.events import CallEnded, OfferEnded
from ccd.floor.records import DayRecord
from ccd.floor.rules import Reasons
from ccd.pbx.fill import fill
from ccd.pbx.queue_log import QueueLog
from ccd.settings import Settings
from tests.pbx_real.driver import Driver
from tests.pbx_real.following import RULES, Following, followed_by, time_line

TALKS_SHORTLY = "Local/3001@agents/n"  # 2 s
RINGS_ON = "Local/2001@agents/n"
COUNTS = ("sign_ins", "sign_outs", "pauses", "offered", "answered", "missed")
TIMES = ("signed_in", "available", "ringing", "on_call", "wrap_up", "aux", "exempt", "partly_paused")
BESIDE_US_MAX = 200_000  # between the line and AMI's stamp, which a thread of its own sets
EARLIER_US_MAX = 1_000_000 + BESIDE_US_MAX  # the log tells whole seconds
TIMES_ENTERED_MAX = 2  # each state and each reason, by whatever is lived through


async def live_through(pbx: Driver, whole: Following) -> None:
    """All that agents do, while the other connection is cut."""
    calls, misses = len(whole.told(CallEnded)), len(whole.told(OfferEnded))
    pbx.pause(RINGS_ON, "toilet")
    pbx.call_in()
    await whole.until(lambda: whole.now(TALKS_SHORTLY) == "on_call")
    pbx.pause(TALKS_SHORTLY, "meal", queue="support")
    await whole.until(lambda: len(whole.told(CallEnded)) > calls)
    pbx.unpause(TALKS_SHORTLY)
    pbx.unpause(RINGS_ON, queue="sales")
    pbx.call_in("sales", wait_s=4)
    await whole.until(lambda: len(whole.told(OfferEnded)) > misses)
    pbx.unpause(RINGS_ON)
    pbx.sign_out(TALKS_SHORTLY)
    pbx.sign_in(TALKS_SHORTLY, "Ann 安", paused=True)
    pbx.pause(TALKS_SHORTLY, "water")


def filled_time_line(cut: Following, folder: Path, log: Path, seat: str) -> list[tuple[str, int]]:
    lines = QueueLog([("Ann 安", TALKS_SHORTLY), ("Bo", RINGS_ON)]).read([log])
    return time_line(followed_by(list(fill(cut.replayed(folder), list(lines))))[seat])


def an_hour_before(until: int) -> time_of_day:
    return datetime.fromtimestamp(until / 1_000_000 - 3600, UTC).time().replace(second=0, microsecond=0)


def assert_alike(truth: dict[str, DayRecord], filled: dict[str, DayRecord]) -> None:
    """The same counts, nothing unobserved, and times as far apart as the log's whole seconds make them."""
    assert truth.keys() == filled.keys()
    for agent, record in truth.items():
        of_agent = filled[agent]
        assert {each: getattr(of_agent, each) for each in COUNTS} == {each: getattr(record, each) for each in COUNTS}, (
            agent
        )
        assert of_agent.unobserved == 0, agent
        apart = {each: abs(getattr(of_agent, each) - getattr(record, each)) for each in TIMES}
        for reason in of_agent.paused.keys() | record.paused.keys():
            apart[reason] = abs(of_agent.paused.get(reason, 0) - record.paused.get(reason, 0))
        assert max(apart.values()) < TIMES_ENTERED_MAX * EARLIER_US_MAX, (agent, apart)


def records_of(following: Following, folder: Path, log: list[Path], until: int) -> dict[str, DayRecord]:
    """By agent. The day begins an hour before: so there is one."""
    site = Site(Settings(day_starts_at=an_hour_before(until)))
    records = replayed(site, following.proxy.save(folder, "stream"), log, until)
    return {record.agent: record for record in records}


@asynccontextmanager
async def cut_amid_life(
    asterisk: Any, stop_and_go: bool, queue_log: Path | None = None
) -> AsyncIterator[tuple[Following, Following]]:
    """One that heard everything, and one that was cut while it was lived through, both at its end."""
    with asterisk.drive() as pbx:
        away_s = 0.2 if stop_and_go else 12.0
        slow: dict[str, Any] = {"reconnect_delay_s_min": 2 * away_s, "reconnect_delay_s_max": 2 * away_s}
        async with Following(asterisk.port) as whole, Following(asterisk.port, **slow, queue_log=queue_log) as cut:
            pbx.sign_in(TALKS_SHORTLY, "Ann 安")
            pbx.sign_in(RINGS_ON, "Bo")
            pbx.sign_in(RINGS_ON, "Bo", queue="sales")
            await cut.until(lambda: cut.now(RINGS_ON) == "available")
            async with asyncio.TaskGroup() as tasks:
                living = tasks.create_task(live_through(pbx, whole))
                while not living.done():
                    cut.proxy.cut()
                    await asyncio.wait([living], timeout=0.7 if stop_and_go else None)
            await cut.until(lambda: cut.pbx.state == "live", 30.0)
            pbx.unpause(TALKS_SHORTLY)
            pbx.pause(RINGS_ON, "ticket")
            await cut.until(lambda: cut.now(RINGS_ON) == whole.now(RINGS_ON) == "paused:ticket", 20.0)
            yield whole, cut


def assert_same_line(lived: list[tuple[str, int]], found: list[tuple[str, int]]) -> None:
    assert [state for state, _ in found] == [state for state, _ in lived]
    for (state, at), (_, truly_at) in zip(found, lived, strict=True):
        assert -EARLIER_US_MAX < at - truly_at < BESIDE_US_MAX, state


@pytest.mark.parametrize("stop_and_go", [False, True], ids=["cut once", "cut again and again"])
async def test_a_gap_that_the_log_fills_has_the_figures_of_one_that_never_was(
    asterisk: Any, stop_and_go: bool, tmp_path: Path
) -> None:
    async with cut_amid_life(asterisk, stop_and_go) as (whole, cut):
        until = round(time() * 1_000_000)
        for seat in (TALKS_SHORTLY, RINGS_ON):
            found = filled_time_line(cut, tmp_path / "line", asterisk.queue_log, seat)
            assert_same_line(time_line(whole.segments(seat)), found)
        truth = records_of(whole, tmp_path / "whole", [], until)
        assert_alike(truth, records_of(cut, tmp_path / "cut", [asterisk.queue_log], until))


@pytest.mark.parametrize("stop_and_go", [False, True], ids=["cut once", "cut again and again"])
async def test_a_floor_that_was_cut_off_has_the_figures_of_one_that_never_was_once_it_has_read_the_log(
    asterisk: Any, stop_and_go: bool
) -> None:
    async with cut_amid_life(asterisk, stop_and_go, queue_log=asterisk.queue_log) as (whole, cut):
        for seat in (TALKS_SHORTLY, RINGS_ON):
            assert_same_line(time_line(whole.segments(seat)), time_line(cut.segments(seat)))
        until = round(time() * 1_000_000)
        assert_alike(as_measured(whole, until), as_measured(cut, until))


def as_measured(following: Following, until: int) -> dict[str, DayRecord]:
    """By agent, of what the floor was told."""
    segments = [("test", segment) for seat in followed_by(following.events).values() for segment in seat]
    rules = AgentRules(Reasons({}), RULES, BusinessDays("UTC", an_hour_before(until)))
    records = day_records(segments, lambda *_: None, [], lambda _: rules, until)
    return {record.agent: record for record in records}
