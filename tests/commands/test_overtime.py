"""`ccd bank overtime`: an emergency from its opening to what it comes to, as a person at a prompt does it."""

import json
import subprocess
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.commands.recorded_days import CONFIGURATION, ROSTER, ccd, recorded
from tests.commands.running import refusal, said
from tests.floor.floors import added, heard

SHANGHAI, UTC = ZoneInfo("Asia/Shanghai"), ZoneInfo("UTC")
ZONE = UTC if datetime.now(SHANGHAI).hour in (23, 0) else SHANGHAI  # no midnight comes in between
BEFORE_S = 900
POLICY = """
[[policy]]
schedules = true

[[policy]]
unit = "team-2"

[units.team-1]

[units.team-2]
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """1001 has been signed in for twenty minutes, and has no shift; 1002 is in a unit without schedules."""
    file = tmp_path / "ccd.toml"
    file.write_text(CONFIGURATION.replace("Asia/Shanghai", ZONE.key) + POLICY)
    (tmp_path / "roster.csv").write_text(ROSTER)
    now = time.time()
    recorded(file, added(now - 1_200), added(now - 1_200, seat="PJSIP/1002"), heard(now))
    return file


def overtime(config: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return ccd(config, "bank", "overtime", *words)


def opened(config: Path) -> None:
    begins = (datetime.now(ZONE) - timedelta(seconds=BEFORE_S)).strftime("%Y-%m-%dT%H:%M:%S")
    for _ in range(2):  # asked again, nothing is another
        told = said(
            overtime(
                config, "open", "team-1", "III", "--text", "the lines are down", "--from", begins, "--key", "storm"
            )
        )
        assert told.startswith("storm: level III in team-1, from "), told


def shown(config: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(said(overtime(config, "show", "storm", "--format", "json")))
    return found


def test_an_emergency_is_opened_its_team_called_and_what_it_comes_to_shown_while_it_runs(config: Path) -> None:
    opened(config)
    assert said(overtime(config, "join", "team-1", "1001")) == "team-1: 1 on the strike team\n"
    assert said(overtime(config, "team", "team-1")) == "1001\n"
    assert "it is empty" in refusal(overtime(config, "call", "storm", "--text", ""))
    assert said(overtime(config, "call", "storm", "--text", "all hands")) == "storm: 1 called: 1001\n"
    assert said(overtime(config, "answer", "storm", "1001", "--comes")) == "storm: 1001 comes\n"
    found = shown(config)
    worked = [each["principal"] for each in found["agents"]]
    assert BEFORE_S - 120 < sum(worked) <= BEFORE_S + 1, "up to where the switch was heard"
    assert sum(each["interest"] for each in found["agents"]) == sum(each * 6 // 10 for each in worked)
    assert [(one["agent"], one["comes"]) for one in found["calls"]] == [("1001", True)]
    assert "storm" in said(overtime(config, "list"))
    assert [
        one["emergency"] for one in json.loads(said(overtime(config, "list", "--format", "json")))["emergencies"]
    ] == ["storm"]
    until = (datetime.now(ZONE) + timedelta(hours=3, minutes=59)).strftime("%Y-%m-%dT%H:%M")
    assert until in said(overtime(config, "prolong", "storm", "--until", until, "--text", "it goes on"))
    assert "it is empty" in refusal(overtime(config, "end", "storm", "--text", " "))
    assert said(overtime(config, "end", "storm", "--text", "it is over")).startswith("storm: level III in team-1")
    assert "is over; open another" in refusal(overtime(config, "call", "storm", "1001", "--text", "more"))
    assert said(overtime(config, "leave", "team-1", "1001")) == "team-1: 0 on the strike team\n"
    done = json.loads(said(ccd(config, "acts", "--format", "json")))
    assert [act["kind"] for act in reversed(done)] == [
        "overtime open", "overtime join", "overtime call", "overtime answer", "overtime prolong", "overtime end",
        "overtime leave",
    ]  # fmt: skip


def test_whoever_opens_it_can_say_a_sooner_end(config: Path) -> None:
    soon = (datetime.now(ZONE) + timedelta(minutes=30)).strftime("%Y-%m-%dT%H:%M:%S")
    words = ("team-1", "I", "--text", "half an hour will do", "--until", soon, "--key", "short")
    assert f" until {soon}" in said(overtime(config, "open", *words))
    words = ("team-1", "I", "--text", "the match ends then", "--from", soon, "--key", "later")
    said(overtime(config, "open", *words))
    short, later = said(overtime(config, "list")).splitlines()[3:5]
    assert (" runs " in short, "to come" in later, " runs " in later) == (True, True, False)
    late = (datetime.now(ZONE) + timedelta(hours=5)).strftime("%Y-%m-%dT%H:%M:%S")
    words = ("team-1", "I", "--text", "all night", "--until", late, "--key", "long")
    assert "14400 s are allowed" in refusal(overtime(config, "open", *words))


def test_time_is_entered_by_hand_and_says_that_it_is(config: Path) -> None:
    opened(config)
    told = said(overtime(config, "enter", "storm", "1001", "--seconds", "1200", "--text", "by the log", "--key", "e1"))
    assert told.startswith("e1: 1200 s of 1001 on "), told
    said(overtime(config, "enter", "storm", "1001", "--seconds", "3601", "--text", "by the log", "--key", "e2"))
    table = said(overtime(config, "show", "storm"))
    assert "it waits for a second person: ccd bank overtime approve e2" in table
    assert "(0 s count already in other emergencies of the day, 3600 s need none)" in table
    waiting = shown(config)["entries"][1]
    assert (waiting["entered_already"], waiting["limit"]) == (0, 3_600)
    assert "decide on what they entered themselves" in refusal(overtime(config, "approve", "e2"))
    declined = overtime(config, "decline", "e2", "--text", "not in the log")
    assert "decide on what they entered themselves" in refusal(declined)
    assert shown(config)["entries"][1]["declined_by"] is None
    (entered,) = (each["entered"] for each in shown(config)["agents"] if each["entered"])
    assert 1_200 - BEFORE_S - 2 < entered < 1_200 - BEFORE_S + 120


def test_a_unit_without_schedules_has_no_measured_overtime_and_says_so(config: Path) -> None:
    said(overtime(config, "open", "team-2", "I", "--text", "a fire", "--key", "storm"))
    said(overtime(config, "call", "storm", "1002", "--text", "all hands"))
    assert "team-2 keeps no schedules: nothing is measured" in said(overtime(config, "show", "storm"))
    assert {each["schedules"] for each in shown(config)["agents"]} == {False}, "of each day that it reaches"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("open", "nowhere", "I", "--text", "x"), "nowhere"),
        (("open", "team-1", "IX", "--text", "x"), "levels of the unit's policy: I, II, III"),
        (("show", "none"), "`ccd bank overtime list` names them"),
        (("approve", "none"), "is no entry"),
        (("decline", "none", "--text", "x"), "is no entry"),
        (("decline", "none", "--text", " "), "it is empty"),
    ],
)
def test_what_can_not_be_is_one_line_that_says_what_to_do(config: Path, words: tuple[str, ...], says: str) -> None:
    assert says in refusal(overtime(config, *words))
