"""`ccd migrate`: the owner's tables, and a daemon's role that can add to them and change nothing."""

from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from ccd.ledger.books import Ledger
from ccd.sql.engine import open_engine
from tests.commands.running import ccd
from tests.databases import PostgreSQL
from tests.ledger.accounts import give, open_guarded, open_house, posting

CONFIGURATION = '[[pbx]]\nname = "pbx"\nhost = "127.0.0.1"\nsecret = "secret"\n'


@pytest.fixture
def role(postgresql: PostgreSQL) -> str:
    name = f"ccd-{next(postgresql.numbers)}"  # a name that has to be quoted
    postgresql.run(f'CREATE ROLE "{name}" LOGIN')
    return name


def configured(folder: Path, url: str = "embedded") -> Path:
    file = folder / "ccd.toml"
    file.write_text(CONFIGURATION + f'[sql]\nurl = "{url}"\n')
    return file


async def test_the_owner_migrates_and_the_daemons_role_can_post_and_change_nothing(
    postgresql: PostgreSQL, role: str, tmp_path: Path
) -> None:
    """On a server where nobody may call a function who was not told so."""
    url = postgresql.create().replace("+asyncpg", "")
    owner = await asyncpg.connect(url)
    await owner.execute("ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC")
    await owner.close()
    config = configured(tmp_path, url.replace("postgres@", f"{role}@"))
    before = ccd("ledger", "balance", "1001", "--config", config)
    assert (before.returncode, before.stdout) == (1, "")
    assert "run `ccd migrate` as the role that they belong to" in before.stderr
    done = ccd("migrate", "--config", config, "--url", url, "--role", role)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith(f"{role} may read and add, and change nothing that was posted\n")
    after = ccd("ledger", "balance", "1001", "--config", config)
    assert after.stderr.startswith("1001 has no account")
    ledger = Ledger(open_engine(url.replace("postgres@", f"{role}@")), lambda: 1)
    await open_guarded(ledger, ["ann"], ("savings",))
    await open_house(ledger, "house", ("savings",))
    await ledger.post(posting("a", give("ann", 5)))
    with pytest.raises(DBAPIError, match="permission denied"):
        async with ledger.engine.begin() as connection:
            await connection.execute(text("UPDATE entries SET seconds = 6"))
    await ledger.engine.dispose()


def test_a_role_that_is_none_is_named(postgresql: PostgreSQL, tmp_path: Path) -> None:
    done = ccd("migrate", "--config", configured(tmp_path), "--url", postgresql.create(), "--role", "ghost")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith('the database refused: role "ghost" does not exist; create the role first')


def test_a_file_has_no_roles_and_is_migrated_without(tmp_path: Path) -> None:
    config = configured(tmp_path, f"sqlite:///{tmp_path / 'ccd.sqlite'}")
    refused = ccd("migrate", "--config", config, "--role", "ccd")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "SQLite has no roles" in refused.stderr
    assert ccd("migrate", "--config", config).stdout.startswith("the tables are of revision ")
    for address in ("mysql://x", "postgresql://ccd@db:port/ccd", "sqlite", ""):
        done = ccd("migrate", "--config", config, "--url", address)
        assert (done.returncode, "Traceback" in done.stderr) == (2, False)
