"""The calendar of days off, as an agent asks for it."""

from datetime import date, timedelta

import pytest

from ccd.bank.allocation import Allocation, Applicant, Free
from ccd.bank.allocation_rows import add_allocation
from ccd.bank.day_off_costs import WholeDay
from ccd.bank.days_off_calendar import DayOutlook, OwnOutlook
from ccd.bank.quota import Places
from ccd.bank.withdrawal import Application, ApplicationState
from ccd.floor.days import SECOND
from ccd.floor.spans import Span
from ccd.sql.turns import Patience, take_turn_at_once
from ccd.web import idempotency
from ccd.web.accounts import Accounts
from ccd.web.sessions import Sessions
from ccd.web.withdrawals_api import withdrawals_api
from tests.web.acting import Place
from tests.web.office import PASSWORD, Clock, Office
from tests.web.test_api import check_problem

WHERE, DAY = "/api/withdrawals/calendar", date(2026, 12, 10)
OWN = Application("a", "1001", "team-1", DAY, 900, 7, ApplicationState.WAITING, 1, None, asked_of="team-2")


async def calendar_of(agent: str, first: date, last: date) -> list[OwnOutlook]:
    """Two places of eight hours on the first day, and nobody has said anything of the others."""
    assert agent == "1001"
    rest = [first + timedelta(days=number) for number in range(1, (last - first).days + 1)]
    places = {"team-1": Places(3, 90_000)}
    known = DayOutlook(first, places, Places(2, 28_800), 1, 1_797_000_000_000_000, (OWN,), 0)
    return [
        OwnOutlook(known, WholeDay(27_000, first, Span(1_796_860_800_000_000, 1_796_889_600_000_000))),
        *(OwnOutlook(DayOutlook(day, {}, None, 0, None, ()), WholeDay(0, day, None)) for day in rest),
    ]


@pytest.fixture
def office(accounts: Accounts, sessions: Sessions, clock: Clock) -> Office:
    return Office(accounts, sessions, clock, more=[withdrawals_api(sessions, calendar_of)])


async def test_an_agent_sees_what_is_left_and_the_own_applications(office: Office) -> None:
    await office.sign_in("陈静")
    answer = await office.client.get(WHERE, params={"from": "2026-12-10", "to": "2026-12-11"})
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json()["days"] == [
        {"day": "2026-12-10", "agents": 2, "seconds": 28_800, "waiting": 1, "ahead": 0, "unit": "team-1",
         "allocated_at": 1_797_000_000.0, "costs": 27_000, "begins": 1_796_860_800.0, "ends": 1_796_889_600.0,
         "own": [{"application": "a", "seconds": 900, "missing": 0, "state": "waiting",
                  "cancel_until": "2026-12-10", "moved_to": "team-1"}]},
        {"day": "2026-12-11", "agents": None, "seconds": None, "waiting": 0, "ahead": None, "unit": None,
         "allocated_at": None, "costs": 0, "begins": None, "ends": None, "own": []},
    ]  # fmt: skip


async def test_who_is_no_agent_sees_none_and_too_many_days_are_refused(office: Office) -> None:
    days = {"from": "2026-12-10", "to": "2026-12-11"}
    check_problem(await office.client.get(WHERE, params=days), 401)
    await office.sign_in("lead")
    check_problem(await office.client.get(WHERE, params=days), 403)
    await office.sign_in("陈静")
    for wrong in ({"to": "2026-12-09"}, {"to": "2027-12-11"}, {"to": "soon"}, {"from": "1066-10-14"}):
        check_problem(await office.client.get(WHERE, params=days | wrong), 422)


async def test_how_places_were_allocated_is_told_to_all_with_whom_it_was_reckoned(place: Place) -> None:
    """Also to who asked for a later day alone, and has none because a run of days had it ahead of its deadline."""
    day, later = date(2026, 12, 10), date(2026, 12, 11)
    of_run = Applicant("a", "1001", 900, 0, 1_000_000, day, 1, ("centre",), "run")
    besides = of_run._replace(application="b", day=later), of_run._replace(agent="1002", run="", day=later)
    free = {"centre": Free(1)}
    made = Allocation("centre", day, 7, (of_run,), free, besides, {later: free})
    await take_turn_at_once(place.engine, lambda plain: add_allocation(plain, made), Patience())
    seen = {who: await place.get(who, f"/api/allocations/centre/{day}") for who in ("1001", "1002", "2001", "wang")}
    assert {who: answer.status_code for who, answer in seen.items()} == {
        "1001": 200, "1002": 200, "2001": 404, "wang": 200,
    }  # fmt: skip
    assert seen["1002"].json()["besides"][1]["agent"] == "1002"


async def test_a_key_of_long_ago_decides_nothing_else_and_applies_for_no_other_day(place: Place) -> None:
    """What another key had decided was told as if the verdict that was asked for had been given."""
    asks, decides = "/api/withdrawals", "/api/withdrawals/decisions"
    await place.saved("1001", 200_000)
    for day in range(10, 18):
        tag = (await place.get("wang", "/api/quotas/team-1")).headers["etag"]
        await place.put("wang", "/api/quotas/team-1", {"on": f"2027-01-{day}", "agents": 2}, tag)
    names = {}
    for day in (10, 11, 12):
        made = await place.post("1001", asks, {"day": f"2027-01-{day}", "seconds": 3_600}, f"day {day}")
        names[day] = made.json()["applications"][0]["application"]
        approval = {"application": names[day], "verdict": "approved"}
        assert (await place.post("wang", decides, approval, f"day {day}")).json()["state"] == "approved"
    runs = [{"day": f"2027-01-{day}", "until": f"2027-01-{day + 1}"} for day in (13, 15)]
    had = [(await place.post("1001", asks, run, run["day"])).json()["applications"] for run in runs]
    undecided = {"application": had[0][0]["application"], "verdict": "approved"}
    place.clock.now += idempotency.KEPT_US / SECOND + 1
    for who in ("wang", "1001"):
        await (await place.browser(who)).post("/api/session", json={"name": who, "password": PASSWORD})
    load = {"unit": "team-1", "day": "2027-01-10", "load": "rush"}
    assert (await place.post("wang", "/api/day-loads", load)).status_code == 200  # with it old answers go
    for who, path, body, key in (
        ("wang", decides, {"application": names[10], "verdict": "refused", "reason": "a rush"}, "day 10"),
        ("wang", decides, undecided, "day 11"),
        ("1001", "/api/withdrawals/cancellations", {"application": names[10]}, "day 10"),
        ("1001", asks, {"day": "2027-01-17", "until": "2027-01-17"}, "day 11"),
        ("1001", asks, {"day": "2027-01-17"}, "2027-01-13"),
    ):
        said = check_problem(await place.post(who, path, body, key), 409)
        assert said["type"] == "urn:ccd:key-taken", (path, body, said)
    again = await place.post("wang", decides, {"application": names[12], "verdict": "approved"}, "day 12")
    assert again.json()["state"] == "approved"
    assert (await place.post("1001", asks, runs[1], "2027-01-15")).json()["applications"] == had[1]
    assert (await place.post("wang", decides, undecided)).json()["state"] == "approved"
    assert (await place.balance("1001"))["reserved"] == 3 * 3_600 + 4 * 28_800
