"""What Asterisk's app_queue makes of what people do: memberships, calls, and what is said of them, in which order.

The order of what is said, and the pauses of some hundred microseconds in it, are those that an Asterisk 22 was seen to
keep with PJSIP phones (tests/pbx/captures/22.pjsip.ami). No time passes in here and nothing is random: every method is
told when it happens, and what it says is fetched with `heard()`. Methods that a person may call in vain (adding a
member twice) say whether they did it.
"""

from dataclasses import dataclass, field
from typing import Literal

from ccd.floor.days import SECOND
from ccd.pbx.simulator.queues import Queue, QueueKind
from ccd.pbx.simulator.speech import (
    FREE,
    IN_USE,
    RINGING,
    UNAVAILABLE,
    CallAnswered,
    Caller,
    CallerGaveUp,
    CallerJoinedQueue,
    CallerLeftQueue,
    CallLeg,
    CallOver,
    MemberEvent,
    MemberSaid,
    PeerHeard,
    PhoneInQueue,
    PhoneRangOut,
    PhoneRung,
    Speech,
)
from ccd.pbx.simulator.staff import Phone

# Between two things that are said for one cause, µs
NEXT_QUEUE_US = 12
RING_AFTER_JOIN_US = 2_000
STATUS_AFTER_RING_US = 400
STATUS_AFTER_OVER_US = 700
AUTO_PAUSE_US = 900


def _whole_s(since: int, at: int) -> int:
    """As Asterisk counts: from one whole second to another, so that half a second can be one."""
    return at // SECOND - since // SECOND


@dataclass(frozen=True, slots=True)
class Talk:
    caller: Caller
    leg: CallLeg
    began: int  # µs
    held_s: int


@dataclass(slots=True)
class Handset:
    """A telephone: its device's state, and what it is doing for the queues."""

    interface: str
    status: int = FREE
    memberships: dict[str, PhoneInQueue] = field(default_factory=dict)
    offer: tuple[Caller, CallLeg] | None = None
    talk: Talk | None = None
    wraps_until: int = 0  # µs

    @property
    def busy(self) -> bool:
        return self.offer is not None or self.talk is not None

    def takes_calls(self, at: int) -> bool:
        """Whether a queue would ring it, its pauses aside."""
        return self.status == FREE and not self.busy and at >= self.wraps_until


