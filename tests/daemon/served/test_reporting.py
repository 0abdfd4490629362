"""What is put into a report is of the days and units that the records have it in (docs/time-bank.md 2.2 and 5)."""

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from random import Random

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.daemon.served.reporting import Reporting
from ccd.floor.events import PbxEvent
from ccd.history.day_rows import latest_days
from ccd.history.reading import reading
from ccd.reports.periods import Period
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
