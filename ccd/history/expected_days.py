"""What was expected of a unit's agents on a day, out of the tables of shifts, leave and days off."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, and_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ccd.bank.withdrawal import Application, State
from ccd.bank.withdrawal_rows import on_days
from ccd.floor.days import SECOND, BusinessDay
from ccd.floor.expected import Absence, Expected, Shift, Span
from ccd.history.whose import Holder, Measuring
from ccd.org.schema import shifts
from ccd.org.shift_rows import absences_of, shifts_of

GRANTED = (State.APPROVED, State.TAKEN)
DAY_OFF = "time_off"
A_BIT_MORE = timedelta(days=2)  # a shift is planned for a day, by whatever clock, and no longer than one


async def with_absentees(
    connection: AsyncConnection, seen: Mapping[str, Holder], measuring: Measuring, unit: str, day: BusinessDay
) -> dict[str, Holder]:
    """The agents of the unit's day who were seen, and those who have a shift on it and were not."""
    since = measuring.reaches_back(day)
    near = and_(shifts.c.day >= day.day - A_BIT_MORE, shifts.c.day <= day.day + A_BIT_MORE)
    meets = and_(near, shifts.c.end_at > since, shifts.c.start_at < day.end, shifts.c.until_at.is_(None))
    found = dict(seen)
    for agent in await connection.scalars(select(shifts.c.agent).where(meets).distinct()):
        if agent in seen:
            continue
        for own in measuring.own_days(agent, since, day.end):
            if own.unit == unit and own.day.day == day.day:
                found[agent] = Holder(unit, own.came_from, own.day, set())
    return found


async def expected_of(
    connection: AsyncConnection, agents: Mapping[str, Holder], sign_outs_count: bool
) -> dict[str, Expected]:
    """By agent, of each: nothing is expected of who has no shift."""
    spans = [holder.day for holder in agents.values()]
    start, end = min((day.start for day in spans), default=0), max((day.end for day in spans), default=0)

    def read(plain: Connection) -> dict[str, Expected]:
        planned = shifts_of(plain, agents.keys(), start, end)
        absent = absences_of(plain, agents.keys(), start, end)
        off = _days_off(plain, agents)
        return {
            agent: Expected(
                own := tuple(each for each in planned.get(agent, ()) if _meets(each, holder.day)),
                (*(each for each in absent.get(agent, ()) if _meets(each, holder.day)),
                 *_whole_day_off(off.get(agent), own, holder.day)),
                sign_outs_count,
            )
            for agent, holder in agents.items()
        }  # fmt: skip

    return await connection.run_sync(read)


def _days_off(plain: Connection, agents: Mapping[str, Holder]) -> dict[str, Application]:
    """What was granted to each agent for the own day."""
    days = [holder.day.day for holder in agents.values()]
    if not days:
        return {}
    found = on_days(plain, min(days), max(days))
    return {
        one.agent: one
        for one in found
        if one.state in GRANTED and one.agent in agents and agents[one.agent].day.day == one.day
    }


def _whole_day_off(granted: Application | None, planned: tuple[Shift, ...], day: BusinessDay) -> tuple[Absence, ...]:
    """An absence of the whole day where the seconds are enough for the shifts that begin on it: of a part nobody has
    said which."""
    if granted is None:
        return ()
    begun = sum(shift.work_us for shift in planned if day.start <= shift.start)
    if granted.seconds * SECOND < begun:
        return ()
    return (Absence(day.start, day.end, DAY_OFF, "withdrawal", granted.id),)


def _meets(span: Shift | Absence, day: BusinessDay) -> bool:
    return span.start < day.end and day.start < span.end


def spelled(expected: Expected) -> str:
    """As JSON, for the day's record: what the figures were reckoned against."""
    said: dict[str, Any] = {
        "shifts": [[each.start, each.end, [list(rest) for rest in each.breaks]] for each in expected.shifts],
        "absences": [[each.start, each.end, each.kind, each.origin, each.ref] for each in expected.absences],
        "sign_outs_count": expected.sign_outs_count,
    }
    return json.dumps(said, ensure_ascii=False, separators=(",", ":"))


def read_back(text: str) -> Expected:
    """What `spelled` said."""
    said = json.loads(text)
    shifts = tuple(Shift(start, end, tuple(Span(*rest) for rest in rests)) for start, end, rests in said["shifts"])
    return Expected(shifts, tuple(Absence(*each) for each in said["absences"]), said["sign_outs_count"])
