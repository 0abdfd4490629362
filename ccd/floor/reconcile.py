"""A snapshot against what is known, without inventing or losing a second (docs/time-bank.md 2.1, 2.2).

After a gap the snapshot is the truth: whoever was signed in at either end was unobserved in between, calls it does not
know of are over, calls nobody saw begin are taken as they are. In mid-stream it should change nothing. Where it does
(a reload adds and removes static members without a word), the difference holds from the answer on; from the seat's last
confirmation, its own last event or the snapshot before, until the answer nobody knows what was true.

The end of a call, or of an offer, is not always said. Of each of them a snapshot knows, or denies it, or says nothing:
denied twice, and not known of in between, it is over (docs/adr/0008).
"""

from dataclasses import dataclass
from sys import intern

from ccd.floor.callers import Callers
from ccd.floor.days import SECOND
from ccd.floor.events import Device, Member, Snapshot
from ccd.floor.seat_lines import SeatLines
from ccd.floor.seats import Call, Membership, Offer, Pause, Seat, State, View, view_of
from ccd.floor.segments import Transition

BUSY = (Device.RINGING, Device.IN_USE, Device.MIRRORED)


@dataclass(frozen=True, slots=True)
class Answer:
    """A snapshot as it is asked about each seat."""

    at: int
    ref: int
    rows: dict[str, list[Member]]  # seat → its rows
    waiting: frozenset[str]  # callers
    spoke: frozenset[tuple[str, str]]
    seats_that_spoke: frozenset[str]
    logged_in: frozenset[str] | None


def reconcile(lines: SeatLines, callers: Callers, snapshot: Snapshot) -> list[Transition]:
    """Hold the snapshot against the floor; the transitions count no sign-ins and no pauses."""
    state = lines.state
    answer = _answer(snapshot)
    gap_since, state.gap_since = state.gap_since, None
    lines.in_doubt.clear()
    after_gap = gap_since is not None
    transitions: list[Transition] = []
    for name in sorted(answer.rows.keys() | state.seats.keys() | (answer.logged_in or frozenset())):
        seat = lines.seat(name)
        offers = list(seat.offers)
        if after_gap or (state.confirmed_at is None and name not in state.open):
            transitions += _observe_again(lines, seat, answer, gap_since)
        else:
            transitions += _compare(lines, seat, answer)
        lines.forget_offers(seat, offers)
        lines.index(seat)
    if after_gap or state.confirmed_at is None:
        callers.seen_again(snapshot)
    else:
        callers.compared(snapshot, state.confirmed_at)
    state.confirmed_at = snapshot.at
    return transitions


def _answer(snapshot: Snapshot) -> Answer:
    rows: dict[str, list[Member]] = {}
    for row in snapshot.members:
        rows.setdefault(row.seat, []).append(row)
    waiting = frozenset(caller.call for caller in snapshot.waiting)
    seats_that_spoke = frozenset(seat for seat, _ in snapshot.spoke)
    return Answer(snapshot.at, snapshot.ref, rows, waiting, snapshot.spoke, seats_that_spoke, snapshot.logged_in)


# --- after a gap -----------------------------------------------------------------------------------------------------


def _observe_again(lines: SeatLines, seat: Seat, answer: Answer, gap_since: int | None) -> list[Transition]:
    """The seat's facts after a gap, which began at `gap_since` (µs), or at the first sight of it."""
    rows = answer.rows.get(seat.seat, [])
    at = max(answer.at, seat.at)
    transitions = lines.end_wrap_up_until(seat, at)
    known = lines.state.open.get(seat.seat)
    if seat.wrap_up_until is not None and seat.wrap_up_until <= at:
        seat.wrap_up_until = None  # it ended where nobody saw it
    seat.queues = {row.queue: _membership(seat, row, seat.queues.get(row.queue)) for row in rows}
    _take_name_and_login(seat, rows, answer)
    seat.offers = _still_offered(seat, rows, answer)
    _take_calls(lines, seat, rows, at)
    known_now: list[Call | Offer] = [*seat.calls, *seat.offers.values()]
    for each in known_now:
        each.unknown_since = None
    if gap_since is not None and (known is None or known.view.state is State.SIGNED_OUT) and _signed_in(lines, seat):
        since = max(gap_since, known.start if known else gap_since)
        unseen = View(seat.name, State.UNOBSERVED, False, Pause.NONE, "", 0)
        if since < at:
            transitions.append(lines.open(seat, since, unseen, 0, False))
    seat.at = at
    return transitions + lines.turn(seat, at, answer.ref, False)


def _still_offered(seat: Seat, rows: list[Member], answer: Answer) -> dict[str, Offer]:
    """An offer outlives a gap while its caller waits and the telephone is busy."""
    if not any(row.device in BUSY for row in rows):
        return {}
    return {call: offer for call, offer in seat.offers.items() if call in answer.waiting}


def _take_calls(lines: SeatLines, seat: Seat, rows: list[Member], at: int) -> None:
    """Calls that the snapshot knows of go on, which call it is being uncertain from now on; the others are over."""
    in_call = {row.queue for row in rows if row.in_call or (row.in_call is None and row.device in BUSY)}
    for call in list(seat.calls):
        if call.queue in in_call:
            call.id = None
        else:
            seat.end_call(call, at, lines.rules)
    with_call = {call.queue for call in seat.calls}
    for row in rows:
        if row.in_call and row.queue not in with_call:
            seat.calls.append(Call(None, row.queue))


