"""Rulings, appeals, leave, entitlements, files and months over HTTP: by who may, once, never of oneself."""

from dataclasses import replace
from typing import Any

import httpx

from ccd.floor.days import SECOND
from ccd.history.day_rows import insert_days
from ccd.history.days import MeasuredDay
from ccd.org.acts import Act
from ccd.web.keys import ApiKey, ApiKeys, KeyScope
from tests.history.test_tables import BY, day_record
from tests.web.acting import PEOPLE, ROSTER, Place
from tests.web.test_api import check_problem

NOON = 1_795_492_800.0  # 24 November 2026, 12:00 in Shanghai
RULING: dict[str, Any] = {
    "agent": "1001", "from": NOON, "to": NOON + 3_600, "counts": "available", "reason": "the telephone was mended",
}  # fmt: skip
FIRST_S = NOON - 23 * 86_400  # noon of the first
NOVEMBER = {"from": "2026-11-01", "to": "2026-11-30"}
DECEMBER = {"from": "2026-12-01", "to": "2026-12-31"}
SICK = {"agent": "1001", "kind": "sick", "from": "2026-12-07", "to": "2026-12-09"}
SHIFTS = "agent,day,start,end\n1001,2026-12-01,08:00,16:00\n"


async def test_a_ruling_is_made_and_reversed_once_and_never_about_oneself(place: Place) -> None:
    for who, asked in (("1001", RULING), ("zhao", RULING), ("both", RULING | {"agent": "1003"})):
        check_problem(await place.post(who, "/api/rulings", asked), 403)
    for who, asked in (("1002", RULING | {"agent": "nobody"}), ("1001", RULING | {"to": NOON - 1})):
        check_problem(await place.post(who, "/api/rulings", asked), 403)  # whoever there is, and whatever is wrong
    check_problem(await place.post("1002", "/api/rulings/reversals", {"ruling": "none", "reason": "so"}), 403)
    later = await place.post("wang", "/api/rulings", RULING | {"from": NOON + 86_400, "to": NOON + 90_000})
    assert check_problem(later, 409)["type"] == "urn:ccd:ruling-to-come"
    made = await place.post("wang", "/api/rulings", RULING, "a")
    assert made.status_code == 201, made.text
    assert (await place.post("wang", "/api/rulings", RULING, "a")).json() == made.json()
    check_problem(await place.post("wang", "/api/rulings", RULING | {"unit": "team-1"}), 422)
    check_problem(await place.post("wang", "/api/rulings", RULING | {"agent": None, "unit": "nowhere"}), 404)
    check_problem(await place.post("wang", "/api/rulings", RULING | {"to": NOON - 1}), 409)
    reversal = {"ruling": made.json()["ruling"], "reason": "of the wrong day"}
    back = await place.post("wang", "/api/rulings/reversals", reversal)
    assert (back.status_code, back.json()["reverses"]) == (201, made.json()["ruling"])
    check_problem(await place.post("wang", "/api/rulings/reversals", reversal), 409)
    check_problem(await place.post("wang", "/api/rulings/reversals", reversal | {"ruling": "none"}), 404)
    for who, seen in (("wang", 2), ("1001", 2), ("audit", 2), ("1002", 0), ("zhao", 0)):
        answer = await place.get(who, "/api/rulings", **NOVEMBER)
        assert len(answer.json()["rulings"]) == seen, who


async def test_an_agent_appeals_against_the_own_line_and_another_than_the_leader_decides(place: Place) -> None:
    transfer = await place.saved("1001", 1_000)
    asked = {"transfer": transfer, "reason": "I was in a training"}
    check_problem(await place.post("wang", "/api/appeals", asked), 403)
    check_problem(await place.post("1002", "/api/appeals", asked), 409)
    lodged = await place.post("1001", "/api/appeals", asked, "a")
    assert lodged.status_code == 201, lodged.text
    assert (await place.post("1001", "/api/appeals", asked, "a")).json() == lodged.json()
    name = {"appeal": lodged.json()["appeal"]}
    rejection = name | {"verdict": "rejected", "reason": "it was a break"}
    for who in ("1001", "both", "zhao"):
        check_problem(await place.post(who, "/api/appeals/decisions", rejection), 403)
    check_problem(await place.post("wang", "/api/appeals/decisions", name | {"verdict": "upheld", "reason": "so"}), 422)
    for who, seen in (("1001", 1), ("wang", 1), ("audit", 1), ("1002", 0)):
        assert len((await place.get(who, "/api/appeals", **NOVEMBER)).json()["appeals"]) == seen, who
    for who in ("wang", "audit"):
        waiting = await place.get(who, "/api/rulings/waiting", **{"from": "2026-11-01", "to": "2026-11-02"})
        assert [one["what"] for one in waiting.json()["waiting"]] == [f"appeal {name['appeal']}"]
        (open_,) = (await place.get(who, "/api/appeals/undecided")).json()["undecided"]
        assert open_["appeal"] == name["appeal"]
    check_problem(await place.post("audit", "/api/appeals/decisions", rejection), 403)
    decided = await place.post("wang", "/api/appeals/decisions", rejection, "b")
    assert (decided.status_code, decided.json()["state"]) == (200, "rejected")
    assert (await place.post("wang", "/api/appeals/decisions", rejection, "b")).json() == decided.json()
    (listed,) = (await place.get("1001", "/api/appeals", **NOVEMBER)).json()["appeals"]
    assert (listed["reason"], listed["answer"]) == ("I was in a training", "it was a break")
    check_problem(await place.post("1001", "/api/appeals/withdrawals", name | {"reason": "settled"}), 409)
    check_problem(await place.post("1001", "/api/appeals/withdrawals", {"appeal": "none", "reason": "settled"}), 404)


