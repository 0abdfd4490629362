"""The daemon: everything put together, and its children in one TaskGroup.

A child retries what it knows to pass; whatever else it raises ends the process, and systemd starts a new one.
"""

import asyncio
import gc
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.bank.fate import Settlement
from ccd.bank.measured import Measured
from ccd.bank.settle import Settler
from ccd.bank.statement import account_of, statement_of
from ccd.daemon.applied_roster import AppliedRoster
from ccd.daemon.floors import Floors
from ccd.daemon.health import Figures, Health, registry_of
from ccd.daemon.pbxs import pbx_config
from ccd.daemon.place import place
from ccd.daemon.site import Site
from ccd.daemon.stores import database
from ccd.errors import DatabaseBusyError, FaultsError
from ccd.floor.crew import Crew
from ccd.history.close import Closer
from ccd.history.lease import Lease, Term
from ccd.history.reading import reading
from ccd.history.recorder import Recorder
from ccd.history.refill import refill
from ccd.history.resume import take_over
from ccd.history.unit_days import note_stale
from ccd.history.whose import Measuring
from ccd.ledger.books import Ledger
from ccd.ledger.sql.turns import Patience, take_turn
from ccd.live.batch import SourceNow
from ccd.live.board import Board
from ccd.live.channel import Channel
from ccd.live.connect import connect
from ccd.live.embedded import embedded_redis
from ccd.live.feed import Feed
from ccd.live.gate import Gate
from ccd.live.hub import Hub, HubLimits
from ccd.live.store import Store
from ccd.live.writer import AWAY, Writer
from ccd.notify import Notifier
from ccd.org.roster import changes_since
from ccd.pbx.capture import Pbx
from ccd.pbx.evidence import Evidence
from ccd.settings.secrets import store_url
from ccd.web.accounts import Accounts
from ccd.web.app import Web, create_app
from ccd.web.backoff import BackOff
from ccd.web.passwords import Passwords
from ccd.web.server import PageServer, Tls
from ccd.web.session_api import COOKIE
from ccd.web.sessions import Sessions

Part = Literal["capture", "live", "settle", "api"]
ALL_PARTS: frozenset[Part] = frozenset(("capture", "live", "settle", "api"))

DRAIN_S_MAX = 5.0
EVENTS_AT_ONCE_MAX = 2_000  # applied before the loop turns to others

