"""Another hand in the tables, with the rights of who owns the server or the file."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from sqlalchemy import Column, ColumnElement, Date, LargeBinary, Row, Table, and_, text, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ccd.ledger import schema
from ccd.ledger.audit import content_digest
from ccd.ledger.recorded import accounts_of, recorded_as
from ccd.ledger.schema import transactions

TABLES = tuple(table for table in vars(schema).values() if isinstance(table, Table))


@asynccontextmanager
async def without_guards(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A connection in a transaction in which nothing is refused. It ends as the driver is told to."""
    async with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            await connection.exec_driver_sql("ROLLBACK")
            await connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
            await connection.exec_driver_sql("PRAGMA ignore_check_constraints = ON")
            await connection.exec_driver_sql("BEGIN IMMEDIATE")
            triggers = await connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'"))
            for name in triggers.scalars().all():
                await connection.exec_driver_sql(f"DROP TRIGGER {name}")
        else:
            await connection.execute(text("SET LOCAL session_replication_role = replica"))
            checks = await connection.execute(
                text(
                    "SELECT conrelid::regclass::text AS name, conname FROM pg_constraint"
                    " WHERE contype = 'c' AND connamespace = 'public'::regnamespace"
                )
            )
            for check in checks.all():
                await connection.execute(text(f"ALTER TABLE {check.name} DROP CONSTRAINT {check.conname}"))
        yield connection


def row_itself(table: Table, row: Row[Any]) -> ColumnElement[bool]:
    return and_(*(key == row._mapping[key.name] for key in table.primary_key))


def changed(column: Column[Any], value: Any) -> Any:
    """Another value that the column can hold."""
    if isinstance(column.type, LargeBinary):
        assert isinstance(value, bytes)
        return bytes([value[0] ^ 1]) + value[1:]
    if isinstance(column.type, Date):
        return value + timedelta(days=1)
    if isinstance(value, int):
        return value + 1_000_003
    if value is None:
        return 7 if isinstance(column.type.python_type(), int) else "x"
    if column.name == "month":
        return f"{value[:-1]}0"
    if column.name == "state":
        return "closed" if value == "open" else "refused" if value == "posted" else "posted"
    return {"credit": "debit", "debit": "credit"}.get(value) or f"{value}x"


async def forged(connection: AsyncConnection, number: int, **values: object) -> None:
    """Changes a transaction and gives it the digest that fits."""
    if values:
        await connection.execute(update(transactions).where(transactions.c.id == number).values(values))
    ((kept, transfers),) = await recorded_as(connection, [number])
    digest = content_digest(kept, transfers, await accounts_of(connection, transfers))
    await connection.execute(update(transactions).where(transactions.c.id == number).values(digest=digest))
