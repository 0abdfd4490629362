"""What the simulated switch says, as AMI bytes: header names and their order are those of Asterisk 22.10.1.

Assumed, not observed: the caller's channel is a trunk's (the captures' callers are Local channels), and an
AgentComplete without channels has the headers that an operator's floor was seen to send.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import assert_never

from ccd.floor.days import SECOND
from ccd.pbx.simulator.speech import (
    CallAnswered,
    Caller,
    CallerGaveUp,
    CallerJoinedQueue,
    CallerLeftQueue,
    CallLeg,
    CallOver,
    MemberSaid,
    PeerHeard,
    PhoneRangOut,
    PhoneRung,
    Speech,
)

DOWN, RINGING, UP = "0", "5", "6"
CHANNEL_STATES = {DOWN: "Down", RINGING: "Ringing", UP: "Up"}
CONTEXT = "from-trunk"
CALLERS_MAX = 4_096  # whose channel is kept in mind: those who are in a queue or talk
NO_OR_YES = ("0", "1")


def blocks(said: Iterable[Speech]) -> bytes:
    """All of it as one piece of the stream."""
    return "".join(map(block, said)).encode()


def stamped(at: int) -> str:
    """µs as Asterisk writes times: seconds, a point, six digits."""
    return f"{at // SECOND}.{at % SECOND:06d}"


def block(speech: Speech) -> str:
    """One event, its blank line included."""
    match speech:
        case MemberSaid():
            return _member(speech)
        case PhoneRung(at, caller, leg):
            return f"{_offer('AgentCalled', at, caller, leg, DOWN)}\r\n"
        case CallAnswered(at, caller, leg, held_s, rung_s):
            offer = _offer("AgentConnect", at, caller, leg, UP)
            return f"{offer}HoldTime: {held_s}\r\nRingTime: {rung_s}\r\n\r\n"
        case CallOver():
            return _call_over(speech)
        case PhoneRangOut(at, caller, leg, rung_ms):
            return f"{_offer('AgentRingNoAnswer', at, caller, leg, RINGING)}RingTime: {rung_ms}\r\n\r\n"
        case CallerJoinedQueue(at, caller, waiting):
            place = f"Position: {caller.position}\r\nCount: {waiting}\r\n\r\n"
            return f"{_caller('QueueCallerJoin', at, caller)}Queue: {caller.queue}\r\n{place}"
        case CallerLeftQueue(at, caller, position, waiting):
            place = f"Position: {position}\r\nCount: {waiting}\r\n\r\n"
            return f"{_caller('QueueCallerLeave', at, caller)}Queue: {caller.queue}\r\n{place}"
        case CallerGaveUp(at, caller, position, held_s):
            place = f"Position: {position}\r\nOriginalPosition: {caller.position}\r\nHoldTime: {held_s}\r\n\r\n"
            return f"{_caller('QueueCallerAbandon', at, caller)}Queue: {caller.queue}\r\n{place}"
        case PeerHeard():
            return _peer(speech)
        case _:
            assert_never(speech)


def caller_channel(caller: Caller) -> str:
    return f"PJSIP/trunk-{caller.line:08x}"


def _head(event: str, at: int, privilege: str = "agent,all") -> str:
    return f"Event: {event}\r\nPrivilege: {privilege}\r\nTimestamp: {stamped(at)}\r\n"


def _member(said: MemberSaid) -> str:
    phone = said.phone
    return (
        f"Event: {said.event}\r\nPrivilege: agent,all\r\nTimestamp: {stamped(said.at)}\r\n"
        f"Queue: {said.queue}\r\nMemberName: {phone.name}\r\nInterface: {phone.interface}\r\n"
        f"StateInterface: {phone.interface}\r\nMembership: dynamic\r\nPenalty: 0\r\nCallsTaken: {said.calls_taken}\r\n"
        f"LastCall: {said.last_call_s}\r\nLastPause: {said.last_pause_s}\r\nLoginTime: {said.login_s}\r\n"
        f"InCall: {NO_OR_YES[said.in_call]}\r\nStatus: {said.status}\r\n"
        f"Paused: {NO_OR_YES[said.paused]}\r\nPausedReason: {said.reason}\r\nRinginuse: 0\r\nWrapuptime: 0\r\n\r\n"
    )


def _channel(prefix: str, name: str, state: str, number: str, exten: str, priority: str, ids: tuple[str, str]) -> str:
    return (
        f"{prefix}Channel: {name}\r\n{prefix}ChannelState: {state}\r\n"
        f"{prefix}ChannelStateDesc: {CHANNEL_STATES[state]}\r\n"
        f"{prefix}CallerIDNum: {number}\r\n{prefix}CallerIDName: <unknown>\r\n"
        f"{prefix}ConnectedLineNum: {number}\r\n{prefix}ConnectedLineName: <unknown>\r\n"
        f"{prefix}Language: en\r\n{prefix}AccountCode: \r\n{prefix}Context: {CONTEXT}\r\n{prefix}Exten: {exten}\r\n"
        f"{prefix}Priority: {priority}\r\n{prefix}Uniqueid: {ids[0]}\r\n{prefix}Linkedid: {ids[1]}\r\n"
    )


def _caller(event: str, at: int, caller: Caller) -> str:
    own = _own_channel(caller_channel(caller), caller.number, caller.queue, caller.uniqueid)
    return f"Event: {event}\r\nPrivilege: agent,all\r\nTimestamp: {stamped(at)}\r\n{own}"


@lru_cache(CALLERS_MAX)
def _own_channel(name: str, number: str, queue: str, call: str) -> str:
    """Said five times or more of a caller, who is told from others by these sooner than as a whole."""
    return _channel("", name, UP, number, queue, "2", (call, call))


def _offer(event: str, at: int, caller: Caller, leg: CallLeg, state: str) -> str:
    name = f"{leg.phone.interface}-{leg.line:08x}"
    dest = _channel("Dest", name, state, caller.number, caller.queue, "1", (leg.uniqueid, caller.uniqueid))
    return f"{_caller(event, at, caller)}{dest}{_of_member(caller, leg)}"


def _of_member(caller: Caller, leg: CallLeg) -> str:
    return f"Queue: {caller.queue}\r\nInterface: {leg.phone.interface}\r\nMemberName: {leg.phone.name}\r\n"


def _call_over(over: CallOver) -> str:
    if over.bare:
        what = _head("AgentComplete", over.at) + _of_member(over.caller, over.leg)
    else:
        what = _offer("AgentComplete", over.at, over.caller, over.leg, UP)
    return f"{what}HoldTime: {over.held_s}\r\nTalkTime: {over.talked_s}\r\nReason: {over.by}\r\n\r\n"


def _peer(heard: PeerHeard) -> str:
    """Two events: the endpoint, then its contact."""
    word = "Reachable" if heard.reachable else "Unreachable"
    endpoint = heard.phone.endpoint
    return (
        f"{_head('PeerStatus', heard.at, 'system,all')}ChannelType: PJSIP\r\nPeer: {heard.phone.interface}\r\n"
        f"PeerStatus: {word}\r\n\r\n"
        f"{_head('ContactStatus', heard.at, 'system,all')}URI: sip:{endpoint}@192.0.2.1:5060\r\n"
        f"ContactStatus: {word}\r\nAOR: {endpoint}\r\nEndpointName: {endpoint}\r\n"
        f"RoundtripUsec: {480 if heard.reachable else 0}\r\n\r\n"
    )
