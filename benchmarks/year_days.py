"""The days of a simulated year, lived and measured in a process of their own, ahead of whoever settles them.

A coarse day (benchmarks.coarse) is drawn from what the agents are planned for, by the tables of shifts, leave and days
off, and measured at once by what measures stored segments; it is stored only of who is `kept`. The days of the week
that came from AMI bytes are measured from its database.
"""

import asyncio
import os
from collections.abc import Collection, Mapping
from datetime import date
from functools import cache
from random import Random
from typing import NamedTuple
from zoneinfo import ZoneInfo

from benchmarks.ami_week import AMI, hear
from benchmarks.coarse import Life, day_of, segments_of
from benchmarks.year_site import PBX, ZONE, Place, people_of, site_of
from ccd.bank.policy import Policy
from ccd.daemon.explained.resettling import Resettling
from ccd.daemon.switches.following import leave_to_itself
from ccd.floor.days import BusinessDay
from ccd.floor.expected import Expected
from ccd.floor.segments import Segment
from ccd.floor.spans import less
from ccd.history.days import MeasuredDay, measured_days, reckon
from ccd.history.expected_days import PeopleOfDay, people_of_day
from ccd.history.reading import Source, reading, seen_between, stored_sources
from ccd.history.segment_rows import Row, segment_row
from ccd.history.whose import Holder, SeatSeen, holders
from ccd.pbx.simulator.staff import Colleague
from ccd.sql.engine import open_engine

NUMBERS_A_DAY, NUMBERS_AN_AGENT = 1_000_000, 64  # of segments


class Ask(NamedTuple):
    """A unit's day. `whole`: its segments are kept, and it is measured by whoever keeps them."""

    unit: str
    day: date
    lives: Mapping[str, Life]
    kept: Collection[str] = ()
    whole: bool = False


class Lived(NamedTuple):
    seen: dict[str, Holder]
    told: PeopleOfDay
    measured: list[MeasuredDay]
    rows: list[Row]  # of the segments that are kept
    segments: int


def lived(place: Place, ask: Ask) -> Lived:
    return _days(place).lived(ask)


def heard(place: Place) -> int:
    """The week of AMI bytes; how many events it were."""

    async def week() -> int:
        engine = open_engine(place.ami_url)
        try:
            site, people = site_of(place), people_of(place)
            os.nice(10)  # it has the whole year's time, and the other two wait for each other
            return await hear(engine, site, people, place.ami_first, place.ami_days, ZoneInfo(ZONE), place.seed)
        finally:
            await engine.dispose()

    return asyncio.run(week())


def settled_again(place: Place, month: str, now: int) -> int:
    """A closed month of the teams that are kept, from its segments; how many agents' days agree with the ledger."""

    async def again() -> int:
        engine = open_engine(place.url)
        try:
            found = await Resettling(engine, site_of(place), lambda: now).month(month, place.kept)
        finally:
            await engine.dispose()
        assert not found.differs, found.differs[:10]
        assert not found.waiting, found.waiting[:10]
        return found.days

    return asyncio.run(again())


@cache
def _days(place: Place) -> "Days":
    return Days(place)


class Days:
    """In this process."""

    def __init__(self, place: Place) -> None:
        self._place, self._site = place, site_of(place)
        self._loop = asyncio.new_event_loop()  # no Runner: it writes a task's whole result down, for a signal's name
        self._engine, self._ami = open_engine(place.url), open_engine(place.ami_url)
        self._people = {person.agent: (number, person) for number, person in enumerate(people_of(place))}
        self._heard: dict[date, Mapping[str, Holder]] = {}  # who was seen on the day that was asked for last
        leave_to_itself()

    def lived(self, ask: Ask) -> Lived:
        day = self._site.units.days(ask.unit).of_date(ask.day)
        policy = self._site.policies.policy_at(ask.unit, ask.day)
        work = self._heard_day if self._place.is_heard(ask.day) else self._coarse_day
        return self._loop.run_until_complete(work(ask, day, policy))

    async def _coarse_day(self, ask: Ask, day: BusinessDay, policy: Policy) -> Lived:
        measuring, people = self._site.measuring, [self._people[agent] for agent in ask.lives]
        seats = [SeatSeen(PBX, person.phone.interface, person.phone.name) for _, person in people]
        seen = {agent: one for agent, one in holders(seats, measuring, day).items() if one.unit == ask.unit}
        async with reading(self._engine) as connection:
            told = await people_of_day(connection, seen, measuring, ask.unit, day, policy)
        line: dict[str, list[Segment]] = {}
        for number, person in people:
            first = (ask.day - self._place.first).days * NUMBERS_A_DAY + number * NUMBERS_AN_AGENT + 1
            line[person.agent] = self._line(person, ask.lives[person.agent], day, told.expected[person.agent], first)
        rows = [segment_row(PBX, each) for agent, own in line.items() if ask.whole or agent in ask.kept for each in own]
        segments = sum(map(len, line.values()))
        if ask.whole:
            return Lived(seen, told, [], rows, segments)
        sources = {PBX: Source(PBX, day.end, 0)}
        whole_line = [(PBX, each) for own in line.values() for each in own]
        measured = reckon(told, measuring, day, sources, True, whole_line)
        return Lived(seen, told, measured, rows, segments)

    def _line(self, person: Colleague, life: Life, day: BusinessDay, expected: Expected, number: int) -> list[Segment]:
        chance = Random(f"{self._place.seed} {day.day} {person.agent}")
        changes = day_of(less(expected.shifts, expected.absences), life, chance)
        return segments_of(person.phone.interface, person.phone.name, day, changes, number) if changes else []

    async def _heard_day(self, ask: Ask, day: BusinessDay, policy: Policy) -> Lived:
        measuring = self._site.measuring
        async with reading(self._ami) as ami, reading(self._engine) as connection:
            if ask.day not in self._heard:  # once for all units, as a close reads it
                self._heard = {ask.day: holders(await seen_between(ami, day.start, day.end), measuring, day)}
            seen = {agent: one for agent, one in self._heard[ask.day].items() if one.unit == ask.unit}
            told = await people_of_day(connection, seen, measuring, ask.unit, day, policy)
            sources = await stored_sources(ami)
            assert sources[AMI].heard_at is not None
            measured = await measured_days(ami, told, measuring, sources, True)
        return Lived(seen, told, measured, [], 0)
