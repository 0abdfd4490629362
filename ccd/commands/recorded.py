"""`ccd recorded`: what is recorded of an agent."""

import json
from typing import Annotated

import typer
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.commands.bank.asking import asked_of_database
from ccd.commands.configuration import Config
from ccd.commands.ledger.asking import Agent
from ccd.commands.output import As, Format
from ccd.daemon.served.recorded import as_said
from ccd.daemon.served.recorded_of import RecordedLine, Sum, categories, recorded_lines, sums
from ccd.daemon.site import Site
from ccd.daemon.site_file import site_of
from ccd.history.reading import reading
from ccd.org.changes import moment
from ccd.reports.plain_table import PlainTable, clock

LAST = 50


def recorded(
    config: Config,
    agent: Agent,
    of: Annotated[str | None, typer.Option("--of", help="The lines of one category, as the list names it.")] = None,
    last: Annotated[int, typer.Option(min=1, help="How many lines, the newest first.")] = LAST,
    output: As = Format.table,
) -> None:
    """Say what is recorded about an agent: how much of what, from when until when, for how long, and who can see it;
    with --of, line by line. One's own; an auditor's is all."""
    site = site_of(config)
    if of is None:
        _say_sums(site, agent, output)
    else:
        _say_lines(site, agent, of, last, output)


def _say_sums(site: Site, agent: str, output: Format) -> None:
    async def found(engine: AsyncEngine) -> list[Sum]:
        async with reading(engine) as connection:
            return await connection.run_sync(lambda plain: sums(plain, site, agent))

    told = asked_of_database(site, found)
    if output is Format.json:
        print(json.dumps({"agent": agent, "categories": [as_said(one).model_dump() for one in told]}))
        return
    table = PlainTable("what", "rows", "first", "last", "kept", "seen by")
    for one in told:
        rows = "not counted by agent" if one.rows is None else str(one.rows)
        times = (clock(at, site.settings.timezone) for at in (one.first, one.last))
        kept = "for good" if one.category.kept_days is None else f"{one.category.kept_days} days"
        table.add(one.category.name, rows, *times, kept, ", ".join(one.category.seen_by))
    table.print()


def _say_lines(site: Site, agent: str, of: str, last: int, output: Format) -> None:
    async def found(engine: AsyncEngine) -> list[RecordedLine]:
        async with reading(engine) as connection:
            return await connection.run_sync(look)

    def look(plain: Connection) -> list[RecordedLine]:
        known = {one.name: one for one in categories(plain, site, agent)}
        if of not in known:
            raise typer.BadParameter(f"{of!r}; allowed: {', '.join(known)}")
        return recorded_lines(plain, known[of], None, last)

    told = [{"at": moment(one.at, site.settings.timezone), **one.what} for one in asked_of_database(site, found)]
    if output is Format.json:
        print(json.dumps({"agent": agent, "name": of, "lines": told}, ensure_ascii=False))
        return
    table = PlainTable(*(told[0] if told else ("at",)))
    for line in told:
        table.add(*("" if value is None else str(value) for value in line.values()))
    table.print()
