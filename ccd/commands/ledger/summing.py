"""`ccd ledger trial-balance` and `supply`: what all accounts of an organisation come to, month by month."""

import json
from typing import Annotated

import typer

from ccd.commands.business_day import first_of
from ccd.commands.configuration import Config
from ccd.commands.ledger.asking import asked_of
from ccd.commands.output import As, Format
from ccd.ledger.books import Ledger
from ccd.ledger.model import month_of
from ccd.ledger.unit_sums import ServiceSupply, Trial
from ccd.reports.plain_table import PlainTable
from ccd.settings import read

Unit = Annotated[
    str | None, typer.Option(help="Whose accounts: an organisation, as `site` names it; none: this configuration's.")
]
Month = Annotated[str, typer.Option(callback=lambda month: month_of(first_of(month)), help="As 2026-11.")]


def trial_balance(config: Config, month: Month, unit: Unit = None, format: As = Format.table) -> None:
    """Say by kind of account what it stood at, what moved in a month, and what it came to, in seconds.

    Debits and credits come to the same, unless something was moved to or from another organisation's accounts.
    """
    settings = read(config)
    chosen = unit or settings.site

    async def ask(ledger: Ledger) -> list[Trial]:
        check_unit(chosen, await ledger.units())
        return await ledger.trial_balance(chosen, month)

    found = asked_of(settings, ask)
    debits_s, credits_s = sum(one.debits_s for one in found), sum(one.credits_s for one in found)
    if format is Format.json:
        accounts = [
            {"kind": one.kind, "whose": whose(one), "side": one.side, "opening": one.opening_s,
             "debits": one.debits_s, "credits": one.credits_s, "closing": one.closing_s}
            for one in found
        ]  # fmt: skip
        print(
            json.dumps({"unit": chosen, "month": month, "accounts": accounts, "debits": debits_s, "credits": credits_s})
        )
        return
    table = PlainTable(
        "kind", "whose", "side", "opening", "debits", "credits", "closing", title=f"{chosen}, {month}, in seconds"
    )
    for one in found:
        sums = (one.opening_s, one.debits_s, one.credits_s, one.closing_s)
        table.add(one.kind, whose(one), one.side, *map(str, sums))
    table.sum_up("all", "", "", "", str(debits_s), str(credits_s), "")
    table.print()


def supply(config: Config, unit: Unit = None, format: As = Format.table) -> None:
    """Say what each service gave to agents' accounts and took from them, by month and kind of account, in seconds."""
    settings = read(config)
    chosen = unit or settings.site

    async def ask(ledger: Ledger) -> list[ServiceSupply]:
        check_unit(chosen, await ledger.units())
        return await ledger.supply(chosen)

    found = asked_of(settings, ask)
    if format is Format.json:
        rows = [
            {"month": one.month, "service": one.service, "kind": one.kind, "given": one.given_s, "taken": one.taken_s}
            for one in found
        ]
        print(json.dumps({"unit": chosen, "supply": rows}, ensure_ascii=False))
        return
    table = PlainTable("month", "service", "kind", "given", "taken", title=f"{chosen}, in seconds")
    for one in found:
        table.add(one.month, one.service, one.kind, str(one.given_s), str(one.taken_s))
    table.print()


def check_unit(unit: str, units: list[str]) -> None:
    """Zeros of an organisation that nobody knows would look like an answer."""
    if unit not in units:
        allowed = f"one that has accounts: {', '.join(units) or 'none has any yet'}"
        raise typer.BadParameter(f"{unit!r}; allowed: {allowed}", param_hint="--unit")


def whose(trial: Trial) -> str:
    """Accounts of agents have a floor, those of the house have none (docs/time-bank.md 4)."""
    return "agents" if trial.guarded else "house"
