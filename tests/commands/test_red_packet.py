"""`ccd bank red-packet`, as a person types it."""

import json
import subprocess
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.commands import running

CONFIGURATION = """
timezone = "Asia/Shanghai"
roster = "roster.csv"

[[policy]]
from = 1970-01-01
gift.kinds = ["contest"]

[units.team-1]
parent = "centre"

[units.centre]
name = "Support"
"""
ROSTER = "agent,interface,member_name,unit\n1001,PJSIP/1001,,team-1\n1002,PJSIP/1002,,team-1\n"
WHY = ("--text", "won the quiz")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "roster.csv").write_text(ROSTER)
    file = tmp_path / "ccd.toml"
    file.write_text(CONFIGURATION)
    return file


def call(config: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return running.ccd("bank", "red-packet", words[0], "--config", config, *words[1:], COLUMNS="160")


def said(config: Path, *words: str) -> str:
    return running.said(call(config, *words))


def refused(config: Path, *words: str) -> str:
    return running.refusal(call(config, *words))


def month() -> str:
    """By the clock of the unit, which may have another month already than this machine's."""
    return datetime.now(ZoneInfo("Asia/Shanghai")).strftime("%Y-%m")


def give(*agents: str, seconds: int = 600, kind: str = "contest") -> tuple[str, ...]:
    return ("give", "team-1", *agents, "--seconds", str(seconds), "--kind", kind, *WHY)


def test_hours_are_declared_packets_given_and_refused_with_the_figures(config: Path) -> None:
    assert "ccd bank red-packet declare team-1" in refused(config, *give("1001"))
    assert "it is empty" in refused(config, "declare", "team-1", month(), "100", "--text", " ")
    assert "has 360000 s" in said(config, "declare", "team-1", month(), "100", *WHY)
    assert "packet/quiz/r1 posted" in said(config, *give("1001", "1002"), "--key", "quiz")
    assert "packet/quiz/r1 was posted before" in said(config, *give("1001", "1002"), "--key", "quiz")
    assert "may give 3600 s" in refused(config, *give("1001", seconds=2_401))
    assert "kinds of team-1's policy: contest" in refused(config, *give("1001", kind="suggestion"))
    caps = json.loads(said(config, "caps", month(), "--format", "json"))["units"]
    assert caps == [{"unit": unit, "month": month(), "cap_s": 3_600, "given_s": 1_200} for unit in ("centre", "team-1")]
    assert "3600" in said(config, "caps", month())
    balance = running.ccd("ledger", "balance", "1001", "--config", config, "--format", "json")
    assert json.loads(balance.stdout)["accounts"]["gift"] == 600
    statement = running.ccd("ledger", "statement", "1002", "--config", config)
    assert "won the quiz" in statement.stdout


def test_a_unit_that_is_nowhere_is_named_with_those_there_are(config: Path) -> None:
    assert "unit team-9" in (message := refused(config, "declare", "team-9", month(), "1", *WHY))
    assert "centre, team-1" in message
    for month_never in ("2026-13", "9999-12", "0001-01"):
        assert "allowed: a month" in refused(config, "caps", month_never)


def test_a_budget_is_handed_out_given_from_and_taken_back(config: Path) -> None:
    said(config, "declare", "team-1", month(), "100", *WHY)
    hand = ("hand-budget", "team-1", "tina", "--seconds", "2000", *WHY, "--key", "b")
    handed = f"b: tina may give 2000 s of team-1 in {month()}\n"
    assert said(config, *hand) == handed
    assert said(config, *hand) == handed
    assert "was handed out to tina before" in refused(config, "hand-budget", "team-1", "theo", *hand[3:])
    assert "team-1 may give 3600 s" in refused(config, *give("1001", seconds=1_601))
    assert "posted" in said(config, *give("1001"), "--budget", "b")
    assert "budget b may give 2000 s" in refused(config, *give("1001", seconds=1_401), "--budget", "b")
    (kept,) = json.loads(said(config, "budgets", month(), "--format", "json"))["budgets"]
    assert (kept["holder"], kept["seconds"], kept["given"], kept["ended"]) == ("tina", 2_000, 600, False)
    assert "1400" in said(config, "budgets", month())
    assert said(config, "recall", "b", *WHY) == "b: 600 s were given, 1400 s came back\n"
    assert "came back" in said(config, "budgets", month())
    assert "is not there" in refused(config, "recall", "x", *WHY)
    acts = json.loads(running.said(running.ccd("acts", "--config", config, "--format", "json")))
    kinds = ["recall budget", "give packet", "hand budget", "declare hours"]
    assert [act["kind"] for act in acts] == kinds
    assert {act["why"] for act in acts} == {"won the quiz"}


def test_what_was_proposed_is_confirmed_or_declined_by_name(config: Path) -> None:
    said(config, "declare", "team-1", month(), "100", *WHY)
    box = ("--source", "box", "--name")
    what = ("propose", "team-1", "1001", "--seconds", "600", "--kind", "contest", *WHY)
    assert said(config, *what, *box, "7") == "box/7: 600 s each for 1001: open\n"
    assert said(config, *what, *box, "7") == "box/7: 600 s each for 1001: open\n"
    said(config, *what, *box, "8")
    assert "won the quiz" in said(config, "proposals")
    assert said(config, "confirm", "box/7").endswith(": confirmed\n")
    assert said(config, "decline", "box/8", *WHY).endswith(": declined\n")
    assert "was declined by" in refused(config, "confirm", "box/8")
    assert json.loads(said(config, "proposals", "--format", "json"))["proposals"] == []
    kept = json.loads(said(config, "proposals", "--all", "--format", "json"))["proposals"]
    assert [(one["id"], one["verdict"]) for one in kept] == [("box/8", "declined"), ("box/7", "confirmed")]
    balance = running.ccd("ledger", "balance", "1001", "--config", config, "--format", "json")
    assert json.loads(balance.stdout)["accounts"]["gift"] == 600
