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
    name = f"owner_{next(postgresql.numbers)}"
    postgresql.run(f"CREATE ROLE {name} LOGIN")
    url = postgresql.create()
    server, owner = open_engine(url), open_engine(url.replace("postgres@", f"{name}@"))
    for right in (f"GRANT CREATE ON SCHEMA public TO {name}", f"REVOKE CREATE ON SCHEMA public FROM {name}"):
        async with server.begin() as connection:
            await connection.execute(text(right))
        await upgrade(owner, application_role="postgres")
    await owner.dispose()
    await server.dispose()
