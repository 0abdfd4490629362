"""What all verbs of `ccd ledger` share: who asks, the ledger of a configuration, and how accounts are spelled."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from getpass import getuser
from pathlib import Path
from socket import gethostname
from typing import Annotated, TypeVar
from uuid import uuid4

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ccd.bank.accounts import AGENT_KINDS, HOUSE_KINDS, RESERVED, House, agent_owner
from ccd.bank.asking import Asking
from ccd.daemon.site import Site
from ccd.daemon.stores import database, ledger_of
from ccd.floor.days import SECOND
from ccd.ledger.books import Ledger
from ccd.ledger.model import Account
from ccd.org.roster_file import HOUSE
from ccd.org.staff import Staff
from ccd.settings import Settings, read

T = TypeVar("T")

Agent = Annotated[str, typer.Argument(help="The agent, as on the roster.")]


def asked(config: Path, ask: Callable[[Ledger], Awaitable[T]]) -> T:
    return asked_of(read(config), ask)


def asked_of(settings: Settings, ask: Callable[[Ledger], Awaitable[T]]) -> T:
    async def done() -> T:
        async with database(settings) as engine:
            return await ask(ledger_of(engine, settings, now_us))

    return asyncio.run(done())


@contextmanager
def bar_of(what: str) -> Iterator[Callable[[int, int], None]]:
    """On a terminal, a bar on stderr; it is told how many are done, and of how many."""
    console = Console(stderr=True)
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def now_us() -> int:
    return round(time.time() * SECOND)


def who_asks() -> str:
    """As the machine knows the person: rights are those of who may read the configuration's secrets."""
    return f"{getuser()} at a prompt"


def asking(site: Site) -> Asking:
    return asked_by(site.staff)


def asked_by(staff: Staff) -> Asking:
    """Whoever types it, with the rights of what they are there for; where nobody said that, of whoever may read the
    configuration's secrets."""
    now = now_us()
    return Asking(uuid4().hex, staff.person(getuser(), now, who_asks()), gethostname(), now)


def account_of(said: str, site: str) -> Account:
    """`1001:savings`, an agent's account; `house:overdraft`, one of the house's. What is put aside belongs to
    reservations: moved away from them by hand, they could neither be posted nor given back."""
    owner, _, kind = said.rpartition(":")
    kinds = HOUSE_KINDS if owner == HOUSE else AGENT_KINDS
    if not owner or kind not in kinds:
        own = ", ".join(each for each in kinds if each != RESERVED)
        allowed = f"AGENT:KIND or house:KIND, as 1001:savings; kinds of {owner or 'an agent'}: {own}"
        raise typer.BadParameter(f"{said!r}; allowed: {allowed}")
    if kind == RESERVED:
        raise typer.BadParameter(
            f"{RESERVED} is of reservations alone; what is put aside is moved by ccd ledger reserve, post-reserved "
            "and release"
        )
    return Account(House.of(site).owner if owner == HOUSE else agent_owner(owner), kind)


def agents_in(*said: str) -> list[str]:
    """Whose accounts these spell, but for the house."""
    owners = (one.rpartition(":")[0] for one in said)
    return [owner for owner in owners if owner != HOUSE]
