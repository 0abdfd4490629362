"""At 01:30 of a month's first, where days start at 04:00: the business day is the month's before, on every page."""

import time
from datetime import datetime
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import AGENT, LEAD, OpenPage
from tests.browser.fake_server import FakeServer

NIGHT = datetime(2027, 1, 1, 1, 30, tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.fixture
def at_night(monkeypatch: pytest.MonkeyPatch, server: FakeServer) -> FakeServer:
    """What the server says of the time is then; the browser's own clock is not asked."""
    now, ahead_s = time.time, NIGHT.timestamp() - time.time()
    monkeypatch.setattr(time, "time", lambda: now() + ahead_s)
    for clock in (server.site, *server.site["units"]):
        clock["day_starts_at"] = "04:00:00"
    return server


def asked_by(page: Page, address: str, path: str) -> dict[str, str]:
    """What the page at an address asks for."""
    with page.expect_request(lambda request: urlsplit(request.url).path == path) as found:
        page.goto(address)
    return {name: said for name, (said,) in parse_qs(urlsplit(found.value.url).query).items()}


def test_who_leads_units_sees_the_month_that_runs_by_business_days(at_night: FakeServer, open_as: OpenPage) -> None:
    page, url = open_as(LEAD), at_night.url
    assert asked_by(page, f"{url}/manage/packets", "/api/red-packets/caps") == {"month": "2026-12"}
    days = asked_by(page, f"{url}/manage/days-off", "/api/quotas/centre/days")
    assert days == {"from": "2026-12-01", "to": "2026-12-31"}
    expect(page.locator("[aria-current=date]")).to_contain_text("31")
    report = asked_by(page, f"{url}/manage/indicators", "/api/reports")
    assert (report["from"], report["to"]) == ("2026-12-01", "2026-12-30")


def test_a_span_that_was_just_now_is_ruled_on_by_the_calendar(at_night: FakeServer, open_as: OpenPage) -> None:
    page = open_as(LEAD)
    page.goto(f"{at_night.url}/manage/rulings")
    day = page.locator("input[type=date]")
    expect(day).to_have_value("2027-01-01")
    expect(day).to_have_attribute("max", "2027-01-01")


def test_an_agents_days_off_begin_after_the_business_day_that_runs(at_night: FakeServer, open_as: OpenPage) -> None:
    page = open_as(AGENT)
    asked = asked_by(page, f"{at_night.url}/me/days-off", "/api/withdrawals/calendar")
    assert asked["from"] == "2026-12-31"


def test_what_begins_with_the_months_first_has_not_begun(at_night: FakeServer, open_as: OpenPage) -> None:
    at_night.bank.loan |= {"opens": "2027-01-01", "closes": NIGHT.timestamp() + 86_400}
    at_night.bank.policies[0] |= {"from": "2027-01-01"}
    page = open_as(AGENT)
    page.goto(f"{at_night.url}/me/loan")
    expect(page.locator("main")).to_contain_text("01-01 起可以抵扣")
    page.goto(f"{at_night.url}/me/policy")
    expect(page.get_by_role("heading", name="01-01 起生效")).to_be_visible()
    expect(page.get_by_role("heading", name="现行规定 自 11-01 起")).to_be_visible()
