"""AMI's events as the floor's: with ccd.pbx.headers the only place that knows header names and status numbers.

Every header but `Queue`, `Interface` and, where it matters, `Paused` and `Uniqueid` may be missing: Asterisk 16 to 22
differ in them. What can't be translated becomes a `Rejected` that names event and reason, and changes nothing.
"""

from collections import Counter
from collections.abc import Callable, Collection
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
from ccd.pbx.headers import Headers, device, in_call, number


class Flaw(Enum):
    """Why a block could not become an event."""

    NO_TIME = "it has no Timestamp: `timestampevents = yes` is missing in manager.conf"
    AHEAD = "its time is far ahead of ours"
    NO_QUEUE = "it names no queue"
    NO_SEAT = "it names no interface"
    NO_CALL = "it does not say which call"
    NO_PAUSE = "it does not say whether paused"


class Rejected(NamedTuple):
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
        self.rejected: Counter[Rejected] = Counter()
        self._scope = scope
        self._known_queues: dict[str, bool] = {}
        self._away: set[tuple[str, str]] = set()
        self._away_rows: set[tuple[str, str]] = set()  # the same, as the answer that is being gathered says

    def takes(self, headers: Headers) -> bool:
        """False for what is of a queue that is not ours."""
        queue = headers.get("Queue")
        return queue is None or self._takes(queue)

    def _takes(self, queue: str) -> bool:
        known = self._known_queues.get(queue)
        if known is None:
            known = self._known_queues[queue] = self._scope.takes(queue)
        return known

    def event(self, name: bytes, headers: Headers, at: int | None, ref: int) -> PbxEvent | None:
        """The event that a block of QUEUE_EVENTS means; None where it means nothing or was rejected."""
        found = Rejected(name.decode(), Flaw.NO_TIME) if at is None else QUEUE_EVENTS[name](self, headers, at, ref)
        if isinstance(found, Rejected):
            self.rejected[found] += 1
            return None
        return found

    # --- membership --------------------------------------------------------------------------------------------------

    def added(self, headers: Headers, at: int, ref: int) -> PbxEvent | Rejected | None:
        key = _key(headers, "QueueMemberAdded")
        if isinstance(key, Rejected):
            return key
        if self._is_away(headers, *key):
            self._away.add(key)
            return None
        return _added(headers, at, ref, *key)

    def removed(self, headers: Headers, at: int, ref: int) -> PbxEvent | Rejected | None:
        key = _key(headers, "QueueMemberRemoved")
        if isinstance(key, Rejected):
            return key
        if key in self._away:
            self._away.discard(key)
            return None
        return MemberRemoved(at, ref, key[0], headers.get("MemberName", ""), key[1])

    def paused(self, headers: Headers, at: int, ref: int) -> PbxEvent | Rejected | None:
        key = _key(headers, "QueueMemberPause")
        if isinstance(key, Rejected):
            return key
        paused = headers.get("Paused", "")
        if paused not in ("0", "1"):
            return Rejected("QueueMemberPause", Flaw.NO_PAUSE)
        if key in self._away:
            return None
        return MemberPaused(
            at, ref, key[0], headers.get("MemberName", ""), key[1], paused == "1", headers.get("PausedReason", "")
        )

    def status(self, headers: Headers, at: int, ref: int) -> PbxEvent | Rejected | None:
        key = _key(headers, "QueueMemberStatus")
        if isinstance(key, Rejected):
            return key
        if self._is_away(headers, *key):
            if key in self._away:
                return None
            self._away.add(key)
            return MemberRemoved(at, ref, key[0], headers.get("MemberName", ""), key[1])
        if key in self._away:
            self._away.discard(key)
            return _added(headers, at, ref, *key)
        return DeviceChanged(
            at, ref, key[0], headers.get("MemberName", ""), key[1], device(headers, key[0]), in_call(headers, key[0])
        )

    def _is_away(self, headers: Headers, seat: str, queue: str) -> bool:
        """A static member whose telephone is not registered, where the policy counts only those that are."""
        return (
            headers.get("Membership") == "static"
            and self._scope.static_members == "registered"
            and device(headers, seat) is Device.UNREACHABLE
        )

    # --- calls -------------------------------------------------------------------------------------------------------

    def offered(self, headers: Headers, at: int, ref: int) -> PbxEvent | Rejected:
        key, call = _key(headers, "AgentCalled"), headers.get("Uniqueid", "")
        if isinstance(key, Rejected):
            return key
        if not call:
            return Rejected("AgentCalled", Flaw.NO_CALL)
        return CallOffered(at, ref, key[0], headers.get("MemberName", ""), key[1], call)

    def connected(self, headers: Headers, at: int, ref: int) -> PbxEvent | Rejected:
        key, call = _key(headers, "AgentConnect"), headers.get("Uniqueid", "")
        if isinstance(key, Rejected):
            return key
        if not call:
            return Rejected("AgentConnect", Flaw.NO_CALL)
        name, wrap_up_s = headers.get("MemberName", ""), number(headers.get("Wrapuptime", ""))
        return CallConnected(at, ref, key[0], name, key[1], call, wrap_up_s)

    def completed(self, headers: Headers, at: int, ref: int) -> PbxEvent | Rejected:
        """Also a transfer's end (`Reason: transfer`); it can come without any channel header."""
        key = _key(headers, "AgentComplete")
        if isinstance(key, Rejected):
            return key
        return CallEnded(at, ref, key[0], headers.get("MemberName", ""), key[1], headers.get("Uniqueid") or None)

    def rang_out(self, headers: Headers, at: int, ref: int) -> PbxEvent | Rejected:
        return _offer_ended(headers, at, ref, "AgentRingNoAnswer", missed=True)

    def dumped(self, headers: Headers, at: int, ref: int) -> PbxEvent | Rejected:
        """The member heard the announcement and turned the caller away."""
        return _offer_ended(headers, at, ref, "AgentDump", missed=False)

    # --- callers and pool agents -------------------------------------------------------------------------------------

    def joined(self, headers: Headers, at: int, ref: int) -> PbxEvent | Rejected:
        caller = _caller(headers, "QueueCallerJoin")
        return caller if isinstance(caller, Rejected) else CallerJoined(at, ref, *caller)

    def left(self, headers: Headers, at: int, ref: int) -> PbxEvent | Rejected:
        caller = _caller(headers, "QueueCallerLeave")
        return caller if isinstance(caller, Rejected) else CallerLeft(at, ref, *caller, abandoned=False)

    def abandoned(self, headers: Headers, at: int, ref: int) -> PbxEvent | Rejected:
        """The caller hung up, or the queue's own time-out ended the wait."""
        caller = _caller(headers, "QueueCallerAbandon")
        return caller if isinstance(caller, Rejected) else CallerLeft(at, ref, *caller, abandoned=True)

    def logged_in(self, headers: Headers, at: int, ref: int) -> PbxEvent | Rejected:
        agent = headers.get("Agent")
        return AgentLogged(at, ref, f"Agent/{agent}", True) if agent else Rejected("AgentLogin", Flaw.NO_SEAT)

    def logged_off(self, headers: Headers, at: int, ref: int) -> PbxEvent | Rejected:
        agent = headers.get("Agent")
        return AgentLogged(at, ref, f"Agent/{agent}", False) if agent else Rejected("AgentLogoff", Flaw.NO_SEAT)

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
            self.rejected[Rejected("QueueMember", Flaw.NO_SEAT if queue else Flaw.NO_QUEUE)] += 1
            return None
        if not self._takes(queue):
            return None
        if self._is_away(headers, seat, queue):
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
            device=device(headers, seat),
            in_call=in_call(headers, seat),
            wrap_up_s=number(headers.get("Wrapuptime", "")),
        )

    def waiting_row(self, headers: Headers) -> WaitingRow | None:
        """A `QueueEntry` of a QueueStatus answer."""
        caller = _caller(headers, "QueueEntry")
        if isinstance(caller, Rejected):
            self.rejected[caller] += 1
            return None
        queue, call = caller
        return WaitingRow(call, queue, number(headers.get("Wait", ""))) if self._takes(queue) else None

    def login_row(self, headers: Headers) -> str | None:
        """The seat of an `Agents` row, None where nobody is logged in on it."""
        agent = headers.get("Agent")
        return f"Agent/{agent}" if agent and headers.get("Status") != "AGENT_LOGGEDOFF" else None


