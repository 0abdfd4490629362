"""Plain statements: written out as text, asked of the driver itself.

What a posting asks is short, and SQLAlchemy's own way around a statement takes three times as long as SQLite does for
one. What fails comes as SQLAlchemy says it, and a connection that is lost is given up, as everywhere else.
"""

from collections.abc import Sequence
from typing import Any, NoReturn

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

Values = Sequence[Any]


def ask(connection: Connection, statement: str, values: Values = ()) -> list[Any]:
    """The rows. Values stand in the statement as the engine has them: `?1` on SQLite, `$1` on PostgreSQL."""
    try:
        cursor = connection.connection.cursor()
        connection.dialect.do_execute(cursor, statement, values)
        return list(cursor.fetchall())
    except connection.dialect.loaded_dbapi.Error as error:
        _give_up(connection, statement, error)


def ask_many(connection: Connection, statement: str, rows: Sequence[Values]) -> int:
    """Does the statement once a row, and counts the rows of tables that were changed. For SQLite: elsewhere each is a
    way to the server and back."""
    try:
        cursor = connection.connection.cursor()
        connection.dialect.do_executemany(cursor, statement, rows)
        return cursor.rowcount
    except connection.dialect.loaded_dbapi.Error as error:
        _give_up(connection, statement, error)


def _give_up(connection: Connection, statement: str, error: Exception) -> NoReturn:
    dialect, driver = connection.dialect, connection.connection.dbapi_connection
    lost = isinstance(error, dialect.loaded_dbapi.Error) and dialect.is_disconnect(error, driver, None)
    if lost:
        connection.invalidate(error)
    raise DBAPIError.instance(
        statement, None, error, dialect.loaded_dbapi.Error, connection_invalidated=lost, dialect=dialect
    ) from error
