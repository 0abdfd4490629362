"""SQLite's answers in one way to its thread and back (docs/adr/0028).

aiosqlite gives each connection a thread, and goes to it for the cursor, for the statement, for the rows and for the
cursor's end, each of which takes as long as a short statement itself. Here a statement comes back with its rows. Of
more than `ROWS_AT_ONCE` it brings the first, and who asks goes there again.
"""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from aiosqlite import Connection
from sqlalchemy.engine.interfaces import DBAPIConnection

ROWS_AT_ONCE = 1000


def connect(driver: Any, where: Sequence[Any], settings: Mapping[str, Any]) -> DBAPIConnection:
    """As SQLAlchemy's `driver` for aiosqlite makes one, but that its answers come at once."""
    made: DBAPIConnection = driver.connect(*where, async_creator_fn=_connection, **settings)
    return made


def _connection(*where: Any, **settings: Any) -> "_Connection":
    made = _Connection(partial(sqlite3.connect, *where, **settings), ROWS_AT_ONCE)
    made._thread.daemon = True  # a process that ends waits for no statement
    return made


class _Connection(Connection):
    def cursor(self) -> Any:  # it is entered as aiosqlite's is
        return _Cursor(self)


class _Cursor:
    """What SQLAlchemy asks of a cursor. None of SQLite's is open but while there are rows that have not come."""

    def __init__(self, connection: _Connection) -> None:
        self._connection = connection
        self._open: sqlite3.Cursor | None = None
        self._rows: list[Any] = []
        self.arraysize = ROWS_AT_ONCE
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None

    async def __aenter__(self) -> "_Cursor":
        return self

    async def execute(self, statement: str, values: Any = ()) -> None:
        await self._in_thread(self._ask, sqlite3.Cursor.execute, statement, values)

    async def executemany(self, statement: str, values: Sequence[Any]) -> None:
        await self._in_thread(self._ask, sqlite3.Cursor.executemany, statement, values)

    async def fetchmany(self, size: int) -> list[Any]:
        """Fewer than `size` where what has come is fewer; none where there are no more."""
        if not self._rows and self._open:
            await self._in_thread(self._fetch, size)
        given, self._rows = self._rows[:size], self._rows[size:]
        return given

    async def fetchall(self) -> list[Any]:
        come, self._rows = self._rows, []
        if self._open:
            await self._in_thread(self._fetch, None)
            come, self._rows = come + self._rows, []
        return come

    async def close(self) -> None:
        self._rows = []
        if self._open:
            await self._in_thread(self._end)

    async def _in_thread(self, do: Callable[..., None], *values: Any) -> None:
        await self._connection._execute(do, *values)  # type: ignore[no-untyped-call]  # aiosqlite has no types

    # In the connection's thread:

    def _ask(self, how: Callable[..., Any], statement: str, values: Any) -> None:
        self._open = self._connection._conn.cursor()
        try:
            how(self._open, statement, values)
            self.description = self._open.description
            self._fetch(ROWS_AT_ONCE)
        except BaseException:
            self._end()
            raise

    def _fetch(self, size: int | None) -> None:
        """`None`: all."""
        cursor = self._open
        assert cursor is not None
        self._rows = cursor.fetchall() if size is None else cursor.fetchmany(size)
        self.rowcount, self.lastrowid = cursor.rowcount, cursor.lastrowid
        if size is None or len(self._rows) < size:
            self._end()

    def _end(self) -> None:
        if self._open:
            self._open.close()
            self._open = None
