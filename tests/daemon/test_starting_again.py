"""However often a daemon is started again or reloaded, by whatever roster: its clocks say of today what the records of
all that is stored say."""

import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.daemon.site import Site
from ccd.daemon.switches.floors import Floors
from ccd.floor.crew import Crew
from ccd.floor.events import Heard, PbxEvent
from ccd.floor.owners import borders_between, owner_or_itself
from ccd.floor.segments import Segment
from ccd.history.batch import Batch, batches_together
from ccd.history.reading import reading
from ccd.history.refill import refill
from ccd.history.resume import take_over_floor
from ccd.history.writing import write_batch
from ccd.settings import Settings
from ccd.sql.engine import open_engine
from tests.daemon.switches.test_floors_properties import (
    QUEUES,
    UNITS,
    batches_of,
    found_late,
    roster_of,
    stored_of,
    today_of,
)
from tests.databases import sqlite_template
from tests.floor.random_floors import RandomFloor, random_floor
from tests.history.observing import IMPATIENT, floor_in_store, stored_segments

__all__ = ["sqlite_template"]

FLOORS = 100


@dataclass
class Life:
    """Of a daemon, from one process to the next. What waits to be written when one ends is lost."""

    engine: AsyncEngine
    chance: Random
    floor: RandomFloor
    roster: Path
    processes: int = 0
    now: int = 0
    late: set[str] = field(default_factory=set)

    async def start(self) -> None:
        self.processes += 1
        self.waiting: list[Batch] = []
        self.turns = dict.fromkeys(self.floor.streams, 0)
        self.site = self.another_site()
        self.floors = Floors(self.site, lambda: (), lambda: self.now)
        for pbx in self.floor.streams:
            self.floors.resume(pbx, await take_over_floor(self.engine, pbx, str(self.processes), IMPATIENT))
        await self.refill(self.floors.crew)
        self.confirmed_at = self.now if self.processes > 1 else 0
        for pbx in self.floor.streams:
            if (batch := self.floors.begin_gap(pbx)) is not None:
                self.waiting.append(batch)

    def another_site(self) -> Site:
        self.roster.write_text(roster_of(self.chance, self.floor))
        pbxs = [{"name": pbx, "host": "127.0.0.1", "secret": "s"} for pbx in self.floor.streams]
        paused_in = {"paused_in": self.chance.choice(("all", "any"))}
        said = {"roster": self.roster, "units": UNITS, "queues": QUEUES, "pbx": pbxs, "floor": paused_in}
        return Site(Settings.model_validate(said))

    async def refill(self, crew: Crew) -> None:
        async with reading(self.engine) as connection:
            await refill(connection, crew, self.site.measuring, self.site.rostered_units)

    async def reload(self) -> None:
        self.site = self.another_site()
        self.waiting += self.floors.reload(self.site)
        await self.write()
        await self.floors.recount(self.refill)
        self.confirmed_at = self.now

    def take(self, pbx: str, events: list[PbxEvent]) -> None:
        state = self.floors.floors[pbx].state
        known = state.number
        self.now = max(self.now, *(event.at for event in events))
        batch = self.floors.take(pbx, events)
        found = [each for each in (*batch.closed, *state.open.values()) if each.number > known]
        self.late.update(found_late(self.site, pbx, found, self.now, self.confirmed_at))
        self.late.update(self.before_two_borders(pbx, found))
        self.confirmed_at = max(self.confirmed_at, state.confirmed_at or 0)
        self.waiting.append(batch)

    def before_two_borders(self, pbx: str, found: Iterable[Segment]) -> Iterator[str]:
        """Whose seat it was, and is, of which a switch says something that is older than the last border but one: the
        clocks know when each seat was handed on last, and the records have it all."""
        since = self.site.last_border(self.site.last_border(self.now) - 1)
        for each in found:
            if each.start < since:
                for at in (each.start, *borders_between(self.site.roster_borders, each.start, self.now + 1)):
                    yield owner_or_itself(self.site.owner_of, pbx, each.seat, each.view.name, at).agent

    async def write(self) -> None:
        async with self.engine.begin() as connection:
            for batch in batches_together(self.waiting):
                self.turns[batch.pbx] += 1
                await write_batch(connection, str(self.processes), self.turns[batch.pbx], batch)
        self.waiting = []

    async def live(self) -> None:
        await self.start()
        for pbx, events in batches_of(self.chance, self.floor):
            self.take(pbx, events)
            happens = self.chance.random()
            if happens < 0.5:
                await self.write()
            elif happens < 0.53:
                await self.start()
            elif happens < 0.55:
                await self.reload()
        for pbx in self.floor.streams:
            self.take(pbx, [Heard(self.floor.until)])
        await self.write()


async def test_however_often_it_starts_again_the_clocks_say_of_today_what_the_records_say(
    tmp_path: Path, sqlite_template: Path
) -> None:
    compared = left_out = processes = 0
    for seed in range(FLOORS):
        file = shutil.copy(sqlite_template, tmp_path / "ccd.sqlite")
        engine = open_engine(f"sqlite+aiosqlite:///{file}")
        chance = Random(30_000 + seed)
        life = Life(engine, chance, random_floor(chance, steps=60), tmp_path / "roster.csv")
        await life.live()
        segments = await stored_segments(engine)
        for pbx in life.floor.streams:
            segments += [(pbx, each) for each in (await floor_in_store(engine, pbx)).open.values()]
        await engine.dispose()
        live = today_of(life.floors, life.floor.until)
        stored = stored_of(life.site, segments, life.floor.until)
        for agent in (live.keys() | stored.keys()) & life.floors.crew.clocks.keys():
            if agent in life.late:
                left_out += 1
            else:
                assert live.get(agent) == stored.get(agent), f"seed {seed}"
                compared += 1
        processes += life.processes
    assert compared > FLOORS
    assert left_out < 2 * compared, (
        "what a snapshot finds before the last word that was confirmed is the records' alone"
    )
    assert processes > 1.5 * FLOORS
