"""The worked cases of tests/cases/shifts.toml: from what the switch told to what the day is worth."""

import tomllib
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ccd.bank.measured import Measured
from ccd.bank.worth import worth_of
from ccd.floor.agents import AgentRules
from ccd.floor.crew import day_records
from ccd.floor.days import SECOND, BusinessDay, BusinessDays
from ccd.floor.events import PbxEvent
from ccd.floor.expected import Absence, Expected, Shift
from ccd.floor.on_duty import on_duty
from ccd.floor.owners import Owner
from ccd.floor.records import DayRecord, OnDuty, Tally
from ccd.floor.rules import ReasonRule, Reasons
from ccd.floor.spans import Span
from ccd.floor.stretches import Stretches
from tests.bank.policies import policy
from tests.floor.floors import RULES, added, paused, removed, tell, unpaused

CASES = tomllib.loads((Path(__file__).parent / "shifts.toml").read_text())["case"]
TODAY = BusinessDay(date(1970, 1, 1), 0, 86_400 * SECOND)
REASONS = Reasons({"meal": ReasonRule(), "supervisor": ReasonRule()})
POLICY = policy(date(2026, 1, 1), schedules=True)


def second(written: str) -> int:
    hours, minutes, *seconds = (int(part) for part in written.split(":"))
    return hours * 3_600 + minutes * 60 + sum(seconds)


def span(written: str) -> Span:
    start, end = (second(part) * SECOND for part in written.split("-"))
    return Span(start, end if start < end else end + TODAY.end)


def event(told: str) -> PbxEvent:
    at, what = told.split(" ", 1)
    match what.split():
        case ["sign", "in"]:
            return added(second(at))
        case ["sign", "out"] | ["sign", "out", "by", "leader"]:
            return removed(second(at))
        case ["pause", reason]:
            return paused(second(at), reason)
        case ["unpause"]:
            return unpaused(second(at))
    raise ValueError(f"{told!r} is nothing that a switch tells")


def expected(case: dict[str, Any]) -> Expected:
    breaks = tuple(span(each) for each in case.get("breaks", ()))
    shifts = tuple(Shift(*span(each), breaks) for each in (case["shift"],)) if "shift" in case else ()
    leave = tuple(Absence(*span(each), "annual", "leave", "1") for each in case.get("leave", ()))
    leaders = [second(told.split()[0]) * SECOND for told in case["seen"] if told.endswith("by leader")]
    sent_off = tuple(Span(at, at + SECOND) for at in leaders)
    return Expected(shifts, leave, case.get("sign_outs", "counts") == "counts", sent_off=sent_off)


def lived(case: dict[str, Any]) -> tuple[DayRecord, OnDuty]:
    """The day of agent 1001, measured and held against the shift."""
    rules = AgentRules(REASONS, RULES, BusinessDays("UTC"))
    segments = [("pbx", segment) for segment in tell(*(event(told) for told in case["seen"])).segments]
    seen = Stretches()
    owner = Owner("1001", "team", several=False)
    found = day_records(segments, lambda *_: owner, [], lambda _: rules, TODAY.end, lines={"1001": seen})
    record = next((each for each in found if each.day == TODAY.day), Tally().record("1001", "team", TODAY.day))
    return record, on_duty(seen, TODAY, expected(case))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["title"])
def test_what_comes_of_a_day_against_its_shift(case: dict[str, Any]) -> None:
    record, duty = lived(case)
    measured = Measured.of(replace(record, duty=duty), 1)
    worth = worth_of(measured, POLICY)
    said = {name: us // SECOND for name, us in duty._asdict().items() if name != "counted"}
    said |= {"base": worth.base // SECOND, "aux": worth.aux_s}
    said |= {"deposit": worth.deposit_s, "overdraft": worth.overdraft_s}
    assert {name: seconds for name, seconds in said.items() if seconds} == case["then"]
