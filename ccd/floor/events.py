"""What a telephone switch can say, in the floor's words.

Two adapters (AMI and queue_log) speak this vocabulary; nothing of Asterisk's own goes past them. A *seat* is one
interface on one PBX (docs/time-bank.md 2.1). `at` is the PBX's own time in integer microseconds since the epoch.
`ref` is where the evidence keeps the event: yyyymmdd * 10**9 + its number in that day's file, 0 when none is kept.
"""

from dataclasses import field
from enum import Enum

from ccd.floor.values import value


class Device(Enum):
    """What the switch says about the telephone of a member."""

    FREE = "free"  # Asterisk's status 0 and 1
    IN_USE = "in_use"  # 2, 3, 7 and 8: a call that the queue may know nothing of
    MIRRORED = "mirrored"  # the same of a `Local/` seat without a telephone of its own: the queue's call, seen twice
    RINGING = "ringing"  # 6
    UNREACHABLE = "unreachable"  # 4 and 5


@value
class MemberAdded:
    at: int
    ref: int
    seat: str
    name: str
    queue: str
    paused: bool
    reason: str
    device: Device
    wrap_up_s: int  # the member's own; 0 means the queue's


@value
class MemberRemoved:
    at: int
    ref: int
    seat: str
    name: str
    queue: str


@value
class MemberPaused:
    """A pause set, set anew (perhaps for another reason) or lifted, in one queue."""

    at: int
    ref: int
    seat: str
    name: str
    queue: str
    paused: bool
    reason: str


@value
class DeviceChanged:
    at: int
    ref: int
    seat: str
    name: str
    queue: str
    device: Device
    in_call: bool | None  # None where the switch does not say


@value
class CallOffered:
    at: int
    ref: int
    seat: str
    name: str
    queue: str
    call: str  # the caller's Uniqueid


@value
class CallConnected:
    at: int
    ref: int
    seat: str
    name: str
    queue: str
    call: str
    wrap_up_s: int = 0  # the member's own, where the event tells it; 0: the queue's


@value
class CallEnded:
    """A queue call is over; `call` is None where the switch did not say which (the oldest of its queue ends)."""

    at: int
    ref: int
    seat: str
    name: str
    queue: str
    call: str | None


@value
class OfferEnded:
    """The seat was rung and did not take the call: `missed` when it rang out, not when it turned the caller away."""

    at: int
    ref: int
    seat: str
    name: str
    queue: str
    call: str
    missed: bool


@value
class CallerJoined:
    at: int
    ref: int
    queue: str
    call: str


@value
class CallerLeft:
    """A caller is out of the queue: `abandoned` when nobody took the call; otherwise a connect may follow."""

    at: int
    ref: int
    queue: str
    call: str
    abandoned: bool


@value
class AgentLogged:
    """AgentLogin or AgentLogoff of an `Agent/` seat."""

    at: int
    ref: int
    seat: str
    logged_in: bool


@value
class Heard:
    """The PBX's clock has passed `at`, and everything before it has been said."""

    at: int


@value
class Lost:
    """Nothing after `at` was observed until the next `Snapshot`: a gap begins."""

    at: int


@value
class Found:
    """What happened since `at`, where a gap begins or has begun, is told by queue_log, which says nothing of
    telephones: nobody is unobserved for the gap."""

    at: int


@value
class Member:
    """One row of a snapshot: a seat in a queue."""

    seat: str
    name: str
    queue: str
    paused: bool
    reason: str
    paused_since_s: int  # LastPause, whole seconds; 0 where unknown. Orders pauses, never times them
    device: Device
    in_call: bool | None
    wrap_up_s: int


@value
class Waiting:
    call: str
    queue: str
    since: int  # µs


@value
class Snapshot:
    """The switch's whole answer to "who is in which queue": it ends a gap, or is held against what is known.

    `spoke` holds the (seat, queue) pairs of which an event arrived while the answer was on its way: for them the
    events are the truth. After a gap, the pairs whose pause is only guessed. `logged_in` is None where the switch was
    not asked for its `Agent/` logins.
    """

    at: int
    ref: int
    members: tuple[Member, ...]
    waiting: tuple[Waiting, ...] = ()
    logged_in: frozenset[str] | None = None
    spoke: frozenset[tuple[str, str]] = field(default_factory=frozenset)


SeatEvent = (
    MemberAdded
    | MemberRemoved
    | MemberPaused
    | DeviceChanged
    | CallOffered
    | CallConnected
    | CallEnded
    | OfferEnded
    | AgentLogged
)
CallerEvent = CallerJoined | CallerLeft
PbxEvent = SeatEvent | CallerEvent | Heard | Lost | Found | Snapshot
