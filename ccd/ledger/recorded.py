"""What was recorded, as rows: accounts, and transactions with their transfers, in the order of their numbers."""

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, select, tuple_
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection

from ccd.ledger.audit import Derived, Entry, TransactionRow
from ccd.ledger.model import Account, Kind
from ccd.ledger.parts import (
    ENTRY_COLUMNS,
    FRAME_COLUMNS,
    OWN_COLUMNS,
    Chunk,
    Known,
    Original,
    Part,
    Sides,
    Walk,
    encoded,
)
from ccd.ledger.schema import accounts, entries, owners, transactions
from ccd.ledger.sheet import NO_REVERSAL
from ccd.sql.plain import ask
from ccd.sql.rows import among

Recorded = tuple[TransactionRow, list[Entry]]

TRANSACTIONS_AT_ONCE = 4_000
ENTRIES_AT_ONCE = 20_000
ORIGINALS_AT_ONCE = 4_000
ALL_OF_THEM = 2**63 - 1
ACCOUNTS = select(accounts, owners.c.name).join(owners, owners.c.id == accounts.c.owner_id).order_by(accounts.c.id)


class Opened(NamedTuple):
    """An account as it is kept."""

    id: int
    account: Account
    kind: Kind
    unit: str
    opened_at: int
    asked_by: str
    digest: bytes


async def accounts_opened(connection: AsyncConnection) -> list[Opened]:
    """All of them."""
    return [opened_of(row) for row in await connection.execute(ACCOUNTS)]


def opened_of(row: Any) -> Opened:
    """A row of ACCOUNTS."""
    return Opened(
        row.id, Account(row.name, row.kind), Kind(row.kind, row.side, row.floor), row.unit, row.opened_at,
        row.asked_by, row.digest,
    )  # fmt: skip


def known_of(opened: Sequence[Opened]) -> Known:
    return Known(
        {one.id: one.account for one in opened},
        Sides((one.id, encoded(one.account)) for one in opened),
        {one.id: one.kind.floor for one in opened if one.kind.floor is not None},
        [(one.id, one.digest) for one in opened],
    )


async def derive(connection: AsyncConnection, part: Part, known: Known) -> Derived:
    """What follows from a part, in the view of the connection's transaction."""
    walk = Walk(part, known)
    async for chunk in chunks(connection, part):
        walk.take(chunk)
    return walk.end()


async def chunks(connection: AsyncConnection, part: Part) -> AsyncIterator[Chunk]:
    """As the driver gives them: its tuples are made in a third of the time of ours, and what need not be told takes
    none."""
    asked = _Asked.of(connection)
    after, more = part.after, True
    while more:
        most = (await driver_rows(connection, asked.first, after, part.up_to) or [()])[0]
        rows = await driver_rows(connection, asked.own, after, part.up_to, TRANSACTIONS_AT_ONCE, *most) if most else []
        others = []
        if not all(row[-1] for row in rows):
            others = await driver_rows(connection, asked.others, after, rows[-1][0], *most)
        more = len(rows) == TRANSACTIONS_AT_ONCE
        up_to = rows[-1][0] if more else part.up_to
        transfers = await driver_rows(connection, asked.entries, after, up_to, ENTRIES_AT_ONCE)
        if len(transfers) == ENTRIES_AT_ONCE:  # as many whole transactions as that is enough for, or one
            up_to, more = max(transfers[-1][0] - 1, transfers[0][0]), True
            rows = [row for row in rows if row[0] <= up_to]
            transfers = await driver_rows(connection, asked.entries, after, up_to, ALL_OF_THEM)
        originals = await _originals(connection, {row[7:9] for row in transfers if row[7] is not None})
        yield Chunk(rows, most, others, transfers, originals)
        after = up_to


