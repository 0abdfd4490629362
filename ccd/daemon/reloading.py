"""Another configuration while everything runs (SIGHUP), or another roster (an import), and what of the past it sees
otherwise."""

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable, Collection, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ccd.daemon.judged_by.applied_clocks import AppliedClocks
from ccd.daemon.judged_by.applied_roster import FILE, AppliedRoster
from ccd.daemon.judged_by.applied_rules import AppliedRules
from ccd.daemon.judged_by.applied_shares import AppliedShares, first_differing
from ccd.daemon.judged_by.applied_tree import AppliedTree, reached_otherwise
from ccd.daemon.judged_by.held import held_by_settings, judged_otherwise_since
from ccd.daemon.judged_by.imported import imported_before
from ccd.daemon.judged_by.notes import prepare, take_notes
from ccd.daemon.judged_by.publishing import publish_what_holds
from ccd.daemon.restart import waiting_for_a_restart
from ccd.daemon.site import Current, Site
from ccd.daemon.switches.following import Following
from ccd.errors import DatabaseBusyError, Fault, FaultsError, RosterError
from ccd.floor.days import SECOND
from ccd.history.close import Closer
from ccd.history.reading import first_start
from ccd.history.schema import unit_days
from ccd.history.unit_days import measured_since, note_stale, note_stale_of, units_with_records
from ccd.live.board import Board
from ccd.live.hub import Hub
from ccd.notify import Notifier
from ccd.org.rights import floor_units
from ccd.org.roster import changes_since
from ccd.org.units import Units
from ccd.sql.locks import wait_for_others
from ccd.sql.turns import DRIVER_ERRORS, Patience, is_away, take_turn

log = structlog.get_logger("ccd.daemon")


class Applied:
    """What was applied last is kept beside the state; days that are seen otherwise by now are to be measured anew."""

    def __init__(self, engine: AsyncEngine, site: Site, now: Callable[[], int]) -> None:
        folder = site.settings.state_directory
        self._engine, self._now = engine, now
        self._roster, self._rules, self._clocks = AppliedRoster(folder), AppliedRules(folder), AppliedClocks(folder)
        self._shares, self._tree = AppliedShares(folder), AppliedTree(folder)

    async def note(self, site: Site) -> None:
        """This is what is applied: by its roster, and its reasons and policies, all days are what they are.

        OSError, ConfigurationError, or what a turn raises: nothing of it was noted."""
        since = [] if (at := self._roster.changed_since(site)) is None else [at]
        if at is not None and site.needs_second and not site.roster_said.number:
            await self._refuse_another_past(site.roster_said.file, at)
        if (day := self._rules.changed_since(site.settings)) is not None:
            since.append(site.first_start(day))
        if (instant := self._shares.changed_since(site)) is not None:
            since.append(instant)
        tree_before = self._tree.before(site)
        if not self._roster.is_there:
            held = await self._held_elsewhere(site)
            since += [0] if held is None else _otherwise_since(held, site)  # it may have said anything
            tree_before = None if held is None else held.units
        units, first_at = await days_there_are(self._engine)
        clocks = self._clocks.note(site, units, self._now() if first_at is None else first_at)
        kept = (self._roster.note(site), self._rules.note(site.settings), self._shares.note(site))
        notes = (*kept, self._tree.note(site), clocks)
        await publish_what_holds(self._engine, site, round(time.time() * SECOND))
        prepare(notes)
        if since:
            await take_turn(self._engine, lambda connection: note_stale(connection, min(since)), Patience())
        if tree_before is not None:
            await take_turn(self._engine, lambda found: _note_reached_otherwise(found, site, tree_before), Patience())
        take_notes(notes)
        for waiting in site.waiting:
            log.warning("a policy waits", why=waiting)

    async def _held_elsewhere(self, site: Site) -> Site | None:
        """Where nothing was applied from here before, another machine may have died before it took over what holds.
        None where what it held has faults by the units as they are now."""
        try:
            return Site(site.wished, *await imported_before(self._engine))
        except FaultsError:
            return None

    async def _refuse_another_past(self, file: Path, since: int) -> None:
        """Of a file nobody can say who has agreed to it."""
        days = await take_turn(self._engine, lambda found: measured_since(found, since), Patience(), writes=False)
        if days:
            problem = (
                f"says something else of {days} days of units that were measured, to which another administrator has "
                f"to agree. Let it be as {FILE} beside the state is, and `ccd import roster` propose the other"
            )
            raise RosterError((Fault(file, None, "", problem),))


def _otherwise_since(before: Site, site: Site) -> list[int]:
    day = judged_otherwise_since(held_by_settings(before.settings), held_by_settings(site.settings))
    shares = first_differing(before.staff.shares, site.staff.shares)
    days = [site.first_start(each) for each in (day, shares) if each is not None]
    at = changes_since(before.roster, site.roster)
    return days if at is None else [at, *days]


