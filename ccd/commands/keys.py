"""`ccd user key`: keys that other systems speak with."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from ccd.commands.configuration import Config
from ccd.commands.ledger.asking import asked_by
from ccd.daemon.site_file import staff_of
from ccd.daemon.stores import database
from ccd.floor.days import SECOND
from ccd.org.acts import Act
from ccd.org.rights import may_administer
from ccd.reports.plain_table import PlainTable, clock
from ccd.settings import read
from ccd.web.keys import ApiKey, ApiKeys, KeyScope

T = TypeVar("T")

key = typer.Typer(no_args_is_help=True, help="Keys that other systems speak with over HTTP.")

Name = Annotated[str, typer.Argument(help="What acts call it, as suggestion-box; used once.")]
Why = Annotated[str, typer.Option("--text", help="Why, in words.")]


@key.command()
def make(
    config: Config,
    name: Name,
    until: Annotated[
        datetime, typer.Option(formats=["%Y-%m-%d"], help="The last day on which it opens anything (UTC).")
    ],
    text: Why,
    scope: Annotated[list[KeyScope], typer.Option(help="What it may do, as often as needed.")],
    unit: Annotated[list[str], typer.Option(help="In which units, and all below; '*' is all of them.")],
) -> None:
    """Make a key, and print it: this once, for nobody keeps it."""
    ends = int((until.replace(tzinfo=UTC) + timedelta(days=1)).timestamp()) * SECOND
    made = ApiKey(name, tuple(dict.fromkeys(scope)), tuple(dict.fromkeys(unit)), ends)
    act = act_of(config, "make key", name, text, f"until {until.date()}")
    print(with_keys(config, lambda keys: keys.make(made, act)))


@key.command("list")
def list_keys(config: Config) -> None:
    """Say which keys there are, or were."""
    zone = read(config).timezone
    table = PlainTable("key", "may", "in", "until")
    for one in with_keys(config, lambda keys: keys.all()):
        table.add(one.name, ", ".join(one.scopes), ", ".join(one.units), clock(one.until, zone))
    table.print()


@key.command()
def end(config: Config, name: Name, text: Why) -> None:
    """From now on the key opens nothing."""
    act = act_of(config, "end key", name, text, "")
    with_keys(config, lambda keys: keys.end(name, act))
    print(f"{name} opens nothing any more")


def act_of(config: Path, kind: str, name: str, why: str, after: str) -> Act:
    """Of whoever types it, who may."""
    if not why.strip():
        raise typer.BadParameter("--text is empty; say in words why")
    asks = asked_by(staff_of(config))
    may_administer(asks.person, kind)
    return Act(asks.act, asks.at, asks.by, asks.address, kind, name, "", after, why)


def with_keys(config: Path, ask: Callable[[ApiKeys], Awaitable[T]]) -> T:
    async def done() -> T:
        async with database(read(config)) as engine:
            return await ask(ApiKeys(engine))

    return asyncio.run(done())
