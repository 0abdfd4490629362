"""`ccd import roster`: who sits where, kept in the database from then on."""

import asyncio
import sys
from pathlib import Path
from socket import gethostname
from typing import Annotated

import typer

from ccd.commands.configuration import Config
from ccd.commands.ledger.asking import now_us, who_asks
from ccd.daemon.rosters import Instead, imported, instead
from ccd.daemon.site import Site
from ccd.daemon.site_file import warnings, with_roster
from ccd.daemon.stores import database
from ccd.org import roster_file
from ccd.org.changes import said
from ccd.org.roster_file import RosterText
from ccd.web.organisation_api import Importer


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
        found = await instead(engine, site)
        for change in found.changes:
            print(said(change, site.units))
        print(_counted(found, site))
        if dry_run:
            print("nothing was imported: --dry-run")
        elif found.is_the_same:
            print("nothing was imported: this is the roster that holds")
        else:
            kept = await imported(engine, site, found, Importer(who_asks(), gethostname(), why), now_us())
            print(f"imported, as import {kept.number} of the roster")


def _counted(found: Instead, site: Site) -> str:
    counted = f"{found.new} new, {found.changed} changed, {found.gone} gone"
    if (since := found.since_said(site.settings.timezone)) is None:
        return counted
    return f"{counted}; since {since}: days of units to be measured anew: {found.measured_days}"
