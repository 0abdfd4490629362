"""AMI's events as the floor's: with ccd.pbx.headers the only place that knows header names and status numbers.

Every header but `Queue`, `Interface` and, where it matters, `Paused` and `Uniqueid` may be missing: Asterisk 16 to 22
differ in them. What can't be translated becomes a `Flawed` that names event and reason, and changes nothing.
"""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from enum import Enum
from fnmatch import fnmatchcase
from typing import Literal, NamedTuple

from ccd.floor.events import (
    AgentLogged,
    CallConnected,
    CallEnded,
    CallerJoined,
    CallerLeft,
    CallOffered,
    Device,
    DeviceChanged,
    Member,
    MemberAdded,
    MemberPaused,
    MemberRemoved,
    OfferEnded,
    PbxEvent,
)
from ccd.pbx.headers import UNREACHABLE, Headers, device, in_call, number

POOL = "Agent:"  # how the devices of app_agent_pool begin


class Flaw(Enum):
    """Why a block could not become an event."""

    NO_TIME = "it has no Timestamp: `timestampevents = yes` is missing in manager.conf"
    AHEAD = "its time is far ahead of ours"
    NO_QUEUE = "it names no queue"
    NO_SEAT = "it names no interface"
    NO_CALL = "it does not say which call"
    NO_PAUSE = "it does not say whether paused"


class Flawed(NamedTuple):
    event: str
    flaw: Flaw


@dataclass(frozen=True, slots=True)
class Scope:
    """Which of a PBX's queues and members belong to ccd (docs/time-bank.md 2.1)."""

    include: tuple[str, ...] = ("*",)  # names of queues; `*` and `?` as in file names
    exclude: tuple[str, ...] = ()  # what is excluded wins
    static_members: Literal["registered", "always"] = "registered"  # when a static member is signed in

    def takes(self, queue: str) -> bool:
        return _matches(queue, self.include) and not _matches(queue, self.exclude)


class WaitingRow(NamedTuple):
    """A caller in a snapshot, who has been waiting for `wait_s` when the answer was written."""

    call: str
    queue: str
    wait_s: int


