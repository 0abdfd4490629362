"""Who sits where, read and put over HTTP by who may."""

from pathlib import Path

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.daemon.judged_by.corrected_holidays import holidays_of
from ccd.daemon.judged_by.replacing import Replacing
from ccd.daemon.site import Site
from ccd.org.acts import Act, noted
from ccd.settings import Settings
from ccd.web.accounts import Accounts
from ccd.web.bearer import importer_of
from ccd.web.guard import FILE_BYTES_MAX
from ccd.web.holidays_api import holidays_api
from ccd.web.keys import ApiKey, ApiKeys, KeyScope
from ccd.web.organisation_api import ImportDesk
from ccd.web.sessions import Sessions
from tests.web.acting import Place
from tests.web.office import Clock, Office
from tests.web.test_api import check_problem

ROSTER = "/api/organisation/roster"
ONE = "agent,interface,member_name,unit\r\n1001,PJSIP/1001,,team-1\r\n"
TWO = "\ufeff" + ONE.replace("team-1", "team-2")
NOW = 1_795_500_000_000_000


@pytest.fixture
async def office(engine: AsyncEngine, accounts: Accounts, sessions: Sessions, clock: Clock) -> Office:
    settings = Settings(state_directory=Path("nowhere"))
    replacing = Replacing(engine, lambda kept: Site(settings, *kept), lambda: NOW)
    opened = Office(
        accounts, sessions, clock, imports=ImportDesk(replacing.newest, replacing.take),
        importer_of=lambda said: importer_of(ApiKeys(engine), said, NOW),
    )  # fmt: skip
    await opened.sign_in("boss")
    return opened


async def put(office: Office, text: str | bytes, tag: str | bytes | None, **more: str) -> httpx.Response:
    headers: dict[bytes, bytes] = {b"content-type": b"text/csv"}
    if tag is not None:
        headers[b"if-match"] = tag.encode() if isinstance(tag, str) else tag
    body = text.encode() if isinstance(text, str) else text
    return await office.client.put(ROSTER, content=body, headers=headers, params={"why": "the new team"} | more)


async def acts_of(engine: AsyncEngine) -> list[Act]:
    async with engine.connect() as connection:
        return await connection.run_sync(lambda plain: list(noted(plain, None, None, 9)))


async def test_what_was_put_is_read_to_the_last_byte_under_its_number(office: Office, engine: AsyncEngine) -> None:
    nothing = await office.client.get(ROSTER)
    assert (nothing.status_code, nothing.headers["content-type"]) == (404, "application/problem+json")
    first = await put(office, ONE, '"0"')
    assert (first.status_code, first.headers["etag"]) == (200, '"1"')
    assert first.json() == {
        "number": 1, "lines": ["+ 1001: PJSIP/1001, in team-1"], "new": 1, "changed": 0, "gone": 0, "since": "ever",
        "measured_days": 0, "change": None, "effect": None, "warnings": [],
    }  # fmt: skip
    second = await put(office, TWO, first.headers["etag"])
    assert second.json()["lines"] == ["~ 1001: PJSIP/1001: unit team-1 -> team-2"]
    read = await office.client.get(ROSTER)
    assert (read.status_code, read.content, read.headers["etag"]) == (200, TWO.encode(), '"2"')
    assert read.headers["content-type"] == "text/csv; charset=utf-8"
    assert [(act.by, act.address, act.why, act.after, act.at) for act in await acts_of(engine)] == [
        ("boss", "10.0.0.1", "the new team", "import 2, 0 new, 1 changed, 0 gone", NOW),
        ("boss", "10.0.0.1", "the new team", "import 1, 1 new, 0 changed, 0 gone", NOW),
    ]


async def test_a_dry_run_says_what_an_import_changes_and_changes_nothing(office: Office, engine: AsyncEngine) -> None:
    await put(office, ONE, '"0"')
    rehearsed = await put(office, TWO, '"1"', dry_run="true")
    assert (rehearsed.status_code, rehearsed.headers["etag"]) == (200, '"1"')
    assert len(await acts_of(engine)) == 1
    assert (await put(office, TWO, '"1"')).json() == rehearsed.json() | {"number": 2}
    same = await put(office, TWO, '"2"')
    assert (same.json()["lines"], same.headers["etag"]) == ([], '"2"')
    assert len(await acts_of(engine)) == 2


