"""What is recorded of an agent: each row of it is counted, told to the agent alone, and says nothing of others."""

import json
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from ccd.bank import allocating, holds, moving_along, replanning, withdrawing
from ccd.daemon.served.recorded_of import categories, recorded_lines
from ccd.daemon.site import Site
from ccd.org.acts import Act, note_act
from ccd.org.csv_faults import Written
from ccd.web.paging import cursor_of
from tests.floor.floors import added, heard, paused, removed
from tests.history.observing import record
from tests.web.acting import Place
from tests.web.test_api import check_problem
from tests.web.test_refusals import TEXTS, words_of

NOON = 1_795_492_800.0  # 24 November 2026, 12:00 in Shanghai
RULING: dict[str, Any] = {"from": NOON, "to": NOON + 3_600, "counts": "available", "reason": "the telephone was mended"}
SICK = {"agent": "1001", "kind": "sick", "from": "2026-12-07", "to": "2026-12-09"}


async def categories_of(place: Place, name: str) -> dict[str, Any]:
    answer = await place.get(name, "/api/me/recorded")
    assert answer.status_code == 200, answer.text
    return {one["name"]: one for one in answer.json()["categories"]}


async def lines_of(place: Place, who: str, name: str, **asked: Any) -> list[dict[str, Any]]:
    answer = await place.get(who, f"/api/me/recorded/{name}", **asked)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["lines"]
    return found


async def noted(place: Place, *acts: Act) -> None:
    def work(connection: Connection) -> None:
        for act in acts:
            note_act(connection, act)

    async with place.engine.begin() as connection:
        await connection.run_sync(work)


async def test_everything_that_was_done_is_counted_and_told_line_by_line(place: Place) -> None:
    line = await place.saved("1001", 60_000)
    await place.saved("1002", 60_000)
    seat = {"seat": "PJSIP/1001"}
    await record(
        place.engine, added(NOON, **seat), paused(NOON + 60, "toilet", **seat), removed(NOON + 90, **seat),
        added(NOON, seat="PJSIP/1002"), heard(NOON + 100),
    )  # fmt: skip
    for who, path, body in (
        ("wang", "/api/rulings", RULING | {"agent": "1001"}),
        ("wang", "/api/rulings", RULING | {"unit": "team-1", "from": NOON + 7_200, "to": NOON + 9_000}),
        ("wang", "/api/rulings", RULING | {"unit": "team-2"}),
        ("hr", "/api/leave", SICK),
        ("1001", "/api/appeals", {"transfer": line, "reason": "I was there"}),
    ):
        answer = await place.post(who, path, body)
        assert answer.status_code == 201, answer.text
    found = await categories_of(place, "1001")
    counted = {name: one["rows"] for name, one in found.items() if one["rows"]}
    assert counted == {"segments": 2, "transfers": 1, "rulings": 2, "leave": 1, "appeals": 1, "acts_by_me": 1,
                       "acts_on_me": 1}  # fmt: skip
    assert found["evidence"] == {
        "name": "evidence", "rows": None, "first": None, "last": None, "kept_days": 365, "seen_by": ["machine"],
    }  # fmt: skip
    assert (found["segments"]["first"], found["segments"]["last"]) == (NOON, NOON + 60)
    for name, one in found.items():
        assert len(await lines_of(place, "1001", name)) == (one["rows"] or 0)
    assert [each["what"]["reason"] for each in await lines_of(place, "1001", "segments")] == ["toilet", ""]
    (act,) = await lines_of(place, "1001", "acts_on_me")
    assert (act["what"]["by"], act["what"]["why"]) == ("wang", RULING["reason"])


async def test_it_is_read_page_by_page_and_by_the_agent_alone(place: Place) -> None:
    for number in range(5):
        await place.saved("2001", 60 + number) if number == 0 else await noted(
            place, Act(f"a{number}", 7, "wang", "here", "day off", "1001", "", '{"of":"1002"}', f"for {number}")
        )
    found, after = [], None
    while True:
        asked = {"limit": 3} | ({"next": after} if after else {})
        answer = (await place.get("1001", "/api/me/recorded/acts_on_me", **asked)).json()
        found += [line["what"]["why"] for line in answer["lines"]]
        after = answer["next"]
        if after is None:
            break
    assert found == ["for 4", "for 3", "for 2", "for 1"], "at one instant, the newest first"
    assert "1002" not in str(await lines_of(place, "1001", "acts_on_me"))
    assert await lines_of(place, "1002", "acts_on_me") == []
    check_problem(await place.get("wang", "/api/me/recorded"), 403)
    check_problem(await place.get("1001", "/api/me/recorded/secrets"), 404)
    for wrong in ("x", "WzFd", "WyJ4IiwgMV0=", "bnVsbA=="):
        check_problem(await place.get("1001", "/api/me/recorded/acts_on_me", next=wrong), 422)


