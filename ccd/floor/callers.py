"""Callers: who waits in which queue, and what becomes of them (docs/time-bank.md 5).

A caller is answered, abandons the queue (or its own time-out ends the wait), or is out of it by the dial plan. That one
is out is said before that one is answered: in between, a macro of the switch may talk to the agent. Who was not seen
all the time, because a gap began or ended meanwhile, has no known wait: nothing is made of it but that one was there.
"""

from collections.abc import Iterator
from enum import Enum
from operator import itemgetter
from typing import NamedTuple

from ccd.floor.days import SECOND
from ccd.floor.events import CallConnected, CallerJoined, CallerLeft, Snapshot
from ccd.floor.floor_state import Caller, FloorState
from ccd.floor.values import value

CONNECTS_WITHIN_US = 60 * SECOND  # of being out of the queue; who was not by then is not going to be


class Became(Enum):
    ANSWERED = "answered"
    ABANDONED = "abandoned"
    LEFT = "left"  # by the dial plan: by a key, or because nobody was there any more
    LOST = "lost"  # nobody said it


@value
class CallGone:
    """A caller who waits no more, since `at`; `joined` is None where some of the wait was not seen. Who answered is a
    seat and the member name it was seen with, or empty."""

    queue: str
    call: str
    joined: int | None
    at: int
    became: Became
    seat: str = ""
    name: str = ""


class WaitingCaller(NamedTuple):
    """A caller who waits since `since`, or is out of the queue and it was not said yet why; µs. `half_seen`: nobody saw
    all of it."""

    queue: str
    call: str
    since: int
    half_seen: bool


class _Wait(NamedTuple):
    joined: int | None
    out_at: int


class Callers:
    """`waiting` stands in the floor's state. `gone` is for whoever records it, and clears it; and so is whether who
    waits has `changed`."""

    def __init__(self, state: FloorState) -> None:
        self.gone: list[CallGone] = []
        self.changed = False
        self._state = state
        self._out: dict[Caller, _Wait] = {}  # out of the queue, and it was not said yet why

    def waits(self) -> tuple[WaitingCaller, ...]:
        """For who goes on from here after a restart."""
        half_seen = self._state.half_seen
        found = [
            WaitingCaller(queue, call, since, (queue, call) in half_seen) for queue, call, since in self._waiting()
        ]
        found += [
            WaitingCaller(*caller, joined or out_at, joined is None) for caller, (joined, out_at) in self._out.items()
        ]
        return tuple(found)

    def joined(self, event: CallerJoined) -> None:
        """Callers are kept in the order in which they came, so that the first has waited longest."""
        self.changed = True
        callers = self._state.waiting.setdefault(event.queue, {})
        callers.pop(event.call, None)
        late = callers and event.at < next(reversed(callers.values()))
        callers[event.call] = event.at
        if late:
            self._state.waiting[event.queue] = in_order(callers)
        caller = (event.queue, event.call)
        self._state.half_seen.discard(caller)
        if self._out and (wait := self._out.pop(caller, None)) is not None:
            self._is_gone(caller, wait.joined, wait.out_at, Became.LEFT)

    def left(self, event: CallerLeft) -> None:
        caller = (event.queue, event.call)
        wait = self._take(caller, event.at)
        if wait is None:
            return
        if event.abandoned:
            self._is_gone(caller, wait.joined, event.at, Became.ABANDONED)
        else:
            self._out[caller] = wait

    def connected(self, event: CallConnected) -> None:
        caller = (event.queue, event.call)
        wait = self._take(caller, event.at)
        if wait is not None:
            self._is_gone(caller, wait.joined, event.at, Became.ANSWERED, event.seat, event.name)

    def heard(self, at: int) -> None:
        """Who is out of the queue for so long, and was not answered, has left it."""
        while self._out:
            caller, wait = next(iter(self._out.items()))
            if wait.out_at + CONNECTS_WITHIN_US > at:
                return
            del self._out[caller]
            self._is_gone(caller, wait.joined, wait.out_at, Became.LEFT)

    def seen_again(self, snapshot: Snapshot) -> None:
        """After a gap, or at first sight: those who wait are whom the snapshot lists."""
        known: dict[Caller, int | None] = {(queue, call): since for queue, call, since in self._waiting()}
        known |= {caller: wait.joined for caller, wait in self._out.items()}
        listed = {(caller.queue, caller.call) for caller in snapshot.waiting}
        for caller, joined in known.items():
            if caller not in listed:
                self._is_gone(caller, joined, snapshot.at, Became.LOST)
        self._out.clear()
        self.changed = True
        self._state.half_seen = listed
        self._state.waiting = {}
        for each in snapshot.waiting:
            self._state.waiting.setdefault(each.queue, {})[each.call] = each.since

    def compared(self, snapshot: Snapshot, confirmed_at: int) -> None:
        """Ghosts go: callers who came before the snapshot before this one (µs), and are not listed."""
        listed = {(caller.queue, caller.call) for caller in snapshot.waiting}
        for queue, call, since in list(self._waiting()):
            if since < confirmed_at and (queue, call) not in listed:
                del self._state.waiting[queue][call]
                self._state.half_seen.discard((queue, call))
                self._is_gone((queue, call), since, snapshot.at, Became.LOST)

    def _waiting(self) -> Iterator[tuple[str, str, int]]:
        return ((queue, call, since) for queue, each in self._state.waiting.items() for call, since in each.items())

    def _take(self, caller: Caller, at: int) -> _Wait | None:
        """Out of the queue; None where nobody knows of the caller, or it was said before what became of it."""
        queue, call = caller
        callers = self._state.waiting.get(queue)
        since = None if callers is None else callers.pop(call, None)
        if since is None:
            return self._out.pop(caller, None) if self._out else None
        self.changed = True
        if self._state.half_seen and caller in self._state.half_seen:
            self._state.half_seen.remove(caller)
            return _Wait(None, at)
        return _Wait(since, at)

    def _is_gone(
        self, caller: Caller, joined: int | None, at: int, became: Became, seat: str = "", name: str = ""
    ) -> None:
        self.changed = True
        self.gone.append(CallGone(*caller, joined, at if joined is None else max(at, joined), became, seat, name))


def in_order(callers: dict[str, int]) -> dict[str, int]:
    """Caller → µs since, whoever has waited longest first."""
    return dict(sorted(callers.items(), key=itemgetter(1)))
