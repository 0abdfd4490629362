"""Writes what the floors make of events: effects and watermark in one transaction, all that has arrived at once.

Between the floors and the database stands one queue, bounded in rows. SQL busy or away: the recorder tries again for as
long as it takes, and drops nothing. When the queue is full, `put` waits, and with it the floor that called it; events
then stay in that PBX's capture queue, and where that overflows too, the capture marks a gap. So memory stays bounded,
and time is lost only as time that is known to be unobserved.
"""

import asyncio
import time
from collections import deque

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ccd.errors import DatabaseBusyError, SourceTakenError
from ccd.history.batch import Batch, batches_together
from ccd.history.lease import Lease
from ccd.history.writing import write_batch
from ccd.sql.turns import Patience, take_turn

log = structlog.get_logger()

WAITING_ROWS_MAX = 200_000  # some 100 MB; what a floor of 5,000 does in three minutes at its busiest
GROUP_ROWS_MAX = 20_000  # of one transaction: keeps the database's lock below a second
PATIENCE = Patience(attempts_max=3, wait_s_min=0.05, wait_s_max=1.0)  # for one attempt; then it is said, and goes on
AGAIN_S_MAX = 10.0
ANSWER_S_MAX = 10.0  # a database that has not answered for so long counts as away: its connection may never tell


class Recorder:
    """Records the PBXs that `writer` has taken over (ccd.history.resume). `run` is a child of the daemon."""

    def __init__(
        self,
        engine: AsyncEngine,
        writer: str,
        waiting_rows_max: int = WAITING_ROWS_MAX,
        group_rows_max: int = GROUP_ROWS_MAX,
        patience: Patience = PATIENCE,
        again_s_max: float = AGAIN_S_MAX,
        lease: Lease | None = None,
    ) -> None:
        self.writer = writer
        self._lease = lease
        self._engine, self._patience, self._again_s_max = engine, patience, again_s_max
        self._waiting_rows_max, self._group_rows_max = waiting_rows_max, group_rows_max
        self._queue: deque[Batch] = deque()
        self._written: dict[str, int] = {}  # transactions of this writer, by PBX
        self._changed = asyncio.Condition()
        self.rows_waiting = 0
        self.failing_since: float | None = None  # monotonic seconds; None while the database takes what it is given

    async def put(self, batch: Batch) -> None:
        """Returns once the batch is in the queue. Waits while the queue is full: see this module's first lines."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._has_room(batch))
            self._queue.append(batch)
            self.rows_waiting += batch.rows
            self._changed.notify_all()

    async def drained(self) -> None:
        """Returns once all that was put is written."""
        async with self._changed:
            await self._changed.wait_for(lambda: not self._queue)

    async def run(self) -> None:
        """Writes for ever. Leaves the queue as it is when it fails, so that it can be run again."""
        while True:
            async with self._changed:
                await self._changed.wait_for(lambda: bool(self._queue))
            group = self._group()
            await self._write(batches_together(group))
            async with self._changed:
                for batch in group:
                    self._queue.popleft()
                    self.rows_waiting -= batch.rows
                self._changed.notify_all()

    def _has_room(self, batch: Batch) -> bool:
        return not self._queue or self.rows_waiting + batch.rows <= self._waiting_rows_max

    def _group(self) -> list[Batch]:
        """What has arrived, up to the limit, and at least one."""
        group: list[Batch] = []
        rows = 0
        for batch in self._queue:
            rows += batch.rows
            if group and rows > self._group_rows_max:
                break
            group.append(batch)
        return group

    async def _write(self, batches: list[Batch]) -> None:
        async def work(connection: AsyncConnection) -> None:
            for batch in batches:
                await write_batch(connection, self.writer, self._written.get(batch.pbx, 0) + 1, batch)

        again_s = self._patience.wait_s_max
        while True:
            silent = asyncio.get_running_loop().call_later(
                ANSWER_S_MAX, self._say_away, f"no answer for {ANSWER_S_MAX:g} s"
            )
            try:
                await take_turn(self._engine, work, self._patience)
                break
            except DatabaseBusyError as error:
                self._say_away(str(error))
                await asyncio.sleep(again_s)
                again_s = min(self._again_s_max, again_s * 2)
            except SourceTakenError:
                if self._lease is not None:
                    await self._lease.say_who_holds_it()
                raise
            finally:
                silent.cancel()
        self._say_back()
        for batch in batches:
            self._written[batch.pbx] = self._written.get(batch.pbx, 0) + 1

    def _say_away(self, why: str) -> None:
        if self.failing_since is None:
            self.failing_since = time.monotonic()
            log.warning("the history is not written; it waits", why=why, rows_waiting=self.rows_waiting)

    def _say_back(self) -> None:
        if self.failing_since is not None:
            away_s = time.monotonic() - self.failing_since
            self.failing_since = None
            log.info("the history is written again", away_s=round(away_s, 1), rows_waiting=self.rows_waiting)