async def test_nobodys_import_is_lost(office: Office) -> None:
    assert (await put(office, ONE, None)).status_code == 428
    await put(office, ONE, '"0"')
    for tag in ('"0"', '"2"', "*", 'W/"1"', '"1", "2"', "", b'"\xb9"'):
        refused = await put(office, TWO, tag)
        assert refused.status_code == 412, tag
        assert refused.headers["content-type"] == "application/problem+json"
    assert (await put(office, TWO, '"0"')).headers["etag"] == '"1"'
    assert (await office.client.get(ROSTER)).text == ONE


async def test_whose_answer_was_lost_asks_again_under_the_same_tag_and_it_is_one_import(
    office: Office, engine: AsyncEngine
) -> None:
    for _ in range(2):
        done = await put(office, ONE, '"0"')
        assert (done.status_code, done.headers["etag"]) == (200, '"1"')
    assert (await put(office, TWO, '"1"')).headers["etag"] == '"2"'
    assert (await put(office, ONE, '"0"')).status_code == 412, "another was imported since"
    assert (await put(office, TWO, '"0"')).status_code == 412, "it was said of what had been read before"
    assert len(await acts_of(engine)) == 2


async def test_every_fault_is_told_with_line_and_column(office: Office, engine: AsyncEngine) -> None:
    refused = await put(office, ONE + ",PJSIP/2,,team-1\n1003,PJSIP/1001,,team-1\n", '"0"')
    assert refused.status_code == 422
    assert refused.json()["errors"] == [
        {"line": 3, "column": "agent", "problem": "is empty; who sits there?"},
        {"line": 4, "column": "", "problem": "says whose this seat is at the same time as line 2"},
    ]
    assert await acts_of(engine) == []


async def test_what_can_be_so_and_is_probably_not_meant_is_said(office: Office) -> None:
    elsewhere = ONE.replace("unit", "unit,pbx").replace("team-1", "team-1,east")
    done = await put(office, elsewhere, '"0"')
    assert done.json()["warnings"] == ["roster:2: pbx: 'east' is no [[pbx]]; the line matches nothing"]


async def test_what_is_no_utf_8_is_told_with_its_line(office: Office) -> None:
    refused = await put(office, ONE.replace("team-1", "一班").encode("gb18030"), '"0"')
    assert [(one["line"], one["column"]) for one in refused.json()["errors"]] == [(2, "")]


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"", 422), (b"\xff\xfe", 422), (ONE.encode() + b"1,\0,,t\n", 422), (b"x" * (FILE_BYTES_MAX + 1), 413)],
)
async def test_what_is_no_roster_is_refused(office: Office, body: bytes, status: int) -> None:
    assert (await put(office, body, '"0"')).status_code == status


async def test_an_import_needs_a_reason(office: Office) -> None:
    for why in ("", "  ", "a\0b", "x" * 1_001):
        assert (await put(office, ONE, '"0"', why=why)).status_code == 422, why
    assert (await office.client.put(ROSTER, content=ONE, headers={"If-Match": '"0"'})).status_code == 422


async def test_only_who_leads_all_units_reads_and_imports(office: Office, engine: AsyncEngine) -> None:
    for name in ("lead", "陈静"):
        await office.sign_in(name)
        for answer in (await office.client.get(ROSTER), await put(office, ONE, '"0"')):
            assert answer.status_code == 403
            assert "whoever leads all units" in answer.json()["detail"]
    await office.client.delete("/api/session")
    assert (await office.client.get(ROSTER)).status_code == 401
    assert (await put(office, ONE, '"0"')).status_code == 401
    assert await acts_of(engine) == []


UNITS = "unit,kind,parent,name,timezone,day_starts_at,country,from,to\ncentre,centre,,中心,Asia/Shanghai,,CN,,\n"
PEOPLE = "person,name,agent,role,unit,from,to,deputy_of\nli,Li Wei,,hotline_manager,centre,2026-12-01,,\n"


async def test_units_and_people_are_read_as_they_were_put_and_people_are_there_for_units_that_there_are(
    office: Office,
) -> None:
    async def sent(what: str, text: str) -> httpx.Response:
        headers = {"content-type": "text/csv", "if-match": '"0"'}
        path = f"/api/organisation/{what}"
        return await office.client.put(path, content=text.encode(), headers=headers, params={"why": "first"})

    early = await sent("people", PEOPLE)
    assert (early.status_code, [(one["line"], one["column"]) for one in early.json()["errors"]]) == (422, [(2, "unit")])
    assert (await sent("units", UNITS)).json()["lines"] == [
        "+ centre: kind centre, name 中心, timezone Asia/Shanghai, country CN",
    ]  # fmt: skip
    assert (await sent("people", PEOPLE)).json()["lines"] == [
        "+ li: name Li Wei, role hotline_manager, unit centre, from 2026-12-01",
    ]  # fmt: skip
    for what, text in (("units", UNITS), ("people", PEOPLE)):
        read = await office.client.get(f"/api/organisation/{what}")
        assert (read.content, read.headers["etag"]) == (text.encode(), '"1"')


