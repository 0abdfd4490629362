"""What emergencies come to, by what was seen, planned, entered and ruled: agents' days, with all that is paid on them
(docs/time-bank.md 3.2)."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ccd.bank.call_out_rows import CallOut, calls_of, strike_team_members
from ccd.bank.emergency_rows import emergencies_within
from ccd.bank.overtime import (
    Emergency,
    Growing,
    growing,
    measured_us,
    paid,
    rulings_that_count,
    signed_in_at,
    worked_in,
)
from ccd.bank.overtime_day_rows import Mark, how_much_said
from ccd.bank.overtime_entry_rows import entered_s, entries_of
from ccd.bank.overtime_measured import paid_in
from ccd.bank.overtime_posting import OvertimeDay
from ccd.daemon.site import Site
from ccd.floor.days import ONE_DAY, SECOND, BusinessDay, dates
from ccd.floor.own_days import OwnDay
from ccd.floor.spans import Span
from ccd.floor.stretches import Stretch
from ccd.history.reading import Source, reading, stored_sources
from ccd.history.seen_days import SeenDay, measured_on, measured_times, seen_days
from ccd.org.holiday_rows import corrected_days
from ccd.org.holidays import Holidays
from ccd.org.ruling_rows import rulings_that_hold
from ccd.org.rulings import resolved
from ccd.org.shift_rows import shifts_of

AgentDay = tuple[str, OwnDay]


class GrowingDay(NamedTuple):
    """The day that runs where the switches were heard, what grows then, and how much of that was measured, µs."""

    day: BusinessDay
    what: Growing
    measured: int


@dataclass(frozen=True, slots=True)
class Reckoned:
    """What an emergency comes to, by one state of the database: agents' days with all that emergencies pay on them."""

    emergency: Emergency
    days: tuple[OvertimeDay, ...]
    marks: tuple[Mark, ...]
    sign_ins: Mapping[str, int | None]  # of who was called, in the first minutes
    growing: Mapping[str, GrowingDay]  # of the agents who work in an emergency that runs
    basis: "Basis"


@dataclass(frozen=True, slots=True)
class Basis:
    """What of the database it follows from: the emergencies within a span, µs, when they end and how much is said of
    each, and when units' days were measured."""

    span: Span
    unit_days: frozenset[tuple[str, date]]
    emergencies: Mapping[str, tuple[int, int]]
    measured: Mapping[tuple[str, date], int]

    @classmethod
    def of(cls, connection: Connection, span: Span, unit_days: frozenset[tuple[str, date]]) -> "Basis":
        found = emergencies_within(connection, span.start, span.end)
        said = how_much_said(connection, [one.id for one in found])
        ends = {one.id: (one.end, said[one.id]) for one in found}
        return cls(span, unit_days, ends, measured_on(connection, unit_days))

    def holds(self, connection: Connection) -> bool:
        return Basis.of(connection, self.span, self.unit_days) == self


