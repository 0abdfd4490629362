"""`ccd explain`: why a line stands on a statement."""

import asyncio
import json
from typing import Annotated

import typer

from ccd.commands.configuration import Config
from ccd.commands.lines import transfer_of
from ccd.commands.output import As, Format
from ccd.daemon.explained.explaining import explained
from ccd.daemon.site import Site
from ccd.daemon.site_file import site_of
from ccd.daemon.stores import database
from ccd.ledger.model import Transfer
from ccd.reports.explained import Explained, explained_as_json
from ccd.reports.explained_text import lines_of


def explain(
    config: Config,
    transfer: Annotated[str, typer.Argument(help="As a statement names it, 1234.1; or a transaction, 1234.")],
    all: Annotated[
        bool, typer.Option("--all", help="Every span of the day, not only what the figures are of.")
    ] = False,
    format: As = Format.table,
) -> None:
    """Say how a line of a statement came about: its arithmetic, the day record with the policy that held, the segments
    that this is made of, and what the switch said that made them."""
    asked = transfer_of(transfer)
    site = site_of(config)
    told = asyncio.run(_explained(site, asked, all))
    if format is Format.json:
        print(json.dumps(explained_as_json(told), ensure_ascii=False, indent=1))
    else:
        print("\n".join(lines_of(told)))


async def _explained(site: Site, transfer: Transfer, everything: bool) -> Explained:
    async with database(site.settings) as engine:
        return await explained(engine, site, transfer, everything)
