"""How far the close of each unit's day has come, and what was found since that may change one that was measured."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Connection, and_, case, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ccd.floor.days import BusinessDay, dates
from ccd.history.reading import numbers_spelled, stored_sources
from ccd.history.schema import day_records, seats, segments, swept, unit_days
from ccd.sql.locks import wait_for_others
from ccd.sql.rows import insert_into


@dataclass(frozen=True, slots=True)
class UnitDay:
    """`numbers`: PBX → newest segment that was looked at; `lagging`: PBX → watermark, where it was not waited for."""

    unit: str
    day: date
    end_at: int
    numbers: Mapping[str, int]
    lagging: Mapping[str, int | None]
    measured_at: int
    settled_at: int | None
    stale: bool


async def newest_days(connection: AsyncConnection) -> dict[str, date]:
    """By unit, the last day that was measured; all days before it were, too."""
    rows = await connection.execute(
        select(unit_days.c.unit, func.max(unit_days.c.day).label("day")).group_by(unit_days.c.unit)
    )
    return {row.unit: row.day for row in rows}


async def units_with_records(connection: AsyncConnection) -> frozenset[str]:
    """The units in which somebody's day was measured; one without anybody has days that hold nothing."""
    somebodys = exists().where(day_records.c.unit == unit_days.c.unit)
    return frozenset(await connection.scalars(select(unit_days.c.unit).where(somebodys).distinct()))


async def unfinished_days(connection: AsyncConnection) -> list[UnitDay]:
    """Measured, but not settled since, or to be measured anew."""
    return await _days(connection, or_(unit_days.c.settled_at.is_(None), unit_days.c.stale))


async def between(connection: AsyncConnection, first: date, last: date) -> list[UnitDay]:
    """Those of these days, in their order."""
    found = await _days(connection, unit_days.c.day.between(first, last))
    return sorted(found, key=lambda each: (each.day, each.unit))


async def passed_over(connection: AsyncConnection, first: date, last: date) -> list[UnitDay]:
    """Those of these days that were never measured, though days of the unit before and after them were."""
    own = unit_days.c
    spans = select(own.unit, func.min(own.day), func.max(own.day)).group_by(own.unit)
    measured = await connection.execute(select(own.unit, own.day).where(own.day.between(first, last)))
    known = {(unit, day) for unit, day in measured}
    return [
        UnitDay(unit, day, 0, {}, {}, 0, None, False)
        for unit, oldest, newest in await connection.execute(spans)
        for day in dates(max(first, oldest), min(last, newest))
        if (unit, day) not in known
    ]


async def settled_days(connection: AsyncConnection, units: Collection[str]) -> list[tuple[date, str]]:
    """Of these units, in their order."""
    own = unit_days.c
    wanted = select(own.day, own.unit).where(own.unit.in_(units), own.settled_at.is_not(None))
    return [(row.day, row.unit) for row in await connection.execute(wanted.order_by(own.day, own.unit))]


async def ended_after(connection: AsyncConnection, since: int) -> list[UnitDay]:
    """What `note_stale` would have measured anew."""
    return await _days(connection, unit_days.c.end_at > since)


async def settled_on(connection: AsyncConnection, day: date) -> frozenset[str]:
    """The units whose day is settled, and not to be measured anew."""
    settled = and_(unit_days.c.day == day, unit_days.c.settled_at.is_not(None), ~unit_days.c.stale)
    return frozenset(await connection.scalars(select(unit_days.c.unit).where(settled)))


async def settled_since(connection: AsyncConnection, since: int, first: date) -> list[UnitDay]:
    """The days from `first` on that were settled after an instant, µs."""
    return await _days(connection, and_(unit_days.c.settled_at > since, unit_days.c.day >= first))


def how_they_stand(connection: Connection, first: date, last: date) -> tuple[object, ...]:
    """Of the days of a span: something else as soon as one of them is to be measured anew, is measured or settled."""
    own = unit_days.c
    wanted = select(
        func.count(), func.count(own.settled_at), func.count(case((own.stale, 1))),
        func.max(own.measured_at), func.max(own.settled_at),
    ).where(own.day >= first, own.day <= last)  # fmt: skip
    return tuple(connection.execute(wanted).one())


async def is_recorded_between(connection: AsyncConnection, first: date, last: date) -> bool:
    """Whether anybody has a record of one of these days."""
    found = select(exists().where(day_records.c.day >= first, day_records.c.day <= last))
    return bool(await connection.scalar(found))


async def note_measured(
    connection: AsyncConnection,
    unit: str,
    day: BusinessDay,
    numbers: Mapping[str, int],
    lagging: Mapping[str, int | None],
    measured_at: int,
    changed: bool,
    overtaken: bool = False,
) -> None:
    """The day is measured from segments up to `numbers`; it is to be settled where that `changed` any record.
    `overtaken`: of what agents were planned for, of what was ruled, or of whose the seats are, something else is told
    since."""
    found = await connection.execute(select(swept.c.pbx, swept.c.number).with_for_update())
    swept_since = any(number > numbers.get(pbx, 0) for pbx, number in found)  # behind our back: look once more
    stale = overtaken or swept_since
    row = {
        "end_at": day.end,
        "numbers": numbers_spelled(dict(numbers)),
        "lagging": numbers_spelled(dict(lagging)),
        "measured_at": measured_at,
        "stale": stale,
    }
    statement = insert_into(connection, unit_days).values(unit=unit, day=day.day, settled_at=None, **row)
    again = row | {"settled_at": None} if changed else row
    await connection.execute(statement.on_conflict_do_update(index_elements=["unit", "day"], set_=again))


