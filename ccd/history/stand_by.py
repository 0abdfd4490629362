"""Waiting for one's turn to record: who holds what is wanted, and since when nothing was heard of them."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import structlog
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ccd.errors import DatabaseBusyError
from ccd.history.lease import BEAT_S, LEASE_S, ONCE, Claim, Lease, Term, own_clock
from ccd.history.lock_file import LockFile
from ccd.history.reading import reading
from ccd.history.schema import leases
from ccd.history.writing import mind_standing_still
from ccd.sql.rows import insert_into
from ccd.sql.turns import DRIVER_ERRORS, is_away, take_turn

LOOK_S = 1.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class LeaseRow:
    """As it was seen; `holder` is "" where nobody holds it."""

    name: str
    holder: str
    who: str
    beats: int


@dataclass(slots=True)
class Watch:
    """Since when, by our own clock, each holder's count stands as it does."""

    lock: LockFile
    seen: dict[LeaseRow, float] = field(default_factory=dict)

    def in_the_way(self, rows: Sequence[LeaseRow]) -> list[LeaseRow]:
        """Those whose holder still lives, for all that is known."""
        now = own_clock()
        self.seen = {row: self.seen.get(row, now) for row in rows}
        return [row for row in rows if row.holder and now - self.seen[row] < LEASE_S and not self._has_died(row)]

    def begin_anew(self) -> None:
        """Nothing could be seen, and perhaps nothing be counted either."""
        self.seen = {}

    def _has_died(self, row: LeaseRow) -> bool:
        return self.lock.has_died(row.holder)


@asynccontextmanager
async def held(
    engine: AsyncEngine, claim: Claim, lock: LockFile, waiting: Callable[[str], None]
) -> AsyncIterator[Lease]:
    """The lease, once it is ours; who stands by then need not wait for it. `waiting` is called with each look."""
    lease = Lease(engine, claim, await stand_by(engine, claim, lock, waiting), lock)
    try:
        yield lease
    finally:
        await lease.release()
        lock.let_go()


async def stand_by(engine: AsyncEngine, claim: Claim, lock: LockFile, waiting: Callable[[str], None]) -> Term:
    """Until everything that is claimed is ours. Says once whom it waits for, and that the database is away."""
    watch = Watch(lock)
    said = ""
    while True:
        try:
            rows = await _look(engine, claim)
            others = watch.in_the_way(rows)
            why, term = _whom(others), None
            if not others:
                term = await _take(engine, claim, rows)
                watch.begin_anew()
        except (DatabaseBusyError, *DRIVER_ERRORS) as error:
            if not is_away(error):
                raise
            watch.begin_anew()
            term, why = None, "waits for the database"
        if term is not None:
            if said:
                log.info("takes over", holds=list(claim.names))
            return term
        if why and why != said:
            said = why
            log.warning("stands by", why=why, takes_over_after_s=LEASE_S)
        waiting(said)
        await asyncio.sleep(LOOK_S)


async def _look(engine: AsyncEngine, claim: Claim) -> list[LeaseRow]:
    async with reading(engine) as connection:
        return await _rows(connection, claim, lock=False)


async def _rows(connection: AsyncConnection, claim: Claim, lock: bool) -> list[LeaseRow]:
    wanted = select(leases.c.name, leases.c.holder, leases.c.who, leases.c.beats).order_by(leases.c.name)
    wanted = wanted.where(leases.c.name.in_(claim.names))
    return [LeaseRow(*row) for row in await connection.execute(wanted.with_for_update() if lock else wanted)]


async def _take(engine: AsyncEngine, claim: Claim, seen: Sequence[LeaseRow]) -> Term | None:
    """All of it or nothing: None where somebody was there first, or where we had to wait for the database. Then a
    holder had to as well, and is given the time to beat."""
    asked_at = own_clock()

    async def work(connection: AsyncConnection) -> Term | None:
        if own_clock() - asked_at > BEAT_S:
            return None
        await mind_standing_still(connection)
        known = {row.name: row for row in seen}
        new = [
            {"name": name, "holder": "", "who": "", "beats": 0, "term": 0, "line": secrets.token_hex(8)}
            for name in claim.names
            if name not in known
        ]
        if new:
            await connection.execute(insert_into(connection, leases).on_conflict_do_nothing(), new)
        for row in await _rows(connection, claim, lock=True):
            if row.holder and row != known.get(row.name):
                return None
        wanted = leases.c.name.in_(claim.names)
        changes = {"holder": claim.holder, "who": claim.who, "beats": 0, "term": leases.c.term + 1}
        await connection.execute(update(leases).where(wanted).values(changes))
        first = select(leases.c.line, leases.c.term).where(leases.c.name == claim.names[0])
        return Term(*(await connection.execute(first)).one())

    return await take_turn(engine, work, ONCE)


def _whom(others: Sequence[LeaseRow]) -> str:
    names: dict[str, list[str]] = {}
    for row in others:
        names.setdefault(row.who, []).append(row.name)
    return "; ".join(f"{who} holds {', '.join(held)}" for who, held in names.items())
