"""The transfers on accounts for some days, by owners: what is owed, and what has become of it."""

from collections.abc import Iterable
from datetime import date

from sqlalchemy import Connection, func, select

from ccd.ledger.chart import Chart
from ccd.ledger.model import Account, Moved, Transfer
from ccd.ledger.schema import accounts, entries, transactions
from ccd.sql.rows import among


def moved_for(
    connection: Connection, chart: Chart, names: Iterable[str], days: Iterable[date], kind: str = ""
) -> list[Moved]:
    """Of owners that `chart` has read, in no order; on accounts of one kind alone, where it is named."""
    own = [number for name in names for number in chart.accounts_of.get(name, ())]
    if kind:
        own = [number for number in own if chart.names[number].kind == kind]
    wanted = list(days)
    columns = (entries.c.day, entries.c.service, entries.c.debit, entries.c.credit, entries.c.seconds)
    found = {}
    for side in (entries.c.debit, entries.c.credit):
        query = select(entries.c.transaction_id, entries.c.leg, *columns)
        rows = connection.execute(query.where(among(connection, side, own), entries.c.day.in_(wanted)))
        found.update({Transfer(number, leg): tuple(rest) for number, leg, *rest in rows})
    chart.read_accounts(connection, {account for row in found.values() for account in row[2:4]})
    names_of = chart.names
    return [
        Moved(day, service, names_of[debit], names_of[credit], seconds, transfer)
        for transfer, (day, service, debit, credit, seconds) in found.items()
    ]


def came_in(connection: Connection, chart: Chart, names: Iterable[str], month: str) -> dict[Account, int]:
    """What accounts of owners that `chart` has read were given by others, in seconds, in what counts in the month or a
    later one. What takes a transfer back gives nothing, nor does what an owner moves from one account to another."""
    own = [number for name in names for number in chart.accounts_of.get(name, ())]
    giver, taker = accounts.alias(), accounts.alias()
    query = (
        select(entries.c.credit, func.sum(entries.c.seconds).label("seconds"))
        .join(transactions, transactions.c.id == entries.c.transaction_id)
        .join(giver, giver.c.id == entries.c.debit)
        .join(taker, taker.c.id == entries.c.credit)
        .where(among(connection, entries.c.credit, own), transactions.c.month >= month)
        .where(entries.c.reverses_transaction.is_(None), giver.c.owner_id != taker.c.owner_id)
        .group_by(entries.c.credit)
    )
    return {chart.names[row.credit]: int(row.seconds) for row in connection.execute(query)}
