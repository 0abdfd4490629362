"""`ccd bank supply`, as a person types it."""

import csv
import io
import json
import subprocess
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.commands import running
from tests.commands.test_red_packet import CONFIGURATION, ROSTER, give, month
from tests.commands.test_red_packet import said as done


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """1001 was given 600 s, and 1002; nobody is let off."""
    (tmp_path / "roster.csv").write_text(ROSTER)
    file = tmp_path / "ccd.toml"
    file.write_text(CONFIGURATION)
    done(file, "declare", "team-1", month(), "100", "--text", "the plan on the wall")
    done(file, *give("1001", "1002"))
    return file


def said(config: Path, *words: str) -> str:
    return running.said(running.ccd("bank", "supply", "--config", config, *words, COLUMNS="200"))


def test_the_supply_is_told_as_json_with_what_can_not_be_staffed(config: Path) -> None:
    told = json.loads(said(config, "--format", "json"))
    assert told["month"] == month()
    team = next(one for one in told["units"] if one["unit"] == "team-1")
    assert (team["deposited"], team["outstanding"], team["gift_cap"], team["gifts"]) == (
        {"gift": 1200},
        1200,
        3600,
        1200,
    )
    assert team["can_be_staffed"] is False
    assert told["warnings"].keys() == {"team-1", "centre"}
    assert "leave room for 0 s" in told["warnings"]["team-1"]
    assert told["left"] == {}


def test_one_unit_alone_is_told_as_csv_and_as_a_table(config: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(said(config, "--unit", "team-1", "--format", "csv"))))
    figures = {row["what"]: row["figure"] for row in rows}
    assert {row["unit"] for row in rows} == {"team-1"}
    assert (figures["deposited.gift"], figures["outstanding"], figures["payable"]) == ("1200", "1200", "0")
    table = said(config, "--unit", "team-1", "--month", month())
    assert "team-1: 1200 s are outstanding and held for no day" in table
    assert "centre" not in table


def test_with_a_unit_those_are_told_that_stand_below_it_by_now(config: Path) -> None:
    today = datetime.now(ZoneInfo("Asia/Shanghai")).date()
    config.write_text(CONFIGURATION.split("[units", maxsplit=1)[0])
    (tree := config.with_name("tree.csv")).write_text(
        "unit,kind,parent,name,timezone,day_starts_at,country,from,to\nsouth,sub_centre,,,,,,,\nnorth,sub_centre,,,,,,,\n"
        f"team-1,team,south,,,,,,{today}\nteam-1,team,north,,,,,{today},\n"
    )
    running.said(running.ccd("import", "organisation", str(tree), "--config", config))
    for unit, there in (("north", ["north", "team-1"]), ("south", ["south"])):
        told = json.loads(said(config, "--unit", unit, "--format", "json"))["units"]
        assert [one["unit"] for one in told] == there


def test_who_is_in_no_unit_any_more_is_named(config: Path) -> None:
    file = config.with_name("roster.csv")
    file.write_text(
        ROSTER.replace("unit\n", "unit,to\n")
        .replace("team-1\n1002", "team-1,\n1002")
        .replace("1002,,team-1", "1002,,team-1,2020-01-01")
    )
    assert "1002 is in no unit any more, and has 600 s" in said(config)


def test_what_a_leaver_has_left_is_handed_over_once(config: Path) -> None:
    def leaver(*words: str) -> subprocess.CompletedProcess[str]:
        return running.ccd("bank", "leaver", words[0], "--config", config, *words[1:], COLUMNS="160")

    why = ("--text", "settled with the last wages")
    assert "1002 is in team-1, or will be" in running.refusal(leaver("hand-over", "1002", *why))
    config.with_name("roster.csv").write_text(
        ROSTER.replace("unit\n", "unit,to\n")
        .replace("team-1\n1002", "team-1,\n1002")
        .replace("1002,,team-1", "1002,,team-1,2025-01-01")
    )
    assert "600" in running.said(leaver("list"))
    told = running.said(leaver("hand-over", "1002", *why))
    assert told == "1002, whose last day in team-1 was 2024-12-31: 600 s are handed over to attendance\n"
    assert running.said(leaver("hand-over", "1002", *why)).endswith("nothing is left\n")
    assert "600" not in running.said(leaver("list"))
    assert "nobody knows that they left" in running.refusal(leaver("hand-over", "9999", *why))


def test_a_unit_that_is_none_is_refused(config: Path) -> None:
    refused = running.refusal(running.ccd("bank", "supply", "--config", config, "--unit", "team-9"))
    assert "team-9" in refused
