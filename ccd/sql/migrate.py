"""Brings the tables of all packages up to date, or says that they are not."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ccd.errors import SchemaError
from ccd.sql.roles import grants
from ccd.sql.turns import Patience, take_turn

MIGRATIONS = Path(__file__).with_name("migrations")
MIGRATION_LOCK = 0x636364  # "ccd": two daemons that start at once migrate one after the other


async def upgrade(engine: AsyncEngine, application_role: str | None = None) -> None:
    """Migrates to the newest revision, in one transaction. Does nothing where it is the newest already.

    On PostgreSQL the tables belong to the role of `engine`; `application_role`, an existing one, is then granted what
    the daemon needs and no more (`roles`).
    """

    async def work(connection: AsyncConnection) -> None:
        await connection.run_sync(_upgrade)
        if application_role is not None:
            for statement in grants(application_role, engine.dialect):
                await connection.execute(text(statement))

    await take_turn(engine, work, Patience())


async def require_current(engine: AsyncEngine) -> None:
    """SchemaError unless the tables are exactly those of this program; writes nothing."""
    async with engine.connect() as connection:
        found = await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_heads())
    wanted = ScriptDirectory(str(MIGRATIONS)).get_heads()
    if set(found) != set(wanted):
        raise SchemaError(", ".join(found) or "none", ", ".join(wanted))


def _upgrade(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
