"""What was expected of a unit's agents on a day, and ruled, out of the tables of shifts, leave, days off, rulings."""

import json
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any, NamedTuple

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection

from ccd.bank.policy import Policy
from ccd.bank.withdrawal import Application, State
from ccd.bank.withdrawal_rows import on_days
from ccd.floor.days import SECOND, BusinessDay
from ccd.floor.expected import Absence, Expected, Ruled, Shift, Span
from ccd.history.whose import Holder, Measuring
from ccd.org.entitlement_rows import entitled_on, entitlements, said_of
from ccd.org.entitlements import Entitlement, held_on
from ccd.org.ruling_rows import holding
from ccd.org.ruling_rows import rulings as rulings_table
from ccd.org.rulings import Ruling, resolved
from ccd.org.schema import leaves, shifts
from ccd.org.shift_rows import absences_of, shifts_of
from ccd.org.told_rows import wait_for_others

GRANTED = (State.APPROVED, State.TAKEN)
RULED_TO_WORK = ("available", "aux")  # what is base, though nobody may have seen it
DAY_OFF = "time_off"


class Told(NamedTuple):
    """Of a unit's day: its agents, those who were seen and those of whom something is told all the same; and what is
    expected of each of whom anything is, and to what each is entitled."""

    agents: dict[str, Holder]
    expected: dict[str, Expected]
    entitled: dict[str, Entitlement]


class OnTheDay:
    """What is told of everybody on a day, read when it is first asked for: once, however many units are."""

    def __init__(self, plain: Connection, since: int, day: BusinessDay) -> None:
        self._plain, self._since, self._day = plain, since, day

    @cached_property
    def rulings(self) -> list[Ruling]:
        return holding(self._plain, self._since, self._day.end)

    @cached_property
    def entitled(self) -> dict[str, Entitlement]:
        return entitled_on(self._plain, self._day)

    @cached_property
    def off(self) -> dict[str, Application]:
        """What was granted to agents for the day."""
        found = on_days(self._plain, self._day.day, self._day.day)
        return {one.agent: one for one in found if one.state in GRANTED}


async def told_of(
    connection: AsyncConnection,
    seen: Mapping[str, Holder],
    measuring: Measuring,
    unit: str,
    day: BusinessDay,
    policy: Policy,
    on_the_day: OnTheDay | None = None,
) -> Told:
    """Where the unit keeps no schedules only rulings are asked for, and who has none of them is not named: nothing is
    expected then. Where it does, nothing is expected of who has no shift."""
    own = frozenset(measuring.ever_in(unit))
    if not (own or seen):
        return Told({}, {}, {})
    since = measuring.reaches_back(day)

    def read(plain: Connection) -> Told:
        all_told = on_the_day or OnTheDay(plain, since, day)
        rulings = all_told.rulings
        named = {ruling.agent for ruling in rulings if ruling.agent is not None}
        planned = shifts_of(plain, own | seen.keys(), since, day.end) if policy.schedules else {}
        agents = dict(seen) | _absentees(({*planned, *named} & own) - seen.keys(), measuring, unit, since, day)
        above = measuring.with_above(unit, day.day)
        ruled = {agent: resolved(rulings, agent, above, _span(one.day)) for agent, one in agents.items()}
        entitled = {agent: one for agent, one in all_told.entitled.items() if agent in agents}
        if policy.schedules:
            expected = _expected_of(plain, agents, planned, ruled, all_told.off, policy.sign_outs_count)
            return Told(agents, expected, entitled)
        expected = {agent: Expected(ruled=each, schedules=False) for agent, each in ruled.items() if each}
        return Told(agents, expected, entitled)

    return await connection.run_sync(read)


async def told_of_agent(
    connection: AsyncConnection, agent: str, holder: Holder, measuring: Measuring, policy: Policy
) -> tuple[Expected | None, Entitlement | None]:
    """The same of one agent alone."""
    assert holder.unit is not None

    def read(plain: Connection) -> tuple[Expected | None, Entitlement | None]:
        rulings = holding(plain, holder.day.start, holder.day.end)
        above = measuring.with_above(holder.unit or "", holder.day.day)
        ruled = resolved(rulings, agent, above, _span(holder.day))
        entitled = held_on(holder.day.day, said_of(plain, agent)).get(agent)
        if not policy.schedules:
            return Expected(ruled=ruled, schedules=False) if ruled else None, entitled
        planned = shifts_of(plain, [agent], holder.day.start, holder.day.end)
        off = OnTheDay(plain, holder.day.start, holder.day).off
        expected = _expected_of(plain, {agent: holder}, planned, {agent: ruled}, off, policy.sign_outs_count)
        return expected[agent], entitled

    return await connection.run_sync(read)


