"""What a database says when it refuses us for good: no defect of ours, and nothing that trying again would mend."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from types import MappingProxyType
from typing import Final

from sqlalchemy.exc import DBAPIError

from ccd.errors import DatabaseGoneError, DatabaseRefusedError
from ccd.sql.migrate import INSUFFICIENT_PRIVILEGE
from ccd.sql.turns import is_lost, sqlstate

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
        "42P07": OWN_DATABASE,
        "53100": "make room on the server's disk",
    }
)

# SQLite has no such codes that reach us: by what it says.
SQLITE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "readonly database": "let ccd's user write the file and its folder",
        "unable to open database file": "see that its folder is there, and that ccd's user may write in it",
        "database or disk is full": "make room on the disk",
        "disk I/O error": "make room on the disk, or look into its log",
        " already exists": OWN_DATABASE,
        "is not a database": "name another file, or restore this one",
        "disk image is malformed": "keep the file, and restore it from a backup",
    }
)


@asynccontextmanager
async def refusals_said() -> AsyncIterator[None]:
    """Turns a database's refusal into DatabaseRefusedError, and a connection that is gone into DatabaseGoneError;
    whatever else went wrong passes as it is."""
    try:
        yield
    except (DBAPIError, ExceptionGroup) as found:
        error = _driver_s(found)
        if error is None:
            raise
        if hint := hint_of(error):
            raise DatabaseRefusedError(said_by(error), hint) from error
        if is_lost(error):
            raise DatabaseGoneError(said_by(error)) from error
        raise
    except ConnectionRefusedError as error:
        raise DatabaseGoneError(error) from error


def _driver_s(found: DBAPIError | ExceptionGroup) -> DBAPIError | None:
    """The first, where tasks that ran side by side ended with nothing else."""
    if isinstance(found, DBAPIError):
        return found
    inner = [_driver_s(one) if isinstance(one, (DBAPIError, ExceptionGroup)) else None for one in found.exceptions]
    return inner[0] if all(inner) else None


def said_by(error: DBAPIError) -> str:
    """The server names the table of a right that is missing; which right that is, the statement says."""
    said = str(error.orig).rpartition(": ")[2].splitlines()[0]
    if sqlstate(error) != INSUFFICIENT_PRIVILEGE or not error.statement:
        return said
    table = said.rpartition(" ")[2]
    ways = {"INSERT": f"INSERT INTO {table} ", "UPDATE": f"UPDATE {table} ", "DELETE": f"DELETE FROM {table}"}
    right = next((right for right, way in ways.items() if way in error.statement), "SELECT")
    return f"{said} ({right})"


def hint_of(error: DBAPIError) -> str:
    """What to do about it; empty where it is no refusal."""
    if state := sqlstate(error):
        return POSTGRESQL.get(state, "")
    return next((hint for said, hint in SQLITE.items() if said in str(error.orig)), "")
