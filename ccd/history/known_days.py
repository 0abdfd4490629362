"""A day of every agent as it is known now: the newest measurement where there is one, else up to the watermark."""

from collections.abc import Collection, Mapping
from datetime import date

from sqlalchemy.ext.asyncio import AsyncConnection

from ccd.bank.policy import Policies
from ccd.floor.days import BusinessDay
from ccd.floor.records import DayRecord
from ccd.history.day_rows import latest_days
from ccd.history.days import measured_days
from ccd.history.expected_days import PeopleOfDay, people_of_day
from ccd.history.reading import seen_between, stored_sources
from ccd.history.whose import Holder, Measuring, holders


async def known_days(
    connection: AsyncConnection,
    measuring: Measuring,
    policies: Policies,
    units: Collection[str],
    day: date,
    agent: str | None = None,
) -> list[DayRecord]:
    """In the order of the agents' names; those on no roster too, under their seats' names. Only `agent` where named.
    A day that runs is held against so much of its shifts as is over."""
    stored = await latest_days(connection, day, agents=None if agent is None else [agent])
    records = {name: each.record for name, each in stored.items()}
    sources = await stored_sources(connection)
    spans: dict[BusinessDay, set[str | None]] = {}
    for unit in (*units, None):
        spans.setdefault(measuring.rules_of(unit).days.of_date(day), set()).add(unit)
    for span, theirs in spans.items():
        seen = holders(await seen_between(connection, measuring.reaches_back(span), span.end), measuring, span)
        told = await _told(connection, seen, measuring, policies, theirs, span)
        wanted = {name: one for name, one in told.agents.items() if name not in records and agent in (None, name)}
        for each in await measured_days(connection, told._replace(agents=wanted), measuring, sources, False):
            records[each.record.agent] = each.record
    return [records[name] for name in sorted(records)]


async def _told(
    connection: AsyncConnection,
    seen: Mapping[str, Holder],
    measuring: Measuring,
    policies: Policies,
    units: Collection[str | None],
    span: BusinessDay,
) -> PeopleOfDay:
    """Of the agents of these units, and of the seats that are on no roster."""
    agents = {name: holder for name, holder in seen.items() if holder.unit is None and None in units}
    all_told = PeopleOfDay(agents, {}, {}, {})
    for unit in sorted(filter(None, units)):
        own = {name: holder for name, holder in seen.items() if holder.unit == unit}
        policy = policies.policy_at(unit, span.day)
        told = await people_of_day(connection, own, measuring, unit, span, policy)
        all_told.agents.update(told.agents)
        all_told.expected.update(told.expected)
    return all_told
