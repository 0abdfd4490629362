"""`ccd bank appeal`: an agent's word against a line of the statement, and what became of it."""

import json
from datetime import datetime
from typing import Annotated

import typer

from ccd.bank.appeal_rows import lodged
from ccd.bank.appeals import Appeal
from ccd.commands.bank.asking import Key, Why, asked_of_database, known_by
from ccd.commands.bank.rulings import MOMENTS, First, Last
from ccd.commands.business_day import days_in_order, in_range
from ccd.commands.configuration import Config
from ccd.commands.ledger.asking import Agent
from ccd.commands.lines import transfer_of
from ccd.commands.output import As, Format
from ccd.daemon.services.appealing import lodge_appeal, reject, uphold, withdraw_appeal
from ccd.daemon.site_file import site_of
from ccd.org.rulings import COUNTS
from ccd.reports.plain_table import PlainTable
from ccd.sql.turns import read_in_turn

appeal = typer.Typer(no_args_is_help=True, help="Appeals of agents against lines of their statements.")

Name = Annotated[str, typer.Argument(help="The appeal, as `list` names it.")]
Begins = Annotated[
    datetime | None,
    typer.Option(
        "--from", formats=MOMENTS, callback=in_range, help="Of the span that is ruled on, by the unit's clock."
    ),
]
Ends = Annotated[datetime | None, typer.Option("--to", formats=MOMENTS, callback=in_range, help="The same.")]


@appeal.command()
def lodge(
    config: Config,
    agent: Agent,
    line: Annotated[str, typer.Argument(help="The line, as the statement names it: 1234.1.")],
    text: Why,
    key: Key = None,
) -> None:
    """Appeal against a line of a statement, within the days that the policy gives."""
    site, transfer = site_of(config), transfer_of(line)
    say(asked_of_database(site, lambda engine: lodge_appeal(engine, site, known_by(site, key), agent, transfer, text)))


@appeal.command()
def decide(
    config: Config,
    name: Name,
    how: Annotated[str, typer.Argument(help=f"reject, or what a span counts as: {', '.join(COUNTS)}.")],
    text: Why,
    start: Begins = None,
    end: Ends = None,
    key: Key = None,
) -> None:
    """Reject an appeal, or uphold it with a ruling on a span of its day: that is measured anew."""
    site = site_of(config)
    if how == "reject":
        say(asked_of_database(site, lambda engine: reject(engine, site, known_by(site, key), name, text)))
        return
    if start is None or end is None:
        raise typer.BadParameter("of which span? Give --from and --to; or reject it")
    span = (start, end)
    say(asked_of_database(site, lambda engine: uphold(engine, site, known_by(site, key), name, span, how, text)))


@appeal.command()
def withdraw(config: Config, name: Name, text: Why, key: Key = None) -> None:
    """Withdraw an appeal, as its agent may; another can be lodged in time."""
    site = site_of(config)
    say(asked_of_database(site, lambda engine: withdraw_appeal(engine, known_by(site, key), name, text)))


@appeal.command("list")
def list_(config: Config, first: First, last: Last = None, output: As = Format.table) -> None:
    """Say what was appealed against, of lines for some days, and what became of it."""
    site = site_of(config)
    days = days_in_order(first, last)
    found = asked_of_database(site, lambda engine: read_in_turn(engine, lambda plain: lodged(plain, *days)))
    if output is Format.json:
        said = [{**one._asdict(), "day": one.day.isoformat(), "transfer": str(one.transfer)} for one in found]
        print(json.dumps({"appeals": said}, ensure_ascii=False))
        return
    table = PlainTable("appeal", "agent", "unit", "day", "line", "state", "ruling")
    for one in found:
        table.add(one.ref, one.agent, one.unit, str(one.day), str(one.transfer), one.state, one.ruling or "")
    table.print()


def say(one: Appeal) -> None:
    print(f"{one.ref}: {one.agent} against {one.transfer} for {one.day}: {one.state}")
