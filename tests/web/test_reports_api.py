"""Indicators over HTTP: the same figures as the command's, for whoever sees the floor of the units."""

import csv
import io
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from typing import Any, get_args
from xml.etree import ElementTree

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.history.day_rows import JudgedBy, insert_days
from ccd.history.days import MeasuredDay
from ccd.org.acts import noted
from ccd.reports import periods, report
from ccd.web import reports_api
from tests.history.test_tables import day_record
from tests.web.acting import AGENTS, Place
from tests.web.office import Clock
from tests.web.test_api import check_problem

HOUR = 3_600_000_000
DAYS = {"from": "2026-11-02", "to": "2026-11-03"}
JUDGED = JudgedBy(date(2026, 11, 1), "", date(2026, 11, 1))


@pytest.fixture
async def place(engine: AsyncEngine, clock: Clock) -> AsyncIterator[Place]:
    """Everybody was there for eight hours of two days, 1001 paused for a tenth of them, and 2001 for a fifth."""
    opened = await Place(engine, clock).open()
    aux = {"1001": 8 * HOUR // 10, "2001": 8 * HOUR // 5}
    measured = [
        replace(
            day_record(signed_in=8 * HOUR, available=8 * HOUR - aux.get(agent, 0), aux=aux.get(agent, 0)),
            agent=agent, unit=unit, day=date(2026, 11, day), paused={"": aux[agent]} if agent in aux else {},
        )
        for agent, unit in AGENTS.items()
        for day in (2, 3)
    ]  # fmt: skip
    async with engine.begin() as connection:
        await insert_days(connection, [(MeasuredDay(one, {}), 1) for one in measured], JUDGED, 1)
    yield opened
    await opened.close()


async def rows(place: Place, name: str, **asked: str) -> list[dict[str, Any]]:
    answer = await place.get(name, "/api/reports", **DAYS, **asked)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["rows"]
    return found


async def test_who_leads_units_reads_their_indicators_and_their_agents_and_of_no_other_unit_a_part(
    place: Place,
) -> None:
    whole = {row["unit"]: row for row in await rows(place, "wang")}
    assert {unit: row["agent_days"] for unit, row in whole.items()} == {"centre": 8, "team-1": 6, "team-2": 2}
    assert whole["team-1"]["aux_ratio"] == pytest.approx(0.1 / 3)
    assert [row["unit"] for row in await rows(place, "zhao")] == ["team-2"]
    assert [row["unit"] for row in await rows(place, "wang", unit="team-1")] == ["team-1"]
    days = await rows(place, "zhao", by="agent", each="day", against="2026-11-03")
    assert [(row["agent"], row["from"], row.get("against", {}).get("from")) for row in days] == [
        ("2001", "2026-11-02", "2026-11-03"), ("2001", "2026-11-03", None),
    ]  # fmt: skip
    assert {row["agent"] for row in await rows(place, "wang", show="hiding")} == set(AGENTS)
    spread = {row["unit"]: row for row in await rows(place, "wang", show="distribution")}
    assert {unit: (row["agents"], sum(row["steps"])) for unit, row in spread.items()} == {
        "centre": (4, 4), "team-1": (3, 3), "team-2": (1, 1),
    }  # fmt: skip


async def test_nobody_reads_of_units_that_are_not_theirs_and_an_agent_of_none(place: Place) -> None:
    for name, asked in (("zhao", {"unit": "team-1"}), ("1001", {}), ("1001", {"by": "agent"})):
        check_problem(await place.get(name, "/api/reports", **DAYS, **asked), 403)
    assert await rows(place, "hr") == await rows(place, "admin") == []
    check_problem(await place.get("wang", "/api/reports", **DAYS, unit="team-9"), 404)


async def test_an_auditor_reads_all_and_each_look_is_noted(place: Place) -> None:
    assert len(await rows(place, "audit")) == 3
    assert len(await rows(place, "audit", by="agent")) == 4
    assert len(await rows(place, "wang", by="agent")) == 4
    async with place.engine.connect() as connection:
        found = await connection.run_sync(lambda plain: list(noted(plain, "read reports", None, 9)))
    assert len(found) == 2, "each time that an auditor looks"
    act = found[0]
    assert (act.by, act.subject, act.address) == ("audit", "*", "10.0.0.1")


async def test_it_is_told_as_what_is_accepted_or_as_its_suffix_says(place: Place) -> None:
    browser = await place.browser("wang")

    async def told(path: str, accept: str) -> httpx.Response:
        return await browser.get(path, params=DAYS | {"each": "day"}, headers={"Accept": accept})

    for path, accept, media in (
        ("/api/reports", "text/html, application/xhtml+xml, */*;q=0.8", "application/json"),
        ("/api/reports", "application/json;q=0.5, text/csv", "text/csv; charset=utf-8"),
        ("/api/reports", "image/*", "image/svg+xml"),
        ("/api/reports.csv", "application/json", "text/csv; charset=utf-8"),
        ("/api/reports.svg", "*/*", "image/svg+xml"),
        ("/api/reports.png", "*/*", "image/png"),
    ):
        answer = await told(path, accept)
        assert (answer.status_code, answer.headers["content-type"]) == (200, media), (path, accept)
        assert answer.headers["cache-control"] == "no-store"
        if media.startswith("text/csv"):
            found = list(csv.DictReader(io.StringIO(answer.text)))
            assert [row["unit"] for row in found] == ["centre", "team-1", "team-2"] * 2
        if media == "image/svg+xml":
            assert ElementTree.fromstring(answer.content).tag.endswith("svg")
        if media == "image/png":
            assert answer.content.startswith(b"\x89PNG")
    check_problem(await told("/api/reports", "text/plain, application/json;q=0, x;q=much"), 406)


@pytest.mark.parametrize(
    ("path", "asked", "says"),
    [
        ("/api/reports", DAYS | {"by": "agent", "show": "service"}, "service is of queues and units"),
        ("/api/reports", {"from": "2026-01-01", "to": "2026-12-31", "each": "day"}, "ask for longer ones"),
        ("/api/reports", {"from": "2026-01-01", "to": "2027-12-31"}, "allowed are 1 to 400 days"),
        ("/api/reports", {"from": "2026-11-03", "to": "2026-11-02"}, "allowed are 1 to 400 days"),
        ("/api/reports.svg", DAYS | {"show": "hiding"}, "is told as table, csv or json"),
        ("/api/reports", DAYS | {"each": "hour"}, "each"),
    ],
)
async def test_what_can_not_be_told_so_says_why(place: Place, path: str, asked: dict[str, str], says: str) -> None:
    assert says in check_problem(await place.get("wang", path, **asked), 422)["detail"]


def test_what_can_be_asked_over_http_is_what_the_reports_know() -> None:
    for told, known in ((reports_api.Each, periods.Each), (reports_api.By, report.By), (reports_api.Show, report.Show)):
        assert get_args(told) == tuple(one.value for one in known)
