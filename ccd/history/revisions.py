"""Which records of a unit's day are new once it was measured, and what is settled of it: those, and those that stand.

A record is new where the figures are others than those that are stored, or what they were judged by is.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType

from sqlalchemy.ext.asyncio import AsyncConnection

from ccd.bank.measured import Measured
from ccd.bank.policy import Policy
from ccd.floor.days import BusinessDay
from ccd.floor.expected import Expected
from ccd.floor.records import DayRecord, OnDuty, Tally
from ccd.history.day_rows import JudgedBy, StoredDay, latest_days
from ccd.history.days import MeasuredDay
from ccd.history.expected_days import PeopleOfDay
from ccd.history.reckoned_against import (
    entitlement_in,
    expected_spelled,
    overtime_us_in,
    ruled_to_work_us,
    share_in,
)
from ccd.history.whose import Holder

RECORDED_AT_ONCE = 1_000  # agents' days in one transaction: others wait for it who write

Records = list[tuple[MeasuredDay, int]]  # each with its revision


@dataclass(frozen=True, slots=True)
class Taken:
    """A unit's day as it was measured from one state of the store; `elsewhere` are the agents of other units on it."""

    unit: str
    day: BusinessDay
    elsewhere: frozenset[str]
    measured: tuple[MeasuredDay, ...]
    numbers: Mapping[str, int]
    lagging: Mapping[str, int | None]
    judged_by: JudgedBy
    policy: Policy
    seen: Mapping[str, Holder]
    told: PeopleOfDay


async def revised(
    connection: AsyncConnection, taken: Taken, spent: Mapping[str, int] = MappingProxyType({})
) -> tuple[Records, list[StoredDay]]:
    """The records that are new, with their revision, and those that stand as they are stored. A record under another
    policy than before is new, whatever it says: it may be worth something else. So is one whose revision is `spent`, by
    agent: its settlement was refused for ever.

    An agent whose day is nothing any more, because a seat was another's after all, has an empty record. One who was in
    another unit after all has the new record there, when that unit's day is measured, and keeps this one until then: a
    unit that is new on the roster has none of the days of long ago.
    """
    day = taken.day.day
    of_unit = await latest_days(connection, day, unit=taken.unit)
    measured = {each.record.agent: each for each in taken.measured}
    known = of_unit | await latest_days(connection, day, agents=measured.keys())
    for agent in of_unit.keys() - measured.keys() - taken.elsewhere:
        nothing = Tally().record(agent, taken.unit, day)
        if taken.policy.schedules:
            measured[agent] = MeasuredDay(replace(nothing, duty=OnDuty()), {}, expected_spelled(Expected()))
        else:
            measured[agent] = MeasuredDay(nothing, {})
    by_policy = _policy(taken.judged_by)
    new, kept = [], []
    for agent, each in sorted(measured.items()):
        before = known.get(agent)
        if before is not None and _is_same(before, each, by_policy) and before.revision != spent.get(agent):
            kept.append(before)
        else:
            new.append((each, before.revision + 1 if before else 1))
    return new, kept


def taken_together(taken: Sequence[Taken]) -> Iterator[list[Taken]]:
    """In their order, as many as one transaction takes; at least one."""
    some: list[Taken] = []
    for one in taken:
        if some and sum(len(each.measured) for each in (*some, one)) > RECORDED_AT_ONCE:
            yield some
            some = []
        some.append(one)
    if some:
        yield some


def _is_same(before: StoredDay, now: MeasuredDay, by_policy: tuple[str, date]) -> bool:
    measured = before.record == now.record and before.expected == now.expected
    return measured and _policy(before.judged_by) == by_policy


def _policy(by: JudgedBy) -> tuple[str, date]:
    return by.policy_of, by.policy_from


def all_measured(new: Records, kept: list[StoredDay]) -> list[Measured]:
    """Those that stand are settled again: nothing happens twice, and what a crash left out happens now."""
    again = [_measured(each.record, each.revision, each.expected) for each in kept]
    return again + [_measured(each.record, revision, each.expected) for each, revision in new]


def _measured(record: DayRecord, revision: int, expected: str) -> Measured:
    if not expected:
        return Measured.of(record, revision)
    told = ruled_to_work_us(expected), entitlement_in(expected), share_in(expected), overtime_us_in(expected)
    return Measured.of(record, revision, *told)