FORGED = [
    ("acts_on_me", [10**30, 1]), ("acts_on_me", [1, 2**63]), ("acts_on_me", [1, True]), ("acts_on_me", [1, [1]]),
    ("day_records", [1, 7, 1]), ("day_records", [1, "never", 1]), ("day_records", [1, "2026-11-01", 2**40]),
    ("call_outs", [1, "\0"]), ("call_outs", [1, "\ud800"]),
]  # fmt: skip


async def test_a_place_that_nobody_told_is_refused_whatever_stands_in_it(place: Place) -> None:
    for name, said in FORGED:
        answer = await place.get("1001", f"/api/me/recorded/{name}", next=cursor_of(json.dumps(said)))
        assert check_problem(answer, 422)["type"] == "urn:ccd:wrong-place", (name, said)
    deep = cursor_of("[" * 1_400)
    check_problem(await place.get("1001", "/api/me/recorded/acts_on_me", next=deep), 422)


async def test_of_readings_each_is_told_to_those_who_were_read_of(place: Place) -> None:
    def read(number: int, subject: str, after: str = "{}") -> Act:
        return Act(f"r{number}", number, "audit", "here", "read something", subject, "", after, "as an auditor")

    named = {5: '{"units":["team-2"]}', 6: '{"units":["centre"]}', 7: '{"units":["*"]}'}
    subjects = ("1001", "team-1", "centre", "*", "*", "*", "*", "1002", "team-2")
    await noted(place, *(read(at, subject, named.get(at, "{}")) for at, subject in enumerate(subjects, 1)))
    for who, seen in (("1001", [7, 6, 4, 3, 2, 1]), ("2001", [9, 7, 6, 5, 4, 3])):
        assert [round(line["at"] * 1e6) for line in await lines_of(place, who, "readings")] == seen


async def test_a_seat_that_was_somebody_elses_before_is_told_to_each_for_the_own_time(place: Place) -> None:
    header = "agent,interface,member_name,unit,pbx,from,to\n"
    roster = f"{header}1001,PJSIP/1,,team-1,,,2026-11-25\n1009,PJSIP/1,,team-1,,2026-11-25,\n"
    site = Site(place.site.settings, Written(Path("roster.csv"), roster))
    seat = {"seat": "PJSIP/1"}
    await record(
        place.engine, added(NOON, **seat), paused(NOON + 86_400, "toilet", **seat), removed(NOON + 86_460, **seat),
        heard(NOON + 86_499),
    )  # fmt: skip

    def states(plain: Connection, agent: str) -> list[str]:
        (found,) = [one for one in categories(plain, site, agent) if one.name == "segments"]
        return [line.what["state"] for line in recorded_lines(plain, found, None, 9)]

    async with place.engine.connect() as connection:
        assert await connection.run_sync(states, "1001") == ["available"]
        assert await connection.run_sync(states, "1009") == ["paused"]


async def test_each_field_that_is_told_has_a_name_in_chinese(place: Place) -> None:
    def told(plain: Connection) -> set[str]:
        found = [one.rows for one in categories(plain, place.site, "1001") if one.rows is not None]
        return {column.name for rows in found for column in rows.selected_columns} - {"at"}

    async with place.engine.connect() as connection:
        fields = await connection.run_sync(told)
    assert fields <= words_of("said_zh.ts").keys()


def test_each_reason_that_ccd_gives_of_a_day_off_is_said_in_chinese() -> None:
    known = (TEXTS / "said_zh.ts").read_text()
    for module in (allocating, holds, moving_along, replanning, withdrawing):
        for name, said in vars(module).items():
            if name.isupper() and isinstance(said, str) and " " in said:
                assert f'"{said}": ' in known, said


async def test_acts_are_found_without_looking_through_all_that_there_ever_were(place: Place) -> None:
    """PostgreSQL is told that there are too many for that, which there are not here."""
    sqlite = place.engine.dialect.name == "sqlite"

    def plans(plain: Connection) -> dict[str, list[str]]:
        found = {}
        if not sqlite:
            plain.exec_driver_sql("SET enable_seqscan = off")
        for one in categories(plain, place.site, "1001"):
            if one.name in ("acts_by_me", "acts_on_me", "readings"):
                assert one.rows is not None
                query = one.rows.compile(plain, compile_kwargs={"literal_binds": True})
                words = "EXPLAIN QUERY PLAN" if sqlite else "EXPLAIN"
                found[one.name] = [row[-1] for row in plain.exec_driver_sql(f"{words} {query}")]
        return found

    async with place.engine.connect() as connection:
        for name, plan in (await connection.run_sync(plans)).items():
            assert not any(step.startswith("SCAN") or "Seq Scan" in step for step in plan), (name, plan)
            assert any("ix_acts" in step for step in plan), (name, plan)
