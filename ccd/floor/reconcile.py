"""A snapshot against what is known, without inventing or losing a second (docs/time-bank.md 2.1, 2.2).

After a gap the snapshot is the truth: whoever was signed in at either end was unobserved in between, calls it does not
know of are over, calls nobody saw begin are taken as they are. In mid-stream it should change nothing. Where it does
(a reload adds and removes static members without a word), the difference holds from the answer on; from the seat's last
confirmation, its own last event or the snapshot before, until the answer nobody knows what was true. A call or an offer
of which the switch forgot to say the end is over when two snapshots in a row do not know of it (docs/adr/0008).
"""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from ccd.floor.events import Device, Member, Snapshot
from ccd.floor.seats import Call, Membership, Offer, Pause, Seat, State, View
from ccd.floor.segments import Transition

if TYPE_CHECKING:
    from ccd.floor.floor import Floor

BUSY = (Device.RINGING, Device.IN_USE, Device.MIRRORED)
# A `Local/` interface without `/n`: Asterisk takes its channel out of a live call, and then says that there is none.
OPTIMISED_AWAY = re.compile(r"Local/[^/]+(/[^n]*)?")


def reconcile(floor: "Floor", snapshot: Snapshot) -> list[Transition]:
    """Hold the snapshot against the floor; the transitions count no sign-ins and no pauses."""
    state = floor.state
    rows: dict[str, list[Member]] = {}
    for row in snapshot.members:
        rows.setdefault(row.seat, []).append(row)
    after_gap = state.gap_since is not None
    transitions: list[Transition] = []
    for name in sorted(rows.keys() | state.seats.keys() | (snapshot.logged_in or frozenset())):
        seat = floor.seat(name)
        offers = list(seat.offers)
        if after_gap or (state.confirmed_at is None and name not in state.open):
            transitions += _observe_again(floor, seat, rows.get(name, []), snapshot)
        else:
            transitions += _compare(floor, seat, rows.get(name, []), snapshot)
        floor.forget_offers(seat, offers)
        floor.index(seat)
    if after_gap or state.confirmed_at is None:
        state.waiting = {}
        for caller in snapshot.waiting:
            state.waiting.setdefault(caller.queue, {})[caller.call] = caller.since
    else:
        _drop_ghosts(state.waiting, snapshot, state.confirmed_at)
    state.gap_since = None
    state.confirmed_at = snapshot.at
    return transitions


def _drop_ghosts(waiting: dict[str, dict[str, int]], snapshot: Snapshot, confirmed_at: int) -> None:
    """Callers who came before the snapshot before this one (µs), and are not listed: that they left was not said."""
    listed = {(caller.queue, caller.call) for caller in snapshot.waiting}
    for queue, callers in waiting.items():
        for call in [call for call, since in callers.items() if since < confirmed_at and (queue, call) not in listed]:
            del callers[call]


def _observe_again(floor: "Floor", seat: Seat, rows: list[Member], snapshot: Snapshot) -> list[Transition]:
    """The seat's facts after a gap, or at the first sight of it."""
    known = floor.state.open.get(seat.seat)
    at = max(snapshot.at, seat.at)
    if seat.wrap_up_until is not None and seat.wrap_up_until <= at:
        seat.wrap_up_until = None
    seat.queues = {row.queue: _membership(seat, row, seat.queues.get(row.queue)) for row in rows}
    _take_name_and_login(seat, rows, snapshot)
    if seat.offers:
        seat.offers = _still_offered(seat, rows, snapshot)
    _take_calls(floor, seat, rows, at)
    transitions: list[Transition] = []
    gap_since = floor.state.gap_since
    if gap_since is not None and (known is None or known.view.state is State.SIGNED_OUT) and _signed_in(floor, seat):
        since = max(gap_since, known.start if known else gap_since)
        unseen = View(seat.name, State.UNOBSERVED, False, Pause.NONE, "", 0)
        if since < at:
            transitions.append(floor.open(seat, since, unseen, 0, False))
    seat.at, seat.unknown_since = at, None
    return transitions + floor.turn(seat, at, snapshot.ref, False)


def _still_offered(seat: Seat, rows: list[Member], snapshot: Snapshot) -> dict[str, Offer]:
    """An offer outlives a gap while its caller waits and the telephone is busy."""
    if not any(row.device in BUSY for row in rows):
        return {}
    waiting = _waiting(snapshot)
    return {call: offer for call, offer in seat.offers.items() if call in waiting}


def _waiting(snapshot: Snapshot) -> set[str]:
    return {caller.call for caller in snapshot.waiting}


