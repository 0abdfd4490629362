"""`ccd bank month`: an attendance month is closed, shown, and corrected by numbers afterwards."""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, TypeVar

import typer
from rich.console import Console

from ccd.bank.appeals import Appeal
from ccd.bank.month_rows import Result
from ccd.commands.bank.offset import month_json
from ccd.commands.business_day import first_of
from ccd.commands.configuration import Config
from ccd.commands.ledger.asking import Agent, asked_of, asking, now_us
from ccd.commands.ledger.posting import Text
from ccd.commands.output import As, Format
from ccd.daemon.services.months import AttendanceMonths
from ccd.daemon.site import Site
from ccd.daemon.site_file import site_of
from ccd.errors import MonthOpenError
from ccd.ledger.model import month_of
from ccd.reports.plain_table import PlainTable

T = TypeVar("T")

month = typer.Typer(no_args_is_help=True, help="Attendance months: their close, and corrections afterwards.")

Given = tuple[Mapping[str, Result], Mapping[str, int]]  # by agent, and the seconds of whom some have expired
OfMonth = Annotated[str, typer.Argument(callback=lambda said: month_of(first_of(said)), help="As 2026-11.")]


@month.command()
def close(config: Config, month: OfMonth, output: As = Format.table) -> None:
    """Close a month: what nobody decided on is decided by rule, attendance is given its figures, what was not used for
    as long as the policy keeps it expires, and nothing is posted in it any more. Done again, it says the same."""
    site = site_of(config)

    async def done(months: AttendanceMonths) -> tuple[Given, list[Appeal]]:
        results = await months.close(month, asking(site))
        return (results, await months.expiry.expired(month, results)), await months.under_appeal(month)

    given, appeals = asked(site, done)
    show_results(output, month, *given)
    for one in appeals:
        Console(stderr=True).print(f"under appeal, and waits: {one.agent} {one.day} ({one.ref})")


@month.command()
def show(config: Config, month: OfMonth, output: As = Format.table) -> None:
    """What attendance was given last of each agent, and what expired."""

    async def done(months: AttendanceMonths) -> Given:
        results = await months.closing.given(month)
        return results, await months.expiry.expired(month, results)

    results, expired = asked(site_of(config), done)
    if not results:
        raise MonthOpenError(month, "is not closed")
    show_results(output, month, results, expired)


@month.command()
def differences(config: Config, month: OfMonth, output: As = Format.table) -> None:
    """What attendance would be given otherwise now, since days were measured anew; `correct` gives it."""
    found = asked(site_of(config), lambda months: months.differences(month))
    if output is Format.json:
        said = [
            {"agent": one.now.agent, "given": one.given and month_json(one.given.month), "now": month_json(one.now)}
            for one in found
        ]
        print(json.dumps({"month": month, "differences": said}))
        return
    for one in found:
        before = one.given.month if one.given else None
        names = [name for name in one.now._fields if before is None or getattr(before, name) != getattr(one.now, name)]
        changes = (f"{name} {getattr(before, name, None)} → {getattr(one.now, name)}" for name in names)
        print(f"{one.now.agent}: {'; '.join(changes)}")
    if not found:
        print(f"nothing of {month} is another than attendance was told")


@month.command()
def correct(
    config: Config,
    month: OfMonth,
    agent: Agent,
    text: Text,
    reopens: Annotated[
        bool, typer.Option("--reopen", help="Full attendance is judged anew, as an appeal lodged in time can ask.")
    ] = False,
) -> None:
    """Give attendance the next number of an agent's month, as it is measured now."""
    site = site_of(config)
    result = asked(site, lambda months: months.correct(asking(site), month, agent, text, reopens))
    if result is None:
        print(f"nothing of {agent}'s {month} is another than attendance was told")
    else:
        print(f"{agent}: difference {result.number} of {month} is given to attendance")


def asked(site: Site, ask: Callable[[AttendanceMonths], Awaitable[T]]) -> T:
    return asked_of(site.settings, lambda ledger: ask(AttendanceMonths(ledger, site, now_us)))


def show_results(output: Format, month: str, results: Mapping[str, Result], expired: Mapping[str, int]) -> None:
    if output is Format.json:
        said = [
            month_json(one.month)
            | {"number": one.number, "by": one.by, "why": one.why, "expired_s": expired.get(agent, 0)}
            for agent, one in results.items()
        ]
        print(json.dumps({"month": month, "agents": said}, ensure_ascii=False))
        return
    table = PlainTable(
        "agent", "no.", "full", "points", "offset", "leave", "waits", "expired", "what stands against it"
    )
    for agent, one in results.items():
        of = one.month
        why = "; ".join(f"{fault.what}{f' {fault.day}' if fault.day else ''} {fault.seconds} s" for fault in of.faults)
        figures = (f"{of.points_100 / 100:g}", of.offset_s, of.taken_s, of.owed_s, expired.get(agent, 0))
        table.add(of.agent, str(one.number), "yes" if of.full else "no", *map(str, figures), why)
    table.print()
