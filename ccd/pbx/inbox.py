"""The one bounded, ordered queue between a PBX's socket and whoever follows it."""

import asyncio
from collections.abc import AsyncIterator

from ccd.floor.events import PbxEvent


class Inbox:
    """Filled by a callback that must not wait, emptied in batches of all that has come.

    What does not fit is dropped as a whole, and whoever filled it marks the gap. `caught_up` says when there is room
    again: a snapshot before that would only overflow once more.
    """

    def __init__(self, events_max: int) -> None:
        self.dropped = 0  # events, since the start
        self._events_max = events_max
        self._events: list[PbxEvent] = []
        self._filled = asyncio.Event()
        self.caught_up = asyncio.Event()
        self.caught_up.set()

    @property
    def waiting(self) -> int:
        """Events that nobody has taken yet."""
        return len(self._events)

    def put(self, events: list[PbxEvent]) -> bool:
        """Add the events in their order; False, and none of them is added, where there is no room."""
        if events and len(self._events) + len(events) > self._events_max:
            self.dropped += len(events)
            self.caught_up.clear()
            return False
        if events:
            self._events += events
            self._filled.set()
        return True

    def mark(self, lost: list[PbxEvent]) -> None:
        """Add what says that something was dropped: there is always room for it."""
        if lost:
            self._events += lost
            self._filled.set()

    async def batches(self) -> AsyncIterator[list[PbxEvent]]:
        """All that has come, again and again; never empty."""
        while True:
            await self._filled.wait()
            self._filled.clear()
            batch, self._events = self._events, []
            self.caught_up.set()
            yield batch
