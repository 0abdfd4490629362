"""Whose the seats were on a business day, by the roster: which seats have to be read to measure an agent. Pure."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ccd.floor.crew import OwnerOf, RulesOf, owner_or_itself
from ccd.floor.days import BusinessDay

SeatKey = tuple[str, str]  # pbx, seat


class Seen(NamedTuple):
    """A seat, and a member name that was seen on it."""

    pbx: str
    seat: str
    name: str


@dataclass(frozen=True, slots=True)
class Measuring:
    """How a site measures: whose a seat is, the instants (µs, ascending) at which that may change, a unit's rules."""

    owner_of: OwnerOf
    roster_turns: Sequence[int]
    rules_of: RulesOf

    def turns_between(self, start: int, end: int) -> Sequence[int]:
        """Those inside (start, end)."""
        return self.roster_turns[bisect_right(self.roster_turns, start) : bisect_left(self.roster_turns, end)]


@dataclass(slots=True)
class Holder:
    """An agent on a day: the unit is that at the day's start, or where the agent first stands on the roster in it."""

    unit: str | None
    came_from: str | None  # the unit just before the day
    seats: set[SeatKey] = field(
        default_factory=set
    )  # of which some instant of the day, or the one before, was the agent's


def holders(seen: Iterable[Seen], measuring: Measuring, day: BusinessDay) -> Mapping[str, Holder]:
    """By agent. A seat that is on no roster is its own agent, in no unit."""
    found: dict[str, Holder] = {}
    before: dict[str, tuple[str | None, set[SeatKey]]] = {}
    seen = sorted(seen)
    for pbx, seat, name in seen:
        owner = owner_or_itself(measuring.owner_of, pbx, seat, name, day.start - 1)
        before.setdefault(owner.agent, (owner.unit, set()))[1].add((pbx, seat))
    for at in (day.start, *measuring.turns_between(day.start, day.end)):
        for pbx, seat, name in seen:
            owner = owner_or_itself(measuring.owner_of, pbx, seat, name, at)
            holder = found.get(owner.agent)
            if holder is None:
                came_from, seats = before.get(owner.agent, (None, set()))
                holder = found[owner.agent] = Holder(owner.unit, came_from, seats)
            holder.seats.add((pbx, seat))
    return found
