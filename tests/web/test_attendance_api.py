"""Clerks, auditors and other systems read what attendance is handed, page by page; others do not."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.bank.asking import Asking
from ccd.errors import ActNotAllowedError
from ccd.floor.days import SECOND
from ccd.org.people import Duty, Office, Person
from ccd.web.accounts import Accounts
from ccd.web.attendance_api import DAY, AttendanceAsked, AttendanceDesk, attendance_api
from ccd.web.keys import ApiKey, ApiKeys, KeyScope
from ccd.web.sessions import Sessions
from tests.web.office import SESSION_S, UNITS, Clock
from tests.web.office import Office as Application
from tests.web.test_api import check_problem
from tests.web.test_proposals_api import act

WHERE = "/api/attendance/days"
DAYS = {"from": "2026-11-03", "to": "2026-11-05"}
FIRST = date(2026, 11, 3)


class Days:
    """Two agents on each of three days; `asked` are who asked for what."""

    def __init__(self) -> None:
        self.asked: list[tuple[Asking, AttendanceAsked]] = []
        self.all = [
            (FIRST + timedelta(days=number), agent) for number in range(3) for agent in ("1001", "张敏")
        ]  # fmt: skip

    async def days(self, asks: Asking, asked: AttendanceAsked) -> list[dict[str, Any]]:
        self.asked.append((asks, asked))
        if asked.unit == "team-3":
            raise ActNotAllowedError(asks.by, "read attendance of team-3", "theirs are others")
        found = [one for one in self.all if asked.after is None or one > asked.after]
        return [DAY | {"day": day, "agent": agent} for day, agent in found[: asked.limit]]


@pytest.fixture
def days() -> Days:
    return Days()


@pytest.fixture
async def office(
    engine: AsyncEngine, accounts: Accounts, clock: Clock, days: Days
) -> AsyncIterator[Application]:  # fmt: skip
    duties = {
        "lead": (Duty(Office.TEAM_LEADER, "team-1"),),
        "boss": (Duty(Office.HR_CLERK, "centre"), Duty(Office.AUDITOR, "team-3")),
    }

    def as_now(person: Person) -> Person:
        return replace(person, duties=duties.get(person.name, ()))

    sessions = Sessions(engine, clock, SESSION_S, as_now=as_now)
    desk = AttendanceDesk(lambda: list(UNITS), days.days)
    router = attendance_api(sessions, ApiKeys(engine), desk, lambda: round(clock() * SECOND))
    opened = Application(accounts, sessions, clock, more=[router])
    yield opened
    await opened.client.aclose()


async def test_a_clerk_reads_page_by_page(office: Application, days: Days) -> None:
    await office.sign_in("boss")
    found: list[dict[str, Any]] = []
    after: str | None = None
    for size in (4, 2):
        words = DAYS | {"limit": "4"} | ({"next": after} if after else {})
        answer = await office.client.get(WHERE, params=words)
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
        said = answer.json()
        assert len(said["days"]) == size
        found, after = found + said["days"], said["next"]
    assert after is None
    assert [(one["day"], one["agent"]) for one in found] == [(str(day), agent) for day, agent in days.all]
    assert found[0] == DAY
    asks, asked = days.asked[0]
    assert (asks.by, asks.address, asked.own, asked.unit) == (
        "boss", "10.0.0.1", frozenset(("centre", "team-3")), None,
    )  # fmt: skip
    assert (asked.first, asked.last, asked.after) == (FIRST, date(2026, 11, 5), None)


async def test_others_read_nothing_and_what_is_asked_wrongly_is_said(office: Application, days: Days) -> None:
    check_problem(await office.client.get(WHERE, params=DAYS), 401)
    for name in ("lead", "陈静"):
        await office.sign_in(name)
        check_problem(await office.client.get(WHERE, params=DAYS), 403)
    await office.sign_in("boss")
    check_problem(await office.client.get(WHERE, params=DAYS | {"unit": "team-3"}), 403)
    check_problem(await office.client.get(WHERE, params=DAYS | {"unit": "team-9"}), 404)
    for wrong in (
        {"to": "2026-11-02"}, {"to": "2027-11-05"}, {"from": "soon"}, {"limit": "201"}, {"next": "x"}, {"next": "eA=="},
    ):  # fmt: skip
        check_problem(await office.client.get(WHERE, params=DAYS | wrong), 422)
    assert [asked.unit for _, asked in days.asked] == ["team-3"]


async def test_a_key_for_it_reads_where_nobody_is_signed_in(
    engine: AsyncEngine, office: Application, clock: Clock, days: Days
) -> None:
    at = round(clock() * SECOND)
    made = {}
    for scope in KeyScope:
        key = ApiKey(scope.value, (scope,), ("team-1",), at + 60 * SECOND)
        made[scope] = await ApiKeys(engine).make(key, act("make key", at, scope.value))
    headers = {scope: {"Authorization": f"Bearer {said}"} for scope, said in made.items()}
    answer = await office.client.get(WHERE, params=DAYS, headers=headers[KeyScope.READ_ATTENDANCE])
    assert answer.status_code == 200
    asks, asked = days.asked[0]
    assert (asks.by, asked.own) == ("key read_attendance", frozenset(("team-1",)))
    check_problem(await office.client.get(WHERE, params=DAYS, headers=headers[KeyScope.PROPOSE_PACKETS]), 403)
    await office.sign_in("lead")
    check_problem(await office.client.get(WHERE, params=DAYS, headers=headers[KeyScope.READ_ATTENDANCE]), 403)
    clock.now += 60
    office.client.cookies.clear()
    check_problem(await office.client.get(WHERE, params=DAYS, headers=headers[KeyScope.READ_ATTENDANCE]), 401)


async def test_the_openapi_says_it_with_every_answer_and_an_example(office: Application) -> None:
    said = (await office.client.get("/api/openapi.json")).json()
    assert set(said["paths"][WHERE]["get"]["responses"]) >= {"200", "401", "403", "404", "422", "503"}
    assert said["components"]["schemas"]["DayAttended"]["examples"] == [DAY]