log = structlog.get_logger("ccd.daemon")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the daemon gets from outside beside its settings. `clock` is in epoch seconds."""

    clock: Callable[[], float] = time.time
    notifier: Notifier = field(default_factory=Notifier)
    read_again: Callable[[], Site] | None = None  # on SIGHUP; raises FaultsError where the files have faults
    started: Callable[["House"], Awaitable[None]] | None = None  # once everything runs


class House:
    """The parts, made but not running. `run` runs them until it is cancelled, or a signal says so."""

    def __init__(
        self,
        site: Site,
        engine: AsyncEngine,
        redis_url: str,
        parts: frozenset[Part],
        outside: Surroundings,
        lease: Lease | None,
        asked_to_reload: asyncio.Event,
    ) -> None:
        settings, http = site.settings, site.settings.http
        self.site, self.engine, self.parts, self.outside = site, engine, parts, outside
        self.clock = outside.clock
        self.lease = lease  # whoever captures has one
        self._recording = False
        self._asked_to_reload = asked_to_reload
        self._taking = (
            asyncio.Lock()
        )  # held while events are applied and handed on; who needs the floors at rest takes it
        self._applied_roster = AppliedRoster(settings.state_directory)
        captured = settings.pbx if "capture" in parts else ()
        self.evidence = {
            pbx.name: Evidence(
                settings.evidence.directory,
                pbx.name,
                log,
                keep_days=settings.evidence.keep_days,
                clock=self.clock,
                may_write=lambda: lease is None or lease.certain,
            )
            for pbx in captured
        }
        self.pbxs = {
            pbx.name: Pbx(pbx_config(pbx), log, self.evidence[pbx.name].keep, clock=self.clock) for pbx in captured
        }
        self.floors = Floors(site, self._sources, self._now)
        self.recorder = Recorder(engine, lease.holder if lease else "")
        term = lease.term if lease else Term("", 0)
        self.store = Store(connect(redis_url), settings.site, line=term.line, term=term.number)
        self.feed_store = Store(connect(redis_url), settings.site)
        self.writer = Writer(
            self.store, self.floors.changes, self.floors.everything, sure=lease.sure if lease else None
        )
        self.health = Health(self.pbxs, self.recorder if captured else None, self._redis_holds_the_floor)
        self.ledger = Ledger(engine, self._now)
        self.closer = Closer(
            engine, measuring(site), site.rostered_units, [pbx.name for pbx in settings.pbx], site.policies,
            self._settle, self._now, settings.settle_wait_s_max,
        )  # fmt: skip
        self.board = Board(lambda reason: self.site.is_personal(reason))
        self.hub = Hub(
            self.board,
            self.clock,
            HubLimits(http.frame_interval_s, http.heartbeat_s, connections_max=http.connections_max),
        )
        self.feed = Feed(self.feed_store, self.board, self.hub, self.clock)
        self.sessions = Sessions(engine, time.time)  # people's own time, whatever the floor's is
        self.accounts = Accounts(engine, Passwords(), time.time)
        self.gate = Gate(self.hub, self.sessions.of_tokens, self.sessions.still_valid)
        self.server = self._server() if parts & {"api", "live"} else None

    # --- running -----------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Raises what a child could not retry."""
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        for sign in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(sign, stopped.set)
        try:
            async with asyncio.TaskGroup() as group:
                living = group.create_task(self._live())
                await stopped.wait()
                self.outside.notifier.stopping()
                if self._recording:
                    await self._drain()
                living.cancel()
        finally:
            for sign in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(sign)
            await self.store.close()
            await self.feed_store.close()

    async def _live(self) -> None:
        """First who keeps the place, then what was stored, then everybody else."""
        async with asyncio.TaskGroup() as children:
            for name, child in self._keepers():
                children.create_task(child, name=name)
            await self._resume()
            for name, child in self._children():
                children.create_task(child, name=name)
            self._recording = "capture" in self.parts
            if self.outside.started:
                await self.outside.started(self)
            self.outside.notifier.ready(self._status())

    def _keepers(self) -> Iterator[tuple[str, Coroutine[Any, Any, None]]]:
        """Who works from the first moment on: to resume may take longer than others wait to hear of us."""
        if self.lease is not None:
            yield "lease", self.lease.run()
        if self.outside.notifier.watchdog_interval_s:
            yield "watchdog", self._feed_watchdog()

    def _children(self) -> Iterator[tuple[str, Coroutine[Any, Any, None]]]:
        """Who works in this house."""
        if "capture" in self.parts:
            yield "recorder", self.recorder.run()
            yield "writer", self.writer.run()
            for name, pbx in self.pbxs.items():
                yield f"evidence of {name}", self.evidence[name].run()
                yield f"follows {name}", self._follow(name, pbx)
                yield f"listens to {name}", pbx.run()
        if "settle" in self.parts:
            yield "closer", self.closer.run()
        if self.server is not None:
            yield "feed", self.feed.run()
            yield "hub", self.hub.run()
            yield "gate", self.gate.run()
            yield "server", self.server.run()
        if self.outside.read_again is not None:
            yield "reloader", self._reload_when_asked(self.outside.read_again)

    async def _resume(self) -> None:
        for name in self.pbxs:
            state = await take_over(self.engine, name, self.recorder.writer, Patience(), self.lease)
            self.floors.resume(name, state)
        await self._note_roster(self.site)
        if self.pbxs:
            await self._refill(self.floors.crew)
            for name in self.pbxs:
                batch = self.floors.begin_gap(name)
                if batch is not None:
                    await self.recorder.put(batch)

    async def _follow(self, name: str, pbx: Pbx) -> None:
        """Parsed, applied, performed."""
        loaded = False
        async for events in pbx.batches():
            for start in range(0, len(events), EVENTS_AT_ONCE_MAX):
                some = events[start : start + EVENTS_AT_ONCE_MAX]
                async with self._taking:
                    batch = self.floors.take(name, some)
                    self.writer.wake()
                    await self.recorder.put(batch)
                self.health.took(name, len(some))
                await asyncio.sleep(0)
            if not loaded and self.floors.floors[name].state.confirmed_at is not None:
                loaded = True
                _leave_to_itself()

    async def _drain(self) -> bool:
        """Until what has been applied is written; False where the database does not take it in time."""
        try:
            async with asyncio.timeout(DRAIN_S_MAX):
                await self.recorder.drained()
        except TimeoutError:
            log.warning("the database takes nothing", rows_waiting=self.recorder.rows_waiting)
            return False
        return True

    async def _feed_watchdog(self) -> None:
        notifier = self.outside.notifier
        while True:
            stalled = self.health.stalled()
            if stalled:
                log.error("stalled: the watchdog is not fed", pbxs=stalled)
            else:
                notifier.alive()
                notifier.status(self._status())
            await asyncio.sleep(notifier.watchdog_interval_s)

    async def _reload_when_asked(self, read_again: Callable[[], Site]) -> None:
        """SIGHUP: roster, reasons, queues and policy are read again; where they have faults, the old ones stay."""
        while True:
            await self._asked_to_reload.wait()
            self._asked_to_reload.clear()
            self.outside.notifier.reloading()
            try:
                await self._take(read_again())
            except FaultsError as error:
                log.error("not reloaded; what was read before holds on", faults=str(error).splitlines())
            except DatabaseBusyError as error:
                log.error("not reloaded: the database could not be told; reload again", why=str(error))
            self.outside.notifier.ready(self._status())

    async def _take(self, site: Site) -> None:
        """Another site from now on; days that its roster sees otherwise are measured anew (docs/time-bank.md 2.1)."""
        today_differs = changes_since(self.site.roster, site.roster) is not None
        async with self.closer.closing:
            await self._note_roster(site)
            self.site = site
            self.closer.site, self.closer.units = measuring(site), site.rostered_units
            self.closer.policies = site.policies
        async with self._taking:
            for batch in self.floors.reload(site):
                await self.recorder.put(batch)
            if today_differs and self.pbxs and await self._drain():
                await self.floors.recount(self._refill)
        self.writer.wake()
        self.hub.take(self.board.look_again())
        log.info("reloaded", agents=len(list(site.roster.agents)), units=len(site.rostered_units))

    async def _note_roster(self, site: Site) -> None:
        """Have the days measured anew that this roster sees otherwise than the one that was applied last."""
        if "settle" not in self.parts:
            return
        since = self._applied_roster.changed_since(site)
        if since is not None:
            await take_turn(self.engine, lambda connection: note_stale(connection, since), Patience())
        self._applied_roster.keep(site)

    async def _refill(self, crew: Crew) -> None:
        async with reading(self.engine) as connection:
            await refill(connection, crew, measuring(self.site), self.site.rostered_units)

    # --- what the parts ask of each other ----------------------------------------------------------------------------

    def _now(self) -> int:
        return round(self.clock() * 1_000_000)

    def _sources(self) -> list[SourceNow]:
        return [SourceNow(name, pbx.state, round(pbx.since * 1_000_000)) for name, pbx in self.pbxs.items()]

    async def _settle(self, measured: Iterable[Measured], dry_run: bool) -> Settlement:
        """Post, and tell the pages of those it concerns."""
        settlement = await Settler(self.ledger, self.site.policies, self.site.settings.site).settle(measured, dry_run)
        if not dry_run and settlement.touched:
            await self._announce(settlement.touched)
        return settlement

    async def _announce(self, agents: Iterable[str]) -> None:
        """Open pages ask for their account again. Where Redis is away they do it when they are next looked at."""
        try:
            await self.store.announce(agents)
        except AWAY as error:
            log.warning("open pages were not told of the settlement", error=str(error))

    def _redis_holds_the_floor(self) -> bool:
        return self.writer.in_step if "capture" in self.parts else self.feed.is_following

    def _server(self) -> PageServer:
        http = self.site.settings.http
        figures = Figures(self.health, self.pbxs, self.evidence, self.floors, self.writer, self.hub)
        web = Web(
            accounts=self.accounts,
            sessions=self.sessions,
            back_off=BackOff(),
            clock=time.time,
            site=lambda: self.site.said(self._now()),
            units=lambda: self.site.rostered_units,
            with_below=lambda units: self.site.units.with_below(units),
            agent=lambda agent: self.site.agent_facts(agent, self._now()),
            account_of=lambda agent: account_of(self.ledger, agent),
            statement_of=lambda agent, before, limit: statement_of(self.ledger, agent, before, limit),
            turn_out=self.gate.turn_out,
            missing=self.health.missing,
            registry=registry_of(figures),
            origins=http.origins,
        )
        channel = Channel(self.hub, self.gate, web.with_below, COOKIE, http.origins)
        tls = Tls(http.tls.certificate, http.tls.key) if http.tls else None
        return PageServer(create_app(web), channel, http.host, http.port, tls)

    def _status(self) -> str:
        live = sum(pbx.state == "live" for pbx in self.pbxs.values())
        pages = f"; pages at {self.server.url}" if self.server else ""
        return f"{live} of {len(self.pbxs)} PBXs live, {len(self.floors.crew.days)} agents{pages}"


