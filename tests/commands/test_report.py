"""`ccd report`, as a person types it."""

import csv
import io
import json
import subprocess
from operator import attrgetter
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.commands import running
from tests.commands.recorded_days import CALLERS, CONFIGURATION, DAY, SHIFT, at, ccd, configured, recorded, settled
from tests.floor.floors import heard, joined, left

NOVEMBER = ("--from", "2099-11-01", "--to", "2099-11-30")


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """1001 of team-1 was signed in for 28 800 s of 2099-11-24 and paused for 600.25 s of them."""
    return settled(tmp_path_factory.mktemp("report"))


def said(config: Path, *words: str) -> str:
    done: subprocess.CompletedProcess[str] = ccd(config, "report", *words)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout


def test_a_unit_and_an_agent_have_the_figures_of_their_days_with_the_formulas(config: Path) -> None:
    found = json.loads(said(config, *NOVEMBER, "--format", "json"))
    assert found["formulas"]["aux_ratio"].startswith("aux / (signed in - exempt - unreachable)")
    (unit,) = found["rows"]
    assert (unit["unit"], unit["agent_days"], unit["from"], unit["to"]) == ("team-1", 1, "2099-11-01", "2099-11-30")
    assert unit["aux_ratio"] == pytest.approx(600.25 / 28_800)
    assert unit["pause_minutes_per_day"] == pytest.approx(600.25 / 60)
    (agent,) = json.loads(said(config, *NOVEMBER, "--by", "agent", "--format", "json"))["rows"]
    assert agent["agent"] == "1001"
    assert agent["utilisation"] == pytest.approx((28_800 - 600.25) / 28_800)
    table = said(config, *NOVEMBER)
    assert "2.08 %" in table
    assert "aux ratio = aux / (signed in - exempt - unreachable)" in table


def test_two_periods_stand_side_by_side_and_days_by_themselves(config: Path) -> None:
    words = ("--from", "2099-11-23", "--to", "2099-11-25", "--each", "day", "--against", "2099-11-24")
    found = json.loads(said(config, *words, "--format", "json"))["rows"]
    told = [(row["from"], row["agent_days"], row["aux_ratio"] is None, "against" in row) for row in found]
    assert told == [("2099-11-23", 0, True, True), ("2099-11-24", 1, False, False)], "25 and 26 have no record"
    assert found[0]["against"]["aux_ratio"] == found[1]["aux_ratio"]
    rows = list(csv.DictReader(io.StringIO(said(config, *NOVEMBER, "--against", "2099-11-01", "--format", "csv"))))
    (row,) = rows
    assert row["aux_ratio"] == row["against_aux_ratio"]
    assert float(row["aux_ratio"]) == pytest.approx(600.25 / 28_800)
    assert row["against_from"] == "2099-11-01"
    table = said(config, *NOVEMBER, "--against", "2099-11-01")
    assert "(2.08 %)" in table
    assert "(2099-11-01" in table, "against which days"
    assert "(-)" in said(config, *NOVEMBER, "--against", "2098-11-01")


def test_the_distribution_and_where_time_could_hide(config: Path) -> None:
    (marks,) = json.loads(said(config, *NOVEMBER, "--show", "distribution", "--format", "json"))["rows"]
    assert [marks[name] for name in ("agents", "below_1", "reasonable", "above_10", "between")] == [1, 0, 0, 0, 1]
    (hiding,) = json.loads(said(config, *NOVEMBER, "--show", "hiding", "--format", "json"))["rows"]
    assert (hiding["agent"], hiding["wrap_up"]) == ("1001", 0)


@pytest.fixture(scope="module")
def with_calls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same day, with four callers of two of its queues; `support` is team-1's, which stands below the centre."""
    config = configured(tmp_path_factory.mktemp("calls"))
    config.write_text(
        CONFIGURATION + '[queues.support]\nunit = "team-1"\n[units.centre]\n[units.team-1]\nparent = "centre"\n'
        '[units.team-2]\nparent = "centre"\n'
    )
    calls = sorted(
        (*SHIFT, *CALLERS, joined(at(50_000), "f1", "fax"), left(at(50_020), "f1", "fax", abandoned=True)),
        key=attrgetter("at"),
    )
    recorded(config, *calls, heard(at(86_400)))
    done = ccd(config, "settle", *DAY, "--unit", "team-1")
    assert done.returncode == 0, done.stderr
    return config


