"""Who records a site and its PBXs: one process holds them; who is started beside it stands by, and takes its place.

What is held is a row each in the database that the segments are in. The holder counts its `beats` up; who stands by
watches the count by its own clock: no two machines' clocks are ever compared, and a clock that is set forward takes
nothing from anybody. A database that is away stands still for both, and who stands by begins to count anew. On the
holder's own machine nobody has to wait: its lock of a file (ccd.history.lock_file) ends with its process.

A holder that stood still, stopped or swapped out, may have lost its place without knowing: so it asks before it writes
(`sure`, `certain`). What it writes in the very moment is refused: by the database, where each batch names its writer
(ccd.history.writing), and by Redis, where a rewrite names the `term` (ccd.live.scripts).
"""

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NoReturn

from sqlalchemy import Select, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ccd.errors import DatabaseBusyError, LeaseLostError
from ccd.history.lock_file import LockFile
from ccd.history.schema import leases
from ccd.history.writing import mind_standing_still
from ccd.sql.turns import Patience, take_turn

LEASE_S = 10.0  # a holder that has not beaten for so long is gone (ccd.history.stand_by)
BEAT_S = 2.0
TICK_S = 0.5
STILL_S = 5.0  # who stood still for so long is not certain any more: well before LEASE_S is over
ASK_AGAIN_S = 0.5
ONCE = Patience(attempts_max=1)


def own_clock() -> float:
    """Seconds that nobody sets, and that go on while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


@dataclass(frozen=True, slots=True)
class Claim:
    """`names` are what is to be held; `holder` a name that no other process has; `who` says to people who that is."""

    names: tuple[str, ...]
    holder: str
    who: str


@dataclass(frozen=True, slots=True)
class Term:
    """Of the first name: rises whenever it changes hands. `line` is the row's own: of another database, another."""

    line: str
    number: int


class Lease:
    """Held by this process: `run` is a child of the daemon, and raises LeaseLostError when it is another's."""

    def __init__(self, engine: AsyncEngine, claim: Claim, term: Term, lock: LockFile) -> None:
        self.term, self.holder = term, claim.holder
        self._engine, self._claim, self._lock = engine, claim, lock
        self._ticked_at = own_clock()
        self._doubtful = False
        self._lock.take(claim.holder)

    async def run(self) -> NoReturn:
        """Beats. A database that is away is no reason to stop: nobody else can take over meanwhile either."""
        self._tick()
        try:
            while True:
                # A transaction of SQLite that is given up in the middle keeps its lock: who is told to stop would hold
                # up the one that takes its place.
                if lost := await asyncio.shield(self._beaten()):
                    raise lost
                self._lock.take(self._claim.holder)  # a former holder may have it still, and let go of it later
                await asyncio.sleep(BEAT_S)
        finally:
            self._ticking.cancel()

    @property
    def certain(self) -> bool:
        """False once this process stood still for long, until the database has said that nobody took its place."""
        return not self._doubtful and own_clock() - self._ticked_at < STILL_S

    async def sure(self) -> None:
        """Returns at once while it is certain, else when the database has said so; LeaseLostError if it says no."""
        while not self.certain:
            self._notice()
            try:
                await self._beat()
            except DatabaseBusyError:
                await asyncio.sleep(ASK_AGAIN_S)

    async def check(self, connection: AsyncConnection) -> None:
        """LeaseLostError unless it is held, and stays so until the connection's transaction ends."""
        await mind_standing_still(connection)
        for name, holder, who in (await connection.execute(self._rows().with_for_update())).all():
            if holder != self._claim.holder:
                raise LeaseLostError(name, who)

    async def is_held(self, connection: AsyncConnection) -> bool:
        """At this moment, and without a lock: the next beat waits for nobody's long transaction."""
        found = await connection.execute(self._rows())
        return all(holder == self._claim.holder for _, holder, _ in found)

    async def say_who_holds_it(self) -> None:
        """LeaseLostError where that is another, and the database says so."""
        with suppress(DatabaseBusyError):
            await take_turn(self._engine, self.check, ONCE)

    async def release(self) -> None:
        """Who stands by need not wait. A database that is away is not waited for."""

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(update(leases).where(leases.c.holder == self._claim.holder).values(holder=""))

        with suppress(DatabaseBusyError):
            await take_turn(self._engine, work, ONCE)

    def _rows(self) -> Select[Any]:
        columns = (leases.c.name, leases.c.holder, leases.c.who)
        return select(*columns).where(leases.c.name.in_(self._claim.names)).order_by(leases.c.name)

    async def _beaten(self) -> LeaseLostError | None:
        """What is lost is told and not raised: nobody may be listening any more."""
        try:
            await self._beat()
        except DatabaseBusyError:
            pass
        except LeaseLostError as lost:
            return lost
        return None

    async def _beat(self) -> None:
        async def work(connection: AsyncConnection) -> None:
            await self.check(connection)
            mine = leases.c.name.in_(self._claim.names)
            await connection.execute(update(leases).where(mine).values(beats=leases.c.beats + 1))

        began = own_clock()
        await take_turn(self._engine, work, ONCE)
        if own_clock() - began < STILL_S:  # else it stood still in the middle, and the answer is an old one
            self._doubtful = False

    def _tick(self) -> None:
        self._notice()
        self._ticking = asyncio.get_running_loop().call_later(TICK_S, self._tick)

    def _notice(self) -> None:
        now = own_clock()
        if now - self._ticked_at >= STILL_S:
            self._doubtful = True
        self._ticked_at = now
