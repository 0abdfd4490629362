"""What was expected of a unit's agents on a day, and ruled, out of the tables of shifts, leave, days off, rulings."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import timedelta
from functools import cached_property
from types import MappingProxyType
from typing import NamedTuple

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection

from ccd.bank.overtime_measured import overtime_measured_on
from ccd.bank.policy import Policy
from ccd.bank.withdrawal import Application, ApplicationState
from ccd.bank.withdrawal_rows import on_days
from ccd.floor.days import SECOND, BusinessDay
from ccd.floor.expected import Absence, Expected, Ruled, Shift, all_work_us
from ccd.floor.spans import Span, less, meets, spans_within
from ccd.history.schema import unit_days
from ccd.history.whose import Holder, Measuring
from ccd.org.entitlement_rows import entitled_on, entitlements, entitlements_of
from ccd.org.entitlements import Entitlement, entitlements_held_on
from ccd.org.order_rows import order_ends, signed_out_between
from ccd.org.ruling_rows import rulings as rulings_table
from ccd.org.ruling_rows import rulings_that_hold
from ccd.org.rulings import Ruling, resolved
from ccd.org.schema import leaves, shifts
from ccd.org.shift_rows import SHIFT_US_MAX, absences_of, shifts_from, shifts_of
from ccd.sql.locks import wait_for_others

GRANTED = (ApplicationState.APPROVED, ApplicationState.TAKEN)
DAY_OFF = "time_off"


class PeopleOfDay(NamedTuple):
    """Of a unit's day: its agents, those who were seen and those of whom something is told all the same; and what is
    expected of each of whom anything is, to what each is entitled, by which share of a full contract whose days are
    shorter, and of whose overtime how many seconds are base."""

    agents: dict[str, Holder]
    expected: dict[str, Expected]
    entitled: dict[str, Entitlement]
    shares: dict[str, int]
    overtime_s: Mapping[str, int] = MappingProxyType({})


class OnTheDay:
    """What is told of everybody on a day, read when it is first asked for: once, however many units are."""

    def __init__(self, plain: Connection, since: int, day: BusinessDay) -> None:
        self._plain, self._since, self._day = plain, since, day

    @cached_property
    def rulings(self) -> list[Ruling]:
        return rulings_that_hold(self._plain, self._since, self._day.end)

    @cached_property
    def entitled(self) -> dict[str, Entitlement]:
        return entitled_on(self._plain, self._day)

    @cached_property
    def sent_off(self) -> dict[str, tuple[Span, ...]]:
        """Within which spans somebody who leads the agent had them signed out, also of a shift of the day before."""
        return signed_out_between(self._plain, self._since - SHIFT_US_MAX, self._day.end)

    @cached_property
    def off(self) -> dict[str, list[Application]]:
        """What was granted to agents for the day, and for the day before, whose shifts may end in it."""
        found: dict[str, list[Application]] = {}
        for one in on_days(self._plain, self._day.day - timedelta(days=1), self._day.day):
            if one.state in GRANTED:
                found.setdefault(one.agent, []).append(one)
        return found


async def people_of_day(
    connection: AsyncConnection,
    seen: Mapping[str, Holder],
    measuring: Measuring,
    unit: str,
    day: BusinessDay,
    policy: Policy,
    on_the_day: OnTheDay | None = None,
) -> PeopleOfDay:
    """Where the unit keeps no schedules only rulings are asked for, and who has none of them is not named: nothing is
    expected then. Where it does, nothing is expected of who has no shift."""
    own = frozenset(measuring.ever_in(unit))
    if not (own or seen):
        return PeopleOfDay({}, {}, {}, {})
    since = measuring.reaches_back(day)

    def read(plain: Connection) -> PeopleOfDay:
        all_told = on_the_day or OnTheDay(plain, since, day)
        rulings = all_told.rulings
        named = {ruling.agent for ruling in rulings if ruling.agent is not None}
        planned = shifts_of(plain, own | seen.keys(), since, day.end) if policy.schedules else {}
        overtime_s = _overtime_in_base(plain, own | seen.keys(), day, policy)
        named |= planned.keys() | overtime_s.keys()
        agents = dict(seen) | _absentees((named & own) - seen.keys(), measuring, unit, since, day)
        above = measuring.with_above(unit, day.day)
        ruled = {agent: resolved(rulings, agent, above, one.day) for agent, one in agents.items()}
        entitled = {agent: one for agent, one in all_told.entitled.items() if agent in agents}
        if policy.schedules:
            expected = _expected_of(plain, agents, planned, ruled, all_told, policy, measuring)
            return PeopleOfDay(
                agents, expected, entitled, {}, {agent: each for agent, each in overtime_s.items() if agent in agents}
            )
        expected = {agent: Expected(ruled=each, schedules=False) for agent, each in ruled.items() if each}
        shares = measuring.part_time_on(agents, day.day) if policy.shorter_days else {}
        return PeopleOfDay(agents, expected, entitled, shares)

    return await connection.run_sync(read)


async def told_of_agent(
    connection: AsyncConnection, agent: str, holder: Holder, measuring: Measuring, policy: Policy
) -> tuple[Expected | None, Entitlement | None, int]:
    """The same of one agent alone: what is expected, to what they are entitled, how much of their overtime is base."""
    assert holder.unit is not None

    def read(plain: Connection) -> tuple[Expected | None, Entitlement | None, int]:
        rulings = rulings_that_hold(plain, holder.day.start, holder.day.end)
        above = measuring.with_above(holder.unit or "", holder.day.day)
        ruled = resolved(rulings, agent, above, holder.day)
        entitled = entitlements_held_on(holder.day.day, entitlements_of(plain, agent)).get(agent)
        if not policy.schedules:
            return Expected(ruled=ruled, schedules=False) if ruled else None, entitled, 0
        planned = shifts_of(plain, [agent], holder.day.start, holder.day.end)
        told = OnTheDay(plain, holder.day.start, holder.day)
        expected = _expected_of(plain, {agent: holder}, planned, {agent: ruled}, told, policy, measuring)
        overtime_s = _overtime_in_base(plain, [agent], holder.day, policy)
        return expected[agent], entitled, overtime_s.get(agent, 0)

    return await connection.run_sync(read)


async def wait_for_tellers(connection: AsyncConnection) -> None:
    """What is told of days from here on is told after this transaction, and so is which of them are measured anew."""

    def wait(plain: Connection) -> None:
        for table in (entitlements, leaves, order_ends, rulings_table, shifts, unit_days):
            wait_for_others(plain, table)

    await connection.run_sync(wait)


def _overtime_in_base(plain: Connection, agents: Collection[str], day: BusinessDay, policy: Policy) -> dict[str, int]:
    """As it was posted last; what is posted later has the day measured anew. Without schedules the base is what was
    signed in, overtime and all."""
    counts = policy.schedules and policy.overtime.counts_in_base
    return overtime_measured_on(plain, agents, day.day) if counts else {}


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
    told: OnTheDay,
    policy: Policy,
    measuring: Measuring,
) -> dict[str, Expected]:
    spans = [holder.day for holder in agents.values()]
    start, end = min((day.start for day in spans), default=0), max((day.end for day in spans), default=0)
    absent = absences_of(plain, agents.keys(), start, end)
    before = _planned_the_day_before(plain, agents, told, measuring)
    found = {}
    for agent, holder in agents.items():
        day = holder.day
        own = tuple(each for each in planned.get(agent, ()) if meets(each, day))
        leave = tuple(each for each in absent.get(agent, ()) if meets(each, day))
        off = [
            each
            for granted in told.off.get(agent, ())
            for each in _day_off(granted, own, before.get(agent, ()), day, leave, policy)
        ]
        sent_off = _sent_off(told.sent_off.get(agent, ()), own, day)
        found[agent] = Expected(own, (*leave, *off), policy.sign_outs_count, ruled[agent], sent_off=sent_off)
    return found


def _sent_off(spans: tuple[Span, ...], planned: tuple[Shift, ...], day: BusinessDay) -> tuple[Span, ...]:
    """Those that reach into the day, or into what lies before it of its shifts."""
    since = min([day.start, *(shift.start for shift in planned)])
    return tuple(each for each in spans if meets(each, Span(since, day.end)))


def _planned_the_day_before(
    plain: Connection, agents: Mapping[str, Holder], told: OnTheDay, measuring: Measuring
) -> dict[str, tuple[Shift, ...]]:
    """By agent, of those who have a part of the day before off, or so many seconds: all shifts that begin on it."""
    found: dict[str, tuple[Shift, ...]] = {}
    for agent, own in agents.items():
        if any(one.day != own.day.day and not one.whole for one in told.off.get(agent, ())):
            for each in measuring.own_days(agent, own.day.start - 1, own.day.start):
                found |= shifts_from(plain, [agent], each.day)
    return found


def _day_off(
    granted: Application,
    planned: tuple[Shift, ...],
    before: tuple[Shift, ...],
    day: BusinessDay,
    leave: tuple[Absence, ...],
    policy: Policy,
) -> Iterator[Absence]:
    """An absence of the part that was granted; or of the whole day, where it is that, or the seconds are enough for the
    shifts that begin on it: of other seconds nobody has said which. What is left of the night `before` is none of it,
    and is off where that day is: nothing was paid for it, nor for the shifts of the day after. But for leave that comes
    first."""
    own = [each for each in planned if day.start <= each.start]
    night = [each for each in planned if each.start < day.start]
    begun = own if granted.day == day.day else before
    if granted.start is not None and granted.end is not None:
        off = [Span(granted.start, granted.end)]
        if begun:  # without a shift all of the part is paid for
            off = less(off, night) if granted.day == day.day else spans_within(night, off[0])
    elif not granted.whole and granted.seconds * SECOND < all_work_us(begun):
        off = []
    elif granted.day == day.day:
        off = less([day], night)
    else:
        off = [Span(day.start, each.end) for each in night]
    first = [each for each in leave if each.kind in policy.days_off.beaten_by]
    for each in less(off, first):
        if granted.day == day.day or meets(each, day):
            yield Absence(*each, DAY_OFF, "withdrawal", granted.id)
