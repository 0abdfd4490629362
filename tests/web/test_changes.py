"""Changes that wait for a second person, decided over HTTP."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.daemon.publishing import publish_what_holds
from ccd.org.acts import Act, note
from ccd.org.proposed import ROSTER, Proposed, propose
from ccd.org.store import ROSTER as KIND
from ccd.org.store import newest
from ccd.sql.turns import Patience, take_turn_at_once
from tests.web.acting import ROSTER as HELD
from tests.web.acting import Place
from tests.web.office import Clock
from tests.web.test_api import check_problem

NEW = HELD.replace("1001,PJSIP/1001,,team-1", "1001,PJSIP/1001,,team-2")
DECIDE = "/api/changes/decisions"


@pytest.fixture
async def place(engine: AsyncEngine, clock: Clock) -> AsyncIterator[Place]:
    """Of the policies it began with; and two rosters that wait, one of them by `admin`, one that has faults by now."""
    opened = await Place(engine, clock).open()
    await publish_what_holds(engine, opened.site, opened.now())
    for by, text in (("li", NEW), ("admin", NEW), ("li", "agent,interface,member_name,unit\n,PJSIP/1,,team-1\n")):
        await propose_roster(opened, by, text)
    yield opened
    await opened.close()


async def propose_roster(place: Place, by: str, text: str) -> None:
    act = Act(f"{by}{len(text)}", place.now(), by, "desk-7", "propose roster", KIND, "", "", "sat elsewhere")

    def work(plain: Connection) -> None:
        note(plain, act)
        propose(plain, Proposed(act.id, ROSTER, "0", text, '{"measured_days": 2}'))

    await take_turn_at_once(place.engine, work, Patience())


async def test_an_administrator_agrees_once_to_what_somebody_else_proposed(place: Place) -> None:
    listed = (await place.get("audit", "/api/changes")).json()["changes"]
    waiting = [one["change"] for one in listed if one["state"] == "waiting"]
    theirs, own, faulty = waiting
    assert [one["kind"] for one in listed] == ["policy", "policy", "roster", "roster", "roster"]
    assert listed[2] | {"digest": ""} == {
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
        kept = await connection.run_sync(lambda plain: newest(plain, KIND))
    assert kept is not None
    assert (kept.number, kept.text) == (1, NEW)
    assert "already" in check_problem(await place.post("admin", DECIDE, agree, "b"), 409)["detail"]
    withdrawn = await place.post("admin", DECIDE, {"change": own, "verdict": "withdrawn", "reason": "twice"})
    assert withdrawn.json()["state"] == "withdrawn"
    check_problem(await place.post("admin", DECIDE, agree | {"change": "99"}), 409)


async def test_who_administers_nothing_neither_sees_nor_decides_it(place: Place) -> None:
    for name in ("wang", "1001", "hr"):
        check_problem(await place.get(name, "/api/changes"), 403)
    for name in ("wang", "1001", "hr", "audit"):
        for verdict in ("agreed", "withdrawn"):
            asked = {"change": "3", "verdict": verdict, "reason": "why not"}
            check_problem(await place.post(name, DECIDE, asked), 403)
