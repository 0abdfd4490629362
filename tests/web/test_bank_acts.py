"""Acts of the bank over HTTP: done once for each key, by who may, and never on the own account."""

import asyncio
from datetime import date

import pytest
from sqlalchemy import select
from starlette.types import Message

from ccd.floor.days import SECOND
from ccd.ledger.schema import owners
from ccd.org.acts import noted
from ccd.web import idempotency
from tests.web.acting import PEOPLE, Place
from tests.web.office import PASSWORD
from tests.web.test_api import check_problem

PACKET = {"unit": "team-1", "agents": ["1001", "1002"], "seconds": 600, "kind": "contest", "reason": "first prize"}
HOURS = {"seconds": 1_000_000, "reason": "as on paper"}
TODAY, MONTH, DAY = "2026-11-24", "2026-11", "2026-12-10"


async def may_give(place: Place) -> None:
    tag = (await place.get("wang", f"/api/declared-hours/team-1/{MONTH}")).headers["etag"]
    assert (await place.put("wang", f"/api/declared-hours/team-1/{MONTH}", HOURS, tag)).status_code == 200


async def acts(place: Place, kind: str) -> list[str]:
    async with place.engine.connect() as connection:
        found = await connection.run_sync(lambda plain: list(noted(plain, kind, None, 99)))
    assert all(one.address == "10.0.0.1" for one in found)
    return [one.by for one in found]


async def test_a_packet_is_given_once_whoever_asks_again(place: Place) -> None:
    await may_give(place)
    first = await place.post("wang", "/api/red-packets", PACKET, "a")
    assert first.status_code == 201, first.text
    assert first.json()["total"] == 1_200
    assert "idempotency-replayed" not in first.headers
    again = await place.post("wang", "/api/red-packets", PACKET, "a")
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    other = check_problem(await place.post("wang", "/api/red-packets", PACKET | {"seconds": 601}, "a"), 422)
    assert "another request" in other["detail"]
    assert (await place.balance("1001"))["gift"] == 600
    assert await acts(place, "give packet") == ["wang"]