class Translator:
    """One PBX's translation. It remembers one thing: which static members are away, since no event signs them out."""

    def __init__(self, scope: Scope) -> None:
        self.rejected: Counter[Flawed] = Counter()
        self.pool_agents: dict[str, str] = {}  # by seat, of which agent of app_agent_pool its telephone is
        self._scope = scope
        self._known_queues: dict[str, bool] = {}
        self._away: set[tuple[str, str]] = set()
        self._away_rows: set[tuple[str, str]] = set()  # the same, as the answer that is being gathered says

    def takes(self, queue: str) -> bool:
        """False for what is of a queue that is not ours."""
        known = self._known_queues.get(queue)
        if known is None:
            known = self._known_queues[queue] = not queue or self._scope.takes(queue)
        return known

    def event(self, name: bytes, values: Sequence[str], at: int | None, ref: int) -> PbxEvent | None:
        """What a block of QUEUE_EVENTS means; None where it means nothing or was rejected.

        `values` are those of the headers of its meaning, in their order; empty where the header is missing.
        """
        if at is None:
            found: PbxEvent | Flawed | None = Flawed(name.decode(), Flaw.NO_TIME)
        else:
            found = QUEUE_EVENTS[name].translate(self, at, ref, *values[1:])
        if isinstance(found, Flawed):
            self.rejected[found] += 1
            return None
        return found

    # --- membership --------------------------------------------------------------------------------------------------

    def added(
        self, at: int, ref: int, queue: str, seat: str, name: str,
        membership: str, status: str, other: str, paused: str, reason: str, wrap_up_s: str,
    ) -> PbxEvent | Flawed | None:  # fmt: skip
        if not (seat and queue):
            return _nobody("QueueMemberAdded", seat)
        self._is_told_of(seat, other)
        telephone = device(status, other, seat)
        if self._is_away(membership, telephone):
            self._away.add((seat, queue))
            return None
        return _added(at, ref, queue, seat, name, telephone, paused, reason, wrap_up_s)

    def removed(self, at: int, ref: int, queue: str, seat: str, name: str) -> PbxEvent | Flawed | None:
        if not (seat and queue):
            return _nobody("QueueMemberRemoved", seat)
        if (seat, queue) in self._away:
            self._away.discard((seat, queue))
            return None
        return MemberRemoved(at, ref, seat, name, queue)

    def paused(
        self, at: int, ref: int, queue: str, seat: str, name: str, paused: str, reason: str
    ) -> PbxEvent | Flawed | None:
        if not (seat and queue):
            return _nobody("QueueMemberPause", seat)
        if paused not in ("0", "1"):
            return Flawed("QueueMemberPause", Flaw.NO_PAUSE)
        if (seat, queue) in self._away:
            return None
        return MemberPaused(at, ref, seat, name, queue, paused == "1", reason)

    def status(
        self, at: int, ref: int, queue: str, seat: str, name: str,
        membership: str, status: str, other: str, paused: str, reason: str, wrap_up_s: str, told_in_call: str,
    ) -> PbxEvent | Flawed | None:  # fmt: skip
        if not (seat and queue):
            return _nobody("QueueMemberStatus", seat)
        telephone = device(status, other, seat)
        was_away = (seat, queue) in self._away
        if self._is_away(membership, telephone):
            self._away.add((seat, queue))
            return None if was_away else MemberRemoved(at, ref, seat, name, queue)
        if was_away:
            self._away.discard((seat, queue))
            return _added(at, ref, queue, seat, name, telephone, paused, reason, wrap_up_s)
        return DeviceChanged(at, ref, seat, name, queue, telephone, in_call(told_in_call, seat))

    def _is_away(self, membership: str, telephone: Device) -> bool:
        """A static member whose telephone is not registered, where the policy counts only those that are."""
        return membership == "static" and self._scope.static_members == "registered" and telephone is UNREACHABLE

    def _is_told_of(self, seat: str, other: str) -> None:
        """What device it is by which the seat is in use, or not."""
        if other.startswith(POOL):
            self.pool_agents[seat] = other.removeprefix(POOL)

    # --- calls -------------------------------------------------------------------------------------------------------

    def offered(self, at: int, ref: int, queue: str, seat: str, name: str, call: str) -> PbxEvent | Flawed:
        if not (seat and queue and call):
            return _no_call("AgentCalled", seat, queue)
        return CallOffered(at, ref, seat, name, queue, call)

    def connected(
        self, at: int, ref: int, queue: str, seat: str, name: str, call: str, wrap_up_s: str
    ) -> PbxEvent | Flawed:
        if not (seat and queue and call):
            return _no_call("AgentConnect", seat, queue)
        return CallConnected(at, ref, seat, name, queue, call, number(wrap_up_s))

    def completed(self, at: int, ref: int, queue: str, seat: str, name: str, call: str) -> PbxEvent | Flawed:
        """Also a transfer's end (`Reason: transfer`); it can come without any channel header."""
        if not (seat and queue):
            return _nobody("AgentComplete", seat)
        return CallEnded(at, ref, seat, name, queue, call or None)

    def rang_out(self, at: int, ref: int, queue: str, seat: str, name: str, call: str) -> PbxEvent | Flawed:
        if not (seat and queue and call):
            return _no_call("AgentRingNoAnswer", seat, queue)
        return OfferEnded(at, ref, seat, name, queue, call, missed=True)

    def dumped(self, at: int, ref: int, queue: str, seat: str, name: str, call: str) -> PbxEvent | Flawed:
        """The member heard the announcement and turned the caller away."""
        if not (seat and queue and call):
            return _no_call("AgentDump", seat, queue)
        return OfferEnded(at, ref, seat, name, queue, call, missed=False)

    # --- callers and pool agents -------------------------------------------------------------------------------------

    def joined(self, at: int, ref: int, queue: str, call: str) -> PbxEvent | Flawed:
        return CallerJoined(at, ref, queue, call) if queue and call else _no_caller("QueueCallerJoin", queue)

    def left(self, at: int, ref: int, queue: str, call: str) -> PbxEvent | Flawed:
        if not (queue and call):
            return _no_caller("QueueCallerLeave", queue)
        return CallerLeft(at, ref, queue, call, abandoned=False)

    def abandoned(self, at: int, ref: int, queue: str, call: str) -> PbxEvent | Flawed:
        """The caller hung up, or the queue's own time-out ended the wait."""
        if not (queue and call):
            return _no_caller("QueueCallerAbandon", queue)
        return CallerLeft(at, ref, queue, call, abandoned=True)

    def logged_in(self, at: int, ref: int, queue: str, agent: str) -> PbxEvent | Flawed:
        return AgentLogged(at, ref, f"Agent/{agent}", True) if agent else Flawed("AgentLogin", Flaw.NO_SEAT)

    def logged_off(self, at: int, ref: int, queue: str, agent: str) -> PbxEvent | Flawed:
        return AgentLogged(at, ref, f"Agent/{agent}", False) if agent else Flawed("AgentLogoff", Flaw.NO_SEAT)

    # --- rows of a snapshot ------------------------------------------------------------------------------------------

    def begin_rows(self) -> None:
        """The rows of a new answer follow."""
        self._away_rows = set()

    def end_rows(self, spoke: Collection[tuple[str, str]]) -> None:
        """The answer holds now: who is away is as its rows say, but for the pairs whose own events said more."""
        self._away = {key for key in self._away_rows if key not in spoke} | {key for key in self._away if key in spoke}

    def member_row(self, headers: Headers) -> Member | None:
        """A `QueueMember` of a QueueStatus answer; None where it is not ours, not signed in, or rejected."""
        queue = headers.get("Queue", "")
        seat = headers.get("Location") or headers.get("Interface", "")
        if not queue or not seat:
            self.rejected[Flawed("QueueMember", Flaw.NO_SEAT if queue else Flaw.NO_QUEUE)] += 1
            return None
        if not self.takes(queue):
            return None
        other = headers.get("StateInterface", "")
        self._is_told_of(seat, other)
        telephone = device(headers.get("Status", ""), other, seat)
        if self._is_away(headers.get("Membership", ""), telephone):
            self._away_rows.add((seat, queue))
            return None
        paused = headers.get("Paused") == "1"
        return Member(
            seat=seat,
            name=headers.get("Name") or headers.get("MemberName", ""),
            queue=queue,
            paused=paused,
            reason=headers.get("PausedReason", "") if paused else "",
            paused_since_s=number(headers.get("LastPause", "")) if paused else 0,
            device=telephone,
            in_call=in_call(headers.get("InCall", ""), seat),
            wrap_up_s=number(headers.get("Wrapuptime", "")),
        )

    def waiting_row(self, headers: Headers) -> WaitingRow | None:
        """A `QueueEntry` of a QueueStatus answer."""
        queue, call = headers.get("Queue", ""), headers.get("Uniqueid", "")
        if not (queue and call):
            self.rejected[_no_caller("QueueEntry", queue)] += 1
            return None
        return WaitingRow(call, queue, number(headers.get("Wait", ""))) if self.takes(queue) else None

    def login_row(self, headers: Headers) -> str | None:
        """The seat of an `Agents` row, None where nobody is logged in on it."""
        agent = headers.get("Agent")
        return f"Agent/{agent}" if agent and headers.get("Status") != "AGENT_LOGGEDOFF" else None


