"""What is put into a report is of the days and units that the records have it in (docs/time-bank.md 2.2 and 5)."""

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from random import Random

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.daemon.served.reporting import Reporting, ReportWanted, report
from ccd.floor.events import PbxEvent
from ccd.history.day_rows import latest_days
from ccd.history.reading import reading
from ccd.reports.periods import Each, Period
from ccd.reports.report import By
from tests.cases.services import World
from tests.cases.story import Case, Line
from tests.floor.floors import added, connected, ended, joined, left, removed

FIRST, DAYS = date(2026, 10, 28), 8  # New York sets its clocks back on 1 November
CLOCKS = {
    "early": {},
    "late": {"day_starts_at": time(4)},
    "east": {"timezone": "Asia/Shanghai"},
    "west": {"timezone": "America/New_York", "day_starts_at": time(3)},
}
SEAT = "PJSIP/1001"


def calls(chance: Random, start: int, end: int) -> list[PbxEvent]:
    """Somebody is signed in all the time, and takes a call or two an hour."""
    said, at, number = [added(start, seat=SEAT)], start, 0
    while (at := at + chance.randint(600, 3_600)) < end:
        number += 1
        said += [joined(at - 9, f"c{number}"), left(at, f"c{number}"), connected(at, f"c{number}", seat=SEAT)]
        said.append(ended(at + 60, f"c{number}", seat=SEAT))
    return [*said, removed(end + 600, seat=SEAT)]


async def test_who_signs_out_soon_after_midnight_is_not_missed_until_the_next_evening(engine: AsyncEngine) -> None:
    """Nobody keeps schedules. 1001 works the evenings, and has an hour off in the first of them; 1002 the nights."""
    roster = "agent,interface,member_name,unit\n1001,PJSIP/1001,,early\n1002,PJSIP/1002,,early\n"
    begins = datetime.combine(FIRST, time(6), UTC)
    world = World(engine, Case("", (Line("", FIRST, begins, "", None),), {}, {}), roster, {"units": CLOCKS})
    midnight = int(begins.timestamp()) - 6 * 3_600
    for agent, hours in (("1001", 16), ("1002", 22)):
        for start in (midnight + (hours + 24 * number) * 3_600 for number in range(3)):
            seat = f"PJSIP/{agent}"
            world.seen += [added(start, seat=seat), removed(start + 28_810, seat=seat)]
    world.seen += [removed(midnight + 17 * 3_600), added(midnight + 18 * 3_600)]
    await world.until(FIRST + timedelta(days=5))
    wanted = ReportWanted(FIRST, FIRST + timedelta(days=3), Each.DAY, By.AGENT)
    async with reading(engine) as connection:
        made = (await report(connection, world.site, wanted)).made
    assert [(line.agent, line.figures["utilisation"]) for line, _ in made] == [
        ("1001", 7 / 8), ("1002", 1.0), *[("1001", 1.0), ("1002", 1.0)] * 3,
    ]  # fmt: skip


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("new_database", ["sqlite"], indirect=True)
async def test_a_movers_answers_are_of_the_days_that_their_records_have_them_in(engine: AsyncEngine, seed: int) -> None:
    chance = Random(seed)
    old, new = chance.sample([*CLOCKS], 2)
    day = FIRST + timedelta(days=chance.randint(2, DAYS - 3))
    moves = str(day) if seed % 2 else f"{day}T{chance.randrange(24):02}:17+00:00"
    roster = f"agent,interface,member_name,unit,from,to\n1001,{SEAT},,{old},,{moves}\n1001,{SEAT},,{new},{moves},\n"
    begins = datetime.combine(FIRST, time(6), UTC)
    world = World(engine, Case("", (Line("", FIRST, begins, "", None),), {}, {}), roster, {"units": CLOCKS})
    start = int(begins.timestamp())
    world.seen = calls(chance, start, start + DAYS * 86_400)
    await world.until(FIRST + timedelta(days=DAYS + 4))
    async with reading(engine) as connection:
        days = [FIRST + timedelta(days=number) for number in range(-1, DAYS + 3)]
        found = await Reporting(connection, world.site, None).found([Period(day, day) for day in days], True)
        for day, known in zip(days, found, strict=True):
            told = Counter[str]()
            for each in known.agents:
                told[each.unit] += each.sums.own_answered
            records = (one.record for one in (await latest_days(connection, day)).values())
            assert told == Counter({one.unit: one.answered for one in records if one.unit}), (old, new, moves, day)