async def test_an_appeal_is_upheld_with_a_ruling_on_its_day(place: Place) -> None:
    lodged = await place.post("1001", "/api/appeals", {"transfer": await place.saved("1001", 9), "reason": "no"})
    upheld = {
        "appeal": lodged.json()["appeal"], "verdict": "upheld", "from": FIRST_S, "to": FIRST_S + 60, "counts": "exempt",
        "reason": "so it was",
    }  # fmt: skip
    check_problem(await place.post("wang", "/api/appeals/decisions", upheld | {"from": NOON, "to": NOON + 60}), 409)
    decided = await place.post("wang", "/api/appeals/decisions", upheld)
    assert decided.status_code == 200, decided.text
    assert decided.json()["state"] == "upheld"
    (ruling,) = (await place.get("1001", "/api/rulings", **NOVEMBER)).json()["rulings"]
    assert (ruling["ruling"], ruling["counts"]) == (decided.json()["ruling"], "exempt")


DECIDERS = """person,name,agent,role,unit,from,to,deputy_of
wang,Wang Fang,,hotline_manager,centre,,,
both,Both Ways,1003,hotline_manager,north,,,
zhao,Zhao Min,,hotline_manager,south,,,
hr,Liu Yang,,hotline_manager,centre,,,
hr,Liu Yang,,team_leader,team-2,,,
admin,Sun Li,,hotline_manager,team-1,,,
audit,Zhou Jie,,auditor,*,,,
"""
TREE = {
    "centre": {}, "north": {"parent": "centre"}, "south": {"parent": "centre"}, "team-1": {"parent": "north"},
    "team-2": {"parent": "south", "timezone": "Asia/Tokyo"},
}  # fmt: skip


async def deciding(place: Place, appeal: str) -> set[str]:
    """By who may. Whoever is shown it in a list is shown its line, and the other way round; and nobody else decides."""
    found = set()
    for who in ("wang", "both", "zhao", "hr", "admin", "1002"):
        lists = [
            [one["appeal"] for one in (await place.get(who, "/api/appeals/undecided")).json()["undecided"]],
            [one["appeal"] for one in (await place.get(who, "/api/appeals", **NOVEMBER)).json()["appeals"]],
            [one["what"].removeprefix("appeal ") for one in (await waiting_of(place, who)) if "appeal" in one["what"]],
        ]
        line = (await place.get(who, f"/api/appeals/{appeal}/line")).status_code
        if line == 200:
            found.add(who)
            assert lists == [[appeal]] * 3, who
        else:
            assert (lists, line) == ([[]] * 3, 403), who
            span = {"from": FIRST_S, "to": FIRST_S + 60, "counts": "exempt"}
            for verdict in ({"verdict": "rejected"}, {"verdict": "upheld"} | span):
                decision = {"appeal": appeal, "reason": "so"} | verdict
                check_problem(await place.post(who, "/api/appeals/decisions", decision), 403)
    return found


async def waiting_of(place: Place, who: str) -> list[dict[str, Any]]:
    days = {"from": "2026-11-01", "to": "2026-11-07"}
    found: list[dict[str, Any]] = (await place.get(who, "/api/rulings/waiting", **days)).json()["waiting"]
    return found


