"""What was recorded, as rows: accounts, and transactions with their transfers, in the order of their numbers."""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from ccd.ledger.audit import Derived, Entry, TransactionRow
from ccd.ledger.digest import fields_told
from ccd.ledger.model import Account, Kind
from ccd.ledger.parts import ENTRY_COLUMNS, OWN_COLUMNS, PLAIN_COLUMNS, Chunk, Known, Original, Part, Row, Walk
from ccd.ledger.pieces import FRAME_COLUMNS, Sides, framed_plainly
from ccd.ledger.schema import accounts, entries, owners, transactions
from ccd.ledger.sheet import NO_REVERSAL
from ccd.sql.plain import Values, ask
from ccd.sql.rows import among

# By the names of those that take them back; asked so, each is found by its index on any engine.
ORIGINALS = """
    SELECT reverses_transaction, reverses_leg,
        (SELECT digest FROM transactions WHERE id = taking.reverses_transaction),
        (SELECT debit FROM entries WHERE transaction_id = taking.reverses_transaction AND leg = taking.reverses_leg),
        (SELECT credit FROM entries WHERE transaction_id = taking.reverses_transaction AND leg = taking.reverses_leg),
        (SELECT seconds FROM entries WHERE transaction_id = taking.reverses_transaction AND leg = taking.reverses_leg)
    FROM entries AS taking
    WHERE transaction_id > $1 AND transaction_id <= $2 AND reverses_transaction IS NOT NULL"""

RowsOf = Callable[[str, Values], list[Any]]
Recorded = tuple[TransactionRow, list[Entry]]

FROM_FILE_AT_ONCE, FROM_SERVER_AT_ONCE = 250, 4_000  # transactions
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
        Sides((one.id, fields_told(one.account)) for one in opened),
        {one.id: one.kind.floor for one in opened if one.kind.floor is not None},
        [(one.id, one.digest) for one in opened],
    )


async def derive(connection: AsyncConnection, part: Part, known: Known) -> Derived:
    """What follows from a part, in the view of the connection's transaction: something has been asked of it before.

    A file is read, and gone through, in the driver's own thread: to come back here between any two questions costs more
    than to read hundreds of rows, and more at once are no longer close to the processor when their turn comes. Into
    that thread there is no public way.
    """
    asked = _Asked.of(connection)
    if connection.dialect.name == "sqlite":
        driver: Any = (await connection.get_raw_connection()).driver_connection
        with suppress(sqlite3.Error):  # what can't be read so is asked for again, with whoever says what it is
            derived: Derived = await driver._execute(_derive_from_file, driver._conn, asked, part, known)
            return derived
    return await connection.run_sync(lambda plain: _derive(partial(ask, plain), asked, part, known))


def _derive_from_file(driver: sqlite3.Connection, asked: "_Asked", part: Part, known: Known) -> Derived:
    bears, driver.text_factory = driver.text_factory, str  # the fastest; what it can't read is an error
    try:
        return _derive(lambda statement, values: driver.execute(statement, values).fetchall(), asked, part, known)
    finally:
        driver.text_factory = bears


def _derive(rows_of: RowsOf, asked: "_Asked", part: Part, known: Known) -> Derived:
    """Rows as the driver gives them: its tuples are made in a third of the time of ours, and what need not be told
    takes none."""
    walk, after, more, is_plain = Walk(part, known), part.after, True, True
    while more:
        first, *most = (rows_of(asked.first, (after, part.up_to)) or [(None,)])[0]
        frame = framed_plainly(most) if most and is_plain else None
        if frame:
            up_to = min(first + asked.at_once - 1, part.up_to)
            if walk.take_plain(_plain(rows_of, asked, after, first, up_to, most), frame):
                after, more = up_to, up_to < part.up_to
                continue
        rows = rows_of(asked.own, (after, part.up_to, asked.at_once, *most)) if most else []
        others = []
        if not all(row[-1] for row in rows):
            others = rows_of(asked.others, (after, rows[-1][0], *most))
        more = len(rows) == asked.at_once
        up_to = rows[-1][0] if more else part.up_to
        transfers = rows_of(asked.entries, (after, up_to, ENTRIES_AT_ONCE))
        if len(transfers) == ENTRIES_AT_ONCE:  # as many whole transactions as that is enough for, or one
            up_to, more = max(transfers[-1][0] - 1, transfers[0][0]), True
            rows = [row for row in rows if row[0] <= up_to]
            transfers = rows_of(asked.entries, (after, up_to, ALL_OF_THEM))
        originals: dict[tuple[int, int], Original] = {}
        if any(row[-2] is not None for row in transfers):
            for number, leg, digest, *move in rows_of(asked.originals, (after, up_to)):
                originals[number, leg] = digest, tuple(move)
        walk.take(Chunk(rows, most, others, transfers, originals))
        after, is_plain = up_to, not others and len(transfers) == len(rows)  # as far as to ask again is worth it
    return walk.end()


