"""Where what AMI told ends and the log has to go on: what the floor knows there, and which lines are no news to it.

Of the second in which a gap begins nobody may remember which of the log's lines AMI told, too: a process that is killed
may not have written the last evidence. What the floor knows then decides: of a seat's lines as many were told as lead
to what is known of it; an end was told of a call or an offer that is there no more, and with it how the offer began. A
call that rings yet was neither taken nor ended.
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
    """A log that goes on from the floor: who is in which queue, whose names stand for which seats, and which of them is
    on a call; `seats` are further pairs of a member name and an interface."""
    queues: dict[str, list[str]] = defaultdict(list)
    for seat in state.seats.values():
        for queue in seat.queues:
            queues[queue].append(seat.seat)
    named = [(seat.name, seat.seat) for seat in state.seats.values() if seat.name]
    calls = {(seat.name, call.id): seat.seat for seat in state.seats.values() for call in seat.calls if call.id}
    return QueueLog([*named, *seats], scope, queues, keep, calls)


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
            case CallConnected() if _has_call(state, event):
                known.append(event)
            case CallConnected() if (event.seat, event.call) in ended and not _has_offer(state, event):
                known.append(event)
            case CallEnded() if not _has_call(state, event) and not _has_offer(state, event):
                known.append(event)
            case OfferEnded() if not _has_offer(state, event):
                known.append(event)
    told = {id(event) for event in known}
    is_over: dict[tuple[str, str], bool] = {}  # the offer above it, by what ended it
    for event in reversed(logged):
        if isinstance(event, CallConnected | OfferEnded):
            is_over[event.seat, event.call] = event.at // SECOND < second or id(event) in told
        elif (
            isinstance(event, CallOffered)
            and second - 1 <= event.at // SECOND <= second
            and (  # it is reckoned back
                _has_offer(state, event) or is_over.get((event.seat, event.call), False)
            )
        ):
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


def _has_offer(state: FloorState, event: CallOffered | OfferEnded | CallConnected | CallEnded) -> bool:
    known = state.seats.get(event.seat)
    return known is not None and event.call in known.offers
