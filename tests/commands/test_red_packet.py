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
    assert "allowed: a month" in refused(config, "caps", "2026-13")
