"""`ccd ledger balance` and `statement`: what the ledger says of an agent."""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

import typer

from ccd.bank.accounts import AGENT_KINDS, agent_owner
from ccd.bank.statement import AgentAccount, Line, StatementPage, agent_account, agent_statement
from ccd.commands.business_day import Since, UpTo, days_from_to, in_range
from ccd.commands.configuration import Config
from ccd.commands.ledger.asking import Agent, asked
from ccd.commands.output import As, Format
from ccd.errors import UnknownAccountError
from ccd.ledger.books import Ledger
from ccd.ledger.model import NUMBER_MAX, Wanted
from ccd.reports.plain_table import PlainTable, clock
from ccd.reports.words import in_words, on_a_clock
from ccd.settings import read

MOMENTS = ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S.%f"]
NOTHING = dict.fromkeys(AGENT_KINDS, 0)


def agents_own(kinds: list[str] | None) -> list[str]:
    if foreign := sorted(set(kinds or ()) - set(AGENT_KINDS)):
        raise typer.BadParameter(f"{', '.join(foreign)}; allowed: {', '.join(AGENT_KINDS)}")
    return kinds or []


def balance(
    config: Config,
    agent: Agent,
    day: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], callback=in_range, help="Of all that is for days up to this one."),
    ] = None,
    at: Annotated[
        datetime | None, typer.Option(formats=MOMENTS, help="As it stood then, by UTC: 2026-11-23T17:45:00.")
    ] = None,
    format: As = Format.table,
) -> None:
    """Say what an agent has, by account, in seconds; and what is owed to attendance as personal leave."""
    if day and at:
        raise typer.BadParameter("--day and --at ask for two different things; give one of them")
    account = asked(config, lambda books: known_account(books, agent, day.date() if day else None, at))
    if format is Format.json:
        print(json.dumps({"agent": agent, "balance": account.balance_s, "accounts": dict(account.kinds)}))
        return
    table = PlainTable("account", "time", "seconds")
    for kind in AGENT_KINDS:
        table.add(kind, in_words(account.kinds[kind]), str(account.kinds[kind]))
    table.sum_up("balance", in_words(account.balance_s), str(account.balance_s))
    table.print()


def statement(
    config: Config,
    agent: Agent,
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many lines, the newest first.")] = 20,
    before: Annotated[
        int | None, typer.Option(min=1, max=NUMBER_MAX, help="Only lines older than this one's cursor.")
    ] = None,
    after: Annotated[
        int | None,
        typer.Option(min=1, max=NUMBER_MAX, help="Only lines newer than this one's cursor, the nearest."),
    ] = None,
    kind: Annotated[
        list[str] | None, typer.Option(callback=agents_own, help="Only what moved this account; several: any of them.")
    ] = None,
    service: Annotated[list[str] | None, typer.Option(help="Only what is of this service; several: any.")] = None,
    first: Since = None,
    last: UpTo = None,
    format: As = Format.table,
) -> None:
    """Say what came in and went out, newest first, with the balance after each line."""
    if before and after:
        raise typer.BadParameter("--before and --after go in two directions; give one of them")
    wanted = Wanted(tuple(kind or ()), tuple(service or ()), *days_from_to(first, last))

    async def lines(books: Ledger) -> StatementPage:
        await known_account(books, agent)
        return await agent_statement(books, agent, before, limit, after, wanted)

    page = asked(config, lines)
    if format is Format.json:
        said = {"agent": agent, "lines": [line.as_json() for line in page.lines], "next": page.before}
        print(json.dumps({**said, "newer": page.after}, ensure_ascii=False, indent=1))
        return
    _statement(page.lines, read(config).timezone).print()
    if page.before is not None:
        print(f"older lines: --before {page.before}")
    if page.after is not None:
        print(f"newer lines: --after {page.after}")


def _statement(lines: Sequence[Line], zone: str) -> PlainTable:
    table = PlainTable("day", "recorded", "service", "amount", "leave", "balance", "transfer", "why")
    for line in lines:
        leave = on_a_clock(line.leave_s) if line.leave_s else ""
        table.add(
            str(line.day), clock(line.recorded_at, zone), line.service, on_a_clock(line.amount_s), leave,
            on_a_clock(line.balance_after_s, signed=False), line.transfer, line.text,
        )  # fmt: skip
    return table


async def known_account(books: Ledger, agent: str, day: date | None = None, at: datetime | None = None) -> AgentAccount:
    """UnknownAccountError where there is none: zeros would look like an answer."""
    owner = agent_owner(agent)
    if not await books.balances(owner):
        raise UnknownAccountError(agent)
    if day is not None:
        return AgentAccount({**NOTHING, **await books.balances_on(owner, day)})
    if at is not None:
        return AgentAccount({**NOTHING, **await books.balances_at(owner, moment_of(at))})
    return await agent_account(books, agent)


def moment_of(at: datetime) -> int:
    """Microseconds since the epoch, of what a clock of UTC shows."""
    return (at.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
