"""Gaps filled from queue_log files while no daemon runs: those that have ended and were not filled, and the one that
goes on (docs/time-bank.md 2.2)."""

import os
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ccd.bank.asking import Asking
from ccd.daemon.pbxs import scope_of
from ccd.daemon.place import LOCK_FILE
from ccd.daemon.site import Site
from ccd.daemon.switches.ended_gaps import floor_before, found_later
from ccd.daemon.switches.floors import Floors
from ccd.daemon.switches.seam import log_of, news_of
from ccd.errors import BackfillError
from ccd.floor.days import SECOND
from ccd.floor.events import Found, Lost, PbxEvent
from ccd.floor.floor_state import FloorState
from ccd.history.batch import Batch, FloorStand, never_seen
from ccd.history.gaps import Gap, ended_gaps, not_counted
from ccd.history.lease import Claim, Lease
from ccd.history.lock_file import LockFile
from ccd.history.reading import reading
from ccd.history.resume import newest_ref, take_over_floor
from ccd.history.stand_by import held
from ccd.history.writing import write_batch
from ccd.org.rights import may_administer
from ccd.pbx.beside import AFTER_US, beside
from ccd.pbx.captured import told_up_to
from ccd.pbx.evidence import Evidence
from ccd.pbx.fill import END, START_WRITTEN_WITHIN, Logged, is_its_log
from ccd.pbx.log_file import earliest_told, excerpts
from ccd.pbx.queue_log import RING_S_MAX
from ccd.settings import Pbx
from ccd.sql.turns import Patience, take_turn

log = structlog.get_logger("ccd.daemon")


class Backfilled(NamedTuple):
    """From when until when (µs), and how many of the log's events. `unknown`: of a gap that has ended, how many seats
    stay unobserved in it, in all or in part; None of the one that goes on behind `until`."""

    since: int
    until: int
    events: int
    unknown: int | None


async def fill_back(
    engine: AsyncEngine, site: Site, pbx: Pbx, files: Sequence[Path], asking: Asking, why: str
) -> list[Backfilled]:
    """Fill what of the PBX's gaps the files tell, in one step: those that have ended, for the days concerned to be
    measured anew, and what runs since the PBX's last word, up to the log's last line. BackfillError where a daemon
    records the PBX, where nothing of it is recorded yet, and where the files reach back to no gap."""
    may_administer(asking.person, "fill gaps from queue_log")

    def refuse(why: str) -> None:
        if why:
            raise BackfillError(pbx.name, f"{why}; a running ccd fills its gaps by itself, from [[pbx]] queue_log")

    settings = site.settings
    claim = Claim((f"PBX {pbx.name}",), secrets.token_hex(8), f"ccd backfill, process {os.getpid()}")
    async with held(engine, claim, LockFile(settings.state_directory / LOCK_FILE), refuse) as lease:
        return await Backfilling(engine, site, pbx, files).fill(lease, asking, why)


