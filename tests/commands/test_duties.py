"""Who may do what at a prompt, once it was imported who is there for what; and a unit that moves, as reports see it."""

import csv
import io
import json
import subprocess
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.commands import running
from tests.commands.importing import SWITCH
from tests.commands.recorded_days import UNITS_THAT_MOVE, at, ccd, imported, recorded, settled
from tests.floor.floors import added, heard, removed

PEOPLE = """person,name,agent,role,unit,from,to,deputy_of
li,,1002,hotline_manager,south,,,
wang,,,,,,,li
wu,,,hotline_manager,north,,,
"""
ROSTER = "agent,interface,member_name,unit\n1001,PJSIP/1001,,team-1\n1002,PJSIP/1002,,team-1\n"
GIVE = ("--seconds", "60", "--kind", "contest", "--text", "won the quiz")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "ccd.toml"
    file.write_text(f'timezone = "Asia/Shanghai"\n{SWITCH}')
    imported(file, organisation=UNITS_THAT_MOVE, roster=ROSTER)
    return file


def gives(config: Path, login: str, *agents: str) -> subprocess.CompletedProcess[str]:
    words = ("bank", "red-packet", "give", "--config", str(config), "team-1", *agents, *GIVE)
    return running.ccd(*words, LOGNAME=login, COLUMNS="160")


def test_until_people_are_imported_whoever_is_at_the_prompt_may_and_then_who_is_there_for_it(config: Path) -> None:
    month = datetime.now(ZoneInfo("Asia/Shanghai")).strftime("%Y-%m")
    done = ccd(config, "bank", "red-packet", "declare", "team-1", month, "1000", "--text", "known")
    assert done.returncode == 0, done.stderr
    assert gives(config, "anybody", "1001").returncode == 0
    assert "on the own account (1002)" in gives(config, "1002", "1002").stderr
    imported(config, people=PEOPLE)
    refused = gives(config, "anybody", "1001")
    assert refused.returncode == 2
    assert refused.stderr == "anybody may not give red packets: it is for a hotline_manager. Nothing was done\n"
    assert gives(config, "li", "1001").returncode == 0
    assert gives(config, "wang", "1001").returncode == 0
    assert "li may not give red packets on the own account (1002)" in gives(config, "li", "1001", "1002").stderr
    assert "on the account of whom they stand in for (1002)" in gives(config, "wang", "1002").stderr
    assert gives(config, "wu", "1001").returncode == 2, "north has the team from 2099 on"
    acts = json.loads(ccd(config, "acts", "--kind", "give packet", "--format", "json").stdout)
    assert [act["by"] for act in acts] == ["wang, for li", "li", "anybody at a prompt"]
    hand = ("bank", "red-packet", "hand-budget", "--config", config, "team-1")
    much = ("--seconds", "60", "--text", "contests")
    unknown = running.ccd(*hand, "wong", *much, LOGNAME="li", COLUMNS="160")
    assert (unknown.returncode, "is for wong, and nobody is known by that name" in unknown.stderr) == (2, True)
    assert running.ccd(*hand, "wang", *much, LOGNAME="li").returncode == 0
    declared = running.ccd(
        "bank", "red-packet", "declare", "--config", config, "south", month, "1", "--text", "x", LOGNAME="wu"
    )
    assert "wu may not declare hours" in declared.stderr