class Switch:
    """The queues, the telephones, and what has been said and not yet heard."""

    def __init__(self, kinds: tuple[QueueKind, ...]) -> None:
        self.queues = {kind.name: Queue(kind) for kind in kinds}
        self.handsets: dict[str, Handset] = {}
        self.said_until = 0  # the stamp of the last thing said, µs
        self.talks = 0
        self.calls_processed = 0
        self._said: list[Speech] = []
        self._channels = 0
        self._lines = 0

    def heard(self) -> list[Speech]:
        """Everything said since the last time, in order."""
        said, self._said = self._said, []
        return said

    def restart_numbers(self) -> None:
        """Channels are numbered from 0 again, so that a day sounds the same whichever day came before."""
        self._channels = self._lines = 0

    def handset(self, interface: str) -> Handset:
        if interface not in self.handsets:
            self.handsets[interface] = Handset(interface)
        return self.handsets[interface]

    # Members

    def add(self, at: int, phone: Phone, queue: str, paused: bool = False, reason: str = "") -> bool:
        """Signs the phone in to the queue; False where it is in it already."""
        members = self.queues[queue].members
        if phone.interface in members:
            return False
        at_s = at // SECOND
        membership = PhoneInQueue(phone, queue, login_s=at_s, paused=paused, reason=reason if paused else "")
        membership.last_pause_s = at_s if paused else 0
        members[phone.interface] = membership
        handset = self.handset(phone.interface)
        handset.memberships[queue] = membership
        self._say_member(at, "QueueMemberAdded", handset, membership)
        self.place(handset, at)
        return True

    def remove(self, at: int, interface: str, queue: str) -> bool:
        """Signs the phone out of the queue; a call that runs goes on. False where it is not in it."""
        membership = self.queues[queue].members.pop(interface, None)
        if membership is None:
            return False
        handset = self.handset(interface)
        del handset.memberships[queue]
        self.queues[queue].idle.pop(interface, None)
        self._say_member(at, "QueueMemberRemoved", handset, membership)
        return True

    def pause(self, at: int, interface: str, queue: str | None, paused: bool, reason: str = "") -> bool:
        """Pauses or unpauses in one queue, or (`queue` None) in all of the member's; False where there is none."""
        handset = self.handset(interface)
        found = [m for name, m in self._memberships(handset) if queue in (None, name)]
        for n, membership in enumerate(found):
            membership.paused = paused
            membership.reason = reason if paused else ""
            if paused:
                membership.last_pause_s = at // SECOND
            self._say_member(at + n * NEXT_QUEUE_US, "QueueMemberPause", handset, membership)
        self.place(handset, at)
        return bool(found)

    def device(self, at: int, handset: Handset, status: int) -> None:
        """The telephone itself changed; each of its queues says so."""
        if UNAVAILABLE in (status, handset.status):
            self._said.append(PeerHeard(self._stamp(at), self._phone(handset), status != UNAVAILABLE))
        handset.status = status
        for n, (_, membership) in enumerate(self._memberships(handset)):
            self._say_member(at + n * NEXT_QUEUE_US, "QueueMemberStatus", handset, membership)
        self.place(handset, at)

    def place(self, handset: Handset, at: int) -> None:
        """Among the idle ones of each of its queues, or not. To be called again when a wrap-up has ended."""
        takes_calls = handset.takes_calls(at)
        for name, membership in handset.memberships.items():
            idle = self.queues[name].idle
            if takes_calls and not membership.paused:
                idle.setdefault(handset.interface)
            else:
                idle.pop(handset.interface, None)

    # Calls

    def join(self, at: int, queue_name: str, number: str) -> Caller:
        """A caller comes into the queue."""
        queue = self.queues[queue_name]
        caller = Caller(self._uniqueid(at), self._line(), number, queue_name, at, len(queue.callers) + 1)
        queue.callers[caller.uniqueid] = queue.unoffered[caller.uniqueid] = caller
        self._said.append(CallerJoinedQueue(self._stamp(at), caller, len(queue.callers)))
        self.calls_processed += 1
        return caller

    def next_offer(self, queue_name: str) -> tuple[Caller, Handset] | None:
        """The caller who is first in line and the phone that has been idle longest, where there are both."""
        queue = self.queues[queue_name]
        if not queue.unoffered or not queue.idle:
            return None
        return next(iter(queue.unoffered.values())), self.handsets[next(iter(queue.idle))]

    def ring(self, at: int, caller: Caller, handset: Handset) -> CallLeg:
        """The caller is offered to the phone."""
        queue = self.queues[caller.queue]
        membership = queue.members[handset.interface]
        began = self._stamp(max(at, caller.joined + RING_AFTER_JOIN_US))
        leg = CallLeg(self._uniqueid(at), self._line(), membership.phone, began)
        del queue.unoffered[caller.uniqueid]
        handset.offer = (caller, leg)
        self._said.append(PhoneRung(began, caller, leg))
        self.device(began + STATUS_AFTER_RING_US, handset, RINGING)
        return leg

    def ring_out(self, at: int, handset: Handset) -> None:
        """Nobody took the call: the caller goes back to the head of the queue, the member may be paused for it."""
        caller, leg = self._end_offer(handset)
        queue = self.queues[caller.queue]
        queue.unoffered = {caller.uniqueid: caller} | queue.unoffered
        rung_ms = min((at - leg.began) // 1000, queue.kind.ring_s_max * 1000)  # no more than the queue allows is told
        self._said.append(PhoneRangOut(self._stamp(at), caller, leg, rung_ms))
        if queue.kind.auto_pause != "no":
            where = None if queue.kind.auto_pause == "all" else caller.queue
            self.pause(at + AUTO_PAUSE_US, handset.interface, where, paused=True, reason="Auto-Pause")
        self.device(at + AUTO_PAUSE_US + STATUS_AFTER_OVER_US, handset, FREE)

    def answer(self, at: int, handset: Handset, status_first: bool) -> Talk:
        """The phone is picked up. Asterisk says the new status before the connect, or after it: both were seen."""
        caller, leg = self._end_offer(handset)
        queue = self.queues[caller.queue]
        self._leave(at, caller)
        if status_first:
            self.device(at, handset, IN_USE)
        held_s, rung_s = _whole_s(caller.joined, at), _whole_s(leg.began, at)
        queue.count_hold(held_s)
        self._said.append(CallAnswered(self._stamp(at), caller, leg, held_s, rung_s))
        talk = handset.talk = Talk(caller, leg, at, held_s)
        self.talks += 1
        if (membership := queue.members.get(handset.interface)) is not None:
            membership.in_call = True
        if not status_first:
            self.device(at, handset, IN_USE)
        return talk

    def end_call(self, at: int, handset: Handset, by: Literal["agent", "caller"], bare: bool = False) -> None:
        """The talk is over; wrap-up begins."""
        talk = handset.talk
        if talk is None:
            return
        handset.talk = None
        self.talks -= 1
        caller, leg, held_s = talk.caller, talk.leg, talk.held_s
        queue = self.queues[caller.queue]
        talked_s = _whole_s(talk.began, at)
        queue.count_talk(held_s, talked_s)
        handset.wraps_until = at + queue.kind.wrap_up_s * SECOND
        self._said.append(CallOver(self._stamp(at), caller, leg, held_s, talked_s, by, bare))
        if (membership := queue.members.get(handset.interface)) is not None:
            membership.in_call = False
            membership.calls_taken += 1
            membership.last_call_s = at // SECOND
        self.device(at + STATUS_AFTER_OVER_US, handset, FREE)

    def give_up(self, at: int, caller: Caller, handset: Handset | None) -> None:
        """The caller hangs up in the queue, perhaps while `handset` is rung."""
        queue = self.queues[caller.queue]
        held_s = _whole_s(caller.joined, at)
        self._said.append(CallerGaveUp(self._stamp(at), caller, queue.position(caller), held_s))
        self._leave(at, caller)
        queue.unoffered.pop(caller.uniqueid, None)
        queue.abandoned += 1
        if handset is not None:
            handset.offer = None
            self.device(at, handset, FREE)

    # Below

    def _memberships(self, handset: Handset) -> list[tuple[str, PhoneInQueue]]:
        """The handset's memberships in the order of the queues, as Asterisk goes through them."""
        return [(name, handset.memberships[name]) for name in self.queues if name in handset.memberships]

    def _phone(self, handset: Handset) -> Phone:
        for membership in handset.memberships.values():
            return membership.phone
        return Phone(handset.interface, handset.interface)

    def _end_offer(self, handset: Handset) -> tuple[Caller, CallLeg]:
        if handset.offer is None:
            raise ValueError(f"{handset.interface} is not being rung")
        offer, handset.offer = handset.offer, None
        return offer

    def _leave(self, at: int, caller: Caller) -> None:
        queue = self.queues[caller.queue]
        position = queue.position(caller)
        del queue.callers[caller.uniqueid]
        self._said.append(CallerLeftQueue(self._stamp(at), caller, position, len(queue.callers)))

    def _stamp(self, at: int) -> int:
        """`at`, or just after the last thing said: what is said never goes back in time."""
        self.said_until = max(at, self.said_until + 1)
        return self.said_until

    def _uniqueid(self, at: int) -> str:
        self._channels += 1
        return f"{at // SECOND}.{self._channels - 1}"

    def _line(self) -> int:
        self._lines += 1
        return self._lines - 1

    def _say_member(self, at: int, event: MemberEvent, handset: Handset, membership: PhoneInQueue) -> None:
        self._said.append(
            MemberSaid(
                self._stamp(at),
                event,
                membership.phone,
                membership.queue,
                handset.status,
                membership.login_s,
                membership.calls_taken,
                membership.last_call_s,
                membership.last_pause_s,
                membership.in_call,
                membership.paused,
                membership.reason,
            )
        )
