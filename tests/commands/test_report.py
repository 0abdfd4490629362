"""`ccd report`, as a person types it."""

import csv
import io
import json
import subprocess
from pathlib import Path

import pytest

from tests.commands.recorded_days import ccd, settled

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
    assert found["formulas"]["aux_ratio"] == "aux / (signed in - exempt - unreachable)"
    (unit,) = found["rows"]
    assert (unit["unit"], unit["agent_days"], unit["from"], unit["to"]) == ("team-1", 1, "2099-11-01", "2099-11-30")
    assert unit["aux_ratio"] == pytest.approx(600.25 / 28_800)
    assert unit["pause_minutes_per_day"] == pytest.approx(600.25 / 60)
    (agent,) = json.loads(said(config, *NOVEMBER, "--by", "agent", "--format", "json"))["rows"]
    assert agent["agent"] == "1001"
    assert agent["utilisation"] == pytest.approx((28_800 - 600.25) / 28_800)
    table = said(config, *NOVEMBER)
    assert "2.08 %" in table
    assert "aux_ratio = aux / (signed in - exempt - unreachable)" in table


def test_two_periods_stand_side_by_side_and_days_by_themselves(config: Path) -> None:
    words = ("--from", "2099-11-23", "--to", "2099-11-25", "--each", "day", "--against", "2099-11-24")
    found = json.loads(said(config, *words, "--format", "json"))["rows"]
    assert [row["from"] for row in found] == ["2099-11-24"], "of days without a record nothing is told"
    rows = list(csv.DictReader(io.StringIO(said(config, *NOVEMBER, "--against", "2099-11-01", "--format", "csv"))))
    (row,) = rows
    assert row["aux_ratio"] == row["against_aux_ratio"]
    assert float(row["aux_ratio"]) == pytest.approx(600.25 / 28_800)
    assert row["against_from"] == "2099-11-01"
    assert "(2.08 %)" in said(config, *NOVEMBER, "--against", "2099-11-01")
    assert "(-)" in said(config, *NOVEMBER, "--against", "2098-11-01")


def test_the_distribution_and_where_time_could_hide(config: Path) -> None:
    (marks,) = json.loads(said(config, *NOVEMBER, "--show", "distribution", "--format", "json"))["rows"]
    assert [marks[name] for name in ("agents", "below_1", "reasonable", "above_10", "between")] == [1, 0, 0, 0, 1]
    (hiding,) = json.loads(said(config, *NOVEMBER, "--show", "hiding", "--format", "json"))["rows"]
    assert (hiding["agent"], hiding["wrap_up"]) == ("1001", 0)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--from", "2099-11-02", "--to", "2099-11-01"), "--from 2099-11-02 is after --to 2099-11-01"),
        ((*NOVEMBER, "--unit", "team-9"), "unit team-9"),
        (("--from", "1980-01-01", "--to", "2050-01-01", "--each", "day"), "ask for longer ones"),
        (("--from", "1066-01-01", "--to", "2050-01-01"), "out of range"),
    ],
)
def test_what_can_not_be_asked_is_said(config: Path, words: tuple[str, ...], says: str) -> None:
    done = ccd(config, "report", *words)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert says in done.stderr
