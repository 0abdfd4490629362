"""`ccd import`, `export` and `schedule`, as a person types them."""

import json
from pathlib import Path

import pytest

from tests.commands.recorded_days import ccd
from tests.org.test_calendar_file import calendar

CONFIGURATION = """
timezone = "Asia/Shanghai"
roster = "roster.csv"
[units.centre]
[units.team-1]
parent = "centre"
[units.team-2]
parent = "centre"
"""
ROSTER = "agent,interface,member_name,unit\n1001,PJSIP/1001,,team-1\n1002,PJSIP/1002,,team-2\n"
PLAN = (
    "agent,day,start,end,breaks,uid\n"
    "1001,2026-11-23,08:00,16:00,12:00-12:45,a\n"
    "1001,2026-11-24,08:00,16:00,,b\n"
    "1002,2026-11-30,22:00,06:00,,c\n"
)
LEAVE = "agent,kind,from,to,uid\n1001,personal,2026-11-23,2026-11-24,l\n"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "ccd.toml"
    file.write_text(CONFIGURATION)
    (tmp_path / "roster.csv").write_text(ROSTER)
    return file


def told(config: Path, text: str, *words: str, what: str = "schedule") -> tuple[int, list[str]]:
    file = config.with_name("told.csv")
    file.write_text(text)
    done = ccd(config, "import", what, str(file), "--source", "planner", *words)
    return done.returncode, (done.stdout + done.stderr).replace(f"{config.parent}/", "").splitlines()


def exported(config: Path, what: str = "schedule") -> str:
    done = ccd(config, "export", what, "--source", "planner")
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_a_dry_run_says_what_the_import_then_changes_and_changes_nothing(config: Path) -> None:
    *shown, looked = told(config, PLAN, "--dry-run")[1]
    assert looked == "dry run, nothing was taken over: 3 new, 0 changed, 0 withdrawn"
    assert exported(config) == "agent,day,start,end,breaks,uid\n"
    *changed, counted = told(config, PLAN)[1]
    assert (changed, counted) == (shown, "3 new, 0 changed, 0 withdrawn")
    assert changed[0] == "+ 1001: 2026-11-23 08:00-16:00, less 12:00-12:45"
    assert exported(config) == PLAN
    assert told(config, exported(config)) == (0, ["0 new, 0 changed, 0 withdrawn"])


def test_what_a_planner_changes_and_withdraws(config: Path) -> None:
    told(config, PLAN)
    again = "agent,day,start,end,uid\n1001,2026-11-23,09:00,17:00,a\n1001,2026-11-24,08:00,16:00,b\n"
    assert told(config, again)[1] == [
        "~ 1001: 2026-11-23 08:00-16:00, less 12:00-12:45 -> 2026-11-23 09:00-17:00",
        "0 new, 1 changed, 0 withdrawn",
    ]
    partial = "agent,day,start,end,uid,withdrawn\n1001,2026-11-24,08:00,16:00,b,yes\n"
    assert told(config, partial, "--partial")[1] == [
        "- 1001: 2026-11-24 08:00-16:00", "0 new, 0 changed, 1 withdrawn",
    ]  # fmt: skip
    nothing = "agent,day,start,end\n"
    assert told(config, nothing, "--from", "2026-11-30", "--to", "2026-11-30")[1] == [
        "- 1002: 2026-11-30 22:00-06:00", "0 new, 0 changed, 1 withdrawn",
    ]  # fmt: skip
    assert exported(config) == "agent,day,start,end,breaks,uid\n1001,2026-11-23,09:00,17:00,,a\n"


def test_one_fault_and_nothing_is_taken_over(config: Path) -> None:
    code, said = told(config, PLAN + "1009,2026-11-23,8,16:00,,d\n")
    assert (code, said) == (
        2,
        [
            "told.csv:5: agent: '1009' is on no line of the roster",
            "told.csv:5: start: '8' is no time of day; allowed: 08:00, with or without an offset as +08:00",
        ],
    )
    assert exported(config) == "agent,day,start,end,breaks,uid\n"


@pytest.mark.parametrize(
    ("text", "words", "says"),
    [
        ("agent,day,start,end\n", (), "of which days does it tell"),
        (PLAN, ("--partial", "--from", "2026-11-01"), "--partial goes without"),
        (PLAN, ("--from", "2026-11-24"), "told.csv:2: day: is of another day than 2026-11-24 to"),
    ],
)
def test_days_that_can_not_be_meant(config: Path, text: str, words: tuple[str, ...], says: str) -> None:
    code, said = told(config, text, *words)
    assert code == 2
    assert len(said) == 1
    assert says in said[0]


