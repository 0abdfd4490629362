"""`ccd ledger transfer`, `reverse`, `reserve`, `post-reserved`, `release`, `close-period`: postings by hand.

Each has a key, by which it is done once: asked for again, it says what became of it at the first time.
"""

import asyncio
from collections.abc import Collection
from datetime import date, datetime
from typing import Annotated

import typer
from sqlalchemy import ColumnElement

from ccd.bank.accounts import EXPIRY, RESERVED, SERVICES, agent_owner
from ccd.bank.at_desk import open_agent_accounts
from ccd.bank.attendance_calendar import months_that_begin, span
from ccd.bank.looked_at import agents_of
from ccd.bank.own_keys import own_word
from ccd.commands.business_day import Day, first_of, in_range
from ccd.commands.configuration import Config
from ccd.commands.ledger.asking import Agent, account_of, agents_in, asked_of, asking, now_us
from ccd.daemon.site import Site
from ccd.daemon.site_file import site_of
from ccd.daemon.stores import database
from ccd.errors import KeyTakenError, UnknownAccountError
from ccd.history.reading import reading
from ccd.ledger.books import Ledger
from ccd.ledger.keys import revisions_of
from ccd.ledger.model import (
    NUMBER_MAX,
    SECONDS_MAX,
    Account,
    Close,
    Late,
    Leg,
    Outcome,
    Posting,
    Reserve,
    Resolve,
    key_spelled,
    month_of,
)  # fmt: skip
from ccd.ledger.schema import transactions
from ccd.org.people import Duty
from ccd.org.rights import may_close_month, may_post_by_hand
from ccd.reports.legible import on_one_line


def said_in_words(text: str) -> str:
    if not text.strip():
        raise typer.BadParameter("it is empty; say in words why: that is kept for ever")
    return text


def not_a_services(key: str | None) -> str | None:
    if key is not None and not key.strip():
        raise typer.BadParameter("it is empty; say what it is about, as by-hand/7")
    if word := own_word(key or ""):
        raise typer.BadParameter(f"{key!r}: {word}/ begins the keys of what is posted by itself; another, as by-hand/7")
    return key


def put_aside_by_hand(reservation: str) -> str:
    """What a service has reserved, it also ends: else its seconds were free again, and what they were for stood on."""
    if word := own_word(reservation):
        raise typer.BadParameter(
            f"{reservation!r}: {word}/ begins what a service has put aside; a day off is ended by ccd bank withdraw "
            "refuse, cancel or take-back"
        )
    return reservation


Reservation = Annotated[str, typer.Argument(callback=put_aside_by_hand, help="Its key, as `reserve` was given it.")]
Key = Annotated[
    str, typer.Option(callback=not_a_services, help="What it is known by for ever; the same again changes nothing.")
]
OtherKey = Annotated[
    str | None, typer.Option("--key", callback=not_a_services, help="Another, where a rule refused it before.")
]
Text = Annotated[str, typer.Option(callback=said_in_words, help="Why, in words; it stands on the statement.")]
Seconds = Annotated[int, typer.Argument(min=1, max=SECONDS_MAX, help="Whole seconds.")]


def not_settlements(service: str) -> str:
    if not service.strip():
        raise typer.BadParameter("it is empty; leave it out, or name one, as correction")
    if service in SERVICES:
        raise typer.BadParameter(
            f"{service} is settlement's own, and the day's next revision would take it back; another, as correction"
        )
    if service == EXPIRY:
        raise typer.BadParameter(f"{service} is of what expired as a month closed, and told as that; another")
    return service


def transfer(
    config: Config,
    debit: Annotated[str, typer.Argument(help="From: AGENT:KIND or house:KIND, as 1001:savings.")],
    credit: Annotated[str, typer.Argument(help="To: the same.")],
    seconds: Seconds,
    day: Day,
    key: Key,
    text: Text,
    service: Annotated[
        str, typer.Option(callback=not_settlements, help="Which service it belongs to; settlement's own are not.")
    ] = "correction",
) -> None:
    """Move seconds from one account to another. A day of a closed month counts in the month that runs."""
    site = site_of(config)
    centre = site.settings.site
    leg = Leg(account_of(debit, centre), account_of(credit, centre), seconds, service)
    agents = agents_in(debit, credit)
    post_and_say(site, by_hand(site, key, day, text, agents, leg), *agents)


def reverse(
    config: Config,
    transaction: Annotated[int, typer.Argument(min=1, max=NUMBER_MAX, help="Its number, as a statement tells it.")],
    text: Text,
    key: OtherKey = None,
) -> None:
    """Take back all transfers of a transaction, and what it drew on caps; once."""
    known_by = key or f"reverse/{transaction}"
    site = site_of(config)
    runs = running_month(site)
    who = poster(site, site.units.site_day(now_us()), agents_that(site, transactions.c.id == transaction))
    say(asked_of(site.settings, lambda ledger: ledger.reverse(transaction, known_by, who, text, runs)))


