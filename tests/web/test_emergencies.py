"""Emergencies over HTTP: what is asked again after its answer was lost, and what nobody can ask so."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import func, select, text

from ccd.bank.call_out_rows import call_answers
from ccd.org.acts import noted
from ccd.org.people import Person, Role
from tests.web.acting import PEOPLE, Place
from tests.web.office import PASSWORD
from tests.web.test_api import check_problem

HOUR = 3_600.0
STORM: dict[str, Any] = {"unit": "team-1", "level": "I", "reason": "three times the calls"}
WHY = {"reason": "the line was mended"}


async def lose_answers(place: Place) -> None:
    """As where the process is killed between each act and its answer."""
    async with place.engine.begin() as connection:
        await connection.execute(text("UPDATE idempotency SET status = NULL, body = NULL"))


async def test_who_asks_again_is_told_how_it_stands_whatever_others_did_since(place: Place) -> None:
    name = (await place.post("wang", "/api/emergencies", STORM)).json()["emergency"]
    joins, called = {"unit": "team-1", "joins": True}, f"/api/emergencies/{name}/call-outs"
    first = await place.post("1001", "/api/strike-team", joins, "joins")
    assert first.json()["agents"] == ["1001"]
    await place.post("wang", called, WHY, "calls")
    comes = {"comes": True}
    assert (await place.post("1001", f"/api/emergencies/{name}/answers", comes, "comes")).json()["comes"]
    longer = WHY | {"until": place.clock.now + 4 * HOUR}
    place.clock.now += 60
    await place.post("wang", f"/api/emergencies/{name}/prolong", longer, "longer")
    await place.post("wang", f"/api/emergencies/{name}/answers", {"agent": "1001", "comes": False})
    await place.post("1001", "/api/strike-team", joins | {"joins": False})
    await place.post("1002", "/api/strike-team", joins)
    await lose_answers(place)
    assert (await place.post("1001", "/api/strike-team", joins, "joins")).json()["agents"] == []
    again = await place.post("wang", called, WHY, "calls")
    assert [one["agent"] for one in again.json()["calls"]] == ["1001"], "who has joined since is called by another act"
    assert (await place.post("1001", f"/api/emergencies/{name}/answers", comes, "comes")).json()["comes"] is False


async def test_whose_answer_was_lost_is_told_of_it_however_late(place: Place) -> None:
    now = place.clock.now
    said = STORM | {"from": now - 600, "until": now + HOUR}
    first = await place.post("wang", "/api/emergencies", said, "opens")
    assert first.status_code == 201, first.text
    await lose_answers(place)
    place.clock.now += 2 * HOUR
    again = await place.post("wang", "/api/emergencies", said, "opens")
    assert (again.status_code, again.json()) == (201, first.json())
    assert (
        check_problem(await place.post("wang", "/api/emergencies", said), 409)["type"] == "urn:ccd:emergency-too-early"
    )


async def test_an_entry_whose_answer_was_lost_is_told_though_the_emergency_ended_meanwhile(place: Place) -> None:
    where = f"/api/emergencies/{(await place.post('wang', '/api/emergencies', STORM)).json()['emergency']}"
    entry = {"agent": "1001", "seconds": 1_800, "reason": "at the desk of the lead"}
    first = await place.post("wang", f"{where}/entries", entry, "enters")
    (worked,) = (await place.get("wang", where)).json()["worked"]
    earns = {"principal": 1_800, "entered": 1_800, "interest": 540, "warnings": []}
    assert worked == {"agent": "1001", "day": first.json()["day"], "kind": worked["kind"]} | earns
    assert (await place.get("1001", where)).json()["worked"] == [worked]
    assert (await place.get("1002", where)).json()["worked"] == [], "what others have is not theirs to see"
    place.clock.now += 60
    await place.post("wang", f"{where}/end", WHY)
    await lose_answers(place)
    again = await place.post("wang", f"{where}/entries", entry, "enters")
    assert (again.status_code, again.json()) == (201, first.json()), again.text
    refused = check_problem(await place.post("wang", f"{where}/entries", entry), 409)
    assert refused["type"] == "urn:ccd:entry-too-long"


async def test_who_answers_twice_at_once_under_one_key_has_answered_once(place: Place) -> None:
    storm = (await place.post("wang", "/api/emergencies", STORM)).json()["emergency"]
    await place.post("wang", f"/api/emergencies/{storm}/call-outs", {"agents": ["1001"], "reason": "come"})
    for number in range(8):
        comes = {"comes": number % 2 == 0}
        sent = [place.post("1001", f"/api/emergencies/{storm}/answers", comes, f"answer {number}") for _ in range(3)]
        answers = await asyncio.gather(*sent)
        assert [answer.status_code for answer in answers] == [200] * 3, [answer.text for answer in answers]
        assert {answer.json()["comes"] for answer in answers} == {comes["comes"]}
    async with place.engine.connect() as connection:
        assert len(await connection.run_sync(lambda plain: list(noted(plain, "overtime answer", "1001", 99)))) == 8
        assert await connection.scalar(select(func.count()).select_from(call_answers)) == 8


async def test_one_that_is_ended_before_it_began_is_over(place: Place) -> None:
    starts = place.clock.now + HOUR
    where = (await place.post("wang", "/api/emergencies", STORM | {"from": starts})).json()["emergency"]
    for lost in (False, True):
        if lost:
            await lose_answers(place)
        ended = await place.post("wang", f"/api/emergencies/{where}/end", WHY, "end")
        assert (ended.status_code, ended.json()["ends"]) == (200, starts), ended.text
    for act, more in (("call-outs", {"agents": ["1001"]}), ("prolong", {"until": starts + HOUR})):
        refused = check_problem(await place.post("wang", f"/api/emergencies/{where}/{act}", WHY | more), 409)
        assert refused["type"] == "urn:ccd:emergency-over"


async def test_time_is_entered_for_nobody_who_was_not_there_then(place: Place) -> None:
    roster = "agent,interface,member_name,unit,from\n1001,PJSIP/1001,,team-1,\n1009,PJSIP/1009,,team-1,2027-01-01\n"
    place.follows(roster)
    name = (await place.post("wang", "/api/emergencies", STORM)).json()["emergency"]
    for agent in ("1009", "nobody"):
        entry = {"agent": agent, "seconds": 60, "reason": "at the desk of the lead"}
        refused = check_problem(await place.post("wang", f"/api/emergencies/{name}/entries", entry), 409)
        assert refused["facts"] == {"agent": agent, "unit": "team-1"}
        assert "not in it on 2026-11-24" in refused["detail"]


MOVES = """unit,kind,parent,name,timezone,day_starts_at,country,from,to
centre,centre,,,,,,,
south,sub_centre,centre,,,,,,
north,sub_centre,centre,,,,,,
team-1,team,south,,,,,,2026-11-25
team-1,team,north,,,,,2026-11-25,
team-2,team,north,,,,,,
"""


async def test_what_comes_of_an_emergency_is_decided_where_its_unit_stood_when_it_began(place: Place) -> None:
    """Whoever led the team then sees it, enters time and approves; whoever leads it by now does neither."""
    people = (
        PEOPLE.replace("hotline_manager,centre", "hotline_manager,south").replace("manager,team-2", "manager,north")
        + "second,Second,,hotline_manager,south,,,\n"
    )
    place.follows(people=people, organisation=MOVES)
    await place.accounts.add(Person("second", Role.SUPERVISOR, None, ("south",)), PASSWORD)
    where = f"/api/emergencies/{(await place.post('wang', '/api/emergencies', STORM)).json()['emergency']}"
    place.clock.now += 36_600  # ten past midnight
    check_problem(await place.post("zhao", "/api/emergencies", STORM | {"from": place.clock.now - 1_200}), 403)
    assert (await place.post("zhao", "/api/emergencies", STORM)).status_code == 201
    place.clock.now += 6_600
    entry = {"agent": "1001", "seconds": 7_200, "reason": "at the desk of the lead"}
    check_problem(await place.get("zhao", where), 404)
    check_problem(await place.post("zhao", f"{where}/entries", entry), 403)
    entered = await place.post("wang", f"{where}/entries", entry)
    assert entered.status_code == 201, entered.text
    entry_told = [(entered.json()["entry"], 0, 3_600)]
    for name, waits in (("zhao", []), ("wang", []), ("second", entry_told), ("audit", entry_told)):
        told = (await place.get(name, "/api/overtime-approvals")).json()["entries"]
        assert [(one["entry"], one["entered_already"], one["limit"]) for one in told] == waits
    approved = await place.post("second", "/api/overtime-approvals", {"entry": entered.json()["entry"]})
    told = approved.json()
    assert (told["counts"], told["entered_already"], told["limit"]) == (True, None, None)


@pytest.mark.parametrize("said", ["NaN", "Infinity", "-Infinity"])
async def test_a_moment_is_a_number(place: Place, said: str) -> None:
    body = f'{{"unit": "team-1", "level": "I", "reason": "so", "from": {said}}}'
    headers = {"Idempotency-Key": "a", "Content-Type": "application/json"}
    answer = await (await place.browser("wang")).post("/api/emergencies", content=body, headers=headers)
    assert check_problem(answer, 422)["facts"] == {"fields": ["from"]}
