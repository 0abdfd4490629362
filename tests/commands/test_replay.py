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
from tests.pbx.spoken import BANNER, event
from tests.slow_rules import RosterLine, Rules

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
    check(quick, slowly(list(QueueLog(SEATS.items()).read([log]))))
    assert quick["1001"]["pauses"] == 3


def test_the_roster_is_the_one_that_was_imported(tmp_path: Path) -> None:
    config = tmp_path / "ccd.toml"
    config.write_text("")
    log = CAPTURES / "22.queue_log"
    assert ccd("import", "roster", roster(tmp_path), "--config", config).returncode == 0
    kept = replayed("--config", config, "--queue-log", log)
    assert kept == replayed("--roster", roster(tmp_path), "--queue-log", log)
    assert kept["1001"]["unit"] == "team-1"


@pytest.mark.parametrize("version", ["16", "22"])
def test_what_no_ami_file_observed_is_filled_from_the_log(version: str, tmp_path: Path) -> None:
    files, log = ami(version), CAPTURES / f"{version}.queue_log"
    arguments = [part for file in files for part in ("--ami", file)]
    quick = replayed("--roster", roster(tmp_path), *arguments, "--queue-log", log)
    events = list(fill(list(Capture().read(files)), list(QueueLog(SEATS.items()).read([log]))))
    check(quick, slowly(events))
    assert quick["1001"] == replayed("--roster", roster(tmp_path), *arguments)["1001"], "AMI saw all of this agent"
    assert len(quick) > 400, "the members of the load come from the log alone"


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_rotated_logs_are_replayed_in_the_order_of_their_time_whichever_way_a_shell_names_them(
    order: tuple[int, ...], tmp_path: Path
) -> None:
    whole = CAPTURES / "22.queue_log"
    lines = whole.read_text(encoding="utf-8").splitlines(keepends=True)
    third = len(lines) // 3
    parts = [tmp_path / name for name in ("queue_log.2", "queue_log.1", "queue_log")]
    for number, part in enumerate(parts):
        part.write_text("".join(lines[number * third : (number + 1) * third if number < 2 else None]), encoding="utf-8")
    (tmp_path / "queue_log.3").write_text("")
    logs = [parts[number] for number in order] + [tmp_path / "queue_log.3"]
    quick = replayed("--roster", roster(tmp_path), *(word for log in logs for word in ("--queue-log", log)))
    assert quick == replayed("--roster", roster(tmp_path), "--queue-log", whole)


def test_streams_are_replayed_in_the_order_of_their_time(tmp_path: Path) -> None:
    whole = (CAPTURES / "22.ami").read_bytes()
    middle = whole.index(b"\r\n\r\n", len(whole) // 2) + 4
    first, second = tmp_path / "morning.ami", tmp_path / "afternoon.ami"
    first.write_bytes(whole[:middle])
    second.write_bytes(whole[middle:])
    swapped = replayed("--roster", roster(tmp_path), "--ami", second, "--ami", first)
    assert swapped == replayed("--roster", roster(tmp_path), "--ami", first, "--ami", second)
    assert swapped["1001"]["pauses"] == 3


@pytest.mark.parametrize("word", ["--ami", "--queue-log"])
def test_the_same_twice_is_refused_with_the_place_where_time_goes_back(word: str) -> None:
    file = CAPTURES / ("22.ami" if word == "--ami" else "22.queue_log")
    done = ccd("replay", word, file, word, file)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"{file}:")
    assert "goes back in time by " in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(("back_s", "refused"), [(59, False), (61, True)])
def test_a_log_whose_clock_was_corrected_is_replayed_and_one_out_of_order_is_refused(
    back_s: int, refused: bool, tmp_path: Path
) -> None:
    log = tmp_path / "queue_log"
    log.write_text(f"{UNTIL - 100}|M|q|PJSIP/1|ADDMEMBER|\n{UNTIL - 100 - back_s}|M|q|PJSIP/2|ADDMEMBER|\n")
    done = ccd("replay", "--queue-log", log, "--until", str(UNTIL))
    assert (done.returncode == 2) == refused
    assert done.stderr.startswith(f"{log}:2: goes back in time by {back_s} s; ") == refused


