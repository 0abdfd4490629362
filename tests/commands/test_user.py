"""`ccd user`, as a person types it."""

import asyncio
import subprocess
import time
from pathlib import Path

import pytest

from ccd.org.people import Person, Role
from ccd.sql.engine import open_engine
from ccd.web.accounts import Accounts
from ccd.web.passwords import Passwords
from tests.commands.running import ccd


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "ccd.toml"
    file.write_text('site = "test"\n')
    return file


def ccd_user(*words: str | Path, given: str = "") -> subprocess.CompletedProcess[str]:
    return ccd("user", *words, given=given)


def lets_in(config: Path, name: str, password: str) -> Person | None:
    async def tried() -> Person | None:
        engine = open_engine(f"sqlite+aiosqlite:///{config.parent / 'state' / 'ccd.sqlite'}")
        found = await Accounts(engine, Passwords(), time.time).with_password(name, password)
        await engine.dispose()
        return found

    return asyncio.run(tried())


def test_people_are_added_listed_given_passwords_and_removed(config: Path) -> None:
    at = ("--config", config)
    lead = ("add", "lead", "--role", "supervisor", "--unit", "team-1", "--unit", "team-2", *at, "--password-stdin")
    agent = ("add", "陈静", "--role", "agent", "--agent", "1001", *at, "--password-stdin")
    for words in (lead, agent):
        done = ccd_user(*words, given="correct horse\n")
        assert (done.returncode, done.stderr) == (0, "")
    listed = ccd_user("list", *at).stdout
    for said in ("lead", "supervisor", "team-1, team-2", "陈静", "agent 1001"):
        assert said in listed
    assert lets_in(config, "lead", "correct horse") == Person("lead", Role.SUPERVISOR, None, ("team-1", "team-2"))
    assert ccd_user("password", "lead", *at, "--password-stdin", given="battery staple\n").returncode == 0
    assert lets_in(config, "lead", "correct horse") is None
    assert lets_in(config, "lead", "battery staple")
    assert ccd_user("remove", "lead", *at).returncode == 0
    assert "lead" not in ccd_user("list", *at).stdout


@pytest.mark.parametrize(
    ("words", "password", "says"),
    [
        (("add", "lead", "--role", "supervisor", "--password-stdin"), "correct horse", "--unit"),
        (("add", "x", "--role", "agent", "--password-stdin"), "correct horse", "--agent"),
        (("add", "x", "--role", "agent", "--agent", "1", "--password-stdin"), "short", "8 to 1000 characters"),
        (("add", "x", "--role", "agent", "--agent", "1"), "", "--password-stdin"),
        (("remove", "nobody"), "", "is not there"),
        (("password", "nobody", "--password-stdin"), "correct horse", "is not there"),
    ],
)
def test_what_can_not_be_is_one_line_that_says_what_to_do(
    config: Path, words: tuple[str, ...], password: str, says: str
) -> None:
    done = ccd_user(*words, "--config", config, given=password + "\n")
    assert done.returncode != 0
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert says in done.stderr
    assert password not in done.stderr or not password


def test_keys_of_other_systems_are_made_listed_and_ended(config: Path) -> None:
    at = ("--config", config)
    make = (
        "key",
        "make",
        "box",
        "--until",
        "2099-12-31",
        "--scope",
        "propose_packets",
        "--unit",
        "*",
        "--text",
        "ideas",
    )
    made = ccd_user(*make, *at)
    assert made.stdout.startswith("ccd_")
    assert "is one already, or was" in ccd_user(*make, *at).stderr
    listed = ccd_user("key", "list", *at).stdout
    assert "propose_packets" in listed
    assert made.stdout.strip() not in listed
    assert ccd_user("key", "end", "box", "--text", "moved", *at).stdout == "box opens nothing any more\n"
    assert "--text is empty" in ccd_user("key", "end", "box", "--text", " ", *at).stderr
    assert "would be over already" in ccd_user(*make[:4], "2020-01-01", *make[5:], *at).stderr
