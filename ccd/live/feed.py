"""The child that follows the live state in Redis for the boards that this process serves.

It loads the whole, then reads the stream from where the whole was. An entry that does not follow on the one before
(trimmed away, a full rewrite, another epoch) makes it load again; what did not change in between is not sent again.
While Redis or its writer is silent boards keep what they have and are told since when it is old.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from ccd.live.board import Board, Changes
from ccd.live.hub import Hub
from ccd.live.store import AWAY, Store, StreamEntry

REDIS = "redis"  # named as a source where no PBX is known of yet


@dataclass(frozen=True, slots=True)
class FeedLimits:
    block_s: float = 1.0  # how long Redis is asked to wait for news
    silent_s_max: float = 6.0  # the writer says something every 2 s: after this it counts as away
    retry_delay_s_min: float = 0.1
    retry_delay_s_max: float = 2.0


class Feed:
    def __init__(
        self, store: Store, board: Board, hub: Hub, clock: Callable[[], float], limits: FeedLimits | None = None
    ) -> None:
        self._store = store
        self._board = board
        self._hub = hub
        self._clock = clock
        self._limits = limits or FeedLimits()
        self._log = structlog.get_logger("ccd.live.feed")
        self._epoch, self._number, self._last_id = "", 0, "0-0"
        self._heard_at: float | None = None  # the site's time
        self._heard = 0.0  # the loop's
        self.is_following = False

    async def run(self) -> None:
        delay_s = self._limits.retry_delay_s_min
        while True:
            try:
                await self._load()
                delay_s = self._limits.retry_delay_s_min
                await self._follow()
            except AWAY as error:
                self._lose(str(error) or f"Redis does not answer ({type(error).__name__})")
                await asyncio.sleep(delay_s)
                delay_s = min(2 * delay_s, self._limits.retry_delay_s_max)

    async def _load(self) -> None:
        whole = await self._store.read()
        self._last_id = whole.last_id
        if not whole.epoch:
            self._lose("nobody has written the floor there yet")
            return
        if (whole.epoch, whole.number) == (self._epoch, self._number) and not self.is_following:
            return  # the writer has not said anything since it fell silent
        self._epoch, self._number = whole.epoch, whole.number
        self._hub.take(self._board.load(whole))
        self._hear()

    async def _follow(self) -> None:
        """Until an entry does not follow, or the writer is silent."""
        loop = asyncio.get_running_loop()
        while True:
            entries = await self._store.entries_after(self._last_id, self._limits.block_s)
            if entries and not self._take(entries):
                return
            if loop.time() - self._heard > self._limits.silent_s_max:
                self._lose("whoever writes the floor there is silent")
                return
            await self._hub.open_for_news()

    def _take(self, entries: list[StreamEntry]) -> bool:
        changes = Changes()
        follows = True
        for entry in entries:
            self._last_id = entry.id
            if entry.epoch:
                if (entry.epoch, entry.number) != (self._epoch, self._number + 1):
                    follows = False
                    break
                self._number = entry.number
            self._board.apply(entry, changes)
        self._hub.take(changes)
        if follows:
            self._hear()
        return follows

    def _hear(self) -> None:
        self._heard_at = self._clock()
        self._heard = asyncio.get_running_loop().time()
        if not self.is_following:
            self.is_following = True
            self._log.info("boards follow the floor")
        self._hub.tell_health([dict(source) for source in self._board.sources.values()])

    def _lose(self, why: str) -> None:
        """What is shown stays, and is as old as the last word."""
        if self.is_following:
            self._log.warning("boards show what they had", why=why)
        self.is_following = False
        self._heard = asyncio.get_running_loop().time()
        since = self._heard_at if self._heard_at is not None else self._clock()
        self._heard_at = since
        names = list(self._board.sources) or [REDIS]
        self._hub.tell_health([{"pbx": name, "state": "lost", "since": since} for name in names])
