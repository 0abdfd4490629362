"""Who has left, over HTTP: named to whom it concerns, and handed over once, by a clerk."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.daemon.site import Site
from ccd.org.csv_faults import Written
from tests.web.acting import PEOPLE, ROSTER, Place
from tests.web.office import Clock

LEFT = ROSTER.replace("unit\n", "unit,to\n").replace("1002,,team-1\n", "1002,,team-1,2026-11-01\n")
SAID = {"agent": "1002", "seconds": 600, "unit": "team-1", "last_day": "2026-10-31"}
WHY = {"agent": "1002", "reason": "settled with the last wages"}


@pytest.fixture
async def place(engine: AsyncEngine, clock: Clock) -> AsyncIterator[Place]:
    opened = await Place(engine, clock).open()
    people = Written(Path("people.csv"), PEOPLE)
    opened.current.site = Site(opened.site.settings, Written(Path("roster.csv"), LEFT), people=people)
    await opened.saved("1001", 300)
    await opened.saved("1002", 600)
    yield opened
    await opened.close()


async def test_a_leaver_s_rest_is_handed_over_once_by_a_clerk_of_the_last_unit(place: Place) -> None:
    for name, shown in (("hr", [SAID]), ("audit", [SAID]), ("1002", [SAID]), ("wang", []), ("zhao", []), ("1001", [])):
        answer = await place.get(name, "/api/leavers")
        assert answer.json() == {"leavers": shown, "next": None}, name
    for name in ("wang", "zhao", "1002"):
        assert (await place.post(name, "/api/leavers/hand-overs", WHY)).status_code == 403
    for agent in ("1001", "9999"):
        assert (await place.post("1002", "/api/leavers/hand-overs", WHY | {"agent": agent})).status_code == 403
    there = await place.post("hr", "/api/leavers/hand-overs", WHY | {"agent": "1001"})
    assert (there.status_code, "1001 is in team-1, or will be" in there.text) == (409, True)
    for _ in range(2):
        done = await place.post("hr", "/api/leavers/hand-overs", WHY, "the key")
        assert (done.status_code, done.json()) == (200, SAID)
    assert done.headers["Idempotency-Replayed"] == "true"
    assert sum((await place.balance("1002")).values()) == 0
    assert (await place.post("hr", "/api/leavers/hand-overs", WHY)).json() == SAID | {"seconds": 0}
    assert (await place.get("hr", "/api/leavers")).json()["leavers"] == []


async def test_a_bad_request_is_refused_with_what_is_wrong(place: Place) -> None:
    for body in ({"agent": "1002"}, WHY | {"reason": " "}, WHY | {"seconds": 5}):
        assert (await place.post("hr", "/api/leavers/hand-overs", body)).status_code == 422
    unknown = await place.post("hr", "/api/leavers/hand-overs", WHY | {"agent": "9999"})
    assert (unknown.status_code, "nobody knows that they left" in unknown.text) == (409, True)
