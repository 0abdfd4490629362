"""Shifts and leave of agents, as the floor is given them (ccd.floor.expected)."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from datetime import date, timedelta
from functools import lru_cache

from sqlalchemy import ColumnElement, Connection, and_, select

from ccd.floor.days import BusinessDay
from ccd.floor.expected import Absence, Shift, Span
from ccd.floor.own_days import OwnDay
from ccd.org.agent_days import AgentDays
from ccd.org.schema import leaves, shifts
from ccd.org.told_rows import within

BREAKS_MAX = 10_000  # different ones that are kept in mind: many are planned for the same hours
A_BIT_MORE = timedelta(days=2)  # a shift is planned for a day, by whatever clock, and no longer than one


def spelled(breaks: Iterable[Span]) -> str:
    return json.dumps([[each.start, each.end] for each in breaks], separators=(",", ":"))


@lru_cache(BREAKS_MAX)
def breaks_of(written: str) -> tuple[Span, ...]:
    return tuple(Span(start, end) for start, end in json.loads(written))


def shifts_of(connection: Connection, agents: Collection[str], start: int, end: int) -> dict[str, tuple[Shift, ...]]:
    """The whole shifts, by agent, that reach into a span, µs; who has none is not named."""
    found: defaultdict[str, list[Shift]] = defaultdict(list)
    for row in within(connection, shifts, agents, start, end):
        found[row.agent].append(Shift(row.start_at, row.end_at, breaks_of(row.breaks)))
    return {agent: tuple(own) for agent, own in found.items()}


def shifts_from(connection: Connection, agents: Collection[str], day: BusinessDay) -> dict[str, tuple[Shift, ...]]:
    """Those that begin on the day, by agent, whole."""
    found = shifts_of(connection, agents, day.start, day.end)
    return {agent: tuple(each for each in own if day.start <= each.start) for agent, own in found.items()}


def absences_of(
    connection: Connection, agents: Collection[str], start: int, end: int
) -> dict[str, tuple[Absence, ...]]:
    """The whole absences, by agent, that reach into a span, µs; who has none is not named."""
    found: defaultdict[str, list[Absence]] = defaultdict(list)
    for row in within(connection, leaves, agents, start, end):
        found[row.agent].append(Absence(row.start_at, row.end_at, row.kind, "leave", str(row.id)))
    return {agent: tuple(own) for agent, own in found.items()}


def scheduled_us(connection: Connection, days: AgentDays, first: date, last: date) -> dict[tuple[str, date], int]:
    """What agents are scheduled for, less their breaks, by unit and business day of these dates. A shift over midnight
    is cut there, and each part is of the unit in which the agent has that day."""
    found: defaultdict[tuple[str, date], int] = defaultdict(int)
    for _, own, worked in _scheduled(connection, days, first, last):
        found[own.unit, own.day.day] += worked
    return dict(found)


def scheduled_of_agents_us(
    connection: Connection, days: AgentDays, first: date, last: date
) -> dict[tuple[str, date], int]:
    """The same by agent and business day; who has no shift is not named."""
    found: defaultdict[tuple[str, date], int] = defaultdict(int)
    for agent, own, worked in _scheduled(connection, days, first, last):
        found[agent, own.day.day] += worked
    return dict(found)


def _scheduled(connection: Connection, days: AgentDays, first: date, last: date) -> Iterator[tuple[str, OwnDay, int]]:
    for agent, start, end, written in _around(connection, first, last):
        for own in days.met(agent, start, end):
            if first <= own.day.day <= last:
                rests = sum(_inside(own.day, *each) for each in breaks_of(written))
                yield agent, own, _inside(own.day, start, end) - rests


def _inside(day: BusinessDay, start: int, end: int) -> int:
    return max(0, min(end, day.end) - max(start, day.start))


def _around(connection: Connection, first: date, last: date) -> Iterator[tuple[str, int, int, str]]:
    """Agent, start, end and breaks of shifts that may reach into one of the days, by whatever clock it is counted."""
    own = shifts.c
    query = select(own.agent, own.start_at, own.end_at, own.breaks).where(near(first, last))
    yield from map(tuple, connection.execute(query))


def near(first: date, last: date) -> ColumnElement[bool]:
    """Of shifts that hold: whether one may reach into one of the days. Found by an index, before instants are read."""
    planned = and_(shifts.c.day >= first - A_BIT_MORE, shifts.c.day <= last + A_BIT_MORE)
    return and_(planned, shifts.c.until_at.is_(None))
