"""What the pages of who leads units are told: what one may do where, and what waits for one's word."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.bank.overtime import Emergency
from ccd.daemon.served.overtime import OvertimeShown
from ccd.daemon.served.rulings import appealed_of
from ccd.daemon.site import Site
from ccd.floor.days import SECOND
from ccd.org.csv_faults import Written
from ccd.web.bank.overtime import SoFar
from tests.web.acting import ROSTER, Place
from tests.web.office import Clock
from tests.web.test_api import check_problem

DAY, HOUR = "2026-12-10", 3_600
DECEMBER = {"from": "2026-12-09", "to": "2026-12-11"}


async def with_quota(place: Place, unit: str, agents: int) -> None:
    where = f"/api/quotas/{unit}"
    tag = (await place.get("wang", where)).headers["etag"]
    assert (await place.put("wang", where, {"on": DAY, "agents": agents}, tag)).status_code == 200


async def undecided(place: Place, who: str) -> list[dict[str, Any]]:
    answer = await place.get(who, "/api/withdrawals/undecided")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["undecided"]
    return found


async def test_where_places_are_given_is_told(place: Place) -> None:
    await with_quota(place, "team-2", 1)
    units = (await place.get("wang", "/api/office")).json()["units"]
    assert {one["unit"]: one["has_quotas"] for one in units} == {"centre": False, "team-1": False, "team-2": True}


async def test_each_is_told_what_they_may_do_where_and_what_there_is_to_choose(place: Place) -> None:
    wang, zhao, both, agent, admin = [
        (await place.get(who, "/api/office")).json() for who in ("wang", "zhao", "both", "1001", "admin")
    ]
    assert [one["unit"] for one in wang["units"]] == ["centre", "team-1", "team-2"]
    centre, team, _ = wang["units"]
    assert {"give", "hand_budget", "rule", "decide", "set_quota", "open_emergency", "enter_overtime"} <= set(
        team["may"]
    )
    assert "decide_appeal" in team["may"]
    assert "decide_appeal" not in centre["may"]  # whoever leads the very unit does not decide its appeals
    assert (team["line"], team["today"]) == (["team-1", "centre"], "2026-11-24")
    assert team["levels"] == {"I": 300_000, "II": 450_000, "III": 600_000}
    assert "contest" in team["kinds"]
    assert (team["entry_second_s"], team["ruling_days_max"]) == (HOUR, 62)
    assert [one["unit"] for one in zhao["units"] if one["may"]] == ["team-2"]
    assert [one["unit"] for one in both["units"]] == ["team-1"]
    assert agent == {"units": [], "agrees": False}
    assert [each["agrees"] for each in (wang, admin)] == [False, True]
    check_problem(await place.office.browser().get("/api/office"), 401)


async def test_what_is_to_be_decided_says_what_is_left_what_the_agent_has_and_the_order(place: Place) -> None:
    await with_quota(place, "centre", 3)
    await place.saved("1001", 9 * HOUR)
    await place.saved("1002", 3 * HOUR)
    assert await undecided(place, "wang") == []
    for agent, hours in (("1002", 2), ("1001", 8)):
        place.clock.now += 60
        made = await place.post(agent, "/api/withdrawals", {"day": DAY, "seconds": hours * HOUR}, agent)
        assert made.status_code == 201, made.text
    second, first = await undecided(place, "wang")
    assert (second["agent"], second["place"], second["balance"], second["seconds"]) == ("1002", 1, HOUR, 2 * HOUR)
    assert (first["agent"], first["place"], first["balance"]) == ("1001", 2, HOUR)
    assert first["left"] == {"agents": 1, "seconds": None}
    assert (first["granted_days"], first["contract_ppm"], first["state"]) == (0, 1_000_000, "applied")
    assert [len(await undecided(place, who)) for who in ("both", "zhao", "1001", "audit")] == [2, 0, 0, 2]
    await place.post("wang", "/api/withdrawals/decisions", {"application": first["application"], "verdict": "approved"})
    (left,) = await undecided(place, "wang")
    assert (left["agent"], left["place"]) == ("1002", 1)


async def test_the_order_is_that_of_those_who_want_the_same_places(place: Place) -> None:
    """Each team gives its own; until a quota of the centre is drawn on by both."""
    for unit in ("team-1", "team-2"):
        await with_quota(place, unit, 2)
    for agent in ("1001", "2001", "1002"):
        await place.saved(agent, 9 * HOUR)
        place.clock.now += 60
        await place.post(agent, "/api/withdrawals", {"day": DAY, "seconds": HOUR}, agent)

    async def order(who: str) -> dict[str, int]:
        return {one["agent"]: one["place"] for one in await undecided(place, who)}

    assert await order("wang") == {"1001": 1, "2001": 1, "1002": 2}
    assert await order("zhao") == {"2001": 1}
    await with_quota(place, "centre", 9)
    assert await order("wang") == {"1001": 1, "2001": 2, "1002": 3}
    assert await order("zhao") == {"2001": 2}
    page = (await place.get("wang", "/api/withdrawals/undecided", limit=2)).json()
    for one in page["undecided"]:
        verdict = {"application": one["application"], "verdict": "approved"}
        await place.post("wang", "/api/withdrawals/decisions", verdict, one["agent"])
    rest = (await place.get("wang", "/api/withdrawals/undecided", next=page["next"])).json()["undecided"]
    assert [(one["agent"], one["place"]) for one in rest] == [("1002", 1)], (
        "who decides between two pages leaves nobody out"
    )


async def test_who_has_just_moved_is_shown_to_those_who_decide_in_the_unit_of_the_day(place: Place) -> None:
    await with_quota(place, "team-1", 1)
    await with_quota(place, "team-2", 2)
    await place.saved("1001", 9 * HOUR)
    place.clock.now += 60
    await place.post("1001", "/api/withdrawals", {"day": DAY, "seconds": HOUR})
    assert [len(await undecided(place, who)) for who in ("both", "zhao")] == [1, 0]
    people, moves = place.site.people_said, ROSTER.replace("PJSIP/1001,,team-1", "PJSIP/1001,,team-2")
    moved = Site(place.site.settings, Written(Path("roster.csv"), moves), people=people)
    place.current.site = place.current.shown = moved
    assert await undecided(place, "both") == []
    (one,) = await undecided(place, "zhao")
    assert (one["unit"], one["left"], one["place"]) == ("team-2", {"agents": 2, "seconds": None}, 1)
    for who, units in (("both", []), ("zhao", ["team-2"])):
        answer = await place.get(who, "/api/withdrawals", **DECEMBER)
        assert [each["unit"] for each in answer.json()["applications"]] == units
    verdict = {"application": one["application"], "verdict": "approved"}
    check_problem(await place.post("both", "/api/withdrawals/decisions", verdict), 403)
    assert (await place.post("zhao", "/api/withdrawals/decisions", verdict)).json()["state"] == "approved"


async def test_the_calendar_of_a_unit_counts_those_below_it_and_shows_what_is_left(place: Place) -> None:
    await with_quota(place, "centre", 2)
    for agent in ("1001", "2001", "1002"):
        await place.saved(agent, 9 * HOUR)
        place.clock.now += 60
        await place.post(agent, "/api/withdrawals", {"day": DAY, "seconds": HOUR}, agent)
    named = (await undecided(place, "wang"))[0]["application"]
    await place.post("wang", "/api/withdrawals/decisions", {"application": named, "verdict": "approved"})
    before, day, _ = (await place.get("wang", "/api/quotas/centre/days", **DECEMBER)).json()["days"]
    nothing = {"quota": None, "left": None, "approved": 0, "applied": 0, "waiting": 0, "load": ""}
    assert before == {"day": "2026-12-09"} | nothing
    counts = {"approved": 1, "applied": 1, "waiting": 1, "load": ""}
    full = {"agents": 0, "seconds": None}
    assert day == {"day": DAY, "quota": {"agents": 2, "seconds": None}, "left": full, **counts}
    team = (await place.get("wang", "/api/quotas/team-2/days", **DECEMBER)).json()["days"][1]
    assert (team["quota"], team["left"]) == (None, full)
    assert team["approved"] + team["applied"] + team["waiting"] == 1
    check_problem(await place.get("zhao", "/api/quotas/centre/days", **DECEMBER), 403)
    check_problem(await place.get("wang", "/api/quotas/nowhere/days", **DECEMBER), 404)
    check_problem(await place.get("wang", "/api/quotas/centre/days", **{"from": DAY, "to": "2026-12-01"}), 422)


async def test_the_calendar_says_what_was_said_of_a_day_or_of_one_above(place: Place) -> None:
    async def loads(unit: str) -> list[str]:
        answer = await place.get("wang", f"/api/quotas/{unit}/days", **DECEMBER)
        return [one["load"] for one in answer.json()["days"]]

    for number, (unit, load) in enumerate((("centre", "rush"), ("team-1", "quiet"))):
        said = await place.post("wang", "/api/day-loads", {"unit": unit, "day": DAY, "load": load}, f"load {number}")
        assert said.status_code == 200, said.text
    assert [await loads(unit) for unit in ("centre", "team-1", "team-2")] == [
        ["", "rush", ""],
        ["", "quiet", ""],
        ["", "rush", ""],
    ]


async def test_an_emergency_ends_when_it_was_opened_to(place: Place) -> None:
    asked = {"unit": "team-1", "level": "II", "reason": "three times the calls"}
    until = place.clock.now + HOUR
    opened = await place.post("wang", "/api/emergencies", asked | {"until": until})
    assert (opened.status_code, opened.json()["ends"]) == (201, until)
    for wrong in (place.clock.now - 1, place.clock.now + 5 * HOUR):
        refused = check_problem(await place.post("wang", "/api/emergencies", asked | {"until": wrong}), 409)
        assert "1 to 14400 s are allowed" in refused["detail"]


async def test_entered_overtime_waits_for_whoever_has_not_entered_it(place: Place) -> None:
    asked = {"unit": "centre", "level": "I", "reason": "three times the calls"}
    name = (await place.post("wang", "/api/emergencies", asked)).json()["emergency"]
    place.clock.now += 3 * HOUR
    entry = {"agent": "2001", "seconds": 10_000, "reason": "at the desk of the lead"}
    made = await place.post("wang", f"/api/emergencies/{name}/entries", entry)
    assert (made.status_code, made.json()["counts"]) == (201, False)
    for who in ("wang", "zhao", "both"):
        answer = await place.get(who, "/api/overtime-approvals")
        assert answer.json() == {"entries": [], "next": None}, who
    place.site.staff._held["zhao"].append(place.site.staff._held["wang"][0]._replace(person="zhao"))
    (waiting,) = (await place.get("zhao", "/api/overtime-approvals")).json()["entries"]
    assert (waiting["entry"], waiting["by"], waiting["seconds"]) == (made.json()["entry"], "wang", 10_000)
    assert (await place.post("zhao", "/api/overtime-approvals", {"entry": waiting["entry"]})).status_code == 200
    assert (await place.get("zhao", "/api/overtime-approvals")).json()["entries"] == []


async def test_entered_overtime_is_declined_with_a_reason_and_the_agent_is_told(place: Place) -> None:
    asked = {"unit": "team-1", "level": "I", "reason": "three times the calls"}
    name = (await place.post("wang", "/api/emergencies", asked)).json()["emergency"]
    place.clock.now += 3 * HOUR
    entry = {"agent": "1001", "seconds": 10_000, "reason": "at the desk of the lead"}
    made = (await place.post("both", f"/api/emergencies/{name}/entries", entry)).json()
    where, no = "/api/overtime-approvals/declined", {"entry": made["entry"], "reason": "the desk was closed"}
    for who, status in (("both", 403), ("zhao", 403), ("1001", 403)):
        check_problem(await place.post(who, where, no), status)
    check_problem(await place.post("wang", where, no | {"reason": ""}), 422)
    check_problem(await place.post("wang", where, no | {"entry": "none"}), 404)
    for key in ("k", "k", "another"):
        said = (await place.post("wang", where, no, key)).json()
        assert (said["declined_by"], said["declined_why"], said["counts"]) == ("wang", "the desk was closed", False)
    assert (await place.get("wang", "/api/overtime-approvals")).json()["entries"] == []
    late = check_problem(await place.post("wang", "/api/overtime-approvals", {"entry": made["entry"]}), 409)
    assert (late["type"], late["facts"]) == ("urn:ccd:entry-decided", {"by": "wang"})
    (seen,) = (await place.get("1001", f"/api/emergencies/{name}")).json()["entries"]
    assert seen["declined_why"] == "the desk was closed"
    (line,) = (await place.get("1001", "/api/me/recorded/overtime")).json()["lines"]
    kept = {key: line["what"][key] for key in ("approves", "decided_by", "decided_why")}
    assert kept == {"approves": False, "decided_by": "wang", "decided_why": "the desk was closed"}
    acts = (await place.get("1001", "/api/me/recorded/acts_on_me")).json()["lines"]
    assert [each["what"]["kind"] for each in acts] == ["overtime decline", "overtime enter"]


async def test_what_counts_already_is_not_declined_but_taken_back(place: Place) -> None:
    asked = {"unit": "team-1", "level": "I", "reason": "three times the calls"}
    name = (await place.post("wang", "/api/emergencies", asked)).json()["emergency"]
    place.clock.now += 3 * HOUR
    entry = {"agent": "1001", "seconds": 60, "reason": "at the desk of the lead"}
    made = (await place.post("both", f"/api/emergencies/{name}/entries", entry)).json()
    no = {"entry": made["entry"], "reason": "the desk was closed"}
    refused = check_problem(await place.post("wang", "/api/overtime-approvals/declined", no), 409)
    assert refused["type"] == "urn:ccd:entry-counts"
    assert "an entry of 0 s" in refused["detail"]


async def test_an_appeal_says_why_and_who_decides_it_is_shown_the_line_as_long_as_it_is_open(place: Place) -> None:
    transfer = await place.saved("1001", 1_000)
    await place.post("1001", "/api/appeals", {"transfer": transfer, "reason": "I was in a training"})
    found = await place.get("wang", "/api/appeals", **{"from": "2026-11-01", "to": "2026-11-30"})
    (appeal,) = found.json()["appeals"]
    assert appeal["reason"] == "I was in a training"
    where = f"/api/appeals/{appeal['appeal']}/line"
    explained = await place.get("wang", where)
    assert explained.status_code == 200, explained.text
    assert explained.json() == {
        "transfer": transfer, "day": "2026-11-01", "service": "savings", "amount": 1_000, "leave": 0, "text": "",
        "facts": {}, "spans": [],
    }  # fmt: skip
    for who in ("1001", "both", "zhao", "admin"):  # whose line it is asks for it by its own name
        check_problem(await place.get(who, where), 403)
    rejection = {"appeal": appeal["appeal"], "verdict": "rejected", "reason": "it was a break"}
    await place.post("wang", "/api/appeals/decisions", rejection)
    check_problem(await place.get("wang", where), 404)


async def test_who_was_called_out_is_here_as_soon_as_a_switch_says_so(
    engine: AsyncEngine, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, int | None] = {}

    async def so_far(_: OvertimeShown, emergency: Emergency, entries: object) -> SoFar:
        return SoFar(seen, ())

    monkeypatch.setattr(OvertimeShown, "so_far", so_far)
    place = await Place(engine, clock).open()
    asked = {"unit": "team-1", "level": "I", "reason": "three times the calls"}
    name = (await place.post("wang", "/api/emergencies", asked)).json()["emergency"]
    await place.post("wang", f"/api/emergencies/{name}/call-outs", {"agents": ["1001"], "reason": "come"})
    (call,) = (await place.get("wang", f"/api/emergencies/{name}")).json()["calls"]
    assert (call["agent"], call["signed_in_at"]) == ("1001", None)
    seen["1001"] = place.now() + 90 * SECOND
    (call,) = (await place.get("wang", f"/api/emergencies/{name}")).json()["calls"]
    assert call["signed_in_at"] - call["called_at"] == 90
    await place.close()


def test_of_a_line_under_appeal_no_personal_reason_and_no_event_is_told() -> None:
    seen = [{"reason": reason, "began": {"text": f"Reason: {reason}"}} for reason in ("toilet", "ticket", "water", "")]
    part = {"start": "2026-11-21T14:00:00+08:00", "end": "2026-11-21T14:33:20+08:00", "is": "aux", "seen": seen}
    moves = [{"day": "2026-11-21", "service": "overdraft"}]
    posted = {"text": "", "facts": {"base_us": 9_000_000, "aux": 600, "measured": {"unobserved": 0, "toilet": 5}}}
    told = {"transfer": "7.1", "amount": -500, "leave": 435, "moves": moves, "posted": posted, "day": {"parts": [part]}}
    said = appealed_of(told, lambda reason: reason in ("toilet", "water"))
    assert said.spans[0].reasons == ["personal", "ticket"]
    assert said.facts == {"base": 9.0, "aux": 600, "unobserved": 0.0}
    assert "toilet" not in said.model_dump_json()
