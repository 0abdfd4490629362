"""`ccd bank red-packet`: time as a gift, within what a unit may give in a month, and budgets handed out of that."""

import json
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Annotated, TypeVar
from uuid import uuid4

import typer

from ccd.bank.attendance_calendar import day_near
from ccd.bank.budgeting import Budgets
from ccd.bank.budgets import Budget
from ccd.bank.giving import Giver
from ccd.bank.packets import Packet
from ccd.bank.proposals import Proposal
from ccd.bank.proposing import Proposals
from ccd.bank.unit_acts import say_hours
from ccd.commands.bank.asking import HOUR_S, Unit, in_one_turn, site_with, today_in
from ccd.commands.business_day import first_of
from ccd.commands.configuration import Config
from ccd.commands.ledger.asking import asked_of, asking
from ccd.commands.ledger.posting import said_in_words, say
from ccd.commands.output import As, Format
from ccd.daemon.services.budgets import budgets_of, giver_of, proposals_of
from ccd.daemon.site import Site
from ccd.daemon.site_file import site_of
from ccd.ledger.model import SECONDS_MAX, month_of
from ccd.org.rights import may_declare_hours
from ccd.reports.plain_table import PlainTable

T = TypeVar("T")

HOURS_MAX = SECONDS_MAX // HOUR_S

red_packet = typer.Typer(no_args_is_help=True, help="Give time to agents, within what their unit may give in a month.")

ProposalName = Annotated[str, typer.Argument(help="The proposal, as `proposals` names it.")]
Month = Annotated[str, typer.Argument(help="As 2026-11.")]


@red_packet.command()
def give(
    config: Config,
    unit: Unit,
    agents: Annotated[list[str], typer.Argument(help="To whom: agents of the unit, or of one below it.")],
    seconds: Annotated[int, typer.Option(min=1, max=SECONDS_MAX, help="To each of them.")],
    kind: Annotated[str, typer.Option(help="One of the policy's kinds, as contest.")],
    text: Annotated[str, typer.Option(help="The reason, in words; it stands on the statement.")],
    budget: Annotated[str, typer.Option(help="The budget that it is given from; without one, from what is left.")] = "",
    key: Annotated[
        str | None, typer.Option(help="What it is known by for ever; the same again gives nothing more.")
    ] = None,
) -> None:
    """Give a red packet: all of it, or nothing where a cap would be passed."""
    site = site_with(config, unit)
    packet = Packet(key or uuid4().hex, unit, tuple(agents), seconds, kind, text, today_in(site, unit))
    say(asked_of_giver(site, lambda giver: giver.give(packet, asking(site), budget)))


@red_packet.command()
def caps(config: Config, month: Month, output: As = Format.table) -> None:
    """What each unit may give in a month, and what it has given."""
    site = site_of(config)
    day = nearest_in(month, today_in(site, ""))
    found = asked_of_giver(site, lambda giver: giver.caps.stands(site.all_units, day))
    if output is Format.json:
        print(json.dumps({"month": month, "units": [one._asdict() for one in found]}))
        return
    table = PlainTable("unit", "may give, s", "has given, s", "left, s")
    for one in found:
        table.add(one.unit, str(one.cap_s), str(one.given_s), str(one.cap_s - one.given_s))
    table.print()


@red_packet.command()
def declare(
    config: Config,
    unit: Unit,
    month: Month,
    hours: Annotated[float, typer.Argument(min=0, max=HOURS_MAX, help="That its agents are scheduled for.")],
    text: Annotated[str, typer.Option(callback=said_in_words, help="How that is known, in words.")],
) -> None:
    """Declare a unit's hours of a month, where nobody of it, nor of the units below it, has a schedule."""
    site = site_with(config, unit)
    day = nearest_in(month, today_in(site, unit))
    seconds = round(hours * HOUR_S)
    who = asking(site)
    duty = may_declare_hours(who.person, site.units.with_above(unit, day))
    in_one_turn(site, lambda connection: say_hours(connection, unit, month_of(day), seconds, who.under(duty), text))
    print(f"{unit} has {seconds} s in {month}, as declared")


@red_packet.command()
def hand_budget(
    config: Config,
    unit: Unit,
    holder: Annotated[str, typer.Argument(help="Who gives it: the name that they sign in with.")],
    seconds: Annotated[int, typer.Option(min=1, max=SECONDS_MAX, help="Of what the unit may give this month.")],
    text: Annotated[str, typer.Option(callback=said_in_words, help="The reason, in words.")],
    key: Annotated[
        str | None, typer.Option(help="What it is known by for ever; the same again hands out nothing more.")
    ] = None,
) -> None:
    """Hand a part of what a unit may give this month to somebody, who gives it; the rest comes back at its end."""
    site = site_with(config, unit)
    day = today_in(site, unit)
    budget = Budget(key or uuid4().hex[:12], unit, holder, seconds, site.units.with_above(unit, day), day, text)
    handed = asked_of_budgets(site, lambda budgets: budgets.hand(budget, asking(site)))
    print(f"{handed.id}: {handed.holder} may give {handed.seconds} s of {handed.unit} in {handed.month}")


