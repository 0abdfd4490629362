"""Whoever moves between units whose days begin at different times: every second is in one day of one unit, and settled
once."""

import random
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.errors import RosterError
from ccd.floor.agents import AgentRules
from ccd.floor.crew import day_records
from ccd.floor.events import Heard
from ccd.floor.own_days import OwnDays
from ccd.floor.owners import Owner
from ccd.floor.records import DayRecord
from ccd.floor.rules import Reasons
from ccd.history.known_days import known_days
from ccd.history.reading import reading
from ccd.history.schema import day_records as day_table
from ccd.history.whose import Measuring
from ccd.org import roster_file
from ccd.org.roster import Roster
from ccd.org.units import Unit, Units
from ccd.sql.engine import open_engine
from tests.floor.floors import RULES, S, added, paused, removed, unpaused
from tests.history.closing import POLICIES, Bank
from tests.history.observing import observe, recording

UNITS = Units(
    "UTC",
    time(0),
    {
        "early": Unit(),
        "late": Unit(day_starts_at=time(4)),
        "east": Unit(timezone="Asia/Shanghai"),
        "west": Unit(timezone="America/New_York", day_starts_at=time(3)),
    },
)
HEAD = "agent,interface,member_name,unit,from,to\n"
SEAT = "PJSIP/1001"
BEGINS = datetime(2026, 10, 28, 6, tzinfo=UTC)  # New York sets its clocks back on 1 November
DAYS = 8
ROUNDS = 5


def site(text: str) -> Measuring:
    roster = roster_file.parse(HEAD + text, Path("roster.csv"), UNITS)

    def owner(pbx: str, seat: str, name: str, at: int) -> Owner | None:
        entry = roster.owner(pbx, seat, name, at)
        return None if entry is None else Owner(entry.agent, entry.unit, True)

    def rules(unit: str | None) -> AgentRules:
        return AgentRules(Reasons({}), RULES, UNITS.days(unit or ""))

    return Measuring(owner, roster.borders(0, 2**62), rules, moves(roster))


def moves(roster: Roster) -> dict[str, OwnDays]:
    return {agent: OwnDays(roster.stays(agent), UNITS.days) for agent in roster.movers}


async def work(engine: AsyncEngine, chance: random.Random, measuring: Measuring) -> list[DayRecord]:
    """Signed in for days on end, with pauses now and then; what `ccd replay` makes of it."""
    start = BEGINS.timestamp()
    said = [added(start, seat=SEAT)]
    at = start
    while at < start + (DAYS - 1) * 86_400:
        at += chance.randint(600, 40_000)
        said += [paused(at, "toilet", seat=SEAT), unpaused(at + chance.randint(1, 900), seat=SEAT)]
    end = start + DAYS * 86_400
    said.append(removed(end, seat=SEAT))
    async with recording(engine) as recorder:
        observed = await observe(engine, recorder)
        await observed.tell([*said, Heard(round((end + 3 * 86_400) * S))], at_once=50)
    segments = [("pbx", each.closed) for each in observed.transitions if each.closed]
    segments += [("pbx", each) for each in observed.floor.state.open.values()]
    until = round((end + 3 * 86_400) * S)
    return day_records(
        segments, measuring.owner_of, measuring.roster_borders, measuring.rules_of, until, measuring.moves.get
    )


async def settled(engine: AsyncEngine, measuring: Measuring, *units: str) -> Bank:
    bank = Bank(engine, units=units, site=measuring)
    bank.now_s = BEGINS.timestamp() + (DAYS + 4) * 86_400
    await bank.closer.close_due()
    return bank


async def rows(engine: AsyncEngine) -> list[tuple[str, str, date, int, int]]:
    wanted = day_table.c.agent, day_table.c.unit, day_table.c.day, day_table.c.revision, day_table.c.signed_in_us
    async with engine.connect() as connection:
        return [tuple(row) for row in await connection.execute(select(*wanted).order_by(day_table.c.day))]


async def test_every_second_of_a_mover_is_in_one_day_of_one_unit(new_database) -> None:
    for seed in range(ROUNDS):
        chance = random.Random(seed)
        old, new = chance.sample(["early", "late", "east", "west"], 2)
        day = (BEGINS + timedelta(days=chance.randint(1, DAYS - 2))).date()
        moment = str(day) if chance.random() < 0.6 else f"{day}T{chance.randrange(24):02}:17+00:00"
        measuring = site(f"ann,{SEAT},,{old},,{moment}\nann,{SEAT},,{new},{moment},\n")
        engine = open_engine(new_database())
        replayed = await work(engine, chance, measuring)
        await settled(engine, measuring, old, new)
        found = await rows(engine)
        case = (seed, old, new, moment)
        assert sum(row[4] for row in found) == DAYS * 86_400 * S, case
        assert len({row[2] for row in found}) == len(found), f"each date once: {case}"
        assert {row[3] for row in found} == {1}, case
        units = [row[1] for row in found]
        assert units == sorted(units, key=[old, new].index), case
        assert set(units) == {old, new}, case
        assert [(r.agent, r.unit, r.day, 1, r.signed_in) for r in replayed] == found, case
        async with reading(engine) as connection:
            known = [await known_days(connection, measuring, POLICIES, [old, new], row[2]) for row in found]
        assert [replace(each[0], unit="") for each in known] == [replace(each, unit="") for each in replayed], case
        await engine.dispose()


async def test_a_move_on_a_date_leaves_nothing_between_the_two_days(engine: AsyncEngine) -> None:
    """From a unit whose days begin at midnight to one whose days begin at four: four hours were in no line."""
    measuring = site(f"ann,{SEAT},,early,,2026-10-31\nann,{SEAT},,late,2026-10-31,\n")
    await work(engine, random.Random(1), measuring)
    await settled(engine, measuring, "early", "late")
    seconds = {str(row[2]): (row[0], row[1], row[4] / S / 3600) for row in await rows(engine)}
    found = {day: seconds[day] for day in ("2026-10-30", "2026-10-31", "2026-11-01")}
    assert found == {
        "2026-10-30": ("ann", "early", 24.0),
        "2026-10-31": ("ann", "late", 28.0),
        "2026-11-01": ("ann", "late", 24.0),
    }


async def test_closing_again_and_in_another_order_changes_nothing(engine: AsyncEngine) -> None:
    measuring = site(f"ann,{SEAT},,west,,2026-10-31\nann,{SEAT},,east,2026-10-31,\n")
    await work(engine, random.Random(1), measuring)
    bank = await settled(engine, measuring, "east", "west")
    before = await rows(engine), await bank.net_s("ann")
    for unit in ("west", "east"):
        for day in {row[2] for row in before[0]}:
            await bank.closer.close(unit, day)
    assert (await rows(engine), await bank.net_s("ann")) == before


def test_a_line_that_a_move_leaves_without_time_is_a_fault() -> None:
    with pytest.raises(RosterError, match="is not after from"):
        site(f"ann,{SEAT},,west,,2026-10-31\nann,{SEAT},,east,2026-10-31,2026-10-31T02:00\n")
