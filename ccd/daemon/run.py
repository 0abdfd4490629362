"""The daemon: everything put together, and its children in one TaskGroup.

A child retries what it knows to pass; whatever else it raises ends the process, and systemd starts a new one.
"""

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ccd.daemon.again import again_and_again
from ccd.daemon.health import Figures, Health, WebhookFigures, feed_watchdog, registry_of
from ccd.daemon.judged_by.imported import Imported, imported, look_for_imports
from ccd.daemon.judged_by.replacing import Replacing
from ccd.daemon.pages import Entrance, Watched, hub_limits, page_server, web_of
from ccd.daemon.pbxs import pbx_config, scope_of
from ccd.daemon.place import place
from ccd.daemon.reloading import Applied, Reloading, as_read_now, asked_to_reload
from ccd.daemon.services.budgets import OldBudgets
from ccd.daemon.services.delivering import Delivering
from ccd.daemon.services.months import MonthsDue
from ccd.daemon.services.overtime import OvertimeClosing
from ccd.daemon.services.revised_days import handing_over
from ccd.daemon.services.supplying import SupplyFigures, SupplyWatch
from ccd.daemon.services.webhooks import hooks_of
from ccd.daemon.services.withdrawals import DaysOff
from ccd.daemon.settling import Settling
from ccd.daemon.site import Current, Site
from ccd.daemon.stores import database, ledger_of
from ccd.daemon.switches.carrying_out import Switchboard
from ccd.daemon.switches.filling import Filling
from ccd.daemon.switches.floors import Floors
from ccd.daemon.switches.following import Following
from ccd.daemon.switches.plans import Plans
from ccd.daemon.telling import Telling
from ccd.floor.days import SECOND
from ccd.history.close import Closer
from ccd.history.lease import Lease, Term
from ccd.history.recorder import Recorder
from ccd.ledger.sealing import Sealer
from ccd.live.batch import SourceNow
from ccd.live.board import Board
from ccd.live.connect import connect
from ccd.live.embedded import embedded_redis
from ccd.live.feed import Feed
from ccd.live.gate import Gate
from ccd.live.hub import Hub
from ccd.live.store import Store
from ccd.live.writer import LiveWriter
from ccd.notify import Notifier
from ccd.pbx.capture import Pbx
from ccd.pbx.evidence import Evidence
from ccd.pbx.log_file import LogFile
from ccd.settings.secrets import store_url
from ccd.sql.turns import Patience
from ccd.web.accounts import Accounts
from ccd.web.organisation_api import ImportDesk
from ccd.web.passwords import Passwords
from ccd.web.server import PageServer
from ccd.web.sessions import Sessions

Part = Literal["capture", "live", "settle", "api"]
ALL_PARTS: frozenset[Part] = frozenset(("capture", "live", "settle", "api"))

SEAL_INTERVAL_S = 1.0
TOLD_S = 0.25  # between two looks for what open pages are told
ORDERS_S = 0.2  # between two looks for what a switch is to be asked
OFTEN_S, SELDOM_S = 15.0, 60.0  # between two looks for what is due: what somebody waits for on a page, and all else

