"""The second in which a gap begins, where nobody remembers which of the log's lines AMI told, too.

A process that is killed may not have written the last evidence. What the floor knows then decides: of a seat's lines as
many were told as lead to what is known of it; an end was told of a call or an offer that is there no more.
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
from ccd.floor.floor import FloorState

Row = tuple[bool, str] | None  # whether paused, and why; None: no member


def told_before(state: FloorState, logged: Iterable[PbxEvent], since: int) -> list[PbxEvent]:
    """Those of the events of the second in which the gap began (`since`, µs) that the floor knows of."""
    of_second = [event for event in logged if event.at // SECOND == since // SECOND]
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
            case CallOffered() | OfferEnded() if isinstance(event, CallOffered) == _has_offer(state, event):
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
