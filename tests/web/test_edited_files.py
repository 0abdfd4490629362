"""What people edit of shifts, leave, entitlements and loads of days is read with a tag and put under it; systems tell
theirs without."""

import asyncio

import httpx
import pytest
from sqlalchemy import update

from ccd.web.schema import idempotency
from tests.web.acting import Place

DAYS = {"from": "2026-12-01", "to": "2026-12-31"}
SHIFTS = "agent,day,start,end,breaks,uid\n1001,2026-12-01,08:00,16:00,12:00-12:45,a\n"
LEAVE = "agent,kind,from,to,uid\n1001,sick,2026-12-02,2026-12-03,b\n"


async def tells(
    place: Place, who: str, kind: str, text: str, key: str, tag: str | None = None, **days: str
) -> httpx.Response:
    headers = {"Idempotency-Key": key, "content-type": "text/csv"} | ({"If-Match": tag} if tag else {})
    asked = {"source": "planner", **(days or DAYS)}
    browser = await place.browser(who)
    return await browser.post(f"/api/imports/{kind}", content=text.encode(), params=asked, headers=headers)


async def reads(place: Place, who: str, kind: str) -> httpx.Response:
    return await place.get(who, f"/api/imports/{kind}", source="planner", **DAYS)


@pytest.mark.parametrize(
    ("who", "kind", "text", "other"),
    [
        ("admin", "schedule", SHIFTS, SHIFTS.replace("08:00", "09:00")),
        ("hr", "leave", LEAVE, LEAVE.replace("sick", "annual")),
    ],
)
async def test_a_file_is_edited_as_it_was_read(place: Place, who: str, kind: str, text: str, other: str) -> None:
    assert (await tells(place, who, kind, text, "1")).status_code == 200
    read = await reads(place, who, kind)
    assert (read.text, read.headers["content-type"]) == (text, "text/csv; charset=utf-8")
    tag = read.headers["etag"]
    assert (await tells(place, who, kind, other, "2", tag)).json()["said"] == "0 new, 1 changed, 0 withdrawn"
    late = await tells(place, who, kind, text, "3", tag)
    assert late.status_code == 412
    assert (await reads(place, who, kind)).text == other, "nobody's change is lost"
    assert (await tells(place, who, kind, other, "2", tag)).headers["Idempotency-Replayed"] == "true"
    assert (await tells(place, who, kind, text, "4")).status_code == 200, "a system tells all there is"
    unsaid = await tells(place, who, kind, text, "5", tag, partial="true")
    assert (unsaid.status_code, "of which days" in unsaid.text) == (422, True)


async def test_a_file_that_is_told_several_times_at_once_under_one_key_is_taken_over_once(place: Place) -> None:
    assert (await tells(place, "admin", "schedule", SHIFTS, "1")).status_code == 200
    tag = (await reads(place, "admin", "schedule")).headers["etag"]
    other = SHIFTS.replace("08:00", "09:00")
    answers = await asyncio.gather(*(tells(place, "admin", "schedule", other, "2", tag) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {200}, "changed by nobody else"


async def test_a_file_is_read_by_who_may_take_it_over_and_by_auditors(place: Place) -> None:
    for who, kind, text in (("admin", "schedule", SHIFTS), ("hr", "leave", LEAVE)):
        assert (await tells(place, who, kind, text, kind)).status_code == 200
        for other in ("wang", "1001", "both", "zhao"):
            assert (await reads(place, other, kind)).status_code == 403, other
        assert (await reads(place, "audit", kind)).text == text


async def test_who_edits_an_entitlement_edits_what_they_read(place: Place) -> None:
    asked = {"agent": "1001", "from": "2026-12-01", "rate_ppm": 60_000}
    tag = (await place.get("hr", "/api/entitlements/1001")).headers["etag"]
    browser = await place.browser("hr")
    for key, status in (("a", 201), ("a", 201), ("b", 412)):
        headers = {"Idempotency-Key": key, "If-Match": tag}
        assert (await browser.post("/api/entitlements", json=asked, headers=headers)).status_code == status
    assert len((await place.get("hr", "/api/entitlements/1001")).json()["entitlements"]) == 1


async def test_who_says_what_a_day_is_like_says_it_of_what_they_read(place: Place) -> None:
    where, days = "/api/day-loads/centre", {"from": "2026-12-01", "to": "2026-12-31"}
    empty = await place.get("wang", where, **days)
    assert empty.json() == {"unit": "centre", "loads": []}
    browser, asked = await place.browser("wang"), {"unit": "centre", "day": "2026-12-12", "load": "rush"}
    marked = {"Idempotency-Key": "a", "If-Match": empty.headers["etag"]}
    first = await browser.post("/api/day-loads", json=asked, headers=marked)
    read = await place.get("wang", where, **days)
    assert read.json()["loads"] == [{"day": "2026-12-12", "load": "rush"}]
    assert (first.status_code, first.headers["etag"]) == (200, read.headers["etag"])
    stale = await browser.post("/api/day-loads", json=asked, headers=marked | {"Idempotency-Key": "b"})
    assert stale.status_code == 412
    other = await place.get("wang", where, **{"from": "2026-12-13", "to": "2026-12-31"})
    assert (other.json()["loads"], other.headers["etag"]) == ([], read.headers["etag"])
    calm = {"Idempotency-Key": "c", "If-Match": read.headers["etag"]}
    said = await browser.post("/api/day-loads", json=asked | {"load": ""}, headers=calm)
    assert (said.status_code, said.headers["etag"]) == (200, (await place.get("wang", where, **days)).headers["etag"])
    again = {"Idempotency-Key": "d", "If-Match": said.headers["etag"]}
    assert (await browser.post("/api/day-loads", json=asked | {"load": "calm"}, headers=again)).status_code == 200
    assert (await place.get("wang", where, **days)).json()["loads"] == [{"day": "2026-12-12", "load": "calm"}]
    replayed = await browser.post("/api/day-loads", json=asked, headers=marked)
    assert (replayed.content, replayed.headers["etag"]) == (first.content, first.headers["etag"])
    async with place.engine.begin() as connection:  # as if it had died before it kept what it answered
        await connection.execute(update(idempotency).values(status=None, body=None))
    lost = await browser.post("/api/day-loads", json=asked, headers=marked)
    assert (lost.status_code, lost.content) == (200, first.content)
    assert "etag" not in lost.headers, "what others have said since was not read"
    for who in ("zhao", "1001", "both"):
        assert (await place.get(who, where, **days)).status_code == 403, who
    assert (await place.get("wang", "/api/day-loads/nowhere", **days)).status_code == 404
