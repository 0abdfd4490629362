"""What queue_log says of the time in which a PBX was not heard, told before what the PBX says after it
(docs/time-bank.md 2.2).

Behind a gap everything is held back until two things are there: the log's lines up to a mark of ours that is later than
the snapshot, and AMI's word that it has said all of the seconds in which both speak. What is in both is one event
(ccd.pbx.fill). A log that can't be read, or says nothing of the gap, leaves it as it is.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence

import structlog

from ccd.daemon.switches.seam import log_of, news_of, pauses_of
from ccd.errors import BackwardsError
from ccd.floor.days import SECOND
from ccd.floor.events import Heard, Lost, PbxEvent, Snapshot
from ccd.floor.floor import Floor
from ccd.pbx.capture import Pbx
from ccd.pbx.captured import told_up_to
from ccd.pbx.evidence import Evidence
from ccd.pbx.fill import END, Logged, fill_since, is_its_log
from ccd.pbx.log_file import Excerpt, LogFile
from ccd.pbx.queue_log import RING_S_MAX
from ccd.pbx.translate import Scope

MARK_WAIT_S_MAX = 5.0  # Asterisk writes a line at once
LOOK_AGAIN_S = 0.2
EVENTS_AT_ONCE_MAX = 2_000  # of the log, before the loop turns to others
RECENT_US = 5 * SECOND  # AMI and the log tell of the same event within two
HELD_EVENTS_MAX = 200_000  # of a floor of 5,000 in some minutes; then the gap stays as it is

log = structlog.get_logger("ccd.daemon")

Seats = Callable[[], Iterable[tuple[str, str]]]  # member names with their interfaces, as the roster has them


class Filling:
    """Of one PBX, whose evidence is kept here. `holding` is while its floor waits for the log."""

    def __init__(self, name: str, pbx: Pbx, file: LogFile, scope: Scope, seats: Seats, evidence: Evidence) -> None:
        self.holding = False
        self._name, self._pbx, self._file, self._scope = name, pbx, file, scope
        self._seats, self.evidence = seats, evidence
        # What was told last; None where a process before this one heard it, and nobody knows.
        self._recent: deque[list[PbxEvent]] | None = None

    def go_on_from(self, ref: int) -> None:
        """A floor that was stored, with what it stands for up to this evidence."""
        told = told_up_to(self.evidence.folder, ref, self._scope)
        self._recent = None if told is None else deque([told])

    async def batches(self, floor: Floor) -> AsyncIterator[tuple[list[PbxEvent], bool]]:
        """What the floor is to be told, and whether that is one step: of a gap all is stored, or nothing."""
        coming = self._pbx.batches()
        async for events in coming:
            end = _end_of_gap(events, floor)
            before, behind = events[:end], events[end:]
            if before:
                if floor.state.gap_since is None:  # of what is told in a gap, nobody knows what came before it
                    self._remember(before)
                yield before, False
            if behind:
                told = await self._with_what_was_missed(behind, coming, floor)
                self._remember(told)
                yield told, True

    async def _with_what_was_missed(
        self, held: list[PbxEvent], coming: AsyncIterator[list[PbxEvent]], floor: Floor
    ) -> list[PbxEvent]:
        """What is `held` back, with what comes until the log can be read, and what that says; it begins with the
        snapshot behind the gap that runs."""
        since, until = floor.state.gap_since, held[0].at
        assert since is not None
        self.holding = True
        try:
            while True:
                if not await self._told_all(held, coming, until):
                    return held
                excerpt = await self._read(since)
                if excerpt is None:
                    return held
                cuts = sum(isinstance(event, Lost) for event in held)
                until = max(until, excerpt.marked_at or excerpt.last_at or 0)
                if not await self._told_all(held, coming, until):
                    return held
                if sum(isinstance(event, Lost) for event in held) == cuts:  # else the log is of before another gap
                    return await self._filled(since, held, excerpt, floor)
        finally:
            self.holding = False

    async def _told_all(self, held: list[PbxEvent], coming: AsyncIterator[list[PbxEvent]], until: int) -> bool:
        """Once AMI has said all of the second `until` (µs); False where too much came meanwhile."""
        while not _tell_all(held, until):
            if len(held) > HELD_EVENTS_MAX:
                log.warning("a gap is not filled: too much came behind it", pbx=self._name, events=len(held))
                return False
            held += await anext(coming)
        return True

    async def _read(self, since: int) -> Excerpt | None:
        """Up to the mark; without it once Asterisk had time enough to write it. None where the log can't be read, for
        longer than it takes to rotate it."""
        mark = self._pbx.mark
        again_until = asyncio.get_running_loop().time() + MARK_WAIT_S_MAX
        while True:
            is_late = asyncio.get_running_loop().time() > again_until
            try:
                excerpt = await asyncio.to_thread(self._file.since, since - RING_S_MAX * SECOND, mark)
            except OSError as error:
                if is_late:
                    log.warning(
                        "queue_log can't be read: the gap stays unobserved", pbx=self._name, file=str(self._file.path),
                        why=error.strerror or str(error),
                    )  # fmt: skip
                    return None
            else:
                if is_late or excerpt.marked_at is not None or not (mark and excerpt.whole):
                    return excerpt
            await asyncio.sleep(LOOK_AGAIN_S)

    async def _filled(self, since: int, held: list[PbxEvent], excerpt: Excerpt, floor: Floor) -> list[PbxEvent]:
        """Nobody is held up by it, however long the gap was: who stands still loses the place (ccd.history.lease)."""
        if held[0].at < since - SECOND:  # which lines are of the gap can't be told by their times
            log.warning("the gap stays unobserved", pbx=self._name, why="the PBX's clock was set back in it")
            return held

        def keep(at: int, line: bytes) -> int:
            return self.evidence.keep(at, line) if at >= since - SECOND else 0

        lines = log_of(floor.state, [*_seats_told(held), *self._seats()], self._scope, keep)
        logged: list[PbxEvent] = []
        try:
            for event in lines.told_by(excerpt.lines, self._file.path):
                logged.append(event)
                if len(logged) % EVENTS_AT_ONCE_MAX == 0:
                    await asyncio.sleep(0)
        except BackwardsError as error:
            log.warning("the gap stays unobserved", pbx=self._name, why=str(error))
            return held
        before = None if self._recent is None else [event for events in self._recent for event in events]

        def told_again() -> list[PbxEvent] | None:
            near = [event for event in before or () if event.at >= since - RING_S_MAX * SECOND]
            if not is_its_log(logged, near):
                return None
            news = news_of(floor.state, logged, since, before)
            known = Logged(news, [*(before or ()), *held], _span(excerpt))
            return list(fill_since(since, held, known, pauses_of(floor.state)))

        told = await asyncio.to_thread(told_again)
        if told is None:
            why = "it tells nothing of what AMI told just before: is one of its files missing?"
            log.warning("the gap stays unobserved", pbx=self._name, file=str(self._file.path), why=why)
            return held
        log.info("a gap was filled from queue_log", pbx=self._name, since=since / SECOND, events=len(told) - len(held))
        return told

    def _remember(self, events: list[PbxEvent]) -> None:
        if self._recent is None:
            self._recent = deque()
        self._recent.append(events)
        while not self._recent[0] or self._recent[0][-1].at < events[-1].at - RECENT_US:
            self._recent.popleft()


def _end_of_gap(events: Sequence[PbxEvent], floor: Floor) -> int:
    """The place of the snapshot that ends a gap; their number where none does."""
    in_gap = floor.state.gap_since is not None
    if not in_gap and Lost not in map(type, events):
        return len(events)
    for place, event in enumerate(events):
        if isinstance(event, Lost):
            in_gap = True
        elif isinstance(event, Snapshot) and in_gap:
            return place
    return len(events)


def _tell_all(held: Sequence[PbxEvent], until: int) -> bool:
    """Whether AMI has said all of the second `until` (µs) and the one after it, and is listened to."""
    if not any(isinstance(event, Heard) and event.at >= until + SECOND for event in reversed(held)):
        return False
    return next(isinstance(event, Snapshot) for event in reversed(held) if isinstance(event, Snapshot | Lost))


def _span(excerpt: Excerpt) -> tuple[int, int] | None:
    """Of what the excerpt is known to tell all (µs, half-open)."""
    if excerpt.begins_at is None:
        return None
    if excerpt.marked_at is not None:
        return excerpt.begins_at, END
    return excerpt.begins_at, (excerpt.last_at or excerpt.begins_at) + SECOND


def _seats_told(events: Iterable[PbxEvent]) -> Iterator[tuple[str, str]]:
    for event in events:
        if isinstance(event, Snapshot):
            yield from ((member.name, member.seat) for member in event.members if member.name)