class Reckoning:
    """Of one site; it reads alone. `now` gives µs since the epoch."""

    def __init__(self, engine: AsyncEngine, site: Site, now: Callable[[], int]) -> None:
        self._engine, self._site, self._now = engine, site, now

    async def of(self, emergency: Emergency, running: bool = False) -> Reckoned:
        """With what still runs, where that is asked for: up to where the switches were heard."""
        async with reading(self._engine) as connection:
            sources = await stored_sources(connection)
            said = (await connection.run_sync(how_much_said, [emergency.id]))[emergency.id]
            calls = await connection.run_sync(calls_of, emergency.id)
            agents = await connection.run_sync(participants, self._site, emergency)
            before = set() if running else await connection.run_sync(paid_before, self._site, emergency)
            wanted = self._days_of({*agents, *(agent for agent, _ in before)}, emergency)
            units = {emergency.unit, *(own.unit for _, own in wanted)}
            times = await measured_times(connection, units)
            seen = await self._seen(connection, sources, wanted)
            days, grows = await self._reckoned(connection, sources, wanted, seen, running)
            gone = before - {(agent, own.day.day) for agent, own in wanted}  # on no roster any more that day
            days += [OvertimeDay(agent, emergency.unit, day, "", False, {}) for agent, day in sorted(gone)]
            spans = {(emergency.unit, day) for day in self._dates(emergency)} | {
                (own.unit, own.day.day) for _, own in wanted
            }
            edges = [(emergency.start, emergency.end), *((own.day.start, own.day.end) for _, own in wanted)]
            reach = Span(min(start for start, _ in edges), max(end for _, end in edges))
            basis = await connection.run_sync(Basis.of, reach, frozenset(spans))
        marks = tuple(Mark(emergency.id, unit, day, said, times.get((unit, day), 0)) for unit, day in sorted(spans))
        return Reckoned(emergency, tuple(days), marks, self._sign_ins(emergency, calls, wanted, seen), grows, basis)

    async def running(self) -> dict[Emergency, frozenset[str]]:
        """The emergencies that run now, and who takes part."""
        now = self._now()
        async with reading(self._engine) as connection:
            found = await connection.run_sync(emergencies_within, now, now + 1)
            return {one: await connection.run_sync(participants, self._site, one) for one in found if one.start <= now}

    def _days_of(self, agents: Iterable[str], one: Emergency) -> list[AgentDay]:
        return [
            (agent, own) for agent in sorted(agents) for own in self._site.agent_days.met(agent, one.start, one.end)
        ]

    def _dates(self, one: Emergency) -> Iterable[date]:
        days = self._site.units.days(one.unit)
        return {days.at(one.start).day, days.at(max(one.start, one.end - 1)).day}

    async def _seen(
        self, connection: AsyncConnection, sources: Mapping[str, Source], wanted: Iterable[AgentDay]
    ) -> dict[AgentDay, SeenDay]:
        theirs: defaultdict[tuple[str, date], dict[str, OwnDay]] = defaultdict(dict)
        for agent, own in wanted:
            theirs[own.unit, own.day.day][agent] = own
        found = await seen_days(connection, self._site.measuring, sources, theirs)
        return {(agent, theirs[of][agent]): each for of, seen in found.items() for agent, each in seen.items()}

    async def _reckoned(
        self,
        connection: AsyncConnection,
        sources: Mapping[str, Source],
        wanted: list[AgentDay],
        seen: Mapping[AgentDay, SeenDay],
        running: bool,
    ) -> tuple[list[OvertimeDay], dict[str, GrowingDay]]:
        """With all emergencies that reach into each day, because the highest level pays; and of which agents it grows
        at this moment."""
        if not wanted:
            return [], {}
        start, end = min(own.day.start for _, own in wanted), max(own.day.end for _, own in wanted)
        others = await connection.run_sync(emergencies_within, start, end)
        taking_part = {one: await connection.run_sync(participants, self._site, one) for one in others}
        entries = await connection.run_sync(entries_of, [one.id for one in others])
        shifts = await connection.run_sync(shifts_of, {agent for agent, _ in wanted}, start, end)
        kinds = await self._kinds(connection, wanted)
        rulings = await connection.run_sync(rulings_that_hold, start, end)
        found, grows = [], dict[str, GrowingDay]()
        for agent, own in wanted:
            day, keeps = own.day, self._keeps_schedules(own)
            theirs = {one.id: one for one in others if agent in taking_part[one]}
            line, until = self._line(seen.get((agent, own)), keeps)
            above = self._site.units.with_above(own.unit, day.day)
            ruled = resolved(rulings, agent, above, day) if keeps else ()
            planned = shifts.get(agent, ()) if keeps else ()
            worked = worked_in(line, until, ruled)
            all_paid = paid(theirs.values(), day, planned, worked, entered_s(entries, agent, day.day))
            if until < day.end and (what := growing(theirs.values(), planned, line, until, ruled)):
                measured = measured_us(theirs.values(), day, planned, worked)[what.emergency]
                grows[agent] = GrowingDay(day, what, measured)
            shown = {
                theirs[name]: each
                for name, each in all_paid.items()
                if running or is_over(self._site, theirs[name], sources, self._now())
            }
            said = rulings_that_count(theirs.values(), day, planned, ruled)
            kind = kinds.get((own.unit, day.day), "")
            found.append(OvertimeDay(agent, own.unit, day.day, kind, keeps, shown, said))
        return found, grows

    def _line(self, seen: SeenDay | None, keeps: bool) -> tuple[Sequence[Stretch], int]:
        """What was seen, and until when; of whom nothing was, somebody may have ruled up to now."""
        if not keeps or seen is None:
            return (), self._now()
        return seen.line.spans, seen.until

    def _keeps_schedules(self, own: OwnDay) -> bool:
        return self._site.policies.policy_at(own.unit, own.day.day).schedules

    def _sign_ins(
        self,
        one: Emergency,
        calls: Mapping[str, CallOut],
        wanted: Iterable[AgentDay],
        seen: Mapping[AgentDay, SeenDay],
    ) -> dict[str, int | None]:
        """Of who was called, when they came: who signs in once it is over comes for something else."""
        found: dict[str, int | None] = dict.fromkeys(calls)
        for agent, own in wanted:
            if agent in calls and found[agent] is None and (agent, own) in seen:
                found[agent] = signed_in_at(seen[agent, own].line.spans, calls[agent].called_at, one.end)
        return found

    async def _kinds(self, connection: AsyncConnection, wanted: Iterable[AgentDay]) -> dict[tuple[str, date], str]:
        """Of each unit's day, where it is known whose holidays the unit has."""
        units = self._site.units
        days = {(own.unit, own.day.day): units.country(own.unit, own.day.day) for _, own in wanted}
        if not any(days.values()):
            return {}
        corrected = await connection.run_sync(corrected_days)
        known = {country: Holidays(country, corrected.get(country, {})) for country in {*days.values()} if country}
        return {key: known[country].of(key[1]).kind.value for key, country in days.items() if country}


