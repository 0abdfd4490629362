"""What reports are made of (docs/time-bank.md 5): day records summed by agent and unit, the newest revision of each
day; and callers, by queue and by who answered them."""

from collections.abc import Collection
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ccd.history.day_rows import COUNTS
from ccd.history.reckoned_against import BEGINS_WITH_SHIFTS, HOLDS_RULED
from ccd.history.schema import day_records, queue_calls
from ccd.sql.rows import among

SUMMED = (
    "signed_in", "available", "ringing", "on_call", "other_call", "wrap_up", "paused", "partly_paused", "unreachable",
    "unobserved", "exempt",
)  # fmt: skip


class WaitLimits(NamedTuple):
    """How long a caller may wait to be answered in time, and how soon one gives up who counts for nothing, µs."""

    in_time_us: int
    short_us: int


async def sums_of_agents(
    connection: AsyncConnection,
    first: date,
    last: date,
    units: Collection[str] | None = None,
    starts: Collection[int] = (),
) -> list[dict[str, Any]]:
    """A row for each agent in each unit: `agent`, `unit`, `days` on which the agent was there (who stays away from a
    shift has a record too), the times of SUMMED in µs, the counts of a day record; `aux` and `base`, signed in less
    exempt and unreachable: of what counts, where there are schedules or somebody has ruled; `due`: each day's scheduled
    time, or where nothing was, from its first sign-in to its last sign-out. Who came signed in into a day that `starts`
    then, µs, has another shift's end in it: what is due is the time signed in or unobserved."""
    records = day_records.c
    newest = (
        select(records.agent, records.day, func.max(records.revision).label("revision"))
        .where(records.day.between(first, last))
        .group_by(records.agent, records.day)
        .subquery()
    )
    same = and_(records.agent == newest.c.agent, records.day == newest.c.day, records.revision == newest.c.revision)
    measured = records.signed_in_us - records.exempt_us - records.unreachable_us
    counted = records.counted_signed_in_us - records.counted_exempt_us - records.counted_unreachable_us
    against = or_(records.expected.startswith(BEGINS_WITH_SHIFTS), records.expected.contains(HOLDS_RULED))
    worked = case((against, counted), else_=measured)
    span: ColumnElement[Any] = func.coalesce(records.last_sign_out_at - records.first_sign_in_at, 0)
    if starts:
        came_into_it = among(connection, records.first_sign_in_at, starts)
        span = case((came_into_it, records.signed_in_us + records.unobserved_us), else_=span)
    columns: list[ColumnElement[Any]] = [
        func.count(case((records.signed_in_us + records.unobserved_us > 0, 1))).label("days"),
        *(_sum(records[f"{name}_us"], name) for name in SUMMED),
        *(_sum(records[name], name) for name in COUNTS),
        _sum(case((against, records.counted_aux_us), else_=records.aux_us), "aux"),
        _sum(case((worked > 0, worked), else_=0), "base"),
        _sum(case((records.scheduled_us > 0, records.scheduled_us), else_=span), "due"),
    ]
    query = select(records.agent, records.unit, *columns).join(newest, same).group_by(records.agent, records.unit)
    if units is not None:
        query = query.where(among(connection, records.unit, units))
    rows = await connection.execute(query.order_by(records.unit, records.agent))
    return [dict(row._mapping) for row in rows]


async def sums_of_queues(connection: AsyncConnection, start: int, end: int, waits: WaitLimits) -> list[dict[str, Any]]:
    """A row for each queue whose callers ceased to wait between two instants, µs: `calls_answered`, of them
    `calls_in_time`; `calls_given_up`, of them `calls_short`; `calls_unknown`, whose wait nobody saw, in none of the
    others; `waited` until they were answered, µs."""
    calls = queue_calls.c
    known, answered, wait = _known(), calls.became == "answered", calls.ended_at - calls.joined_at
    columns = (
        _count(and_(known, answered), "calls_answered"),
        _count(and_(known, answered, wait <= waits.in_time_us), "calls_in_time"),
        _count(and_(known, calls.became != "answered"), "calls_given_up"),
        _count(and_(known, calls.became != "answered", wait <= waits.short_us), "calls_short"),
        _count(~known, "calls_unknown"),
        _sum(case((and_(known, answered), wait), else_=0), "waited"),
    )
    query = select(calls.queue, *columns).where(_ended(start, end)).group_by(calls.queue).order_by(calls.queue)
    return [dict(row._mapping) for row in await connection.execute(query)]


async def sums_of_answers(connection: AsyncConnection, start: int, end: int, waits: WaitLimits) -> list[dict[str, Any]]:
    """A row for each `pbx`, `seat` and `name` that answered callers between two instants, µs, whose wait is known:
    `own_answered`, of them `own_in_time`."""
    calls = queue_calls.c
    who = (calls.pbx, calls.seat, calls.name)
    columns = (
        func.count().label("own_answered"),
        _count(calls.ended_at - calls.joined_at <= waits.in_time_us, "own_in_time"),
    )
    answered = and_(_ended(start, end), _known(), calls.became == "answered")
    query = select(*who, *columns).where(answered).group_by(*who).order_by(*who)
    return [dict(row._mapping) for row in await connection.execute(query)]


def _ended(start: int, end: int) -> ColumnElement[bool]:
    return and_(queue_calls.c.ended_at >= start, queue_calls.c.ended_at < end)


def _known() -> ColumnElement[bool]:
    return and_(queue_calls.c.joined_at.is_not(None), queue_calls.c.became != "lost")


def _count(which: ColumnElement[bool], name: str) -> ColumnElement[Any]:
    return func.count(case((which, 1))).label(name)


def _sum(column: ColumnElement[Any], name: str) -> ColumnElement[Any]:
    return func.sum(column).cast(column.type).label(name)
