"""What agents were seen in on a business day, span by span, up to the watermark: for what is reckoned beside the record
of their day, as overtime is."""

import asyncio
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import NamedTuple

from sqlalchemy import Connection, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ccd.floor.days import BusinessDay
from ccd.floor.segments import Segment
from ccd.floor.stretches import Stretches
from ccd.history.days import day_record, heard_until
from ccd.history.look_back import by_seat, looked_back
from ccd.history.reading import Source, seat_lines, seen_between
from ccd.history.schema import unit_days
from ccd.history.whose import Holder, Measuring, holders
from ccd.sql.rows import among

UnitDay = tuple[str, date]


class SeenDay(NamedTuple):
    """The agent's own day, and how far it was seen, µs."""

    line: Stretches
    until: int


async def seen_days(
    connection: AsyncConnection,
    measuring: Measuring,
    sources: Mapping[str, Source],
    wanted: Mapping[UnitDay, Collection[str]],
) -> dict[UnitDay, dict[str, SeenDay]]:
    """By unit and day, and by agent, of those who have that day in the unit and were seen on it. Who was seen between
    two instants is read once, however many units' day that is."""
    known: dict[BusinessDay, Mapping[str, Holder]] = {}
    found: dict[UnitDay, dict[str, SeenDay]] = {}
    for (unit, day), agents in wanted.items():
        span = measuring.rules_of(unit).days.of_date(day)
        if span not in known:
            seen = await seen_between(connection, measuring.reaches_back(span), span.end)
            known[span] = holders(seen, measuring, span)
        found[unit, day] = await _seen_in(connection, measuring, sources, unit, known[span], agents)
    return found


async def _seen_in(
    connection: AsyncConnection,
    measuring: Measuring,
    sources: Mapping[str, Source],
    unit: str,
    seen: Mapping[str, Holder],
    agents: Collection[str],
) -> dict[str, SeenDay]:
    by_day: dict[BusinessDay, dict[str, Holder]] = {}
    for agent in sorted(agents):
        holder = seen.get(agent)
        if holder is not None and holder.unit == unit:
            by_day.setdefault(holder.day, {})[agent] = holder
    found: dict[str, SeenDay] = {}
    for own, theirs in by_day.items():
        line = await seat_lines(
            connection, {seat for each in theirs.values() for seat in each.seats}, own.start, own.end
        )
        line = await looked_back(connection, theirs, measuring, line, own.start)
        found |= await asyncio.to_thread(_reckon, theirs, measuring, own, sources, line.values())
    return found


def measured_on(connection: Connection, wanted: Collection[tuple[str, date]]) -> dict[tuple[str, date], int]:
    """By unit and day, of those of these that were measured, when they were last, µs."""
    own = unit_days.c
    here = among(connection, own.unit, sorted({unit for unit, _ in wanted})), own.day.in_({day for _, day in wanted})
    rows = connection.execute(select(own.unit, own.day, own.measured_at).where(*here))
    return {(unit, day): at for unit, day, at in rows if (unit, day) in wanted}


async def measured_times(connection: AsyncConnection, units: Iterable[str]) -> dict[UnitDay, int]:
    """By unit and day, when it was measured last, µs."""
    own = unit_days.c
    rows = await connection.execute(
        select(own.unit, own.day, own.measured_at).where(among(connection, own.unit, sorted(set(units))))
    )
    return {(row.unit, row.day): row.measured_at for row in rows}


def _reckon(
    agents: Mapping[str, Holder],
    measuring: Measuring,
    day: BusinessDay,
    sources: Mapping[str, Source],
    line: Iterable[tuple[str, Segment]],
) -> dict[str, SeenDay]:
    seats = by_seat(line)
    found = {}
    for agent, holder in agents.items():
        own = [each for seat in holder.seats for each in seats.get(seat, ())]
        until, stretches = heard_until(day, sources, {pbx for pbx, _ in own}), Stretches()
        if day_record(agent, holder, measuring, day, until, own, stretches) is not None:
            found[agent] = SeenDay(_since(day.start, stretches), until)
    return found


def _since(start: int, line: Stretches) -> Stretches:
    """Without what was read of the time before, µs: a segment over the day's start, and what a pause has used up."""
    later = (each for each in line.spans if each.end > start)
    return Stretches([each._replace(start=max(each.start, start)) for each in later], line.sign_outs)
