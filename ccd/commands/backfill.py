"""`ccd backfill`: what happened while ccd was stopped, out of the switch's queue_log."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from ccd.commands.configuration import Config
from ccd.commands.ledger.asking import asking
from ccd.daemon.site import Site
from ccd.daemon.site_file import site_of
from ccd.daemon.stores import database
from ccd.daemon.switches.backfilling import Backfilled, fill_back
from ccd.errors import CaptureError
from ccd.floor.days import SECOND
from ccd.settings import Pbx


def backfill(
    config: Config,
    queue_log: Annotated[list[Path], typer.Option(help="queue_log, rotated ones too, in any order.")],
    pbx: Annotated[str | None, typer.Option(help="Whose they are, where several PBXs are configured.")] = None,
) -> None:
    """Take over what happened while ccd did not hear the switch: in gaps that have ended, whose days are measured anew,
    and since ccd was stopped, up to the end of these files. A ccd that runs, and knows where the log is, does so by
    itself (`queue_log` of the PBX in the configuration)."""
    site = site_of(config)
    source = _source(site, pbx)
    why = "told by " + ", ".join(path.name for path in queue_log)
    try:
        done = asyncio.run(_filled(site, source, queue_log, why))
    except OSError as error:
        raise CaptureError(f"{error.filename}: can't be read: {error.strerror}") from None
    for each in done:
        since, until = (datetime.fromtimestamp(at / SECOND, UTC).isoformat(timespec="seconds") for at in each[:2])
        left = "a gap is left from there on" if each.unknown is None else f"{each.unknown} seats stay unobserved in it"
        print(f"{source.name}: {each.events} events from {since} to {until}; {left}")


async def _filled(site: Site, source: Pbx, files: list[Path], why: str) -> list[Backfilled]:
    async with database(site.settings) as engine:
        return await fill_back(engine, site, source, files, asking(site), why)


def _source(site: Site, named: str | None) -> Pbx:
    configured = {each.name: each for each in site.settings.pbx}
    if named is None and len(configured) == 1:
        return next(iter(configured.values()))
    if named not in configured:
        found = f"{named} is not configured" if named else "whose files are they?"
        raise typer.BadParameter(f"{found}; configured: {', '.join(configured) or 'none'}", param_hint="--pbx")
    return configured[named]
