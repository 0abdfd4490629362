"""`ccd migrate`: the tables up to date, as the role that they belong to, and rights for the daemon's own.

The daemon migrates by itself where its role may. On PostgreSQL it should not: a role that owns no table can't change
what was posted, whatever goes wrong with it.
"""

import asyncio
from typing import Annotated

import typer

from ccd.commands.addresses import typed_address
from ccd.commands.configuration import Config
from ccd.daemon.stores import database_url
from ccd.settings import read
from ccd.sql.engine import open_engine
from ccd.sql.migrate import upgrade, wanted_heads
from ccd.sql.refusals import refusals_said


def migrate(
    config: Config,
    url: Annotated[
        str | None,
        typer.Option(
            help="The database as its owner reaches it, instead of the configuration's; the password from ~/.pgpass."
        ),
    ] = None,
    role: Annotated[str | None, typer.Option(help="The daemon's role: granted what it needs, and no more.")] = None,
) -> None:
    """Bring the database's tables up to date; with --role, say what the daemon's role may do with them.

    Such a role reads and adds; the database itself lets it change or delete nothing that was posted.
    """
    address = database_url(read(config)) if url is None else typed_address(url, "--url")
    if role is not None and address.startswith("sqlite"):
        raise typer.BadParameter("SQLite has no roles: its file's owner may do everything", param_hint="--role")
    asyncio.run(_migrate(address, role))
    granted = f"; {role} may read and add, and change nothing that was posted" if role else ""
    print(f"the tables are of revision {', '.join(sorted(wanted_heads()))}{granted}")


async def _migrate(address: str, role: str | None) -> None:
    engine = open_engine(address)
    try:
        async with refusals_said():
            await upgrade(engine, role)
    finally:
        await engine.dispose()
