"""What the simulated switch says, before it is worded: as AMI bytes (ami_text) or as the floor's events (floor_words).

Each word is a fact with the state of its member or caller at that moment, because Asterisk's events carry it. Times are
integer microseconds since the epoch, and strictly increasing within one switch; what Asterisk itself keeps in whole
seconds is named `_s`.
"""

from dataclasses import dataclass
from typing import Literal

from ccd.floor.values import value
from ccd.pbx.simulator.staff import Phone

FREE, IN_USE, UNAVAILABLE, RINGING = 1, 2, 5, 6  # Asterisk's device states, as QueueMemberStatus says them

MemberEvent = Literal["QueueMemberAdded", "QueueMemberRemoved", "QueueMemberPause", "QueueMemberStatus"]


@dataclass(slots=True)
class PhoneInQueue:
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


@value
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


@value
class Caller:
    """Who rings the queue. `uniqueid` names the call; `line` is the number of the caller's channel."""

    uniqueid: str
    line: int
    number: str
    queue: str
    joined: int  # µs
    position: int  # in the queue when joining, from 1


@value
class CallLeg:
    """The way from a caller to a phone that is rung."""

    uniqueid: str
    line: int
    phone: Phone
    began: int  # µs


@value
class CallerJoinedQueue:
    at: int
    caller: Caller
    waiting: int  # callers in the queue, this one included


@value
class CallerLeftQueue:
    at: int
    caller: Caller
    position: int
    waiting: int  # callers that stay


@value
class CallerGaveUp:
    at: int
    caller: Caller
    position: int
    held_s: int


@value
class PhoneRung:
    at: int
    caller: Caller
    leg: CallLeg


@value
class PhoneRangOut:
    at: int
    caller: Caller
    leg: CallLeg
    rung_ms: int


@value
class CallAnswered:
    at: int
    caller: Caller
    leg: CallLeg
    held_s: int
    rung_s: int


@value
class CallOver:
    """The talk ended. `bare` as Asterisk sometimes says it when the caller hung up: without any channel."""

    at: int
    caller: Caller
    leg: CallLeg
    held_s: int
    talked_s: int
    by: Literal["agent", "caller"]
    bare: bool


@value
class PeerHeard:
    """The qualify of a phone failed, or works again; a class of its own in AMI (`system`)."""

    at: int
    phone: Phone
    reachable: bool


CallerSpeech = CallerJoinedQueue | CallerLeftQueue | CallerGaveUp
OfferSpeech = PhoneRung | PhoneRangOut | CallAnswered | CallOver
Speech = MemberSaid | CallerSpeech | OfferSpeech | PeerHeard
