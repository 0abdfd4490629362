"""`ccd bank withdraw`: days off out of the balance, from the quota to the day that has come and gone."""

import json
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Annotated, TypeVar
from uuid import uuid4

import typer
from rich.console import Console
from rich.table import Table

from ccd.bank.withdrawal import Application, State
from ccd.bank.withdrawal_rows import Quota, set_quota
from ccd.bank.withdrawing import Said, Withdrawals
from ccd.commands.bank.red_packet import Unit, site_with
from ccd.commands.business_day import Day
from ccd.commands.configuration import Config
from ccd.commands.ledger.asking import Agent, asked_of, now_us, who_asks
from ccd.commands.output import As, Format
from ccd.daemon.site import Site
from ccd.daemon.site_file import site_of
from ccd.daemon.withdrawals import close_days_off, withdrawals_of
from ccd.ledger.books import Ledger
from ccd.ledger.model import SECONDS_MAX
from ccd.sql.turns import Patience, take_turn_at_once

T = TypeVar("T")

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
PLACES_MAX = 1_000_000

withdraw = typer.Typer(no_args_is_help=True, help="Days off out of the balance.")

Name = Annotated[str, typer.Argument(help="The application, as `list` names it.")]
Why = Annotated[str, typer.Option("--text", help="Why, in words.")]


def on_of(said: str) -> date | int:
    """A day, or the number of a day of the week."""
    if said.lower() in WEEKDAYS:
        return WEEKDAYS.index(said.lower())
    try:
        return date.fromisoformat(said)
    except ValueError:
        raise typer.BadParameter(f"{said!r}; allowed: a day, as 2026-12-10, or {', '.join(WEEKDAYS)}") from None


@withdraw.command()
def quota(
    config: Config,
    unit: Unit,
    on: Annotated[str, typer.Argument(help="A day, as 2026-12-10, or a day of the week, as monday.")],
    agents: Annotated[int, typer.Argument(min=0, max=PLACES_MAX, help="How many may be off by it.")],
) -> None:
    """Say how many agents of a unit may take a day off; for a day of the week, from tomorrow on. Nobody who holds a
    place loses it."""
    site = site_with(config, unit)
    today = site.units.days(unit).at(now_us()).day
    said = Quota(unit, on_of(on), today, agents)

    async def done(ledger: Ledger) -> None:
        await take_turn_at_once(
            ledger.engine, lambda connection: set_quota(connection, said, now_us(), who_asks()), Patience()
        )

    asked_of(site.settings, done)
    print(f"{agents} of {unit} may be off on {on}")


@withdraw.command()
def apply(
    config: Config,
    agent: Agent,
    day: Day,
    seconds: Annotated[
        int | None, typer.Option(min=1, max=SECONDS_MAX, help="A part of the day; without it, the whole.")
    ] = None,
    key: Annotated[
        str | None, typer.Option(help="What it is known by for ever; the same again changes nothing.")
    ] = None,
) -> None:
    """Apply for a day off: its seconds and a place are held together, or it waits for a place."""
    name = key or uuid4().hex[:12]
    site = site_of(config)
    say(asked(site, lambda bank: bank.apply(name, agent, day.date(), seconds, said_of(site, agent, day.date()))))


@withdraw.command()
def approve(config: Config, name: Name) -> None:
    """Approve what is covered and has a place."""
    site = site_of(config)
    say(asked(site, lambda bank: bank.approve(name, said_now(site))))


@withdraw.command()
def refuse(config: Config, name: Name, text: Why) -> None:
    """Refuse an application: what it holds goes back."""
    end(config, name, State.REFUSED, text)


@withdraw.command()
def cancel(config: Config, name: Name) -> None:
    """Cancel an application, as its agent may until the policy's deadline."""
    end(config, name, State.CANCELLED, "")


@withdraw.command()
def take_back(config: Config, name: Name, text: Why) -> None:
    """Withdraw what was approved, as the unit may: what it holds goes back."""
    end(config, name, State.WITHDRAWN, text)


@withdraw.command()
def close(config: Config, day: Day) -> None:
    """Spend what was approved for a day that has come and gone, but for what was worked all the same."""
    site = site_of(config)
    ended = asked_of(site.settings, lambda ledger: close_days_off(ledger, site, day.date(), said_now(site)))
    for application in ended:
        say(application)
    if not ended:
        print(f"nothing of {day.date()} was left to spend")


@withdraw.command("list")
def list_(config: Config, day: Day, output: As = Format.table) -> None:
    """All applications for a day, in the order in which they were made."""
    site = site_of(config)
    found = asked(site, lambda bank: bank.calendar(day.date(), day.date()))
    if output is Format.json:
        kept = [{**one._asdict(), "day": one.day.isoformat(), "hold": one.hold is not None} for one in found]
        print(json.dumps({"applications": kept}, ensure_ascii=False))
        return
    table = Table("application", "agent", "unit", "seconds", "state")
    for one in found:
        table.add_row(one.id, one.agent, one.unit, str(one.seconds), one.state)
    Console().print(table)


def end(config: Config, name: str, state: State, text: str) -> None:
    site = site_of(config)
    say(asked(site, lambda bank: bank.end(name, state, said_now(site, text))))


def said_of(site: Site, agent: str, day: date) -> Said:
    unit = site.agent_days.unit(agent, day) or ""
    return Said(who_asks(), site.units.days(unit).at(now_us()).day, now_us())


def said_now(site: Site, why: str = "") -> Said:
    return Said(who_asks(), site.units.days("").at(now_us()).day, now_us(), why)


def asked(site: Site, ask: Callable[[Withdrawals], Awaitable[T]]) -> T:
    return asked_of(site.settings, lambda ledger: ask(withdrawals_of(ledger, site)))


def say(one: Application) -> None:
    print(f"{one.id}: {one.seconds} s of {one.agent} on {one.day}: {one.state}")