@asynccontextmanager
async def house(site: Site, parts: frozenset[Part], outside: Surroundings) -> AsyncIterator[House]:
    """The daemon with its stores open, the embedded ones started and migrated; all of it is gone with the block.

    Where another process captures for this site, it is waited for (ccd.history.stand_by)."""
    settings = site.settings
    async with AsyncExitStack() as stack:
        engine = await stack.enter_async_context(database(settings))
        asked_to_reload = stack.enter_context(_reloads())
        lease = None
        if "capture" in parts:
            lease = await stack.enter_async_context(place(engine, settings, outside.notifier))
        redis_url = store_url(settings.redis)
        if redis_url == "embedded":
            redis_url = await stack.enter_async_context(embedded_redis())
        made = House(site, engine, redis_url, parts, outside, lease, asked_to_reload)
        if made.server is not None:
            stack.callback(made.server.close)
        yield made


@contextmanager
def _reloads() -> Iterator[asyncio.Event]:
    """SIGHUP from the first moment on: it must not end whoever stands by."""
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGHUP, asked.set)
    try:
        yield asked
    finally:
        loop.remove_signal_handler(signal.SIGHUP)


def _leave_to_itself() -> None:
    """The floor is there and stays: looking through all of it for garbage, again and again, stops every frame for
    100 to 200 ms at 5,000 agents (benchmarks/live.py)."""
    gc.collect()
    gc.freeze()


def measuring(site: Site) -> Measuring:
    return Measuring(site.owner_of, site.roster_turns, site.rules_of)
