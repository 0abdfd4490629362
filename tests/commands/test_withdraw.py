"""`ccd bank withdraw`, as a person types it: from the quota to the day that has come and gone."""

import asyncio
import json
import re
import subprocess
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ccd.bank.allocation import Allocation, Applicant, Free
from ccd.bank.allocation_rows import add_allocation
from ccd.bank.unit_acts import AS_DECIDED
from ccd.daemon.site_file import site_of
from ccd.daemon.stores import database
from ccd.sql.turns import Patience, take_turn_at_once
from tests.commands import running
from tests.commands.recorded_days import DAY, ccd, settled


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """1001 has 465 s of savings, earned on 2099-11-24, a day that is settled, and worked nine hours of it."""
    return settled(tmp_path)


def call(config: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return running.ccd("bank", "withdraw", words[0], "--config", config, *words[1:], COLUMNS="160")


def said(config: Path, *words: str) -> str:
    return running.said(call(config, *words))


def refused(config: Path, *words: str) -> str:
    return running.refusal(call(config, *words))


def balances(config: Path) -> dict[str, int]:
    accounts = json.loads(ccd(config, "ledger", "balance", "1001", "--format", "json").stdout)["accounts"]
    return {kind: seconds for kind, seconds in accounts.items() if seconds}


def apply(seconds: int, *more: str) -> tuple[str, ...]:
    return ("apply", "1001", *DAY, "--seconds", str(seconds), *more)


def test_a_part_of_a_day_is_applied_for_approved_and_spent_but_for_what_was_worked(config: Path) -> None:
    assert "ccd bank withdraw quota team-1 2099-11-24" in refused(config, *apply(400))
    assert "1 of team-1 may be off" in said(config, "quota", "team-1", "tuesday", "1")
    assert "has 465 s to give, and 466 s are to be reserved" in refused(config, *apply(466))
    assert said(config, *apply(400, "--key", "a")) == "a: 400 s of 1001 on 2099-11-24: applied\n"
    assert said(config, *apply(400, "--key", "a")) == "a: 400 s of 1001 on 2099-11-24: applied\n"
    assert balances(config) == {"savings": 65, "reserved": 400}
    assert said(config, "approve", "a").endswith("approved\n")
    (listed,) = json.loads(said(config, "list", *DAY, "--format", "json"))["applications"]
    assert (listed["state"], listed["hold"], listed["seconds"]) == ("approved", True, 400)
    assert "approved" in said(config, "list", *DAY)
    assert said(config, "close", *DAY).endswith("taken\n")
    assert balances(config) == {"savings": 465}, "all of it was worked all the same"
    assert "nothing of 2099-11-24 was left" in said(config, "close", *DAY)


def test_what_is_cancelled_refused_or_taken_back_goes_back_and_who_waits_moves_up(config: Path) -> None:
    said(config, "quota", "team-1", "2099-11-24", "1")
    for name, verb, more in (("a", "cancel", ()), ("b", "refuse", ("--text", "a rush")), ("c", "take-back", WHY)):
        said(config, *apply(400, "--key", name))
        if verb == "take-back":
            said(config, "approve", name)
        said(config, verb, name, *more)
        assert balances(config) == {"savings": 465}
    said(config, *apply(400, "--key", "d"))
    assert call(config, "refuse", "d", "--text", " ").returncode == 2
    assert balances(config)["reserved"] == 400, "who is refused is told why"
    assert "it stays that" in refused(config, "approve", "a")
    assert "is no application" in refused(config, "cancel", "nobody")


WHY = ("--text", "a storm")


def test_until_when_it_can_be_cancelled_goes_by_the_clock_of_the_unit(config: Path) -> None:
    """Where the site's clock is a day behind, the deadline has passed in the unit all the same; and not where the agent
    is by now, also before the daemon has noticed the move."""
    away = config.read_text().replace("Asia/Shanghai", "Etc/GMT+12")
    there = '[[policy]]\ndays_off.approve = "rule"\ndays_off.cancel_days_before = 2\n[units.team-1]\n'
    config.write_text(f'{away}{there}timezone = "Pacific/Kiritimati"\n')
    tomorrow = str(datetime.now(ZoneInfo("Pacific/Kiritimati")).date() + timedelta(days=1))
    said(config, "quota", "team-1", tomorrow, "1")
    said(config, "apply", "1001", "--day", tomorrow, "--seconds", "60", "--key", "off")
    assert "could cancel off until" in refused(config, "cancel", "off")
    moves = f"1001,PJSIP/1001,,team-1,,{tomorrow}\n1001,PJSIP/1001,,team-2,{tomorrow},2098-01-01\n"
    config.with_name("roster.csv").write_text(f"agent,interface,member_name,unit,from,to\n{moves}")
    assert said(config, "cancel", "off").endswith("cancelled\n")


def test_a_day_that_is_not_settled_waits_and_what_is_no_day_is_said(config: Path) -> None:
    other = ("--day", "2099-12-24")
    said(config, "quota", "team-1", "thursday", "1")
    said(config, "apply", "1001", *other, "--seconds", "60", "--key", "later")
    assert "can't be settled yet: days off are spent once" in refused(config, "close", *other)
    assert "allowed: a day, as 2026-12-10, or monday" in refused(config, "quota", "team-1", "someday", "1")
    assert "expected a day from 1971 to 2099" in refused(config, "quota", "team-1", "2926-12-10", "1")
    assert "unit team-9" in refused(config, "quota", "team-9", "monday", "1")


def test_quotas_in_hours_by_load_and_of_holidays_stand_in_the_calendar(config: Path) -> None:
    said(config, "quota", "team-1", "tuesday", "2", "--hours", "0.1")
    said(config, "quota", "team-1", "tuesday", "1", "--load", "rush")
    said(config, "quota", "team-1", "holiday", "9")
    assert "2099-12-01 is a day of load 'rush'" in said(config, "load", "team-1", "rush", "--day", "2099-12-01")
    assert said(config, *apply(300, "--key", "a")).endswith("applied\n")
    span = ("--from", "2099-11-24", "--to", "2099-12-01")
    days = json.loads(said(config, "calendar", "team-1", *span, "--format", "json"))["days"]
    assert [(day["day"], day["left"]) for day in days if day["left"]] == [
        ("2099-11-24", {"agents": 1, "seconds": 60}), ("2099-12-01", {"agents": 1, "seconds": None}),
    ]  # fmt: skip
    assert "nobody has said how many" in said(config, "calendar", "team-1", *span)
    for since, until in (("2099-12-01", "2099-11-30"), ("2099-09-01", "2099-12-02")):
        why = refused(config, "calendar", "team-1", "--from", since, "--to", until)
        assert f"--to {until} is none of the 92 days from --from {since} on" in why
    acts = json.loads(ccd(config, "acts", "--format", "json").stdout)
    assert [act["kind"] for act in acts] == ["day off", "set load", "set quota", "set quota", "set quota"]
    assert {act["why"] for act in acts[1:]} == {AS_DECIDED}
    told = [json.loads(act["after"]) for act in acts[2:]]
    assert [one["on"] for one in told] == ["holiday", "tuesday", "tuesday"]


def test_several_days_and_parts_of_a_day_are_applied_for(config: Path) -> None:
    said(config, "quota", "team-1", "2099-12-08", "1")
    part = ("apply", "1001", "--day", "2099-12-08", "--from", "23:58", "--to", "00:01", "--key", "p")
    assert said(config, *part) == "p: 180 s of 1001 on 2099-12-08: applied\n"
    whole = ("apply", "1001", "--day", "2099-12-09", "--until", "2099-12-10")
    said(config, "quota", "team-1", "2099-12-09", "1")
    assert "can't take 28800 s of 2099-12-09" in refused(config, *whole)
    assert "--until is for whole days" in refused(config, *whole, "--seconds", "9")
    assert "--from with --to" in refused(config, *part[:6])
    assert "allowed: times of the day" in refused(config, *part[:5], "noon", *part[6:])
    assert "allowed: times of the day" in refused(config, *part[:5], "14:00+02:00", *part[6:])
    assert "allowed: times of the day" in refused(config, *part[:5], "9999-12-31T23:00", *part[6:])
    assert "asks for 0 days" in refused(config, *whole[:5], "2099-12-01")
    said(config, "cancel", "p")
    config.write_text(f'{config.read_text()}[units.team-1]\nday_starts_at = "04:00"\n')
    for name, start, end in (("n", "02:00", "02:03"), ("m", "2099-12-09T03:57", "04:00")):
        night = said(config, *part[:5], start, "--to", end, "--key", name)
        assert night == f"{name}: 180 s of 1001 on 2099-12-08: applied\n", "of the day that began the day before"
        said(config, "cancel", name)


def test_what_is_suggested_says_what_it_follows_from_and_what_was_allocated_is_published(config: Path) -> None:
    suggested = said(config, "suggest", "team-1", "--day", "2099-12-01")
    assert "2099-11-24: 1 agents, 97.9 % of their time signed in they waited" in suggested
    assert "0 of team-1 could be off on 2099-12-01: 50 % of that time" in suggested
    assert "has not allocated 2099-12-01" in refused(config, "allocation", "team-1", "--day", "2099-12-01")


def test_what_was_allocated_is_told_with_all_that_it_follows_from(config: Path) -> None:
    day, later = date(2099, 12, 1), date(2099, 12, 2)
    one = Applicant("a", "1001", 900, 3, 500_000, date(2020, 1, 1), 7, ("team-1",), "two")
    free = {"team-1": Free(2, 1_000)}
    made = Allocation("team-1", day, 7, (one,), free, (one._replace(application="b", day=later),), {later: free})

    settings = site_of(config).settings

    async def publish() -> None:
        async with database(settings) as engine:
            await take_turn_at_once(engine, lambda plain: add_allocation(plain, made), Patience())

    asyncio.run(publish())
    told = said(config, "allocation", "team-1", "--day", str(day))
    seen = " ".join(re.sub("[│┃]", " ", told).split())
    assert "seconds draws on run" in seen
    assert "a 1001 3 50 % 2020-01-01" in seen
    assert "900 team-1 two has a place" in seen
    assert "900 team-1 two of 2099-12-02" in seen
    assert all(f"places of {each} then: team-1: 2 for 1000 s" in seen for each in (day, later))
