"""Whose a seat is, from instant to instant, and what a handover is to either agent (docs/time-bank.md 2.1)."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from ccd.floor.agents import SeatChange, change_of
from ccd.floor.segments import Segment


class Owner(NamedTuple):
    """Whose a seat is: `several` says that the roster knows more than one seat, or name, of that agent."""

    agent: str
    unit: str | None
    several: bool


NEVER = 1 << 62  # µs
OwnerOf = Callable[[str, str, str, int], Owner | None]  # pbx, seat, member name, µs → None: on no roster


def owner_or_itself(owner_of: OwnerOf, pbx: str, seat: str, name: str, at: int) -> Owner:
    return owner_of(pbx, seat, name, at) or Owner(seat, None, True)  # an interface of that name may be on another PBX


def borders_between(roster_borders: Sequence[int], start: int, end: int) -> Sequence[int]:
    """Those of the instants (µs, ascending) at which roster lines begin or end that lie inside (start, end)."""
    return roster_borders[bisect_right(roster_borders, start) : bisect_left(roster_borders, end)]


def owners(
    owner_of: OwnerOf, roster_borders: Sequence[int], pbx: str, seat: str, name: str, start: int, end: int
) -> Iterator[tuple[int, Owner]]:
    """Whose the seat is at `start`, and at each border of the roster before `end`, where it may be handed over."""
    for at in (start, *borders_between(roster_borders, start, end)):
        yield at, owner_or_itself(owner_of, pbx, seat, name, at)


def let_go(pbx: str, segment: Segment, at: int, told: bool) -> SeatChange:
    """To whom the seat was: it is another's from `at` on."""
    return SeatChange(at, pbx, segment.number, (pbx, segment.seat), None, told, 0, 0, 0)


def taken_over(pbx: str, segment: Segment, at: int) -> SeatChange:
    """To whom the seat is from `at` on, inside a segment: what happened at its start was the other's."""
    return SeatChange(at, pbx, segment.number, (pbx, segment.seat), segment.view, False, 0, 0, 0)


def _between(roster_borders: Sequence[int], at: int) -> tuple[int, int]:
    """The border at or before an instant, and the one after it."""
    place = bisect_right(roster_borders, at)
    before = roster_borders[place - 1] if place else at
    return before, roster_borders[place] if place < len(roster_borders) else NEVER


def changes_of(
    segments: Iterable[tuple[str, Segment]], owner_of: OwnerOf, roster_borders: Sequence[int], until: int
) -> Iterator[tuple[Owner, SeatChange]]:
    """What stored segments, as (pbx, segment) in any order, are to the agents whose seats they were on.

    A segment over one of the `roster_borders` is split there where the seat is handed on; an open one ends at `until`.
    """
    holders: dict[tuple[str, str], Owner] = {}
    known: dict[tuple[str, str, str], Owner] = {}  # by PBX, seat and name, between the same two borders
    begins_at = ends_at = 0  # of these
    for pbx, segment in sorted(segments, key=lambda each: (each[1].start, each[0], each[1].number)):
        key = (pbx, segment.seat)
        end = until if segment.end is None else segment.end
        if not begins_at <= segment.start < ends_at:
            begins_at, ends_at = _between(roster_borders, segment.start)
            known.clear()
        if end <= ends_at:
            named = (pbx, segment.seat, segment.view.name)
            only = known.get(named)
            if only is None:
                only = known[named] = owner_or_itself(owner_of, *named, segment.start)
            elif holders.get(key) is only:  # nearly always: the next segment of whose seat it was
                yield only, change_of(segment, pbx)
                continue
            whose: Iterable[tuple[int, Owner]] = ((segment.start, only),)
        else:
            whose = owners(owner_of, roster_borders, pbx, segment.seat, segment.view.name, segment.start, end)
        for at, owner in whose:
            begins, before = at == segment.start, holders.get(key)
            if before is not None and before.agent != owner.agent:
                yield before, let_go(pbx, segment, at, segment.told and begins)
            elif before is not None and not begins:
                continue  # it is the same agent's still
            holders[key] = owner
            yield owner, change_of(segment, pbx) if begins else taken_over(pbx, segment, at)
