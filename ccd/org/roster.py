"""Whose seat is whose, and when (docs/time-bank.md 2.1).

A line with a member name and an interface matches only both together; one with an interface alone matches that seat
under any name; one with a name alone matches wherever that name sits. A line may be for one PBX only, and may hold from
one instant to another. The most specific line wins: both, before interface, before name; within these a line for this
PBX, before one for any; within these the line with more of `from` and `to`. What is equally specific may not overlap.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Set
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

from ccd.floor.own_days import Stay

BEFORE_ALL = -(2**63)
AFTER_ALL = 2**63 - 1

K = TypeVar("K")
Key = tuple[str, str, str]  # pbx, interface, member name; "" stands for any


@dataclass(frozen=True, slots=True)
class RosterLine:
    """A line of the roster; `start` and `end` in µs, half-open."""

    line: int
    agent: str
    interface: str
    member_name: str
    unit: str
    pbx: str = ""
    start: int = BEFORE_ALL
    end: int = AFTER_ALL
    name: str = ""  # what people call the agent

    @property
    def key(self) -> Key:
        return (self.pbx, self.interface, self.member_name)

    @property
    def bounds(self) -> int:
        return (self.start != BEFORE_ALL) + (self.end != AFTER_ALL)

    def holds(self, at: int) -> bool:
        return self.start <= at < self.end

    def meets(self, other: "RosterLine") -> bool:
        """Both hold at some instant."""
        return self.start < other.end and other.start < self.end


class Roster:
    """The lines of a roster that has no contradictions (`roster_contradictions`)."""

    def __init__(self, entries: Iterable[RosterLine] = ()) -> None:
        self.entries = tuple(entries)
        self._by_key = _grouped((entry.key, entry) for entry in self.entries)
        self._by_agent = _grouped((entry.agent, entry) for entry in self.entries)
        self._names = {entry.agent: entry.name for entry in self.entries if entry.name}
        self._borders = sorted({instant for entry in self.entries for instant in (entry.start, entry.end)})

    @property
    def agents(self) -> Collection[str]:
        return self._by_agent.keys()

    @property
    def keys(self) -> Set[Key]:
        return self._by_key.keys()

    def of_key(self, key: Key) -> tuple[RosterLine, ...]:
        """The lines of that key; the first that holds at an instant is the one that does."""
        return self._by_key.get(key, ())

    def of_agent(self, agent: str) -> tuple[RosterLine, ...]:
        """The agent's lines; the first that holds at an instant says in which unit."""
        return self._by_agent.get(agent, ())

    def owner(self, pbx: str, seat: str, name: str, at: int) -> RosterLine | None:
        """The line that says whose the seat is at an instant, µs; None while it is nobody's."""
        return next((entry for entry in self.lines(pbx, seat, name) if entry.holds(at)), None)

    def lines(self, pbx: str, seat: str, name: str) -> list[RosterLine]:
        """All lines that match, the first that holds at an instant says whose the seat is then."""
        keys = ((switch, interface, member)
                for interface, member in ((seat, name), (seat, ""), ("", name)) for switch in (pbx, ""))  # fmt: skip
        return [entry for key in keys for entry in self.of_key(key)]

    def unit(self, agent: str, at: int) -> str | None:
        """The agent's unit at an instant, µs; None while no line of the agent holds."""
        return next((entry.unit for entry in self.of_agent(agent) if entry.holds(at)), None)

    def interfaces(self, agent: str) -> frozenset[str]:
        """All on which the agent is at some time."""
        return frozenset(entry.interface for entry in self.of_agent(agent) if entry.interface)

    @property
    def movers(self) -> list[str]:
        """The agents who are in more than one unit."""
        return [agent for agent, entries in self._by_agent.items() if len({entry.unit for entry in entries}) > 1]

    def stays(self, agent: str) -> list[Stay]:
        """The units in which the agent is, one after the other."""
        entries = self.of_agent(agent)
        borders = sorted({instant for entry in entries for instant in (entry.start, entry.end)})
        found: list[Stay] = []
        for start, end in pairwise(borders):
            unit = self.unit(agent, start)
            if unit is None:
                continue
            if found and found[-1].unit == unit and found[-1].end == start:
                found[-1] = found[-1]._replace(end=end)
            else:
                found.append(Stay(unit, None if start == BEFORE_ALL else start, end))
        if found and found[-1].end == AFTER_ALL:
            found[-1] = found[-1]._replace(end=None)
        return found

    def name(self, agent: str) -> str:
        return self._names.get(agent, agent)

    def borders(self, start: int, end: int) -> list[int]:
        """The instants inside (start, end) at which some line begins or ends, in order: owners change only there."""
        return self._borders[bisect_right(self._borders, start) : bisect_left(self._borders, end)]


def changes_since(before: Roster, after: Roster) -> int | None:
    """The first instant, µs, from which the two say different things of some seat, or of an agent's unit; None where
    they never do. Where a line stands, and what people call the agent, changes nothing; that a line ends later than was
    said changes nothing before that."""
    return min((max(0, at) for at in _differing(before, after)), default=None)


def _differing(before: Roster, after: Roster) -> Iterator[int]:
    """By key and by agent the first instant: whose a seat is follows from the first line that holds of each key."""
    for old, new in (
        *((before.of_key(key), after.of_key(key)) for key in before.keys | after.keys),
        *((before.of_agent(agent), after.of_agent(agent)) for agent in {*before.agents, *after.agents}),
    ):
        if old != new:
            for at in sorted({instant for entry in (*old, *new) for instant in (entry.start, entry.end)}):
                if _says(old, at) != _says(new, at):
                    yield at
                    break


def _says(lines: Iterable[RosterLine], at: int) -> tuple[str, str] | None:
    return next(((entry.agent, entry.unit) for entry in lines if entry.holds(at)), None)


def roster_contradictions(entries: Iterable[RosterLine]) -> Iterator[tuple[RosterLine, RosterLine, str]]:
    """Pairs of lines, later one first, that can't both stand, and why."""
    entries = tuple(entries)
    for same_key in _grouped((entry.key, entry) for entry in entries).values():
        for first, second in _meeting(same_key):
            yield *_in_order(first, second), "says whose this seat is at the same time"
    for lines in _grouped((entry.agent, entry) for entry in entries).values():
        for first, second in _meeting(lines):
            if first.unit != second.unit and first.key != second.key:
                yield *_in_order(first, second), "puts this agent in another unit at the same time"


def _meeting(entries: tuple[RosterLine, ...]) -> Iterator[tuple[RosterLine, RosterLine]]:
    """Pairs of equally bounded lines that hold at the same time: whatever meets an earlier line meets the one of these
    that ends last."""
    latest: dict[int, RosterLine] = {}
    for entry in sorted(entries, key=lambda entry: (entry.start, entry.line)):
        before = latest.get(entry.bounds)
        if before is not None and before.meets(entry):
            yield before, entry
        if before is None or entry.end >= before.end:
            latest[entry.bounds] = entry


def _in_order(first: RosterLine, second: RosterLine) -> tuple[RosterLine, RosterLine]:
    return (first, second) if first.line > second.line else (second, first)


def _grouped(pairs: Iterable[tuple[K, RosterLine]]) -> dict[K, tuple[RosterLine, ...]]:
    """Entries under their keys, the most bounded first."""
    groups: defaultdict[K, list[RosterLine]] = defaultdict(list)
    for key, entry in pairs:
        groups[key].append(entry)
    return {key: tuple(sorted(group, key=lambda entry: (-entry.bounds, entry.line))) for key, group in groups.items()}
