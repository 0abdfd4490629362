"""`ccd export segments`, `days` and `statement`: what was observed, measured and posted."""

import csv
import io
import json
import subprocess
from pathlib import Path

import pytest

from tests.commands.recorded_days import SHIFT, at, ccd, configured, recorded
from tests.commands.running import refusal, said, unread
from tests.floor.floors import added, heard

DAYS = ("--from", "2099-11-24", "--to", "2099-11-25")


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shift that is settled; on the next day somebody has signed in, and still is."""
    file = configured(tmp_path_factory.mktemp("floor"))
    recorded(file, *SHIFT, heard(at(86_400)), added(at(90_000), name="=Ann"), heard(at(90_100)))
    said(ccd(file, "settle", "--day", "2099-11-24", "--unit", "team-1"))
    return file


def rows(done: subprocess.CompletedProcess[str]) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(said(done))))


def test_segments_say_whose_they_were_and_one_that_runs_has_no_end(config: Path) -> None:
    found = rows(ccd(config, "export", "segments", *DAYS))
    own = [each for each in found if each["agent"] == "1001"]
    assert [(each["state"], each["reason"]) for each in own] == [
        ("available", ""), ("paused", "toilet"), ("available", ""), ("signed_out", ""), ("available", ""),
    ]  # fmt: skip
    assert (own[1]["start"], own[1]["end"]) == (str(round(at(30_000))), str(at(30_600.25)))
    assert (own[-1]["end"], own[-1]["member_name"], own[-1]["unit"]) == ("", "=Ann", "team-1")
    assert {each["unit"] for each in found if each["seat"] == "PJSIP/9"} == {""}
    assert [each["seat"] for each in rows(ccd(config, "export", "segments", *DAYS[:3], "2099-11-24"))].count(
        "PJSIP/1001"
    ) == 4
    told = json.loads(said(ccd(config, "export", "segments", *DAYS, "--format", "json")))
    assert [{name: str("" if cell is None else cell) for name, cell in each.items()} for each in told] == found


def test_days_are_what_ccd_day_says_and_a_reason_has_no_column(config: Path) -> None:
    found = rows(ccd(config, "export", "days", *DAYS))
    assert [(each["day"], each["agent"]) for each in found] == [
        ("2099-11-24", "1001"), ("2099-11-24", "PJSIP/9"), ("2099-11-25", "1001"),
    ]  # fmt: skip
    assert (found[0]["signed_in"], found[0]["aux"]) == ("28800", "600.25")
    assert json.loads(found[0]["paused"]) == {"toilet": 600.25}
    (only,) = json.loads(
        said(ccd(config, "export", "days", *DAYS[:3], "2099-11-24", "--unit", "team-1", "--format", "json"))
    )
    (shown,) = json.loads(said(ccd(config, "day", "--day", "2099-11-24", "--agent", "1001", "--format", "json")))[
        "days"
    ]
    assert only == {"day": "2099-11-24", **shown["agents"][0]}
    assert rows(ccd(config, "export", "days", *DAYS, "--unit", "team-2")) == []


def test_a_statement_is_told_whole_oldest_first(config: Path) -> None:
    (line,) = rows(ccd(config, "export", "statement", "1001"))
    assert (line["day"], line["service"], line["amount"], line["balance_after"]) == (
        "2099-11-24", "savings", "465", "465"
    )  # fmt: skip
    assert json.loads(line["facts"])["aux"] == 600
    assert rows(ccd(config, "export", "statement", "1001", "--from", "2099-11-25")) == []
    assert json.loads(said(ccd(config, "export", "statement", "1001", "--to", "2099-11-01", "--format", "json"))) == []


@pytest.mark.parametrize(
    ("words", "at_once"),
    [(["segments", *DAYS], "1"), (["days", *DAYS, "--format", "json"], "1"), (["statement", "1001"], "")],
    ids=["line by line", "as JSON", "at the end"],
)
def test_who_reads_only_the_beginning_ends_it_without_a_word(config: Path, words: list[str], at_once: str) -> None:
    assert unread("export", *words, "--config", config, PYTHONUNBUFFERED=at_once) == (1, "")


def test_what_is_not_there_is_named(config: Path) -> None:
    assert "1009" in refusal(ccd(config, "export", "statement", "1009"))
    assert "team-9" in refusal(ccd(config, "export", "days", *DAYS, "--unit", "team-9"))
    assert "north" in ccd(config, "export", "segments", *DAYS, "--pbx", "north").stderr
    for what in (["segments"], ["days"], ["statement", "1001"]):
        assert "after" in ccd(config, "export", *what, "--from", "2099-11-25", "--to", "2099-11-24").stderr
