"""Stored segments, read by seat and time. All of one answer comes from one state of the database: `reading`."""

from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import BigInteger, ColumnElement, ScalarSelect, TextClause, and_, bindparam, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ccd.floor.segments import Segment
from ccd.history.schema import seats, segments, sources
from ccd.history.segment_rows import COLUMNS, Row, open_from, segments_of
from ccd.history.whose import SeatKey, SeatSeen
from ccd.sql.engine import seeing_one_state

SEATS_AT_ONCE = 200  # in one question to the database
ROWS_AT_ONCE = 5_000  # of a stream

# (pbx, number) → (pbx, segment): each once, however often it was read.
TimeLine = dict[tuple[str, int], tuple[str, Segment]]

_COLUMNS = tuple(segments.c[name] for name in COLUMNS)
_SPELLING = msgspec.json.Encoder(order="sorted")  # as `json.dumps` spells it, in a tenth of the time


@dataclass(frozen=True, slots=True)
class Source:
    """How far a PBX has been observed: its watermark in µs, None while nothing was heard; its newest segment."""

    pbx: str
    heard_at: int | None
    number: int


@asynccontextmanager
async def reading(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A connection that sees one state of the database, and writes nothing."""
    async with seeing_one_state(engine).connect() as connection:
        yield connection


async def stored_sources(connection: AsyncConnection) -> dict[str, Source]:
    rows = await connection.execute(select(sources.c.pbx, sources.c.heard_at, sources.c.number))
    return {pbx: Source(pbx, heard_at, number) for pbx, heard_at, number in rows}


async def first_start(connection: AsyncConnection) -> int | None:
    """When the first segment of all began, µs; None before anything happened."""
    first_closed = select(segments.c.start_at).order_by(segments.c.start_at).limit(1)
    first_open = select(seats.c.start_at).where(seats.c.start_at.is_not(None)).order_by(seats.c.start_at).limit(1)
    starts = [await connection.scalar(first_closed), await connection.scalar(first_open)]
    return min((start for start in starts if start is not None), default=None)


async def first_heard(connection: AsyncConnection) -> int | None:
    """Since when the PBX is listened to that is so for longest, µs; None before any was heard."""
    found: int | None = await connection.scalar(select(func.min(sources.c.heard_since)))
    return found


async def seen_between(connection: AsyncConnection, since: int, until: int) -> set[SeatSeen]:
    """The seats, each with the names on it, in [since, until) and just before."""
    table = segments.c
    within = select(table.pbx, table.seat, table.name).where(*_starts(since, until)).distinct()
    found = {SeatSeen(*row) for row in await connection.execute(within)}
    return found | await _last_seen(connection, since, until)


async def seen_before(connection: AsyncConnection, at: int) -> set[SeatSeen]:
    """The seats, each with the name on it just before `at`."""
    return await _last_seen(connection, at, at)


async def _last_seen(connection: AsyncConnection, at: int, until: int) -> set[SeatSeen]:
    """Just before `at`, and open since before `until`."""
    before = select(seats.c.pbx, seats.c.seat, _last_before(at, "name"))
    found = {SeatSeen(pbx, seat, name) for pbx, seat, name in await connection.execute(before) if name is not None}
    opened = select(seats.c.pbx, seats.c.seat, seats.c.format, seats.c.open).where(seats.c.start_at < until)
    for pbx, seat, version, facts in await connection.execute(opened):
        found.add(SeatSeen(pbx, seat, open_from(facts, version).view.name))
    return found


async def seat_lines(connection: AsyncConnection, keys: Collection[SeatKey], since: int, until: int) -> TimeLine:
    """Of each seat the segments that begin in [since, until), and the last that began before."""
    found: TimeLine = {}
    for pbx, names in _portions(keys):
        asked = {"pbx": pbx, "seats": names, "since": since, "until": until}
        _keep(found, segments_of((await connection.execute(_begun(connection), asked)).all()))
        of_seats = and_(seats.c.pbx == pbx, seats.c.seat.in_(names))
        before = (await connection.scalars(select(_last_before(since, "number")).where(of_seats))).all()
        if numbers := [number for number in before if number is not None]:
            numbered = select(*_COLUMNS).where(segments.c.pbx == pbx, segments.c.number.in_(numbers))
            _keep(found, segments_of((await connection.execute(numbered)).all()))
        opened = select(seats.c.format, seats.c.open).where(of_seats, seats.c.start_at < until)
        _keep(found, [(pbx, open_from(text, version)) for version, text in await connection.execute(opened)])
    return found


async def open_segments(connection: AsyncConnection) -> list[tuple[str, Segment]]:
    rows = await connection.execute(select(seats.c.pbx, seats.c.format, seats.c.open).where(seats.c.open.is_not(None)))
    return [(pbx, open_from(text, version)) for pbx, version, text in rows]


async def rows_since(connection: AsyncConnection, since: int) -> AsyncIterator[Sequence[Row]]:
    """All closed segments that begin at `since` or later, in the order in which they began, some at a time: as the
    driver gives them, in the order of COLUMNS."""
    wanted = f"SELECT {', '.join(COLUMNS)} FROM segments WHERE start_at >= :since ORDER BY start_at, pbx, number"
    result = await connection.stream(text(wanted).bindparams(bindparam("since", type_=BigInteger)), {"since": since})
    async for rows in result.partitions(ROWS_AT_ONCE):
        yield rows


def numbers_of(line: Iterable[tuple[str, Segment]], since: int, until: int) -> dict[str, tuple[int, int]]:
    """PBX → lowest and highest number of the segments that have a part in [since, until)."""
    numbers: defaultdict[str, list[int]] = defaultdict(list)
    for pbx, segment in line:
        start, end = segment.start, segment.end
        if start < until and (end is None or end > since or start >= since):
            numbers[pbx].append(segment.number)
    return {pbx: (min(found), max(found)) for pbx, found in sorted(numbers.items())}


def numbers_spelled(numbers: object) -> str:
    return _SPELLING.encode(numbers).decode()


def _starts(since: int, until: int) -> tuple[ColumnElement[bool], ...]:
    return (segments.c.start_at >= since, segments.c.start_at < until)


def _begun(connection: AsyncConnection) -> TextClause:
    """The segments of some seats that begin in a span. SQLite keeps no count of rows, takes all of a PBX's segments for
    few, and would read every one that there ever was: so it is told by which index it finds these."""
    by_seat = " INDEXED BY ix_segments_seat" if connection.dialect.name == "sqlite" else ""
    return text(
        f"SELECT {', '.join(COLUMNS)} FROM segments{by_seat}"
        " WHERE pbx = :pbx AND seat IN :seats AND start_at >= :since AND start_at < :until"
    ).bindparams(
        bindparam("seats", expanding=True), bindparam("since", type_=BigInteger), bindparam("until", type_=BigInteger)
    )


def _last_before(since: int, column: str) -> ScalarSelect[Any]:
    """Of each of `seats`, a column of the last segment that began before `since`; a question for each, which no
    planner can turn into a walk through all segments."""
    table = segments.c
    return (
        select(table[column])
        .where(table.pbx == seats.c.pbx, table.seat == seats.c.seat, table.start_at < since)
        .order_by(table.start_at.desc(), table.number.desc())
        .limit(1)
        .scalar_subquery()
    )


def _keep(found: TimeLine, read: Iterable[tuple[str, Segment]]) -> None:
    for pbx, segment in read:
        found[pbx, segment.number] = (pbx, segment)


def _portions(keys: Iterable[SeatKey]) -> Iterable[tuple[str, list[str]]]:
    by_pbx: defaultdict[str, list[str]] = defaultdict(list)
    for pbx, seat in sorted(keys):
        by_pbx[pbx].append(seat)
    for pbx, names in by_pbx.items():
        for first in range(0, len(names), SEATS_AT_ONCE):
            yield pbx, names[first : first + SEATS_AT_ONCE]
