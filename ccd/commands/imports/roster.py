"""`ccd import roster`: who sits where, kept in the database from then on."""

import asyncio
import sys
from pathlib import Path
from socket import gethostname
from typing import Annotated, NamedTuple
from uuid import uuid4

import typer
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ccd.commands.configuration import Config
from ccd.commands.ledger.asking import now_us, who_asks
from ccd.daemon.kept_roster import kept_roster
from ccd.daemon.site import Site
from ccd.daemon.site_file import warnings, with_roster
from ccd.daemon.stores import database
from ccd.errors import RosterError
from ccd.history.unit_days import measured_since
from ccd.org import roster_file
from ccd.org.acts import Act
from ccd.org.changes import Change, changes, moment, said
from ccd.org.roster import Roster, changes_since
from ccd.org.roster_file import RosterText
from ccd.org.store import ROSTER, take
from ccd.sql.turns import Patience, take_turn, take_turn_at_once


class Instead(NamedTuple):
    """What a roster changes, when it takes the place of the one that holds."""

    number: int  # of the import that holds; 0 where none does
    is_the_same: bool  # to the last sign
    changes: list[Change]
    since: int | None  # from when it says something else, µs
    measured_days: int  # of units, that are over and are measured anew


def roster(
    config: Config,
    file: Annotated[Path, typer.Argument(help="As config/roster.csv.", dir_okay=False)],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Import nothing, and say what would change.")] = False,
    why: Annotated[str, typer.Option(help="The reason, in words; it stands with the act.")] = "",
) -> None:
    """Import who sits where: all lines of the file, in place of all that were there. Faults are named, and nothing is
    imported then. A running ccd takes it over within seconds; days that are over and are said otherwise are measured
    anew."""
    text = roster_file.text_of(file)
    site = with_roster(config, RosterText(file, text))
    asyncio.run(_import(site, dry_run, why.strip() or f"as in {file.name}"))
    for warning in warnings(site):
        print(f"warning: {warning}", file=sys.stderr)
    if site.settings.roster is not None and not dry_run:
        print(
            f"take `roster` out of {config}: what was imported last holds, and with both ccd does not start",
            file=sys.stderr,
        )


async def _import(site: Site, dry_run: bool, why: str) -> None:
    async with database(site.settings) as engine:
        found = await _instead(engine, site)
        for change in found.changes:
            print(said(change, site.units))
        print(_counted(found, site))
        if dry_run:
            print("nothing was imported: --dry-run")
        elif found.is_the_same:
            print("nothing was imported: this is the roster that holds")
        else:
            before = f"import {found.number}" if found.number else ""
            after = f"import {found.number + 1}, lines {len(site.roster.entries)}, changed {len(found.changes)}"
            act = Act(
                uuid4().hex, now_us(), who_asks(), gethostname(), "import roster", ROSTER, before, after, why,
            )  # fmt: skip
            kept = await take_turn_at_once(
                engine, lambda plain: take(plain, ROSTER, site.roster_said.text, found.number, act), Patience()
            )
            print(f"imported, as import {kept.number} of the roster")


async def _instead(engine: AsyncEngine, site: Site) -> Instead:
    kept = await kept_roster(engine)
    before = _before(site, kept)
    since = changes_since(before, site.roster)

    async def look(connection: AsyncConnection) -> int:
        return 0 if since is None else await measured_since(connection, since)

    measured_days = await take_turn(engine, look, Patience(), writes=False)
    is_the_same = kept is not None and kept.text == site.roster_said.text
    return Instead(kept.number if kept else 0, is_the_same, changes(before, site.roster), since, measured_days)


def _before(site: Site, kept: RosterText | None) -> Roster:
    """What holds until now: what was imported last, else the file that the configuration names. One that has faults,
    by the units as they are now, holds nobody."""
    try:
        if kept is not None:
            return roster_file.parse(kept.text, kept.file, site.units)
        return roster_file.read(site.settings.roster, site.units) if site.settings.roster else Roster()
    except RosterError:
        return Roster()


def _counted(found: Instead, site: Site) -> str:
    new = sum(1 for change in found.changes if change.before is None)
    gone = sum(1 for change in found.changes if change.after is None)
    counted = f"{new} new, {len(found.changes) - new - gone} changed, {gone} gone"
    if found.since is None:
        return counted
    since = f"since {moment(found.since, site.settings.timezone)}" if found.since else "since ever"
    return f"{counted}; {since}: days of units to be measured anew: {found.measured_days}"
