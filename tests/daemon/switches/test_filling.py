"""Behind a gap: what the log says of it is told first, and where it says nothing, what comes is told all the same."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from time import time
from typing import Any

import pytest
from structlog.testing import capture_logs

from ccd.daemon.switches.filling import Filling
from ccd.floor.events import Found, Heard, Lost, MemberPaused, PbxEvent, Snapshot
from ccd.floor.floor import Floor
from ccd.pbx.ami import ManagerAccount
from ccd.pbx.capture import Pbx
from ccd.pbx.evidence import Evidence
from ccd.pbx.evidence_index import find
from ccd.pbx.incidents import Lack
from ccd.pbx.log_file import LogFile
from ccd.pbx.translate import Scope
from tests.floor.floors import RULES, SEAT, S, added, member, missed, paused, snapshot, unpaused
from tests.pbx.configured import configured
from tests.pbx.eventually import eventually
from tests.pbx.fake_pbx import FakePbx
from tests.pbx.said_log import SaidLog
from tests.pbx.spoken import row

QUICK: dict[str, Any] = {
    "ping_interval_s": 0.1,
    "ping_deadline_s": 0.5,
    "reconnect_delay_s_min": 0.05,
    "watermark_margin_s": 0.0,
}


@asynccontextmanager
async def told(
    fake: FakePbx, folder: Path, floor: Floor, margin_s: float = 0.0
) -> AsyncIterator[tuple[Pbx, Filling, list[PbxEvent]]]:
    """What a floor is told that has been in a gap for a minute."""
    account = ManagerAccount("north", "127.0.0.1", fake.port, "ccd", "geheim")
    evidence = Evidence(folder / "evidence", "north", SaidLog(), keep_days=1)
    pbx = Pbx(configured(account, marks_log=True, **QUICK | {"watermark_margin_s": margin_s}), SaidLog(), evidence.keep)
    filling = Filling("north", pbx, LogFile(folder / "queue_log"), Scope(), lambda: (), evidence)
    filling.go_on_from(0)
    events: list[PbxEvent] = []

    async def read() -> None:
        async for some, _ in filling.batches(floor):
            for event in some:
                floor.apply(event)
            events.extend(some)

    loop = asyncio.get_running_loop()
    running, reading = loop.create_task(pbx.run()), loop.create_task(read())
    try:
        yield pbx, filling, events
    finally:
        for task in (running, reading):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


def floor_in_a_gap() -> tuple[Floor, int]:
    """Ann is paused there; and when (s) it began."""
    floor = Floor(RULES)
    since = int(time()) - 60
    for event in (added(since - 600), paused(since - 30, "ticket"), Lost(since * S)):
        floor.apply(event)
    return floor, since


def log_of(since: int, folder: Path) -> Path:
    """Ann's pause in it ends 20 s after the gap's beginning, another begins 10 s later."""
    log = folder / "queue_log"
    lines = ((-700, "ADDMEMBER|"), (20, "UNPAUSE|"), (30, "PAUSE|toilet"))
    log.write_text("".join(f"{since + at}|NONE|support|Ann|{what}\n" for at, what in lines))
    return log


def changes(events: list[PbxEvent]) -> list[tuple[int, bool]]:
    return [(event.at // S, event.paused) for event in events if isinstance(event, MemberPaused)]


async def test_what_the_log_says_of_the_gap_is_told_before_the_snapshot(tmp_path: Path) -> None:
    floor, since = floor_in_a_gap()
    async with FakePbx(rows=row(SEAT, Paused=1, PausedReason="toilet")) as fake:
        fake.queue_log = log_of(since, tmp_path)
        async with told(fake, tmp_path, floor) as (_, filling, events):
            await eventually(lambda: filling.holding)
            await eventually(lambda: not filling.holding and any(isinstance(e, Heard) for e in events))
            assert isinstance(events[0], Found)
            assert changes(events) == [(since + 20, False), (since + 30, True)]
            assert floor.state.gap_since is None
            assert floor.state.open[SEAT].view.reason == "toilet"
            assert floor.state.open[SEAT].start == (since + 30) * S
            await filling.evidence.flush()
            kept = find(filling.evidence.folder, floor.state.open[SEAT].opened_by)
            assert kept == f"{since + 30}|NONE|support|Ann|PAUSE|toilet".encode(), "the line, as it stood there"


async def test_where_a_start_is_all_that_the_log_says_of_an_hour_the_gap_stays(tmp_path: Path) -> None:
    floor, since = floor_in_a_gap()
    async with FakePbx(rows=row(SEAT, Paused=1, PausedReason="ticket")) as fake:
        fake.queue_log = log_of(since, tmp_path)
        lines = f"{since - 3_600}|NONE|support|Ann|ADDMEMBER|\n{since + 20}|NONE|NONE|NONE|QUEUESTART|\n"
        fake.queue_log.write_text(lines)
        async with told(fake, tmp_path, floor) as (_, _, events):
            await eventually(lambda: any(isinstance(event, Snapshot) for event in events))
            assert [event.at // S - since for event in events if isinstance(event, Lost)] == [0]
            assert floor.state.open[SEAT].start >= (since + 60) * S, "it was seen again by the snapshot alone"


async def test_of_a_log_that_takes_no_mark_what_lies_behind_its_last_line_stays_a_gap(tmp_path: Path) -> None:
    floor, since = floor_in_a_gap()
    log_of(since, tmp_path)
    async with (
        FakePbx(rows=row(SEAT, Paused=1, PausedReason="toilet")) as fake,
        told(fake, tmp_path, floor) as (pbx, _, events),
    ):
        await eventually(lambda: any(isinstance(event, Snapshot) for event in events), 15)
        assert pbx.findings[Lack.LOG_MARK].detail.startswith("Invalid/unknown command")
        assert changes(events) == [(since + 20, False), (since + 30, True)]
        assert [event.at // S - since for event in events if isinstance(event, Lost)] == [30]


@pytest.mark.parametrize("log", ["missing", "of another year"])
async def test_a_log_that_says_nothing_of_the_gap_leaves_it(tmp_path: Path, log: str) -> None:
    floor, since = floor_in_a_gap()
    async with FakePbx(rows=row(SEAT)) as fake:
        if log != "missing":
            fake.queue_log = log_of(since + 3_600 * 24 * 365, tmp_path)
        with capture_logs() as said:
            async with told(fake, tmp_path, floor) as (_, _, events):
                await eventually(lambda: any(isinstance(event, Snapshot) for event in events), 15)
                assert floor.state.gap_since is None
                assert not any(isinstance(event, Found) for event in events)
                assert changes(events) == []
    assert any("can't be read" in str(line) for line in said) == (log == "missing")


async def test_who_is_cut_off_again_meanwhile_waits_for_the_snapshot_after_it(tmp_path: Path) -> None:
    floor, since = floor_in_a_gap()
    async with FakePbx(rows=row(SEAT, Paused=1, PausedReason="toilet")) as fake:
        fake.queue_log = log_of(since, tmp_path)
        async with told(fake, tmp_path, floor) as (pbx, filling, events):
            await eventually(lambda: filling.holding)
            fake.hang_up()
            await eventually(lambda: fake.connections == 2 and pbx.state == "live")
            await eventually(lambda: len([e for e in events if isinstance(e, Snapshot)]) == 2, 15)
            assert not any(isinstance(event, Lost) for event in events)
            assert changes(events) == [(since + 20, False), (since + 30, True)]


async def test_a_log_that_takes_no_mark_and_is_written_on_and_on_is_waited_for_no_longer_than_its_last_line(
    tmp_path: Path,
) -> None:
    floor, since = floor_in_a_gap()
    log = log_of(since, tmp_path)

    async def others_call() -> None:
        while True:
            with log.open("a") as stream:
                stream.write(f"{int(time())}|c{time()}|sales|NONE|ENTERQUEUE||5|1\n")
            await asyncio.sleep(0.05)

    async with (
        FakePbx(rows=row(SEAT, Paused=1, PausedReason="toilet")) as fake,
        told(fake, tmp_path, floor, margin_s=1.0) as (_, _, events),
        asyncio.TaskGroup() as calls,
    ):
        calling = calls.create_task(others_call())
        await eventually(lambda: any(isinstance(event, Snapshot) for event in events), 10)
        calling.cancel()
        assert changes(events) == [(since + 20, False), (since + 30, True)]
        assert not any(isinstance(event, Lost) for event in events), "its last line is behind the snapshot"


async def test_a_log_that_is_not_there_while_it_is_rotated_is_looked_for_again(tmp_path: Path) -> None:
    floor, since = floor_in_a_gap()
    log = log_of(since, tmp_path)
    async with FakePbx(rows=row(SEAT, Paused=1, PausedReason="toilet")) as fake:
        fake.queue_log = log.rename(tmp_path / "moved")
        async with told(fake, tmp_path, floor) as (_, filling, events):
            await eventually(lambda: filling.holding)
            await asyncio.sleep(2.5)
            fake.queue_log.rename(log)
            await eventually(lambda: any(isinstance(event, Snapshot) for event in events), 10)
            assert changes(events) == [(since + 20, False), (since + 30, True)]


async def test_what_is_told_inside_a_gap_without_a_snapshot_is_not_taken_for_all_that_was_told(tmp_path: Path) -> None:
    """Who begins in a gap knows nothing of the second in which it began; the floor's own facts decide then."""
    floor, since = floor_in_a_gap()
    (tmp_path / "queue_log").write_text(
        f"{since - 700}|NONE|support|Ann|ADDMEMBER|\n{since}|c0|support|Ann|RINGNOANSWER|0\n"
        f"{since}|NONE|support|Ann|PAUSE|ticket\n"
    )
    for event in (unpaused(since), missed(since, "c0"), paused(since, "ticket")):
        floor.state.gap_since = None
        floor.apply(event)
    floor.apply(Lost(since * S))
    there = snapshot(since + 5, member(paused=True, reason="ticket"))
    events, _ = await told_of(floor, tmp_path, [Heard(since * S)], [there], [Heard((since + 60) * S)])
    assert changes(events) == [], "the floor knows it"


