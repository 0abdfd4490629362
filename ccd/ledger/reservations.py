"""Reservations as they are kept: a row says that a transaction holds seconds for an owner, another what ended it.

What a reservation drew, and where that lies, are the transfers of its transaction.
"""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from sqlalchemy import Connection, select, tuple_

from ccd.ledger.chart import Chart
from ccd.ledger.holding import Reserved
from ccd.ledger.model import Claim
from ccd.ledger.schema import entries, owners, reservations, resolutions, transactions
from ccd.sql.rows import among


class Expired(NamedTuple):
    """A reservation whose time is over, and that nobody has resolved."""

    claim: Claim
    book: str
    day: date
    service: str


def owners_of(connection: Connection, claims: Iterable[Claim]) -> set[str]:
    """Who holds the reservations, by name; those that were never made are left out."""
    wanted = list(claims)
    if not wanted:
        return set()
    found = connection.execute(
        select(owners.c.name)
        .join(reservations, reservations.c.owner_id == owners.c.id)
        .join(transactions, transactions.c.id == reservations.c.transaction_id)
        .where(tuple_(transactions.c.key, transactions.c.revision).in_(wanted))
    )
    return set(found.scalars())


def reservations_held(
    connection: Connection, chart: Chart, owner_ids: Iterable[int], claims: Iterable[Claim]
) -> dict[Claim, Reserved]:
    """The reservations of these owners, who are under lock, as far as they were made. One of another was not there when
    the locks were taken: it comes after whoever holds them, also in its number."""
    wanted = list(claims)
    if not wanted:
        return {}
    rows = connection.execute(
        select(transactions.c.key, transactions.c.revision, entries, resolutions.c.reservation.label("resolved"))
        .join(reservations, reservations.c.transaction_id == transactions.c.id)
        .join(entries, entries.c.transaction_id == transactions.c.id)
        .outerjoin(resolutions, resolutions.c.reservation == transactions.c.id)
        .where(tuple_(transactions.c.key, transactions.c.revision).in_(wanted))
        .where(among(connection, reservations.c.owner_id, owner_ids))
        .order_by(entries.c.transaction_id, entries.c.leg)
    )
    found: dict[Claim, Reserved] = {}
    for row in rows.all():
        claim = (row.key, row.revision)
        before = found.get(claim)
        drawn = (*(before.drawn if before else ()), (chart.names[row.debit], row.seconds))
        found[claim] = Reserved(row.transaction_id, drawn, chart.names[row.credit], row.resolved is not None)
    return found


def expired(connection: Connection, owner_ids: Iterable[int], now: int) -> list[Expired]:
    """Of these owners, in the order in which they were made."""
    ended = select(resolutions.c.reservation).where(resolutions.c.reservation == reservations.c.transaction_id)
    rows = connection.execute(
        select(transactions.c.key, transactions.c.revision, transactions.c.book, entries.c.day, entries.c.service)
        .join(reservations, reservations.c.transaction_id == transactions.c.id)
        .join(entries, entries.c.transaction_id == transactions.c.id)
        .where(among(connection, reservations.c.owner_id, owner_ids))
        .where(reservations.c.expires_at <= now, ~ended.exists(), entries.c.leg == 1)
        .order_by(transactions.c.id)
    )
    return [Expired((key, revision), book, day, service) for key, revision, book, day, service in rows.all()]
