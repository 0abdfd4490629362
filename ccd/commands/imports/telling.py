"""`ccd import schedule` and `leave`: what planners and personnel systems tell of agents' time."""

import asyncio
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from ccd.bank.asking import Asking
from ccd.commands.configuration import Config
from ccd.commands.ledger.asking import asking
from ccd.daemon.judged_by.importing import Importing, may_name, may_tell, take_over_told
from ccd.daemon.site import Site
from ccd.daemon.site_file import site_of
from ccd.daemon.stores import database
from ccd.errors import ImportFaultsError
from ccd.org import calendar_file, csv_faults, leave_file, schedule_file
from ccd.org.acts import Act
from ccd.org.agent_days import AgentDays
from ccd.org.rights import may_import
from ccd.org.schema import leaves, shifts
from ccd.org.told import DaysTold, SpanChange, Told, changes_counted, window_of
from ccd.org.told_lines import check_window
from ccd.org.told_rows import Teller

File = Annotated[Path, typer.Argument(help="The file.", dir_okay=False)]
Source = Annotated[str, typer.Option(help="Who tells it, as you call them: the same each time, as roster-tool.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Take nothing over, and say what would change.")]
Partial = Annotated[
    bool, typer.Option("--partial", help="The file tells changes: what it does not name stays as it is.")
]
Why = Annotated[str, typer.Option(help="The reason, in words; it stands with the act.")]
From = Annotated[
    datetime | None,
    typer.Option("--from", formats=["%Y-%m-%d"], help="The first day that it tells all of; else the first it names."),
]
To = Annotated[
    datetime | None,
    typer.Option("--to", formats=["%Y-%m-%d"], help="The last day that it tells all of; else the last it names."),
]
CALENDARS = (".ics", ".ical")
CALENDAR_DAYS_MAX = timedelta(days=400)  # a series without an end is followed day by day
Words = Callable[[Told, AgentDays], str]


def schedule(
    config: Config, file: File, source: Source, dry_run: DryRun = False, partial: Partial = False,
    first: From = None, last: To = None, why: Why = "",
    agent: Annotated[str | None, typer.Option(help="Whose a calendar's events are that name nobody.")] = None,
) -> None:  # fmt: skip
    """Take over shifts from CSV or iCalendar: they replace what this source said of these days; whom it does not name
    is free. Of a calendar say which days, --from and --to: its series may have no end."""
    site = site_of(config)
    text = csv_faults.file_text(file, ImportFaultsError)
    window: DaysTold | None
    if file.suffix.lower() in CALENDARS:
        window = days = _days_of_calendar(partial, first, last)
        told = calendar_file.parse(text.encode(), file, site.agent_days, days, agent)
    elif agent is not None:
        raise typer.BadParameter("--agent goes with a calendar; each line of a CSV file names its agent")
    else:
        told = schedule_file.parse(text, file, site.agent_days)
        window = _window(told, file, "day", partial, first, last)
    _take_over(site, Importing(shifts, Teller(source, file), told, window), schedule_file.words, dry_run, why)


def leave(
    config: Config, file: File, source: Source, dry_run: DryRun = False, partial: Partial = False,
    first: From = None, last: To = None, why: Why = "",
) -> None:  # fmt: skip
    """Take over leave from CSV: it replaces what this source said of leave that begins on these days."""
    site = site_of(config)
    text = csv_faults.file_text(file, ImportFaultsError)
    told = leave_file.parse(text, file, site.agent_days, site.settings.leave.kinds)
    asked = Importing(leaves, Teller(source, file), told, _window(told, file, "from", partial, first, last))
    _take_over(site, asked, leave_file.words, dry_run, why)


def _days_of_calendar(partial: bool, first: datetime | None, last: datetime | None) -> DaysTold:
    if partial or first is None or last is None or not timedelta() <= last - first <= CALENDAR_DAYS_MAX:
        most = f"at most {CALENDAR_DAYS_MAX.days} days"
        raise typer.BadParameter(f"of which days? A calendar goes with --from and --to, {most}, and tells all of them")
    return DaysTold(first.date(), last.date())


def _window(
    told: tuple[Told, ...], file: Path, column: str, partial: bool, first: datetime | None, last: datetime | None
) -> DaysTold | None:
    if partial:
        if first or last:
            raise typer.BadParameter("--partial goes without --from and --to: it tells all of no day")
        return None
    named = window_of(told)
    begins, ends = (day.date() if day else None for day in (first, last))
    if begins is None or ends is None:
        if named is None:
            raise typer.BadParameter("the file names no day; of which days does it tell? Give --from and --to")
        begins, ends = begins or named.first, ends or named.last
    check_window(told, DaysTold(begins, ends), file, column)
    return DaysTold(begins, ends)


def _take_over(site: Site, asked: Importing, words: Words, dry_run: bool, why: str) -> None:
    asks = asking(site)

    def may(changes: Collection[SpanChange]) -> Asking:
        if asked.table is leaves:
            may_name(site, asks, asked.told)
            return may_tell(site, asks, changes)
        may_import(asks.person)
        return asks

    async def taken() -> list[SpanChange]:
        async with database(site.settings) as engine:
            act = Act(
                asks.act, asks.at, asks.by, asks.address, f"import {asked.table.name}", asked.said.source, "", "",
                why.strip() or f"as in {asked.said.file.name}",
            )  # fmt: skip
            return await take_over_told(engine, site.agent_days, asked, act, dry_run, may)

    changes = asyncio.run(taken())
    for change in changes:
        print(said(change, site.agent_days, words))
    print(f"{'dry run, nothing was taken over: ' if dry_run else ''}{changes_counted(changes)}")


def said(change: SpanChange, days: AgentDays, words: Words) -> str:
    before, after = (words(each, days) if each else "" for each in change)
    if before and after:
        return f"~ {change.agent}: {before} -> {after}"
    return f"+ {change.agent}: {after}" if after else f"- {change.agent}: {before}"
