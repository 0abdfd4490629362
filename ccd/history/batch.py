"""What a floor hands over to be stored in one step: the transitions, the facts behind them, the calls
that were answered or not, and the watermark."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ccd.floor.callers import CallGone, WaitingCaller
from ccd.floor.floor_state import FloorState
from ccd.floor.seats import Seat
from ccd.floor.segments import Segment, Transition
from ccd.history.segment_rows import SEAT_FORMAT, Row, facts_of, open_of


@dataclass(frozen=True, slots=True)
class FloorStand:
    """Where a PBX's floor stands: the figures of its FloorState, and the newest evidence they stand for; 0: the same as
    before."""

    number: int
    heard_at: int | None
    confirmed_at: int | None
    gap_since: int | None
    ref: int


@dataclass(frozen=True, slots=True)
class Batch:
    """Frozen on the spot, because the floor goes on: `seats` are rows already. `waiting` are the callers who wait,
    where that has changed. Sized in rows."""

    pbx: str
    closed: tuple[Segment, ...]
    seats: Mapping[str, Row]
    standing: FloorStand
    calls: tuple[CallGone, ...] = ()
    waiting: tuple[WaitingCaller, ...] | None = None

    @property
    def rows(self) -> int:
        return len(self.closed) + len(self.seats) + len(self.calls) + 1


def batch_of(
    pbx: str,
    transitions: Sequence[Transition],
    touched: Iterable[str],
    state: FloorState,
    ref: int,
    calls: Iterable[CallGone] = (),
    waiting: tuple[WaitingCaller, ...] | None = None,
) -> Batch:
    """One batch of what the floor made of some events.

    `touched` names the seats whose facts may have changed although their view did not; those of the transitions are
    taken anyway. `ref` is the newest event's evidence reference, 0 where none is kept. `calls` are those of callers who
    wait no more; `waiting` those who do, where they are others than in the batch before.
    """
    closed = tuple(transition.closed for transition in transitions if transition.closed is not None)
    names = {transition.opened.seat for transition in transitions}
    names.update(touched)
    standing = FloorStand(
        state.number,
        state.heard_at,
        state.confirmed_at,
        state.gap_since,
        ref,
    )
    return Batch(pbx, closed, {name: _row(pbx, name, state) for name in names}, standing, tuple(calls), waiting)


def _row(pbx: str, name: str, state: FloorState) -> Row:
    facts = facts_of(state.seats[name])
    known = state.open.get(name)
    if known is None:
        return (pbx, name, SEAT_FORMAT, facts, None, None, None)
    return (pbx, name, SEAT_FORMAT, facts, open_of(known), known.number, known.start)


def never_seen(pbx: str, name: str) -> Row:
    """A seat's row of which nothing is known now: it was there only while nobody looked."""
    return (pbx, name, SEAT_FORMAT, facts_of(Seat(name, logged_in=not name.startswith("Agent/"))), None, None, None)


def batches_together(batches: Sequence[Batch]) -> list[Batch]:
    """Batches in their order as one a PBX, in the order of the PBXs' names: what locks are taken in."""
    by_pbx: dict[str, list[Batch]] = {}
    for batch in batches:
        by_pbx.setdefault(batch.pbx, []).append(batch)
    return [_joined(pbx, by_pbx[pbx]) for pbx in sorted(by_pbx)]


def _joined(pbx: str, batches: Sequence[Batch]) -> Batch:
    if len(batches) == 1:
        return batches[0]
    closed: list[Segment] = []
    calls: list[CallGone] = []
    seats: dict[str, Row] = {}
    for batch in batches:
        closed += batch.closed
        calls += batch.calls
        seats.update(batch.seats)
    waiting = next((batch.waiting for batch in reversed(batches) if batch.waiting is not None), None)
    ref = next((batch.standing.ref for batch in reversed(batches) if batch.standing.ref), 0)
    standing = replace(batches[-1].standing, ref=ref)
    return Batch(pbx, tuple(closed), seats, standing, tuple(calls), waiting)