async def test_whoever_is_shown_an_appeal_decides_it_wherever_the_roster_has_its_day(place: Place) -> None:
    def is_in(*lines: str) -> None:
        others = ROSTER.replace("1001,PJSIP/1001,,team-1\n", "").replace("\n", ",,\n").replace("unit,,", "unit,from,to")
        place.follows(others + "".join(f"1001,PJSIP/1001,,{line}\n" for line in lines), DECIDERS, units=TREE)

    is_in("team-1,,")
    asked = {"transfer": await place.saved("1001", 1_000), "reason": "I was in a training"}
    appeal = (await place.post("1001", "/api/appeals", asked)).json()["appeal"]
    assert await deciding(place, appeal) == {"wang", "both", "hr"}
    is_in("team-1,,2026-11-20", "team-2,2026-11-20,")  # moved since the day: who leads there by now leads the appellant
    assert await deciding(place, appeal) == {"wang", "both"}
    is_in("team-2,2026-11-20,")  # the roster has no such day any more
    assert await deciding(place, appeal) == {"wang", "both"}
    decision = {
        "appeal": appeal,
        "verdict": "upheld",
        "from": FIRST_S,
        "to": FIRST_S + 60,
        "counts": "exempt",
        "reason": "so",
    }
    assert "no-place" in check_problem(await place.post("both", "/api/appeals/decisions", decision), 409)["type"]
    is_in("team-2,,")  # as it turns out, also on that day
    assert await deciding(place, appeal) == {"wang", "zhao"}
    (one,) = (await place.get("zhao", "/api/appeals/undecided")).json()["undecided"]
    assert (one["unit"], one["reason"]) == ("team-2", "I was in a training")
    upheld = await place.post("zhao", "/api/appeals/decisions", decision)
    assert (upheld.status_code, upheld.json()["state"]) == (200, "upheld"), upheld.text
    assert (await place.get("zhao", "/api/appeals/undecided")).json()["undecided"] == []
    for who, seen in (("1001", 1), ("zhao", 1), ("audit", 1), ("both", 0), ("admin", 0)):
        assert len((await place.get(who, "/api/appeals", **NOVEMBER)).json()["appeals"]) == seen, who


async def test_leave_is_entered_and_withdrawn_by_clerks_and_each_agent_sees_the_own(place: Place) -> None:
    check_problem(await place.post("wang", "/api/leave", SICK), 403)
    check_problem(await place.post("wang", "/api/leave", SICK | {"agent": "9999"}), 403)
    entered = await place.post("hr", "/api/leave", SICK, "a")
    assert entered.status_code == 201, entered.text
    assert (await place.post("hr", "/api/leave", SICK, "a")).json() == entered.json()
    for wrong in ({"kind": "flu"}, {"to": "2026-12-07"}, {"agent": "9999"}):
        said = check_problem(await place.post("hr", "/api/leave", SICK | wrong), 422)
        assert [one["column"] for one in said["errors"]] == list(wrong), wrong
    check_problem(await place.post("hr", "/api/leave", SICK | {"from": "2026-12-08", "to": "2026-12-10"}), 422)
    for who, seen in (("1001", 1), ("hr", 1), ("audit", 1), ("1002", 0), ("wang", 0)):
        assert len((await place.get(who, "/api/leave", **DECEMBER)).json()["leave"]) == seen, who
    gone = {"leave": entered.json()["leave"], "reason": "came to work"}
    check_problem(await place.post("1001", "/api/leave/withdrawals", gone), 403)
    assert (await place.post("hr", "/api/leave/withdrawals", gone, "b")).json() == entered.json()
    assert (await place.post("hr", "/api/leave/withdrawals", gone, "b")).status_code == 200
    check_problem(await place.post("hr", "/api/leave/withdrawals", gone, "c"), 404)
    assert (await place.get("hr", "/api/leave", **DECEMBER)).json()["leave"] == []


async def test_leave_over_a_move_is_told_by_who_tells_it_in_both_units(place: Place) -> None:
    lines = "2001,PJSIP/2001,,team-2,,2026-12-08", "2001,PJSIP/2001,,team-1,2026-12-08,"
    place.follows("\n".join(("agent,interface,member_name,unit,from,to", *lines, "")))
    over = SICK | {"agent": "2001"}
    said = check_problem(await place.post("zhao", "/api/leave", over), 403)
    assert "it is for a hr_clerk in team-1, centre" in said["detail"]
    assert (await place.post("zhao", "/api/leave", over | {"to": "2026-12-08"})).status_code == 201
    assert (await place.post("hr", "/api/leave", over | {"from": "2026-12-08"})).status_code == 201


