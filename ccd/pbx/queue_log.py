"""queue_log's lines as the floor's events.

A line is `epoch|callid|queue|agent|EVENT|data1|…`, in whole seconds. ADDMEMBER and REMOVEMEMBER name the interface
(or the member, where `log_membername_as_agent` is on), all others the member: `seats` are pairs of a member name and an
interface. A name with several interfaces is on the one that was added to the queue last; a name with none stands for
itself, so that nothing is lost. The log tells no telephone's state and no offer: that a
seat was rung is known when it ends, by its ring time, so events are put back into the order of their times; nobody is
rung before the caller has come.

QUEUESTART is a (re)start: from the last line before it a gap begins, and a `Heard`, of which a log tells no other, says
when it was. No snapshot ends the gap, since the log has none: whoever was signed in stays unobserved until a line of
their own, which says at least that they are there.
"""

import errno
import gzip
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from heapq import heappop, heappush
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO, NamedTuple

from ccd.floor.days import SECOND
from ccd.floor.events import (
    AgentLogged,
    CallConnected,
    CallEnded,
    CallerJoined,
    CallerLeft,
    CallOffered,
    Device,
    Heard,
    Lost,
    MemberAdded,
    MemberPaused,
    MemberRemoved,
    OfferEnded,
    PbxEvent,
)
from ccd.pbx.blocks import STAMP_S_MAX
from ccd.pbx.chronology import Chronology
from ccd.pbx.observation import Keep, keep_nothing
from ccd.pbx.translate import Scope

RING_S_MAX = 600  # a ring time that is longer is cut to it; so long an event is held back to be put in order
LINE_BYTES_MAX = 64 * 1024
FIELDS_MIN = 5
PACKED = ".gz"  # how the name ends of a log that was packed after it was rotated
TORN = (EOFError, zlib.error)  # what one raises that is not whole
EPOCH_DIGITS_MAX = 10  # until the year 2286; more are no time, whatever they begin with


class LogLine(NamedTuple):
    at: int  # µs
    ref: int  # where the evidence keeps it
    call: str
    queue: str
    agent: str  # a member's name, or an interface
    data: tuple[str, ...]

    def number(self, index: int) -> int:
        """A whole number among the data; 0 where it is missing or none."""
        text = self.data[index] if index < len(self.data) else ""
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


