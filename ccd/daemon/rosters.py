"""A roster that is to take the place of the one that holds: what it changes, and its import."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ccd.daemon.kept_roster import kept_roster
from ccd.daemon.site import Site
from ccd.errors import ChangedMeanwhileError, RosterError
from ccd.history.unit_days import measured_since
from ccd.org import roster_file
from ccd.org.acts import Act
from ccd.org.changes import Change, changes, moment, said
from ccd.org.roster import Roster, changes_since
from ccd.org.roster_file import RosterText
from ccd.org.store import ROSTER, Kept, take
from ccd.sql.turns import Patience, take_turn, take_turn_at_once
from ccd.web.organisation_api import Importer, RosterChanges

BY_HTTP = Path("roster")  # what faults name of a text that came without a file


class Instead(NamedTuple):
    """What a roster changes, when it takes the place of the one that holds."""

    number: int  # of the import that holds; 0 where none does
    is_the_same: bool  # to the last sign
    changes: list[Change]
    since: int | None  # from when it says something else, µs
    measured_days: int  # of units, that are over and are measured anew

    @property
    def new(self) -> int:
        return sum(1 for change in self.changes if change.before is None)

    @property
    def gone(self) -> int:
        return sum(1 for change in self.changes if change.after is None)

    @property
    def changed(self) -> int:
        return len(self.changes) - self.new - self.gone

    def since_said(self, timezone: str) -> str | None:
        if self.since is None:
            return None
        return moment(self.since, timezone) if self.since else "ever"


async def instead(engine: AsyncEngine, site: Site) -> Instead:
    """What the roster of `site` changes of what the database keeps, or of the file where it keeps none."""
    kept = await kept_roster(engine)
    before = _before(site, kept)
    since = changes_since(before, site.roster)

    async def look(connection: AsyncConnection) -> int:
        return 0 if since is None else await measured_since(connection, since)

    measured_days = await take_turn(engine, look, Patience(), writes=False)
    is_the_same = kept is not None and kept.text == site.roster_said.text
    return Instead(kept.number if kept else 0, is_the_same, changes(before, site.roster), since, measured_days)


async def imported(engine: AsyncEngine, site: Site, found: Instead, asked: Importer, now: int) -> Kept:
    """The roster of `site` is kept from now on, with the act of who asked; ChangedMeanwhileError where another is."""
    before = f"import {found.number}" if found.number else ""
    after = f"import {found.number + 1}, lines {len(site.roster.entries)}, changed {len(found.changes)}"
    act = Act(uuid4().hex, now, asked.by, asked.address, "import roster", ROSTER, before, after, asked.why)
    text = site.roster_said.text
    return await take_turn_at_once(engine, lambda plain: take(plain, ROSTER, text, found.number, act), Patience())


class Rosters:
    """What the pages' server is asked for. `described` makes the site with another roster; FaultsError where it has
    faults."""

    def __init__(self, engine: AsyncEngine, described: Callable[[RosterText], Site], now: Callable[[], int]) -> None:
        self._engine, self._described, self._now = engine, described, now

    async def newest(self) -> Kept | None:
        kept = await kept_roster(self._engine)
        return None if kept is None else Kept(kept.number, kept.text)

    async def take(self, text: str, instead_of: int, asked: Importer, dry_run: bool) -> RosterChanges:
        """Instead of the import of that number; ChangedMeanwhileError where another one holds."""
        site = self._described(RosterText(BY_HTTP, text))
        found = await instead(self._engine, site)
        if found.number != instead_of:
            raise ChangedMeanwhileError(ROSTER, found.number)
        number = found.number
        if not dry_run and not found.is_the_same:
            number = (await imported(self._engine, site, found, asked, self._now())).number
        lines = [said(change, site.units) for change in found.changes]
        since = found.since_said(site.settings.timezone)
        return RosterChanges(number, lines, found.new, found.changed, found.gone, since, found.measured_days)


def _before(site: Site, kept: RosterText | None) -> Roster:
    """What holds until now: what was imported last, else the file that the configuration names. One that has faults,
    by the units as they are now, holds nobody."""
    try:
        if kept is not None:
            return roster_file.parse(kept.text, kept.file, site.units)
        return roster_file.read(site.settings.roster, site.units) if site.settings.roster else Roster()
    except RosterError:
        return Roster()
