"""The site's database, opened and up to date, for the daemon and for whoever only asks something."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.bank.attendance_calendar import months_that_begin
from ccd.errors import DatabaseRefusedError
from ccd.ledger.books import Ledger
from ccd.settings import Settings
from ccd.settings.secrets import store_url
from ccd.sql.engine import open_engine
from ccd.sql.migrate import upgrade
from ccd.sql.refusals import refusals_said

DATABASE_FILE = "ccd.sqlite"
FOLDER_MODE, FILE_MODE = 0o700, 0o600  # of what is made here; a mode that somebody has given stays


@asynccontextmanager
async def database(settings: Settings) -> AsyncIterator[AsyncEngine]:
    """UnsafeDatabaseError, DatabaseBusyError, DatabaseRefusedError or SchemaError where it can't be used."""
    folder = settings.state_directory
    try:
        folder.mkdir(FOLDER_MODE, parents=True, exist_ok=True)
        if settings.sql.url == "embedded":
            (folder / DATABASE_FILE).touch(FILE_MODE)  # what SQLite lays beside it has the same mode
    except OSError as error:
        hint = "see state_directory, and run this as the user that ccd runs as"
        raise DatabaseRefusedError(f"{folder} can't be used: {error.strerror}", hint) from error
    engine = open_engine(database_url(settings))
    try:
        async with refusals_said():
            await upgrade(engine)
            yield engine
    finally:
        await engine.dispose()


def ledger_of(engine: AsyncEngine, settings: Settings, now: Callable[[], int]) -> Ledger:
    """`now` gives µs since the epoch."""
    return Ledger(engine, now, months=months_that_begin(settings.attendance.month_begins))


def database_url(settings: Settings) -> str:
    url = store_url(settings.sql)
    return f"sqlite+aiosqlite:///{(settings.state_directory / DATABASE_FILE).absolute()}" if url == "embedded" else url