def test_the_service_level_is_that_of_queues_and_of_their_units(with_calls: Path) -> None:
    found = json.loads(said(with_calls, *NOVEMBER, "--by", "queue", "--format", "json"))
    assert found["formulas"]["service_level"] == "answered within 30 s / offered"
    fax, support = found["rows"]
    assert (fax["queue"], fax["unit"], fax["offered"], fax["service_level"]) == ("fax", "", 1, 0)
    assert (support["queue"], support["unit"]) == ("support", "team-1")
    figures = {"offered": 3, "answered": 2, "given_up": 1, "short": 1, "unknown": 0, "answered_after_s": 20.5}
    assert {name: support[name] for name in figures} == figures
    assert support["service_level"] == pytest.approx(1 / 3)
    units = json.loads(said(with_calls, *NOVEMBER, "--format", "json"))["rows"]
    levels = {row["unit"]: (row["service_level"], row["own_in_time"]) for row in units}
    assert levels == {unit: (pytest.approx(1 / 3), 0.5) for unit in ("centre", "team-1")}
    (agent,) = json.loads(said(with_calls, *NOVEMBER, "--by", "agent", "--format", "json"))["rows"]
    assert (agent["service_level"], agent["own_in_time"], agent["answered_per_hour"]) == (None, 0.5, 0.25)
    table = said(with_calls, *NOVEMBER, "--show", "service", "--against", "2099-10-01")
    assert "33.33 %" in table
    assert "(-)" in table
    assert "short = the same within 5 s: not offered" in table


def test_days_of_callers_add_up_to_their_month_and_other_limits_are_the_configurations(with_calls: Path) -> None:
    config = with_calls.with_name("other.toml")
    config.write_text(with_calls.read_text() + "[service_level]\nanswered_within_s = 31\nshort_abandon_s = 6\n")
    words = ("--by", "queue", "--unit", "team-1", "--format", "csv")
    (month,) = csv.DictReader(io.StringIO(said(config, *NOVEMBER, *words)))
    days = list(csv.DictReader(io.StringIO(said(config, *NOVEMBER, *words, "--each", "day"))))
    assert (month["queue"], month["offered"], month["service_level"], month["short"]) == ("support", "2", "1.0", "2")
    assert [day["from"] for day in days] == ["2099-11-24"]
    assert {name: days[0][name] for name in ("offered", "short", "answered")} == {
        "offered": "2",
        "short": "2",
        "answered": "2",
    }


def test_a_report_is_drawn_into_a_file(with_calls: Path, tmp_path: Path) -> None:
    file = tmp_path / "calls.svg"
    words = ("--by", "queue", "--against", "2099-10-01", "--format", "svg", "--output", str(file))
    assert said(with_calls, *NOVEMBER, *words) == f"{file}: drawn\n"
    assert "33.3 %" in file.read_text()
    assert ElementTree.parse(file).getroot().tag.endswith("svg")
    done = ccd(with_calls, "report", *NOVEMBER, "--format", "png", "--output", str(tmp_path / "no" / "a.png"))
    assert (done.returncode, "can't be written: No such file or directory" in done.stderr) == (2, True)
    done = ccd(with_calls, "report", *NOVEMBER, "--show", "hiding", "--format", "png", "--output", str(file))
    assert (done.returncode, "where time could hide is told as table, csv or json" in done.stderr) == (2, True)


def test_without_matplotlib_it_says_what_to_install(config: Path, tmp_path: Path) -> None:
    (tmp_path / "matplotlib.py").write_text("raise ModuleNotFoundError(name='matplotlib')\n")
    words = ("--format", "png", "--output", tmp_path / "a.png", "--config", config)
    done = running.ccd("report", *NOVEMBER, *words, PYTHONPATH=f"{tmp_path}:{running.HERE}")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "a picture takes matplotlib, which is not installed: pip install 'ccd[plots]'" in done.stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--from", "2099-11-02", "--to", "2099-11-01"), "--from 2099-11-02 is after --to 2099-11-01"),
        ((*NOVEMBER, "--unit", "team-9"), "unit team-9"),
        (("--from", "1980-01-01", "--to", "2050-01-01", "--each", "day"), "ask for longer ones"),
        ((*NOVEMBER, "--by", "queue", "--show", "hiding"), "service is of queues and units"),
        ((*NOVEMBER, "--by", "agent", "--show", "service"), "service is of queues and units"),
        ((*NOVEMBER, "--format", "png"), "--output names the file of a picture"),
        ((*NOVEMBER, "--output", "a.png"), "--output names the file of a picture"),
        (("--from", "1066-01-01", "--to", "2050-01-01"), "out of range"),
    ],
)
def test_what_can_not_be_asked_is_said(config: Path, words: tuple[str, ...], says: str) -> None:
    done = ccd(config, "report", *words)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert says in done.stderr