def test_who_tells_leave_may_tell_of_all_that_becomes_another_by_it_and_shifts_are_an_administrator_s(
    config: Path,
) -> None:
    """A file takes the place of what its source said of its days: whom it leaves out is withdrawn by it."""

    def tells(login: str, kind: str, *lines: str, also: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
        header = {"leave": "agent,kind,from,to", "schedule": "agent,day,start,end"}[kind]
        (file := config.parent / "told.csv").write_text("\n".join((header, *lines, "")))
        words = ("import", kind, str(file), "--config", str(config), "--source", "hr", *also)
        return running.ccd(*words, LOGNAME=login, COLUMNS="160")

    lis, norths = "1002,sick,2026-12-01,2026-12-02", "2001,sick,2026-12-01,2026-12-02"
    imported(
        config, organisation=UNITS_THAT_MOVE + "team-2,team,north,,,,,,\n", roster=ROSTER + "2001,PJSIP/2001,,team-2\n"
    )
    assert tells("anybody", "leave", lis, norths).returncode == 0
    imported(config, people=PEOPLE + "chen,,1001,hr_clerk,south,,,\nzhao,,,administrator,*,,,\nsun,,,,,,,chen\n")
    assert "it is for a hr_clerk in team-2, north" in tells("chen", "leave", lis).stderr
    assert tells("chen", "leave", lis, also=("--partial",)).returncode == 0
    assert "it is for a hr_clerk. Nothing was done" in tells("li", "leave", lis).stderr
    assert tells("sun", "leave", "1002,annual,2026-12-07,2026-12-08", also=("--partial",)).returncode == 0
    acts = json.loads(ccd(config, "acts", "--kind", "import leaves", "--format", "json").stdout)
    assert [act["by"] for act in acts][:1] == ["sun, for chen"]
    own = tells("chen", "leave", "1001,annual,2026-12-05,2026-12-06")
    assert "on the own account (1001)" in own.stderr
    shift = "1001,2026-12-01,08:00,16:00"
    assert "for whoever leads all units, or administers them" in tells("chen", "schedule", shift).stderr
    assert tells("zhao", "schedule", shift).returncode == 0


ADMINISTERED = PEOPLE + "zhao,,,administrator,*,,,\naudrey,,,auditor,*,,,\n"
HOOK = '[[webhook]]\nname = "hr"\nurl = "https://hr.example.org/ccd"\nsecret_file = "secret"\n'
HOLIDAYS = "country,day,kind,name\nCN,2026-12-24,rest_day,party\n"


def test_imports_keys_webhooks_and_who_signs_in_are_an_administrator_s_once_there_is_one(config: Path) -> None:
    """First nobody is there for anything, and whoever is at the prompt may; then nobody administers, and they may."""
    config.write_text(config.read_text() + HOOK)
    running.said(running.ccd("webhook", "secret", config.parent / "secret"))
    words = {
        "organisation": UNITS_THAT_MOVE, "people": ADMINISTERED, "roster": ROSTER + "2001,PJSIP/2001,,team-1\n",
        "holidays": HOLIDAYS,
    }  # fmt: skip
    for kind, text in words.items():
        (config.parent / f"{kind}.csv").write_text(text)
    running.said(running.ccd("import", "people", config.parent / "people.csv", "--config", config, LOGNAME="anybody"))

    def types(login: str, *words: str | Path) -> subprocess.CompletedProcess[str]:
        return running.ccd(*words, "--config", config, LOGNAME=login, COLUMNS="160")

    for login, kind in zip(("anybody", "li", "audrey", "li"), words, strict=True):
        for more in ([], ["--dry-run"]):
            refused = running.refusal(types(login, "import", kind, config.parent / f"{kind}.csv", *more))
            assert "for whoever leads all units, or administers them" in refused
    key = ("user", "key", "make", "box", "--until", "2099-01-01", "--scope", "import", "--unit", "*")
    for act in (
        (*key, "--text", "nightly"), ("user", "key", "end", "box", "--text", "moved"),
        ("webhook", "retry", "hr", "--text", "mended"), ("user", "remove", "li"),
    ):  # fmt: skip
        assert "it is for an administrator of all units" in running.refusal(types("li", *act))
    assert "is not there" in running.refusal(types("zhao", "user", "remove", "nobody"))
    for kind in words:
        running.said(types("zhao", "import", kind, config.parent / f"{kind}.csv"))
    running.said(types("zhao", *key, "--text", "nightly"))
    running.said(types("zhao", "user", "key", "end", "box", "--text", "moved"))
    told = json.loads(running.said(types("zhao", "acts", "--last", "5", "--format", "json")))
    assert [(act["kind"], act["by"]) for act in told] == [
        ("end key", "zhao"), ("make key", "zhao"), ("import holidays", "zhao"), ("import roster", "zhao"),
        ("import people", "anybody at a prompt"),
    ]  # fmt: skip


def test_passwords_are_given_by_administrators_and_the_own_by_oneself_and_it_is_noted(config: Path) -> None:
    imported(config, people=ADMINISTERED)

    def types(login: str, *words: str) -> subprocess.CompletedProcess[str]:
        own = ("--config", config, "--password-stdin")
        return running.ccd("user", *words, *own, given="correct horse\n", LOGNAME=login)

    add = ("add", "li", "--role", "supervisor", "--unit", "south")
    refused = running.ccd("user", *add, "--config", config, LOGNAME="wu")
    assert "wu may not add user li" in running.refusal(refused), "nobody was asked for a password"
    running.said(types("zhao", *add))
    refused = running.ccd("user", "password", "li", "--config", config, LOGNAME="wu")
    assert "wu may not give password li" in running.refusal(refused)
    running.said(types("li", "password", "li"))
    told = json.loads(ccd(config, "acts", "--subject", "li", "--format", "json").stdout)
    assert [(act["kind"], act["by"]) for act in told] == [("give password", "li"), ("add user", "zhao")]


def test_a_report_has_each_day_of_a_team_below_what_it_stood_below_that_day(tmp_path: Path) -> None:
    config = settled(tmp_path)  # the 24th
    day_2 = 86_400
    recorded(config, added(at(day_2 + 28_800)), removed(at(day_2 + 32_400)), heard(at(2 * day_2)))
    assert ccd(config, "settle", "--day", "2099-11-25", "--unit", "team-1").returncode == 0
    config.write_text(config.read_text().replace('roster = "roster.csv"\n', ""))
    imported(config, organisation=UNITS_THAT_MOVE, roster=ROSTER)
    found = rows(config, "--each", "whole")
    assert [(row["unit"], row["agent_days"]) for row in found] == [
        ("centre", "2"), ("north", "1"), ("south", "1"), ("team-1", "2"),
    ]  # fmt: skip
    by_day = rows(config, "--each", "day")
    assert [(row["from"], row["unit"]) for row in by_day] == [
        ("2099-11-24", "centre"), ("2099-11-24", "south"), ("2099-11-24", "team-1"),
        ("2099-11-25", "centre"), ("2099-11-25", "north"), ("2099-11-25", "team-1"),
    ]  # fmt: skip
    assert [row["agent_days"] for row in rows(config, "--unit", "north", "--by", "agent")] == ["1"]


def rows(config: Path, *words: str) -> list[dict[str, str]]:
    done = ccd(config, "report", "--from", "2099-11-01", "--to", "2099-11-30", *words, "--format", "csv")
    assert done.returncode == 0, done.stderr
    return list(csv.DictReader(io.StringIO(done.stdout)))
