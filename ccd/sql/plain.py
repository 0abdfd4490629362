"""Plain statements: written out as text, asked of the driver itself.

What a posting asks is short, and SQLAlchemy's own way around a statement takes three times as long as SQLite does for
one. What fails comes as SQLAlchemy says it, and a connection that is lost, or was left in the middle of an answer, is
given up, as everywhere else.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import DBAPIError

Values = Sequence[Any]


def ask(connection: Connection, statement: str, values: Values = ()) -> list[Any]:
    """The rows. Values stand in the statement as the engine has them: `?1` on SQLite, `$1` on PostgreSQL."""
    with _cursor(connection, statement) as cursor:
        connection.dialect.do_execute(cursor, statement, values)
        return list(cursor.fetchall())


def ask_many(connection: Connection, statement: str, rows: Sequence[Values]) -> int:
    """Does the statement once a row, and counts the rows of tables that were changed. For SQLite: elsewhere each is a
    way to the server and back."""
    with _cursor(connection, statement) as cursor:
        connection.dialect.do_executemany(cursor, statement, rows)
        return cursor.rowcount


@contextmanager
def _cursor(connection: Connection, statement: str) -> Iterator[DBAPICursor]:
    dialect, driver = connection.dialect, connection.connection.dbapi_connection
    try:
        yield connection.connection.cursor()
    except Exception as error:
        if not isinstance(error, dialect.loaded_dbapi.Error):
            raise
        lost = dialect.is_disconnect(error, driver, None)
        if lost:
            connection.invalidate(error)
        raise DBAPIError.instance(
            statement, None, error, dialect.loaded_dbapi.Error, connection_invalidated=lost, dialect=dialect
        ) from error
    except BaseException as error:  # cancelled: whoever asked next would get this answer
        connection.invalidate(error)
        raise
