"""Where what AMI told ends and the log has to go on: what the floor knows there, and which lines are no news to it.

Of the second in which a gap begins nobody may remember which of the log's lines AMI told, too: a process that is killed
may not have written the last evidence. What the floor knows then decides: of a seat's lines as many were told as lead
to what is known of it; an end was told of a call or an offer that is there no more, and with it how the offer began.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from ccd.floor.days import SECOND
from ccd.floor.events import (
    CallConnected,
    CallEnded,
    CallOffered,
    MemberAdded,
    MemberPaused,
    MemberRemoved,
    OfferEnded,
    PbxEvent,
)
from ccd.floor.floor_state import FloorState
from ccd.pbx.fill import Pauses
from ccd.pbx.observation import Keep, keep_nothing
from ccd.pbx.queue_log import QueueLog
from ccd.pbx.translate import Scope

Row = tuple[bool, str] | None  # whether paused, and why; None: no member


def log_of(state: FloorState, seats: Iterable[tuple[str, str]], scope: Scope, keep: Keep = keep_nothing) -> QueueLog:
    """A log that goes on from the floor: who is in which queue, and whose names stand for which seats; `seats` are
    further pairs of a member name and an interface."""
    queues: dict[str, list[str]] = defaultdict(list)
    for seat in state.seats.values():
        for queue in seat.queues:
            queues[queue].append(seat.seat)
    named = [(seat.name, seat.seat) for seat in state.seats.values() if seat.name]
    return QueueLog([*named, *seats], scope, queues, keep)


def pauses_of(state: FloorState) -> Pauses:
    return {
        (seat.seat, queue): (member.paused, member.reason)
        for seat in state.seats.values()
        for queue, member in seat.queues.items()
    }


def news_of(
    state: FloorState, logged: Sequence[PbxEvent], since: int, told: Sequence[PbxEvent] | None
) -> list[PbxEvent]:
    """The log's events, without those that the floor knows of although nobody remembers what was `told` last (None).
    What is remembered is told apart by whoever fills the gap (ccd.pbx.fill)."""
    known = set() if told is not None else {id(event) for event in told_before(state, logged, since)}
    return [event for event in logged if id(event) not in known]


def told_before(state: FloorState, logged: Sequence[PbxEvent], since: int) -> list[PbxEvent]:
    """Those of the events of the second in which the gap began (`since`, µs) that the floor knows of."""
    second = since // SECOND
    of_second = [event for event in logged if event.at // SECOND == second]
    of_pairs: dict[tuple[str, str], list[PbxEvent]] = defaultdict(list)
    known: list[PbxEvent] = []
    ended = {(event.seat, event.call) for event in of_second if isinstance(event, CallEnded)}
    for event in of_second:
        match event:
            case MemberAdded() | MemberPaused() | MemberRemoved():
                of_pairs[event.seat, event.queue].append(event)
            case CallConnected() if _has_call(state, event) or (event.seat, event.call) in ended:
                known.append(event)
            case CallEnded() if not _has_call(state, event):
                known.append(event)
            case OfferEnded() if not _has_offer(state, event):
                known.append(event)
    over = {(event.seat, event.call) for event in known if isinstance(event, CallConnected | OfferEnded)}
    near = (event for event in logged if second - 1 <= event.at // SECOND <= second)
    for event in near:  # an offer is reckoned back from the second of its end
        if isinstance(event, CallOffered) and (_has_offer(state, event) or (event.seat, event.call) in over):
            known.append(event)
    for (seat, queue), events in of_pairs.items():
        known += _leading_to(_row(state, seat, queue), events)
    return known


def _leading_to(row: Row, events: Sequence[PbxEvent]) -> Sequence[PbxEvent]:
    """As many of them, from the first on, as can have led to the row; none, where none does."""
    reached: Row = None
    count = 0
    for number, event in enumerate(events, 1):
        match event:
            case MemberAdded() | MemberPaused():
                reached = event.paused, event.reason if event.paused else ""
            case MemberRemoved():
                reached = None
        if reached == row:
            count = number
    return events[:count]


def _row(state: FloorState, seat: str, queue: str) -> Row:
    known = state.seats.get(seat)
    member = known.queues.get(queue) if known else None
    return None if member is None else (member.paused, member.reason)


def _has_call(state: FloorState, event: CallConnected | CallEnded) -> bool:
    known = state.seats.get(event.seat)
    return known is not None and any(call.id == event.call for call in known.calls)


def _has_offer(state: FloorState, event: CallOffered | OfferEnded) -> bool:
    known = state.seats.get(event.seat)
    return known is not None and event.call in known.offers
