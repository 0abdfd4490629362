"""`ccd bank withdraw`, as a person types it: from the quota to the day that has come and gone."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.commands import running
from tests.commands.recorded_days import DAY, ccd, settled


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """1001 has 465 s of savings, earned on 2099-11-24, a day that is settled, and worked nine hours of it."""
    return settled(tmp_path)


def call(config: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return running.ccd("bank", "withdraw", words[0], "--config", config, *words[1:], COLUMNS="160")


def said(config: Path, *words: str) -> str:
    return running.said(call(config, *words))


def refused(config: Path, *words: str) -> str:
    return running.refusal(call(config, *words))


def balances(config: Path) -> dict[str, int]:
    accounts = json.loads(ccd(config, "ledger", "balance", "1001", "--format", "json").stdout)["accounts"]
    return {kind: seconds for kind, seconds in accounts.items() if seconds}


def apply(seconds: int, *more: str) -> tuple[str, ...]:
    return ("apply", "1001", *DAY, "--seconds", str(seconds), *more)


def test_a_part_of_a_day_is_applied_for_approved_and_spent_but_for_what_was_worked(config: Path) -> None:
    assert "ccd bank withdraw quota team-1 2099-11-24" in refused(config, *apply(400))
    assert "1 of team-1 may be off" in said(config, "quota", "team-1", "tuesday", "1")
    assert "has 465 s to give, and 466 s are to be reserved" in refused(config, *apply(466))
    assert said(config, *apply(400, "--key", "a")) == "a: 400 s of 1001 on 2099-11-24: applied\n"
    assert said(config, *apply(400, "--key", "a")) == "a: 400 s of 1001 on 2099-11-24: applied\n"
    assert balances(config) == {"savings": 65, "reserved": 400}
    assert said(config, "approve", "a").endswith("approved\n")
    (listed,) = json.loads(said(config, "list", *DAY, "--format", "json"))["applications"]
    assert (listed["state"], listed["hold"], listed["seconds"]) == ("approved", True, 400)
    assert "approved" in said(config, "list", *DAY)
    assert said(config, "close", *DAY).endswith("taken\n")
    assert balances(config) == {"savings": 465}, "all of it was worked all the same"
    assert "nothing of 2099-11-24 was left" in said(config, "close", *DAY)


def test_what_is_cancelled_refused_or_taken_back_goes_back_and_who_waits_moves_up(config: Path) -> None:
    said(config, "quota", "team-1", "2099-11-24", "1")
    for name, verb, more in (("a", "cancel", ()), ("b", "refuse", ("--text", "a rush")), ("c", "take-back", WHY)):
        said(config, *apply(400, "--key", name))
        if verb == "take-back":
            said(config, "approve", name)
        said(config, verb, name, *more)
        assert balances(config) == {"savings": 465}
    assert "it stays that" in refused(config, "approve", "a")
    assert "is no application" in refused(config, "cancel", "nobody")


WHY = ("--text", "a storm")


def test_a_day_that_is_not_settled_waits_and_what_is_no_day_is_said(config: Path) -> None:
    other = ("--day", "2099-12-24")
    said(config, "quota", "team-1", "thursday", "1")
    said(config, "apply", "1001", *other, "--seconds", "60", "--key", "later")
    assert "can't be settled yet: days off are spent once" in refused(config, "close", *other)
    assert "allowed: a day, as 2026-12-10, or monday" in refused(config, "quota", "team-1", "someday", "1")
    assert "unit team-9" in refused(config, "quota", "team-9", "monday", "1")