def test_a_unit_s_month_is_what_its_agents_are_planned_for(config: Path) -> None:
    told(config, PLAN)
    said = {}
    for month in ("2026-11", "2026-12"):
        done = ccd(config, "schedule", "--month", month, "--format", "json")
        said[month] = {row["unit"]: (row["own_s"], row["scheduled_s"]) for row in json.loads(done.stdout)["units"]}
    assert said["2026-11"] == {"centre": (0, 62_100), "team-1": (54_900, 54_900), "team-2": (7_200, 7_200)}
    assert said["2026-12"] == {"centre": (0, 21_600), "team-2": (21_600, 21_600)}
    assert "17.2" in ccd(config, "schedule", "--month", "2026-11").stdout, "in hours"


def test_a_calendar_is_taken_over_for_the_days_that_are_said(config: Path) -> None:
    file = config.with_name("plan.ics")
    file.write_bytes(
        calendar(
            "UID:s\nDTSTART:20261123T080000\nDTEND:20261123T160000\nRRULE:FREQ=DAILY\nX-CCD-BREAK:12:00-12:45",
        )
    )
    words = ("import", "schedule", str(file), "--source", "planner")
    days = ("--from", "2026-11-24", "--to", "2026-11-25")
    done = ccd(config, *words, *days, "--agent", "1001")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "+ 1001: 2026-11-24 08:00-16:00, less 12:00-12:45",
        "+ 1001: 2026-11-25 08:00-16:00, less 12:00-12:45",
        "2 new, 0 changed, 0 withdrawn",
    ]
    nobody = ccd(config, *words, *days)
    assert nobody.stderr.endswith(
        "plan.ics:5: ATTENDEE: is missing; whose shift is it? Name the agent, here or with --agent\n"
    )
    for said in ((), ("--from", "2026-11-24", "--to", "2029-11-24"), (*days, "--partial")):
        done = ccd(config, *words, *said)
        assert (done.returncode, "of which days?" in done.stderr) == (2, True), said


def test_leave_is_told_and_printed_the_same_way(config: Path) -> None:
    assert told(config, LEAVE, what="leave") == (
        0, ["+ 1001: personal 2026-11-23 to 2026-11-24", "1 new, 0 changed, 0 withdrawn"],
    )  # fmt: skip
    assert exported(config, "leave") == LEAVE
    code, said = told(config, LEAVE.replace("personal", "flu"), what="leave")
    assert code == 2
    assert said == ["told.csv:2: kind: 'flu' is no kind of leave; allowed: personal, annual, sick, statutory, time_off"]


def test_an_import_is_an_act_with_its_reason(config: Path) -> None:
    told(config, PLAN, "--why", "the plan of November")
    acts = json.loads(ccd(config, "acts", "--format", "json").stdout)
    assert [(act["kind"], act["subject"], act["after"], act["why"]) for act in acts] == [
        ("import shifts", "planner", "3 new, 0 changed, 0 withdrawn", "the plan of November")
    ]


def test_a_year_s_holidays_are_said_with_what_an_operator_knows_better(config: Path) -> None:
    china = ("holidays", "--country", "CN", "--year")
    said = ccd(config, *china, "2026")
    assert (said.returncode, said.stderr) == (0, "")
    for word in ("2026-10-10", "Sat", "workday", "国庆节"):
        assert word in said.stdout
    unknown = ccd(config, *china, "2040", "--format", "json")
    assert json.loads(unknown.stdout)["published"] is False
    assert "not published yet" in ccd(config, *china, "2040").stderr
    file = config.with_name("holidays.csv")
    file.write_text("country,day,kind,name\nCN,2040-02-18,workday,春节调休\n")
    dry = ccd(config, "import", "holidays", str(file), "--dry-run")
    assert dry.stdout.splitlines() == [
        "CN 2040-02-18: as the library says -> workday 春节调休", "nothing was imported: --dry-run",
    ]  # fmt: skip
    assert (
        ccd(config, "import", "holidays", str(file)).stdout.splitlines()[-1] == "imported, as import 1 of the holidays"
    )
    assert "nothing was imported" in ccd(config, "import", "holidays", str(file)).stdout
    known = json.loads(ccd(config, *china, "2040", "--format", "json").stdout)
    assert known["published"] is True
    assert {"day": "2040-02-18", "kind": "workday", "name": "春节调休"} in known["days"]
    assert ccd(config, "export", "holidays").stdout == file.read_text()
    assert ccd(config, "holidays", "--country", "XX", "--year", "2026").returncode == 2
