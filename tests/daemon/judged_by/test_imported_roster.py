"""A roster that is imported while a daemon runs: taken over by itself, and what days were stays what they were."""

from uuid import uuid4

import httpx
import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from ccd.daemon.judged_by.imported import Imported, imported
from ccd.daemon.stores import database
from ccd.history.schema import day_records
from ccd.org.acts import Act
from ccd.org.people import Person, Role
from ccd.org.store import ROSTER, newest_number, take_import
from ccd.settings import read
from ccd.sql.turns import Patience, take_turn_at_once
from tests.daemon.test_reloading import Site, living, site
from tests.floor.floors import S
from tests.pbx.spoken import SEAT

__all__ = ["site"]

HEADER = "agent,interface,member_name,unit,from,to\n"
TEAM_1 = f"{HEADER}1001,{SEAT},,team-1,,\n"
WORKED = 28_800 * S  # in every story here


@pytest.fixture(autouse=True)
def looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ccd.daemon.judged_by.imported.LOOKS_EVERY_S", 0.05)


async def imports(engine: AsyncEngine, text: str) -> None:
    act = Act(uuid4().hex, 1, "ann", "desk-1", "import roster", ROSTER, "", "", "moves")
    async with engine.connect() as connection:
        number = await connection.run_sync(lambda plain: newest_number(plain, ROSTER))
    await take_turn_at_once(engine, lambda plain: take_import(plain, ROSTER, text, number, act), Patience())


async def first_import(site: Site, text: str = TEAM_1) -> Imported:
    """Before the daemon is started, from a configuration that names no roster."""
    site.write(roster="")
    async with database(read(site.config)) as engine:
        await imports(engine, text)
        return await imported(engine)


async def taken(site: Site, text: str) -> None:
    await imports(site.made.engine, text)
    await site.until(lambda: site.made.current.site.roster_said.text == text)


async def records(site: Site) -> list[tuple[str, str, int, int]]:
    """Of yesterday: agent, unit, revision, signed in; every revision."""
    await site.made.closer.close_due()
    columns = (day_records.c.agent, day_records.c.unit, day_records.c.revision, day_records.c.signed_in_us)
    async with site.made.engine.connect() as connection:
        found = await connection.execute(
            select(*columns).where(day_records.c.day == site.yesterday).order_by(day_records.c.revision, *columns)
        )
        return [(row.agent, row.unit, row.revision, row.signed_in_us) for row in found]


async def test_who_moves_to_another_team_today_is_seen_there_and_yesterday_stays_the_old_teams(site: Site) -> None:
    async with living(site, await first_import(site)):
        assert await records(site) == [("1001", "team-1", 1, WORKED)]
        today = site.today
        await taken(site, f"{HEADER}1001,{SEAT},,team-1,,{today}\n1001,{SEAT},,team-2,{today},\n")
        await site.until(lambda: site.on_the_board().get("unit") == "team-2")
        assert await records(site) == [("1001", "team-1", 1, WORKED)]


async def test_who_gets_another_phone_today_keeps_what_was_done_on_the_old_one(site: Site) -> None:
    async with living(site, await first_import(site)):
        today = site.today
        handed_on = (
            f"{HEADER}1001,{SEAT},,team-1,,{today}\n1001,PJSIP/9,,team-1,{today},\n1002,{SEAT},,team-1,{today},\n"
        )
        await taken(site, handed_on)
        await site.until(lambda: "1002" in site.made.board.agents)
        assert await records(site) == [("1001", "team-1", 1, WORKED)]


async def test_what_was_wrong_about_yesterday_is_measured_anew_and_the_old_record_stays(site: Site) -> None:
    async with living(site, await first_import(site)):
        assert await records(site) == [("1001", "team-1", 1, WORKED)]
        await taken(site, TEAM_1.replace("\n1001", "\n1002"))
        assert await records(site) == [
            ("1001", "team-1", 1, WORKED), ("1002", "team-1", 1, WORKED), ("1001", "team-1", 2, 0),
        ]  # fmt: skip


async def test_what_was_imported_while_nobody_ran_is_held_against_what_was_applied_last(site: Site) -> None:
    async with living(site, await first_import(site)):
        assert await records(site) == [("1001", "team-1", 1, WORKED)]
    async with living(site, await first_import(site, TEAM_1.replace("team-1", "team-2"))):
        found = await records(site)
        assert ("1001", "team-2", WORKED) in [(agent, unit, us) for agent, unit, _, us in found]


async def test_a_roster_that_is_still_in_the_file_is_said_in_two_places_and_nothing_is_taken(site: Site) -> None:
    site.write()
    async with living(site):
        with capture_logs() as logs:
            await imports(site.made.engine, TEAM_1.replace("team-1", "team-2"))
            await site.until(lambda: any("not reloaded" in entry["event"] for entry in logs))
        (fault,) = next(entry["faults"] for entry in logs if "faults" in entry)
        assert fault.startswith(f"{site.config}:2: roster: the roster is said in two places")
        assert site.on_the_board()["unit"] == "team-1"
        site.write(roster="")
        assert await site.reload() == []
        await site.until(lambda: site.on_the_board().get("unit") == "team-2")


async def test_what_was_not_taken_is_asked_for_again_once_somebody_may_have_mended_it(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ccd.daemon.judged_by.imported.ASKS_AGAIN_AFTER_S", 0.3)
    site.write()
    async with living(site):
        with capture_logs() as logs:
            await imports(site.made.engine, TEAM_1.replace("team-1", "team-2"))
            await site.until(lambda: any("not reloaded" in entry["event"] for entry in logs))
        assert site.on_the_board()["unit"] == "team-1"
        site.write(roster="")
        await site.until(lambda: site.on_the_board().get("unit") == "team-2")


async def test_what_is_put_over_http_is_taken_over_by_the_same_daemon(site: Site) -> None:
    async with living(site, await first_import(site)):
        assert site.made.server is not None
        await site.made.accounts.add(Person("boss", Role.SUPERVISOR, None, ("*",)), "correct horse")
        async with httpx.AsyncClient(base_url=site.made.server.url) as browser:
            assert (await browser.post("/api/session", json={"name": "boss", "password": "correct horse"})).is_success
            read = await browser.get("/api/organisation/roster")
            assert (read.text, read.headers["etag"]) == (TEAM_1, '"1"')
            moved, why = TEAM_1.replace("team-1", "team-2"), {"why": "was wrong from the beginning"}
            headers = {"Content-Type": "text/csv", "If-Match": '"1"'}
            for dry_run, number in (("true", 1), ("false", 2)):
                asked = why | {"dry_run": dry_run}
                put = await browser.put(read.url.path, content=moved, headers=headers, params=asked)
                assert put.json()["lines"] == [f"~ 1001: {SEAT}: unit team-1 -> team-2"]
                assert (put.json()["number"], put.json()["measured_days"]) == (number, 1)
        await site.until(lambda: site.on_the_board().get("unit") == "team-2")
        assert ("1001", "team-2", WORKED) in [(agent, unit, us) for agent, unit, _, us in await records(site)]
