"""Rulings: what spans of time count as, by people who have the right to say so (docs/time-bank.md 2.3). Pure.

They stand beside what was measured, and are never unsaid: one is reversed by another. Of those that hold at an instant
an agent's own come before those of a unit, and among these the newest wins.
"""

from collections.abc import Collection, Iterable, Sequence
from itertools import pairwise
from typing import Final, NamedTuple, get_args

from ccd.errors import RulingError
from ccd.floor.days import SECOND
from ccd.floor.expected import Counts, Ruled
from ccd.floor.spans import Lasting, Span, meets

AS_MEASURED: Final = "as_measured"  # whatever older ones say
DAY, HOUR = 86_400 * SECOND, 3_600 * SECOND
COUNTS: Final = (*get_args(Counts), AS_MEASURED)


class Ruling(NamedTuple):
    """About an agent, or about all who are there of a unit and of those below it; one of the two is None. Half-open,
    µs. `number` counts all rulings; `ref` names the one, and the act that it is."""

    number: int
    ref: str
    agent: str | None
    unit: str | None
    start: int
    end: int
    counts: str  # one of COUNTS
    reverses: str | None


def in_force(rulings: Iterable[Ruling]) -> list[Ruling]:
    """Those that are not reversed, and reverse none."""
    known = list(rulings)
    reversed_ = {each.reverses for each in known}
    return [each for each in known if each.reverses is None and each.ref not in reversed_]


def resolved(holding: Sequence[Ruling], agent: str, units: Collection[str], span: Lasting) -> tuple[Ruled, ...]:
    """What holds of an agent within a span, of rulings that are in force; `units` are the agent's on that day and all
    above it. In the order of time, no two at a time."""
    mine = [
        each
        for each in holding
        if (each.agent == agent if each.unit is None else each.unit in units) and meets(each, span)
    ]
    edges = {edge for each in mine for edge in (each.start, each.end) if span.start < edge < span.end}
    found: list[Ruled] = []
    for start, end in pairwise(sorted({span.start, *edges, span.end})) if mine else ():
        there = [each for each in mine if each.start <= start < each.end]
        if not there:
            continue
        newest = max(there, key=lambda each: (each.unit is None, each.number))
        counts = next((word for word in get_args(Counts) if word == newest.counts), None)
        if counts is None:
            continue
        if found and found[-1].end == start and found[-1].ref == newest.ref:
            found[-1] = found[-1]._replace(end=end)
        else:
            found.append(Ruled(start, end, counts, newest.ref, newest.unit is not None))
    return tuple(found)


def check_ruling(name: str, span: Span, counts: str, days_max: int, now: int) -> None:
    """RulingError where nothing could be so ruled. A name is that of the agent or the unit."""
    if counts not in COUNTS:
        raise RulingError(name, f"counts {counts!r}; allowed: {', '.join(COUNTS)}", "ruling-counts")
    if span.end <= span.start:
        raise RulingError(name, "has an end that is not after its start", "ruling-backwards")
    if span.start > now or span.end - now > DAY + HOUR:  # who knows that something lasts knows it of a day
        found = "is about time still to come: rule on what has begun, and at most a day ahead"
        raise RulingError(name, found, "ruling-to-come")
    if span.end - span.start > days_max * DAY + HOUR:  # on one of them the clock may be set back
        found = f"is longer than {days_max} days (`rulings.days_max`): rule on less at a time"
        raise RulingError(name, found, "ruling-too-long", most=days_max)
