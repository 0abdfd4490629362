"""The child that keeps Redis in step with the floor.

It takes what changed when it is ready to write, so whatever happens to an agent during a round trip is one change: no
queue stands between floor and Redis, and nothing grows while Redis is away. Then the floor goes on; what Redis misses
is put right by one full rewrite when it is back, or when it turns out to hold something else than it was given.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

import structlog

from ccd.live.batch import LiveBatch, Packed, packed
from ccd.live.store import AWAY, Store


@dataclass(frozen=True, slots=True)
class WriterLimits:
    """All in seconds, but `attempts_max`: how often one batch is sent before Redis counts as away."""

    batch_pause_s: float = 0.005  # between two batches: what arrives meanwhile goes together
    heartbeat_s: float = 2.0  # with nothing to say, that is said
    attempts_max: int = 2
    retry_delay_s_min: float = 0.05
    retry_delay_s_max: float = 2.0


class LiveWriter:
    """`changes` gives what is new since it was last asked; `everything` all there is, and takes the changes back to
    nothing. `wake()` says that there is something to write. `sure` returns when this process may write, or raises."""

    def __init__(
        self,
        store: Store,
        changes: Callable[[], LiveBatch],
        everything: Callable[[], LiveBatch],
        limits: WriterLimits | None = None,
        sure: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._store = store
        self._changes = changes
        self._everything = everything
        self._limits = limits or WriterLimits()
        self._sure = sure or _sure
        self._woken = asyncio.Event()
        self._log = structlog.get_logger("ccd.live.writer")
        self.in_step = False  # Redis holds what the floor has said
        self.batches = 0
        self.rewrites = 0
        self._said_away = False

    def wake(self) -> None:
        self._woken.set()

    async def run(self) -> None:
        while True:
            if not self.in_step:
                await self._rewrite()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._limits.heartbeat_s):
                    await self._woken.wait()
            self._woken.clear()
            await self._sure()
            await self._write(packed(self._changes()))
            await asyncio.sleep(self._limits.batch_pause_s)

    async def _write(self, batch: Packed) -> None:
        for attempt in range(1, self._limits.attempts_max + 1):
            try:
                self.in_step = await self._store.write(batch)
            except AWAY as error:
                self.in_step = False
                if attempt == self._limits.attempts_max:
                    self._say_away(error)
                    return
                await asyncio.sleep(self._limits.retry_delay_s_min)
            else:
                self.batches += 1
                if not self.in_step:
                    self._log.warning("Redis does not hold what it was given; it is written anew")
                return

    async def _rewrite(self) -> None:
        """Until it has worked."""
        delay_s = self._limits.retry_delay_s_min
        while not self.in_step:
            try:
                await self._sure()
                await self._store.replace(self._everything())
                self.in_step = True
            except AWAY as error:
                self._say_away(error)
                await asyncio.sleep(delay_s)
                delay_s = min(2 * delay_s, self._limits.retry_delay_s_max)
        self.rewrites += 1
        self._said_away = False
        self._log.info("Redis holds the floor", rewrites=self.rewrites)

    def _say_away(self, error: Exception) -> None:
        """Once: what comes after, until Redis holds the floor again, is the same incident."""
        if not self._said_away:
            self._log.warning("Redis is away; the floor goes on, boards show what they had", error=str(error))
        self._said_away = True


async def _sure() -> None:
    """Nobody else writes."""