class QueueLog:
    """One PBX's queue_log. `unreadable` counts lines that are none, `ignored` the events that mean nothing here."""

    def __init__(
        self,
        seats: Iterable[tuple[str, str]],
        scope: Scope | None = None,
        members: Mapping[str, Sequence[str]] = MappingProxyType({}),
        keep: Keep = keep_nothing,
        calls: Mapping[tuple[str, str], str] = MappingProxyType({}),
    ) -> None:
        """Member names with their seats; the seats in each queue; and which seat is on a call, by member name and
        caller."""
        self.unreadable = 0
        self.ignored: Counter[str] = Counter()
        self._seats: dict[str, list[str]] = {}
        self._names: dict[str, str] = {}
        for name, seat in dict.fromkeys(seats):
            self._seats.setdefault(name, []).append(seat)
            # A seat of several names is a hot desk: who comes to it can't be told from its interface, but that it is
            # not who was there before.
            self._names[seat] = seat if seat in self._names else name
        self._members = {queue: list(present) for queue, present in members.items()}  # the seats in it, as they came
        self._calls = dict(calls)  # of who has several seats
        self._keep = keep
        self._came: dict[str, int] = {}  # caller → µs, of those of the last RING_S_MAX
        self._scope = scope or Scope()
        self._held: list[tuple[int, int, PbxEvent]] = []
        self._number = 0
        self._last_at: int | None = None
        self._chronology = Chronology()

    def read(self, files: Iterable[Path]) -> Iterator[PbxEvent]:
        """The events of the files, in the order of their time. Raises BackwardsError, and OSError as `open` does."""
        path: Path | None = None
        try:
            for path in self._chronology.in_order(files, first_at, open_log):
                with open_log(path) as stream:
                    yield from self._lines(stream, path)
        except TORN as error:
            raise OSError(errno.EIO, "is torn", str(path or "a packed file")) from error
        yield from self._release(None)

    def told_by(self, lines: Iterable[bytes], path: Path) -> Iterator[PbxEvent]:
        """The events of some lines out of a file, in the order of their time; a start that comes first among them is
        told like any other, since there were lines before. Raises BackwardsError."""
        yield from self._lines(lines, path, goes_on=True)
        yield from self._release(None)

    def _lines(self, lines: Iterable[bytes], path: Path, goes_on: bool = False) -> Iterator[PbxEvent]:
        """The events that are due when the lines are read; `read` lets go of the last ones at the end."""
        for number, raw in enumerate(lines, 1):
            parsed = parse_line(raw)
            if parsed is None:
                self.unreadable += bool(raw.strip())
                continue
            verb, line = parsed
            self._chronology.go_on(line.at, partial("{}:{}".format, path, number))
            if verb == "QUEUESTART":
                self._calls.clear()
                yield from self._release(None)
                if self._last_at is not None:
                    yield Lost(self._last_at)
                if self._last_at is not None or goes_on:
                    yield Heard(line.at)
            else:
                self._take(verb, line, raw)
                yield from self._release(line.at - RING_S_MAX * SECOND)
            self._last_at = line.at

    def _take(self, verb: str, line: LogLine, raw: bytes) -> None:
        meaning = VERBS.get(verb)
        if meaning is None:
            self.ignored[verb] += 1
        elif line.queue == "NONE" or self._scope.takes(line.queue):
            for event in meaning(self, line._replace(ref=self._keep(line.at, raw.rstrip(b"\r\n")))):
                self._number += 1
                heappush(self._held, (event.at, self._number, event))

    def _release(self, until: int | None) -> Iterator[PbxEvent]:
        """What is not younger than `until` (µs), in the order of time; everything where it is None."""
        while self._held and (until is None or self._held[0][0] <= until):
            yield heappop(self._held)[2]

    def _who(self, line: LogLine) -> tuple[str, str]:
        """Seat and member name."""
        seats = self._seats.get(line.agent)
        if seats is None:
            return line.agent, self._names.get(line.agent, "")
        if len(seats) == 1:  # nearly everybody: a queue of thousands is looked through for nobody else
            return seats[0], line.agent
        present = [seat for seat in self._members.get(line.queue, ()) if seat in seats]
        return (present or seats)[-1], line.agent

    # --- what the lines mean -----------------------------------------------------------------------------------------

    def added(self, line: LogLine) -> list[PbxEvent]:
        seat, name = self._who(line)
        self._members.setdefault(line.queue, []).append(seat)
        paused = "PAUSED" in line.data
        return [MemberAdded(line.at, line.ref, seat, name, line.queue, paused, "", Device.FREE, 0)]

    def removed(self, line: LogLine) -> list[PbxEvent]:
        seat, name = self._who(line)
        self._members[line.queue] = [other for other in self._members.get(line.queue, ()) if other != seat]
        return [MemberRemoved(line.at, line.ref, seat, name, line.queue)]

    def paused(self, line: LogLine) -> list[PbxEvent]:
        seat, name = self._who(line)
        reason = "|".join(line.data)  # the only datum, whatever stands in it
        return [MemberPaused(line.at, line.ref, seat, name, line.queue, True, reason)]

    def unpaused(self, line: LogLine) -> list[PbxEvent]:
        seat, name = self._who(line)
        return [MemberPaused(line.at, line.ref, seat, name, line.queue, False, "")]

    def connected(self, line: LogLine) -> list[PbxEvent]:
        seat, name = self._who(line)
        if len(self._seats.get(name, ())) > 1:
            self._calls[name, line.call] = seat
        return [
            self._offered(line, line.number(2) * SECOND),
            CallerLeft(line.at, line.ref, line.queue, line.call, abandoned=False),
            CallConnected(line.at, line.ref, seat, name, line.queue, line.call),
        ]

    def ended(self, line: LogLine) -> list[PbxEvent]:
        """On the seat that took the call, whichever the agent is on by now."""
        seat, name = self._who(line)
        seat = self._calls.pop((name, line.call), seat)
        return [CallEnded(line.at, line.ref, seat, name, line.queue, line.call)]

    def rang_out(self, line: LogLine) -> list[PbxEvent]:
        seat, name = self._who(line)
        offered = self._offered(line, line.number(0) * 1_000)
        return [offered, OfferEnded(line.at, line.ref, seat, name, line.queue, line.call, missed=True)]

    def ring_canceled(self, line: LogLine) -> list[PbxEvent]:
        seat, name = self._who(line)
        offered = self._offered(line, line.number(0) * 1_000)
        return [offered, OfferEnded(line.at, line.ref, seat, name, line.queue, line.call, missed=False)]

    def dumped(self, line: LogLine) -> list[PbxEvent]:
        seat, name = self._who(line)
        return [OfferEnded(line.at, line.ref, seat, name, line.queue, line.call, missed=False)]

    def joined(self, line: LogLine) -> list[PbxEvent]:
        self._came.pop(line.call, None)
        self._came[line.call] = line.at
        while self._came[oldest := next(iter(self._came))] < line.at - RING_S_MAX * SECOND:
            del self._came[oldest]
        return [CallerJoined(line.at, line.ref, line.queue, line.call)]

    def gave_up(self, line: LogLine) -> list[PbxEvent]:
        return [CallerLeft(line.at, line.ref, line.queue, line.call, abandoned=True)]

    def logged_in(self, line: LogLine) -> list[PbxEvent]:
        return [AgentLogged(line.at, line.ref, _pool_seat(line.agent), True)]

    def logged_off(self, line: LogLine) -> list[PbxEvent]:
        return [AgentLogged(line.at, line.ref, _pool_seat(line.agent), False)]

    def _offered(self, line: LogLine, ring_us: int) -> CallOffered:
        seat, name = self._who(line)
        at = max(line.at - min(ring_us, RING_S_MAX * SECOND), self._came.get(line.call, 0))
        return CallOffered(at, line.ref, seat, name, line.queue, line.call)


