"""`ccd resettle`: the ledger says what the segments say; where somebody has forged either, it names whose day it is."""

import sqlite3
import subprocess
from pathlib import Path

import pytest

from tests.commands import recorded_months, running
from tests.commands.recorded_days import DAY, SHIFT, at, ccd, configured, recorded, settled
from tests.floor.floors import added, heard, paused, removed, unpaused

MONTH = "2099-11"
ANOTHER = (
    added(at(86_400 + 28_800)), paused(at(86_400 + 30_000), "water"), unpaused(at(86_400 + 33_000)),
    removed(at(86_400 + 57_600)),
)  # fmt: skip


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Two days of 1001 that are settled: 465 s are saved on the first and, with an overdraft of 1935 s, taken on the
    second; the rest is personal leave."""
    file = configured(tmp_path)
    recorded(file, *SHIFT, *ANOTHER, heard(at(2 * 86_400)))
    running.said(ccd(file, "settle", "--day", "2099-11-25", "--unit", "team-1"))
    return file


def resettled(config: Path, *words: str) -> subprocess.CompletedProcess[str]:
    done = ccd(config, "resettle", MONTH, *words)
    assert "Traceback" not in done.stderr, done.stderr
    return done


def differing(config: Path, *words: str) -> list[str]:
    """All it has to say, but for the two lines at the end."""
    done = resettled(config, *words)
    assert (done.returncode, done.stderr) == (1, "")
    lines = done.stdout.splitlines()
    assert lines[-1] == f"{len(lines) - 2} differ"
    return lines[:-2]


def forge(config: Path, change: str) -> None:
    """As whoever owns the file can, once the triggers are out of the way."""
    with sqlite3.connect(config.parent / "state" / "ccd.sqlite") as connection:
        for (trigger,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {trigger}")
        connection.execute(change)
    connection.close()


def ledger_of(config: Path) -> str:
    return ccd(config, "ledger", "export", "--format", "jsonl").stdout


def test_a_month_agrees_and_nothing_is_posted(config: Path) -> None:
    before = ledger_of(config)
    for words in ((), ("--unit", "team-1")):
        done = resettled(config, *words)
        assert (done.returncode, done.stderr) == (0, ""), done.stdout
        assert done.stdout.splitlines() == [
            "2099-11: 2 agent-days are worth -1470 s; the ledger holds leave +1470, overdraft -465, savings +465",
            "the ledger says the same, and nothing was posted",
        ]
    assert ledger_of(config) == before
    assert resettled(config, "--unit", "team-2").stdout.startswith("2099-11: 0 agent-days are worth +0 s")


def test_an_entry_that_was_forged_is_named_with_its_day(config: Path) -> None:
    forge(config, "UPDATE entries SET seconds = 4650 WHERE service = 'savings'")
    assert differing(config) == ["1001 on 2099-11-24 is worth +465 s, and the ledger holds +4650 s (savings +4650)"]


def test_a_record_that_was_forged_is_named_with_what_settling_it_would_post(config: Path) -> None:
    forge(config, "UPDATE day_records SET aux_us = 0, exempt_us = 600250000 WHERE day = '2099-11-24'")
    (found,) = differing(config)
    assert found.startswith("1001 on 2099-11-24 has a record that was changed after it was written; settling it would")


def test_a_segment_that_was_forged_is_named(config: Path) -> None:
    forge(config, "UPDATE segments SET reason = 'meal' WHERE reason = 'water'")
    (found,) = differing(config)
    assert found == (
        "1001 on 2099-11-25 is measured otherwise now than when it was recorded: segments, roster, shifts or policy"
        " differ; settling it would post leave 1470 s to house/ccd leave, overdraft 465 s to agent/1001 savings,"
        " savings 954 s to agent/1001 savings"
    )


def test_a_settlement_that_was_taken_back_by_hand_or_has_no_record_is_named(config: Path) -> None:
    running.said(ccd(config, "ledger", "reverse", "2", "--text", "a favour"))
    assert differing(config) == ["1001 on 2099-11-25 is worth -1935 s, and the ledger holds +0 s (nothing)"]
    forge(config, "DELETE FROM unit_days WHERE day = '2099-11-24'")
    assert differing(config)[-1] == "1001 on 2099-11-24 has no record, and the ledger holds {'savings': 465}"


def test_a_day_that_waits_is_said_and_is_no_difference(config: Path) -> None:
    forge(config, "UPDATE unit_days SET stale = 1 WHERE day = '2099-11-25'")
    done = resettled(config)
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "team-1 on 2099-11-25 waits to be settled")


def test_a_day_that_nobody_settled_is_said(tmp_path: Path) -> None:
    config = configured(tmp_path)
    recorded(config, *SHIFT, *ANOTHER, heard(at(4 * 86_400)))
    running.said(ccd(config, "settle", *DAY, "--unit", "team-1"))
    done = resettled(config)
    assert (done.returncode, done.stdout.splitlines()) == (0, [
        "team-1 from 2099-11-25 to 2099-11-27 waits to be settled",
        "2099-11: 1 agent-days are worth +465 s; the ledger holds savings +465",
        "of what is settled the ledger says the same, and nothing was posted",
    ])  # fmt: skip


def test_a_day_of_which_all_traces_were_taken_away_but_its_segments_is_named(config: Path) -> None:
    third = (added(at(2 * 86_400 + 28_800)), removed(at(2 * 86_400 + 57_600)), heard(at(3 * 86_400)))
    recorded(config, *third)
    running.said(ccd(config, "settle", "--day", "2099-11-26", "--unit", "team-1"))
    assert resettled(config).returncode == 0
    for table, of in (("unit_days", "day"), ("day_records", "day"), ("entries", "day")):
        forge(config, f"DELETE FROM {table} WHERE {of} = '2099-11-25'")
    forge(config, "DELETE FROM transactions WHERE key LIKE '%2099-11-25'")
    done = resettled(config)
    assert done.returncode == 1
    assert done.stdout.startswith("1001 on 2099-11-25 has no record; settling it would post ")


def test_days_off_and_packets_are_held_against_their_rows(tmp_path: Path) -> None:
    config = settled(tmp_path)
    for words in (
        ("quota", "team-1", "tuesday", "2"), ("apply", "1001", *DAY, "--seconds", "100", "--key", "a"),
        ("approve", "a"), ("close", *DAY), ("apply", "1001", *DAY, "--seconds", "200", "--key", "b"),
    ):  # fmt: skip
        running.said(running.ccd("bank", "withdraw", words[0], "--config", config, *words[1:], COLUMNS="160"))
    assert resettled(config).returncode == 0
    forge(config, "UPDATE withdrawals SET seconds = 201 WHERE id = 'b'")
    assert differing(config) == ["hold/b on 2099-11-24 holds 200 s, and the application says 201 s"]
    forge(config, "DELETE FROM withdrawal_states WHERE withdrawal = 'a' AND state = 'taken'")
    assert "end/a on 2099-11-24 was posted 1 times, and the application ended 0 times" in differing(config)
    forge(config, "DELETE FROM withdrawals WHERE id = 'a'")
    assert "hold/a on 2099-11-24 moves 100 s, and there is no application a" in differing(config)


def test_a_unit_or_a_month_that_is_none_is_said(config: Path) -> None:
    assert "units on it: team-1, team-2" in running.refusal(ccd(config, "resettle", MONTH, "--unit", "team-9"))
    assert "2099-13" in running.refusal(ccd(config, "resettle", "2099-13"))


def test_leave_of_idle_days_is_held_against_what_was_reckoned_before_and_after_the_month_closes(tmp_path: Path) -> None:
    lent = recorded_months.planned(tmp_path)
    for closed in (False, True):
        if closed:
            recorded_months.settle_the_rest(lent)
            running.said(ccd(lent, "bank", "month", "close", recorded_months.MONTH))
        done = ccd(lent, "resettle", recorded_months.MONTH)
        assert (done.returncode, done.stderr) == (0, ""), done.stdout
    forge(lent, "UPDATE entries SET seconds = 1700 WHERE service = 'idle_leave'")
    done = ccd(lent, "resettle", recorded_months.MONTH)
    assert "1001 on 2026-08-12 owes 1800 s of idle leave, and the ledger holds 1700 s" in done.stdout
