"""Policies over HTTP: key by key with the reason of each, as they hold in a unit, and who has read them."""

from collections.abc import AsyncIterator
from datetime import date

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.daemon.judged_by.publishing import publish_what_holds
from ccd.daemon.site import Site
from ccd.org.acts import noted
from tests.web.acting import Place
from tests.web.office import Clock
from tests.web.test_api import check_problem

OWN = {"unit": "team-2", "from": date(2027, 1, 1), "rate_ppm": 20_000, "gift": {"cap_ppm": 5_000}}


@pytest.fixture
async def place(engine: AsyncEngine, clock: Clock) -> AsyncIterator[Place]:
    """What holds, and what will of team-2."""
    opened = await Place(engine, clock).open()
    said = opened.site.settings.model_validate(
        {"policy": [{}, OWN], "units": opened.site.settings.units, "state_directory": "nowhere"}
    )
    await publish_what_holds(engine, Site(said), opened.now())
    yield opened
    await opened.close()


async def ids(place: Place, name: str) -> dict[str | None, str]:
    answer = await place.get(name, "/api/policies")
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return {one["unit"]: one["id"] for one in answer.json()["policies"]}


async def test_an_agent_is_shown_the_own_units_policies_with_the_reason_of_each_key(place: Place) -> None:
    assert (await ids(place, "1001")).keys() == {None}
    (own, general) = (await place.get("2001", "/api/policies")).json()["policies"]
    assert {name: own[name] for name in own if name != "keys"} == {
        "id": "2", "unit": "team-2", "from": "2027-01-01", "to": None, "state": "agreed", "read_at": None,
        "published_at": place.now() / 1e6, "published_by": "the configuration", "agreed_by": None,
        "reason": "what it began with",
    }  # fmt: skip
    assert (general["unit"], general["from"]) == (None, "1970-01-01")
    keys = {one["key"]: one for one in own["keys"]}
    assert (keys["rate_ppm"]["value"], keys["rate_ppm"]["default"]) == (20_000, 37_000)
    assert "the source's 3.7 %" in keys["rate_ppm"]["why"]
    assert keys["gift.cap_ppm"]["value"] == 5_000
    assert keys["overtime.levels"]["value"] == {"I": 300_000, "II": 450_000, "III": 600_000}
    assert all(len(one["why"]) > 20 for one in own["keys"])


async def test_leaders_are_shown_those_of_their_units_and_auditors_all(place: Place) -> None:
    assert (await ids(place, "zhao")).keys() == {None, "team-2"}
    assert (await ids(place, "both")).keys() == {None}
    for name in ("audit", "admin", "wang"):
        assert (await ids(place, name)).keys() == {None, "team-2"}, name


async def test_what_holds_in_a_unit_on_a_day_is_told_of_units_that_are_shown(place: Place) -> None:
    async def on(name: str, unit: str, **asked: str) -> str | None:
        answer = await place.get(name, f"/api/policies/{unit}", **asked)
        return answer.json()["unit"] if answer.status_code == 200 else str(check_problem(answer, 404)["status"])

    assert await on("2001", "team-2") is None
    assert await on("2001", "team-2", day="2026-12-31") is None
    assert await on("2001", "team-2", day="2027-01-01") == "team-2"
    assert await on("1001", "team-2") == "404"
    assert await on("audit", "nowhere") == "404"
    check_problem(await place.get("2001", "/api/policies/team-2", day="soon"), 422)


async def test_that_an_agent_has_read_a_policy_is_noted_once_and_its_leaders_see_who_has_not(
    place: Place, clock: Clock
) -> None:
    number = (await ids(place, "1001"))[None]
    browser = await place.browser("1001")
    first = await browser.post(f"/api/me/policies/{number}/read")
    assert (first.status_code, first.json()) == (200, {"id": number, "read_at": place.now() / 1e6})
    clock.now += 60
    assert (await browser.post(f"/api/me/policies/{number}/read")).json() == first.json()
    assert (await place.get("1001", "/api/policies")).json()["policies"][0]["read_at"] == first.json()["read_at"]
    async with place.engine.connect() as connection:
        acts = await connection.run_sync(lambda plain: list(noted(plain, "read policy", "1001", 9)))
    assert [(act.by, act.address) for act in acts] == [("1001", "10.0.0.1")]
    everybody = (await place.get("audit", f"/api/policies/{number}/readers")).json()
    assert [one["agent"] for one in everybody["read"]] == ["1001"]
    assert everybody["unread"] == ["1002", "1003", "2001"]
    assert (await place.get("zhao", f"/api/policies/{number}/readers")).json() == {
        "id": number, "read": [], "unread": ["2001"],
    }  # fmt: skip
    own = (await ids(place, "audit"))["team-2"]
    assert (await place.get("audit", f"/api/policies/{own}/readers")).json()["unread"] == ["2001"]


async def test_what_is_not_shown_is_not_read_and_agents_are_not_told_who_has(place: Place) -> None:
    own = (await ids(place, "audit"))["team-2"]
    browser = await place.browser("1001")
    check_problem(await browser.post(f"/api/me/policies/{own}/read"), 404)
    check_problem(await browser.post("/api/me/policies/soon/read"), 422)
    check_problem(await (await place.browser("audit")).post(f"/api/me/policies/{own}/read"), 403)
    check_problem(await place.get("1001", f"/api/policies/{own}/readers"), 403)
    check_problem(await place.get("audit", "/api/policies/99/readers"), 404)