def _signed_in(lines: SeatLines, seat: Seat) -> bool:
    return view_of(seat, lines.rules).state is not State.SIGNED_OUT


# --- in mid-stream ---------------------------------------------------------------------------------------------------


def _compare(lines: SeatLines, seat: Seat, answer: Answer) -> list[Transition]:
    """The seat's facts in mid-stream: what its own events said meanwhile stays, the rest is as the snapshot says."""
    transitions = lines.end_wrap_up_until(seat, answer.at)
    before = view_of(seat, lines.rules)
    known = lines.state.open.get(seat.seat)
    rows = answer.rows.get(seat.seat, [])
    confirmed = max(seat.at, lines.state.confirmed_at or 0)
    by_queue = {row.queue: row for row in rows}
    for queue in by_queue.keys() | seat.queues.keys():
        if (seat.seat, queue) not in answer.spoke:
            _take_row(seat, queue, by_queue.get(queue))
    _take_name_and_login(seat, rows, answer)
    at = max(answer.at, seat.at)
    unseen_since = _end_denied(seat, rows, answer, confirmed)
    if before.state is State.SIGNED_OUT:
        unseen_since = None  # so it was, whatever it was offered
    after = view_of(seat, lines.rules)
    differs = (before.member, before.pause) != (after.member, after.pause)
    if differs and not seat.calls and unseen_since is None:
        unseen_since = confirmed
    if unseen_since is not None:
        unseen_since = max(unseen_since, known.start if known else 0)  # what was told before stays told
        if unseen_since < at:
            who = before.name if before.member else after.name
            unseen = before._replace(name=who, state=State.UNOBSERVED)
            transitions.append(lines.open(seat, unseen_since, unseen, 0, False))
    turned = lines.turn(seat, at, answer.ref, False)
    seat.at = at if differs or turned else seat.at  # what is said later of an earlier moment applies from here on
    return transitions + turned


def _membership(seat: Seat, row: Member, known: Membership | None) -> Membership:
    """A row as a fact. A pause that goes on keeps its place among the newest, and the reason that a restart lost."""
    if known and known.paused and row.paused and row.reason in ("", known.reason):
        return Membership(True, known.reason, known.paused_at, known.pause_order, row.device, row.wrap_up_s)
    seat.pauses_seen += 1
    reason = row.reason if row.paused else ""
    return Membership(row.paused, reason, row.paused_since_s * SECOND, seat.pauses_seen, row.device, row.wrap_up_s)


def _take_row(seat: Seat, queue: str, row: Member | None) -> None:
    if row is None:
        seat.queues.pop(queue, None)
    else:
        seat.queues[intern(queue)] = _membership(seat, row, seat.queues.get(queue))


def _take_name_and_login(seat: Seat, rows: list[Member], answer: Answer) -> None:
    for row in rows:
        seat.is_called(row.name)
    if answer.logged_in is not None and seat.seat.startswith("Agent/"):
        seat.logged_in = seat.seat in answer.logged_in


# --- calls and offers whose end was not said -------------------------------------------------------------------------


def _end_denied(seat: Seat, rows: list[Member], answer: Answer, confirmed: int) -> int | None:
    """End what has been denied often enough. Since when (µs) the seat is unseen, None where it is not.

    That is, if what it showed is over: all of its calls, or all of its offers where it had no call.
    """
    if seat.seat in answer.seats_that_spoke or not (seat.calls or seat.offers):
        return None
    shown: list[Call] | list[Offer] = seat.calls or list(seat.offers.values())
    on_call = bool(seat.calls)
    # Calls end without wrap-up: that began, and perhaps ended, where nobody saw it.
    seat.calls = [call for call in seat.calls if not _is_over(call, _of_call(seat, call, rows), confirmed)]
    seat.offers = {
        call: offer
        for call, offer in seat.offers.items()
        if not _is_over(offer, _of_offer(call, rows, answer), confirmed)
    }
    if seat.calls if on_call else seat.offers:
        return None
    return max(each.unknown_since or confirmed for each in shown)


def _is_over(what: Call | Offer, known: bool | None, confirmed: int) -> bool:
    """Denied for the second time; of a call that nobody saw begin the first is enough."""
    if known:
        what.unknown_since = None
    if known is not False:
        return False
    first = what.unknown_since is None
    if first:
        what.unknown_since = confirmed
    return not first or (isinstance(what, Call) and what.id is None)


def _of_call(seat: Seat, call: Call, rows: list[Member]) -> bool | None:
    """Whether the snapshot knows of the call; None where what it says can be about another one, or about none.

    It denies it where every row says that there is none, on a telephone that is not busy: a member that was added anew
    during its call is in none too, and so is every member after a `QueueReset`, but their telephones are in use.
    """
    if any(row.in_call and row.queue == call.queue for row in rows):
        return True if sum(other.queue == call.queue for other in seat.calls) == 1 else None
    denied = rows and all(row.in_call is False and row.device not in BUSY for row in rows)
    return False if denied else None


def _of_offer(call: str, rows: list[Member], answer: Answer) -> bool | None:
    """A caller who waits may be offered here: a telephone's status can be late, or be none. A busy one proves nothing.

    It is the caller's not being listed that denies the offer.
    """
    if call in answer.waiting:
        return True
    return None if any(row.device in BUSY for row in rows) else False
