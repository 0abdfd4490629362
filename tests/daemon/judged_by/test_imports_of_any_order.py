"""Whatever was imported on the way, in whatever order, while days were closed: what stands in the end is what the last
roster alone would have made of it."""

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.daemon.judged_by.imported import imported
from ccd.daemon.reloading import Applied
from ccd.daemon.site import Site
from ccd.daemon.switches.past import live_through
from ccd.floor.events import Heard, PbxEvent
from ccd.history.schema import day_records
from ccd.org.acts import Act
from ccd.org.roster import changes_since
from ccd.org.store import ROSTER, newest_number, take_import
from ccd.settings import Settings
from ccd.sql.engine import open_engine
from ccd.sql.turns import Patience, take_turn_at_once
from tests.floor.floors import S, added, paused, removed, snapshot, unpaused
from tests.history.closing import Bank

FIRST = date(2026, 11, 2)
DAYS = 6
AGENTS = ("1001", "1002", "1003")
TEAMS = ("team-1", "team-2")
PHONES = ("PJSIP/1", "PJSIP/2", "PJSIP/3", "PJSIP/4")
QUEUES = ("support", "sales")
ROUNDS = 3
IMPORTS = 5

Row = tuple[Any, ...]


def some_roster(chance: random.Random) -> str:
    """Each telephone is some agent's, until a day on which it may be handed on; an agent changes the team on a day."""
    lines = []
    team = {agent: (chance.choice(TEAMS), chance.choice(TEAMS), chance.randrange(DAYS)) for agent in AGENTS}
    for phone in PHONES:
        before, after = chance.sample(AGENTS, 2)
        handed_on = FIRST + timedelta(days=chance.randrange(DAYS))
        for agent, begins, ends in ((before, None, handed_on), (after, handed_on, None)):
            old, new, after_days = team[agent]
            moves = FIRST + timedelta(days=after_days)
            lines += _in_team(agent, phone, old, begins, min(ends or moves, moves))
            lines += _in_team(agent, phone, new, max(begins or moves, moves), ends)
    return "agent,interface,member_name,unit,from,to\n" + "".join(lines)


def _in_team(agent: str, phone: str, team: str, begins: date | None, ends: date | None) -> list[str]:
    if begins and ends and begins >= ends:
        return []
    return [f"{agent},{phone},,{team},{begins or ''},{ends or ''}\n"]


def a_week(chance: random.Random) -> list[PbxEvent]:
    """On each day each telephone is a member of one queue, then of the other, with a pause in each."""
    midnight = datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=UTC).timestamp()
    events: list[PbxEvent] = [snapshot(midnight)]
    for at in (midnight + day * 86_400 for day in range(DAYS)):
        spoken: list[tuple[float, PbxEvent]] = []
        for phone in PHONES:
            begins = at + chance.randrange(3_600)
            for queue in chance.sample(QUEUES, 2):
                pause = begins + chance.randrange(3_600)
                ends = pause + chance.randrange(600, 7_200)
                spoken += [
                    (begins, added(begins, queue, phone)), (pause, paused(pause, "toilet", queue, phone)),
                    (pause + 500, unpaused(pause + 500, queue, phone)), (ends, removed(ends, queue, phone)),
                ]  # fmt: skip
                begins = ends + chance.randrange(600)
        events += [event for _, event in sorted(spoken, key=lambda each: each[0])]
    return [*events, Heard(round((midnight + (DAYS + 1) * 86_400) * S))]


class Office:
    """A database with a week in it, rosters that are imported there, and a bank that closes its days."""

    def __init__(self, engine: AsyncEngine, folder: Path) -> None:
        self.engine, self.settings = engine, Settings(state_directory=folder)
        self.site = Site(self.settings)
        self.bank = Bank(engine, units=TEAMS, site=self.site.measuring)
        self.bank.now_s = datetime(2026, 11, 9, 12, tzinfo=UTC).timestamp()
        self.applied = Applied(engine, self.site, self.bank.now)

    async def imports(self, text: str) -> int | None:
        """From when the roster says something else, µs."""
        act = Act(uuid4().hex, self.bank.now(), "ann", "desk-1", "import roster", ROSTER, "", "", "moves")
        async with self.engine.connect() as connection:
            number = await connection.run_sync(lambda plain: newest_number(plain, ROSTER))
        await take_turn_at_once(self.engine, lambda plain: take_import(plain, ROSTER, text, number, act), Patience())
        before, self.site = self.site, Site(self.settings, *await imported(self.engine))
        await self.applied.note(self.site)
        self.bank.follow(self.site.measuring)
        return changes_since(before.roster, self.site.roster)

    async def records(self) -> list[Row]:
        """All that were ever made: agent, day, revision, unit, and what was measured."""
        columns = day_records.c
        wanted = (
            columns.agent, columns.day, columns.revision, columns.unit, columns.signed_in_us, columns.aux_us,
            columns.sign_ins,
        )  # fmt: skip
        async with self.engine.connect() as connection:
            return [tuple(row) for row in await connection.execute(select(*wanted).order_by(*wanted[:3]))]

    async def stands(self) -> tuple[dict[Row, Row], dict[str, int]]:
        """Of each agent's day the newest record, unless it says that there was nothing; and what accounts come to."""
        newest = {row[:2]: row[3:] for row in await self.records()}
        nets = {agent: await self.bank.net_s(agent) for agent in sorted({row[0] for row in await self.records()})}
        return {key: said for key, said in newest.items() if said[1]}, {
            agent: net for agent, net in nets.items() if net
        }


async def test_the_last_roster_alone_says_what_stands(new_database: Callable[[], str], tmp_path: Path) -> None:
    for seed in range(ROUNDS):
        chance = random.Random(seed)
        story, rosters = a_week(chance), [some_roster(chance) for _ in range(IMPORTS)]
        found = []
        for name, texts in (("all", rosters), ("last", rosters[-1:])):
            engine = open_engine(new_database())
            office = Office(engine, tmp_path / f"{seed}-{name}")
            await live_through(engine, office.site, "pbx", story)
            closed = False
            for text in texts:
                before = await office.records()
                since = await office.imports(text)
                was_closed, closed = closed, text is texts[-1] or chance.random() < 0.7
                if closed:
                    await office.bank.closer.close_due()
                if closed and was_closed:
                    first = datetime.fromtimestamp(max(0, since or 0) // S, UTC).date()
                    after = await office.records()
                    assert [row for row in after if row[1] < first] == [row for row in before if row[1] < first], seed
            found.append(await office.stands())
            await engine.dispose()
        assert found[0] == found[1], seed
        assert len(found[1][0]) > DAYS, seed