async def note_settled(
    connection: AsyncConnection, units: Collection[str], day: date, measured_at: int, settled_at: int
) -> None:
    """What was measured of these units then is settled; a later measurement is not."""
    same = and_(unit_days.c.unit.in_(units), unit_days.c.day == day, unit_days.c.measured_at == measured_at)
    await connection.execute(update(unit_days).where(same).values(settled_at=settled_at))


async def note_stale(connection: AsyncConnection, since: int) -> None:
    """All days that end after `since`, µs, are to be measured anew: for a roster that changed the past. So are those
    that another process measures at this moment: they are waited for."""
    await connection.run_sync(wait_for_others, unit_days)
    await connection.execute(update(unit_days).where(unit_days.c.end_at > since).values(stale=True))


async def note_stale_of(connection: AsyncConnection, found: Iterable[tuple[str, date]]) -> None:
    """These days, by unit, are to be measured anew, where they were measured."""
    await connection.run_sync(mark_stale, found)


def mark_stale(connection: Connection, found: Iterable[tuple[str, date]]) -> None:
    for unit, day in sorted(set(found)):
        same = and_(unit_days.c.unit == unit, unit_days.c.day == day)
        connection.execute(update(unit_days).where(same).values(stale=True))


async def last_end(connection: AsyncConnection) -> int | None:
    """When the newest day that was measured in any unit ended, µs: what is planned from there on changes no record."""
    found: int | None = await connection.scalar(select(func.max(unit_days.c.end_at)))
    return found


async def measured_since(connection: AsyncConnection, since: int) -> int:
    """How many days, of units, `note_stale` would have measured anew."""
    found = select(func.count()).select_from(unit_days).where(unit_days.c.end_at > since)
    return await connection.scalar(found) or 0


async def sweep(connection: AsyncConnection) -> None:
    """Marks the days that segments which came after their measurement reach into, and those whose PBX has caught up.

    A segment reaches into every day that ends after it began, however early it ended itself. No time bounds it: an
    agent's pause is unbroken as long as any of the seats is paused anywhere, over days, and of an exempt reason what
    was used up in it at first is used up in the end; who was signed out of a shift before the day's end is excused
    after it or not; and what a seat was last seen in holds until its next segment. Whether one of these is so on a
    later day is known once each agent's seats are read back from that day to the segment and merged, by whose they
    were: that is half of measuring it. So the days are measured, which costs time after a `ccd backfill`, and changes
    no record.
    """
    rows = await connection.execute(select(swept.c.pbx, swept.c.number).order_by(swept.c.pbx).with_for_update())
    seen = {row.pbx: row.number for row in rows}
    sources = await stored_sources(connection)
    late = set[tuple[str, date]]()
    for pbx, source in sorted(sources.items()):
        after = seen.get(pbx, 0)
        if source.number <= after:
            continue
        earliest = await _earliest_after(connection, pbx, after)
        for each in await _days(connection, unit_days.c.end_at > earliest) if earliest is not None else ():
            bound = max(after, each.numbers.get(pbx, 0))
            begins = await _earliest_after(connection, pbx, bound)
            if begins is not None and begins < each.end_at:
                late.add((each.unit, each.day))
        await _note_swept(connection, pbx, source.number)
    for each in await _days(connection, unit_days.c.lagging != "{}"):
        heard = [sources[pbx].heard_at if pbx in sources else None for pbx in each.lagging]
        if all(at is not None and at >= each.end_at for at in heard):
            late.add((each.unit, each.day))
    await note_stale_of(connection, late)


async def _earliest_after(connection: AsyncConnection, pbx: str, number: int) -> int | None:
    """When the earliest of a PBX's segments above `number` began, open ones among them.

    The open ones are asked for first: one that closes in between is then found twice, and not missed.
    """
    opened = select(func.min(seats.c.start_at)).where(seats.c.pbx == pbx, seats.c.number > number)
    closed = select(func.min(segments.c.start_at)).where(segments.c.pbx == pbx, segments.c.number > number)
    starts = [await connection.scalar(opened), await connection.scalar(closed)]
    return min((start for start in starts if start is not None), default=None)


async def _note_swept(connection: AsyncConnection, pbx: str, number: int) -> None:
    statement = insert_into(connection, swept).values(pbx=pbx, number=number)
    await connection.execute(statement.on_conflict_do_update(index_elements=["pbx"], set_={"number": number}))


async def _days(connection: AsyncConnection, condition: ColumnElement[bool]) -> list[UnitDay]:
    rows = await connection.execute(select(unit_days).where(condition).order_by(unit_days.c.end_at, unit_days.c.unit))
    return [
        UnitDay(
            row.unit, row.day, row.end_at, json.loads(row.numbers), json.loads(row.lagging),
            row.measured_at, row.settled_at, row.stale,
        )
        for row in rows
    ]  # fmt: skip