@red_packet.command()
def recall(
    config: Config,
    budget: Annotated[str, typer.Argument(help="The budget, as `budgets` names it.")],
    text: Annotated[str, typer.Option(callback=said_in_words, help="The reason, in words.")],
) -> None:
    """Take back what is left of a budget; what was given from it stays given."""
    site = site_of(config)
    stand = asked_of_budgets(
        site, lambda budgets: budgets.recall(budget, asking(site), text, month_of(today_in(site, "")))
    )
    print(f"{budget}: {stand.given_s} s were given, {stand.budget.seconds - stand.given_s} s came back")


@red_packet.command()
def budgets(config: Config, month: Month, output: As = Format.table) -> None:
    """What was handed out in a month, to whom, and what of it was given."""
    site = site_of(config)
    found = asked_of_budgets(site, lambda budgets: budgets.all_of(first_of(month).isoformat()[:7]))
    if output is Format.json:
        said = [
            {**stand.budget._asdict(), "day": stand.budget.day.isoformat(), "given": stand.given_s} for stand in found
        ]
        print(json.dumps({"month": month, "budgets": said}, ensure_ascii=False))
        return
    table = PlainTable("budget", "unit", "holder", "handed out, s", "given, s", "left, s", "why")
    for (name, unit, holder, seconds, _, _, why, ended), given_s in found:
        left = "came back" if ended else str(seconds - given_s)
        table.add(name, unit, holder, str(seconds), str(given_s), left, why)
    table.print()


@red_packet.command()
def propose(
    config: Config,
    unit: Unit,
    agents: Annotated[list[str], typer.Argument(help="For whom: agents of the unit, or of one below it.")],
    seconds: Annotated[int, typer.Option(min=1, max=SECONDS_MAX, help="To each of them.")],
    kind: Annotated[str, typer.Option(help="One of the policy's kinds, as suggestion.")],
    text: Annotated[str, typer.Option(help="The reason, in words; it stands on the statement.")],
    source: Annotated[str, typer.Option(help="The system that proposes it, as suggestion-box.")],
    name: Annotated[str, typer.Option(help="What that calls it; the same again changes nothing.")],
) -> None:
    """Propose a red packet, as other systems do over HTTP; it is given once a manager confirms it."""
    site = site_with(config, unit)
    who = asking(site)
    wanted = Proposal(source, name, unit, tuple(agents), seconds, kind, text, who.at)
    say_proposal(asked_of_proposals(site, lambda proposals: proposals.propose(wanted, who)))


@red_packet.command()
def confirm(
    config: Config,
    proposal: ProposalName,
    budget: Annotated[str, typer.Option(help="The budget that it is given from; without one, from what is left.")] = "",
) -> None:
    """Give what was proposed, or say which cap it would pass: then it goes on waiting."""
    site = site_of(config)
    say_proposal(asked_of_proposals(site, lambda proposals: proposals.confirm(proposal, asking(site), budget)))


@red_packet.command()
def decline(
    config: Config,
    proposal: ProposalName,
    text: Annotated[str, typer.Option(help="Why, in words; the system that proposed it can read it.")],
) -> None:
    """Give nothing for what was proposed."""
    site = site_of(config)
    say_proposal(asked_of_proposals(site, lambda proposals: proposals.decline(proposal, asking(site), text)))


@red_packet.command()
def proposals(
    config: Config,
    decided: Annotated[bool, typer.Option("--all", help="Those that were decided, too.")] = False,
    last: Annotated[int, typer.Option(min=1, help="How many, the newest first.")] = 50,
    output: As = Format.table,
) -> None:
    """What was proposed and waits for a manager."""
    found = asked_of_proposals(site_of(config), lambda proposals: proposals.newest(last, decided))
    if output is Format.json:
        print(json.dumps({"proposals": [{"id": one.id, **one._asdict()} for one in found]}, ensure_ascii=False))
        return
    table = PlainTable("proposal", "unit", "for", "each, s", "kind", "reason", "", "why")
    for one in found:
        agents = ", ".join(one.agents)
        table.add(one.id, one.unit, agents, str(one.seconds), one.kind, one.reason, one.verdict, one.why)
    table.print()


def nearest_in(month: str, today: date) -> date:
    """Of a month that a person wrote."""
    return day_near(month_of(first_of(month)), today)


def say_proposal(one: Proposal) -> None:
    print(f"{one.id}: {one.seconds} s each for {', '.join(one.agents)}: {one.verdict}")


def asked_of_giver(site: Site, ask: Callable[[Giver], Awaitable[T]]) -> T:
    return asked_of(site.settings, lambda ledger: ask(giver_of(ledger, site)))


def asked_of_budgets(site: Site, ask: Callable[[Budgets], Awaitable[T]]) -> T:
    return asked_of(site.settings, lambda ledger: ask(budgets_of(ledger, site)))


def asked_of_proposals(site: Site, ask: Callable[[Proposals], Awaitable[T]]) -> T:
    return asked_of(site.settings, lambda ledger: ask(proposals_of(ledger, site)))
