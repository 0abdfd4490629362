"""What all verbs of `ccd bank` share: who asks, and of which unit."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Annotated, TypeVar

import typer
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.bank.asking import Asking
from ccd.commands.configuration import Config
from ccd.commands.ledger.asking import asking, now_us
from ccd.commands.ledger.posting import said_in_words
from ccd.daemon.site import Site
from ccd.daemon.site_file import site_of
from ccd.daemon.stores import database
from ccd.errors import UnknownUnitError
from ccd.sql.turns import Patience, take_turn_at_once

T = TypeVar("T")

HOUR_S = 3_600

Unit = Annotated[str, typer.Argument(help="The unit, as the roster or the configuration names it.")]
Key = Annotated[str | None, typer.Option(help="What it is known by for ever; the same again changes nothing.")]
Why = Annotated[str, typer.Option("--text", callback=said_in_words, help="Why, in words; it stands with the act.")]


def site_with(config: Config, unit: str) -> Site:
    site = site_of(config)
    if unit not in site.all_units:
        raise UnknownUnitError(unit, site.all_units)
    return site


def today_in(site: Site, unit: str) -> date:
    return site.units.days(unit).at(now_us()).day


def known_by(site: Site, key: str | None) -> Asking:
    """Who asks, by a name of the act that is theirs: the same again is the same act."""
    return asking(site) if key is None else asking(site)._replace(act=key)


def asked_of_database(site: Site, ask: Callable[[AsyncEngine], Awaitable[T]]) -> T:
    """What needs more of the database than the ledger."""

    async def done() -> T:
        async with database(site.settings) as engine:
            return await ask(engine)

    return asyncio.run(done())


def in_one_turn(site: Site, work: Callable[[Connection], object]) -> None:
    asked_of_database(site, lambda engine: take_turn_at_once(engine, work, Patience()))
