"""What a database says when it refuses us for good: no defect of ours, and nothing that trying again would mend."""

import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from types import MappingProxyType
from typing import Final

from asyncpg.exceptions import ClientConfigurationError
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as NoConnectionFreeError

from ccd.errors import CcdError, DatabaseGoneError, DatabaseRefusedError
from ccd.sql.migrate import INSUFFICIENT_PRIVILEGE
from ccd.sql.plain import sqlstate
from ccd.sql.turns import first_line, is_passing

DRIVER_S_OWN = re.compile(r"^<class '[^']*'>: ")  # before what a server says
TABLE_GONE = "a table of ccd's is gone: keep the database as it is, and restore it from a backup"
COLUMN_GONE = "a column of ccd's is gone: keep the database as it is, and restore it from a backup"
BEHIND_ITS_BACK = "ccd never wrote that: keep the database as it is; `ccd ledger verify` says where in the ledger"
OWN_DATABASE = "something else is in this database: give ccd one of its own"

# By SQLSTATE, what a person can do about it.
POSTGRESQL: Final[Mapping[str, str]] = MappingProxyType(
    {
        "28000": "see the user in the address, and pg_hba.conf",
        "28P01": "see the user and the password in the configuration",
        "3D000": "create the database, in UTF8",
        "42501": "`ccd migrate --role ROLE`, run as the role that the tables belong to, grants what the daemon needs",
        "42704": "create the role first",
        "25006": "this server only answers questions: name the one that is written to",
        "42P01": TABLE_GONE,
        "42703": COLUMN_GONE,
        "42P07": OWN_DATABASE,
        "53100": "make room on the server's disk",
        "22003": BEHIND_ITS_BACK,
    }
)

# SQLite has no such codes that reach us: by what it says.
SQLITE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "readonly database": "let ccd's user write the file and its folder",
        "unable to open database file": "see that its folder is there, and that ccd's user may write in it",
        "database or disk is full": "make room on the disk",
        "disk I/O error": "make room on the disk, or look into its log",
        "no such table": TABLE_GONE,
        "no such column": COLUMN_GONE,
        " has no column named ": COLUMN_GONE,
        " already exists": OWN_DATABASE,
        "is not a database": "name another file, or restore this one",
        "Could not decode to UTF-8": BEHIND_ITS_BACK,
        "integer overflow": BEHIND_ITS_BACK,
        "disk image is malformed": "keep the file, and restore it from a backup",
    }
)


@asynccontextmanager
async def refusals_said() -> AsyncIterator[None]:
    """Turns a database's refusal into DatabaseRefusedError, and a connection that is gone, never was, or is not to be
    had for now into DatabaseGoneError; whatever else went wrong passes as it is."""
    try:
        yield
    except (DBAPIError, NoConnectionFreeError) as error:
        if (told := _told(error)) is None:
            raise
        raise told from error
    except ExceptionGroup as group:
        errors = list(_each_of(group))
        found = [_told(error) for error in errors]
        if not all(found) or found == errors:
            raise
        first, *others = {str(told): told for told in found if told is not None}.values()
        raise (ExceptionGroup(group.message, [first, *others]) if others else first) from group


def _told(error: Exception) -> CcdError | None:
    """None where it is nobody's but ours."""
    if isinstance(error, CcdError):
        return error
    if isinstance(error, DBAPIError) and (hint := hint_of(error)):
        return DatabaseRefusedError(said_by(error), hint)
    if isinstance(error, DBAPIError) and not isinstance(error, IntegrityError) and is_passing(error):
        return DatabaseGoneError(said_by(error))
    return DatabaseGoneError(str(error)) if isinstance(error, NoConnectionFreeError) else None


def _each_of(group: ExceptionGroup) -> Iterator[Exception]:
    """Of tasks that ran side by side, and of theirs."""
    for error in group.exceptions:
        if isinstance(error, ExceptionGroup):
            yield from _each_of(error)
        else:
            yield error


def said_by(error: DBAPIError) -> str:
    """The server names the table of a right that is missing; which right that is, the statement says."""
    said = DRIVER_S_OWN.sub("", first_line(error))
    if sqlstate(error) != INSUFFICIENT_PRIVILEGE or not error.statement:
        return said
    table = said.rpartition(" ")[2]
    ways = {"INSERT": f"INSERT INTO {table} ", "UPDATE": f"UPDATE {table} ", "DELETE": f"DELETE FROM {table}"}
    right = next((right for right, way in ways.items() if way in error.statement), "SELECT")
    return f"{said} ({right})"


def hint_of(error: DBAPIError) -> str:
    """What to do about it; empty where it is no refusal."""
    if error.orig is not None and isinstance(error.orig.__cause__, ClientConfigurationError):
        return "see the address of the database, and what the environment and ~/.postgresql say of such"
    if state := sqlstate(error):
        return POSTGRESQL.get(state, "")
    return next((hint for said, hint in SQLITE.items() if said in str(error.orig)), "")
