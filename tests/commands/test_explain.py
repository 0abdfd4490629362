"""`ccd explain` of what is no settlement: who did it, when and why; and of what is none at all."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.commands import running
from tests.commands.recorded_days import DAY, ccd, settled
from tests.commands.recorded_months import MONTH, planned, settle_the_rest

WHY = ("--text", "the camera was down")


@pytest.fixture
def lent(tmp_path: Path) -> Path:
    return planned(tmp_path)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """1001 has 465 s of savings for 2099-11-24."""
    return settled(tmp_path)


def said(config: Path, *words: str) -> str:
    return running.said(ccd(config, *words))


def number_in(posted: str) -> str:
    return posted.split()[1].rstrip(":")


def lines(config: Path) -> list[dict[str, Any]]:
    """Of the statement, the newest first."""
    told: list[dict[str, Any]] = json.loads(said(config, "ledger", "statement", "1001", "--format", "json"))["lines"]
    return told


def test_a_line_that_was_posted_by_hand_says_by_whom_and_why_and_what_it_takes_back_is_explained_too(
    config: Path,
) -> None:
    words = ("transfer", "1001:savings", "house:overdraft", "65", *DAY, *WHY, "--key", "k1")
    first = number_in(said(config, "ledger", *words))
    told = said(config, "explain", f"{first}.1")
    assert told.startswith("1 min 5 s (65 s) from savings of 1001 to overdraft of house/ccd, for 2099-11-24")
    assert "“the camera was down”" in told
    assert "under the key k1." in told
    second = number_in(said(config, "ledger", "reverse", first, "--text", "it was not"))
    told = said(config, "explain", second)
    assert f"It takes back transfer {first}.1" in told
    assert f"What it takes back: transfer {first}.1" in told
    assert "  “the camera was down”" in told


def test_a_day_off_is_explained_from_what_was_held_to_what_was_spent(config: Path) -> None:
    for words in (
        ("quota", "team-1", "tuesday", "1"), ("apply", "1001", *DAY, "--seconds", "400", "--key", "a"),
        ("approve", "a"), ("close", *DAY),
    ):  # fmt: skip
        running.said(running.ccd("bank", "withdraw", words[0], "--config", config, *words[1:], COLUMNS="160"))
    ended, held = lines(config)[:2]
    told = said(config, "explain", held["transfer"])
    assert "The seconds are held for a day off that was applied for." in told
    states = [
        row["state"] for row in json.loads(said(config, "explain", held["transfer"], "--format", "json"))["rows"][1:]
    ]
    assert states == ["applied", "approved", "taken"]
    told = said(config, "explain", ended["transfer"])
    assert "but for what was worked that day all the same" in told
    assert "application a, day 2099-11-24, seconds 400" in told
    assert "08:00:00–16:00:00  PJSIP/1001 on pbx: signed in" in told, "what was worked is measured"


def test_what_is_no_transfer_is_said(config: Path) -> None:
    for asked, why in (("99.1", "there is no transfer 99.1"), ("1.7", "there is no transfer 1.7"),
                       ("one", "'one'; allowed: a transfer as a statement names it, 1234.1"),
                       ("1.x", "'1.x'"), (f"{2**63}.1", "9223372036854775808.1'; allowed")):  # fmt: skip
        assert why in running.refusal(ccd(config, "explain", asked))


def test_leave_of_an_idle_day_and_what_was_set_against_it_say_so(lent: Path) -> None:
    settle_the_rest(lent)
    running.said(ccd(lent, "bank", "month", "close", MONTH))
    told = {line["service"]: said(lent, "explain", line["transfer"]) for line in lines(lent)}
    assert "The balance goes against personal leave of 2026-08-12 (leave of an idle day)." in told["idle_offset"]
    assert "Nobody had decided it otherwise: it is done by rule." in told["idle_offset"]
    assert "Leave was taken on an idle day: 30 min (1800 s), owed as a loan without interest." in told["idle_leave"]
    assert "absent 08:00:00–08:30:00: personal (leave" in told["idle_leave"]
    assert "shift 08:00:00–16:00:00" in told["savings"]
