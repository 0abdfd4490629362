"""`ccd bank offset`: what an agent owes for a month, what of the balance goes against it, and what comes of it."""

import json
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeVar

import typer

from ccd.bank.asking import Asking
from ccd.bank.attendance import Month
from ccd.bank.expiry import Expiring
from ccd.bank.loan import LoanOffer
from ccd.bank.offsetting import Choice
from ccd.commands.business_day import first_of
from ccd.commands.configuration import Config
from ccd.commands.ledger.asking import Agent, asked_of, asking, now_us
from ccd.commands.output import As, Format
from ccd.daemon.services.months import AttendanceMonths
from ccd.daemon.site import Site
from ccd.daemon.site_file import site_of
from ccd.errors import OffsetError
from ccd.ledger.model import SECONDS_MAX, month_of
from ccd.reports.plain_table import PlainTable

T = TypeVar("T")

offset = typer.Typer(no_args_is_help=True, help="Leave offset: the balance against what is owed for a month.")

OfMonth = Annotated[
    str | None,
    typer.Option(
        "--month",
        callback=lambda said: said and month_of(first_of(said)),
        help="As 2026-11; without it, the one that agents decide on now.",
    ),
]
Key = Annotated[str | None, typer.Option(help="What the act is known by for ever; the same again changes nothing.")]
Seconds = Annotated[int | None, typer.Option(min=1, max=SECONDS_MAX, help="Not all of it, but so many.")]


@offset.command()
def offer(config: Config, agent: Agent, month: OfMonth = None, output: As = Format.table) -> None:
    """What is owed, item by item, what there is to set against it, and what of that expires as the month closes."""
    site = site_of(config)

    async def offered(months: AttendanceMonths, of: str) -> tuple[LoanOffer, Expiring | None]:
        return await months.loans.offer(agent, of), await months.expires(agent, of)

    of, (found, expiring) = asked(site, agent, month, offered)
    if output is Format.json:
        expires = expiring and {**expiring._asdict(), "seconds": expiring.seconds, "accounts": expiring.by_account}
        print(json.dumps({"agent": agent, "month": of, **as_json(found), "expires": expires}))
        return
    table = PlainTable("item", "made", "offset", "taken", "open")
    for item in found.items:
        table.add(item.name, *map(str, (item.made_s, item.offset_s, item.taken_s, item.open_s)))
    table.print()
    say(agent, of, found)
    if expiring and expiring.seconds:
        print(f"{agent}: {expiring.seconds} s, of before {expiring.since}, expire as {of} closes if they are not used")


@offset.command()
def choose(
    config: Config,
    agent: Agent,
    item: Annotated[str, typer.Argument(help="As `offer` names it: 2026-11-10/idle.")],
    seconds: Seconds = None,
    month: OfMonth = None,
    key: Key = None,
) -> None:
    """Set the balance against one item."""
    decide(config, agent, month, Choice(item, seconds), key)


@offset.command("all")
def all_(config: Config, agent: Agent, seconds: Seconds = None, month: OfMonth = None, key: Key = None) -> None:
    """Set the balance against all of it, in the order of days."""
    decide(config, agent, month, Choice(None, seconds), key)


@offset.command()
def back(
    config: Config,
    agent: Agent,
    item: Annotated[str | None, typer.Argument(help="As `offer` names it; without it, all of the month's.")] = None,
    month: OfMonth = None,
    key: Key = None,
) -> None:
    """Take back what was offset, until the month closes: it is balance again, and owed."""
    site = site_of(config)
    act = asked_as(site, agent, key)
    of, left = asked(site, agent, month, lambda months, of: months.loans.take_back(act, agent, of, item))
    say(agent, of, left)


@offset.command()
def none(config: Config, agent: Agent, month: OfMonth = None) -> None:
    """Keep the balance: nothing more of the month is offset by itself."""
    site = site_of(config)
    of, left = asked(site, agent, month, lambda months, of: months.loans.keep(asking(site), agent, of))
    say(agent, of, left)


@offset.command()
def forecast(config: Config, agent: Agent, month: OfMonth = None, output: As = Format.table) -> None:
    """Whether full attendance is in reach, and what stands against it: the days so far, if the rest is kept."""
    site = site_of(config)

    async def foresee(months: AttendanceMonths, of: str) -> Month:
        if months.today() < (since := months.calendar.foreseen_from(of)):
            raise OffsetError(agent, f"can't be told of {of} yet: it is foreseen from {since} on")
        return await months.forecast(agent, of)

    of, found = asked(site, agent, month, foresee)
    if output is Format.json:
        print(json.dumps({"month": of, **month_json(found)}))
        return
    reach = "is in reach" if found.full else "is out of reach"
    print(f"{agent}: full attendance of {of} {reach}; {found.offset_s} s offset, {found.owed_s} s owed")
    for fault in found.faults:
        print(f"  {fault.what}{f' on {fault.day}' if fault.day else ''}: {fault.seconds} s")


def decide(config: Config, agent: str, month: str | None, choice: Choice, key: str | None) -> None:
    site = site_of(config)
    act = asked_as(site, agent, key)
    of, left = asked(site, agent, month, lambda months, of: months.loans.choose(act, agent, of, choice))
    say(agent, of, left)


def asked_as(site: Site, agent: str, key: str | None) -> Asking:
    who = asking(site)
    return who._replace(act=f"offset/{agent}/{key}") if key else who


def asked(
    site: Site, agent: str, month: str | None, ask: Callable[[AttendanceMonths, str], Awaitable[T]]
) -> tuple[str, T]:
    """`month`: None for the one that is decided on."""
    if not site.agent_days.knows(agent):
        raise OffsetError(agent, "is not on the roster")

    async def done(months: AttendanceMonths) -> tuple[str, T]:
        return (of := month or months.loans.month_at(now_us())), await ask(months, of)

    return asked_of(site.settings, lambda ledger: done(AttendanceMonths(ledger, site, now_us)))


def say(agent: str, month: str, left: LoanOffer) -> None:
    print(f"{agent}: {left.owed_s} s owed for {month}, {left.balance_s} s to set against it")


def as_json(offer: LoanOffer) -> dict[str, Any]:
    items = [
        {"item": item.name, "made": item.made_s, "offset": item.offset_s, "taken": item.taken_s, "open": item.open_s}
        for item in offer.items
    ]
    return {"owed": offer.owed_s, "could": offer.could_s, "balance": offer.balance_s, "items": items}


def month_json(month: Month) -> dict[str, Any]:
    faults = [
        {"what": fault.what.value, "day": fault.day and fault.day.isoformat(), "seconds": fault.seconds}
        for fault in month.faults
    ]
    return month._asdict() | {"faults": faults}
