"""Day records summed for reports: by agent and unit, the newest revision of each day (docs/time-bank.md 5)."""

from collections.abc import Collection
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ccd.history.day_rows import COUNTS
from ccd.history.schema import day_records
from ccd.sql.rows import among

SUMMED = (
    "signed_in", "available", "ringing", "on_call", "other_call", "wrap_up", "paused", "partly_paused", "unreachable",
    "unobserved", "aux", "exempt",
)  # fmt: skip


async def sums_of_agents(
    connection: AsyncConnection, first: date, last: date, units: Collection[str] | None = None
) -> list[dict[str, Any]]:
    """A row for each agent in each unit: `agent`, `unit`, `days` on which the agent was there (who stays away from a
    shift has a record too), the times of SUMMED in µs, the counts of a day record; `base`: signed in, less exempt and
    unreachable; `span`: each day's first sign-in to its last sign-out."""
    records = day_records.c
    newest = (
        select(records.agent, records.day, func.max(records.revision).label("revision"))
        .where(records.day.between(first, last))
        .group_by(records.agent, records.day)
        .subquery()
    )
    same = and_(records.agent == newest.c.agent, records.day == newest.c.day, records.revision == newest.c.revision)
    worked = records.signed_in_us - records.exempt_us - records.unreachable_us
    columns: list[ColumnElement[Any]] = [
        func.count(case((records.signed_in_us + records.unobserved_us > 0, 1))).label("days"),
        *(_sum(records[f"{name}_us"], name) for name in SUMMED),
        *(_sum(records[name], name) for name in COUNTS),
        _sum(case((worked > 0, worked), else_=0), "base"),
        _sum(func.coalesce(records.last_sign_out_at - records.first_sign_in_at, 0), "span"),
    ]
    query = select(records.agent, records.unit, *columns).join(newest, same).group_by(records.agent, records.unit)
    if units is not None:
        query = query.where(among(connection, records.unit, units))
    rows = await connection.execute(query.order_by(records.unit, records.agent))
    return [dict(row._mapping) for row in rows]


def _sum(column: ColumnElement[Any], name: str) -> ColumnElement[Any]:
    return func.sum(column).cast(column.type).label(name)