class _Asked(NamedTuple):
    """The statements: the frame of the first transaction, the transactions, the frames of those with another, and the
    transfers. Days are told as text."""

    first: str
    own: str
    others: str
    entries: str

    @classmethod
    def of(cls, connection: AsyncConnection) -> "_Asked":
        is_like, day = "IS", "day"
        if connection.dialect.name == "postgresql":
            is_like, day = "IS NOT DISTINCT FROM", "to_char(day, 'YYYY-MM-DD')"
        frame, own = ", ".join(FRAME_COLUMNS), ", ".join(OWN_COLUMNS)
        transfer = ", ".join(day if name == "day" else name for name in ENTRY_COLUMNS)
        of_most = [", ".join(f"${at + number}" for number in range(len(FRAME_COLUMNS))) for at in (4, 3)]
        within = "FROM transactions WHERE id > $1 AND id <= $2"
        return cls(
            f"SELECT {frame} {within} ORDER BY id LIMIT 1",
            f"SELECT {own}, ({frame}) {is_like} ({of_most[0]}) {within} ORDER BY id LIMIT $3",
            f"SELECT {frame} {within} AND NOT ({frame}) {is_like} ({of_most[1]}) ORDER BY id",
            f"SELECT {transfer} FROM entries WHERE transaction_id > $1 AND transaction_id <= $2"
            " ORDER BY transaction_id, leg LIMIT $3",
        )


async def driver_rows(connection: AsyncConnection, statement: str, *values: object) -> list[Any]:
    """Parameters are $1, $2, … Something has to have been asked of the connection before: its transaction is open."""
    if connection.dialect.name == "postgresql":
        return await connection.run_sync(ask, statement, values)
    statement = statement.replace("$", "?")
    driver: Any = (await connection.get_raw_connection()).driver_connection
    bears, driver.text_factory = driver.text_factory, str  # the fastest; what it can't read is asked for again
    try:
        return await connection.run_sync(ask, statement, values)
    except OperationalError:
        driver.text_factory = bears
        return await connection.run_sync(ask, statement, values)
    finally:
        driver.text_factory = bears


async def recorded_after(connection: AsyncConnection, after: int, limit: int) -> list[Recorded]:
    """The next `limit` transactions."""
    return await _recorded(connection, transactions.c.id > after, limit)


async def recorded_as(connection: AsyncConnection, numbers: Iterable[int]) -> list[Recorded]:
    """Those of these numbers, as far as they are there."""
    wanted = list(numbers)
    return await _recorded(connection, among(connection, transactions.c.id, wanted), len(wanted))


async def _recorded(connection: AsyncConnection, which: ColumnElement[bool], limit: int) -> list[Recorded]:
    columns = [transactions.c[name] for name in TransactionRow._fields]
    query = select(*columns).where(which).order_by(transactions.c.id).limit(limit)
    kept = [TransactionRow(*row) for row in await connection.execute(query)]
    if not kept:
        return []
    within = select(transactions.c.id).where(which, transactions.c.id <= kept[-1].id)
    rows = (
        await connection.execute(
            select(entries)
            .where(entries.c.transaction_id.in_(within))
            .order_by(entries.c.transaction_id, entries.c.leg)
        )
    ).all()
    originals = await _originals(connection, {row[7:9] for row in rows if row[7:9] != NO_REVERSAL})
    found: dict[int, list[Entry]] = {one.id: [] for one in kept}
    for number, leg, debit, credit, seconds, day, service, *back in rows:
        reverses = (back[0], back[1]) if tuple(back) != NO_REVERSAL else None
        digest, move = originals.get(reverses, (None, None)) if reverses else (None, None)
        found[number].append(Entry(leg, debit, credit, seconds, day, service, reverses, digest, move))
    return [(one, found[one.id]) for one in kept]


async def _originals(connection: AsyncConnection, names: set[Any]) -> dict[tuple[int, int], Original]:
    if not names:
        return {}
    name = entries.c.transaction_id, entries.c.leg
    query = select(*name, transactions.c.digest, entries.c.debit, entries.c.credit, entries.c.seconds)
    query = query.join(transactions, transactions.c.id == entries.c.transaction_id)
    found: dict[tuple[int, int], Original] = {}
    wanted = list(names)
    for at in range(0, len(wanted), ORIGINALS_AT_ONCE):
        some = query.where(tuple_(*name).in_(wanted[at : at + ORIGINALS_AT_ONCE]))
        for number, leg, digest, debit, credit, seconds in await connection.execute(some):
            found[number, leg] = digest, (debit, credit, seconds)
    return found


async def accounts_of(connection: AsyncConnection, transfers: Iterable[Entry]) -> dict[int, Account]:
    """Whose accounts they are on, by number."""
    numbers = {number for one in transfers for number in (one.debit, one.credit)}
    query = select(accounts.c.id, owners.c.name, accounts.c.kind).join(owners, owners.c.id == accounts.c.owner_id)
    query = query.where(among(connection, accounts.c.id, numbers))
    return {number: Account(owner, kind) for number, owner, kind in await connection.execute(query)}
