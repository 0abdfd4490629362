"""`ccd ledger balance` and `statement`: what the ledger says of an agent."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from ccd.bank.accounts import AGENT_KINDS, agent_owner
from ccd.bank.statement import AgentAccount, Line, account_of, statement_of
from ccd.commands.configuration import Config
from ccd.commands.ledger.asking import Agent, asked
from ccd.commands.output import As, Format
from ccd.errors import UnknownAccountError
from ccd.floor.days import SECOND
from ccd.ledger.books import Ledger
from ccd.reports.words import in_words

STATEMENT = ("day", "recorded", "service", "amount", "leave", "balance", "transfer")
UNBROKEN = {"day", "service", "transfer"}
CURSOR_MAX = 2**63 - 1  # of a database's whole numbers


def balance(config: Config, agent: Agent, format: As = Format.table) -> None:
    """Say what an agent has, by account, in seconds; and what is owed to attendance as personal leave."""
    account = asked(config, lambda books: _account(books, agent))
    if format is Format.json:
        print(json.dumps({"agent": agent, "balance": account.balance_s, "accounts": dict(account.kinds)}))
        return
    table = Table("account", "time", "seconds")
    for kind in AGENT_KINDS:
        table.add_row(kind, in_words(account.kinds[kind]), str(account.kinds[kind]))
    table.add_section()
    table.add_row("balance", in_words(account.balance_s), str(account.balance_s), style="bold")
    Console().print(table)


def statement(
    config: Config,
    agent: Agent,
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many lines, the newest first.")] = 20,
    before: Annotated[
        int | None, typer.Option(min=1, max=CURSOR_MAX, help="Only lines older than this one's cursor.")
    ] = None,
    format: As = Format.table,
) -> None:
    """Say what came in and went out, newest first, with the balance after each line."""

    async def lines(books: Ledger) -> tuple[tuple[Line, ...], int | None]:
        await _account(books, agent)
        page = await statement_of(books, agent, before, limit)
        return page.lines, page.before

    found, cursor = asked(config, lines)
    if format is Format.json:
        said = {"agent": agent, "lines": [line.as_json() for line in found], "next": cursor}
        print(json.dumps(said, ensure_ascii=False, indent=1))
        return
    Console().print(_statement(found))
    if cursor is not None:
        print(f"older lines: --before {cursor}")


def _statement(lines: Sequence[Line]) -> Table:
    by_hand = any(line.text for line in lines)
    table = Table()
    for column in (*STATEMENT, *(["why"] if by_hand else [])):
        table.add_column(column, no_wrap=column in UNBROKEN)
    for line in lines:
        recorded = datetime.fromtimestamp(line.recorded_at / SECOND, UTC)
        table.add_row(
            str(line.day), f"{recorded:%Y-%m-%d %H:%M:%S}", line.service, in_words(line.amount_s, signed=True),
            in_words(line.leave_s, signed=True), in_words(line.balance_after_s), line.transfer,
            *([line.text] if by_hand else []),
        )  # fmt: skip
    return table


async def _account(books: Ledger, agent: str) -> AgentAccount:
    """UnknownAccountError where there is none: zeros would look like an answer."""
    if not await books.balances(agent_owner(agent)):
        raise UnknownAccountError(agent)
    return await account_of(books, agent)