class Said:
    """As much of a PBX as is asked."""

    mark = ""

    def __init__(self, *heard: list[PbxEvent]) -> None:
        self._heard = heard

    async def batches(self) -> AsyncIterator[list[PbxEvent]]:
        for some in self._heard:
            yield some


async def told_of(floor: Floor, folder: Path, *heard: list[PbxEvent]) -> tuple[list[PbxEvent], str]:
    """What the floor is told, and what is logged of it."""
    evidence = Evidence(folder / "evidence", "north", SaidLog(), keep_days=1)
    filling = Filling("north", Said(*heard), LogFile(folder / "queue_log"), Scope(), lambda: (), evidence)  # type: ignore[arg-type]  # a fake
    filling.go_on_from(0)
    events: list[PbxEvent] = []
    with capture_logs() as said:
        async for some, _ in filling.batches(floor):
            for event in some:
                floor.apply(event)
            events += some
    return events, str(said)


async def test_a_log_that_lacks_the_file_of_when_the_gap_began_leaves_it(tmp_path: Path) -> None:
    floor, since = floor_in_a_gap()
    (tmp_path / "queue_log").write_text(f"{since + 40}|NONE|support|Ben|PAUSE|\n")
    (tmp_path / "queue_log.2").write_text(f"{since - 700}|NONE|support|Ann|ADDMEMBER|\n")
    floor.state.gap_since = None
    there = snapshot(since + 50, member(paused=True, reason="water"))
    cut = [paused(since - 1, "ticket"), Lost(since * S)]
    events, said = await told_of(floor, tmp_path, cut, [there], [Heard((since + 60) * S)])
    assert not any(isinstance(event, Found) for event in events)
    assert "is one of its files missing?" in said


async def test_a_clock_that_was_set_back_in_the_gap_leaves_it(tmp_path: Path) -> None:
    """Its lines have times of before the gap: they would have been passed over, and the gap taken for filled."""
    floor, since = floor_in_a_gap()
    log_of(since - 40, tmp_path)
    there = snapshot(since - 5, member(paused=True, reason="toilet"))
    events, said = await told_of(floor, tmp_path, [there], [Heard((since + 60) * S)])
    assert not any(isinstance(event, Found) for event in events)
    assert "the PBX's clock was set back in it" in said
