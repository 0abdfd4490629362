"""`ccd webhook`, and what `ccd check` says of a [[webhook]]."""

import asyncio
import json
from pathlib import Path

import pytest

from ccd.bank.outbox import begin_hooks, claim, due, failed, tell
from ccd.daemon.stores import database
from ccd.history.reading import reading
from ccd.settings import read
from ccd.sql.turns import Patience, take_turn
from tests.bank.test_outbox import item
from tests.commands.running import ccd, refusal, said

HOOK = '[[webhook]]\nname = "hr"\nurl = "https://hr.example.org/ccd"\nsecret_file = "secret"\n'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    said(ccd("webhook", "secret", tmp_path / "secret"))
    config = tmp_path / "ccd.toml"
    config.write_text(HOOK)
    return config


def test_a_secret_is_made_once_for_its_owner_alone(file: Path) -> None:
    secret = file.with_name("secret")
    assert secret.read_text().startswith("whsec_")
    assert secret.stat().st_mode & 0o777 == 0o600
    assert "is there already" in refusal(ccd("webhook", "secret", secret))


def test_what_stands_is_listed_and_tried_again_when_somebody_says_why(file: Path) -> None:
    words = ("--config", file)
    assert "hr" in said(ccd("webhook", "list", *words))
    assert "begins once the daemon runs" in refusal(ccd("webhook", "retry", "hr", "--text", "mended", *words))
    asyncio.run(stopped(file))
    (one,) = json.loads(said(ccd("webhook", "list", "--format", "json", *words)))["webhooks"]
    assert (one["name"], one["tries"], one["stopped"], one["waiting"]) == ("hr", 1, "gone", 2)
    assert "stopped: gone" in said(ccd("webhook", "list", *words, COLUMNS="160"))
    assert said(ccd("webhook", "retry", "hr", "--text", "mended", *words)) == "hr goes on behind item 0\n"
    assert said(ccd("webhook", "retry", "hr", "--from", "2", "--text", "once more", *words)).endswith("item 1\n")
    assert "webhook retry" in said(ccd("acts", *words))
    assert "is not configured" in refusal(ccd("webhook", "retry", "sap", "--text", "mended", *words))


async def stopped(file: Path) -> None:
    async with database(read(file)) as engine:
        await take_turn(engine, lambda connection: begin_hooks(connection, ["hr"]), Patience())
        async with engine.begin() as connection:
            await connection.run_sync(tell, [item("ann"), item("bob")])
        async with reading(engine) as connection:
            found = await due(connection, "hr", ["attendance.day"], 1)
        assert found is not None
        claimed = await take_turn(engine, lambda connection: claim(connection, found[0], 1, 2), Patience())
        assert claimed is not None
        await take_turn(engine, lambda connection: failed(connection, claimed, 3, "answered 410", "gone"), Patience())


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('url = "http://hr.example.org/ccd"', "of another machine, in clear"),
        ('url = "https://me:secret@hr.example.org/"', "holds a login"),
        ('url = "ftp://hr.example.org/"', "begins with neither"),
        ('url = "https://hr.example.org/#x"', "behind #"),
        ('url = "https:///x"', "names no host"),
        ('kinds = ["attendance.year"]', "attendance.month"),
        ('secret_file = "nowhere"', "can't be read"),
        ('secret_file = "short"', "ccd webhook secret FILE"),
        ('name = "HR"', "allowed: up to 40"),
    ],
)
def test_what_is_wrong_with_a_webhook_is_said_before_anything_is_told(file: Path, line: str, problem: str) -> None:
    key = line.partition(" ")[0]
    kept = [each for each in HOOK.splitlines() if not each.startswith(f"{key} ")]
    file.with_name("short").write_text("whsec_c2hvcnQ=\n")
    file.write_text("\n".join([*kept, line]))
    done = ccd("check", "--config", file)
    assert done.returncode == 2
    assert problem in done.stdout + done.stderr
    assert "me:secret" not in done.stdout + done.stderr


def test_two_of_a_name_are_a_fault_and_this_machine_may_be_told_in_clear(file: Path) -> None:
    file.write_text(HOOK + HOOK.replace("https://hr.example.org", "http://[::1]:9000"))
    done = ccd("check", "--config", file)
    assert "is the name of another [[webhook]]" in done.stdout + done.stderr
    assert "in clear" not in done.stdout + done.stderr