VERBS: dict[str, Callable[[QueueLog, LogLine], list[PbxEvent]]] = {
    "ADDMEMBER": QueueLog.added,
    "REMOVEMEMBER": QueueLog.removed,
    "PAUSE": QueueLog.paused,  # PAUSEALL comes with one PAUSE per queue, so it means nothing more
    "UNPAUSE": QueueLog.unpaused,
    "CONNECT": QueueLog.connected,
    "COMPLETECALLER": QueueLog.ended,
    "COMPLETEAGENT": QueueLog.ended,
    "BLINDTRANSFER": QueueLog.ended,
    "ATTENDEDTRANSFER": QueueLog.ended,
    "TRANSFER": QueueLog.ended,
    "RINGNOANSWER": QueueLog.rang_out,
    "RINGCANCELED": QueueLog.ring_canceled,
    "AGENTDUMP": QueueLog.dumped,
    "ENTERQUEUE": QueueLog.joined,
    "ABANDON": QueueLog.gave_up,
    "EXITWITHTIMEOUT": QueueLog.gave_up,
    "EXITWITHKEY": QueueLog.gave_up,
    "EXITEMPTY": QueueLog.gave_up,
    "AGENTLOGIN": QueueLog.logged_in,
    "AGENTLOGOFF": QueueLog.logged_off,
}


def _pool_seat(agent: str) -> str:
    return agent if agent.startswith("Agent/") else f"Agent/{agent}"


def open_log(path: Path) -> BinaryIO:
    """Also one that was packed; OSError, and TORN from whoever reads it."""
    if path.suffix == PACKED:
        return gzip.open(path, "rb")  # type: ignore[return-value]  # a GzipFile reads as one
    return path.open("rb")


def first_at(lines: Iterable[bytes]) -> int | None:
    """The time (µs) of the first that is a line of a queue_log."""
    return next((parsed[1].at for raw in lines if (parsed := parse_line(raw))), None)


def parse_line(raw: bytes) -> tuple[str, LogLine] | None:
    """Verb and line; None where it is no line of a queue_log."""
    if len(raw) > LINE_BYTES_MAX:
        return None
    fields = raw.decode(errors="replace").replace("\x00", "\ufffd").rstrip("\r\n").split("|")
    if len(fields) < FIELDS_MIN:
        return None
    epoch, call, queue, agent, verb, *data = fields
    if not (epoch.isascii() and epoch.isdigit() and len(epoch) <= EPOCH_DIGITS_MAX and 0 < int(epoch) <= STAMP_S_MAX):
        return None
    return verb, LogLine(int(epoch) * SECOND, 0, call, queue, agent, tuple(data))