def _plain(rows_of: RowsOf, asked: "_Asked", after: int, first: int, up_to: int, most: Row) -> list[Row]:
    """The transactions between two numbers, each with its transfer, where all of them are like most and have a single
    one, which takes nothing back; where any is not, none."""
    rows = rows_of(asked.plain, (after, up_to, *most))
    counts = [asked.transfers_counted]
    if len(rows) <= up_to - first:  # numbers were drawn in vain, or there are others
        counts.append(asked.counted)
    return rows if all(rows_of(count, (after, up_to))[0][0] == len(rows) for count in counts) else []


class _Asked(NamedTuple):
    """How many transactions at once, and the statements: the first with its frame, the transactions, the frames of
    those with another, the transfers, and the transfers that those take back; the plain ones of a frame, each with its
    transfer, and how many transactions and transfers there are. Days are told as text."""

    at_once: int
    first: str
    own: str
    others: str
    entries: str
    originals: str
    plain: str
    counted: str
    transfers_counted: str

    @classmethod
    def of(cls, connection: AsyncConnection) -> "_Asked":
        mark, is_like, day, at_once, bound = "?", "IS", "day", FROM_FILE_AT_ONCE, ""
        if connection.dialect.name == "postgresql":
            mark, is_like, at_once = "$", "IS NOT DISTINCT FROM", FROM_SERVER_AT_ONCE
            day = "to_char(day, 'YYYY-MM-DD')"
            bound = " AND id > $1 AND id <= $2"  # who plans it need not find that out, and reads both side by side
        frame, own = ", ".join(FRAME_COLUMNS), ", ".join(OWN_COLUMNS)
        transfer, plain = (
            ", ".join(day if name == "day" else name for name in names) for names in (ENTRY_COLUMNS, PLAIN_COLUMNS)
        )
        of_most = [", ".join(f"${at + number}" for number in range(len(FRAME_COLUMNS))) for at in (4, 3)]
        within = "FROM transactions WHERE id > $1 AND id <= $2"
        of_part = "FROM entries WHERE transaction_id > $1 AND transaction_id <= $2"
        plain = (  # SQLite joins as it is written: a transaction is found by its number faster than its transfer
            f"SELECT {plain} FROM entries CROSS JOIN transactions WHERE id = transaction_id"
            f" AND transaction_id > $1 AND transaction_id <= $2{bound} AND leg = 1"
            " AND reverses_transaction IS NULL AND reverses_leg IS NULL"
            f" AND ({frame}) {is_like} ({of_most[1]}) ORDER BY transaction_id"
        )
        statements = (
            f"SELECT id, {frame} {within} ORDER BY id LIMIT 1",
            f"SELECT {own}, ({frame}) {is_like} ({of_most[0]}) {within} ORDER BY id LIMIT $3",
            f"SELECT {frame} {within} AND NOT ({frame}) {is_like} ({of_most[1]}) ORDER BY id",
            f"SELECT {transfer} {of_part} ORDER BY transaction_id, leg LIMIT $3",
            ORIGINALS,
            plain,
            f"SELECT count(*) {within}",
            f"SELECT count(*) {of_part}",
        )
        return cls(at_once, *(statement.replace("$", mark) for statement in statements))


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
