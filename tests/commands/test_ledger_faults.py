"""SQLite under faults, as who posts by hand sees it: one line, nothing half done, and on it goes afterwards."""

import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.commands import running
from tests.commands.recorded_days import DAY, ccd, configured, settled

# Root may write everything: a user of a namespace of its own may not, though the files are the same user's.
PLAIN_USER = ("unshare", "--user", "--map-user=1000", "--map-group=1000") if os.geteuid() == 0 else ()
OWN_MOUNTS = ("unshare", "--user", "--map-root-user", "--mount")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return settled(tmp_path)


def database_of(config: Path) -> Path:
    return config.parent / "state" / "ccd.sqlite"


def words(key: str) -> tuple[str, ...]:
    return ("transfer", "1001:savings", "house:overdraft", "5", *DAY, "--text", "why", "--key", key)


def transfer(config: Path, key: str, inside: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*inside, sys.executable, "-c", running.PROGRAM, "ledger", *words(key), "--config", config],
        capture_output=True, text=True, timeout=60, env=os.environ | {"PYTHONPATH": str(running.HERE)},
    )  # fmt: skip


def check_refused(done: subprocess.CompletedProcess[str], *said: str) -> None:
    """In one line."""
    assert done.returncode == 1, (done.stdout, done.stderr)
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1, done.stderr
    assert all(part in done.stderr for part in said), done.stderr


def check_goes_on(config: Path, *keys: str) -> None:
    """Of what was posted since the day was settled there is all; the next is posted; and the ledger follows."""
    done = transfer(config, "next")
    assert "next/r1 posted" in done.stdout, done.stderr
    for key in keys:
        assert f"{key}/r1 was posted before" in transfer(config, key).stdout
    assert (
        f"{2 + len(keys)} transactions with {2 + len(keys)} transfers, all as they were written"
        in ccd(config, "ledger", "verify").stdout
    )


def test_a_file_that_can_only_be_read(config: Path) -> None:
    database = database_of(config)
    database.chmod(0o444)
    check_refused(transfer(config, "a", PLAIN_USER), "readonly database; let ccd's user write the file and its folder")
    database.chmod(0o600)
    check_goes_on(config)


def test_a_folder_that_can_only_be_read(config: Path) -> None:
    """What SQLite writes first lies beside the file."""
    database_of(config).parent.chmod(0o555)
    done = transfer(config, "a", PLAIN_USER)
    database_of(config).parent.chmod(0o700)
    check_refused(done, "readonly database; let ccd's user write the file and its folder")
    check_goes_on(config)