def test_digits_that_are_no_time_are_passed_over_and_hold_nothing_up(tmp_path: Path) -> None:
    log = tmp_path / "queue_log"
    log.write_text(f"{UNTIL}|M|q|PJSIP/1|ADDMEMBER|\n00000000001999999999999|M|support|PJSIP/1|PAUSE|\n")
    done = ccd("replay", "--queue-log", log)
    assert (done.returncode, done.stderr) == (0, "passed over: 1 that are no line of a queue_log\n")


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


def test_events_that_carry_no_time_are_named_with_what_to_set(tmp_path: Path) -> None:
    stream = tmp_path / "untimed.ami"
    stream.write_bytes(BANNER + event("QueueMemberAdded", None, Paused=0) + 2 * event("AgentCalled", None, Uniqueid=1))
    done = ccd("replay", "--ami", stream)
    assert [line.partition(" `")[0] for line in done.stderr.splitlines()] == [
        "passed over: 2 AgentCalled: it has no Timestamp:",
        "passed over: 1 QueueMemberAdded: it has no Timestamp:",
    ]
    assert "timestampevents = yes" in done.stderr


@pytest.mark.parametrize("word", ["--ami", "--queue-log"])
def test_an_empty_file_alone_is_nothing_to_replay(word: str, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.write_text("\n")
    done = ccd("replay", word, empty)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"{empty}: nothing to replay is in it; ")


ROSTER_OF_TWO = """agent,interface,member_name,unit,pbx
Ann,PJSIP/1,,team-1,east
Bob,PJSIP/1,,team-1,west
"""
TWO_PBXS = """[[pbx]]
name = "east"
host = "127.0.0.1"
username = "ccd"
secret = "x"
queues.exclude = ["spare"]
[[pbx]]
name = "west"
host = "127.0.0.2"
username = "ccd"
secret = "x"
"""


@pytest.mark.parametrize(
    ("arguments", "configured", "found"),
    [
        (["--pbx", "west"], TWO_PBXS, {"Bob": 2}),
        (["--pbx", "east"], TWO_PBXS, {"Ann": 1}),
        (["--pbx", "east"], "", {"Ann": 2}),
        ([], TWO_PBXS.partition('[[pbx]]\nname = "west"')[0], {"Ann": 1}),
        ([], TWO_PBXS, {"PJSIP/1": 2}),
    ],
)
def test_captures_are_of_the_pbx_that_is_named_or_the_only_one(
    arguments: list[str], configured: str, found: dict[str, int], tmp_path: Path
) -> None:
    log, file, lines = tmp_path / "queue_log", tmp_path / "ccd.toml", tmp_path / "roster.csv"
    log.write_text("".join(f"{UNTIL - 100}|c|{queue}|PJSIP/1|RINGNOANSWER|0\n" for queue in ("support", "spare")))
    file.write_text(configured)
    lines.write_text(ROSTER_OF_TWO)
    quick = replayed("--config", file, "--roster", lines, "--queue-log", log, *arguments)
    assert {agent: day["missed"] for agent, day in quick.items()} == found


def test_a_pbx_that_is_not_configured_is_named(tmp_path: Path) -> None:
    (tmp_path / "ccd.toml").write_text(TWO_PBXS)
    done = ccd("replay", "--config", tmp_path / "ccd.toml", "--pbx", "north", "--queue-log", CAPTURES / "22.queue_log")
    assert (done.returncode, done.stdout) == (2, "")
    assert "north is not configured; configured: east, west" in done.stderr


def test_a_faulty_roster_names_every_fault(tmp_path: Path) -> None:
    file = tmp_path / "roster.csv"
    file.write_text("agent,interface,member_name,unit\n1001,,,team-1\n,PJSIP/1,x,\n")
    done = ccd("replay", "--roster", file, "--ami", CAPTURES / "22.ami")
    assert done.returncode == 2
    assert [line.split(":")[1] for line in done.stderr.splitlines()][:2] == ["2", "3"]
