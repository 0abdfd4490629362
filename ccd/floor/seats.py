"""A seat: its facts, what each event does to them, and which state they mean.

The theory (docs/time-bank.md 2.1). A seat is a handful of facts: the queues it is a member of (each with a pause, a
reason and what the telephone does there), the queue calls offered to it, the queue calls connected, how long a wrap-up
runs, and, for an `Agent/` seat, whether somebody is logged in. What the seat's own events do to them is EFFECTS, a row
an event. What others do is elsewhere: time ends a wrap-up; a caller who is gone, or whom another seat takes, an offer;
a restart, calls and offers (all in ccd.floor.floor); and a snapshot corrects all of them (ccd.floor.reconcile).

A seat keeps no state: it is the first row of STATES that holds. A pause during a call is therefore only a fact until
the call ends; a telephone that is unplugged during a pause changes a fact and no state. What the facts meant last is
kept beside the seat, in its open segment.

Time is not looked at here. The floor says when.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import IntEnum
from sys import intern
from typing import NamedTuple

from ccd.floor.days import SECOND
from ccd.floor.events import (
    AgentLogged,
    CallConnected,
    CallEnded,
    CallOffered,
    Device,
    DeviceChanged,
    MemberAdded,
    MemberPaused,
    MemberRemoved,
    OfferEnded,
    SeatEvent,
)
from ccd.floor.rules import SeatRules


class State(IntEnum):
    """An agent with several seats is in the smallest of theirs."""

    ON_CALL = 0
    OTHER_CALL = 1  # a call, but no queue's: shown and summed as on_call, and told beside it
    RINGING = 2
    WRAP_UP = 3
    AVAILABLE = 4
    UNOBSERVED = 5  # above paused: nobody is charged for what was not seen
    PAUSED = 6
    UNREACHABLE = 7
    SIGNED_OUT = 8


STATE_WORDS = {state: state.name.lower() for state in State}  # as they are stored and shown


class Pause(IntEnum):
    """In how many of the queues that count a seat or an agent is paused."""

    NONE = 0
    SOME = 1
    ALL = 2


# Members kept at hand: to take one off its Enum costs as much as to look at all the rows of STATES below.
PAUSED, SIGNED_OUT, UNOBSERVED = State.PAUSED, State.SIGNED_OUT, State.UNOBSERVED
PAUSED_NOWHERE, PAUSED_IN_SOME, PAUSED_IN_ALL = Pause.NONE, Pause.SOME, Pause.ALL
TELEPHONE_FREE, TELEPHONE_IN_USE = Device.FREE, Device.IN_USE
TELEPHONE_RINGS, TELEPHONE_GONE = Device.RINGING, Device.UNREACHABLE


class View(NamedTuple):
    """What the facts of a seat mean: all that an agent's time line needs to know of it."""

    name: str
    state: State
    member: bool  # of a queue that counts; stays the truth for sign-ins while a call outlives the membership
    pause: Pause
    reason: str  # of the newest pause in force
    reason_at: int  # µs, when that pause was set: the newest of several seats names the agent's reason


class Rejected(NamedTuple):
    """An event that can't be: what came, in which state, and why it was not done. Counted, never raised.

    What it proves holds all the same: that its time has come, and what it says of calls. A second `CallConnected` of a
    call ends the offer and the doubt of it; a telephone's news of a queue that the seat has left tells of offers and
    calls what it tells of any other.
    """

    event: str
    state: State
    why: str


@dataclass(slots=True)
class Membership:
    paused: bool
    reason: str
    paused_at: int  # µs
    pause_order: int  # the seat's own count of pauses: tells the newer of two in the same microsecond
    device: Device
    wrap_up_s: int


@dataclass(slots=True)
class Offer:
    queue: str
    caller_left: bool = False  # left the queue, and nobody has been seen to take the call
    unknown_since: int | None = None  # µs: a snapshot denied it, and until then it was sure that the seat rang


@dataclass(slots=True)
class Call:
    id: str | None  # None: seen by a snapshot, or outlived a gap; which call it is can't be known
    queue: str
    wrap_up_s: int = 0
    unknown_since: int | None = None  # µs: a snapshot denied it, and until then it was sure that the seat was on a call


