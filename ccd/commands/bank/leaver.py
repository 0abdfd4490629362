"""`ccd bank leaver`: what is left of the balance of who has left (docs/time-bank.md 4)."""

import typer

from ccd.commands.bank.asking import Key, Why, known_by
from ccd.commands.configuration import Config
from ccd.commands.ledger.asking import Agent, asked_of, now_us
from ccd.daemon.services.leavers import Leavers
from ccd.daemon.site_file import site_of
from ccd.reports.plain_table import PlainTable

leaver = typer.Typer(no_args_is_help=True, help="What is left of the balance of who has left.")


@leaver.command("list")
def list_(config: Config) -> None:
    """Who is in no unit any more, and has time; the last day, and the unit of it, where the roster says them."""
    site = site_of(config)
    table = PlainTable("agent", "seconds", "unit", "last day")
    for one in asked_of(site.settings, lambda ledger: Leavers(ledger, site, now_us).all()):
        unit, last = (one.left.unit, str(one.left.last)) if one.left else ("", "")
        table.add(one.agent, str(one.seconds), unit, last)
    table.print()


@leaver.command()
def hand_over(config: Config, agent: Agent, text: Why, key: Key = None) -> None:
    """Post all of it out of the account, and tell attendance of it, which settles it with them."""
    site = site_of(config)
    who = known_by(site, key)
    done = asked_of(site.settings, lambda ledger: Leavers(ledger, site, now_us).hand_over(who, agent, text))
    assert done.left is not None, "who has not left was refused"
    said = f"{done.seconds} s are handed over to attendance" if done.seconds else "nothing is left"
    print(f"{agent}, whose last day in {done.left.unit} was {done.left.last}: {said}")