class Meaning(NamedTuple):
    """What an event becomes, and the headers that it is made of.

    The first header is `Timestamp`, the second `Queue`: whoever hears the event looks at these two before it is
    translated. The values of all but the first are the last arguments of `translate`, by position alone.
    """

    translate: Callable[..., PbxEvent | Flawed | None]
    headers: tuple[str, ...]


MEMBER = ("Timestamp", "Queue", "Interface", "MemberName")
STATE = ("Membership", "Status", "StateInterface", "Paused", "PausedReason", "Wrapuptime")
CALLER = ("Timestamp", "Queue", "Uniqueid")
POOL_AGENT = ("Timestamp", "Queue", "Agent")

QUEUE_EVENTS = {
    b"QueueMemberAdded": Meaning(Translator.added, (*MEMBER, *STATE)),
    b"QueueMemberRemoved": Meaning(Translator.removed, MEMBER),
    b"QueueMemberPause": Meaning(Translator.paused, (*MEMBER, "Paused", "PausedReason")),
    b"QueueMemberStatus": Meaning(Translator.status, (*MEMBER, *STATE, "InCall")),
    b"AgentCalled": Meaning(Translator.offered, (*MEMBER, "Uniqueid")),
    b"AgentConnect": Meaning(Translator.connected, (*MEMBER, "Uniqueid", "Wrapuptime")),
    b"AgentComplete": Meaning(Translator.completed, (*MEMBER, "Uniqueid")),
    b"AgentRingNoAnswer": Meaning(Translator.rang_out, (*MEMBER, "Uniqueid")),
    b"AgentDump": Meaning(Translator.dumped, (*MEMBER, "Uniqueid")),
    b"QueueCallerJoin": Meaning(Translator.joined, CALLER),
    b"QueueCallerLeave": Meaning(Translator.left, CALLER),
    b"QueueCallerAbandon": Meaning(Translator.abandoned, CALLER),
    b"AgentLogin": Meaning(Translator.logged_in, POOL_AGENT),
    b"AgentLogoff": Meaning(Translator.logged_off, POOL_AGENT),
}


def _nobody(event: str, seat: str) -> Flawed:
    return Flawed(event, Flaw.NO_QUEUE if seat else Flaw.NO_SEAT)


def _no_call(event: str, seat: str, queue: str) -> Flawed:
    return Flawed(event, Flaw.NO_CALL) if seat and queue else _nobody(event, seat)


def _no_caller(event: str, queue: str) -> Flawed:
    return Flawed(event, Flaw.NO_CALL if queue else Flaw.NO_QUEUE)


def _added(
    at: int, ref: int, queue: str, seat: str, name: str, telephone: Device, paused: str, reason: str, wrap_up_s: str
) -> MemberAdded:
    is_paused = paused == "1"
    return MemberAdded(at, ref, seat, name, queue, is_paused, reason if is_paused else "", telephone, number(wrap_up_s))


def _matches(queue: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(queue, pattern) for pattern in patterns)
