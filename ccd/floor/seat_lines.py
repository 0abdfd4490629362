"""The time lines of a PBX's seats: each has one open segment, closed where the seat's facts mean something else.

What can happen to a seat is elsewhere: its own events, others' and time in ccd.floor.floor, snapshots in
ccd.floor.reconcile. Both go on from here.
"""

from collections.abc import Iterable
from heapq import heappush

from ccd.floor.floor_state import FloorState
from ccd.floor.rules import SeatRules
from ccd.floor.seats import PAUSED_NOWHERE, SIGNED_OUT, UNOBSERVED, Seat, View, view_of
from ccd.floor.segments import Segment, Transition

TELEPHONE = ""  # among names of queues
NEVER_SEEN = View("", SIGNED_OUT, False, PAUSED_NOWHERE, "", 0)


class SeatLines:
    """Seats by name, by the calls that they are offered, and by when their wrap-up ends."""

    def __init__(self, rules: SeatRules, state: FloorState) -> None:
        self.rules, self.state = rules, state
        self._offered: dict[str, set[str]] = {}  # call → seats it is offered to
        self._wrap_ups: list[tuple[int, str]] = []  # a heap of when they end; stale entries are passed over
        # In a gap: each seat that has spoken since it began → the queues it was in before of which nothing was said.
        # In one that queue_log fills: each seat that did as its telephone said → its TELEPHONE.
        self.in_doubt: dict[str, set[str]] = {}
        for seat in state.seats.values():
            self.index(seat)

    def index(self, seat: Seat) -> None:
        """Make the seat's offers and wrap-up findable by call and by time."""
        for call in seat.offers:
            self._offered.setdefault(call, set()).add(seat.seat)
        if seat.wrap_up_until is not None:
            heappush(self._wrap_ups, (seat.wrap_up_until, seat.seat))

    def seat(self, name: str) -> Seat:
        seat = self.state.seats.get(name)
        if seat is None:
            seat = self.state.seats[name] = Seat(name, logged_in=not name.startswith("Agent/"))
        return seat

    def forget_offers(self, seat: Seat, before: Iterable[str]) -> None:
        """The seat is no more found by the calls that it was offered `before` and is not now."""
        for call in before:
            if call not in seat.offers and call in self._offered:
                self._offered[call].discard(seat.seat)
                if not self._offered[call]:
                    del self._offered[call]

    def turn(
        self, seat: Seat, at: int, ref: int, told: bool, offered: int = 0, answered: int = 0, missed: int = 0
    ) -> list[Transition]:
        """Close the seat's segment and open the next if its facts mean something else now, or something is counted."""
        view = view_of(seat, self.rules)
        known = self.state.open.get(seat.seat)
        if known is not None and self._is_unseen(seat, known):
            view = known.view._replace(name=seat.name, state=UNOBSERVED)
        if not (offered or answered or missed) and view == (known.view if known else NEVER_SEEN):
            return []
        return [self.open(seat, at, view, ref, told, offered, answered, missed)]

    def _is_unseen(self, seat: Seat, known: Segment) -> bool:
        """Whether nobody knows what it does. Whom a queue rings or calls does that, whatever else it does."""
        if self.state.gap_since is None and not self.in_doubt:  # nearly always
            return False
        in_doubt = self.in_doubt.get(seat.seat)
        if in_doubt is None:
            return self.state.gap_since is not None and known.view.state is UNOBSERVED
        return bool(in_doubt) and not seat.calls and not seat.offers

    def open(
        self,
        seat: Seat,
        at: int,
        view: View,
        ref: int,
        told: bool,
        offered: int = 0,
        answered: int = 0,
        missed: int = 0,
    ) -> Transition:
        """The seat's next segment, whatever its facts mean."""
        state = self.state
        known = state.open.get(seat.seat)
        state.number += 1
        opened = Segment(seat.seat, state.number, at, None, view, told, offered, answered, missed, ref, 0)
        state.open[seat.seat] = opened
        return Transition(known.closed(at, ref) if known else None, opened)

    def end_wrap_up_until(self, seat: Seat, at: int) -> list[Transition]:
        """End the seat's wrap-up if its time has come by `at`; what nobody sees ends nothing."""
        if seat.wrap_up_until is None or seat.wrap_up_until > at:
            return []
        if self.state.open[seat.seat].view.state is UNOBSERVED:
            return []
        at = seat.at = max(seat.at, seat.wrap_up_until)
        seat.wrap_up_until = None
        return self.turn(seat, at, 0, True)
