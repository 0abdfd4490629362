"""Following the PBXs: what they say is applied to their floors and handed on, to be recorded and to be shown."""

import asyncio
import gc
from collections.abc import AsyncIterator, Mapping
from types import MappingProxyType

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.daemon.health import Health
from ccd.daemon.site import Site
from ccd.daemon.switches.filling import Filling
from ccd.daemon.switches.floors import EVENTS_AT_ONCE_MAX, Floors
from ccd.errors import DatabaseBusyError
from ccd.floor.crew import Crew
from ccd.floor.events import PbxEvent
from ccd.history.batch import Batch
from ccd.history.lease import Lease
from ccd.history.reading import reading
from ccd.history.recorder import Recorder
from ccd.history.refill import refill
from ccd.history.resume import newest_ref, take_over_floor
from ccd.live.writer import LiveWriter
from ccd.pbx.capture import Pbx
from ccd.sql.turns import DRIVER_ERRORS, Patience, is_away

DRAIN_S_MAX = 5.0
RECOUNT_AGAIN_S = 1.0
NEW_OBJECTS = 10_000  # more than have gone again, and Python looks for garbage among them: half a millisecond
YOUNG_COLLECTIONS = 25  # of these, before one of those that outlived them too

log = structlog.get_logger("ccd.daemon")


class Following:
    """`resume` before any `follow`; each PBX has a `follow` of its own."""

    def __init__(
        self,
        engine: AsyncEngine,
        floors: Floors,
        recorder: Recorder,
        writer: LiveWriter,
        health: Health,
        lease: Lease | None,
        fillings: Mapping[str, Filling] = MappingProxyType({}),
    ) -> None:
        self._engine, self._floors, self._recorder = engine, floors, recorder
        self._writer, self._health, self._lease = writer, health, lease
        self._fillings = fillings
        self._owed = asyncio.Event()  # today is to be counted again, and was not yet
        self._said_owed = False
        self._taking = asyncio.Lock()  # held while events are applied and handed on; who has it has the floors at rest

    async def resume(self, pbxs: list[str]) -> None:
        """Each PBX's floor goes on where it stood, and what happened since was not observed."""
        for pbx in pbxs:
            state = await take_over_floor(self._engine, pbx, self._recorder.writer, Patience(), self._lease)
            self._floors.resume(pbx, state)
            if pbx in self._fillings:
                async with reading(self._engine) as connection:
                    self._fillings[pbx].go_on_from(await newest_ref(connection, pbx))
        if pbxs:
            await self._refill(self._floors.crew)
        for pbx in pbxs:
            batch = self._floors.begin_gap(pbx)
            if batch is not None:
                await self._recorder.put(batch)

    async def follow(self, name: str, pbx: Pbx) -> None:
        """Parsed, applied, performed."""
        loaded = False
        filling = self._fillings.get(name)
        coming = _unfilled(pbx) if filling is None else filling.batches(self._floors.floors[name])
        async for events, as_one in coming:
            if as_one:
                async with self._taking:
                    await self._hand_on(name, await self._floors.take_as_one(name, events), len(events))
            else:
                for start in range(0, len(events), EVENTS_AT_ONCE_MAX):
                    some = events[start : start + EVENTS_AT_ONCE_MAX]
                    async with self._taking:
                        await self._hand_on(name, self._floors.take(name, some), len(some))
                    await asyncio.sleep(0)
            if as_one and self._floors.has_passed(events[0].at):
                self._owed.set()
            if not loaded and self._floors.floors[name].state.confirmed_at is not None:
                loaded = True
                leave_to_itself()

    async def _hand_on(self, name: str, batch: Batch, events: int) -> None:
        self._writer.wake()
        await self._recorder.put(batch)
        self._health.took(name, events)

    async def go_on_by(self, site: Site, today_anew: bool) -> None:
        """By another site from now on; where `today_anew`, all that is stored of today is counted again by it: now, or
        once the database takes what waits for it, and says what it holds."""
        async with self._taking:
            for batch in self._floors.reload(site):
                await self._recorder.put(batch)
            if today_anew and self._floors.floors:
                self._owed.set()
            if self._owed.is_set():
                await self._recount()
        self._writer.wake()

    async def recount_what_is_owed(self) -> None:
        """A child of the daemon: counts today again where a reload could not. Events are taken while it waits."""
        while True:
            await self._owed.wait()
            await asyncio.sleep(RECOUNT_AGAIN_S)
            if self._recorder.failing_since is None:
                async with self._taking:
                    if self._owed.is_set():
                        await self._recount()
                self._writer.wake()

    async def _recount(self) -> None:
        """By whoever has the floors at rest. It is owed until it is done."""
        if not await self.drain():
            self._say_owed("the database takes nothing")
            return
        try:
            await self._floors.recount(self._refill)
        except (DatabaseBusyError, *DRIVER_ERRORS) as error:
            if not is_away(error):
                raise
            self._say_owed(str(error).splitlines()[0])
            return
        self._owed.clear()
        if self._said_owed:
            log.info("today is counted again")
        self._said_owed = False

    def _say_owed(self, why: str) -> None:
        if not self._said_owed:
            log.warning("today is counted again once the database can be asked", why=why)
        self._said_owed = True

    async def drain(self) -> bool:
        """Until what has been applied is written; False where the database does not take it in time."""
        try:
            async with asyncio.timeout(DRAIN_S_MAX):
                await self._recorder.drained()
        except TimeoutError:
            log.warning("the database takes nothing", rows_waiting=self._recorder.rows_waiting)
            return False
        return True

    async def _refill(self, crew: Crew) -> None:
        site = self._floors.site
        async with reading(self._engine) as connection:
            await refill(connection, crew, site.measuring, site.rostered_units)


async def _unfilled(pbx: Pbx) -> AsyncIterator[tuple[list[PbxEvent], bool]]:
    """What is told, and what was not stays so."""
    async for events in pbx.batches():
        yield events, False


def leave_to_itself() -> None:
    """The floor is there and stays: looking through all of it for garbage, again and again, stops every frame for
    100 to 200 ms at 5,000 agents (benchmarks/live.py).

    What takes its place bit by bit, as events come, is no garbage either, and lives until the agent's next event: the
    more agents, the more there is of it. Where it is looked through seldom, most of it is gone by itself before that.
    """
    gc.collect()
    gc.freeze()
    _, _, oldest = gc.get_threshold()
    gc.set_threshold(NEW_OBJECTS, YOUNG_COLLECTIONS, oldest)
