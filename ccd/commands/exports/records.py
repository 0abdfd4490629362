"""`ccd export segments`, `days` and `statement`: what was observed, measured and posted, for other programs."""

import asyncio
import csv
import json
import sys
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import aclosing
from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated, Any

import typer

from ccd.bank.statement import agent_statement
from ccd.commands.business_day import First, Last, Since, UpTo, days_from_to, days_in_order
from ccd.commands.configuration import Config
from ccd.commands.ledger.asking import Agent, asked
from ccd.commands.ledger.reading import known_account
from ccd.daemon.site import Site
from ccd.daemon.site_file import site_of
from ccd.daemon.stores import database
from ccd.errors import UnknownUnitError
from ccd.floor.seats import STATE_WORDS
from ccd.floor.segments import Segment
from ccd.history.gaps import ends_found
from ccd.history.known_days import known_days
from ccd.history.reading import open_segments, reading, rows_since
from ccd.history.schema import PAUSE_WORDS
from ccd.history.segment_rows import COLUMNS, segments_of
from ccd.ledger.books import Ledger
from ccd.ledger.model import Wanted
from ccd.reports.day_json import FIGURES, record_figures, seconds

LINES_AT_ONCE = 500
START = COLUMNS.index("start_at")

OF_SEGMENTS = (
    "pbx", "number", "seat", "member_name", "agent", "unit", "start", "end", "state", "paused", "reason", "offered",
    "answered", "missed", "opened_by", "closed_by",
)  # fmt: skip
OF_DAYS = ("day", *FIGURES)
OF_STATEMENTS = (
    "transfer", "day", "recorded_at", "service", "amount", "leave", "balance_after", "text", "by", "facts",
)  # fmt: skip


class Format(StrEnum):
    csv = "csv"
    json = "json"


As = Annotated[Format, typer.Option("--format", help="csv or json: a list of objects.")]
Unit = Annotated[str | None, typer.Option(help="One unit alone, with those below it.")]

Line = dict[str, Any]
Lines = AsyncGenerator[Line, None]


def segments(
    config: Config,
    first: First,
    last: Last,
    pbx: Annotated[str | None, typer.Option(help="One PBX alone.")] = None,
    format: As = Format.csv,
) -> None:
    """Print the segments of seats that began on these days of the site, with whose they were then; one that still runs
    has no end."""
    site = site_of(config)
    days, (begins, ends) = site.units.days(""), days_in_order(first, last)
    since, until = days.of_date(begins).start, days.of_date(ends).end
    if pbx is not None and pbx not in [each.name for each in site.settings.pbx]:
        raise typer.BadParameter(f"{pbx} is not configured", param_hint="--pbx")
    _print(format, OF_SEGMENTS, _segments(site, since, until, pbx))


def days(config: Config, first: First, last: Last, unit: Unit = None, format: As = Format.csv) -> None:
    """Print what each agent's days amount to: as they were measured last or, where they still run, up to now."""
    site = site_of(config)
    if unit is not None and unit not in site.all_units:
        raise UnknownUnitError(unit, site.all_units)
    _print(format, OF_DAYS, _days(site, *days_in_order(first, last), unit))


def statement(
    config: Config,
    agent: Agent,
    first: Since = None,
    last: UpTo = None,
    format: As = Format.csv,
) -> None:
    """Print all lines of an agent's statement, oldest first, each with the balance after it."""
    day_from, day_to = days_from_to(first, last)
    lines = asked(config, lambda books: _lines(books, agent, Wanted(day_from=day_from, day_to=day_to)))
    _print(format, OF_STATEMENTS, _one_by_one(lines))


async def _segments(site: Site, since: int, until: int, pbx: str | None) -> Lines:
    async with database(site.settings) as engine, reading(engine) as connection:
        opened = [each for each in await open_segments(connection) if since <= each[1].start < until]
        ends = await ends_found(connection, since, until)
        async for rows in rows_since(connection, since):
            for name, segment in segments_of(rows):
                end = ends.get((name, segment.number), segment.end)
                if segment.start >= until or pbx not in (None, name):
                    continue
                if end == segment.end:
                    yield _segment(site, name, segment)
                elif end is not None and end > segment.start:  # else all of it was found, and stands for itself
                    yield _segment(site, name, segment.closed(end, segment.closed_by))
            if rows[-1][START] >= until:
                break
        for found in sorted(opened, key=lambda each: each[1].start):
            if pbx in (None, found[0]):
                yield _segment(site, *found)


def _segment(site: Site, pbx: str, segment: Segment) -> Line:
    view = segment.view
    owner = site.owner_of(pbx, segment.seat, view.name, segment.start)
    return {
        "pbx": pbx,
        "number": segment.number,
        "seat": segment.seat,
        "member_name": view.name,
        "agent": owner.agent if owner else "",
        "unit": (owner.unit if owner else "") or "",
        "start": seconds(segment.start),
        "end": None if segment.end is None else seconds(segment.end),
        "state": STATE_WORDS[view.state],
        "paused": PAUSE_WORDS[view.pause],
        "reason": view.reason,
        "offered": segment.offered,
        "answered": segment.answered,
        "missed": segment.missed,
        "opened_by": segment.opened_by,
        "closed_by": segment.closed_by,
    }


async def _days(site: Site, first: date, last: date, unit: str | None) -> Lines:
    async with database(site.settings) as engine, reading(engine) as connection:
        for day in (first + timedelta(days=number) for number in range((last - first).days + 1)):
            within = None if unit is None else site.units.with_below([unit], day)
            for record in await known_days(connection, site.measuring, site.policies, site.rostered_units, day):
                if within is None or record.unit in within:
                    yield {"day": day.isoformat(), **record_figures(record)}


async def _one_by_one(lines: Iterable[Line]) -> Lines:
    for line in lines:
        yield line


async def _lines(books: Ledger, agent: str, wanted: Wanted) -> list[Line]:
    await known_account(books, agent)
    found: list[Line] = []
    before: int | None = None
    while True:
        page = await agent_statement(books, agent, before, LINES_AT_ONCE, wanted=wanted)
        found += [line.as_json() for line in page.lines]
        before = page.before
        if before is None:
            return found[::-1]


def _print(format: Format, columns: Sequence[str], lines: Lines) -> None:
    asyncio.run(_printed(format, columns, lines))


async def _printed(format: Format, columns: Sequence[str], lines: Lines) -> None:
    async with aclosing(lines):  # at once, too, where whoever reads what is printed has seen enough
        await (_printed_as_csv(columns, lines) if format is Format.csv else _printed_as_json(lines))


async def _printed_as_csv(columns: Sequence[str], lines: Lines) -> None:
    """What has parts of its own stands in its cell as JSON."""
    writer = csv.DictWriter(sys.stdout, columns, restval="", lineterminator="\n")
    writer.writeheader()
    async for line in lines:
        writer.writerow({name: _cell(value) for name, value in line.items()})


def _cell(value: object) -> object:
    return json.dumps(value, ensure_ascii=False, sort_keys=True) if isinstance(value, dict) else value


async def _printed_as_json(lines: Lines) -> None:
    between = "["
    async for line in lines:
        sys.stdout.write(f"{between}\n{json.dumps(line, ensure_ascii=False)}")
        between = ","
    sys.stdout.write("[]\n" if between == "[" else "\n]\n")
