"""Day records as rows: each revision once, with the hash of its content."""

import json
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import ScalarSelect, Select, and_, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ccd.errors import StoredFormatError
from ccd.floor.records import Counted, DayRecord, OnDuty
from ccd.history.days import MeasuredDay
from ccd.history.reading import numbers_spelled
from ccd.history.reckoned_against import HOLDS_RULED, has_schedules
from ccd.history.schema import ON_LEAVE, day_records
from ccd.ledger.digest import digest
from ccd.sql.rows import among, insert_rows

TIMES = (
    "signed_in", "available", "ringing", "on_call", "other_call", "wrap_up", "partly_paused", "unreachable",
    "unobserved", "aux", "exempt",
)  # fmt: skip
COUNTS = ("sign_ins", "sign_outs", "pauses", "offered", "answered", "missed")
DUTY = ("scheduled", "late", "early_leave", "off_post", "on_leave", "excused", "worked_on_leave")
COUNTED = Counted._fields
BOUNDS = ("first_sign_in", "last_sign_out")

COLUMNS = (
    "agent", "day", "revision", "unit", "policy_from", "policy_of", "reasons_from", *(f"{name}_us" for name in TIMES),
    "paused_us", "reasons", *COUNTS, *(f"{name}_at" for name in BOUNDS), "sources", "made_at", "format", "digest",
    *(f"{name}_us" for name in DUTY), *(f"counted_{name}_us" for name in COUNTED), "expected",
)  # fmt: skip

TIMES_OF, COUNTS_OF, BOUNDS_OF, DUTY_OF = (attrgetter(*names) for names in (TIMES, COUNTS, BOUNDS, DUTY))

OF_SCHEDULES = frozenset(COLUMNS[COLUMNS.index("digest") + 1 :])
POLICY_OF = COLUMNS.index("policy_of")
DAY_FORMAT = 2  # of a record and its digest
AGENTS_AT_ONCE = 500  # in one question to the database


class JudgedBy(NamedTuple):
    """Since when the unit's policy of a day, and the reasons of that day, hold: which versions of them it was.

    `policy_of` is whose policy it was: the unit whose own it is, "" for that of all units."""

    policy_from: date
    policy_of: str
    reasons_from: date


@dataclass(frozen=True, slots=True)
class StoredDay:
    """The `revision`th measurement of an agent's day, and what it was judged by."""

    record: DayRecord
    revision: int
    judged_by: JudgedBy
    made_at: int
    digest: bytes
    expected: str  # JSON of the shifts, absences and rulings that it was measured against; "" where there is nothing


class Revision(NamedTuple):
    """One measurement of a day as it is kept: the numbers (lowest, highest) of the segments that it is made of, by PBX;
    whether it says what its digest is of; and which is the newest."""

    stored: StoredDay
    numbers: Mapping[str, tuple[int, int]]
    intact: bool
    newest: int


class DayDuty(NamedTuple):
    """What a day's newest record says of its shifts, µs: nothing where there were none. `expected` as in StoredDay."""

    agent: str
    unit: str
    revision: int
    signed_in: int
    scheduled: int
    late: int
    early_leave: int
    off_post: int
    on_leave: int
    expected: str


DUTY_COLUMNS = tuple(name if name in COLUMNS else f"{name}_us" for name in DayDuty._fields)


async def insert_days(
    connection: AsyncConnection, days: Sequence[tuple[MeasuredDay, int]], judged_by: JudgedBy, made_at: int
) -> None:
    """Writes each with its revision; an IntegrityError where another process was first."""
    rows = [_row(measured, revision, judged_by, made_at) for measured, revision in days]
    await connection.run_sync(insert_rows, day_records, COLUMNS, rows)


async def latest_days(
    connection: AsyncConnection, day: date, unit: str | None = None, agents: Collection[str] | None = None
) -> dict[str, StoredDay]:
    """The newest revision of each agent's day, by agent: of those in the unit, of those named, or of all."""
    found: dict[str, StoredDay] = {}
    async for row in _latest(connection, COLUMNS, day, unit, agents):
        found[row.agent] = _stored(dict(zip(COLUMNS, row, strict=True)))
    return found


async def latest_duties(connection: AsyncConnection, day: date, agents: Collection[str] | None = None) -> list[DayDuty]:
    """The same, of their shifts alone: attendance asks for no more, of a whole month of everybody."""
    return [
        DayDuty(*row[1:])
        async for row in _latest(connection, ("format", *DUTY_COLUMNS), day, None, agents)
        if _is_known(row.format)
    ]


async def _latest(
    connection: AsyncConnection, names: Sequence[str], day: date, unit: str | None, agents: Collection[str] | None
) -> AsyncIterator[Any]:
    for some in _portions(agents):
        query = _latest_of(tuple(names), unit is not None, some is not None)
        for row in await connection.execute(query, {"on": day, "here": unit, "some": some}):
            yield row


@cache
def _latest_of(names: tuple[str, ...], of_unit: bool, of_agents: bool) -> Select[Any]:
    """Made once: to put together a question about so many columns takes longer than to find that nothing is there."""
    own = day_records.c
    query = select(*(own[name] for name in names)).where(own.day == bindparam("on"), own.revision == _newest())
    if of_unit:
        query = query.where(own.unit == bindparam("here"))
    return query.where(own.agent.in_(bindparam("some", expanding=True))) if of_agents else query


