"""Each agent's business days by the roster, and the unit that each of them is in (docs/time-bank.md 2.2)."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache

from ccd.floor.own_days import OwnDay, OwnDays
from ccd.org.roster import Roster
from ccd.org.units import Units

HOURS_MAX = 10_000  # different ones that are kept in mind


class AgentDays:
    def __init__(self, roster: Roster, units: Units) -> None:
        self._roster = roster
        self._units = units
        self._called: dict[str, str | None] | None = None
        self._ever_in: dict[str, frozenset[str]] | None = None
        self._own: dict[str, OwnDays | None] = {}
        self._always: dict[str, str] = {}  # of who is in one unit since ever and for ever, which
        # Of a unit's agents many are planned for the same hours.
        self._instant = lru_cache(HOURS_MAX)(units.instant)
        self._met = lru_cache(HOURS_MAX)(self._met_in)

    def knows(self, agent: str) -> bool:
        return agent in self._roster.agents

    def ever_in(self, unit: str) -> frozenset[str]:
        """The agents whom the roster puts into that unit, at whatever time."""
        if self._ever_in is None:
            found = defaultdict[str, set[str]](set)
            for entry in self._roster.entries:
                found[entry.unit].add(entry.agent)
            self._ever_in = {name: frozenset(agents) for name, agents in found.items()}
        return self._ever_in.get(unit, frozenset())

    def called(self, name: str) -> str | None:
        """The agent of that name, or whom alone people call so; None where there is none."""
        if self.knows(name):
            return name
        if self._called is None:
            self._called = {}
            for agent in self._roster.agents:
                known = self._roster.name(agent)
                self._called[known] = None if known in self._called else agent
        return self._called.get(name)

    def unit(self, agent: str, day: date) -> str | None:
        """The unit in which the agent has that day; None where the roster gives the agent no day of that date."""
        own = self._own_days(agent)
        if (always := self._always.get(agent)) is not None:
            return always
        found = own.own_day(day) if own else None
        return found.unit if found else None

    def among(self, agents: Iterable[str], units: Collection[str], start: int, end: int) -> set[str]:
        """Those of the agents who are in one of the units on a day that a span of time, µs, reaches into."""
        return {agent for agent in agents if any(own.unit in units for own in self.met(agent, start, end))}

    def instant(self, agent: str, day: date, written: date | datetime) -> int | None:
        """What was written of the agent's day, in µs, by the clock of the unit in which the agent has that day (see
        Units.instant). None where there is none."""
        unit = self.unit(agent, day)
        return None if unit is None else self._instant(unit, written)

    def timezone(self, agent: str, day: date) -> str:
        return self._units.timezone(self.unit(agent, day) or "")

    def met(self, agent: str, start: int, end: int) -> Iterator[OwnDay]:
        """The agent's days that a span of time, µs, reaches into."""
        own = self._own_days(agent)
        if own is None or start >= end:
            return
        if (always := self._always.get(agent)) is not None:
            yield from self._met(always, start, end)
            return
        day, last = own.at(start).day, own.at(end - 1).day
        while day <= last:
            found = own.own_day(day)
            if found is not None and found.day.start < end and start < found.day.end:
                yield found
            day += timedelta(days=1)

    def lines(self, agent: str, start: int, end: int) -> set[tuple[str, ...]]:
        """Of each of these days the unit, with all that it stands below that day."""
        return {self._units.with_above(own.unit, own.day.day) for own in self.met(agent, start, end)}

    def units_met(self, agent: str, start: int, end: int) -> list[str]:
        """All units of these lines, by name."""
        return sorted(set().union(*self.lines(agent, start, end)))

    def met_by_many(self, agents: Iterable[str], start: int, end: int) -> Iterator[tuple[OwnDay, int]]:
        """The same of agents for whom a span is the same: each day, and of how many of them it is."""
        there: Counter[str] = Counter()  # by unit, who is always in it
        for agent in agents:
            if agent in self._always or (self._own_days(agent) is not None and agent in self._always):
                there[self._always[agent]] += 1
            else:
                yield from ((own, 1) for own in self.met(agent, start, end))
        for unit, count in there.items():
            yield from ((own, count) for own in self._met(unit, start, end))

    def _met_in(self, unit: str, start: int, end: int) -> tuple[OwnDay, ...]:
        days = self._units.days(unit)
        met = [days.at(start)]
        while met[-1].end < end:
            met.append(days.of_date(met[-1].day + timedelta(days=1)))
        return tuple(OwnDay(unit, unit, day) for day in met)

    def _own_days(self, agent: str) -> OwnDays | None:
        if agent not in self._own:
            stays = self._roster.stays(agent)
            self._own[agent] = OwnDays(stays, self._units.days) if stays else None
            if len(stays) == 1 and stays[0].start is None and stays[0].end is None:
                self._always[agent] = stays[0].unit
        return self._own[agent]
