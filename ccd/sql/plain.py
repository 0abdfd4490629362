"""Plain statements: written out as text, asked of the driver itself.

What a posting asks is short, and SQLAlchemy's own way around a statement takes three times as long as SQLite does for
one. What fails comes as SQLAlchemy says it, and a connection that is lost, or was left in the middle of an answer, is
given up, as everywhere else.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, OperationalError

Values = Sequence[Any]


def ask(connection: Connection, statement: str, values: Values = ()) -> list[Any]:
    """The rows. Values stand in the statement as the engine has them: `?1` on SQLite, `$1` on PostgreSQL."""
    try:
        cursor = connection.connection.cursor()
        connection.dialect.do_execute(cursor, statement, values)
        return list(cursor.fetchall())
    except BaseException as error:
        give_up(connection, statement, error)
        raise


def ask_many(connection: Connection, statement: str, rows: Sequence[Values]) -> int:
    """Does the statement once a row, and counts the rows of tables that were changed. For SQLite: elsewhere each is a
    way to the server and back."""
    try:
        cursor = connection.connection.cursor()
        connection.dialect.do_executemany(cursor, statement, rows)
        return cursor.rowcount
    except BaseException as error:
        give_up(connection, statement, error)
        raise


def insert_one(connection: Connection, statement: str, values: Values) -> int:
    """Inserts a row, and gives the number that SQLite has given it."""
    try:
        cursor = connection.connection.cursor()
        connection.dialect.do_execute(cursor, statement, values)
        return int(cursor.lastrowid)
    except BaseException as error:
        give_up(connection, statement, error)
        raise


def begin(connection: Connection) -> None:
    """A transaction of SQLite's that is going to write."""
    ask(connection, "BEGIN IMMEDIATE")


def end(connection: Connection, keep: bool) -> None:
    try:
        (connection.dialect.do_commit if keep else connection.dialect.do_rollback)(connection.connection)
    except BaseException as error:
        give_up(connection, "COMMIT" if keep else "ROLLBACK", error)
        raise


def give_up(connection: Connection, statement: str, error: BaseException) -> None:
    """Says a driver's error as SQLAlchemy does."""
    dialect, errors = connection.dialect, connection.dialect.loaded_dbapi.Error
    if not isinstance(error, Exception):  # cancelled: whoever asked next would get this answer
        connection.invalidate(error)
    elif isinstance(error, errors):
        lost = dialect.is_disconnect(error, connection.connection.dbapi_connection, None)
        if lost:
            connection.invalidate(error)
        raise DBAPIError.instance(
            statement, None, error, errors, connection_invalidated=lost, dialect=dialect
        ) from error


def is_locked(error: DBAPIError) -> bool:
    """SQLite: somebody else writes."""
    return isinstance(error, OperationalError) and "database is locked" in str(error.orig)


def sqlstate(error: DBAPIError) -> str:
    """What PostgreSQL calls a failure by; nothing where it did not come from there."""
    return str(getattr(error.orig, "sqlstate", None) or "")