def _newest() -> ScalarSelect[Any]:
    """Of each record's agent and day: a question for each, which no planner can turn into a walk through all days."""
    same = day_records.alias()
    of_it = and_(same.c.agent == day_records.c.agent, same.c.day == day_records.c.day)
    return select(func.max(same.c.revision)).where(of_it).correlate(day_records).scalar_subquery()


async def agents_on(connection: AsyncConnection, day: date, units: Collection[str]) -> list[str]:
    """By name, those of whom some measurement of the day is in one of the units; the newest may be in another."""
    here = and_(among(connection, day_records.c.unit, units), day_records.c.day == day)
    return list(await connection.scalars(select(day_records.c.agent).where(here).distinct().order_by("agent")))


async def ever_on_leave(connection: AsyncConnection, day: date) -> frozenset[str]:
    """The agents of whom some measurement of the day says that they were."""
    found = select(day_records.c.agent).where(day_records.c.day == day, ON_LEAVE)
    return frozenset(await connection.scalars(found.distinct()))


async def revision_of(
    connection: AsyncConnection, agent: str, day: date, revision: int | None = None
) -> Revision | None:
    """Of an agent's day; without `revision` the newest."""
    of_day = and_(day_records.c.agent == agent, day_records.c.day == day)
    newest = select(func.max(day_records.c.revision)).where(of_day).scalar_subquery()
    wanted = select(*(day_records.c[name] for name in COLUMNS), newest.label("newest")).where(
        of_day, day_records.c.revision == (revision or newest)
    )
    row = (await connection.execute(wanted)).one_or_none()
    if row is None:
        return None
    said = row._asdict()
    numbers = {pbx: (lowest, highest) for pbx, (lowest, highest) in json.loads(said["sources"]).items()}
    return Revision(_stored(said), numbers, record_digest(said) == bytes(said["digest"]), said["newest"])


def record_digest(row: Mapping[str, Any]) -> bytes:
    """Of everything in the row but the digest; a day without first or last sign-in has an empty field there.

    `policy_of` is a field where it names a unit, and what a unit with schedules has besides, where it is one or
    somebody has ruled: a digest that is older than these columns holds on.
    """
    return _digest_of([row[name] for name in _digested(bool(row["policy_of"]), bool(row["expected"]))])


def _digest_of(fields: Sequence[Any]) -> bytes:
    return digest(["" if field is None else str(field) for field in fields], DAY_FORMAT)


@cache
def _digested(policy_of: bool, expected: bool) -> tuple[str, ...]:
    left_out = {"format", "digest"} | (set() if policy_of else {"policy_of"}) | (set() if expected else OF_SCHEDULES)
    return tuple(name for name in COLUMNS if name not in left_out)


def _row(measured: MeasuredDay, revision: int, judged_by: JudgedBy, made_at: int) -> tuple[Any, ...]:
    record = measured.record
    own = (
        record.agent, record.day, revision, record.unit, *judged_by, *TIMES_OF(record), sum(record.paused.values()),
        numbers_spelled(record.paused), *COUNTS_OF(record), *BOUNDS_OF(record),
        numbers_spelled(measured.numbers), made_at, DAY_FORMAT,
    )  # fmt: skip
    duty = record.duty or OnDuty(counted=record.ruled or Counted())
    of_schedules = (*DUTY_OF(duty), *duty.counted, measured.expected)
    whose = (judged_by.policy_of,) if judged_by.policy_of else ()
    fields = (*own[:POLICY_OF], *whose, *own[POLICY_OF + 1 : -1])  # as `_digested` names them, which a row is read by
    content = _digest_of((*fields, *of_schedules) if measured.expected else fields)
    return (*own, content, *of_schedules)


def _stored(row: Mapping[str, Any]) -> StoredDay:
    _is_known(row["format"])
    scheduled = has_schedules(row["expected"])
    duty = _duty(row) if scheduled or HOLDS_RULED in row["expected"] else None
    record = DayRecord(
        agent=row["agent"],
        unit=row["unit"],
        day=row["day"],
        paused=json.loads(row["reasons"]),
        **{name: row[f"{name}_us"] for name in TIMES},
        **{name: row[name] for name in COUNTS},
        **{name: row[f"{name}_at"] for name in BOUNDS},
        duty=duty if scheduled else None,
        ruled=None if duty is None or scheduled else duty.counted,
    )
    judged_by = JudgedBy(row["policy_from"], row["policy_of"], row["reasons_from"])
    return StoredDay(record, row["revision"], judged_by, row["made_at"], bytes(row["digest"]), row["expected"])


def _is_known(version: int) -> bool:
    if version != DAY_FORMAT:
        raise StoredFormatError("day_records", version, DAY_FORMAT)
    return True


def _duty(row: Mapping[str, Any]) -> OnDuty:
    counted = Counted(**{name: row[f"counted_{name}_us"] for name in COUNTED})
    return OnDuty(**{name: row[f"{name}_us"] for name in DUTY}, counted=counted)


def _portions(agents: Collection[str] | None) -> list[list[str] | None]:
    if agents is None:
        return [None]
    names = sorted(agents)
    return [names[first : first + AGENTS_AT_ONCE] for first in range(0, len(names), AGENTS_AT_ONCE)]
