"""`ccd ledger move`: the whole ledger from one database to another."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import make_url

from ccd.commands.ledger.asking import bar_of
from ccd.errors import LedgerDoesNotFollowError, MoveError
from ccd.ledger.moving import move as carried
from ccd.ledger.verify import Verdict, verify
from ccd.sql.engine import open_engine
from ccd.sql.migrate import upgrade
from ccd.sql.refusals import refusals_said


def move(
    source: Annotated[str, typer.Option("--from", help="sqlite:///PATH or postgresql://USER@HOST/DATABASE")],
    target: Annotated[str, typer.Option("--to", help="The same; a database whose ledger is empty.")],
) -> None:
    """Carry the ledger over, all of it or nothing, and hold both against each other. Stop the daemon first."""
    for name, url in (("--from", source), ("--to", target)):
        if not url.startswith(("sqlite://", "postgresql://", "sqlite+aiosqlite://", "postgresql+asyncpg://")):
            raise typer.BadParameter("allowed: sqlite:///PATH or postgresql://USER@HOST/DATABASE", param_hint=name)
    if source.startswith("sqlite") and not Path(file := make_url(source).database or "").is_file():
        raise typer.BadParameter(f"{file!r} is no file that is there", param_hint="--from")  # else it would be made
    rows, before, after = asyncio.run(both(source, target))
    if before.findings or after.findings:
        raise LedgerDoesNotFollowError(len(before.findings) + len(after.findings))
    if before.peaks.root != after.peaks.root:
        raise MoveError("both ledgers end in different hashes")
    print(f"{rows} rows were carried over; both ledgers end in {after.peaks.root.hex()}")


async def both(source: str, target: str) -> tuple[int, Verdict, Verdict]:
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(refusals_said())
        giving, taking = [open_engine(url) for url in (source, target)]
        for engine in (giving, taking):
            stack.push_async_callback(engine.dispose)
            await upgrade(engine)
        with bar_of("rows") as told:
            rows = await carried(giving, taking, told)
        before, after = [await verify(engine, lambda done, total: None) for engine in (giving, taking)]
        return rows, before, after
