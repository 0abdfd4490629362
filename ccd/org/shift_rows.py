"""Shifts and leave of agents, as the floor is given them (ccd.floor.expected)."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from datetime import date, timedelta
from functools import lru_cache

from sqlalchemy import ColumnElement, Connection, Text, and_, cast, func, select

from ccd.floor.days import SECOND, BusinessDay
from ccd.floor.expected import Absence, Shift, work_within_us
from ccd.floor.spans import Span
from ccd.org.agent_days import AgentDays
from ccd.org.schema import leaves, shifts
from ccd.org.told_rows import told_within

SHIFT_US_MAX = 86_400 * SECOND  # of what is shorter: the table holds to it
BREAKS_MAX = 10_000  # different ones that are kept in mind: many are planned for the same hours
A_BIT_MORE = timedelta(days=2)  # a shift is planned for a day, by whatever clock, and no longer than one


def breaks_spelled(breaks: Iterable[Span]) -> str:
    return json.dumps([[each.start, each.end] for each in breaks], separators=(",", ":"))


@lru_cache(BREAKS_MAX)
def breaks_of(written: str) -> tuple[Span, ...]:
    return tuple(Span(start, end) for start, end in json.loads(written))


def shifts_of(connection: Connection, agents: Collection[str], start: int, end: int) -> dict[str, tuple[Shift, ...]]:
    """The whole shifts, by agent, that reach into a span, µs; who has none is not named."""
    found: defaultdict[str, list[Shift]] = defaultdict(list)
    for row in told_within(connection, shifts, agents, start, end, SHIFT_US_MAX):
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
    for row in told_within(connection, leaves, agents, start, end):
        found[row.agent].append(Absence(row.start_at, row.end_at, row.kind, "leave", str(row.id)))
    return {agent: tuple(own) for agent, own in found.items()}


def scheduled_us(connection: Connection, days: AgentDays, first: date, last: date) -> dict[tuple[str, date], int]:
    """What agents are scheduled for, less their breaks, by unit and business day of these dates. A shift over midnight
    is cut there, and each part is of the unit in which the agent has that day."""
    found: defaultdict[tuple[str, date], int] = defaultdict(int)
    for agents, shift in _around(connection, first, last):
        for own, count in days.met_by_many(agents, shift.start, shift.end):
            if first <= own.day.day <= last:
                found[own.unit, own.day.day] += count * work_within_us([shift], own.day)
    return dict(found)


def scheduled_of_agents_us(
    connection: Connection, days: AgentDays, first: date, last: date
) -> dict[tuple[str, date], int]:
    """The same by agent and business day; who has no shift is not named."""
    found: defaultdict[tuple[str, date], int] = defaultdict(int)
    for agents, shift in _around(connection, first, last):
        for agent in agents:
            for own in days.met(agent, shift.start, shift.end):
                if first <= own.day.day <= last:
                    found[agent, own.day.day] += work_within_us([shift], own.day)
    return dict(found)


def begun_by_agents_us(connection: Connection, days: AgentDays, first: date, last: date) -> dict[tuple[str, date], int]:
    """What the shifts are, whole, less their breaks, that begin on the agents' business days of these dates."""
    found: defaultdict[tuple[str, date], int] = defaultdict(int)
    for agents, shift in _around(connection, first, last):
        for agent in agents:
            for own in days.met(agent, shift.start, shift.start + 1):
                if first <= own.day.day <= last:
                    found[agent, own.day.day] += shift.work_us
    return dict(found)


def _around(connection: Connection, first: date, last: date) -> Iterator[tuple[list[str], Shift]]:
    """The shifts that may reach into one of the days, by whatever clock it is counted, each once with all agents
    who are planned so. They are few, where agents' shifts are tens of thousands."""
    own = shifts.c
    together = func.json_group_array if connection.dialect.name == "sqlite" else func.json_agg
    same = (own.start_at, own.end_at, own.breaks)
    query = select(cast(together(own.agent), Text), *same).where(near(first, last)).group_by(*same)
    for agents, start, end, written in connection.execute(query):
        yield json.loads(agents), Shift(start, end, breaks_of(written))


def near(first: date, last: date) -> ColumnElement[bool]:
    """Of shifts that hold: whether one may reach into one of the days. Found by an index, before instants are read."""
    planned = and_(shifts.c.day >= first - A_BIT_MORE, shifts.c.day <= last + A_BIT_MORE)
    return and_(planned, shifts.c.until_at.is_(None))
