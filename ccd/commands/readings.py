"""An auditor reads everything, and that is logged, at a prompt as well (docs/time-bank.md 6).

It is seen to in one place, before any verb: so that none can be forgotten, and nothing is told of which the record
could not be kept. `ccd export attendance` notes whoever reads; who looks at a board is not noted, whatever shows it.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection

from ccd.bank.asking import Asking
from ccd.bank.looked_at import moved, of_whom
from ccd.commands.ledger.asking import asked_by
from ccd.daemon.site_file import staff_of
from ccd.daemon.stores import database
from ccd.org.acts import READINGS
from ccd.org.rights import audits, may_read_statement
from ccd.settings import Settings, read
from ccd.sql.turns import Patience, take_turn_at_once

# Of one agent's account, line by line: the agent's own, and an auditor's.
OF_AN_ACCOUNT: Final = frozenset(
    (
        "explain", "recorded", "export statement", "ledger statement", "ledger proof",
        "bank offset forecast", "bank offset offer",
    )
)  # fmt: skip
OF_PEOPLE: Final = OF_AN_ACCOUNT | {
    "acts", "change list", "day", "report", "resettle", "schedule",
    "policy list", "policy propose", "policy readers", "policy try",
    "export days", "export leave", "export organisation", "export people", "export roster", "export schedule",
    "export segments",
    "ledger balance", "ledger export", "ledger supply", "ledger trial-balance",
    "bank appeal list", "bank entitlement list", "bank leaver list", "bank month differences", "bank month show",
    "bank overtime list", "bank overtime show", "bank overtime team",
    "bank red-packet budgets", "bank red-packet caps", "bank red-packet proposals", "bank ruling list",
    "bank ruling waiting", "bank supply", "bank withdraw allocation", "bank withdraw calendar", "bank withdraw list",
    "bank withdraw suggest",
    "user key list", "user list",
}  # fmt: skip

NOT_ASKED = ("config", "format", "output")  # of its words: they say nothing of whom

Command = Any  # of the library of typer, which keeps its name to itself


def watch(program: Command) -> None:
    """Whatever of it reads of people is noted, where an auditor does."""
    for words, command in leaves(program):
        if words in OF_PEOPLE:
            command.callback = _noted_first(words, command.callback)


def leaves(command: Command, words: tuple[str, ...] = ()) -> Iterator[tuple[str, Command]]:
    """Each command below this one, by its words."""
    if not hasattr(command, "commands"):
        yield " ".join(words), command
        return
    for name, below in command.commands.items():
        yield from leaves(below, (*words, name))


def _noted_first(words: str, tell: Callable[..., object]) -> Callable[..., object]:
    @wraps(tell)
    def noted(**said: Any) -> object:
        note_reading(Path(said["config"]), words, said)
        return tell(**said)

    return noted


def note_reading(config: Path, words: str, said: Mapping[str, Any]) -> None:
    """ActNotAllowedError of who may not read an account."""
    asks = asked_by(staff_of(config))
    if asks.person.operates or (words not in OF_AN_ACCOUNT and not audits(asks.person)):
        return
    asked = {name: _plain(value) for name, value in said.items() if name not in NOT_ASKED and value}
    if "account" in asked:
        asked["agent"] = asked.pop("account")
    asyncio.run(_note(read(config), asks, words, asked))


async def _note(settings: Settings, asks: Asking, words: str, asked: Mapping[str, Any]) -> None:
    def work(connection: Connection) -> None:
        if words in OF_AN_ACCOUNT:
            agent = moved(connection, asked["transfer"]) if "transfer" in asked else asked["agent"]
            if agent:
                may_read_statement(asks.person, agent, str(asked.get("transfer", "")))
        if audits(asks.person):
            asks.noted(connection, READINGS + words, of_whom(connection, asked), asked, "as an auditor")

    async with database(settings) as engine:
        await take_turn_at_once(engine, work, Patience())


def _plain(value: Any) -> Any:
    """As it was typed; of a moment its day."""
    if isinstance(value, datetime):
        return str(value.date()) if value.time() == value.min.time() else value.isoformat()
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return value if isinstance(value, (bool, int)) else str(value)