def test_a_file_that_is_no_database_or_was_cut_off_is_left_as_it_is(config: Path) -> None:
    assert transfer(config, "before").returncode == 0
    database = database_of(config)
    whole = database.read_bytes()
    cases = {
        b"no database at all" * 500: "file is not a database; name another file, or restore this one",
        whole[: len(whole) // 2]: "disk image is malformed; keep the file, and restore it from a backup",
    }
    for broken, said in cases.items():
        database.write_bytes(broken)
        check_refused(transfer(config, "a"), said)
        assert database.read_bytes() == broken
    database.write_bytes(whole)
    check_goes_on(config, "before")


def test_another_process_that_writes_is_waited_for_and_both_are_in(config: Path) -> None:
    hand = sqlite3.connect(database_of(config), isolation_level=None, check_same_thread=False)
    hand.execute("BEGIN IMMEDIATE")
    letting_go = threading.Timer(1.5, hand.rollback)
    letting_go.start()
    both = [
        subprocess.Popen(
            [sys.executable, "-c", running.PROGRAM, "ledger", *words(key), "--config", config],
            env=os.environ | {"PYTHONPATH": str(running.HERE)},
        )
        for key in ("a", "b")
    ]
    assert [one.wait(60) for one in both] == [0, 0]
    letting_go.join()
    hand.close()
    check_goes_on(config, "a", "b")


def test_another_process_that_hangs_on_its_lock_is_not_waited_for_for_ever(config: Path) -> None:
    hand = sqlite3.connect(database_of(config), isolation_level=None)
    hand.execute("BEGIN IMMEDIATE")
    check_refused(
        transfer(config, "a"), "busy or away for 6 attempts in 1", "database is locked", "nothing was written"
    )
    hand.close()
    check_goes_on(config)


# On a disk of 4 MiB that nobody else sees: each line of what it says is a key and what came of it.
FULL_DISK = """
mount -t tmpfs -o size=4m small "$DISK" && cp -r "$KEPT"/. "$DISK" || exit 9
ccd() { "$PYTHON" -c "$PROGRAM" ledger "$@" --config "$DISK/ccd.toml" 2>&1; }
transfer() {
    printf "$1: "
    ccd transfer 1001:savings house:overdraft 1 --day 2099-11-24 --text "$TEXT" --key "$1"
}
cat /dev/zero > "$DISK/other" 2>/dev/null
transfer full
for room in 40 80 120 160 200; do
    truncate -s "-40K" "$DISK/other"
    transfer "room-$room"
done
cat /dev/zero >> "$DISK/other" 2>/dev/null
transfer full-again
rm "$DISK/other"
for key in full room-40 room-200 full-again; do transfer $key; done
ccd verify
ccd balance 1001 --format json
"""


def test_a_disk_that_is_full_takes_all_of_a_transfer_or_nothing(
    config: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    disk = tmp_path_factory.mktemp("disk")
    said = subprocess.run(
        [*OWN_MOUNTS, "sh", "-c", FULL_DISK],
        capture_output=True, text=True, timeout=100, check=True,
        env=os.environ | {"PYTHONPATH": str(running.HERE), "PYTHON": sys.executable, "PROGRAM": running.PROGRAM,
                          "DISK": str(disk), "KEPT": str(config.parent), "TEXT": "why " * 500},
    )  # fmt: skip
    assert said.stderr == ""
    lines = said.stdout.splitlines()
    refused = [line for line in lines if "the database refused: " in line]
    posted = [line.split(":")[0] for line in lines if line.endswith("/r1 posted")]
    before = [line.split(":")[0] for line in lines if line.endswith("/r1 was posted before")]
    *transfers, _, _ = lines
    assert sorted([line.split(":")[0] for line in refused] + posted + before) == sorted(
        line.split(":")[0] for line in transfers
    ), "a line each"
    assert all("make room on the disk" in line and line.endswith("is not written") for line in refused)
    assert any("database or disk is full; " in line for line in refused)
    assert {line.split(":")[0] for line in refused} >= {"full", "full-again"}
    assert {"full", "full-again"} <= set(posted), "once there was room"
    assert before == ["room-200"], "what was answered while there was hardly any is there"
    count = 1 + len(posted)
    assert f"{count} transactions with {count} transfers, all as they were written" in said.stdout
    assert f'"savings": {465 - len(posted)}' in said.stdout


NO_DAY, NO_FACTS = "UPDATE entries SET day = 'x'", "UPDATE transactions SET facts = 'none'"
DAMAGED = (
    (NO_DAY, ("statement", "1001"), "string: 'x'"),
    (NO_DAY, ("export", "--format", "beancount"), "string: 'x'"),
    (NO_DAY, ("reverse", "1", "--text", "why"), "string: 'x'"),
    (NO_FACTS, ("statement", "1001"), "JSONDecodeError"),
    ("UPDATE balances SET seconds = 1.5", ("balance", "1001"), "its seconds is 1.5, which none can be"),
    ("UPDATE entries SET seconds = 1.5", ("trial-balance", "--month", "2099-11"), "which none can be"),
    ("DELETE FROM accounts WHERE floor IS NULL", ("export", "--format", "hledger"), "KeyError"),
)


def test_a_ledger_that_was_changed_behind_its_back_is_told_so_and_what_says_where(config: Path) -> None:
    whole = database_of(config).read_bytes()
    for change, asked, says in DAMAGED:
        with sqlite3.connect(database_of(config), isolation_level=None) as hand:
            for (name,) in hand.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                hand.execute(f"DROP TRIGGER {name}")
            hand.execute(change)
        done = ccd(config, "ledger", *asked)
        assert (done.returncode, done.stderr.count("\n")) == (1, 1), (change, asked, done)
        assert says in done.stderr
        assert done.stderr.endswith("`ccd ledger verify` says where; if it finds nothing, this is a defect of ccd\n")
        hand.close()
        database_of(config).write_bytes(whole)


def test_a_file_that_is_not_there_is_no_ledger_to_carry_over_and_is_not_made(tmp_path: Path) -> None:
    source, target = tmp_path / "misspelled.sqlite", tmp_path / "target.sqlite"
    done = running.ccd("ledger", "move", "--from", f"sqlite:///{source}", "--to", f"sqlite:///{target}", COLUMNS="160")
    assert done.returncode == 2
    assert f"{str(source)!r} is no file that is there" in done.stderr
    assert not source.exists()
    assert not target.exists()


def test_what_is_no_address_of_a_database_is_told_so(tmp_path: Path) -> None:
    done = running.ccd("ledger", "move", "--from", "sqlitefile", "--to", f"sqlite:///{tmp_path / 'target.sqlite'}")
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert "allowed: sqlite:///PATH or" in done.stderr.replace("\n", " ")


def test_a_file_that_a_ledger_is_carried_to_is_its_users_alone(config: Path, tmp_path: Path) -> None:
    source, target = database_of(config), tmp_path / "target.sqlite"
    done = running.ccd("ledger", "move", "--from", f"sqlite:///{source}", "--to", f"sqlite:///{target}")
    assert "rows were carried over" in running.said(done)
    assert target.stat().st_mode & 0o777 == 0o600


def test_a_head_of_no_blocks_is_not_told_as_if_it_held_a_ledger(tmp_path: Path) -> None:
    config, key, head = configured(tmp_path), tmp_path / "key.pem", tmp_path / "head.json"
    running.said(running.ccd("ledger", "new-key", str(key)))
    running.said(ccd(config, "ledger", "checkpoint", "--key", str(key), "--output", str(head)))
    assert "any ledger leads to a head of no blocks" in running.said(
        ccd(config, "ledger", "verify", "--against", str(head))
    )
