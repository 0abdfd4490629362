"""Whose the seats were on a business day, by the roster: which seats have to be read to measure an agent. Pure."""

from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from operator import itemgetter
from typing import NamedTuple

from ccd.floor.agents import AgentRules
from ccd.floor.crew import RulesOf, with_own_days
from ccd.floor.days import BusinessDay
from ccd.floor.own_days import OwnDay, OwnDays
from ccd.floor.owners import Owner, OwnerOf, borders_between, owner_or_itself, owners

SeatKey = tuple[str, str]  # pbx, seat
OwnDaysIn = Callable[[str, int, int], Iterable[OwnDay]]  # an agent's, by the roster, that a span of µs reaches into


def nobodys(agent: str, start: int, end: int) -> Iterable[OwnDay]:
    """There is no roster."""
    return ()


def nobody(unit: str) -> Collection[str]:
    """There is no roster."""
    return ()


def whole_time(agents: Container[str], day: date) -> dict[str, int]:
    """Nobody works part of the time."""
    return {}


def by_itself(unit: str, day: date) -> tuple[str, ...]:
    """No unit stands above."""
    return (unit,)


class SeatSeen(NamedTuple):
    """A seat, and a member name that was seen on it."""

    pbx: str
    seat: str
    name: str


@dataclass(frozen=True, slots=True)
class Measuring:
    """How a site measures: whose a seat is, the instants (µs, ascending) at which that may change, a unit's rules."""

    owner_of: OwnerOf
    roster_borders: Sequence[int]
    rules_of: RulesOf
    moves: Mapping[str, OwnDays] = field(default_factory=dict)  # of the agents who change units, their own days
    own_days: OwnDaysIn = nobodys  # whether a seat of the agent was seen or not
    ever_in: Callable[[str], Collection[str]] = nobody  # the agents whom the roster puts into a unit at some time
    with_above: Callable[[str, date], Collection[str]] = by_itself  # a unit, and all above it on a day
    interfaces_of: Callable[[str], Collection[str]] = nobody  # all on which the roster has an agent at some time
    part_time_on: Callable[[Container[str], date], dict[str, int]] = whole_time  # who of agents is, and their share

    def reaches_back(self, day: BusinessDay) -> int:
        """Where the earliest of those days begins that end with a unit's `day`: an agent's first one after a move can
        be longer."""
        own = (days.of_date(day.day) for days in self.moves.values())
        return min([day.start, *(each.start for each in own if each.end == day.end)])

    def agent_rules(self, agent: str, unit: str | None) -> AgentRules:
        return with_own_days(self.rules_of(unit), self.moves.get(agent))

    def borders_between(self, start: int, end: int) -> Sequence[int]:
        """Those inside (start, end)."""
        return borders_between(self.roster_borders, start, end)

    def owners(self, seen: SeatSeen, start: int, end: int) -> Iterator[tuple[int, Owner]]:
        """Whose the seat is at `start`, and at each border of the roster before `end`."""
        return owners(self.owner_of, self.roster_borders, *seen, start, end)


@dataclass(slots=True)
class Holder:
    """An agent on a day: the unit is that at the day's start, or where the agent first stands on the roster in it."""

    unit: str | None
    came_from: str | None  # the unit just before the day
    day: BusinessDay  # the agent's own; the unit's for whoever has not just moved
    # Of which some instant of the day, or the one before, was the agent's.
    seats: set[SeatKey] = field(default_factory=set)


def holders(seen: Iterable[SeatSeen], measuring: Measuring, day: BusinessDay) -> Mapping[str, Holder]:
    """By agent. A seat that is on no roster is its own agent, in no unit. `seen` is what was there in the day, and
    from where it `reaches_back`."""
    found: dict[str, Holder] = {}
    before: dict[str, tuple[str | None, set[SeatKey]]] = {}
    seen = sorted(seen)
    for pbx, seat, name in seen:
        owner = owner_or_itself(measuring.owner_of, pbx, seat, name, day.start - 1)
        before.setdefault(owner.agent, (owner.unit, set()))[1].add((pbx, seat))
    owned = [(at, each, owner) for each in seen for at, owner in measuring.owners(each, day.start, day.end)]
    for _, each, owner in sorted(owned, key=itemgetter(0)):  # the first in time says the unit
        holder = found.get(owner.agent)
        if holder is None:
            came_from, seats = before.get(owner.agent, (None, set()))
            holder = found[owner.agent] = Holder(owner.unit, came_from, day, seats)
        holder.seats.add((each.pbx, each.seat))
    for agent, days in measuring.moves.items():
        _have_own_day(agent, days, found, seen, measuring, day)
    return found


def _have_own_day(
    agent: str,
    days: OwnDays,
    found: dict[str, Holder],
    seen: Iterable[SeatSeen],
    measuring: Measuring,
    day: BusinessDay,
) -> None:
    """Whoever moves has one day of a date, in one unit, and is held by that or not at all."""
    own = days.own_day(day.day)
    holder = found.pop(agent, None)
    if own is None or own.day.end != day.end:
        return
    seats = set() if holder is None else holder.seats
    for each in seen:
        if any(owner.agent == agent for _, owner in measuring.owners(each, own.day.start, own.day.end)):
            seats.add((each.pbx, each.seat))
    if seats:
        found[agent] = Holder(own.unit, own.came_from, own.day, seats)
