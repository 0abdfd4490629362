"""Brings the tables of all packages up to date, or says that they are not."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ccd.errors import SchemaError, UnknownSchemaError
from ccd.sql.lacking import check_by_row_where_it_must, grant
from ccd.sql.plain import sqlstate
from ccd.sql.roles import grants
from ccd.sql.turns import Patience, take_turn

MIGRATIONS = Path(__file__).with_name("migrations")
INSUFFICIENT_PRIVILEGE = "42501"

# Two daemons that start at once migrate one after the other: the second waits for the row that says how far the first
# has come, or its table can't be made meanwhile, and it tries again.
VERSIONS = "alembic_version"
MAKES_VERSIONS = (
    f"CREATE TABLE IF NOT EXISTS {VERSIONS} (version_num varchar(32) CONSTRAINT {VERSIONS}_pkc PRIMARY KEY)"
)


async def upgrade(engine: AsyncEngine, application_role: str | None = None) -> None:
    """Migrates to the newest revision, in one transaction. Does nothing where it is the newest already.

    On PostgreSQL the tables belong to the role of `engine`; `application_role`, an existing one, is then granted what
    the daemon needs and no more (`roles`). SchemaError where tables are old, and the role of `engine` may not change
    them, or where this program does not know their revision, as that of a newer one.
    """
    found = await heads_of(engine)
    if application_role is None and found == wanted_heads():
        return
    if unknown := found - _revisions():
        raise UnknownSchemaError(", ".join(sorted(unknown)), ", ".join(sorted(wanted_heads())))

    async def work(connection: AsyncConnection) -> None:
        await connection.run_sync(_upgrade)
        if application_role is not None:
            for statement in grants(application_role, engine.dialect):
                await connection.run_sync(grant, statement)

    try:
        await take_turn(engine, work, Patience())
    except DBAPIError as error:
        if sqlstate(error) != INSUFFICIENT_PRIVILEGE or application_role is not None:
            raise
        found = await heads_of(engine)
        raise SchemaError(", ".join(sorted(found)) or "none", ", ".join(sorted(wanted_heads()))) from error


def wanted_heads() -> set[str]:
    """The newest revision of this program's tables."""
    return {max(_revisions())}


def _revisions() -> set[str]:
    """All that this program's tables have been through. Each file is called by its own: to read all of them for that
    would take every command a tenth of a second."""
    return {file.name.partition("_")[0] for file in (MIGRATIONS / "versions").glob("[0-9]*.py")}


async def heads_of(engine: AsyncEngine) -> set[str]:
    """The revision of the tables that are there, empty where there are none; writes nothing."""

    async def look(connection: AsyncConnection) -> set[str]:
        return await connection.run_sync(_heads)

    return await take_turn(engine, look, Patience(), keep=False, writes=False)


def _heads(connection: Connection) -> set[str]:
    return set(MigrationContext.configure(connection).get_current_heads())


def _upgrade(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        if not inspect(connection).has_table(VERSIONS):
            connection.execute(text(MAKES_VERSIONS))
        connection.execute(text(f"SELECT version_num FROM {VERSIONS} FOR UPDATE"))
        if _heads(connection) == wanted_heads():  # whoever only grants may have no right to make a table
            return
        check_by_row_where_it_must(connection)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
