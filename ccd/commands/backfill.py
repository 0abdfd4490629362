"""`ccd backfill`: what happened while ccd was stopped, out of the switch's queue_log."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from ccd.commands.configuration import Config
from ccd.daemon.backfilling import Backfilled
from ccd.daemon.backfilling import backfill as fill_back
from ccd.daemon.site import Site
from ccd.daemon.site_file import site_of
from ccd.daemon.stores import database
from ccd.errors import CaptureError
from ccd.floor.days import SECOND
from ccd.settings import Pbx


def backfill(
    config: Config,
    queue_log: Annotated[list[Path], typer.Option(help="queue_log, rotated ones too, in any order.")],
    pbx: Annotated[str | None, typer.Option(help="Whose they are, where several PBXs are configured.")] = None,
) -> None:
    """Take over what happened since ccd was stopped, up to the end of these files. A ccd that runs, and knows where the
    log is, does so by itself (`queue_log` of the PBX in the configuration)."""
    site = site_of(config)
    source = _source(site, pbx)
    try:
        done = asyncio.run(_filled(site, source, queue_log))
    except OSError as error:
        raise CaptureError(f"{error.filename}: can't be read: {error.strerror}") from None
    since, until = (datetime.fromtimestamp(at / SECOND, UTC).isoformat(timespec="seconds") for at in done[:2])
    print(f"{source.name}: {done.events} events from {since} to {until}; a gap is left from there on")


async def _filled(site: Site, source: Pbx, files: list[Path]) -> Backfilled:
    async with database(site.settings) as engine:
        return await fill_back(engine, site, source, files)


def _source(site: Site, named: str | None) -> Pbx:
    configured = {each.name: each for each in site.settings.pbx}
    if named is None and len(configured) == 1:
        return next(iter(configured.values()))
    if named not in configured:
        found = f"{named} is not configured" if named else "whose files are they?"
        raise typer.BadParameter(f"{found}; configured: {', '.join(configured) or 'none'}", param_hint="--pbx")
    return configured[named]