async def _note_reached_otherwise(connection: AsyncConnection, site: Site, tree_before: Units) -> None:
    await connection.run_sync(wait_for_others, unit_days)  # who measures one of them now goes by the tree before
    await note_stale_of(connection, await connection.run_sync(reached_otherwise, site, tree_before))


async def days_there_are(engine: AsyncEngine) -> tuple[Collection[str], int | None]:
    """The units in which days have been measured, and when the first segment of all began, µs; None before that."""

    async def look(connection: AsyncConnection) -> tuple[Collection[str], int | None]:
        return await units_with_records(connection), await first_start(connection)

    return await take_turn(engine, look, Patience(), writes=False)


class Reloading:
    """`applied` is None where another process settles. `run` is a child of the daemon."""

    def __init__(
        self,
        current: Current,
        now: Callable[[], int],
        applied: Applied | None,
        closer: Closer,
        following: Following,
        board: Board,
        hub: Hub,
    ) -> None:
        self._current, self._now, self._applied = current, now, applied
        self._started = current.site.settings
        self._closer, self._following, self._board, self._hub = closer, following, board, hub

    async def run(
        self,
        asked: asyncio.Event,
        read_again: Callable[[], Awaitable[Site]],
        notifier: Notifier,
        status: Callable[[], str],
    ) -> None:
        """Roster, reasons, queues and policy are read again; where they have faults, the old ones stay."""
        while True:
            await asked.wait()
            asked.clear()
            notifier.reloading()
            try:
                await self.take(await read_again())
            except FaultsError as error:
                log.error("not reloaded; what was read before holds on", faults=str(error).splitlines())
            except (DatabaseBusyError, *DRIVER_ERRORS) as error:  # a full disk is among them
                if not is_away(error):
                    raise
                log.error("not reloaded; what was read before holds on: reload again", why=str(error).splitlines()[0])
            notifier.ready(status())

    async def take(self, site: Site) -> None:
        """Another site from now on; days that it sees otherwise are measured anew (docs/time-bank.md 2.1, 2.3).

        FaultsError, DatabaseBusyError, DRIVER_ERRORS: everything is, and is shown, as it was before.
        """
        self._show(site)  # what becomes personal does not wait for a day that is being closed
        today_anew = self._is_today_otherwise(site)
        try:
            async with self._closer.closing:
                if self._applied is not None:
                    await self._applied.note(site)
                self._current.site = site
                self._closer.follow(site.measured_by)
        except (FaultsError, DatabaseBusyError, *DRIVER_ERRORS):
            self._show(self._current.site)
            raise
        await self._following.go_on_by(site, today_anew)
        self.look_again()
        if waiting := waiting_for_a_restart(self._started, site.settings):
            log.warning("changed, and in force after a restart alone", settings=waiting)
        log.info("reloaded", agents=len(list(site.roster.agents)), units=len(site.rostered_units))

    def look_again(self) -> None:
        """Whoever looks at a floor is shown what is theirs now: units move, and what people are there for ends."""
        site, now = self._current.site, self._now()
        with_below = partial(site.with_below, at=now)
        self._hub.look_again(lambda person, asked: floor_units(site.signed_in(person), asked, with_below))

    def _show(self, site: Site) -> None:
        self._current.shown = site
        self._hub.take(self._board.look_again())
        self._hub.tell_site()

    def _is_today_otherwise(self, site: Site) -> bool:
        before = self._current.site
        if changes_since(before.roster, site.roster) is not None:
            return True
        if any(before.units.days(unit).clock != site.units.days(unit).clock for unit in site.rostered_units):
            return True
        since = judged_otherwise_since(held_by_settings(before.settings), held_by_settings(site.settings))
        return since is not None and since <= site.newest_day(self._now())


def as_read_now(site: Site, read_again: Callable[[], Site]) -> Site:
    """For whoever stood by: what was read long ago may be older than what was applied meanwhile. `site` itself where
    the files have faults by now, or name other PBXs, which takes a restart."""
    try:
        now = read_again()
    except FaultsError as error:
        log.error("what was read before standing by holds on", faults=str(error).splitlines())
        return site
    if [pbx.name for pbx in now.settings.pbx] != [pbx.name for pbx in site.settings.pbx]:
        log.error("what was read before standing by holds on: the files name other PBXs by now, which takes a restart")
        return site
    return now


@contextmanager
def asked_to_reload() -> Iterator[asyncio.Event]:
    """SIGHUP from the first moment on: it must not end whoever stands by."""
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGHUP, asked.set)
    try:
        yield asked
    finally:
        loop.remove_signal_handler(signal.SIGHUP)
