"""`ccd user`: who may sign in to the pages."""

import asyncio
import getpass
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from ccd.commands.configuration import Config
from ccd.commands.keys import key
from ccd.commands.ledger.asking import asked_by
from ccd.daemon.site import Site
from ccd.daemon.site_file import site_of, staff_of
from ccd.daemon.stores import database
from ccd.errors import AccountError
from ccd.org.acts import Act
from ccd.org.people import ALL_UNITS, Person, Role
from ccd.org.rights import may_let_in
from ccd.reports.plain_table import PlainTable
from ccd.settings import read
from ccd.web.accounts import Accounts
from ccd.web.passwords import Passwords

T = TypeVar("T")

user = typer.Typer(no_args_is_help=True, help="Who may sign in to the pages.")
user.add_typer(key, name="key")

Name = Annotated[str, typer.Argument(help="The name to sign in with.")]
FromStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]


@user.command()
def add(
    config: Config,
    name: Name,
    role: Annotated[Role, typer.Option(help="What the person is.")],
    unit: Annotated[
        list[str] | None, typer.Option(help="A unit that a supervisor leads, as often as needed; '*' is all of them.")
    ] = None,
    agent: Annotated[str | None, typer.Option(help="The agent, as on the roster.")] = None,
    password_stdin: FromStdin = False,
) -> None:
    """Let somebody sign in: a supervisor sees the floor of the own units, an agent the own page."""
    act = _act(config, "add user", name)
    person = Person(name, role, agent, tuple(unit or ()))
    password = _asked_for(name, password_stdin)
    _with_accounts(config, lambda accounts: accounts.add(person, password, act))
    for stranger in _strangers(site_of(config), person):
        print(f"{name} is added, but sees nothing until {stranger} is on the roster", file=sys.stderr)


@user.command(name="list")
def list_users(config: Config) -> None:
    """Say who may sign in, and what they see."""
    table = PlainTable("name", "role", "sees")
    for person in _with_accounts(config, lambda accounts: accounts.all()):
        sees = f"agent {person.agent}" if person.agent else ", ".join(person.units)
        table.add(person.name, person.role.value, sees)
    table.print()


@user.command()
def remove(config: Config, name: Name) -> None:
    """Let somebody in no more; whatever they are signed in with ends within half a minute."""
    act = _act(config, "remove user", name)
    _with_accounts(config, lambda accounts: accounts.remove(name, act))


@user.command()
def password(config: Config, name: Name, password_stdin: FromStdin = False) -> None:
    """Give somebody a new password; whatever they are signed in with ends within half a minute."""
    act = _act(config, "give password", name)
    new = _asked_for(name, password_stdin)
    _with_accounts(config, lambda accounts: accounts.set_password(name, new, act))


def _act(config: Path, kind: str, name: str) -> Act:
    """Of whoever types it, who may."""
    asks = asked_by(staff_of(config))
    may_let_in(asks.person, kind, name)
    return Act(asks.act, asks.at, asks.by, asks.address, kind, name, "", "", "as asked for at a prompt")


def _strangers(site: Site, person: Person) -> list[str]:
    """The units, or the agent, that the roster does not know: a slip, or somebody who comes later."""
    if not site.roster.entries:
        return []
    units = [f"unit {unit}" for unit in person.units if unit not in (ALL_UNITS, *site.rostered_units)]
    return units if person.agent in (None, *site.roster.agents) else [*units, f"agent {person.agent}"]


def _with_accounts(config: Path, work: Callable[[Accounts], Awaitable[T]]) -> T:
    settings = read(config)

    async def done() -> T:
        async with database(settings) as engine:
            return await work(Accounts(engine, Passwords(), time.time))

    return asyncio.run(done())


def _asked_for(name: str, from_stdin: bool) -> str:
    """The new password: a line of standard input, or typed twice."""
    if from_stdin:
        try:
            return sys.stdin.buffer.readline().decode().rstrip("\r\n")
        except UnicodeDecodeError:
            raise AccountError(name, "needs a password in UTF-8") from None
    if not sys.stdin.isatty():
        raise AccountError(name, "needs a password, and nobody is there to type it: give it with --password-stdin")
    first = getpass.getpass(f"Password for {name}: ")
    if getpass.getpass("Once more: ") != first:
        raise AccountError(name, "is as before: the two passwords differ")
    return first
