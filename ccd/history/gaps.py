"""Gaps that have ended, and that nothing filled: spans of a PBX that nobody saw, with what is stored on either side.

Segments are only ever added. What is found later of a gap begins where the unobserved does, with a higher number: of
two that begin in one instant the later one holds, until the next of the seat."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ccd.floor.callers import CallGone
from ccd.floor.days import SECOND
from ccd.floor.seats import SIGNED_OUT, STATE_WORDS, UNOBSERVED
from ccd.floor.segments import Segment, as_they_follow
from ccd.history.reading import seat_lines
from ccd.history.schema import queue_calls, seats, segments

REFS_NEAR = 500  # segments before a gap, the newest of whose evidence is where it began


class Around(NamedTuple):
    """What is stored of a seat around a gap. None of `before` and `after` where nothing is; of `unseen`, where the seat
    was signed out at either end."""

    before: Segment | None
    unseen: Segment | None
    after: Segment | None


class Gap(NamedTuple):
    """µs; `refs` are of the newest evidence before it, and of the answer that ended it, 0 where none is known. `known`
    are all seats that anything is stored of: who is in neither was never seen. `told_at`: of what a log left of a
    gap, when the switch itself had said something last. `lost_again`: when the next began, whatever was found of it.
    `answered`: whether the answer that ended another one came in the second in which this one began."""

    since: int
    until: int
    lost_again: int | None
    told_at: int | None
    answered: bool
    refs: tuple[int, int]
    seats: Mapping[str, Around]
    known: frozenset[str]


async def ended_gaps(connection: AsyncConnection, pbx: str, first: int, last: int) -> list[Gap]:
    """Those that began between two instants (µs), and were not filled to their end, in the order of time."""
    own, newer = segments.alias("own"), segments.alias("newer")
    filled = exists().where(
        newer.c.pbx == own.c.pbx, newer.c.seat == own.c.seat, newer.c.start_at == own.c.start_at,
        newer.c.number > own.c.number,
    )  # fmt: skip
    unseen = (
        select(func.min(own.c.start_at), own.c.end_at)
        .where(own.c.start_at >= first, own.c.start_at < last, own.c.pbx == pbx)
        .where(own.c.state == STATE_WORDS[UNOBSERVED], own.c.end_at > own.c.start_at, ~filled)
        .group_by(own.c.end_at)
        .order_by(own.c.end_at)
    )
    spans = [(start, end) for start, end in await connection.execute(unseen)]
    known = frozenset(await connection.scalars(select(seats.c.seat).where(seats.c.pbx == pbx)))
    found = []
    for since, until in spans:
        second = since - since % SECOND
        line = await seat_lines(connection, {(pbx, seat) for seat in known}, second, until + 1)
        answered = answered_between(second, since, (segment for _, segment in line.values()))
        of_seats: defaultdict[str, list[Segment]] = defaultdict(list)
        for _, segment in as_they_follow(line.values()):
            of_seats[segment.seat].append(segment)
        around = {seat: each for seat in known if (each := around_gap(of_seats[seat], since, until)) is not None}
        refs = await _refs(connection, pbx, since, until)
        told_at = await _told_at(connection, pbx, (since, until), refs)
        lost_again = await _lost_again(connection, pbx, until)
        found.append(Gap(since, until, lost_again, told_at, answered, refs, around, known))
    return found


def answered_between(first: int, last: int, stored: Iterable[Segment]) -> bool:
    """Whether a gap ended in a span (µs, the last one included)."""
    gaps = (each for each in stored if each.view.state is UNOBSERVED and each.start != each.end)
    return any(each.end is not None and first <= each.end <= last for each in gaps)


def around_gap(own: Sequence[Segment], since: int, until: int) -> Around | None:
    """Of a seat's segments, in the order of time, those on either side of the gap (µs). None where the seat was seen in
    between, whoever lost sight of others."""
    after = next((each for each in own if each.start >= until), None)
    before = [each for each in own if each.start < until]
    unseen = before[-1] if before and before[-1].view.state is UNOBSERVED and before[-1].end == until else None
    if unseen is not None:
        return Around(before[-2] if len(before) > 1 else None, unseen, after)
    if any(each.start > since for each in before) or (before and before[-1].view.state is not SIGNED_OUT):
        return None
    return Around(before[-1] if before else None, None, after)


async def _refs(connection: AsyncConnection, pbx: str, since: int, until: int) -> tuple[int, int]:
    """What was kept since of a gap before, as its log came, was told after this one's end, and says nothing of when it
    began."""
    table = segments.c
    ended = await connection.scalar(
        select(func.max(table.closed_by)).where(
            table.pbx == pbx,
            table.end_at == until,
            table.start_at < until,
            table.start_at >= since,
            table.state == STATE_WORDS[UNOBSERVED],
        )
    )
    near = (
        select(table.opened_by)
        .where(table.pbx == pbx, table.start_at <= since, table.opened_by < (ended or 0))
        .order_by(table.start_at.desc(), table.number.desc())
        .limit(REFS_NEAR)
        .subquery()
    )
    last = await connection.scalar(select(func.max(near.c.opened_by)))
    return last or 0, ended or 0


async def _lost_again(connection: AsyncConnection, pbx: str, until: int) -> int | None:
    table = segments.c
    unseen = (table.state == STATE_WORDS[UNOBSERVED], table.end_at > table.start_at)
    later: int | None = await connection.scalar(
        select(func.min(table.start_at)).where(table.pbx == pbx, table.start_at >= until, *unseen)
    )
    return later


async def _told_at(connection: AsyncConnection, pbx: str, span: tuple[int, int], refs: tuple[int, int]) -> int | None:
    """None where nothing was found of the gap before, by a log whose lines were kept once the gap had ended."""
    since, until = span
    last, ended = refs
    table = segments.c
    said = select(func.max(table.start_at)).where(
        table.pbx == pbx, table.opened_by == last, table.start_at <= since, table.opened_by > 0
    )
    said_at = await connection.scalar(said)
    if said_at is None:
        return None
    of_log = table.opened_by > ended
    unseen = and_(table.state == STATE_WORDS[UNOBSERVED], table.end_at == until, table.start_at < since)
    found = exists().where(table.pbx == pbx, table.start_at.between(said_at, since), or_(of_log, unseen))
    return said_at if await connection.scalar(select(found)) else None


async def ends_found(connection: AsyncConnection, since: int, until: int) -> dict[tuple[str, int], int]:
    """Of the segments that begin between two instants (µs) those that end sooner than is stored with them, because more
    was found of their time: when they do, by PBX and number."""
    table = segments.c
    beside = select(
        table.pbx, table.number, table.end_at,
        func.lead(table.start_at)
        .over(partition_by=(table.pbx, table.seat), order_by=(table.start_at, table.number))
        .label("next_at"),
    ).where(table.start_at >= since, table.start_at < until)  # fmt: skip
    each = beside.subquery().c
    rows = await connection.execute(select(each.pbx, each.number, each.next_at).where(each.next_at < each.end_at))
    return {(pbx, number): next_at for pbx, number, next_at in rows}


async def not_counted(
    connection: AsyncConnection, pbx: str, gone: Iterable[CallGone], since: int, until: int
) -> list[CallGone]:
    """Those callers who came and went between two instants (µs), and of whom nothing is stored."""
    own = [each for each in gone if each.joined is not None and since <= each.joined and each.at <= until]
    if not own:
        return []
    table = queue_calls.c
    rows = await connection.execute(
        select(table.queue, table.call).where(table.pbx == pbx, table.ended_at >= since, table.ended_at <= until)
    )
    known = {(queue, call) for queue, call in rows}
    return [each for each in own if (each.queue, each.call) not in known]
