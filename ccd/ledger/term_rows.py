"""The rows that postings' terms leave beside transactions and entries, collected on a sheet and written with it."""

from dataclasses import dataclass, field
from typing import assert_never

from sqlalchemy import Connection, tuple_, update

from ccd.ledger.caps import write_caps
from ccd.ledger.chart import Chart
from ccd.ledger.holding import Reserved
from ccd.ledger.model import Close, Draw, Late, Leg, Limit, Posting, Reserve, Resolve
from ccd.ledger.rules import CLOSED, Cap, Month, Standing
from ccd.ledger.schema import periods, reservations, resolutions
from ccd.sql.rows import insert_rows


@dataclass(slots=True)
class TermRows:
    """Of the postings that were not refused, in their order. `caps_here` are those that have a row."""

    caps_here: frozenset[str]
    reservations: list[tuple[int, int, int | None]] = field(default_factory=list)
    resolutions: list[tuple[int, int]] = field(default_factory=list)
    closed: list[Month] = field(default_factory=list)
    caps: dict[str, Cap] = field(default_factory=dict)

    def add(
        self, number: int, posting: Posting, month: str, legs: tuple[Leg, ...], standing: Standing, chart: Chart
    ) -> None:
        """What transaction `number` leaves; `standing` is moved along."""
        held = None
        for term in posting.terms:
            match term:
                case Reserve(_, account, _, _, expires_at):
                    held = Reserved(number, tuple((leg.debit, leg.seconds) for leg in legs), account, resolved=False)
                    self.reservations.append((number, chart.owner_ids[account.owner], expires_at))
                case Resolve(reservation):
                    self.resolutions.append((standing.reservations[reservation].transaction, number))
                case Close():
                    self.closed.append((posting.book, month))
                case Draw() | Limit() | Late():
                    pass
                case _:
                    assert_never(term)
        standing.keep(posting, month, held)
        drawn = (term.cap for term in posting.terms if isinstance(term, (Draw, Limit)))
        self.caps.update({name: standing.caps[name] for name in drawn})


def write_term_rows(connection: Connection, rows: TermRows) -> None:
    columns = ("transaction_id", "owner_id", "expires_at")
    insert_rows(connection, reservations, columns, rows.reservations)
    insert_rows(connection, resolutions, ("reservation", "transaction_id"), rows.resolutions)
    write_caps(connection, rows.caps, rows.caps_here)
    if rows.closed:
        closing = tuple_(periods.c.book, periods.c.month).in_(rows.closed)
        connection.execute(update(periods).where(closing).values(state=CLOSED))
