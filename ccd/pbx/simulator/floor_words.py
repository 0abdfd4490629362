"""What the simulated switch says, as the floor's events: the same that reading its AMI bytes gives."""

from collections.abc import Iterable, Iterator
from typing import assert_never

from ccd.floor.events import (
    CallConnected,
    CallEnded,
    CallerJoined,
    CallerLeft,
    CallOffered,
    Device,
    DeviceChanged,
    MemberAdded,
    MemberPaused,
    MemberRemoved,
    OfferEnded,
    PbxEvent,
)
from ccd.pbx.simulator.speech import (
    FREE,
    IN_USE,
    RINGING,
    UNAVAILABLE,
    CallAnswered,
    CallerGaveUp,
    CallerJoinedQueue,
    CallerLeftQueue,
    CallOver,
    MemberSaid,
    PeerHeard,
    PhoneRangOut,
    PhoneRung,
    Speech,
)

DEVICES = {FREE: Device.FREE, IN_USE: Device.IN_USE, UNAVAILABLE: Device.UNREACHABLE, RINGING: Device.RINGING}


def floor_events(said: Iterable[Speech]) -> Iterator[PbxEvent]:
    """Each thing said as one of the floor's events, or none; no evidence is kept of them (`ref` 0)."""
    for speech in said:
        event = floor_event(speech)
        if event is not None:
            yield event


def floor_event(speech: Speech) -> PbxEvent | None:
    match speech:
        case MemberSaid():
            return _member_event(speech)
        case PhoneRung(at, caller, leg):
            return CallOffered(at, 0, leg.phone.interface, leg.phone.name, caller.queue, caller.uniqueid)
        case CallAnswered(at, caller, leg):
            return CallConnected(at, 0, leg.phone.interface, leg.phone.name, caller.queue, caller.uniqueid)
        case CallOver(at, caller, leg):
            call = None if speech.bare else caller.uniqueid
            return CallEnded(at, 0, leg.phone.interface, leg.phone.name, caller.queue, call)
        case PhoneRangOut(at, caller, leg):
            return OfferEnded(at, 0, leg.phone.interface, leg.phone.name, caller.queue, caller.uniqueid, missed=True)
        case CallerJoinedQueue(at, caller):
            return CallerJoined(at, 0, caller.queue, caller.uniqueid)
        case CallerLeftQueue(at, caller):
            return CallerLeft(at, 0, caller.queue, caller.uniqueid, abandoned=False)
        case CallerGaveUp(at, caller):
            return CallerLeft(at, 0, caller.queue, caller.uniqueid, abandoned=True)
        case PeerHeard():
            return None  # QueueMemberStatus says the same, a queue at a time
        case _:
            assert_never(speech)


def _member_event(said: MemberSaid) -> PbxEvent:
    at, seat, name, queue, device = said.at, said.phone.interface, said.phone.name, said.queue, DEVICES[said.status]
    match said.event:
        case "QueueMemberAdded":
            return MemberAdded(at, 0, seat, name, queue, said.paused, said.reason, device, wrap_up_s=0)
        case "QueueMemberRemoved":
            return MemberRemoved(at, 0, seat, name, queue)
        case "QueueMemberPause":
            return MemberPaused(at, 0, seat, name, queue, said.paused, said.reason)
        case "QueueMemberStatus":
            return DeviceChanged(at, 0, seat, name, queue, device, said.in_call)
        case _:
            assert_never(said.event)