def _compare(floor: "Floor", seat: Seat, rows: list[Member], snapshot: Snapshot) -> list[Transition]:
    """The seat's facts in mid-stream: what its own events said meanwhile stays, the rest is as the snapshot says."""
    transitions = floor.end_wrap_up_until(seat, snapshot.at)
    before = floor.view(seat)
    known = floor.state.open.get(seat.seat)
    confirmed = max(seat.at, floor.state.confirmed_at or 0)
    by_queue = {row.queue: row for row in rows}
    for queue in by_queue.keys() | seat.queues.keys():
        if (seat.seat, queue) not in snapshot.spoke:
            _take_row(seat, queue, by_queue.get(queue))
    _take_name_and_login(seat, rows, snapshot)
    at = max(snapshot.at, seat.at)
    unseen_since = _end_unknown(seat, rows, snapshot, confirmed)
    if before.state is State.SIGNED_OUT:
        unseen_since = None  # so it was, whatever it was offered
    for row in rows:
        if row.in_call is False and (seat.seat, row.queue) not in snapshot.spoke:
            for call in _uncertain_calls(seat, row.queue):
                seat.end_call(call, at, floor.rules)
    after = floor.view(seat)
    differs = (before.member, before.pause) != (after.member, after.pause)
    if differs and not seat.calls and unseen_since is None:
        unseen_since = confirmed
    if unseen_since is not None:
        unseen_since = max(unseen_since, known.start if known else 0)
        if unseen_since < at:
            who = before.name if before.member else after.name
            unseen = before._replace(name=who, state=State.UNOBSERVED)
            transitions.append(floor.open(seat, unseen_since, unseen, 0, False))
    turned = floor.turn(seat, at, snapshot.ref, False)
    seat.at = at if differs or turned else seat.at  # what is said later of an earlier moment applies from here on
    return transitions + turned


def _membership(seat: Seat, row: Member, known: Membership | None) -> Membership:
    """A row as a fact. A pause that goes on keeps its place among the newest, and the reason that a restart lost."""
    if known and known.paused and row.paused and row.reason in ("", known.reason):
        return Membership(True, known.reason, known.paused_at, known.pause_order, row.device, row.wrap_up_s)
    seat.pauses_seen += 1
    reason = row.reason if row.paused else ""
    return Membership(row.paused, reason, row.paused_since_s * 1_000_000, seat.pauses_seen, row.device, row.wrap_up_s)


def _take_row(seat: Seat, queue: str, row: Member | None) -> None:
    if row is None:
        seat.queues.pop(queue, None)
    else:
        seat.queues[queue] = _membership(seat, row, seat.queues.get(queue))


def _take_name_and_login(seat: Seat, rows: Iterable[Member], snapshot: Snapshot) -> None:
    for row in rows:
        seat.name = row.name or seat.name
    if snapshot.logged_in is not None and seat.seat.startswith("Agent/"):
        seat.logged_in = seat.seat in snapshot.logged_in


def _take_calls(floor: "Floor", seat: Seat, rows: list[Member], at: int) -> None:
    """Calls that the snapshot knows of go on, which call it is being uncertain from now on; the others are over."""
    in_call = {row.queue for row in rows if row.in_call or (row.in_call is None and row.device in BUSY)}
    for call in list(seat.calls):
        if call.queue in in_call:
            call.id = None
        else:
            seat.end_call(call, at, floor.rules)
    with_call = {call.queue for call in seat.calls}
    for row in rows:
        if row.in_call and row.queue not in with_call:
            seat.calls.append(Call(None, row.queue))


def _uncertain_calls(seat: Seat, queue: str) -> list[Call]:
    return [call for call in seat.calls if call.id is None and call.queue == queue]


def _end_unknown(seat: Seat, rows: list[Member], snapshot: Snapshot, confirmed: int) -> int | None:
    """End the calls and offers of which the snapshot before knew nothing either. Since when (µs) the seat is unseen.

    That is, if what it showed is over: all of its calls, or all of its offers where it had no call.
    """
    if not seat.calls and not seat.offers:
        return None
    unseen_since, seat.unknown_since = seat.unknown_since, confirmed
    in_a_row, on_call = unseen_since is not None, bool(seat.calls)
    knows_calls, waiting = not _knows_no_call(seat, rows, snapshot), _waiting(snapshot)
    may_ring = _may_ring(seat, rows, snapshot)
    # Calls end without wrap-up: that began, and perhaps ended, where nobody saw it.
    seat.calls = [call for call in seat.calls if not _is_over(call, knows_calls, in_a_row)]
    seat.offers = {
        call: offer for call, offer in seat.offers.items() if not _is_over(offer, may_ring or call in waiting, in_a_row)
    }
    return None if (seat.calls if on_call else seat.offers) else unseen_since


def _is_over(what: Call | Offer, known: bool, in_a_row: bool) -> bool:
    over = in_a_row and what.unknown and not known
    what.unknown = not known
    return over


def _knows_no_call(seat: Seat, rows: list[Member], snapshot: Snapshot) -> bool:
    """Every row says so, with its telephone free: a member added anew during its call is in none too, but in use."""
    if not rows or OPTIMISED_AWAY.fullmatch(seat.seat) or _spoke(seat, snapshot):
        return False
    return all(row.in_call is False and row.device is Device.FREE for row in rows)


def _may_ring(seat: Seat, rows: list[Member], snapshot: Snapshot) -> bool:
    return any(row.device in BUSY for row in rows) or _spoke(seat, snapshot)


def _spoke(seat: Seat, snapshot: Snapshot) -> bool:
    return any(name == seat.seat for name, _ in snapshot.spoke)


def _signed_in(floor: "Floor", seat: Seat) -> bool:
    return floor.view(seat).state is not State.SIGNED_OUT
