"""What the simulated switch says, before it is worded: as AMI bytes (ami_text) or as the floor's events (floor_words).

Each word is a fact with the state of its member or caller at that moment, because Asterisk's events carry it. Times are
integer microseconds since the epoch, and strictly increasing within one switch; what Asterisk itself keeps in whole
seconds is named `_s`.
"""

from dataclasses import dataclass
from typing import Literal

from ccd.pbx.simulator.staff import Phone

FREE, IN_USE, UNAVAILABLE, RINGING = 1, 2, 5, 6  # Asterisk's device states, as QueueMemberStatus says them

MemberEvent = Literal["QueueMemberAdded", "QueueMemberRemoved", "QueueMemberPause", "QueueMemberStatus"]


@dataclass(slots=True)
class Membership:
    """One phone in one queue: what Asterisk keeps of it, and says again in each of its events."""

    phone: Phone
    queue: str
    login_s: int
    calls_taken: int = 0
    last_call_s: int = 0
    last_pause_s: int = 0
    in_call: bool = False
    paused: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class MemberSaid:
    """A membership began, ended, was paused or unpaused, or its telephone changed."""

    at: int
    event: MemberEvent
    phone: Phone
    queue: str
    status: int
    login_s: int
    calls_taken: int
    last_call_s: int
    last_pause_s: int
    in_call: bool
    paused: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Caller:
    """Who rings the queue. `uniqueid` names the call; `line` is the number of the caller's channel."""

    uniqueid: str
    line: int
    number: str
    queue: str
    joined: int  # µs
    position: int  # in the queue when joining, from 1


@dataclass(frozen=True, slots=True)
class Leg:
    """The way from a caller to a phone that is rung."""

    uniqueid: str
    line: int
    phone: Phone
    began: int  # µs


@dataclass(frozen=True, slots=True)
class CallerJoinedQueue:
    at: int
    caller: Caller
    waiting: int  # callers in the queue, this one included


@dataclass(frozen=True, slots=True)
class CallerLeftQueue:
    at: int
    caller: Caller
    position: int
    waiting: int  # callers that stay


@dataclass(frozen=True, slots=True)
class CallerGaveUp:
    at: int
    caller: Caller
    position: int
    held_s: int


@dataclass(frozen=True, slots=True)
class PhoneRung:
    at: int
    caller: Caller
    leg: Leg


@dataclass(frozen=True, slots=True)
class PhoneRangOut:
    at: int
    caller: Caller
    leg: Leg
    rung_ms: int


@dataclass(frozen=True, slots=True)
class CallAnswered:
    at: int
    caller: Caller
    leg: Leg
    held_s: int
    rung_s: int


@dataclass(frozen=True, slots=True)
class CallOver:
    """The talk ended. `bare` as Asterisk sometimes says it when the caller hung up: without any channel."""

    at: int
    caller: Caller
    leg: Leg
    held_s: int
    talked_s: int
    by: Literal["agent", "caller"]
    bare: bool


@dataclass(frozen=True, slots=True)
class PeerHeard:
    """The qualify of a phone failed, or works again; a class of its own in AMI (`system`)."""

    at: int
    phone: Phone
    reachable: bool


CallerSpeech = CallerJoinedQueue | CallerLeftQueue | CallerGaveUp
OfferSpeech = PhoneRung | PhoneRangOut | CallAnswered | CallOver
Speech = MemberSaid | CallerSpeech | OfferSpeech | PeerHeard