@dataclass(slots=True)
class Seat:
    """The facts. `at` is the time of the last thing that happened to the seat; nothing happens to it before that."""

    seat: str
    name: str = ""
    at: int = 0
    queues: dict[str, Membership] = field(default_factory=dict)  # by names that are one text for all seats
    offers: dict[str, Offer] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    wrap_up_until: int | None = None
    logged_in: bool = True  # only of `Agent/` seats can it be otherwise: out until the switch says in
    pauses_seen: int = 0

    def is_called(self, name: str) -> None:
        """Every event says the name anew, or says none. The text at hand is kept: whatever is made of the seat has the
        same one then, and on a great floor there are no new ones everywhere."""
        if name and name != self.name:
            self.name = name

    def end_call(self, call: Call, at: int, rules: SeatRules) -> None:
        """Take the call off the seat; its queue's wrap-up, or the member's own, begins at `at`."""
        self.calls.remove(call)
        member = self.queues.get(call.queue)
        wrap_up_s = (member and member.wrap_up_s) or call.wrap_up_s or rules.wrap_up_s(call.queue)
        if wrap_up_s:
            self.wrap_up_until = max(self.wrap_up_until or 0, at + wrap_up_s * SECOND)
        _was_sure_until(at, self.calls)

    def end_offer(self, call: str, at: int) -> None:
        """Take the offer of that caller off the seat, if it has one."""
        if self.offers.pop(call, None):
            _was_sure_until(at, self.offers.values())


def _was_sure_until(at: int, others: Iterable[Call | Offer]) -> None:
    """One of several has ended: until now the seat was on a call, or rang, whatever the doubtful ones are worth."""
    for other in others:
        if other.unknown_since is not None:
            other.unknown_since = at


# --- what each event does to the facts; a string says why it is rejected ---------------------------------------------


def _added(seat: Seat, event: MemberAdded, at: int, rules: SeatRules) -> str | None:
    seat.is_called(event.name)
    known = seat.queues.get(event.queue)
    if known and (known.paused, known.reason) == (event.paused, event.reason if event.paused else ""):
        known.device, known.wrap_up_s = event.device, event.wrap_up_s
        return None
    seat.pauses_seen += 1
    reason = event.reason if event.paused else ""
    seat.queues[intern(event.queue)] = Membership(
        event.paused, reason, at, seat.pauses_seen, event.device, event.wrap_up_s
    )
    return None


def _removed(seat: Seat, event: MemberRemoved, at: int, rules: SeatRules) -> str | None:
    return None if seat.queues.pop(event.queue, None) else "it is no member of that queue"


def _paused(seat: Seat, event: MemberPaused, at: int, rules: SeatRules) -> str | None:
    member = seat.queues.get(event.queue)
    if member is None:
        return "it is no member of that queue"
    seat.is_called(event.name)
    member.paused = event.paused
    member.reason = event.reason if event.paused else ""
    member.paused_at = at
    seat.pauses_seen += 1
    member.pause_order = seat.pauses_seen
    return None


def _device(seat: Seat, event: DeviceChanged, at: int, rules: SeatRules) -> str | None:
    """What it tells of offers and calls holds for a member of that queue or not."""
    if event.device in (TELEPHONE_FREE, TELEPHONE_GONE):
        for call in [call for call, offer in seat.offers.items() if offer.caller_left]:
            seat.end_offer(call, at)
    if seat.calls and event.in_call is not None:
        _told_of_calls(seat, event, at, rules)
    member = seat.queues.get(event.queue)
    if member is None:
        return "it is no member of that queue"
    member.device = event.device
    return None


def _told_of_calls(seat: Seat, event: DeviceChanged, at: int, rules: SeatRules) -> None:
    """Of one that nobody saw begin the telephone tells the end; of one that was doubted it tells that it is."""
    of_queue = [call for call in seat.calls if call.queue == event.queue]
    if event.in_call and len(of_queue) == 1:
        of_queue[0].unknown_since = None
    elif not event.in_call and event.device in (TELEPHONE_FREE, TELEPHONE_GONE):
        for call in of_queue:
            if call.id is None:
                seat.end_call(call, at, rules)


def _offered(seat: Seat, event: CallOffered, at: int, rules: SeatRules) -> str | None:
    seat.is_called(event.name)
    seat.offers[event.call] = Offer(event.queue)
    seat.wrap_up_until = None
    return None


def _offer_ended(seat: Seat, event: OfferEnded, at: int, rules: SeatRules) -> str | None:
    seat.end_offer(event.call, at)
    return None


def _connected(seat: Seat, event: CallConnected, at: int, rules: SeatRules) -> str | None:
    seat.end_offer(event.call, at)
    for call in seat.calls:
        if call.id == event.call:
            call.unknown_since = None
            return "that call is connected already"
    seat.is_called(event.name)
    seat.calls.append(Call(event.call, event.queue, event.wrap_up_s))
    return None


