"""`ccd day` and `ccd settle`, as a person types them, on what a daemon has recorded."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ccd.bank.fate import Fate, Settlement
from ccd.commands.settle import _say, settle
from ccd.daemon.judged_by.applied_rules import AppliedRules
from ccd.history.close import Closed, Closer
from ccd.settings import read
from tests.bank.days import DAY, measured
from tests.commands.recorded_days import CONFIGURATION, ROSTER, SHIFT, at, ccd, configured, recorded
from tests.floor.floors import added, heard, removed


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return configured(tmp_path)


def test_a_day_is_told_as_json_of_those_on_the_roster_and_of_those_on_none(config: Path) -> None:
    recorded(config, *SHIFT, heard(at(86_400)))
    done = ccd(config, "day", "--day", "2099-11-24", "--format", "json")
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    (day,) = told["days"]
    assert (told["timezone"], day["day"]) == ("Asia/Shanghai", "2099-11-24")
    first, nobody = day["agents"]
    assert (first["agent"], first["unit"], first["signed_in"], first["paused"]) == (
        "1001", "team-1", 28_800, {"toilet": 600.25}
    )  # fmt: skip
    assert (nobody["agent"], nobody["unit"], nobody["signed_in"]) == ("PJSIP/9", None, 100)
    one = ccd(config, "day", "--day", "2099-11-24", "--agent", "1001", "--format", "json")
    assert [each["agent"] for each in json.loads(one.stdout)["days"][0]["agents"]] == ["1001"]
    assert "8:00:00" in ccd(config, "day", "--day", "2099-11-24").stdout


def test_a_dry_run_posts_nothing_and_a_settlement_posts_once(config: Path) -> None:
    recorded(config, *SHIFT, heard(at(86_400)))
    rehearsed = ccd(config, "settle", "--day", "2099-11-24", "--unit", "team-1", "--dry-run")
    assert (rehearsed.returncode, rehearsed.stderr) == (0, "")
    assert "2099-11-24 team-1: 1 new records; would be 1 posted" in rehearsed.stdout
    assert "465" in rehearsed.stdout
    settled = ccd(config, "settle", "--day", "2099-11-24")  # nobody was seen in team-2, whose day the clock ends
    assert settled.stdout.splitlines() == ["2099-11-24 team-1: 1 new records; 1 posted"]
    assert settled.stderr == ("2099-11-24 of team-2 can't be settled yet: it ends at 2099-11-24T16:00:00+00:00\n")
    again = ccd(config, "settle", "--day", "2099-11-24", "--unit", "team-1")
    assert again.stdout.splitlines() == ["2099-11-24 team-1: no figure is new; 1 replayed"]


def test_a_day_is_held_against_the_shift_that_was_imported_and_anew_against_another(config: Path) -> None:
    config.write_text(CONFIGURATION + "[[policy]]\nschedules = true\n")
    plan = config.parent / "plan.csv"
    for start, late, words in (("07:55", 300, "1 new records; 1 posted"), ("08:00", 0, "1 new records; 1 nothing")):
        plan.write_text(f"agent,day,start,end,breaks,uid\n1001,2099-11-24,{start},16:00,,a\n")
        taken = ccd(config, "import", "schedule", str(plan), "--source", "plan")
        assert (taken.returncode, taken.stderr) == (0, "")
        if late:
            recorded(config, *SHIFT, heard(at(86_400)))
        settled = ccd(config, "settle", "--day", "2099-11-24", "--unit", "team-1")
        assert settled.stdout.splitlines() == [f"2099-11-24 team-1: {words}"]
        told = json.loads(ccd(config, "day", "--day", "2099-11-24", "--format", "json").stdout)
        first = told["days"][0]["agents"][0]
        assert (first["agent"], first["late"], first["scheduled"]) == ("1001", late, 28_800 + late)


def test_a_dry_run_says_what_would_be_written_off(capsys: pytest.CaptureFixture[str]) -> None:
    settlement = Settlement(named=True)
    settlement.add(measured(revision=2), Fate.NOTHING, "500 s are written off")
    _say(Closed("team-1", DAY, (), {}, settlement), dry_run=True)
    (row,) = (line for line in capsys.readouterr().out.splitlines() if "written off" in line)
    assert [cell.strip() for cell in row.strip("│").split("│")] == ["1001", "2", "500 s are written off"]


def test_what_days_were_judged_by_can_not_be_edited_and_settled_by(config: Path) -> None:
    recorded(config, *SHIFT, heard(at(86_400)))
    AppliedRules(config.parent / "state").keep(read(config))
    config.write_text(CONFIGURATION + "[[policy]]\nrate_ppm = 50000\n")
    settled = ccd(config, "settle", "--day", "2099-11-24", "--unit", "team-1")
    assert (settled.returncode, settled.stdout) == (2, "")
    assert f"{config}:11: policy[0].rate_ppm: has held with rate_ppm 37000" in settled.stderr


def test_another_clock_than_that_by_which_days_were_settled_is_refused(config: Path) -> None:
    recorded(config, *SHIFT, heard(at(3 * 86_400)))
    assert ccd(config, "settle", "--day", "2099-11-24", "--unit", "team-1").returncode == 0
    config.write_text(CONFIGURATION.replace("Asia/Shanghai", "UTC"))
    settled = ccd(config, "settle", "--day", "2099-11-25", "--unit", "team-1")
    assert (settled.returncode, settled.stdout) == (2, "")
    assert f"{config}:2: timezone: the days of team-1 have been counted by timezone Asia/Shanghai" in settled.stderr


@pytest.mark.parametrize("imported", [True, False])
def test_a_roster_that_is_taken_over_amid_settling_is_the_one_that_is_settled_by(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], imported: bool
) -> None:
    recorded(config, *SHIFT, heard(at(86_400)))
    roster = config.parent / "roster.csv"
    if imported:
        config.write_text(CONFIGURATION.replace('roster = "roster.csv"\n', ""))
        assert ccd(config, "import", "roster", str(roster)).returncode == 0

    class Overtaken(Closer):
        async def _measure(self, *asked: Any) -> Any:
            taken = await super()._measure(*asked)
            if "PJSIP/1001,,team-1" in roster.read_text():
                roster.write_text(ROSTER.replace("1001,PJSIP/1001", "1003,PJSIP/1001"))
                if imported:
                    await asyncio.to_thread(ccd, config, "import", "roster", str(roster))
            return taken

    monkeypatch.setattr("ccd.commands.settle.Closer", Overtaken)
    settle(config, datetime(2099, 11, 24, tzinfo=UTC), "team-1")
    said = capsys.readouterr()
    assert said.out.splitlines() == [
        "2099-11-24 team-1: 1 new records; 1 posted", "2099-11-24 team-1: 2 new records; 2 posted",
    ]  # fmt: skip
    assert said.err == "warning: another roster, or other rules, hold since: settled again by them\n"
    told = json.loads(ccd(config, "day", "--day", "2099-11-24", "--format", "json").stdout)["days"][0]["agents"]
    assert {each["agent"]: each["signed_in"] for each in told if each["unit"] == "team-1"} == {
        "1001": 0,
        "1003": 28_800,
    }
    again = ccd(config, "settle", "--day", "2099-11-24", "--unit", "team-1")
    assert again.stdout.startswith("2099-11-24 team-1: no figure is new")


def test_the_days_before_are_settled_first(config: Path) -> None:
    recorded(config, *SHIFT, added(at(86_400 + 5)), removed(at(86_400 + 600)), heard(at(2 * 86_400)))
    settled = ccd(config, "settle", "--day", "2099-11-25", "--unit", "team-1")
    assert [line[:18] for line in settled.stdout.splitlines()] == ["2099-11-24 team-1:", "2099-11-25 team-1:"]


def test_a_day_whose_pbx_lags_is_not_settled_and_it_says_which(config: Path) -> None:
    recorded(config, *SHIFT, heard(at(80_000)))
    done = ccd(config, "settle", "--day", "2099-11-24", "--unit", "team-1")
    assert (done.returncode, done.stdout) == (1, "")
    assert "2099-11-24 of team-1 can't be settled yet: pbx was heard up to 2099-11-24T14:13:20+00:00" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_where_nothing_was_recorded_it_says_so(config: Path) -> None:
    done = ccd(config, "day", "--day", "2099-11-24")
    assert (done.returncode, done.stdout, done.stderr) == (0, "nothing was seen\n", "")
    assert json.loads(ccd(config, "day", "--day", "2099-11-24", "--format", "json").stdout)["days"] == []


def test_a_unit_or_a_day_that_is_none_is_named(config: Path) -> None:
    recorded(config, *SHIFT)
    done = ccd(config, "settle", "--day", "2099-11-24", "--unit", "taem")
    assert (done.returncode, done.stderr) == (
        2, "no agent of unit taem is on the roster; units on it: team-1, team-2\n"
    )  # fmt: skip
    assert ccd(config, "day", "--day", "24.11.2026").returncode == 2