def is_over(site: Site, one: Emergency, sources: Mapping[str, Source], now: int) -> bool:
    """By the time of each switch; by ours where one has not been heard for as long as a day would wait for it."""
    if now < one.end:
        return False
    heard = [sources[pbx.name].heard_at if pbx.name in sources else None for pbx in site.settings.pbx]
    waited = now >= one.end + site.settings.settle_wait_s_max * SECOND
    return waited or all(at is not None and at >= one.end for at in heard)


def participants(connection: Connection, site: Site, one: Emergency) -> frozenset[str]:
    """The strike team, at some instant of the emergency, of who is in the unit or one below it meanwhile; who was
    called; and for whom time was entered."""
    units = site.units.with_below([one.unit], site.units.days(one.unit).at(one.start).day)
    joined = strike_team_members(connection, units, one.start, one.end)
    team = site.agent_days.among(joined, units, one.start, one.end)
    entered = (entry.agent for entry in entries_of(connection, [one.id]) if entry.counts)
    return frozenset((*team, *calls_of(connection, one.id), *entered))


def paid_before(connection: Connection, site: Site, one: Emergency) -> set[tuple[str, date]]:
    """Agents' days on which something of it was posted, whether they take part in it by now or not: a roster that is
    put right later may say that somebody was elsewhere."""
    joined = strike_team_members(connection, site.all_units, one.start, one.end)
    said = {*calls_of(connection, one.id), *(entry.agent for entry in entries_of(connection, [one.id]))}
    met = dates(site.units.site_day(one.start) - ONE_DAY, site.units.site_day(one.end) + ONE_DAY)
    return paid_in(connection, one.id, {*joined, *said}, list(met))
