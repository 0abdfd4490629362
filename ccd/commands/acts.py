"""`ccd acts`: who did what, when, from where, and why."""

import asyncio
import json
from typing import Annotated

import typer

from ccd.commands.configuration import Config
from ccd.commands.output import As, Format
from ccd.daemon.stores import database
from ccd.history.reading import reading
from ccd.org.acts import Act, noted
from ccd.org.changes import moment
from ccd.reports.plain_table import PlainTable, clock
from ccd.settings import Settings, read

LAST = 50


def acts(
    config: Config,
    kind: Annotated[str | None, typer.Option(help="Of one kind alone, as 'import roster'.")] = None,
    subject: Annotated[str | None, typer.Option(help="On one agent, unit or other thing alone.")] = None,
    last: Annotated[int, typer.Option(min=1, help="How many, the newest first.")] = LAST,
    format: As = Format.table,
) -> None:
    """Say who did what, when, from where and why: the newest first."""
    settings = read(config)
    found = asyncio.run(_noted(settings, kind, subject, last))
    if format is Format.json:
        print(
            json.dumps([act._asdict() | {"at": moment(act.at, settings.timezone)} for act in found], ensure_ascii=False)
        )
        return
    table = PlainTable("at", "who", "from", "what", "on", "before", "after", "why")
    for act in found:
        table.add(
            clock(act.at, settings.timezone),
            act.by,
            act.address,
            act.kind,
            act.subject,
            act.before,
            act.after,
            act.why,
        )
    table.print()


async def _noted(settings: Settings, kind: str | None, subject: str | None, last: int) -> list[Act]:
    async with database(settings) as engine, reading(engine) as connection:
        return await connection.run_sync(lambda plain: list(noted(plain, kind, subject, last)))
