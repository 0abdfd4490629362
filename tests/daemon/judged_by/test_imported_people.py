"""Units and people that are imported while a daemon runs: what whoever is signed in sees and may do from then on."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from ccd.live.clients import Client
from ccd.live.frames import MsgpackCodec
from ccd.org.people import Person, Role, Session
from tests.daemon.judged_by.test_imported_roster import TEAM_1, first_import
from tests.daemon.test_reloading import Site, living, site
from tests.live.test_hub import FakeLine

__all__ = ["site"]

UNITS = (
    "unit,kind,parent,name,timezone,day_starts_at,country,from,to\n"
    "south,sub_centre,,,,,,,\nnorth,sub_centre,,,,,,,\nteam-1,team,south,,,,,,\n"
)
PEOPLE = "person,name,agent,role,unit,from,to,deputy_of\n"


@pytest.fixture(autouse=True)
def looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ccd.daemon.judged_by.imported.LOOKS_EVERY_S", 0.05)


@asynccontextmanager
async def signed_in(site: Site, *logins: Person) -> AsyncIterator[list[httpx.AsyncClient]]:
    assert site.made.server is not None
    browsers = []
    try:
        for login in logins:
            await site.made.accounts.add(login, "correct horse")
            browsers.append(httpx.AsyncClient(base_url=site.made.server.url))
            asked = {"name": login.name, "password": "correct horse"}
            assert (await browsers[-1].post("/api/session", json=asked)).is_success
        yield browsers
    finally:
        for browser in browsers:
            await browser.aclose()


async def put(browser: httpx.AsyncClient, what: str, text: str, tag: str, **more: str) -> httpx.Response:
    headers = {"Content-Type": "text/csv", "If-Match": tag}
    return await browser.put(
        f"/api/organisation/{what}", content=text.encode(), headers=headers, params={"why": "the new plan"} | more
    )


async def who(browser: httpx.AsyncClient) -> dict[str, object]:
    found: dict[str, object] = (await browser.get("/api/session")).json()
    return found


async def test_units_and_people_are_put_over_http_and_who_is_signed_in_is_what_they_are_there_for(site: Site) -> None:
    boss, lead = Person("boss", Role.SUPERVISOR, None, ("*",)), Person("li", Role.AGENT, "1001")
    async with living(site, await first_import(site)), signed_in(site, boss, lead) as (boss_s, li_s):
        rehearsed = await put(boss_s, "units", UNITS, '"0"', dry_run="true")
        assert (rehearsed.status_code, rehearsed.json()["number"]) == (200, 0)
        done = await put(boss_s, "units", UNITS, '"0"')
        assert (done.status_code, done.headers["etag"]) == (200, '"1"')
        assert done.json()["lines"] == rehearsed.json()["lines"]
        assert done.json()["lines"][-1] == "+ team-1: kind team, parent south"
        read = await boss_s.get("/api/organisation/units")
        assert (read.text, read.headers["etag"]) == (UNITS, '"1"')
        assert (await put(boss_s, "units", UNITS, '"0"')).headers["etag"] == '"1"', "as if the answer had been lost"
        assert (await put(boss_s, "units", UNITS.replace("team-1", "team-9"), '"0"')).status_code == 412
        await site.until(lambda: site.made.current.site.imports == (1, 1, 0))

        assert (await who(li_s))["role"] == "agent"
        people = f"{PEOPLE}li,Li Wei,1001,team_leader,south,,,\nboss,,,auditor,*,,,\nsun,,,administrator,*,,,\n"
        assert (await put(boss_s, "people", people, '"0"')).status_code == 200
        await site.until(lambda: site.made.current.site.imports == (1, 1, 1))
        found = await who(li_s)
        assert (found["role"], found["agent"], found["units"]) == ("supervisor", "1001", ["south", "team-1"])
        shown = (await li_s.get("/api/site")).json()["units"]
        assert [unit["unit"] for unit in shown] == ["south", "team-1"]
        assert (await li_s.get("/api/me")).status_code in (200, 404)

        # An auditor reads and writes nothing; the login alone would let boss import.
        refused = await put(boss_s, "people", PEOPLE, '"1"')
        assert (refused.status_code, refused.json()["title"]) == (403, "Forbidden")


async def test_faults_come_with_line_and_column_and_nothing_is_imported(site: Site) -> None:
    async with (
        living(site, await first_import(site)),
        signed_in(site, Person("boss", Role.SUPERVISOR, None, ("*",))) as (boss,),
    ):
        refused = await put(boss, "people", f"{PEOPLE}li,,,boss,south,,,\n", '"0"')
        assert refused.status_code == 422
        assert [(one["line"], one["column"]) for one in refused.json()["errors"]] == [(2, "role"), (2, "unit")]
        assert (await boss.get("/api/organisation/people")).status_code == 404


async def test_who_looks_at_the_floor_sees_it_change_hands(site: Site) -> None:
    """A team that moves below another sub-centre is gone from the board of who leads the first."""
    boss, lead = Person("boss", Role.SUPERVISOR, None, ("*",)), Person("li", Role.SUPERVISOR, None, ("south",))
    async with living(site, await first_import(site)), signed_in(site, boss, lead) as (boss_s, li_s):
        assert (await put(boss_s, "units", UNITS, '"0"')).status_code == 200
        await site.until(lambda: site.made.current.site.imports == (1, 1, 0))
        assert (await who(li_s))["units"] == ["south", "team-1"]
        moved = UNITS.replace("team-1,team,south,,,,,,", f"team-1,team,south,,,,,,{site.today}") + (
            f"team-1,team,north,,,,,{site.today},\n"
        )
        assert (await put(boss_s, "units", moved, '"1"')).status_code == 200
        await site.until(lambda: site.made.current.site.imports == (1, 2, 0))
        assert (await who(li_s))["units"] == ["south"]
        assert json.loads((await li_s.get("/api/site")).text)["units"][0]["unit"] == "south"
        assert (await boss_s.get("/api/organisation/roster")).text == TEAM_1


async def test_a_board_that_is_open_is_closed_to_whoever_is_there_for_it_no_more(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    boss = Person("boss", Role.SUPERVISOR, None, ("*",))
    async with living(site, await first_import(site)), signed_in(site, boss) as (browser,):
        assert (await put(browser, "units", UNITS, '"0"')).status_code == 200
        ends = datetime.now(UTC) + timedelta(hours=1)
        stands_in = f"li,,,team_leader,south,,,\nwu,,,,,,{ends:%Y-%m-%dT%H:%M:%S}+00:00,li\n"
        await site.until(lambda: site.made.current.site.imports == (1, 1, 0))
        assert (await put(browser, "people", PEOPLE + stands_in, '"0"')).status_code == 200
        await site.until(lambda: site.made.current.site.imports == (1, 1, 1))

        hub, line, now = site.made.hub, FakeLine(), asyncio.get_running_loop().time()
        deputy = site.made.current.site.signed_in(Person("wu", Role.SUPERVISOR, None, ("team-1",)))
        assert deputy.units == ("south",)
        client = Client(Session("key", deputy, 9e9), MsgpackCodec(), line, now)
        hub.join(client, now)
        hub.subscribe_floor(client, frozenset({"south", "team-1"}))
        site.made.reloading.look_again()
        assert client.topic is not None
        assert client.topic.units == frozenset({"south", "team-1"})
        monkeypatch.setattr("ccd.daemon.site.time.time", lambda: (ends + timedelta(seconds=1)).timestamp())
        site.made.reloading.look_again()
        assert client.topic.units == frozenset()
