"""The floor of one PBX: events in, transitions out. Pure; the same code runs live, in replay and in the tests.

Each seat has a clock of its own: an event older than the seat's last applies at the last's time (docs/time-bank.md
2.1), so how the events of different seats interleave can't matter. What belongs to all of them comes as `Heard` (ends
wrap-ups that nothing else ended), `Lost` (a gap begins), `Found` (queue_log tells of it) and `Snapshot` (ends a gap, or
is held against what is known: ccd.floor.reconcile). How a seat's time line goes on is in ccd.floor.seat_lines.
"""

from collections import Counter
from heapq import heappop, heappush
from typing import assert_never

from ccd.floor.callers import Callers, in_order
from ccd.floor.events import (
    AgentLogged,
    CallConnected,
    CallEnded,
    CallerJoined,
    CallerLeft,
    CallOffered,
    DeviceChanged,
    Found,
    Heard,
    Lost,
    MemberAdded,
    MemberPaused,
    MemberRemoved,
    OfferEnded,
    PbxEvent,
    SeatEvent,
    Snapshot,
)
from ccd.floor.floor_state import FloorState
from ccd.floor.reconcile import reconcile
from ccd.floor.rules import SeatRules
from ccd.floor.seat_lines import TELEPHONE, SeatLines
from ccd.floor.seats import EFFECTS, SIGNED_OUT, TELEPHONE_FREE, UNOBSERVED, Rejected, Seat, view_of
from ccd.floor.segments import Transition