QUEUE_EVENTS: dict[bytes, Callable[[Translator, Headers, int, int], PbxEvent | Rejected | None]] = {
    b"QueueMemberAdded": Translator.added,
    b"QueueMemberRemoved": Translator.removed,
    b"QueueMemberPause": Translator.paused,
    b"QueueMemberStatus": Translator.status,
    b"AgentCalled": Translator.offered,
    b"AgentConnect": Translator.connected,
    b"AgentComplete": Translator.completed,
    b"AgentRingNoAnswer": Translator.rang_out,
    b"AgentDump": Translator.dumped,
    b"QueueCallerJoin": Translator.joined,
    b"QueueCallerLeave": Translator.left,
    b"QueueCallerAbandon": Translator.abandoned,
    b"AgentLogin": Translator.logged_in,
    b"AgentLogoff": Translator.logged_off,
}


def _key(headers: Headers, event: str) -> tuple[str, str] | Rejected:
    """Seat and queue of a member's event."""
    seat, queue = headers.get("Interface"), headers.get("Queue")
    if not seat:
        return Rejected(event, Flaw.NO_SEAT)
    return (seat, queue) if queue else Rejected(event, Flaw.NO_QUEUE)


def _caller(headers: Headers, event: str) -> tuple[str, str] | Rejected:
    """Queue and call of a caller's event."""
    queue, call = headers.get("Queue"), headers.get("Uniqueid")
    if not queue:
        return Rejected(event, Flaw.NO_QUEUE)
    return (queue, call) if call else Rejected(event, Flaw.NO_CALL)


def _added(headers: Headers, at: int, ref: int, seat: str, queue: str) -> MemberAdded:
    paused = headers.get("Paused") == "1"
    return MemberAdded(
        at,
        ref,
        seat,
        headers.get("MemberName", ""),
        queue,
        paused,
        headers.get("PausedReason", "") if paused else "",
        device(headers, seat),
        number(headers.get("Wrapuptime", "")),
    )


def _offer_ended(headers: Headers, at: int, ref: int, event: str, *, missed: bool) -> OfferEnded | Rejected:
    key, call = _key(headers, event), headers.get("Uniqueid", "")
    if isinstance(key, Rejected):
        return key
    if not call:
        return Rejected(event, Flaw.NO_CALL)
    return OfferEnded(at, ref, key[0], headers.get("MemberName", ""), key[1], call, missed)


def _matches(queue: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(queue, pattern) for pattern in patterns)
