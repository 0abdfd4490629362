"""`ccd ledger move`: the whole ledger from one database to another."""

import asyncio
from contextlib import AsyncExitStack, suppress
from typing import Annotated

import typer
from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.commands.addresses import typed_address
from ccd.commands.ledger.asking import bar_of
from ccd.commands.ledger.proving import FINDINGS_SHOWN_MAX
from ccd.daemon.stores import FILE_MODE
from ccd.errors import LedgerBrokenError, LedgerDoesNotFollowError
from ccd.ledger.moving import end_of, how_far
from ccd.ledger.moving import move as carried
from ccd.ledger.verify import verify
from ccd.reports.legible import on_one_line
from ccd.sql.engine import file_of, open_engine
from ccd.sql.migrate import upgrade
from ccd.sql.refusals import refusals_said


def move(
    source: Annotated[str, typer.Option("--from", help="sqlite:///PATH or postgresql://USER@HOST/DATABASE")],
    target: Annotated[str, typer.Option("--to", help="The same; a database whose ledger is empty.")],
) -> None:
    """Carry the ledger over, all of it or nothing, and hold both against each other. Stop the daemon first."""
    for option, url in (("--from", source), ("--to", target)):
        typed_address(url, option)
    if source.startswith("sqlite") and not (file := file_of(make_url(source))).is_file():  # else it would be made
        raise typer.BadParameter(f"{str(file)!r} is no file that is there", param_hint="--from")
    rows, end = asyncio.run(carried_and_held(source, target))
    print(f"{rows} rows were carried over; both ledgers end in {end.hex()}")


async def carried_and_held(source: str, target: str) -> tuple[int, bytes]:
    """How many rows, and in what both ledgers end. LedgerDoesNotFollowError before anything is carried over from one
    that is not as it was written."""
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(refusals_said())
        giving, taking = [open_engine(url) for url in (source, target)]
        if target.startswith("sqlite"):
            with suppress(OSError):  # what can't be made is said where it is opened
                file_of(make_url(target)).touch(FILE_MODE)
        for engine in (giving, taking):
            stack.push_async_callback(engine.dispose)
            await upgrade(engine)
        async with giving.connect() as connection:
            since = await how_far(connection)
        before = await sound_end(giving)
        with bar_of("rows") as told:
            rows = await carried(giving, taking, told, since)
        if await sound_end(taking) != before:
            raise LedgerBrokenError("both ledgers end in different hashes, so the new one is none to go on with")
        return rows, before


async def sound_end(engine: AsyncEngine) -> bytes:
    verdict = await verify(engine, lambda done, total: None)
    for finding in verdict.findings[:FINDINGS_SHOWN_MAX]:
        print(on_one_line(str(finding)))
    if verdict.findings:
        raise LedgerDoesNotFollowError(len(verdict.findings))
    return await end_of(engine, verdict.peaks.root)
