"""`ccd replay` on what two real Asterisks said, against the slow calculator; and what it says of bad input."""

import json
import sys
from pathlib import Path

import pytest

from ccd.commands.replay import PBX
from ccd.floor.events import PbxEvent
from ccd.pbx.captured import Capture
from ccd.pbx.fill import fill
from ccd.pbx.queue_log import QueueLog
from tests import slow_calculator
from tests.commands.running import ccd
from tests.slow_seats import RosterLine, Rules

CAPTURES = Path(__file__).parents[1] / "pbx" / "captures"
SECOND = 1_000_000
UNTIL = 1_795_466_330  # after the last line of both logs
SEATS = {"Agent 1001": "Local/1001@agents/n", "Agent 1002": "Local/1002@agents/n", "Static One": "Local/2001@agents/n"}

ROSTER = """agent,interface,member_name,unit
1001,Local/1001@agents/n,Agent 1001,team-1
1002,Local/1002@agents/n,Agent 1002,team-1
2001,Local/2001@agents/n,Static One,team-2
"""


def roster(folder: Path) -> Path:
    file = folder / "roster.csv"
    file.write_text(ROSTER)
    return file


def replayed(*arguments: str | Path) -> dict[str, dict[str, object]]:
    done = ccd("replay", *arguments, "--until", str(UNTIL), "--format", "json")
    assert done.returncode == 0, done.stderr
    (day,) = json.loads(done.stdout)["days"]
    assert day["day"] == "2026-11-23"
    return {agent["agent"]: agent for agent in day["agents"]}


def slowly(events: list[PbxEvent]) -> dict[str, dict[str, object]]:
    lines = tuple(
        RosterLine(name.split()[-1] if name != "Static One" else "2001", interface=seat, member_name=name)
        for name, seat in SEATS.items()
    )
    found = slow_calculator.day_records({PBX: events}, Rules(roster=lines), UNTIL * SECOND)
    return {agent: record for (_, agent), record in found.items()}


def in_microseconds(value: object) -> object:
    if isinstance(value, dict):
        return {key: in_microseconds(each) for key, each in value.items()}
    return round(value * SECOND) if isinstance(value, int | float) else value


COUNTS = {"sign_ins", "sign_outs", "pauses", "offered", "answered", "missed"}


def check(quick: dict[str, dict[str, object]], slow: dict[str, dict[str, object]]) -> None:
    assert quick.keys() == slow.keys()
    for agent, record in slow.items():
        for name, expected in record.items():
            found = quick[agent][name]
            assert (found if name in COUNTS else in_microseconds(found)) == expected, (agent, name)


def ami(version: str) -> list[Path]:
    return [CAPTURES / f"{version}.ami", CAPTURES / f"{version}.afterrestart.ami"]


@pytest.mark.parametrize("version", ["16", "22"])
def test_a_captured_stream_amounts_to_what_the_slow_calculator_says(version: str, tmp_path: Path) -> None:
    files = ami(version)
    quick = replayed("--roster", roster(tmp_path), *(part for file in files for part in ("--ami", file)))
    check(quick, slowly(list(Capture().read(files))))
    assert quick["1001"]["pauses"] == 3
    assert quick["1001"]["answered"] == 2


@pytest.mark.parametrize("version", ["16", "22"])
def test_a_queue_log_amounts_to_what_the_slow_calculator_says(version: str, tmp_path: Path) -> None:
    log = CAPTURES / f"{version}.queue_log"
    quick = replayed("--roster", roster(tmp_path), "--queue-log", log)
    check(quick, slowly(list(QueueLog(SEATS).read([log]))))
    assert quick["1001"]["pauses"] == 3


@pytest.mark.parametrize("version", ["16", "22"])
def test_what_no_ami_file_observed_is_filled_from_the_log(version: str, tmp_path: Path) -> None:
    files, log = ami(version), CAPTURES / f"{version}.queue_log"
    arguments = [part for file in files for part in ("--ami", file)]
    quick = replayed("--roster", roster(tmp_path), *arguments, "--queue-log", log)
    events = list(fill(list(Capture().read(files)), list(QueueLog(SEATS).read([log]))))
    check(quick, slowly(events))
    assert quick["1001"] == replayed("--roster", roster(tmp_path), *arguments)["1001"], "AMI saw all of this agent"
    assert len(quick) > 400, "the members of the load come from the log alone"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "nothing to replay; name a file of AMI bytes (--ami) or a queue_log (--queue-log)"),
        (["--queue-log", sys.executable], f"{sys.executable}: can't be read: there is no line of a queue_log in it"),
        (["--ami", str(CAPTURES / "22.ami"), "--until", "nan"], "ccd: Invalid value for '--until'"),
        (["--ami", sys.executable], f"{sys.executable}: can't be read: there is no block of AMI in it"),
        (["--ami", "nowhere.ami"], "nowhere.ami: can't be read: No such file or directory"),
        (["--queue-log", "/"], "/: can't be read: Is a directory"),
    ],
)
def test_what_cannot_be_replayed_is_said_in_one_line(arguments: list[str], says: str) -> None:
    done = ccd("replay", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(says)
    assert done.stderr.count("\n") == 1


def test_a_faulty_roster_names_every_fault(tmp_path: Path) -> None:
    file = tmp_path / "roster.csv"
    file.write_text("agent,interface,member_name,unit\n1001,,,team-1\n,PJSIP/1,x,\n")
    done = ccd("replay", "--roster", file, "--ami", CAPTURES / "22.ami")
    assert done.returncode == 2
    assert [line.split(":")[1] for line in done.stderr.splitlines()][:2] == ["2", "3"]