async def test_whose_answer_was_lost_with_the_process_asks_again_and_nothing_is_posted_twice(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    await may_give(place)

    async def killed(*_: object) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(idempotency.Answers, "keep", killed)
        check_problem(await place.post("wang", "/api/red-packets", PACKET, "a"), 500)
    assert (await place.balance("1001"))["gift"] == 600
    place.clock.now += 43_200  # the next day
    again = await place.post("wang", "/api/red-packets", PACKET, "a")
    assert (again.status_code, again.json()["total"]) == (201, 1_200)
    assert (await place.balance("1001"))["gift"] == 600
    assert await acts(place, "give packet") == ["wang"]


async def test_two_who_send_the_same_at_once_give_once_and_two_keys_give_twice(place: Place) -> None:
    await may_give(place)
    sent = [place.post("wang", "/api/red-packets", PACKET, key) for key in ("a", "a", "a", "b")]
    answers = await asyncio.gather(*sent)
    assert [answer.status_code for answer in answers] == [201] * 4
    assert len({answer.json()["transaction"] for answer in answers}) == 2
    assert (await place.balance("1001"))["gift"] == 1_200


async def test_the_same_key_of_another_person_is_another(place: Place) -> None:
    await may_give(place)
    refused = await place.post("zhao", "/api/red-packets", PACKET, "a")
    check_problem(refused, 403)
    assert (await place.post("wang", "/api/red-packets", PACKET, "a")).status_code == 201


async def test_who_may_not_has_the_key_for_another_request_unless_it_was_done_once(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    await may_give(place)
    check_problem(await place.post("zhao", "/api/red-packets", PACKET, "a"), 403)
    leave = {"agent": "2001", "kind": "personal", "from": "2026-12-01", "to": "2026-12-02"}
    assert (await place.post("zhao", "/api/leave", leave, "a")).status_code == 201
    again = check_problem(await place.post("zhao", "/api/red-packets", PACKET, "a"), 422)
    assert "another request" in again["detail"]

    async def killed(*_: object) -> None:
        raise RuntimeError("killed")

    later = leave | {"from": "2026-12-03", "to": "2026-12-04"}
    with monkeypatch.context() as patched:
        patched.setattr(idempotency.Answers, "keep", killed)
        check_problem(await place.post("zhao", "/api/leave", later, "b"), 500)
    place.follows(people=PEOPLE.replace("zhao,Zhao Min,,hr_clerk,team-2,,,\n", ""))
    check_problem(await place.post("zhao", "/api/leave", later, "b"), 403)
    other = check_problem(await place.post("zhao", "/api/leave", later | {"kind": "sick"}, "b"), 422)
    assert "another request" in other["detail"], "it was done once, and its key names that for ever"


async def test_a_cap_is_refused_with_its_figures_and_can_be_asked_for_again_under_the_same_key(place: Place) -> None:
    await may_give(place)
    much = PACKET | {"seconds": 6_000}
    said = check_problem(await place.post("wang", "/api/red-packets", much, "a"), 409)
    assert "team-1 may give 10000 s" in said["detail"]
    told = said["facts"]
    assert (told["cap_s"], told["given_s"], told["asked_s"]) == (10_000, 0, 12_000)
    tag = (await place.get("wang", f"/api/declared-hours/team-1/{MONTH}")).headers["etag"]
    await place.put("wang", f"/api/declared-hours/team-1/{MONTH}", HOURS | {"seconds": 9_000_000}, tag)
    assert (await place.post("wang", "/api/red-packets", much, "a")).status_code == 201
    caps = (await place.get("wang", "/api/red-packets/caps", month=MONTH)).json()["units"]
    assert {"unit": "team-1", "cap": 90_000, "given": 12_000, "left": 78_000} in caps


ORGANISATION = """unit,kind,parent,name,timezone,day_starts_at,country,from,to
centre,centre,,,,,,,
south,sub_centre,centre,,,,,,
north,sub_centre,centre,,,,,,
team-1,team,south,,,,,,2026-11-20
team-1,team,north,,,,,2026-11-20,
team-2,team,north,,,,,2026-11-10,
"""


async def test_caps_are_told_and_hours_declared_by_where_units_stand_and_what_holds_today(place: Place) -> None:
    """As packets are given, and not as it was when the month began."""
    first = place.said["policy"][0]
    later = first | {"from": date(2026, 11, 20), "gift": {"cap_ppm": 20_000}}
    people = PEOPLE.replace("hotline_manager,centre", "hotline_manager,north")
    place.follows(people=people, organisation=ORGANISATION, policy=[first, later])
    await may_give(place)
    caps = (await place.get("wang", "/api/red-packets/caps", month=MONTH)).json()["units"]
    assert {one["unit"]: one["cap"] for one in caps} == {"north": 20_000, "team-1": 20_000, "team-2": 0}
    assert (await place.post("wang", "/api/red-packets", PACKET | {"seconds": 10_000})).status_code == 201
    before = (await place.get("wang", "/api/red-packets/caps", month="2026-10")).json()["units"]
    assert [one["unit"] for one in before] == ["north"]
    after = (await place.get("wang", "/api/red-packets/caps", month="2026-12")).json()["units"]
    assert [one["unit"] for one in after] == ["north", "team-1", "team-2"]


async def test_nobody_gives_to_the_own_account_and_no_agent_gives(place: Place) -> None:
    await may_give(place)
    own = check_problem(await place.post("both", "/api/red-packets", PACKET | {"agents": ["1003"]}), 403)
    assert "own account" in own["detail"]
    check_problem(await place.post("1001", "/api/red-packets", PACKET), 403)
    check_problem(await place.post("hr", "/api/red-packets", PACKET), 403)
    stranger = PACKET | {"agents": ["nobody"]}  # who may not give is not told who is in the unit either
    check_problem(await place.post("1001", "/api/red-packets", stranger), 403)
    check_problem(await place.post("wang", "/api/red-packets", stranger), 422)


async def test_who_is_not_signed_in_or_names_no_act_does_nothing(place: Place) -> None:
    check_problem(await place.office.browser().post("/api/red-packets", json=PACKET), 401)
    browser = await place.browser("wang")
    for headers in ({}, {"Idempotency-Key": ""}, {"Idempotency-Key": "k" * 101}):
        said = check_problem(await browser.post("/api/red-packets", json=PACKET, headers=headers), 422)
        assert "Idempotency-Key" in said["detail"]


@pytest.mark.parametrize(("status", "sent"), [(413, 100), (400, 2)])
async def test_an_act_whose_body_is_too_long_or_breaks_off_is_no_defect(place: Place, status: int, sent: int) -> None:
    async def receive() -> Message:
        nonlocal sent
        sent -= 1
        return (
            {"type": "http.request", "body": b"x" * 10_000, "more_body": True} if sent else {"type": "http.disconnect"}
        )

    cookie = (await place.browser("wang")).cookies["ccd_session"].encode()
    told: list[Message] = []

    async def send(message: Message) -> None:
        told.append(message)

    headers = [(b"host", b"floor:8080"), (b"cookie", b"ccd_session=" + cookie), (b"idempotency-key", b"a")]
    scope = {
        "type": "http", "method": "POST", "path": "/api/red-packets", "raw_path": b"/api/red-packets", "root_path": "",
        "headers": headers, "query_string": b"", "scheme": "http", "server": ("floor", 8080), "client": ("10.0.0.1", 1),
    }  # fmt: skip
    await place.office.app(scope, receive, send)
    assert told[0]["status"] == status
    assert (await place.post("wang", "/api/red-packets", PACKET | {"seconds": 0}, "a")).status_code == 422, "a free key"


async def test_hours_are_declared_by_who_has_read_them_as_they_are(place: Place) -> None:
    where = f"/api/declared-hours/team-1/{MONTH}"
    check_problem(await place.put("wang", where, HOURS), 428)
    read = await place.get("wang", where)
    assert read.json()["seconds"] is None
    tag = read.headers["etag"]
    put = await place.put("wang", where, HOURS, tag)
    assert (put.status_code, put.json()["seconds"]) == (200, 1_000_000)
    late = await place.put("wang", where, HOURS | {"seconds": 5}, tag)
    check_problem(late, 412)
    assert late.headers["etag"] == put.headers["etag"] == (await place.get("wang", where)).headers["etag"]
    check_problem(await place.put("zhao", where, HOURS, put.headers["etag"]), 403)
    check_problem(await place.get("wang", f"/api/declared-hours/nowhere/{MONTH}"), 404)


async def test_a_budget_is_handed_out_given_from_and_called_back(place: Place) -> None:
    await may_give(place)
    asked = {"unit": "team-1", "holder": "both", "seconds": 3_000, "reason": "for the contest"}
    unknown = check_problem(await place.post("wang", "/api/budgets", asked | {"holder": "bot"}), 409)
    assert (unknown["type"], unknown["facts"]) == ("urn:ccd:no-such-person", {"person": "bot"})
    handed = await place.post("wang", "/api/budgets", asked, "a")
    assert handed.status_code == 201, handed.text
    name = handed.json()["budget"]
    assert (await place.post("wang", "/api/budgets", asked, "a")).json()["budget"] == name
    given = await place.post("both", "/api/red-packets", PACKET | {"agents": ["1001"], "budget": name})
    assert given.status_code == 201, given.text
    for who in ("wang", "both"):
        (one,) = (await place.get(who, "/api/budgets", month=MONTH)).json()["budgets"]
        assert (one["budget"], one["given"], one["ended"]) == (name, 600, False)
    assert (await place.get("1001", "/api/budgets", month=MONTH)).json()["budgets"] == []
    back = await place.post("wang", f"/api/budgets/{name}/recall", {"reason": "over"})
    assert (back.json()["given"], back.json()["ended"]) == (600, True)
    check_problem(await place.post("wang", "/api/budgets/none/recall", {"reason": "over"}), 404)


async def test_a_day_off_is_applied_for_decided_and_called_back_each_once(place: Place) -> None:
    await place.saved("1001", 60_000)
    tag = (await place.get("wang", "/api/quotas/team-1")).headers["etag"]
    quota = {"on": DAY, "agents": 1}
    assert (await place.put("wang", "/api/quotas/team-1", quota, tag)).status_code == 200
    applied = await place.post("1001", "/api/withdrawals", {"day": DAY}, "a")
    assert applied.status_code == 201, applied.text
    (one,) = applied.json()["applications"]
    assert (one["state"], one["seconds"], one["agent"]) == ("applied", 28_800, "1001")
    assert (await place.post("1001", "/api/withdrawals", {"day": DAY}, "a")).json() == applied.json()
    decided = {"application": one["application"], "verdict": "approved"}
    check_problem(await place.post("1001", "/api/withdrawals/decisions", decided), 403)
    check_problem(await place.post("zhao", "/api/withdrawals/decisions", decided), 403)
    approved = await place.post("wang", "/api/withdrawals/decisions", decided, "b")
    assert approved.json()["state"] == "approved"
    assert (await place.post("wang", "/api/withdrawals/decisions", decided, "b")).json() == approved.json()
    check_problem(await place.post("wang", "/api/withdrawals/decisions", decided, "c"), 409)
    back = {"application": one["application"], "verdict": "taken_back"}
    check_problem(await place.post("wang", "/api/withdrawals/decisions", back), 422)
    gone = await place.post("wang", "/api/withdrawals/decisions", back | {"reason": "a storm"})
    assert gone.json()["state"] == "withdrawn"
    assert (await place.balance("1001"))["savings"] == 60_000


async def test_whose_decision_was_not_answered_asks_again(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    await place.saved("1001", 60_000)
    tag = (await place.get("wang", "/api/quotas/team-1")).headers["etag"]
    await place.put("wang", "/api/quotas/team-1", {"on": DAY, "agents": 1}, tag)
    (one,) = (await place.post("1001", "/api/withdrawals", {"day": DAY})).json()["applications"]

    async def killed(*_: object) -> None:
        raise RuntimeError("killed")

    for who, path, body in (
        ("wang", "decisions", {"application": one["application"], "verdict": "approved"}),
        ("1001", "cancellations", {"application": one["application"]}),
    ):
        with monkeypatch.context() as patched:
            patched.setattr(idempotency.Answers, "keep", killed)
            check_problem(await place.post(who, f"/api/withdrawals/{path}", body, "k"), 500)
        again = await place.post(who, f"/api/withdrawals/{path}", body, "k")
        assert again.status_code == 200, again.text
    assert again.json()["state"] == "cancelled"
    check_problem(await place.post("1001", "/api/withdrawals/cancellations", {"application": "none"}), 404)


async def test_of_somebody_else_nothing_is_said_to_who_may_not_apply_for_them_nor_accounts_opened(place: Place) -> None:
    for asked in ({"day": DAY}, {"day": DAY, "until": DAY}, {"day": "2026-11-01"}):
        for agent in ("1002", "nobody"):
            check_problem(await place.post("1001", "/api/withdrawals", asked | {"agent": agent}), 403)
            check_problem(await place.post("wang", "/api/withdrawals", asked | {"agent": "nobody"}), 409)
    async with place.engine.connect() as connection:
        names = set(await connection.scalars(select(owners.c.name)))
    assert not names & {"agent/1002", "agent/nobody"}


async def test_an_agent_sees_the_own_applications_and_who_decides_those_of_the_units(place: Place) -> None:
    tag = (await place.get("wang", "/api/quotas/centre")).headers["etag"]
    await place.put("wang", "/api/quotas/centre", {"on": DAY, "agents": 2}, tag)
    for agent in ("1001", "1002", "2001"):
        await place.saved(agent, 60_000)
        assert (await place.post(agent, "/api/withdrawals", {"day": DAY})).status_code == 201
    days = {"from": "2026-12-01", "to": "2026-12-31"}

    async def seen(who: str) -> list[str]:
        answer = await place.get(who, "/api/withdrawals", **days)
        return sorted(one["agent"] for one in answer.json()["applications"])

    assert await seen("1001") == ["1001"]
    assert await seen("zhao") == ["2001"]
    assert await seen("wang") == await seen("audit") == ["1001", "1002", "2001"]
    assert await seen("hr") == []
    first = (await place.get("wang", "/api/withdrawals", limit=2, **days)).json()
    rest = (await place.get("wang", "/api/withdrawals", limit=2, next=first["next"], **days)).json()
    assert (len(first["applications"]), len(rest["applications"]), rest["next"]) == (2, 1, None)
    check_problem(await place.get("wang", "/api/withdrawals", next="??", **days), 422)
    check_problem(await place.get("wang", "/api/rulings", next=first["next"], **days), 422)  # of another list
    check_problem(await place.get("wang", "/api/withdrawals", limit=201, **days), 422)
    check_problem(await place.get("wang", "/api/withdrawals", **{"from": "2026-01-01", "to": "2026-12-31"}), 422)


async def test_an_emergency_is_opened_answered_entered_and_ended(place: Place) -> None:
    opening = {"unit": "team-1", "level": "I", "reason": "a storm"}
    check_problem(await place.post("1001", "/api/emergencies", opening), 403)
    opened = await place.post("wang", "/api/emergencies", opening, "a")
    assert opened.status_code == 201, opened.text
    storm = f"/api/emergencies/{opened.json()['emergency']}"
    assert (await place.post("wang", "/api/emergencies", opening, "a")).json() == opened.json()
    joined = await place.post("1001", "/api/strike-team", {"unit": "team-1", "joins": True})
    assert joined.json()["agents"] == ["1001"]
    called = await place.post("wang", f"{storm}/call-outs", {"reason": "come"})
    assert [one["agent"] for one in called.json()["calls"]] == ["1001"]
    check_problem(await place.post("1002", f"{storm}/answers", {"agent": "1001", "comes": False}), 403)
    assert (await place.post("1001", f"{storm}/answers", {"comes": True})).json()["comes"] is True
    until = opened.json()["ends"] + 600
    place.clock.now += 7_200
    longer = await place.post("wang", f"{storm}/prolong", {"until": until, "reason": "it goes on"})
    assert longer.json()["ends"] == until
    entry = {"agent": "1001", "seconds": 7_000, "reason": "at the desk"}
    ended = await place.post("wang", f"{storm}/end", {"reason": "over"})
    assert ended.json()["ends"] == place.clock.now
    own = check_problem(await place.post("both", f"{storm}/entries", entry | {"agent": "1003"}), 403)
    assert "own account" in own["detail"]
    entered = await place.post("both", f"{storm}/entries", entry)
    assert (entered.status_code, entered.json()["counts"]) == (201, False)
    approval = {"entry": entered.json()["entry"]}
    check_problem(await place.post("both", "/api/overtime-approvals", approval), 403)
    assert (await place.post("wang", "/api/overtime-approvals", approval)).json()["counts"] is True
    shown = (await place.get("1001", storm)).json()
    assert ([one["agent"] for one in shown["calls"]], len(shown["entries"])) == (["1001"], 1)
    assert (await place.get("1002", storm)).json()["entries"] == []
    check_problem(await place.get("2001", storm), 404)
    check_problem(await place.post("wang", "/api/emergencies/none/end", {"reason": "over"}), 404)
    days = {"from": TODAY, "to": "2026-11-26"}
    assert len((await place.get("1002", "/api/emergencies", **days)).json()["emergencies"]) == 1
    assert (await place.get("2001", "/api/emergencies", **days)).json()["emergencies"] == []


async def test_answers_are_kept_for_a_month(place: Place) -> None:
    await may_give(place)
    assert (await place.post("wang", "/api/red-packets", PACKET, "a")).status_code == 201
    answers = idempotency.Answers(place.engine, place.now)
    assert (await answers.begin("wang", "b", "x")) is None
    place.clock.now += idempotency.KEPT_US / SECOND + 1
    assert (await answers.begin("wang", "c", "x")) is None
    assert (await answers.begin("wang", "b", "another request")) is None


LOAD = {"unit": "team-1", "day": DAY, "load": "rush"}


async def test_a_key_of_long_ago_stands_for_its_act_for_ever(place: Place) -> None:
    """Its answer is kept no more: the same act is told as it stands, and nothing else is said to be done by it."""
    opening = {"unit": "team-1", "level": "I", "reason": "a storm"}
    for number, joins in enumerate((True, False, True)):
        for agent in ("1001", "1002"):
            await place.post(agent, "/api/strike-team", {"unit": "team-1", "joins": joins}, f"a{number}")
        assert (await place.post("wang", "/api/day-loads", LOAD | {"unit": "centre"}, f"a{number}")).status_code == 200
    leave = {"agent": "1001", "kind": "sick", "from": "2027-01-11", "to": "2027-01-12"}
    assert (await place.post("hr", "/api/leave", leave, "a0")).status_code == 201
    assert (await place.post("hr", "/api/leave", leave | {"agent": "1003"}, "a1")).status_code == 201
    place.clock.now += idempotency.KEPT_US / SECOND + 1
    for who in ("wang", "1001", "1002", "hr"):
        await (await place.browser(who)).post("/api/session", json={"name": who, "password": PASSWORD})
    storm = (await place.post("wang", "/api/emergencies", opening)).json()["emergency"]
    called = await place.post("wang", f"/api/emergencies/{storm}/call-outs", {"agents": ["1001"], "reason": "come"})
    assert len(called.json()["calls"]) == 1
    more = {"until": (await place.get("wang", f"/api/emergencies/{storm}")).json()["ends"] + 60, "reason": "on"}
    place.clock.now += 120
    for who, path, body, key in (
        ("wang", "/api/day-loads", LOAD, "a0"),
        ("wang", f"/api/emergencies/{storm}/call-outs", {"agents": ["1002"], "reason": "come"}, "a1"),
        ("wang", f"/api/emergencies/{storm}/prolong", more, "a2"),
        ("1001", f"/api/emergencies/{storm}/answers", {"comes": True}, "a0"),
        ("1001", "/api/strike-team", {"unit": "team-1", "joins": False}, "a2"),
        ("hr", "/api/leave", leave | {"agent": "1002"}, "a0"),
    ):
        said = check_problem(await place.post(who, path, body, key), 409)
        assert said["type"] == "urn:ccd:key-taken"
        assert (await place.post(who, path, body)).status_code < 300
    again = await place.post("1002", "/api/strike-team", {"unit": "team-1", "joins": True}, "a0")
    assert (again.status_code, again.json()["agents"]) == (200, ["1002"])
    assert (await place.post("hr", "/api/leave", leave | {"agent": "1003"}, "a1")).status_code == 201
