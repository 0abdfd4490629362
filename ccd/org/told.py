"""Spans of agents' time that another system tells of: shifts by a planner, leave by a personnel system. Pure.

A *source* is whatever tells, under a name that a person gave it. It knows each span by a `uid` of its own, and is
told over again: what it says of a stretch of days takes the place of all that it said of these days before.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from itertools import pairwise
from typing import NamedTuple


class Told(NamedTuple):
    """A span of an agent's time, half-open, in µs. `day` is the date on which it begins, as it was written."""

    uid: str
    agent: str
    day: date
    start: int
    end: int
    what: str  # of a shift its breaks, as ccd.org.shift_rows spells them; of leave its kind
    line: int = 0  # of the file; says nothing about the span
    withdrawn: bool = False  # told to say that it does not hold any more


class DaysTold(NamedTuple):
    """The days of which a source tells all there is: who is not named again on one of them is withdrawn."""

    first: date
    last: date

    def __contains__(self, day: object) -> bool:
        return isinstance(day, date) and self.first <= day <= self.last


class SpanChange(NamedTuple):
    """What becomes of a span: new without `before`, withdrawn without `after`."""

    before: Told | None
    after: Told | None

    @property
    def agent(self) -> str:
        told = self.after or self.before
        assert told is not None
        return told.agent


def window_of(told: Collection[Told]) -> DaysTold | None:
    """From the first day to the last; None of nothing."""
    days = [each.day for each in told]
    return DaysTold(min(days), max(days)) if days else None


def told_changes(held: Mapping[str, Told], told: Iterable[Told], window: DaysTold | None) -> list[SpanChange]:
    """What differs from what `held` says, by uid. Without a window nothing is withdrawn but what says so itself."""
    found: list[SpanChange] = []
    named: set[str] = set()
    for each in told:
        named.add(each.uid)
        before = held.get(each.uid)
        after = None if each.withdrawn else each
        if before is None and after is None:
            continue
        if before is None or after is None or before._replace(line=0) != after._replace(line=0):
            found.append(SpanChange(before, after))
    gone = [before for uid, before in held.items() if uid not in named and window is not None and before.day in window]
    return [SpanChange(before, None) for before in sorted(gone, key=_in_order)] + found


def changes_counted(changes: Collection[SpanChange]) -> str:
    new = sum(1 for change in changes if change.before is None)
    withdrawn = sum(1 for change in changes if change.after is None)
    return f"{new} new, {len(changes) - new - withdrawn} changed, {withdrawn} withdrawn"


def meeting(told: Iterable[Told]) -> Iterator[tuple[Told, Told]]:
    """Pairs of an agent's spans that hold at the same time, the earlier one first; each that meets any is in one."""
    latest: Told | None = None
    for before, after in pairwise(sorted(told, key=_in_order)):
        if latest is None or latest.agent != before.agent or latest.end < before.end:
            latest = before
        if latest.agent == after.agent and after.start < latest.end:
            yield latest, after


def _in_order(told: Told) -> tuple[str, int, int, str]:
    return told.agent, told.start, told.end, told.uid
