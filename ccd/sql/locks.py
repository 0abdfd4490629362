"""Locks that go by a name, for what has no row to lock: two that would each not see what the other is adding.

Each is a row of its own. PostgreSQL's advisory locks would need no table; of the servers that speak its language some
take a call for one, and lock nothing.
"""

from collections.abc import Iterable

from sqlalchemy import Column, Connection, Table, func, select
from sqlalchemy.dialects.postgresql import insert

from ccd.sql.metadata import Exact, metadata

locks = Table("locks", metadata, Column("name", Exact, primary_key=True))


def lock_names(connection: Connection, names: Iterable[str]) -> None:
    """Until the end of the transaction nobody else has these names: what is read from then on has all that others said
    under them. On SQLite one writes at a time, and nothing is locked."""
    if connection.dialect.name == "sqlite":
        return
    wanted = sorted(set(names))
    known = locks.alias()
    there = select(func.count()).where(known.c.name.in_(wanted)).scalar_subquery()
    taken = select(locks.c.name).where(locks.c.name.in_(wanted)).order_by(locks.c.name).with_for_update()
    if len(connection.execute(taken.where(there == len(wanted))).all()) < len(wanted):
        # Nothing is held yet: whoever takes what is made here may wait for the others. Of two that make the same row
        # the second waits for the first, and finds it then.
        connection.execute(insert(locks).values([{"name": name} for name in wanted]).on_conflict_do_nothing())
        connection.execute(taken)


def wait_for_others(connection: Connection, table: Table) -> None:
    """Of two that add to a table side by side, the second sees what the first said, and so does who measures by it."""
    lock_names(connection, [table.name])
