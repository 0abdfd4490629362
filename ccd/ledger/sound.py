"""Rows that hold what their columns are for. PostgreSQL sees to it; who has SQLite's file can put anything anywhere.

Transactions and their transfers are looked at as they are gone through (ccd.ledger.parts); rows of all else, here.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from ccd.ledger.audit import Finding


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
