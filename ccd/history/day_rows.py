"""Day records as rows: each revision once, with the hash of its content."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import ScalarSelect, and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ccd.errors import StoredFormatError
from ccd.floor.records import Counted, DayRecord, Duty
from ccd.history.days import MeasuredDay
from ccd.history.expected_days import has_schedules
from ccd.history.reading import spelled
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

OF_SCHEDULES = frozenset(COLUMNS[COLUMNS.index("digest") + 1 :])
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
    of_day = day_records.c.day == day
    here = of_day if unit is None else and_(of_day, day_records.c.unit == unit)
    for names in _portions(agents):
        wanted = here if names is None else and_(here, day_records.c.agent.in_(names))
        query = select(*(day_records.c[name] for name in COLUMNS)).where(wanted, day_records.c.revision == _newest())
        for row in await connection.execute(query):
            found[row.agent] = _stored(dict(zip(COLUMNS, row, strict=True)))
    return found


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
    return Revision(_stored(said), numbers, content_digest(said) == bytes(said["digest"]), said["newest"])


def content_digest(row: Mapping[str, Any]) -> bytes:
    """Of everything in the row but the digest; a day without first or last sign-in has an empty field there.

    `policy_of` is a field where it names a unit, and what a unit with schedules has besides, where it is one or
    somebody has ruled: a digest that is older than these columns holds on.
    """
    left_out = {"format", "digest"}
    if not row["policy_of"]:
        left_out.add("policy_of")
    if not row["expected"]:
        left_out.update(OF_SCHEDULES)
    fields = (row[name] for name in COLUMNS if name not in left_out)
    return digest(["" if field is None else str(field) for field in fields], DAY_FORMAT)


def _row(measured: MeasuredDay, revision: int, judged_by: JudgedBy, made_at: int) -> tuple[Any, ...]:
    record = measured.record
    reasons = json.dumps(dict(record.paused), ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    row: dict[str, Any] = {
        "agent": record.agent,
        "day": record.day,
        "revision": revision,
        "unit": record.unit,
        **judged_by._asdict(),
        **{f"{name}_us": getattr(record, name) for name in TIMES},
        "paused_us": sum(record.paused.values()),
        "reasons": reasons,
        **{name: getattr(record, name) for name in COUNTS},
        **{f"{name}_at": getattr(record, name) for name in BOUNDS},
        "sources": spelled(measured.numbers),
        "made_at": made_at,
        "format": DAY_FORMAT,
    }
    duty = record.duty or Duty(counted=record.ruled or Counted())
    of_schedules: dict[str, Any] = {
        **{f"{name}_us": getattr(duty, name) for name in DUTY},
        **{f"counted_{name}_us": us for name, us in duty.counted._asdict().items()},
        "expected": measured.expected,
    }
    return (*row.values(), content_digest(row | of_schedules), *of_schedules.values())


def _stored(row: Mapping[str, Any]) -> StoredDay:
    if row["format"] != DAY_FORMAT:
        raise StoredFormatError("day_records", row["format"], DAY_FORMAT)
    scheduled = has_schedules(row["expected"])
    duty = _duty(row) if scheduled or '"ruled"' in row["expected"] else None
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


def _duty(row: Mapping[str, Any]) -> Duty:
    counted = Counted(**{name: row[f"counted_{name}_us"] for name in COUNTED})
    return Duty(**{name: row[f"{name}_us"] for name in DUTY}, counted=counted)


def _portions(agents: Collection[str] | None) -> list[list[str] | None]:
    if agents is None:
        return [None]
    names = sorted(agents)
    return [names[first : first + AGENTS_AT_ONCE] for first in range(0, len(names), AGENTS_AT_ONCE)]
