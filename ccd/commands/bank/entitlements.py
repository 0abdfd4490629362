"""`ccd bank entitlement`: an own rate or minimum of an agent, as the personnel office says it, without a reason."""

import json
from datetime import datetime
from typing import Annotated

import typer

from ccd.commands.bank.asking import Key, asked_of_database, known_by
from ccd.commands.business_day import in_range
from ccd.commands.configuration import Config
from ccd.commands.ledger.asking import Agent
from ccd.commands.output import As, Format
from ccd.daemon.services.entitling import entitle, entitled
from ccd.daemon.site_file import site_of
from ccd.org.entitlements import Entitled, Entitlement
from ccd.reports.plain_table import PlainTable

entitlement = typer.Typer(
    no_args_is_help=True, help="What an agent is entitled to: it protects from overdraft, and earns nothing."
)

First = Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], callback=in_range, help="The first day.")]
Until = Annotated[
    datetime | None,
    typer.Option("--to", formats=["%Y-%m-%d"], callback=in_range, help="The first day without; else without an end."),
]


@entitlement.command("set")
def set_(
    config: Config,
    agent: Agent,
    first: First,
    until: Until = None,
    rate_ppm: Annotated[int | None, typer.Option(help="The own rate, in parts per million of the base.")] = None,
    minimum_s: Annotated[int | None, typer.Option(help="The own minimum of a day, in seconds.")] = None,
    key: Key = None,
) -> None:
    """Entitle an agent to an own rate or minimum, or both, instead of what was said of these days before. Days that are
    over are measured anew, and the difference is posted. Of the reason nothing is kept."""
    site = site_of(config)
    said, ends = Entitlement(rate_ppm, minimum_s), until.date() if until else None
    say(
        asked_of_database(
            site, lambda engine: entitle(engine, site, known_by(site, key), agent, first.date(), ends, said)
        )
    )


@entitlement.command()
def end(config: Config, agent: Agent, first: First, key: Key = None) -> None:
    """From a day on the agent is entitled to nothing of his own any more."""
    site = site_of(config)
    say(
        asked_of_database(
            site, lambda engine: entitle(engine, site, known_by(site, key), agent, first.date(), None, None)
        )
    )


@entitlement.command("list")
def list_(config: Config, agent: Agent, output: As = Format.table) -> None:
    """Say what was said of an agent, the last of it last: of a day that several name it holds."""
    site = site_of(config)
    found = asked_of_database(site, lambda engine: entitled(engine, site, known_by(site, None), agent))
    if output is Format.json:
        said = [
            {
                "from": one.first.isoformat(), "to": one.until.isoformat() if one.until else None,
                "rate_ppm": one.entitlement.rate_ppm if one.entitlement else None,
                "minimum_s": one.entitlement.minimum_s if one.entitlement else None,
            }
            for one in found
        ]  # fmt: skip
        print(json.dumps({"agent": agent, "entitlements": said}))
        return
    table = PlainTable("from", "to", "own rate, ppm", "own minimum, s")
    for one in found:
        figures = one.entitlement or (None, None)
        table.add(str(one.first), str(one.until or ""), *("" if each is None else str(each) for each in figures))
    table.print()


def say(one: Entitled) -> None:
    until = f" to {one.until}" if one.until else ""
    print(
        f"{one.agent} is entitled {'to an own allowance' if one.entitlement else 'to nothing'} from {one.first}{until}"
    )