class Floor(SeatLines):
    """`apply` an event, get the transitions it caused.

    A rejected event is counted, and not done. Its time counts: nothing happens to the seat before it any more, and a
    wrap-up that was to end by then has ended. What it proves of calls and callers counts as well (`Rejected`).
    """

    def __init__(self, rules: SeatRules, state: FloorState | None = None) -> None:
        super().__init__(rules, state or FloorState())
        self.rejected: Counter[Rejected] = Counter()
        self.touched: set[str] = set()  # seats whose facts may have changed; whoever stores them clears it
        self.queues_touched: set[str] = set()  # whose callers have; whoever shows them clears it
        self.callers = Callers(self.state)

    def apply(self, event: PbxEvent) -> list[Transition]:
        match event:
            case DeviceChanged() | CallOffered() | CallEnded():  # the frequent ones first: each is asked for in turn
                return self._seat_event(event)
            case CallConnected():
                return self._others_stop_ringing(event) + self._seat_event(event)
            case CallerJoined():
                return self._caller_joined(event)
            case CallerLeft():
                return self._caller_left(event)
            case MemberPaused() | OfferEnded() | MemberAdded() | MemberRemoved() | AgentLogged():
                return self._seat_event(event)
            case Heard():
                return self._heard(event.at)
            case Lost():
                return self._lost(event.at)
            case Found():
                return self._found(event.at)
            case Snapshot():
                return self._snapshot(event)
            case _:
                assert_never(event)

    # --- one seat ----------------------------------------------------------------------------------------------------

    def _seat_event(self, event: SeatEvent) -> list[Transition]:
        state = self.state
        seat = state.seats.get(event.seat) or self.seat(event.seat)
        at = event.at if event.at > seat.at else seat.at
        if state.gap_since is not None:
            self._speaks_in_gap(seat, event)
        elif self.in_doubt:
            self.in_doubt.pop(event.seat, None)
        wrap_up_until = seat.wrap_up_until
        transitions = [] if wrap_up_until is None else self.end_wrap_up_until(seat, at)
        offers, wrap_up_until = list(seat.offers) if seat.offers else (), seat.wrap_up_until
        why_not = EFFECTS[type(event)](seat, event, at, self.rules)
        seat.at = at
        self.touched.add(event.seat)
        if why_not:
            self._reject(event, why_not)
        if seat.wrap_up_until is not None and seat.wrap_up_until != wrap_up_until:
            heappush(self._wrap_ups, (seat.wrap_up_until, seat.seat))
        if offers:
            self.forget_offers(seat, offers)
        if type(event) is DeviceChanged:
            return transitions + self.turn(seat, at, event.ref, True)
        offered = answered = missed = 0
        if type(event) is CallOffered:
            offered = 1
            self._offered.setdefault(event.call, set()).add(event.seat)
        elif type(event) is CallConnected:
            answered = 0 if why_not else 1
        elif type(event) is OfferEnded:
            missed = int(event.missed)
        return transitions + self.turn(seat, at, event.ref, True, offered, answered, missed)

    def _reject(self, event: SeatEvent, why: str) -> None:
        state = self.state.open[event.seat].view.state if event.seat in self.state.open else SIGNED_OUT
        self.rejected[Rejected(type(event).__name__, state, why)] += 1

    def _speaks_in_gap(self, seat: Seat, event: SeatEvent) -> None:
        """With no snapshot yet: so queue_log does, of what was after a restart (docs/time-bank.md 2.2). Calls end
        with one. Whether the seat still is in a queue, and paused there, nobody knows until that queue is spoken of: of
        whom it rings, that there is no pause."""
        if seat.seat not in self.in_doubt:
            offers = list(seat.offers)
            seat.offers.clear()
            self.forget_offers(seat, offers)
            seat.calls.clear()
            seat.wrap_up_until = None
            self.in_doubt[seat.seat] = seat.queues.keys() - self.rules.uncounted
        in_doubt = self.in_doubt[seat.seat]
        match event:
            case MemberAdded() | MemberPaused() | MemberRemoved():
                in_doubt.discard(event.queue)
            case CallOffered() | CallConnected() if event.queue in in_doubt:
                in_doubt.remove(event.queue)
                member = seat.queues[event.queue]
                member.paused, member.reason = False, ""
            case AgentLogged(logged_in=False):
                in_doubt.clear()

    # --- callers: what one seat's event, or the caller's own, does to the others -------------------------------------

    def _others_stop_ringing(self, event: CallConnected) -> list[Transition]:
        self.callers.connected(event)
        self._queue_touched(event.queue)
        transitions: list[Transition] = []
        for name in sorted(self._offered.pop(event.call, set()) - {event.seat}):
            transitions += self._stop_ringing(name, event.call, event.at, event.ref)
        return transitions

    def _stop_ringing(self, name: str, call: str, at: int, ref: int) -> list[Transition]:
        seat = self.state.seats[name]
        if call not in seat.offers:
            return []
        at = max(at, seat.at)
        transitions = self.end_wrap_up_until(seat, at)
        seat.end_offer(call, at)
        seat.at = at
        self.touched.add(name)
        return transitions + self.turn(seat, at, ref, True)

    def _caller_joined(self, event: CallerJoined) -> list[Transition]:
        self.callers.joined(event)
        self.queues_touched.add(event.queue)
        return []

    def _caller_left(self, event: CallerLeft) -> list[Transition]:
        self.callers.left(event)
        self._queue_touched(event.queue)
        transitions: list[Transition] = []
        if event.abandoned:
            for name in sorted(self._offered.pop(event.call, set())):
                transitions += self._stop_ringing(name, event.call, event.at, event.ref)
            return transitions
        for name in self._offered.get(event.call, set()):
            offer = self.state.seats[name].offers.get(event.call)
            if offer:
                offer.caller_left = True
                self.touched.add(name)
        return transitions

    def _queue_touched(self, queue: str) -> None:
        if queue in self.state.waiting:
            self.queues_touched.add(queue)

    # --- all seats at once -------------------------------------------------------------------------------------------

    def _heard(self, at: int) -> list[Transition]:
        state = self.state
        state.heard_at = max(at, state.heard_at or at)
        self.callers.heard(at)
        transitions: list[Transition] = []
        while self._wrap_ups and self._wrap_ups[0][0] <= at:
            until, name = heappop(self._wrap_ups)
            seat = state.seats[name]
            if seat.wrap_up_until == until:
                transitions += self.end_wrap_up_until(seat, at)
        return transitions

    def _snapshot(self, snapshot: Snapshot) -> list[Transition]:
        self.queues_touched |= self.state.waiting.keys()
        transitions = reconcile(self, self.callers, snapshot)
        waiting = self.state.waiting
        waiting.update({queue: in_order(callers) for queue, callers in waiting.items()})
        self.queues_touched |= waiting.keys()
        self.touched.update(self.state.seats)
        return transitions

    def follow(self, rules: SeatRules) -> list[Transition]:
        """Other rules, from what has been heard on, not from each seat's next event: the transitions of the seats whose
        facts mean something else now.

        What was before stays as it was measured, and no second is anybody's twice: the instant is the switch's own, its
        watermark. Nobody signed in or out, and no pause began: nothing of it is counted. In a gap nothing is known; the
        snapshot that ends it is read by the new rules.
        """
        self.rules = rules
        state = self.state
        if state.gap_since is not None:
            return []
        heard_at = max(state.heard_at or 0, state.confirmed_at or 0)
        transitions: list[Transition] = []
        for name, seat in sorted(state.seats.items()):
            known = state.open.get(name)
            if known is not None and view_of(seat, rules) != known.view:
                seat.at = max(seat.at, heard_at)
                transitions += self.turn(seat, seat.at, 0, told=False)
        return transitions

    def _lost(self, at: int) -> list[Transition]:
        """Whoever is signed in becomes unobserved; who is not may have signed in meanwhile: the snapshot will tell."""
        transitions = self._heard(at)
        self.in_doubt.clear()
        if self.state.gap_since is None:
            self.state.gap_since = at
        for name, known in sorted(self.state.open.items()):
            if known.view.state not in (SIGNED_OUT, UNOBSERVED):
                seat = self.state.seats[name]
                seat.at = max(at, seat.at)
                unobserved = known.view._replace(state=UNOBSERVED)
                transitions.append(self.open(seat, seat.at, unobserved, 0, False))
        return transitions

    def _found(self, at: int) -> list[Transition]:
        """Whoever is unobserved in the gap that runs goes on as before it, from the same instant. Only whose telephone
        did something that was no queue's call is unobserved until the seat's next word: queue_log tells of none."""
        self.state.gap_since = None
        self.in_doubt.clear()
        transitions: list[Transition] = []
        for name, known in sorted(self.state.open.items()):
            seat = self.state.seats[name]
            was = view_of(seat, self.rules).state
            for member in seat.queues.values():
                member.device = TELEPHONE_FREE
            self.touched.add(name)
            if view_of(seat, self.rules).state is not was:
                self.in_doubt[name] = {TELEPHONE}
            transitions += self.turn(seat, max(known.start, seat.at, at), 0, told=False)
        return transitions