async def test_another_system_puts_the_roster_with_a_key_for_all_units_and_nothing_else(
    office: Office, engine: AsyncEngine
) -> None:
    def headers(said: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {said}", "Content-Type": "text/csv", "If-Match": '"0"'}

    made = {}
    for name, scope, units in (
        ("nightly", KeyScope.IMPORT, ("*",)), ("team", KeyScope.IMPORT, ("team-1",)),
        ("box", KeyScope.PROPOSE_PACKETS, ("*",)),
    ):  # fmt: skip
        act = Act(name, NOW, "root", "desk-7", "make key", name, "", "", "for a test")
        made[name] = await ApiKeys(engine).make(ApiKey(name, (scope,), units, NOW + 9), act)
    async with office.browser() as system:
        for said in (made["team"], made["box"]):
            refused = await system.put(ROSTER, content=ONE, headers=headers(said), params={"why": "nightly"})
            check_problem(refused, 403)
        check_problem(await system.put(ROSTER, content=ONE, headers=headers("x"), params={"why": "nightly"}), 401)
        people = "/api/organisation/people"
        check_problem(
            await system.put(people, content="person", headers=headers(made["nightly"]), params={"why": "w"}), 401
        )
        done = await system.put(ROSTER, content=ONE, headers=headers(made["nightly"]), params={"why": "nightly"})
        assert (done.status_code, done.headers["etag"]) == (200, '"1"')
        read = await system.get(ROSTER, headers=headers(made["nightly"]))
        assert (read.text, read.headers["etag"]) == (ONE, '"1"')
    (newest, *_) = await acts_of(engine)
    assert (newest.by, newest.kind) == ("key nightly", "import roster")


async def test_holidays_are_put_where_they_were_read_and_say_what_a_year_is_like(office: Office) -> None:
    where = "/api/organisation/holidays"
    headers = {"Content-Type": "text/csv", "If-Match": '"0"'}
    asked = {"why": "as the council says"}
    text = "country,day,kind,name\nCN,2026-11-24,statutory_holiday,厂庆\n"
    check_problem(await office.client.get(where), 404)
    wrong = await office.client.put(where, content=text.replace("statutory_", "no_"), headers=headers, params=asked)
    assert check_problem(wrong, 422)["errors"][0]["column"] == "kind"
    looked = await office.client.put(where, content=text, headers=headers, params=asked | {"dry_run": "true"})
    assert (looked.json()["lines"], looked.json()["number"]) == (
        ["CN 2026-11-24: as the library says -> statutory_holiday 厂庆"], 0,
    )  # fmt: skip
    done = await office.client.put(where, content=text, headers=headers, params=asked)
    assert (done.status_code, done.json()["new"], done.headers["etag"]) == (200, 1, '"1"')
    again = await office.client.put(where, content=text, headers=headers, params=asked)
    assert (again.status_code, again.headers["etag"]) == (200, '"1"')
    other = text.replace("厂庆", "")
    check_problem(await office.client.put(where, content=other, headers=headers, params=asked), 412)
    assert (await office.client.get(where)).text == text


async def test_whoever_is_signed_in_reads_which_days_of_a_year_are_worked(engine: AsyncEngine, clock: Clock) -> None:
    place = Place(engine, clock)
    place.office = Office(
        place.accounts, place.sessions, clock, more=[holidays_api(place.sessions, holidays_of(engine))]
    )  # fmt: skip
    await place.open()
    told = (await place.get("1001", "/api/holidays/CN/2026")).json()
    kinds = {one["day"]: one["kind"] for one in told["days"]}
    assert (told["published"], kinds["2026-10-01"]) == (True, "statutory_holiday")
    assert "workday" in kinds.values()  # of a weekend, worked for a holiday's sake
    check_problem(await place.get("1001", "/api/holidays/XX/2026"), 404)
    check_problem(await place.office.client.get("/api/holidays/CN/2026"), 401)
    await place.close()