class Backfilling:
    """Of one PBX, by whoever has its place."""

    def __init__(self, engine: AsyncEngine, site: Site, pbx: Pbx, files: Sequence[Path]) -> None:
        self._engine, self._site, self._pbx, self._files = engine, site, pbx.name, files
        self._scope = scope_of(pbx)
        kept = site.settings.evidence
        self._evidence = Evidence(kept.directory, pbx.name, log, keep_days=kept.keep_days)
        entries = site.roster.entries
        self._seats = [(each.member_name, each.interface) for each in entries if each.member_name and each.interface]
        self._done: list[Backfilled] = []
        self._batches: list[Batch] = []

    async def fill(self, lease: Lease, asking: Asking, why: str) -> list[Backfilled]:
        state = await take_over_floor(self._engine, self._pbx, lease.holder, Patience(), lease)
        await self._fill_ended(state)
        await self._fill_open(state)
        said = [{"from": each.since / SECOND, "to": each.until / SECOND, "events": each.events} for each in self._done]

        async def write(connection: AsyncConnection) -> None:
            for turn, batch in enumerate(self._batches, 1):
                await write_batch(connection, lease.holder, turn, batch)
            await connection.run_sync(lambda plain: asking.noted(plain, "backfill", self._pbx, {"gaps": said}, why))

        await self._evidence.flush()
        await take_turn(self._engine, write, Patience())
        return self._done

    async def _fill_ended(self, state: FloorState) -> None:
        """A batch for each of them, of what stands beside that which is stored."""
        first = earliest_told(self._files)
        if first is None:
            return
        given: list[PbxEvent] = []
        async with reading(self._engine) as connection:
            gaps = await ended_gaps(connection, self._pbx, first, END)
            spans = _spans_of(gaps)
            for gap, excerpt in zip(gaps, excerpts(self._files, spans), strict=True):
                told = beside(self._evidence.folder, gap.refs, (gap.since, gap.until), self._scope)
                if told is None or excerpt.begins_at is None or excerpt.last_at is None:
                    continue
                floor = floor_before(self._site.seat_rules, gap, told)
                logged = self._told_by(floor.state, excerpt.lines, _followed_from(gap), _names_in(gap))
                span = (excerpt.begins_at, excerpt.last_at + SECOND)
                await self._evidence.flush()
                found = found_later(gap, floor, told, logged, span, given)
                if found is None or not found.segments:
                    continue
                given = found.events
                segments = tuple(
                    replace(each, number=number) for number, each in enumerate(found.segments, state.number + 1)
                )
                state.number += len(segments)
                standing = FloorStand(state.number, state.heard_at, state.confirmed_at, state.gap_since, 0)
                calls = await not_counted(connection, self._pbx, found.gone, found.since, gap.until)
                new = {each.seat: never_seen(self._pbx, each.seat) for each in segments if each.seat not in gap.known}
                self._batches.append(Batch(self._pbx, segments, new, standing, tuple(calls)))
                self._done.append(Backfilled(gap.since, gap.until, len(found.events), found.unknown))

    async def _fill_open(self, state: FloorState) -> None:
        """BackfillError where it can't be filled, and no other was."""
        floors = Floors(self._site, lambda: (), lambda: 0)
        floors.resume(self._pbx, state)
        begun = floors.begin_gap(self._pbx)
        since = state.gap_since
        if since is None:
            hint = "for an allowance out of the time before, see `ccd policy propose --queue-log`"
            raise BackfillError(self._pbx, f"nothing is recorded of it yet: begin with `ccd run`; {hint}")
        (excerpt,) = excerpts(self._files, [(since - RING_S_MAX * SECOND, END)])
        begins, until = excerpt.begins_at, excerpt.last_at
        if begins is None or until is None or not begins <= since < until + SECOND:
            if self._done:
                return
            missing = f"what is missing begins at {since / SECOND:.0f}"
            raise BackfillError(self._pbx, f"{_reach(begins, until)}, and {missing}")
        async with reading(self._engine) as connection:
            recent = told_up_to(self._evidence.folder, await newest_ref(connection, self._pbx), self._scope)
        logged = self._told_by(state, excerpt.lines, since)
        near = [event for event in recent or () if event.at >= since - RING_S_MAX * SECOND]
        if not is_its_log(logged, near):
            if self._done:
                return
            found = "the files tell nothing of what AMI told of the minutes before"
            raise BackfillError(self._pbx, f"{found}: are they another switch's, or is one of them missing?")
        known = Logged(news_of(state, logged, since, recent), recent or (), (begins, until + SECOND))
        events: list[PbxEvent] = list(known.between(since, END, known.numbers(since, END)))
        self._batches += [begun] if begun else []
        self._batches.append(floors.take(self._pbx, [Found(since), *events, Lost(max(until, since))]))
        self._done.append(Backfilled(since, until, len(events), None))

    def _told_by(
        self, state: FloorState, lines: Sequence[bytes], since: int, names: Iterable[tuple[str, str]] = ()
    ) -> list[PbxEvent]:
        """With the lines of the gap as evidence; `names` are further pairs of a member name and a seat."""

        def keep(at: int, line: bytes) -> int:
            return self._evidence.keep(at, line) if at >= since - SECOND else 0

        return list(log_of(state, [*self._seats, *names], self._scope, keep).told_by(lines, self._files[0]))


def _names_in(gap: Gap) -> list[tuple[str, str]]:
    """Under which names its seats were seen, some of them after it only."""
    seen = [each for around in gap.seats.values() for each in around if each is not None]
    return [(each.view.name, each.seat) for each in seen if each.view.name]


def _followed_from(gap: Gap) -> int:
    return gap.since if gap.told_at is None else gap.told_at


def _spans_of(gaps: Sequence[Gap]) -> list[tuple[int, int]]:
    """Of the log, one that begins after the other, µs."""
    spans: list[tuple[int, int]] = []
    for gap in reversed(gaps):
        first = min([_followed_from(gap) - RING_S_MAX * SECOND, *(start for start, _ in spans[-1:])])
        spans.append((first, gap.until + max(AFTER_US, START_WRITTEN_WITHIN + SECOND)))
    return spans[::-1]


def _reach(begins: int | None, until: int | None) -> str:
    if begins is None or until is None:
        return "the files tell of nothing"
    return f"the files tell of {begins / SECOND:.0f} to {until / SECOND:.0f} (seconds since the epoch)"
