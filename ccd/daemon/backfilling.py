"""A gap that has not ended yet, filled from queue_log files while no daemon runs (docs/time-bank.md 2.2)."""

import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ccd.daemon.floors import Floors
from ccd.daemon.pbxs import scope_of
from ccd.daemon.place import LOCK_FILE
from ccd.daemon.seam import log_of, news_of
from ccd.daemon.site import Site
from ccd.errors import BackfillError
from ccd.floor.days import SECOND
from ccd.floor.events import Found, Lost, PbxEvent
from ccd.history.lease import Claim, Lease
from ccd.history.lock_file import LockFile
from ccd.history.reading import reading
from ccd.history.resume import newest_ref, take_over
from ccd.history.stand_by import held
from ccd.history.writing import write_batch
from ccd.pbx.captured import told_up_to
from ccd.pbx.evidence import pbx_folder
from ccd.pbx.fill import END, Logged
from ccd.settings import Pbx
from ccd.sql.turns import Patience, take_turn


class Backfilled(NamedTuple):
    """From when until when (µs), and how many of the log's events."""

    since: int
    until: int
    events: int


async def backfill(engine: AsyncEngine, site: Site, pbx: Pbx, files: Sequence[Path]) -> Backfilled:
    """Fill what runs since the PBX's last word, up to the log's last line; the rest stays a gap. BackfillError where a
    daemon records the PBX, where nothing of it is recorded yet, and where the files don't reach back to the gap."""

    def refuse(why: str) -> None:
        if why:
            raise BackfillError(pbx.name, f"{why}; a running ccd fills its gaps by itself, from [[pbx]] queue_log")

    settings = site.settings
    claim = Claim((f"PBX {pbx.name}",), secrets.token_hex(8), f"ccd backfill, process {os.getpid()}")
    async with held(engine, claim, LockFile(settings.state_directory / LOCK_FILE), refuse) as lease:
        return await _backfill(engine, site, pbx, files, lease)


async def _backfill(engine: AsyncEngine, site: Site, pbx: Pbx, files: Sequence[Path], lease: Lease) -> Backfilled:
    floors = Floors(site, lambda: (), lambda: 0)
    floors.resume(pbx.name, await take_over(engine, pbx.name, lease.holder, Patience(), lease))
    batches = [floors.begin_gap(pbx.name)]
    state = floors.floors[pbx.name].state
    since = state.gap_since
    if since is None:
        hint = "for an allowance out of the time before, see `ccd policy propose --queue-log`"
        raise BackfillError(pbx.name, f"nothing is recorded of it yet: begin with `ccd run`; {hint}")
    scope = scope_of(pbx)
    async with reading(engine) as connection:
        ref = await newest_ref(connection, pbx.name)
    recent = told_up_to(pbx_folder(site.settings.evidence.directory, pbx.name), ref, scope)
    seats = [(each.member_name, each.interface) for each in site.roster.entries if each.member_name and each.interface]
    logged = list(log_of(state, seats, scope).read(files))
    if not logged or not logged[0].at <= since < logged[-1].at + SECOND:
        raise BackfillError(pbx.name, f"{_reach(logged)}, and what is missing begins at {since / SECOND:.0f}")
    until = logged[-1].at
    log = Logged(news_of(state, logged, since, recent), recent or (), (logged[0].at, until + SECOND))
    events: list[PbxEvent] = list(log.between(since, END, log.numbers(since, END)))
    batches.append(floors.take(pbx.name, [Found(since), *events, Lost(max(until, since))]))

    async def write(connection: AsyncConnection) -> None:
        for turn, batch in enumerate(filter(None, batches), 1):
            await write_batch(connection, lease.holder, turn, batch)

    await take_turn(engine, write, Patience())
    return Backfilled(since, until, len(events))


def _reach(logged: Sequence[PbxEvent]) -> str:
    if not logged:
        return "the files tell of nothing"
    return f"the files tell of {logged[0].at / SECOND:.0f} to {logged[-1].at / SECOND:.0f} (seconds since the epoch)"
