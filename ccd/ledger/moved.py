"""The transfers on accounts for some days, by owners: what is owed, and what has become of it."""

from collections.abc import Iterable
from datetime import date

from sqlalchemy import Connection, select

from ccd.ledger.chart import Chart
from ccd.ledger.model import Moved, Transfer
from ccd.ledger.schema import entries
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
