"""`ccd settle`: close a day now, or say what closing it would post."""

import asyncio
import sys
import time
from collections.abc import Iterable
from datetime import date
from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ccd.bank.fate import Settlement
from ccd.bank.measured import Measured
from ccd.commands.business_day import Day
from ccd.commands.configuration import Config
from ccd.daemon.judged_by.applied_clocks import AppliedClocks
from ccd.daemon.judged_by.imported import newest_numbers
from ccd.daemon.reloading import days_there_are
from ccd.daemon.services.revised_days import handing_over
from ccd.daemon.settling import settler_of
from ccd.daemon.site import Site
from ccd.daemon.site_file import settled_by
from ccd.daemon.stores import database, ledger_of
from ccd.errors import DayWaitsError, UnknownUnitError
from ccd.floor.days import SECOND
from ccd.history.close import Closed, Closer
from ccd.history.unit_days import note_stale_of
from ccd.reports.plain_table import PlainTable
from ccd.sql.turns import Patience, take_turn


def settle(
    config: Config,
    day: Day,
    unit: Annotated[str | None, typer.Option(help="One unit alone; without it, all that are on the roster.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Post nothing, and say what would be posted.")] = False,
) -> None:
    """Settle a day that is over, after those before it. Done again it changes nothing, unless a figure has changed."""
    site = settled_by(config)
    for policy in site.waiting:
        print(f"warning: {policy}", file=sys.stderr)
    closed, waiting = asyncio.run(_settle(site, day.date(), unit, dry_run))
    while not dry_run and not _judges_as(site, held := settled_by(config)):
        print("warning: another roster, or other rules, hold since: settled again by them", file=sys.stderr)
        site = held
        closed, waiting = asyncio.run(_settle(site, day.date(), unit, dry_run, closed))
    if waiting:
        raise ExceptionGroup("days wait", waiting)


def _judges_as(before: Site, site: Site) -> bool:
    said = [(each.numbers, each.roster_said.text, each.settings) for each in (before, site)]
    return said[0] == said[1]


async def _settle(
    site: Site, day: date, unit: str | None, dry_run: bool, again: Iterable[Closed] = ()
) -> tuple[list[Closed], list[DayWaitsError]]:
    """What it closed, and what waits. `again` is measured anew, too."""
    async with database(site.settings) as engine:
        ledger = ledger_of(engine, site.settings, _now)

        async def post(measured: Iterable[Measured], rehearse: bool) -> Settlement:
            return await settler_of(ledger, site, _now).settle(measured, rehearse)

        async def still_holds(connection: AsyncConnection) -> bool:
            return await newest_numbers(connection) == site.numbers

        closer = Closer(
            engine, site.measured_by, [pbx.name for pbx in site.settings.pbx], post, _now,
            site.settings.settle_wait_s_max, hand_over=handing_over(lambda: site, _now), still_holds=still_holds,
        )  # fmt: skip
        if unit is not None and unit not in site.rostered_units:
            raise UnknownUnitError(unit, site.rostered_units)
        found = [(each.unit, each.day) for each in again]
        await take_turn(engine, lambda connection: note_stale_of(connection, found), Patience())
        done: list[Closed] = []
        waiting: list[DayWaitsError] = []
        for each in site.rostered_units if unit is None else (unit,):
            try:
                for closed in await closer.close_up_to(each, day, dry_run):
                    _say(closed, dry_run)
                    done.append(closed)
            except DayWaitsError as error:
                waiting.append(error)
        if not dry_run:
            await _keep_clocks(engine, site)
        return done, waiting


async def _keep_clocks(engine: AsyncEngine, site: Site) -> None:
    """By which clocks the days were counted, where no daemon has kept them."""
    units, first_at = await days_there_are(engine)
    try:
        AppliedClocks(site.settings.state_directory).keep(
            site, units, _now() if first_at is None else first_at, anew=False
        )
    except OSError as error:
        print(f"warning: by which clocks the days were counted is not kept: {error}", file=sys.stderr)


def _say(closed: Closed, dry_run: bool) -> None:
    counts = ", ".join(f"{count} {fate.value}" for fate, count in sorted(closed.settlement.fates.items(), key=str))
    made = f"{len(closed.revised)} new records" if closed.revised else "no figure is new"
    print(f"{closed.day} {closed.unit}: {made}; {'would be ' if dry_run else ''}{counts or 'nothing to settle'}")
    if dry_run and closed.settlement.days:
        table = PlainTable("agent", "revision", "from", "to", "seconds")
        for day in closed.settlement.days:
            for leg in day.legs:
                debit, credit = (f"{account.owner} {account.kind}" for account in (leg.debit, leg.credit))
                table.add(day.agent, str(day.revision), debit, credit, str(leg.seconds))
            if day.note:
                table.add(day.agent, str(day.revision), day.note)
        table.print()


def _now() -> int:
    return round(time.time() * SECOND)
