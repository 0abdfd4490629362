"""Rows that hold what their columns are for. PostgreSQL sees to it; who has SQLite's file can put anything anywhere.

Transactions and their transfers are looked at as they are gone through (ccd.ledger.parts); rows of all else, here.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncConnection

from ccd.ledger.audit import Finding


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
            return Finding(f"{columns[0].table.name} {row[0]!r}", f"its {column.name} is {value!r}, which none can be")
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
