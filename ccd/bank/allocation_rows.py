"""Allocations as they were published: for ever, each with all that its order follows from."""

import json
from datetime import date
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Date, PrimaryKeyConstraint, Table, Text, select

from ccd.bank.allocation import Allocation, allocation_read, allocation_spelled
from ccd.sql.metadata import Exact, metadata
from ccd.sql.rows import insert_rows

allocations = Table(
    "allocations",
    metadata,
    Column("unit", Exact, nullable=False),  # the topmost that has a quota
    Column("day", Date, nullable=False),
    Column("said", Text, nullable=False),  # see allocation_spelled
    Column("at", BigInteger, nullable=False),  # microseconds since the epoch
    PrimaryKeyConstraint("unit", "day"),
)


def add_allocation(connection: Connection, allocation: Allocation) -> None:
    day: Any = allocation.day
    said = json.dumps(allocation_spelled(allocation), ensure_ascii=False, separators=(",", ":"))
    insert_rows(connection, allocations, ("unit", "day", "said", "at"), [(allocation.unit, day, said, allocation.at)])


def allocation_of(connection: Connection, unit: str, day: date) -> Allocation | None:
    said = connection.scalar(select(allocations.c.said).where(allocations.c.unit == unit, allocations.c.day == day))
    return None if said is None else allocation_read(json.loads(said))