log = structlog.get_logger("ccd.daemon")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the daemon gets from outside beside its settings. `clock` is in epoch seconds."""

    clock: Callable[[], float] = time.time
    notifier: Notifier = field(default_factory=Notifier)
    # On SIGHUP, with what the database keeps of what was imported; raises FaultsError where the files have faults.
    read_again: Callable[[Imported], Site] | None = None
    started: Callable[["Daemon"], Awaitable[None]] | None = None  # once everything runs


class Daemon:
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
        settings = site.settings
        self.current, self.engine, self.parts, self.outside = Current(site, site), engine, parts, outside
        self.clock = outside.clock
        self.lease = lease  # whoever captures has one
        self._recording, self._asked_to_reload = False, asked_to_reload
        captured = settings.pbx if "capture" in parts else ()
        self.evidence = {pbx.name: self._evidence(pbx.name) for pbx in captured}
        self.pbxs = {
            pbx.name: Pbx(pbx_config(pbx), log, self.evidence[pbx.name].keep, clock=self.clock) for pbx in captured
        }
        self.fillings = {
            pbx.name: Filling(
                pbx.name, self.pbxs[pbx.name], LogFile(pbx.queue_log), scope_of(pbx), self._rostered_seats,
                self.evidence[pbx.name],
            )
            for pbx in captured
            if pbx.queue_log is not None
        }  # fmt: skip
        self.floors = Floors(site, self._sources, self._now)
        self.plans = Plans(engine, self.current, self.floors, self._now)
        self.recorder = Recorder(engine, lease.holder if lease else "", lease=lease)
        term = lease.term if lease else Term("", 0)
        self.store = Store(connect(redis_url), settings.site, line=term.line, term=term.number)
        self.feed_store = Store(connect(redis_url), settings.site)
        self.writer = LiveWriter(
            self.store, self.floors.changes, self.floors.everything, sure=lease.sure if lease else None
        )
        self.health = Health(
            self.pbxs, self.recorder if captured else None, self._redis_holds_the_floor, lambda: self.closer.unsettled
        )
        self.following = Following(engine, self.floors, self.recorder, self.writer, self.health, lease, self.fillings)
        self.ledger = ledger_of(engine, settings, self._now)
        self.telling = Telling(engine, self.current, self.store)
        self.closer = Closer(
            engine, site.measured_by, [pbx.name for pbx in settings.pbx],
            Settling(self.ledger, self.current, self.telling.tell, self._now).settle, self._now,
            settings.settle_wait_s_max, hand_over=handing_over(lambda: self.current.site, self._now),
            still_holds=self._holds_its_place,
        )  # fmt: skip
        self.delivering = Delivering(engine, hooks_of(settings))
        self.days_off = DaysOff(self.ledger, self.current, self._now, self.telling.tell)
        self.months = MonthsDue(self.ledger, self.current, self._now, self.telling.tell)
        self.supply = SupplyWatch(self.ledger, self.current, self._now)
        self.old_budgets = OldBudgets(self.ledger, self.current, self._now)
        self.overtime = OvertimeClosing(self.ledger, self.current, self._now, self.telling.tell)
        self.board = Board(lambda reason: self.current.shown.is_personal(reason))
        self.hub = Hub(self.board, self.clock, hub_limits(settings.http))
        self.feed = Feed(self.feed_store, self.board, self.hub, self.clock)
        self.applied = Applied(engine, site, self._now) if "settle" in parts else None
        self.reloading = Reloading(
            self.current, self._now, self.applied, self.closer, self.following, self.board, self.hub
        )
        self.sessions = Sessions(  # people's own time, whatever the floor's is
            engine, time.time, as_now=lambda person: self.current.site.signed_in(person)
        )
        self.accounts = Accounts(engine, Passwords(), time.time)
        self.gate = Gate(
            self.hub, self.sessions.of_tokens, self.sessions.still_valid, look_again=self.reloading.look_again
        )
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
                    await self.following.drain()
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
            if self.applied is not None:
                await self.applied.note(self.current.site)
            await self.following.resume(list(self.pbxs))
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
            yield "watchdog", feed_watchdog(self.health, self.outside.notifier, self._status)

    def _children(self) -> Iterator[tuple[str, Coroutine[Any, Any, None]]]:
        """Who works here."""
        if "capture" in self.parts:
            yield "recorder", self.recorder.run()
            yield "writer", self.writer.run()
            yield "plans", again_and_again("meters of shifts", self.plans.look, OFTEN_S)
            switchboard = Switchboard(self.engine, self.current, self.floors, self.pbxs, self._now)
            yield "orders", again_and_again("orders to the switches", switchboard.look, ORDERS_S)
            yield "recount", self.following.recount_what_is_owed()
            for name, pbx in self.pbxs.items():
                yield f"evidence of {name}", self.evidence[name].run()
                yield f"follows {name}", self.following.follow(name, pbx)
                yield f"listens to {name}", pbx.run()
        if "settle" in self.parts:
            yield "closer", self.closer.run()
            yield "days off", again_and_again("days off", self.days_off.look, SELDOM_S)
            yield "months", again_and_again("attendance months", self.months.look, SELDOM_S)
            yield "old budgets", again_and_again("budgets of past months", self.old_budgets.recall_due, SELDOM_S)
            yield "supply", again_and_again("the balance of the system", self.supply.look, SELDOM_S)
            yield "overtime", again_and_again("overtime", self.overtime.close_due, OFTEN_S)
            yield "telling", again_and_again("what pages are told", self.telling.look, TOLD_S)
            yield "webhooks", self.delivering.run()
            sealer = Sealer(self.engine, self._now, Patience())
            yield "sealer", again_and_again("the ledger's seal", sealer.seal, SEAL_INTERVAL_S)
        if self.server is not None:
            yield "feed", self.feed.run()
            yield "hub", self.hub.run()
            yield "gate", self.gate.run()
            yield "server", self.server.run()
        if self.outside.read_again is not None:
            asked, read_again = self._asked_to_reload, partial(_read_again, self.engine, self.outside.read_again)
            yield "reloader", self.reloading.run(asked, read_again, self.outside.notifier, self._status)
            yield "imports", look_for_imports(self.engine, lambda: self.current.site.numbers, asked)

    # --- what the parts ask of each other ----------------------------------------------------------------------------

    def _now(self) -> int:
        return round(self.clock() * SECOND)

    def _sources(self) -> list[SourceNow]:
        return [
            SourceNow(name, "catching_up" if self._waits_for_log(name) else pbx.state, round(pbx.since * SECOND))
            for name, pbx in self.pbxs.items()
        ]

    def _waits_for_log(self, pbx: str) -> bool:
        return pbx in self.fillings and self.fillings[pbx].holding and self.pbxs[pbx].state == "live"

    def _rostered_seats(self) -> list[tuple[str, str]]:
        entries = self.current.site.roster.entries
        return [(each.member_name, each.interface) for each in entries if each.member_name and each.interface]

    async def _holds_its_place(self, connection: AsyncConnection) -> bool:
        """Who stood still may go by a roster that was replaced meanwhile, by whoever took the place. Whoever
        takes it after this look marks, once these days are recorded, what is to be judged otherwise."""
        return self.lease is None or await self.lease.is_held(connection)

    def _redis_holds_the_floor(self) -> bool:
        return self.writer.in_step if "capture" in self.parts else self.feed.is_following

    def _evidence(self, pbx: str) -> Evidence:
        kept, lease = self.current.site.settings.evidence, self.lease
        return Evidence(
            kept.directory, pbx, log, keep_days=kept.keep_days, clock=self.clock,
            may_write=lambda: lease is None or lease.certain, needed_since=lambda: self.closer.waits_since,
        )  # fmt: skip

    def _server(self) -> PageServer:
        read = self.outside.read_again or (lambda kept: Site(self.current.site.settings, *kept))
        replacing = Replacing(self.engine, read, lambda: round(time.time() * SECOND))  # people's own time
        figures = Figures(self.health, self.pbxs, self.evidence, self.floors, self.writer, self.hub)
        webhooks = WebhookFigures(lambda: self.delivering.standing)
        supply = SupplyFigures(lambda: self.supply.newest)
        web = web_of(
            self.current, self._now, self.ledger, Entrance(self.accounts, self.sessions, self.gate),
            Watched(self.health.missing, registry_of(figures, webhooks, supply)),
            ImportDesk(replacing.newest, replacing.take),
        )  # fmt: skip
        return page_server(self.current.site.settings.http, web, self.hub, self.gate)

    def _status(self) -> str:
        live = sum(pbx.state == "live" for pbx in self.pbxs.values())
        pages = f"; pages at {self.server.url}" if self.server else ""
        return f"{live} of {len(self.pbxs)} PBXs live, {len(self.floors.crew.clocks)} agents{pages}"


async def _read_again(engine: AsyncEngine, read: Callable[[Imported], Site]) -> Site:
    return read(await imported(engine))


@asynccontextmanager
async def daemon(site: Site, parts: frozenset[Part], outside: Surroundings) -> AsyncIterator[Daemon]:
    """The daemon with its stores open, the embedded ones started and migrated; all of it is gone with the block.

    Where another process captures for this site, it is waited for (ccd.history.stand_by)."""
    settings = site.settings
    async with AsyncExitStack() as stack:
        engine = await stack.enter_async_context(database(settings))
        asked = stack.enter_context(asked_to_reload())
        lease = None
        if "capture" in parts:
            lease, stood_by = await stack.enter_async_context(place(engine, settings, outside.notifier))
            if stood_by and outside.read_again is not None:
                site = as_read_now(site, partial(outside.read_again, await imported(engine)))
        redis_url = store_url(site.settings.redis)
        if redis_url == "embedded":
            redis_url = await stack.enter_async_context(embedded_redis())
        made = Daemon(site, engine, redis_url, parts, outside, lease, asked)
        if made.server is not None:
            stack.callback(made.server.close)
        yield made