def reserve(
    config: Config,
    agent: Agent,
    seconds: Seconds,
    day: Day,
    key: Key,
    text: Text,
    until: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], callback=in_range, help="When this day begins, it is given back."),
    ] = None,
) -> None:
    """Put seconds of an agent's balance aside, in the order of the policy's `overdraft_takes`."""
    site = site_of(config)
    takes = site.policies.policy_at(None, day.date()).overdraft_takes
    owner = agent_owner(agent)
    expires_at = site.units.days("").of_date(until.date()).start if until else None
    term = Reserve(tuple(Account(owner, kind) for kind in takes), Account(owner, RESERVED), seconds, "reservation",
                   expires_at)  # fmt: skip
    posting = by_hand(site, key, day, text, [agent])
    posting = posting._replace(terms=(term, *posting.terms))

    async def post(ledger: Ledger) -> Outcome:
        if expires_at is not None and expires_at <= now_us() and not await was_asked(ledger, key):
            found = f"{until:%Y-%m-%d} has begun: nothing would be put aside; give a day that is to come"
            raise typer.BadParameter(found)
        return await post_with_accounts(ledger, site, posting, agent)

    say(asked_of(site.settings, post))


def post_reserved(
    config: Config,
    reservation: Reservation,
    seconds: Seconds,
    credit: Annotated[str, typer.Argument(help="To: house:KIND or AGENT:KIND.")],
    day: Day,
    text: Text,
    key: OtherKey = None,
) -> None:
    """Post a reservation, all or a part of it; the rest goes back to where it came from."""
    site = site_of(config)
    centre = site.settings.site
    term = Resolve((reservation, 1), "reservation", seconds, account_of(credit, centre))
    agents = [*agents_in(credit), *agents_that(site, transactions.c.key == reservation)]
    posting = by_hand(site, key or f"posted/{reservation}/{seconds}/{credit}", day, text, agents)
    post_and_say(site, posting._replace(terms=(term, *posting.terms)), *agents_in(credit))


def release(
    config: Config,
    reservation: Reservation,
    day: Day,
    text: Text,
    key: OtherKey = None,
) -> None:
    """Give a reservation back to where it came from."""
    site = site_of(config)
    agents = agents_that(site, transactions.c.key == reservation)
    posting = by_hand(site, key or f"released/{reservation}", day, text, agents)
    post_and_say(site, posting._replace(terms=(Resolve((reservation, 1), "reservation"), *posting.terms)))


def close_period(config: Config, month: Annotated[str, typer.Argument(help="As 2026-11.")], text: Text) -> None:
    """Close a month: it takes no more postings, for ever; what comes late counts in the month that runs then."""
    site, first = site_of(config), first_of(month)
    _, last = span(month_of(first), site.settings.attendance.month_begins)
    if last >= site.units.site_day(now_us()):
        raise typer.BadParameter(f"{month} is not over; a month that is closed never opens again")
    centre, asks = site.settings.site, asking(site)
    may_close_month(asks.person, ())
    closing = Posting(
        f"close/{centre}/{month_of(first)}", 1, centre, first, (), asks.by, text=text, terms=(Close(),),
        counts_in=month_of(first),
    )  # fmt: skip
    try:
        post_and_say(site, closing)
    except KeyTakenError:
        raise typer.BadParameter(f"{month} was closed before, by another or with another text") from None


def by_hand(site: Site, key: str, day: datetime, text: str, agents: Collection[str], *legs: Leg) -> Posting:
    """On the accounts of these agents: by whom, who may."""
    who, late = poster(site, day.date(), agents), Late(running_month(site))
    return Posting(key, 1, site.settings.site, day.date(), legs, who, text=text, terms=(late,))


def poster(site: Site, day: date, agents: Collection[str]) -> str:
    """Who types it, as it is signed: a hotline manager of the unit in which each of the agents is on that day, and of
    all units where it is the house's alone."""
    asks, duties = asking(site), set[Duty | None]()
    for agent in agents or ("",):
        unit = site.agent_days.unit(agent, day) if agent else None
        line = site.units.with_above(unit, day) if unit is not None else ()
        duties.add(may_post_by_hand(asks.person, line, [agent] if agent else []))
    return asks.under(*duties).signed


def agents_that(site: Site, which: ColumnElement[bool]) -> list[str]:
    async def found() -> list[str]:
        async with database(site.settings) as engine, reading(engine) as connection:
            return await connection.run_sync(agents_of, which)

    return asyncio.run(found())


async def was_asked(ledger: Ledger, key: str) -> bool:
    """Then the ledger says what became of it, however late it is asked again."""
    async with reading(ledger.engine) as connection:
        return key in await connection.run_sync(revisions_of, [key])


def running_month(site: Site) -> str:
    """By the centre's own calendar: that month can't be closed yet, while UTC may still have the last one."""
    return months_that_begin(site.settings.attendance.month_begins)(site.units.site_day(now_us()))


def post_and_say(site: Site, posting: Posting, *agents: str) -> None:
    say(asked_of(site.settings, lambda ledger: post_with_accounts(ledger, site, posting, *agents)))


async def post_with_accounts(ledger: Ledger, site: Site, posting: Posting, *agents: str) -> Outcome:
    """Opens the accounts of the house, and of agents who are on the roster, before it posts.

    UnknownAccountError for who is neither on the roster nor has an account.
    """
    rostered = {entry.agent for entry in site.roster.entries}
    for agent in agents:
        if agent not in rostered and not await ledger.balances(agent_owner(agent)):
            raise UnknownAccountError(agent)
    await open_agent_accounts(ledger, site.settings.site, agents, posting.asked_by)
    return await ledger.post(posting)


def say(outcome: Outcome) -> None:
    """RefusedError where a rule spoke against it."""
    outcome.or_raise()
    when = "was posted before" if outcome.replayed else "posted"
    spelled = on_one_line(key_spelled(outcome.key, outcome.revision))
    print(f"transaction {outcome.transaction}: {spelled} {when}")
