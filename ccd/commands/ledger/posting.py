"""`ccd ledger transfer`, `reverse`, `reserve`, `post-reserved`, `release`, `close-period`: postings by hand.

Each has a key, by which it is done once: asked for again, it says what became of it at the first time.
"""

from datetime import date
from typing import Annotated

import typer

from ccd.bank.accounts import HOUSE_ACCOUNTS, House, agent_owner
from ccd.commands.business_day import Day
from ccd.commands.configuration import Config
from ccd.commands.ledger.asking import Agent, account_of, asked_of, now_us, who_asks
from ccd.daemon.policies import policies_of
from ccd.errors import RefusedError
from ccd.floor.days import SECOND
from ccd.ledger.books import Ledger
from ccd.ledger.model import Account, Close, Late, Leg, Outcome, Posting, Reserve, Resolve, month_at, spelled
from ccd.settings import Settings, read

Key = Annotated[str, typer.Option(help="What it is known by for ever; the same again changes nothing.")]
Text = Annotated[str, typer.Option(help="Why, in words; it stands on the statement.")]
Seconds = Annotated[int, typer.Argument(min=1, help="Whole seconds.")]


def transfer(
    config: Config,
    debit: Annotated[str, typer.Argument(help="From: AGENT:KIND or house:KIND, as 1001:savings.")],
    credit: Annotated[str, typer.Argument(help="To: the same.")],
    seconds: Seconds,
    day: Day,
    key: Key,
    text: Text,
    service: Annotated[str, typer.Option(help="Which service it belongs to.")] = "correction",
) -> None:
    """Move seconds from one account to another. A day of a closed month counts in the month that runs."""
    settings = read(config)
    leg = Leg(account_of(debit, settings.site), account_of(credit, settings.site), seconds, service)
    posting = by_hand(settings, key, day.date(), (leg,), text)
    say(asked_of(settings, lambda ledger: posted(ledger, settings, posting, leg.debit, leg.credit)))


def reverse(
    config: Config, transaction: Annotated[int, typer.Argument(help="Its number, as a statement tells it.")], text: Text
) -> None:
    """Take back all transfers of a transaction; once."""
    key = f"reverse/{transaction}"
    say(asked_of(read(config), lambda ledger: ledger.reverse(transaction, key, who_asks(), text)))


def reserve(
    config: Config,
    agent: Agent,
    seconds: Seconds,
    day: Day,
    key: Key,
    text: Text,
    expires_days: Annotated[int | None, typer.Option(min=1, help="After so many days it is given back.")] = None,
) -> None:
    """Put seconds of an agent's balance aside, in the order of the policy's `overdraft_takes`."""
    settings = read(config)
    takes = policies_of(settings.policy).policy_at(None, day.date()).overdraft_takes
    owner = agent_owner(agent)
    expires_at = now_us() + expires_days * 86_400 * SECOND if expires_days else None
    term = Reserve(tuple(Account(owner, kind) for kind in takes), Account(owner, "reserved"), seconds, "reservation",
                   expires_at)  # fmt: skip
    posting = by_hand(settings, key, day.date(), (), text)._replace(terms=(term,))
    say(asked_of(settings, lambda ledger: ledger.post(posting)))


def post_reserved(
    config: Config,
    reservation: Annotated[str, typer.Argument(help="Its key.")],
    seconds: Seconds,
    credit: Annotated[str, typer.Argument(help="To: house:KIND or AGENT:KIND.")],
    day: Day,
    text: Text,
) -> None:
    """Post a reservation, all or a part of it; the rest goes back to where it came from."""
    settings = read(config)
    term = Resolve((reservation, 1), "reservation", seconds, account_of(credit, settings.site))
    resolve(settings, f"posted/{reservation}", term, day.date(), text)


def release(config: Config, reservation: Annotated[str, typer.Argument(help="Its key.")], day: Day, text: Text) -> None:
    """Give a reservation back to where it came from."""
    resolve(read(config), f"released/{reservation}", Resolve((reservation, 1), "reservation"), day.date(), text)


def close_period(config: Config, month: Annotated[str, typer.Argument(help="As 2026-11.")], text: Text) -> None:
    """Close a month: it takes no more postings, for ever; what comes late counts in the month that runs then."""
    settings = read(config)
    try:
        first = date.fromisoformat(f"{month}-01")
    except ValueError:
        raise typer.BadParameter(f"{month!r}; allowed: a month, as 2026-11", param_hint="MONTH") from None
    posting = Posting(f"close/{settings.site}/{month}", 1, settings.site, first, (), who_asks(), text=text)
    say(asked_of(settings, lambda ledger: ledger.post(posting._replace(terms=(Close(),)))))


def resolve(settings: Settings, key: str, term: Resolve, day: date, text: str) -> None:
    posting = by_hand(settings, key, day, (), text)
    say(asked_of(settings, lambda ledger: ledger.post(posting._replace(terms=(term, *posting.terms)))))


def by_hand(settings: Settings, key: str, day: date, legs: tuple[Leg, ...], text: str) -> Posting:
    return Posting(key, 1, settings.site, day, legs, who_asks(), text=text, terms=(Late(month_at(now_us())),))


async def posted(ledger: Ledger, settings: Settings, posting: Posting, *accounts: Account) -> Outcome:
    """The house's accounts are opened where they are not: of agents only those have any who were settled."""
    house = House.of(settings.site).owner
    if house in {account.owner for account in accounts}:
        await ledger.open_accounts([house], HOUSE_ACCOUNTS, settings.site, posting.asked_by)
    return await ledger.post(posting)


def say(outcome: Outcome) -> None:
    """RefusedError where a rule spoke against it."""
    if outcome.refusal is not None:
        raise RefusedError(spelled(outcome.key, outcome.revision), outcome.refusal.sentence)
    when = "was posted before" if outcome.replayed else "posted"
    print(f"transaction {outcome.transaction}: {spelled(outcome.key, outcome.revision)} {when}")
