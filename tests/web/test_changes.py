"""Changes that wait for a second person, decided over HTTP."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.daemon.judged_by.publishing import publish_what_holds
from ccd.daemon.site import Site
from ccd.org.acts import Act, note_act
from ccd.org.csv_faults import Written
from ccd.org.people import Person, Role
from ccd.org.proposed import Proposed, propose_change
from ccd.org.store import ROSTER as KIND
from ccd.org.store import newest_import
from ccd.sql.turns import Patience, take_turn_at_once
from tests.web.acting import PEOPLE, Place
from tests.web.acting import ROSTER as HELD
from tests.web.office import PASSWORD, Clock
from tests.web.test_api import check_problem

UNPUBLISHED, CHANGES = "/api/changes/unpublished", "/api/changes"
NEW = HELD.replace("1001,PJSIP/1001,,team-1", "1001,PJSIP/1001,,team-2")
DECIDE = "/api/changes/decisions"


@pytest.fixture
async def place(engine: AsyncEngine, clock: Clock) -> AsyncIterator[Place]:
    """Of the policies it began with; and two rosters that wait, one of them by `admin`, one that has faults by now."""
    opened = await Place(engine, clock).open()
    await publish_what_holds(engine, opened.site, opened.now())
    for by, said in (("li", NEW), ("admin", NEW), ("li", "agent,interface,member_name,unit\n,PJSIP/1,,team-1\n")):
        await propose_roster(opened, by, said)
    yield opened
    await opened.close()


async def propose_roster(place: Place, by: str, roster: str) -> None:
    act = Act(f"{by}{len(roster)}", place.now(), by, "desk-7", "propose roster", KIND, "", "", "sat elsewhere")

    def work(plain: Connection) -> None:
        note_act(plain, act)
        propose_change(plain, Proposed(act.id, KIND, "0", roster, '{"measured_days": 2}'))

    await take_turn_at_once(place.engine, work, Patience())


async def test_an_administrator_agrees_once_to_what_somebody_else_proposed(place: Place) -> None:
    listed = (await place.get("audit", "/api/changes")).json()["changes"]
    waiting = [one["change"] for one in listed if one["state"] == "waiting"]
    theirs, own, faulty = waiting
    assert [one["kind"] for one in listed] == ["policy", "policy", "rule", "roster", "roster", "roster"]
    assert listed[3] | {"digest": ""} == {
        "change": theirs, "kind": "roster", "what": "the roster, in place of import 0", "digest": "",
        "effect": {"measured_days": 2}, "by": "li", "at": place.now() / 1e6, "reason": "sat elsewhere",
        "state": "waiting", "decided_by": None, "decided_at": None,
    }  # fmt: skip
    agree = {"change": theirs, "verdict": "agreed", "reason": "I was there"}
    assert "a second person" in check_problem(await place.post("admin", DECIDE, agree | {"change": own}), 403)["detail"]
    assert "is empty" in check_problem(await place.post("admin", DECIDE, agree | {"change": faulty}), 409)["detail"]
    done = await place.post("admin", DECIDE, agree, "a")
    assert (done.status_code, done.json()["state"], done.json()["decided_by"]) == (200, "agreed", "admin"), done.text
    assert (await place.post("admin", DECIDE, agree, "a")).json() == done.json()
    async with place.engine.connect() as connection:
        kept = await connection.run_sync(lambda plain: newest_import(plain, KIND))
    assert kept is not None
    assert (kept.number, kept.text) == (1, NEW)
    assert "already" in check_problem(await place.post("admin", DECIDE, agree, "b"), 409)["detail"]
    withdrawn = await place.post("admin", DECIDE, {"change": own, "verdict": "withdrawn", "reason": "twice"})
    assert withdrawn.json()["state"] == "withdrawn"
    check_problem(await place.post("admin", DECIDE, agree | {"change": "99"}), 404)


async def test_who_administers_nothing_neither_sees_nor_decides_it(place: Place) -> None:
    for name in ("wang", "1001", "hr"):
        check_problem(await place.get(name, "/api/changes"), 403)
    for name in ("wang", "1001", "hr", "audit"):
        for verdict in ("agreed", "withdrawn"):
            asked = {"change": "3", "verdict": verdict, "reason": "why not"}
            check_problem(await place.post(name, DECIDE, asked), 403)


# --- published -------------------------------------------------------------------------------------------------------


async def with_wishes(place: Place, **wished: Any) -> None:
    """Two people administer all units, and the configuration was read again, which says something else of days to
    come."""
    settings = place.site.settings.model_dump(by_alias=True) | wished
    people = Written(Path("people.csv"), PEOPLE + "li,Li Wei,,administrator,*,,,\n")
    said = type(place.site.settings).model_validate(settings)
    place.site = place.current.site = Site(said, place.site.roster_said, people=people, published=place.site.published)
    await place.accounts.add(Person("li", Role.SUPERVISOR, None, ("*",)), PASSWORD)


RATE = {"policy": [{"from": date(2026, 1, 1), "schedules": False}, {"from": date(2026, 12, 1), "rate_ppm": 30_000}]}
HUDDLE = {"reasons": {"huddle": {"policy": "counts", "changes": [{"from": date(2026, 12, 1), "policy": "exempt"}]}}}


async def read(place: Place, who: str = "admin") -> dict[str, dict[str, Any]]:
    answer = await place.get(who, UNPUBLISHED)
    assert answer.status_code == 200, answer.text
    return {one["what"]: one for one in answer.json()["unpublished"]}


async def test_what_the_configuration_says_is_read_published_and_agreed_to_over_http(place: Place) -> None:
    await with_wishes(place, **RATE, **HUDDLE)
    found = await read(place, "audit")
    assert list(found) == ["the policy of every unit from 2026-12-01", "[reasons.huddle]"]
    policy, rule = found.values()
    assert (policy["kind"], policy["says"]["rate_ppm"], policy["effect"]) == ("policy", 30_000, {"history": "none"})
    assert (rule["kind"], rule["says"]["of"], rule["says"]["says"]["policy"]) == ("rule", "huddle", "counts")
    asked = {"digests": [rule["digest"]], "reason": "as the works council agreed"}
    done = await place.post("admin", CHANGES, asked, "a")
    assert done.status_code == 201, done.text
    (change,) = done.json()["changes"]
    assert (change["what"], change["state"], change["by"]) == ("[reasons.huddle]", "waiting", "admin")
    assert change["digest"] == rule["digest"]
    assert (await place.post("admin", CHANGES, asked, "a")).json() == done.json()
    assert list(await read(place)) == ["the policy of every unit from 2026-12-01"]
    agree = {"change": change["change"], "verdict": "agreed", "reason": "read it"}
    check_problem(await place.post("admin", DECIDE, agree), 403)
    assert (await place.post("li", DECIDE, agree)).json()["state"] == "agreed"
    listed = (await place.get("admin", CHANGES)).json()["changes"]
    assert [one["state"] for one in listed if one["what"] == "[reasons.huddle]"] == ["agreed"]


async def test_what_was_published_by_a_key_is_told_again_though_its_answer_was_lost(place: Place) -> None:
    await with_wishes(place, **HUDDLE)
    (rule,) = (await read(place)).values()
    asked = {"digests": [rule["digest"]], "reason": "as the works council agreed"}
    done = await place.post("admin", CHANGES, asked, "a")
    async with place.engine.begin() as connection:
        await connection.execute(text("UPDATE idempotency SET status = NULL, body = NULL"))
    again = await place.post("admin", CHANGES, asked, "a")
    assert (again.status_code, again.json()) == (201, done.json())
    assert len((await place.get("admin", CHANGES)).json()["changes"]) == 7


async def test_what_is_not_said_any_more_is_not_published_nor_by_whom_it_is_not_for(place: Place) -> None:
    await with_wishes(place, **HUDDLE)
    (rule,) = (await read(place)).values()
    asked = {"digests": [rule["digest"]], "reason": "as the works council agreed"}
    for who in ("wang", "1001", "hr", "audit"):
        check_problem(await place.post(who, CHANGES, asked), 403)
    for who in ("wang", "1001", "hr"):
        check_problem(await place.get(who, UNPUBLISHED), 403)
    gone = check_problem(await place.post("admin", CHANGES, asked | {"digests": [rule["digest"], "0" * 64]}), 409)
    assert "read anew what is" in gone["detail"]
    assert list(await read(place)) == ["[reasons.huddle]"], "all of them or none"
    wrongs: list[dict[str, Any]] = [{"digests": []}, {"digests": ["x"]}, {"reason": " "}, {"from": "2026-11-01"}]
    for wrong in wrongs:
        check_problem(await place.post("admin", CHANGES, asked | wrong), 422)
    check_problem(await place.get("admin", UNPUBLISHED, **{"from": "2026-11-02", "to": "2026-11-01"}), 422)
    assert (await place.get("admin", UNPUBLISHED, **{"from": "2026-11-01", "to": "2026-11-02"})).status_code == 200


async def test_what_has_held_is_not_published_otherwise(place: Place) -> None:
    await with_wishes(place, policy=[{"from": date(2026, 1, 1), "schedules": False, "rate_ppm": 1}], **HUDDLE)
    held, rule = (await read(place)).values()
    assert (held["effect"], held["refused"]["type"]) == (None, "urn:ccd:change-of-past")
    assert "2026-01-01" in held["refused"]["detail"]
    assert (rule["what"], rule["refused"]) == ("[reasons.huddle]", None), "it keeps nobody from the others"
    asked = {"digests": [held["digest"], rule["digest"]], "reason": "as the works council agreed"}
    refused = check_problem(await place.post("admin", CHANGES, asked), 409)
    assert {**held["refused"]} == refused, "as who publishes it is told"
    assert (await place.post("admin", CHANGES, asked | {"digests": [rule["digest"]]})).status_code == 201