def _ended(seat: Seat, event: CallEnded, at: int, rules: SeatRules) -> str | None:
    """Asterisk names another caller than it connected where it took a `Local/` channel out of the call meanwhile."""
    of_queue = [call for call in seat.calls if call.queue == event.queue]
    named = [call for call in seat.calls if call.id == event.call is not None]
    uncertain = [call for call in of_queue if call.id is None and event.call is not None]
    ended = named or uncertain or of_queue
    if not ended:
        return "it has no such call"
    seat.end_call(ended[0], at, rules)
    return None


def _logged(seat: Seat, event: AgentLogged, at: int, rules: SeatRules) -> str | None:
    seat.logged_in = event.logged_in
    return None


EFFECTS: dict[type[SeatEvent], Callable[..., str | None]] = {
    MemberAdded: _added,  # ........ a row for the queue, with its pause and telephone; a known one's telephone
    MemberRemoved: _removed,  # .... the queue's row goes; calls stay
    MemberPaused: _paused,  # ...... the queue's pause and reason; each makes it the newest
    DeviceChanged: _device,  # ..... the queue's telephone; free or gone, it ends offers whose caller has left
    CallOffered: _offered,  # ...... an offer; any wrap-up is over
    OfferEnded: _offer_ended,  # ... the offer goes
    CallConnected: _connected,  # .. the offer becomes a call (every other seat's offer of it goes: ccd.floor.floor)
    CallEnded: _ended,  # .......... that call goes, else the oldest of its queue; wrap-up begins
    AgentLogged: _logged,  # ....... somebody is, or nobody is, on the `Agent/` seat
}


# --- which state the facts mean: the first row of which the fact holds -----------------------------------------------

(
    ON_QUEUE_CALL, NOBODY_THERE, OFFERED_A_CALL, IS_PAUSED, IS_UNREACHABLE, IN_USE, RINGS, WRAPS_UP, OTHERWISE,
) = (1 << bit for bit in range(9))  # fmt: skip

STATES: tuple[tuple[State, int], ...] = (
    (State.ON_CALL, ON_QUEUE_CALL),  # ........ a queue call is connected, also after the last queue was left
    (State.SIGNED_OUT, NOBODY_THERE),  # ...... a member of no queue that counts, or nobody logged in on `Agent/`
    (State.RINGING, OFFERED_A_CALL),  # ....... a queue call is offered, also to who paused since
    (State.PAUSED, IS_PAUSED),  # ............. in all queues that count, or in any, and no call goes before it
    (State.UNREACHABLE, IS_UNREACHABLE),  # ... the telephone is gone in every queue
    (State.OTHER_CALL, IN_USE),  # ............ it is in use in any queue: a call that is no queue's
    (State.RINGING, RINGS),  # ................ it rings in any queue
    (State.WRAP_UP, WRAPS_UP),  # ............. a queue call's wrap-up time runs, and no offer came since
    (State.AVAILABLE, OTHERWISE),  # .......... none of these
)
# UNOBSERVED is in no row: in a gap, and where a snapshot contradicts what was known, the floor and ccd.floor.reconcile
# put it into the view of the seat's open segment. Facts stay as they are until somebody speaks again.


def state_of(facts: int) -> State:
    for state, fact in STATES:
        if facts & fact:
            return state
    raise AssertionError("the last row always holds")


def view_of(seat: Seat, rules: SeatRules) -> View:
    """What the facts mean under the site's rules. Asked with every event, so the queues are gone through once."""
    facts = OTHERWISE
    counting = paused = unreachable = 0
    newest: Membership | None = None
    for queue, member in seat.queues.items():
        if queue in rules.uncounted:
            continue
        counting += 1
        if member.device is TELEPHONE_IN_USE:
            facts |= IN_USE
        elif member.device is TELEPHONE_RINGS:
            facts |= RINGS
        elif member.device is TELEPHONE_GONE:
            unreachable += 1
        if member.paused:
            paused += 1
            if newest is None or (member.paused_at, member.pause_order) > (newest.paused_at, newest.pause_order):
                newest = member
    present = counting > 0 and seat.logged_in
    if seat.calls:
        facts |= ON_QUEUE_CALL
    if not present:
        facts |= NOBODY_THERE
    if seat.offers:
        facts |= OFFERED_A_CALL
    talks_instead = facts & IN_USE and rules.other_call_while_paused == "on_call"
    if paused and (paused == counting or rules.paused_in == "any") and not talks_instead:
        facts |= IS_PAUSED
    if unreachable == counting:
        facts |= IS_UNREACHABLE
    if seat.wrap_up_until is not None:
        facts |= WRAPS_UP
    if newest is None or not present:
        return View(seat.name, state_of(facts), present, PAUSED_NOWHERE, "", 0)
    pause = PAUSED_IN_ALL if paused == counting else PAUSED_IN_SOME
    return View(seat.name, state_of(facts), True, pause, newest.reason, newest.paused_at)
