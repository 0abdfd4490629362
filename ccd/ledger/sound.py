"""Rows that hold what their columns are for. PostgreSQL sees to it; who has SQLite's file can put anything anywhere.

Verify finds those that do not: transactions and their transfers as they are gone through (ccd.ledger.parts), rows of
all else here. To whoever else reads the ledger, or posts to it, what can't be made out is LedgerBrokenError.
"""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from struct import error as struct_error
from typing import Any, Final

from sqlalchemy import CompoundSelect, Select
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ccd.errors import LedgerBrokenError
from ccd.ledger.audit import Finding
from ccd.sql.engine import seeing_one_state

# What is raised where nothing was asked wrongly: a row that is not there, or holds what no row can, nor a question that
# is made of it.
MADE_OUT_BY_NOBODY: Final[tuple[type[Exception], ...]] = (
    TypeError, ValueError, LookupError, AttributeError, OverflowError, RecursionError, struct_error, ArgumentError,
)  # fmt: skip


@contextmanager
def as_written(*refusals: type[Exception]) -> Iterator[None]:
    """LedgerBrokenError where what is kept can't be made out, or one of these comes of it: for whoever goes by what the
    ledger wrote."""
    try:
        yield
    except (*MADE_OUT_BY_NOBODY, *refusals) as error:
        raise LedgerBrokenError(f"it keeps what nobody can make out ({error!r})") from error


@asynccontextmanager
async def reading_as_written(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A connection that sees one state, whose rows are made out within."""
    with as_written():
        async with seeing_one_state(engine).connect() as connection:
            yield connection


async def sound_rows(
    connection: AsyncConnection, query: Select[Any] | CompoundSelect[Any], values: Mapping[str, Any] | None = None
) -> Sequence[Any]:
    """LedgerBrokenError with the row and its column, where one holds what it is not for: so does a sum of SQLite's over
    anything that is no number."""
    rows: Sequence[Any] = (await connection.execute(query, values)).all()
    if connection.dialect.name == "sqlite":
        columns = query.selected_columns.values()
        for row in rows:
            if complaint := unsound(columns, row):
                raise LedgerBrokenError(str(complaint))
    return rows


class Inspector:
    """Asks what is kept, and adds to `findings` what is wrong with it."""

    def __init__(self, connection: AsyncConnection, findings: list[Finding]) -> None:
        self._connection = connection
        self._findings = findings

    async def rows(self, query: Any) -> Sequence[Any]:
        return (await self._connection.execute(query)).all()

    async def sound_rows(self, query: Select[Any]) -> Sequence[Any]:
        return self.sound(query, await self.rows(query))

    def sound(self, query: Select[Any], rows: Sequence[Any]) -> list[Any]:
        """Without rows that hold what none can hold: those are found."""
        columns = query.selected_columns.values()
        complaints = [unsound(columns, row) for row in rows]
        self._findings += [complaint for complaint in complaints if complaint]
        return [row for row, complaint in zip(rows, complaints, strict=True) if not complaint]

    def find(self, place: str, found: str) -> None:
        self._findings.append(Finding(place, found))

    def compare(self, what: str, kept: Mapping[Any, Any], follows: Mapping[Any, Any]) -> None:
        for key in sorted(kept.keys() | follows.keys(), key=str):
            if kept.get(key) != follows.get(key):
                self.find(f"{what} {key}", f"it says {kept.get(key)}, and {follows.get(key)} follows")


def unsound(columns: Sequence[Any], row: Sequence[Any]) -> Finding | None:
    """Where the row holds what its columns are not for. To a person its first column names it."""
    for column, value in zip(columns, row, strict=True):
        nullable = getattr(column, "nullable", False)
        if type(value) is not column.type.python_type and not (value is None and nullable):
            table = getattr(columns[0], "table", None)
            place = f"{table.name} {row[0]!r}" if table is not None else f"what is read of {row[0]!r}"
            return Finding(place, f"its {column.name} is {value!r}, which none can be")
    return None


@asynccontextmanager
async def reading_anything(connection: AsyncConnection) -> AsyncIterator[None]:
    """What SQLite keeps for a text, and is none in UTF-8, comes as bytes: without this it comes as an error."""
    driver: Any = (await connection.get_raw_connection()).driver_connection
    is_sqlite = connection.dialect.name == "sqlite"
    if is_sqlite:
        driver.text_factory = text_or_bytes
    try:
        yield
    finally:
        if is_sqlite:
            driver.text_factory = str


def text_or_bytes(kept: bytes) -> str | bytes:
    try:
        return kept.decode()
    except UnicodeDecodeError:
        return kept
