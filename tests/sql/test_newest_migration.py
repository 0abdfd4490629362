"""Which migration is the newest is known without reading them; where it was made, nothing else is."""

from pathlib import Path

from alembic.script import ScriptDirectory
from sqlalchemy import text

from ccd.sql.engine import open_engine
from ccd.sql.migrate import MIGRATIONS, upgrade, wanted_heads
from tests.databases import PostgreSQL


def test_the_newest_of_the_files_is_what_all_others_lead_to():
    scripts = ScriptDirectory(str(MIGRATIONS))
    assert set(scripts.get_heads()) == wanted_heads()
    assert all(Path(one.path).name.startswith(f"{one.revision}_") for one in scripts.walk_revisions())


async def test_what_the_daemon_may_is_granted_again_by_an_owner_who_may_make_no_tables_by_now(
    postgresql: PostgreSQL,
) -> None:
    number = next(postgresql.numbers)
    name, daemon = f"owner_{number}", f"daemon_of_{number}"
    for role in (name, daemon):
        postgresql.run(f"CREATE ROLE {role} LOGIN")
    url = postgresql.create()
    server, owner = open_engine(url), open_engine(url.replace("postgres@", f"{name}@"))
    may = f"has_schema_privilege('{name}', 'public', 'CREATE'), has_table_privilege('{daemon}', 'entries', 'INSERT')"

    async def after(*statements: str) -> tuple[bool, ...]:
        """Whether the owner may make tables, and the daemon post."""
        async with server.begin() as connection:
            for statement in statements:
                await connection.execute(text(statement))
            return tuple((await connection.execute(text(f"SELECT {may}"))).one())

    async with server.begin() as connection:
        await connection.execute(text(f"GRANT CREATE ON SCHEMA public TO {name}"))
    await upgrade(owner, application_role=daemon)
    assert await after() == (True, True)
    taken_away = f"REVOKE CREATE ON SCHEMA public FROM {name}, PUBLIC", f"REVOKE ALL ON entries FROM {daemon}"
    assert await after(*taken_away) == (False, False)
    await upgrade(owner, application_role=daemon)
    assert await after() == (False, True)
    await owner.dispose()
    await server.dispose()
