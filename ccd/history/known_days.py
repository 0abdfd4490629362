"""A day of every agent as it is known now: the newest measurement where there is one, else up to the watermark."""

from collections.abc import Collection
from datetime import date

from sqlalchemy.ext.asyncio import AsyncConnection

from ccd.floor.days import BusinessDay
from ccd.floor.records import DayRecord
from ccd.history.day_rows import latest_days
from ccd.history.days import measured_days
from ccd.history.reading import seen_between, stored_sources
from ccd.history.whose import Measuring, holders


async def known_days(
    connection: AsyncConnection, measuring: Measuring, units: Collection[str], day: date, agent: str | None = None
) -> list[DayRecord]:
    """In the order of the agents' names; those on no roster too, under their seats' names. Only `agent` where named."""
    stored = await latest_days(connection, day, agents=None if agent is None else [agent])
    records = {name: each.record for name, each in stored.items()}
    sources = await stored_sources(connection)
    spans: dict[BusinessDay, set[str | None]] = {}
    for unit in (*units, None):
        spans.setdefault(measuring.rules_of(unit).days.of_date(day), set()).add(unit)
    for span, theirs in spans.items():
        seen = holders(await seen_between(connection, measuring.reaches_back(span), span.end), measuring, span)
        wanted = {
            name: holder
            for name, holder in seen.items()
            if holder.unit in theirs and name not in records and agent in (None, name)
        }
        for each in await measured_days(connection, wanted, measuring, sources, whole=False):
            records[each.record.agent] = each.record
    return [records[name] for name in sorted(records)]