async def test_a_file_names_again_what_holds_over_a_move_and_changes_none_of_it(place: Place) -> None:
    """Whose leave was told before the roster said that they move goes on being named by the file of their unit."""

    async def take(who: str, text: str, key: str) -> Any:
        browser = await place.browser(who)
        asked = {"source": "personnel", "from": "2026-12-07", "to": "2026-12-31"}
        headers = {"Idempotency-Key": key, "Content-Type": "text/csv"}
        return await browser.post("/api/imports/leave", content=text, params=asked, headers=headers)

    head, over = "agent,kind,from,to\n", "2001,sick,2026-12-07,2026-12-09\n"
    assert (await take("zhao", head + over, "a")).status_code == 200
    roster = ["agent,interface,member_name,unit,from,to", "2002,PJSIP/2002,,team-2,,", "1001,PJSIP/1001,,team-1,,"]
    roster += ["2001,PJSIP/2001,,team-2,,2026-12-08", "2001,PJSIP/2001,,team-1,2026-12-08,"]
    place.follows("\n".join((*roster, "")), PEOPLE + "wang,Wang Fang,,hr_clerk,team-1,,,\n")
    taken = await take("zhao", head + over + "2002,sick,2026-12-10,2026-12-11\n", "b")
    assert taken.json().get("said") == "1 new, 0 changed, 0 withdrawn", taken.text
    read = {"source": "personnel", "from": "2026-12-07", "to": "2026-12-31"}
    assert "2001,sick" in (await place.get("zhao", "/api/imports/leave", **read)).text
    assert [one["agent"] for one in (await place.get("wang", "/api/leave", **DECEMBER)).json()["leave"]] == ["2001"]
    theirs = "2002,sick,2026-12-10,2026-12-11\n"
    anothers = over.replace("2001", "1001")
    for number, text in enumerate((theirs, over.replace("-09", "-10") + theirs, over + theirs + anothers)):
        check_problem(await take("zhao", head + text, f"c{number}"), 403)


async def test_files_are_taken_over_whole_or_not_at_all(place: Place) -> None:
    async def take(who: str, kind: str, text: str, key: str, **asked: Any) -> Any:
        headers = {"Idempotency-Key": key, "Content-Type": "text/csv"}
        asked = {"source": "planner"} | asked
        browser = await place.browser(who)
        return await browser.post(f"/api/imports/{kind}", content=text, params=asked, headers=headers)

    check_problem(await take("hr", "schedule", SHIFTS, "a"), 403)
    dry = await take("admin", "schedule", SHIFTS, "a", dry_run=True)
    assert dry.json()["lines"] == ["+ 1001: 2026-12-01 08:00-16:00"]
    taken = await take("admin", "schedule", SHIFTS, "b")
    assert taken.json() == dry.json() | {"dry_run": False}
    again = await take("admin", "schedule", SHIFTS, "b")
    assert (again.json(), again.headers["idempotency-replayed"]) == (taken.json(), "true")
    assert (await take("admin", "schedule", SHIFTS, "c")).json()["lines"] == []
    wrong = check_problem(await take("admin", "schedule", SHIFTS + "9999,2026-12-01,8,16\n", "d"), 422)
    assert {one["line"] for one in wrong["errors"]} == {3}
    check_problem(await take("admin", "schedule", "agent,day,start,end\n", "e"), 422)
    leave = "agent,kind,from,to\n1001,sick,2026-12-07,2026-12-08\n"
    check_problem(await take("wang", "leave", leave, "f"), 403)
    assert (await take("hr", "leave", leave, "f")).json()["said"] == "1 new, 0 changed, 0 withdrawn"
    theirs, week = leave.replace("1001", "2001"), {"from": "2026-12-07", "to": "2026-12-08"}
    check_problem(await take("zhao", "leave", theirs, "h", **week), 403)  # what it does not name is withdrawn
    done = await take("zhao", "leave", theirs, "i", partial=True)
    assert done.json().get("said") == "1 new, 0 changed, 0 withdrawn", done.text
    many = "agent,kind,from,to\n" + "".join(f"1002,sick,{year}-01-01,{year}-01-02\n" for year in range(2000, 2100)) * 40
    check_problem(await take("hr", "leave", many, "g"), 422)


