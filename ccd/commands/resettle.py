"""`ccd resettle`: whether the ledger says what a month's segments say."""

import asyncio
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Annotated

import typer

from ccd.commands.business_day import first_of
from ccd.commands.configuration import Config
from ccd.commands.ledger.asking import bar_of, now_us
from ccd.daemon.explained.resettling import Resettled, Resettling
from ccd.daemon.site import Site
from ccd.daemon.site_file import settled_by
from ccd.daemon.stores import database
from ccd.errors import UnknownUnitError


def resettle(
    config: Config,
    month: Annotated[str, typer.Argument(help="As 2026-11; where months begin on another day, the attendance month.")],
    unit: Annotated[str | None, typer.Option(help="One unit's days alone, and nothing beside them.")] = None,
) -> None:
    """Reckon a month anew from its segments, post nothing, and say where the ledger does not say the same: by agent and
    day, and of days off and red packets by posting. Exit code 1 where something differs."""
    first_of(month)
    site = settled_by(config)
    if unit is not None and unit not in site.rostered_units:
        raise UnknownUnitError(unit, site.rostered_units)
    found = asyncio.run(_resettle(site, month, unit))
    _say(found, month)
    raise typer.Exit(1 if found.differs else 0)


async def _resettle(site: Site, month: str, unit: str | None) -> Resettled:
    async with database(site.settings) as engine:
        with bar_of("unit-days") as done:
            return await Resettling(engine, site, now_us).month(month, None if unit is None else [unit], done)


def _say(found: Resettled, month: str) -> None:
    for whose, day, why in found.differs:
        print(f"{whose}{f' on {day}' if day else ''} {why}")
    for unit, first, last in _runs(found.waiting):
        print(f"{unit} {f'on {first}' if first == last else f'from {first} to {last}'} waits to be settled")
    held = ", ".join(f"{service} {seconds:+d}" for service, seconds in sorted(found.held.items())) or "nothing"
    off = f", written off {found.written_off_s}" if found.written_off_s else ""
    print(f"{month}: {found.days} agent-days are worth {found.worth_s:+d} s; the ledger holds {held}{off}")
    of = "of what is settled " if found.waiting else ""
    print(f"{len(found.differs)} differ" if found.differs else f"{of}the ledger says the same, and nothing was posted")


def _runs(waiting: Iterable[tuple[str, date]]) -> Iterator[tuple[str, date, date]]:
    """Days of a unit that follow each other are told as one."""
    run: tuple[str, date, date] | None = None
    for unit, day in sorted(set(waiting)):
        if run is not None and (unit, day - timedelta(days=1)) == (run[0], run[2]):
            run = (unit, run[1], day)
            continue
        if run is not None:
            yield run
        run = (unit, day, day)
    if run is not None:
        yield run
