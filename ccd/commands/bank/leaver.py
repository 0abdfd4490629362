"""`ccd bank leaver`: what is left of the balance of who has left (docs/time-bank.md 4)."""

import typer
from rich.console import Console
from rich.table import Table

from ccd.bank.leaving import Leaving, Left
from ccd.commands.bank.asking import Why, asking, today_in
from ccd.commands.configuration import Config
from ccd.commands.ledger.asking import Agent, asked_of, now_us
from ccd.daemon.leavers import left_of
from ccd.daemon.site_file import site_of
from ccd.daemon.supplying import Supplying
from ccd.org.rights import may_hand_over_rest

leaver = typer.Typer(no_args_is_help=True, help="What is left of the balance of who has left.")


@leaver.command("list")
def list_(config: Config) -> None:
    """Who is in no unit any more, and has time."""
    site = site_of(config)
    found = asked_of(site.settings, lambda ledger: Supplying(ledger, site, now_us).of())
    table = Table("agent", "seconds")
    for agent, seconds in found.left.items():
        table.add_row(agent, str(seconds))
    Console().print(table)


@leaver.command()
def hand_over(config: Config, agent: Agent, text: Why) -> None:
    """Post all of it out of the account, and tell attendance of it, which settles it with them."""
    site = site_of(config)
    today, who = today_in(site, ""), asking(site)
    left: Left = left_of(site, agent, today)
    may_hand_over_rest(who.person, site.units.with_above(left.unit, left.last), agent)
    rest_s = asked_of(
        site.settings, lambda ledger: Leaving(ledger, site.settings.site).hand_over(left, today, who, text)
    )
    said = f"{rest_s} s are handed over to attendance" if rest_s else "nothing is left"
    print(f"{agent}, whose last day in {left.unit} was {left.last}: {said}")