async def test_another_system_tells_leave_of_its_units_with_a_key_and_takes_none_of_others_back(place: Place) -> None:
    made = {}
    for name, scope, units in (
        ("hr-1", KeyScope.IMPORT, ("team-1",)), ("hr-2", KeyScope.IMPORT, ("team-2",)),
        ("planner", KeyScope.IMPORT, ("*",)),
        ("box", KeyScope.PROPOSE_PACKETS, ("*",)),
    ):  # fmt: skip
        act = Act(name, place.now(), "root", "desk-7", "make key", name, "", "", "for a test")
        key = ApiKey(name, (scope,), units, place.now() + SECOND)
        made[name] = f"Bearer {await ApiKeys(place.engine).make(key, act)}"

    async def take(name: str, kind: str, text: str, key: str) -> httpx.Response:
        headers = {"Idempotency-Key": key, "Content-Type": "text/csv", "Authorization": made[name]}
        asked = {"source": "personnel", "from": "2026-12-01", "to": "2026-12-31"}
        return await place.office.client.post(f"/api/imports/{kind}", content=text, params=asked, headers=headers)

    leave = "agent,kind,from,to\n1001,sick,2026-12-07,2026-12-08\n"
    check_problem(await take("box", "leave", leave, "a"), 403)
    check_problem(await take("hr-2", "leave", leave, "a"), 403)
    taken = await take("hr-1", "leave", leave, "a")
    assert taken.json()["said"] == "1 new, 0 changed, 0 withdrawn"
    assert (await take("hr-1", "leave", leave, "a")).headers["idempotency-replayed"] == "true"
    check_problem(await take("hr-2", "leave", leave.replace("1001", "2001"), "b"), 403)  # it would withdraw team-1's
    assert len((await place.get("audit", "/api/leave", **DECEMBER)).json()["leave"]) == 1
    check_problem(await take("hr-1", "schedule", SHIFTS, "c"), 403)
    assert (await take("planner", "schedule", SHIFTS, "c")).status_code == 200
    headers = {"Authorization": made["planner"], "Idempotency-Key": "d"}
    check_problem(await place.office.client.post("/api/leave", json=SICK, headers=headers), 401)  # files alone


async def test_an_entitlement_is_said_by_clerks_and_shown_to_them_alone(place: Place) -> None:
    asked = {"agent": "1001", "from": "2026-12-01", "rate_ppm": 60_000}
    check_problem(await place.post("wang", "/api/entitlements", asked), 403)
    said = await place.post("hr", "/api/entitlements", asked, "a")
    assert (said.status_code, said.json()["rate_ppm"]) == (201, 60_000)
    assert (await place.post("hr", "/api/entitlements", asked, "a")).json() == said.json()
    ended = await place.post("hr", "/api/entitlements", {"agent": "1001", "from": "2026-12-10"})
    assert ended.json()["rate_ppm"] is None
    assert len((await place.get("hr", "/api/entitlements/1001")).json()["entitlements"]) == 2
    check_problem(await place.get("wang", "/api/entitlements/1001"), 403)
    check_problem(await place.post("hr", "/api/entitlements", asked | {"agent": "9999"}), 409)
    check_problem(await place.post("wang", "/api/entitlements", asked | {"agent": "9999"}), 403)
    check_problem(await place.get("wang", "/api/entitlements/9999"), 403)


async def test_a_month_is_closed_by_clerks_and_each_agent_sees_the_own(place: Place) -> None:
    place.clock.now += 14 * 86_400  # the fourth of December has come
    month = "/api/months/2026-11"
    check_problem(await place.get("hr", month), 404)
    empty = check_problem(await place.post("hr", f"{month}/close", {}), 409)
    assert "nothing was measured in it" in empty["detail"]
    async with place.engine.begin() as connection:
        record = replace(day_record(), agent="1001", unit="team-1")
        await insert_days(connection, [(MeasuredDay(record, {}), 1)], BY, 1)
    check_problem(await place.post("wang", f"{month}/close", {}), 403)
    early = check_problem(await place.post("hr", "/api/months/2026-12/close", {}), 409)
    assert "agents decide until" in early["detail"]
    closed = await place.post("hr", f"{month}/close", {}, "a")
    assert closed.status_code == 200, closed.text
    assert (await place.post("hr", f"{month}/close", {}, "a")).json() == closed.json()
    assert closed.json()["agents"] == 4
    for who, seen in (("hr", 4), ("audit", 4), ("wang", 0), ("1001", 1)):
        found = (await place.get(who, month)).json()["agents"]
        assert len(found) == seen, who
    assert found[0]["agent"] == "1001"
    corrected = await place.post("hr", f"{month}/corrections", {"agent": "1001", "reason": "so"})
    assert (corrected.json()["number"], corrected.json()["agent"]) == (1, "1001")
    assert (await place.get("hr", f"{month}/differences")).json()["differences"] == []
    check_problem(await place.post("wang", f"{month}/corrections", {"agent": "1001", "reason": "so"}), 403)
    check_problem(await place.post("hr", f"{month}/corrections", {"agent": "9999", "reason": "so"}), 404)
    check_problem(await place.get("1001", "/api/months/2026-13"), 422)