async def wait_for_tellers(connection: AsyncConnection) -> None:
    """What is told of days from here on is told after this transaction."""

    def wait(plain: Connection) -> None:
        for table in (entitlements, leaves, rulings_table, shifts):
            wait_for_others(plain, table)

    await connection.run_sync(wait)


def _absentees(
    named: Iterable[str], measuring: Measuring, unit: str, since: int, day: BusinessDay
) -> dict[str, Holder]:
    """Of these agents who have the unit's day."""
    return {
        agent: Holder(unit, own.came_from, own.day, set())
        for agent in named
        for own in measuring.own_days(agent, since, day.end)
        if own.unit == unit and own.day.day == day.day
    }


def _expected_of(
    plain: Connection,
    agents: Mapping[str, Holder],
    planned: Mapping[str, tuple[Shift, ...]],
    ruled: Mapping[str, tuple[Ruled, ...]],
    off: Mapping[str, Application],
    sign_outs_count: bool,
) -> dict[str, Expected]:
    spans = [holder.day for holder in agents.values()]
    start, end = min((day.start for day in spans), default=0), max((day.end for day in spans), default=0)
    absent = absences_of(plain, agents.keys(), start, end)
    return {
        agent: Expected(
            own := tuple(each for each in planned.get(agent, ()) if _meets(each, holder.day)),
            (*(each for each in absent.get(agent, ()) if _meets(each, holder.day)),
             *_day_off(off.get(agent), own, holder.day)),
            sign_outs_count,
            ruled[agent],
        )
        for agent, holder in agents.items()
    }  # fmt: skip


def _day_off(granted: Application | None, planned: tuple[Shift, ...], day: BusinessDay) -> tuple[Absence, ...]:
    """An absence of the part that was granted; or of the whole day, where it is that, or the seconds are enough for the
    shifts that begin on it: of other seconds nobody has said which."""
    if granted is None:
        return ()
    if granted.start is not None and granted.end is not None:
        return (Absence(granted.start, granted.end, DAY_OFF, "withdrawal", granted.id),)
    begun = sum(shift.work_us for shift in planned if day.start <= shift.start)
    if granted.seconds * SECOND < begun and not granted.whole:
        return ()
    return (Absence(day.start, day.end, DAY_OFF, "withdrawal", granted.id),)


def _meets(span: Shift | Absence, day: BusinessDay) -> bool:
    return span.start < day.end and day.start < span.end


def _span(day: BusinessDay) -> Span:
    return Span(day.start, day.end)


def spelled(expected: Expected | None, reached: Iterable[Ruled] = (), entitlement: Entitlement | None = None) -> str:
    """As JSON, for the day's record: what the figures were reckoned against, of rulings what they have `reached`, and
    to what the agent was entitled. Nothing, where it is as it was measured."""
    said: dict[str, Any] = {}
    if expected is not None and expected.schedules:
        said = {
            "shifts": [[each.start, each.end, [list(rest) for rest in each.breaks]] for each in expected.shifts],
            "absences": [[each.start, each.end, each.kind, each.origin, each.ref] for each in expected.absences],
            "sign_outs_count": expected.sign_outs_count,
        }
    if ruled := [[each.start, each.end, each.counts, each.ref] for each in reached]:
        said["ruled"] = ruled
    if entitlement is not None:
        said["entitlement"] = entitlement
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")) if said else ""


def ruled_to_work_us(written: str) -> int:
    """Of what a day was reckoned against, as it is spelled: what was ruled to be worked time, µs."""
    if '"ruled"' not in written:
        return 0
    return sum(end - start for start, end, counts, _ in json.loads(written)["ruled"] if counts in RULED_TO_WORK)


def entitlement_in(written: str) -> Entitlement | None:
    if '"entitlement"' not in written:
        return None
    said = json.loads(written).get("entitlement")
    return None if said is None else Entitlement(*said)


def has_schedules(written: str) -> bool:
    return written.startswith('{"shifts":')  # what `spelled` says first: each record that is read is asked


def read_back(text: str) -> Expected:
    """What `spelled` said: of rulings the parts that they have reached, each as if it were about the agent alone."""
    said = json.loads(text)
    shifts = tuple(
        Shift(start, end, tuple(Span(*rest) for rest in rests)) for start, end, rests in said.get("shifts", ())
    )
    absences = tuple(Absence(*each) for each in said.get("absences", ()))
    ruled = tuple(Ruled(start, end, counts, ref, False) for start, end, counts, ref in said.get("ruled", ()))
    return Expected(shifts, absences, said.get("sign_outs_count", True), ruled, schedules="shifts" in said)
