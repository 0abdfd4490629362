"""`ccd bank red-packet give`, `caps`, `declare`: time as a gift, within what a unit may give in a month."""

import json
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar
from uuid import uuid4

import typer
from rich.console import Console
from rich.table import Table

from ccd.bank.declared import declare as declare_hours
from ccd.bank.giving import Giver
from ccd.bank.packets import Packet
from ccd.commands.business_day import first_of
from ccd.commands.configuration import Config
from ccd.commands.ledger.asking import asked_of, now_us, who_asks
from ccd.commands.ledger.posting import say
from ccd.commands.output import As, Format
from ccd.daemon.site import Site
from ccd.daemon.site_file import site_of
from ccd.errors import UnknownUnitError
from ccd.ledger.books import Ledger
from ccd.ledger.model import SECONDS_MAX
from ccd.sql.turns import Patience, take_turn_at_once

T = TypeVar("T")

HOUR_S = 3_600
HOURS_MAX = SECONDS_MAX // HOUR_S

red_packet = typer.Typer(no_args_is_help=True, help="Give time to agents, within what their unit may give in a month.")

Unit = Annotated[str, typer.Argument(help="The unit, as on the roster or in [units].")]
Month = Annotated[str, typer.Argument(help="As 2026-11.")]


@red_packet.command()
def give(
    config: Config,
    unit: Unit,
    agents: Annotated[list[str], typer.Argument(help="To whom: agents of the unit, or of one below it.")],
    seconds: Annotated[int, typer.Option(min=1, max=SECONDS_MAX, help="To each of them.")],
    kind: Annotated[str, typer.Option(help="One of the policy's kinds, as contest.")],
    text: Annotated[str, typer.Option(help="The reason, in words; it stands on the statement.")],
    key: Annotated[
        str | None, typer.Option(help="What it is known by for ever; the same again gives nothing more.")
    ] = None,
) -> None:
    """Give a red packet: all of it, or nothing where a cap would be passed."""
    site = site_with(config, unit)
    packet = Packet(
        key or uuid4().hex, unit, tuple(agents), seconds, kind, text, who_asks(), site.units.days(unit).at(now_us()).day
    )
    say(asked_of_giver(site, lambda giver: giver.give(packet)))


@red_packet.command()
def caps(config: Config, month: Month, output: As = Format.table) -> None:
    """What each unit may give in a month, and what it has given."""
    site, day = site_of(config), first_of(month)
    found = asked_of_giver(site, lambda giver: giver.stands(site.all_units, day))
    if output is Format.json:
        print(json.dumps({"month": month, "units": [one._asdict() for one in found]}))
        return
    table = Table("unit", "may give, s", "has given, s", "left, s")
    for one in found:
        table.add_row(one.unit, str(one.cap_s), str(one.given_s), str(one.cap_s - one.given_s))
    Console().print(table)


@red_packet.command()
def declare(
    config: Config,
    unit: Unit,
    month: Month,
    hours: Annotated[float, typer.Argument(min=0, max=HOURS_MAX, help="That its agents are scheduled for.")],
    text: Annotated[str, typer.Option(help="How that is known, in words.")],
) -> None:
    """Declare a unit's hours of a month, where nobody of it, nor of the units below it, has a schedule."""
    site, first = site_with(config, unit), first_of(month)
    seconds = round(hours * HOUR_S)

    async def done(ledger: Ledger) -> None:
        await take_turn_at_once(
            ledger.engine,
            lambda connection: declare_hours(
                connection, unit, first.isoformat()[:7], seconds, now_us(), who_asks(), text
            ),
            Patience(),
        )

    asked_of(site.settings, done)
    print(f"{unit} has {seconds} s in {month}, as declared")


def site_with(config: Config, unit: str) -> Site:
    site = site_of(config)
    if unit not in site.all_units:
        raise UnknownUnitError(unit, site.all_units)
    return site


def asked_of_giver(site: Site, ask: Callable[[Giver], Awaitable[T]]) -> T:
    def giver(ledger: Ledger) -> Awaitable[T]:
        return ask(Giver(ledger, site.units, site.policies, site.agent_days, site.settings.site))

    return asked_of(site.settings, giver)
