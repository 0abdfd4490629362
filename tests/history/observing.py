"""A floor that is recorded while it happens, as the daemon does it, and a look at what was stored."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.floor.callers import Callers, WaitingCaller
from ccd.floor.events import PbxEvent
from ccd.floor.floor import Floor
from ccd.floor.floor_state import FloorState
from ccd.floor.rules import SeatRules
from ccd.floor.segments import Segment, Transition
from ccd.history.batch import batch_of
from ccd.history.recorder import Recorder
from ccd.history.resume import stored_floor, take_over_floor
from ccd.history.schema import segments
from ccd.history.segment_rows import COLUMNS, facts_of, segments_of
from ccd.sql.turns import Patience
from tests.floor.floors import RULES

IMPATIENT = Patience(attempts_max=2, wait_s_min=0.001, wait_s_max=0.01)


@asynccontextmanager
async def recording(engine: AsyncEngine, writer: str = "here", **limits: Any) -> AsyncIterator[Recorder]:
    """A recorder at work; it has written all it was given when the block ends."""
    recorder = Recorder(engine, writer, patience=IMPATIENT, again_s_max=0.05, **limits)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(recorder.run())
        yield recorder
        await recorder.drained()
        running.cancel()


@dataclass
class Observed:
    """One PBX's floor, and whatever of it changed since the last batch."""

    pbx: str
    floor: Floor
    recorder: Recorder
    transitions: list[Transition] = field(default_factory=list)
    _facts: dict[str, str] = field(default_factory=dict)

    async def tell(self, events: Iterable[PbxEvent], at_once: int = 1, ref: int = 0) -> "Observed":
        """Batches of `at_once` events each; stores every fact that changed."""
        events = list(events)
        for first in range(0, len(events), at_once):
            made: list[Transition] = []
            for event in events[first : first + at_once]:
                made += self.floor.apply(event)
            self.transitions += made
            calls, self.floor.callers.gone = self.floor.callers.gone, []
            await self.recorder.put(
                batch_of(self.pbx, made, self._changed(), self.floor.state, ref, calls, self.floor.callers.waits())
            )
        return self

    def _changed(self) -> list[str]:
        facts = {name: facts_of(seat) for name, seat in self.floor.state.seats.items()}
        changed = [name for name in facts if facts[name] != self._facts.get(name)]
        self._facts = facts
        return changed


async def observe(
    engine: AsyncEngine, recorder: Recorder, pbx: str = "pbx", writer: str = "here", rules: SeatRules = RULES
) -> Observed:
    """The PBX's floor, resumed from the store."""
    return Observed(pbx, Floor(rules, await take_over_floor(engine, pbx, writer, IMPATIENT)), recorder)


async def record(engine: AsyncEngine, *events: PbxEvent, pbx: str = "pbx", rules: SeatRules = RULES) -> Observed:
    """Tells and stores one story."""
    async with recording(engine) as recorder:
        return await (await observe(engine, recorder, pbx, rules=rules)).tell(events)


async def stored_segments(engine: AsyncEngine, pbx: str | None = None) -> list[tuple[str, Segment]]:
    """The closed ones, in the order of their numbers."""
    table = segments.c
    async with engine.connect() as connection:
        wanted = select(*(table[name] for name in COLUMNS)).order_by(table.pbx, table.number)
        rows = await connection.execute(wanted if pbx is None else wanted.where(table.pbx == pbx))
        return segments_of(rows.all())


def stored_of(state: FloorState) -> FloorState:
    """But for who waits: see `waiting_in_store`."""
    return replace(state, waiting={}, half_seen=set())


async def floor_in_store(engine: AsyncEngine, pbx: str = "pbx") -> FloorState:
    async with engine.connect() as connection:
        return stored_of(await stored_floor(connection, pbx))


async def waiting_in_store(engine: AsyncEngine, pbx: str = "pbx") -> set[WaitingCaller]:
    async with engine.connect() as connection:
        return set(Callers(await stored_floor(connection, pbx)).waits())


def closed(transitions: Sequence[Transition]) -> list[Segment]:
    return sorted((t.closed for t in transitions if t.closed), key=lambda segment: segment.number)
