"""`ccd import roster`, `organisation` and `people`: who sits where, which units there are, and who is there for what;
kept in the database from then on."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer

from ccd.bank.asking import Asking
from ccd.commands.change import said_effect
from ccd.commands.configuration import Config
from ccd.commands.ledger.asking import asked_by, now_us
from ccd.daemon.judged_by.replacing import Instead, effect_of, instead, proposed_import, replaced, waits_for_a_second
from ccd.daemon.site import Site
from ccd.daemon.site_file import staff_of, with_imported
from ccd.daemon.stores import database
from ccd.errors import ImportFaultsError
from ccd.org import csv_faults, roster_file
from ccd.org.csv_faults import Written
from ccd.org.rights import may_import
from ccd.org.store import ORGANISATION, PEOPLE, ROSTER
from ccd.web.organisation_api import Importer

DryRun = Annotated[bool, typer.Option("--dry-run", help="Import nothing, and say what would change.")]
Why = Annotated[str, typer.Option(help="The reason, in words; it stands with the act.")]


def roster(
    config: Config,
    file: Annotated[Path, typer.Argument(help="As config/roster.csv.", dir_okay=False)],
    dry_run: DryRun = False,
    why: Why = "",
) -> None:
    """Import who sits where: all lines of the file, in place of all that were there. Faults are named, and nothing is
    imported then. A running ccd takes it over within seconds; days that are over and are said otherwise are measured
    anew."""
    site, done = take_over(config, ROSTER, Written(file, roster_file.text_of(file)), dry_run, why)
    if site.settings.roster is not None and done:
        _take_out("`roster`", config)


def organisation(
    config: Config,
    file: Annotated[Path, typer.Argument(help="As config/organisation.csv.", dir_okay=False)],
    dry_run: DryRun = False,
    why: Why = "",
) -> None:
    """Import which units there are, and what stands below what from which day on: all lines of the file, in place of
    all that were there, and of the configuration's. A running ccd takes it over within seconds; what days that are over
    were counted by can't be said otherwise."""
    site, done = take_over(config, ORGANISATION, _read(file), dry_run, why)
    if site.settings.units and done:
        _take_out("[units]", config)


def people(
    config: Config,
    file: Annotated[Path, typer.Argument(help="As config/people.csv.", dir_okay=False)],
    dry_run: DryRun = False,
    why: Why = "",
) -> None:
    """Import who is there for what, where, from when until when, and who stands in for whom: all lines of the file, in
    place of all that were there. From then on rights are asked of everybody who acts on accounts."""
    site, done = take_over(config, PEOPLE, _read(file), dry_run, why)
    if done:
        who = ", ".join(sorted(site.staff.administrators(now_us())))
        print(f"imports, keys and policies are for: {who or 'whoever is at a prompt, since nobody administers *'}")


def take_over(config: Path, kind: str, text: Written, dry_run: bool, why: str) -> tuple[Site, bool]:
    """The site as it is then, and whether that holds by now."""
    site = with_imported(config, kind, text)
    asks = asked_by(staff_of(config) if kind == PEOPLE else site.staff)
    may_import(asks.person)
    done = asyncio.run(_import(site, asks, kind, text.text, dry_run, why.strip() or f"as in {text.file.name}"))
    return site, done


def _read(file: Path) -> Written:
    return Written(file, csv_faults.file_text(file, ImportFaultsError))


def _take_out(what: str, config: Path) -> None:
    print(
        f"take {what} out of {config}: what was imported last holds, and with both ccd does not start", file=sys.stderr
    )


async def _import(site: Site, asks: Asking, kind: str, text: str, dry_run: bool, why: str) -> bool:
    asked = Importer(asks.by, asks.address, why)
    async with database(site.settings) as engine:
        found = await instead(engine, site, kind, text)
        for line in found.lines:
            print(line)
        print(_counted(found, site))
        for warning in found.warnings:
            print(f"warning: {warning}", file=sys.stderr)
        waits = waits_for_a_second(found)
        effect = await effect_of(engine, site, found, now_us) if waits else {}
        if waits:
            print(said_effect(effect))
        if dry_run:
            print("nothing was imported: --dry-run")
        elif found.is_the_same:
            print(f"nothing was imported: this is the {kind} that holds")
            return True
        elif waits:
            number = await proposed_import(engine, found, effect, asked, now_us())
            print(f"not imported yet: it waits for another administrator of all units: `ccd change agree {number}`")
        else:
            kept = await replaced(engine, found, asked, now_us())
            print(f"imported, as import {kept.number} of the {kind}")
            return True
        return False


def _counted(found: Instead, site: Site) -> str:
    counted = f"{found.new} new, {found.changed} changed, {found.gone} gone"
    if (since := found.since_said(site.settings.timezone)) is None:
        return counted
    return f"{counted}; since {since}: days of units to be measured anew: {found.measured_days}"
