"""A day in a unit with schedules is measured against its shifts, out of the tables of shifts and leave."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import date, timedelta

from sqlalchemy import insert, update
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.bank.policy import Policies
from ccd.bank.withdrawal import Application, ApplicationState, Hold
from ccd.bank.withdrawal_rows import Changed, add_application, change
from ccd.floor.days import BusinessDays
from ccd.floor.own_days import OwnDay
from ccd.floor.rules import ALWAYS
from ccd.history.day_rows import record_digest
from ccd.history.reckoned_against import expected_read
from ccd.history.schema import day_records
from ccd.history.unit_days import note_stale_of
from ccd.org.schema import leaves, shifts
from tests.bank.policies import policy
from tests.floor.floors import S, added, heard, paused, removed, unpaused
from tests.history.closing import ANN, BEN, DAY_S, FIRST, SECOND, Bank, measuring
from tests.history.observing import record

HOUR = 3_600
WITH_SCHEDULES = Policies((policy(ALWAYS, schedules=True),))
SEEN = (
    added(8 * HOUR + 300, seat=ANN), removed(10 * HOUR, seat=ANN), added(10 * HOUR + 600, seat=ANN),
    paused(12 * HOUR, "meal", seat=ANN), unpaused(12 * HOUR + 1_800, seat=ANN), removed(18 * HOUR, seat=ANN),
    added(8 * HOUR, seat=BEN), removed(16 * HOUR, seat=BEN),
)  # fmt: skip
ALLOWED_S = (7 * HOUR + 1_800 - 300) * 37_000 // 1_000_000


def in_the_team(agent: str, start: int, end: int) -> Iterable[OwnDay]:
    """Ann, Ben, and Cid, of whom no seat was ever seen."""
    day = BusinessDays("UTC").at(start)
    return (OwnDay("team", "team", day),) if agent in ("ann", "ben", "cid") else ()


def of_the_team(unit: str) -> Collection[str]:
    return ("ann", "ben", "cid") if unit == "team" else ()


async def planned(engine: AsyncEngine, agent: str, start_s: int, end_s: int, breaks: str = "[]") -> None:
    row = {
        "source": "plan", "uid": f"{agent}/{start_s}", "agent": agent, "day": FIRST, "start_at": start_s * S,
        "end_at": end_s * S, "breaks": breaks, "said_at": 1,
    }  # fmt: skip
    async with engine.begin() as connection:
        await connection.execute(insert(shifts).values(row))


async def closed(engine: AsyncEngine) -> Bank:
    """Ann has a break at noon and comes late; Ben has no shift; Cid has one and never comes."""
    await record(engine, *SEEN, heard(DAY_S))
    await planned(engine, "ann", 8 * HOUR, 16 * HOUR, f"[[{12 * HOUR * S},{(12 * HOUR + 1_800) * S}]]")
    await planned(engine, "cid", 8 * HOUR, 16 * HOUR)
    bank = Bank(engine, now_s=DAY_S + 5)
    bank.follow(replace(measuring(), own_days=in_the_team, ever_in=of_the_team), WITH_SCHEDULES)
    await bank.closer.close_due()
    return bank


async def again(bank: Bank) -> None:
    """What an import of shifts or leave does with a day that was measured."""
    async with bank.engine.begin() as connection:
        await note_stale_of(connection, [("team", FIRST)])
    await bank.closer.close_due()


async def test_a_day_is_held_against_its_shift_and_settled_by_it(engine: AsyncEngine) -> None:
    bank = await closed(engine)
    duty = (await bank.day("ann")).record.duty
    assert duty is not None
    assert (duty.scheduled, duty.late, duty.off_post) == (27_000 * S, 300 * S, 0)
    assert (duty.counted.signed_in, duty.counted.aux) == (26_700 * S, 600 * S)
    assert await bank.net_s("ann") == ALLOWED_S - 600


async def test_who_works_without_a_shift_has_a_record_that_is_worth_nothing(engine: AsyncEngine) -> None:
    bank = await closed(engine)
    record_ = (await bank.day("ben")).record
    assert (record_.signed_in, await bank.net_s("ben")) == (8 * HOUR * S, 0)


async def test_who_has_a_shift_and_never_signs_in_has_a_record(engine: AsyncEngine) -> None:
    bank = await closed(engine)
    record_ = (await bank.day("cid")).record
    assert record_.duty is not None
    assert (record_.unit, record_.signed_in, record_.duty.off_post) == ("team", 0, 8 * HOUR * S)
    assert await bank.net_s("cid") == 0


async def test_where_nobody_was_ever_seen_days_begin_with_the_first_that_was_listened_to_from_its_start_on(
    engine: AsyncEngine,
) -> None:
    for number in range(3):
        await planned(engine, "cid", number * DAY_S + 8 * HOUR, number * DAY_S + 16 * HOUR)
    bank = Bank(engine, now_s=3 * DAY_S + 5)
    bank.follow(replace(measuring(), own_days=in_the_team, ever_in=of_the_team), WITH_SCHEDULES)
    assert await bank.due() == [], "no switch was heard"
    await record(engine, heard(9 * HOUR))
    await record(engine, heard(3 * DAY_S))
    assert await bank.due() == [("team", SECOND), ("team", SECOND + timedelta(days=1))]
    await bank.closer.close_due()
    duty = (await bank.day("cid", SECOND)).record.duty
    assert duty is not None
    assert duty.off_post == 8 * HOUR * S


async def test_whose_days_are_the_unit_s_is_asked_of_its_own_agents_alone(engine: AsyncEngine) -> None:
    asked = []

    def noting(agent: str, start: int, end: int) -> Iterable[OwnDay]:
        asked.append(agent)
        return in_the_team(agent, start, end)

    await record(engine, *SEEN, heard(DAY_S))
    await planned(engine, "cid", 8 * HOUR, 16 * HOUR)
    await planned(engine, "dan", 8 * HOUR, 16 * HOUR)  # of another unit
    bank = Bank(engine, now_s=DAY_S + 5)
    bank.follow(replace(measuring(), own_days=noting, ever_in=of_the_team), WITH_SCHEDULES)
    await bank.closer.close_due()
    assert set(asked) == {"cid"}


async def test_closing_again_changes_nothing(engine: AsyncEngine) -> None:
    bank = await closed(engine)
    await again(bank)
    assert await bank.revisions() == [(agent, FIRST, 1) for agent in ("ann", "ben", "cid")]


async def test_leave_that_is_told_late_makes_a_new_revision_and_the_difference_is_posted(engine: AsyncEngine) -> None:
    bank = await closed(engine)
    row = {
        "source": "hr", "uid": "1", "agent": "ann", "day": FIRST, "start_at": 8 * HOUR * S,
        "end_at": (10 * HOUR + 600) * S, "kind": "annual", "said_at": 2,
    }  # fmt: skip
    async with engine.begin() as connection:
        await connection.execute(insert(leaves).values(row))
    await again(bank)
    stored = await bank.day("ann")
    assert stored.revision == 2
    assert stored.record.duty is not None
    assert (stored.record.duty.late, stored.record.duty.on_leave) == (0, 900 * S)
    assert await bank.net_s("ann") == (26_700 - 600) * 37_000 // 1_000_000


async def granted(
    engine: AsyncEngine,
    agent: str,
    seconds: int,
    start: int | None = None,
    *,
    whole: bool = False,
    day: date = FIRST,
) -> None:
    """From an hour of the day on, where it is said."""
    span = () if start is None else (start, start + seconds * S)
    one = Application(
        f"off-{agent}-{day}", agent, "team", day, seconds, 1, ApplicationState.APPROVED, 1, Hold(1, ()), *span
    )
    async with engine.begin() as connection:
        await connection.run_sync(add_application, one._replace(whole=whole))
        await connection.run_sync(change, Changed(one, 1, "lead", ""))


async def test_a_whole_day_off_is_no_absence_without_leave_and_a_part_does_not_say_which(engine: AsyncEngine) -> None:
    await granted(engine, "cid", 8 * HOUR)
    await granted(engine, "ann", 7 * HOUR)
    bank = await closed(engine)
    cid, ann = (await bank.day("cid")).record.duty, (await bank.day("ann")).record.duty
    assert cid is not None
    assert ann is not None
    assert (cid.on_leave, cid.off_post) == (8 * HOUR * S, 0)
    assert (ann.on_leave, ann.late) == (0, 300 * S)


async def test_of_a_part_of_a_day_from_when_to_when_nothing_is_late(engine: AsyncEngine) -> None:
    await granted(engine, "ann", 600, 8 * HOUR * S)
    ann = (await (await closed(engine)).day("ann")).record.duty
    assert ann is not None
    assert (ann.on_leave, ann.late) == (300 * S, 0)


async def test_of_a_night_off_nothing_is_off_post_after_midnight_either(engine: AsyncEngine) -> None:
    """Cid has the night off, Ben from ten to one; Ann has a night that she stays away from."""
    await record(engine, heard(9 * HOUR))
    await record(engine, heard(2 * DAY_S))
    for agent in ("ann", "ben", "cid"):
        await planned(engine, agent, 22 * HOUR, 30 * HOUR)
    await granted(engine, "cid", 8 * HOUR, whole=True)
    await granted(engine, "ben", 3 * HOUR, 22 * HOUR * S)
    bank = Bank(engine, now_s=2 * DAY_S + 5)
    bank.follow(replace(measuring(), own_days=in_the_team, ever_in=of_the_team), WITH_SCHEDULES)
    await bank.closer.close_due()
    assert await hours_off(bank) == {"ann": (0, 6), "ben": (1, 5), "cid": (6, 0)}


async def test_so_many_seconds_that_are_enough_for_the_night_are_the_night_off_and_others_are_none(
    engine: AsyncEngine,
) -> None:
    """Ann's are for all of the day's shifts, Ben's for the night alone and not for the hour before, Cid's for less."""
    await record(engine, heard(9 * HOUR))
    await record(engine, heard(2 * DAY_S))
    for agent in ("ann", "ben", "cid"):
        await planned(engine, agent, 22 * HOUR, 30 * HOUR)
        await granted(engine, agent, {"ann": 9, "ben": 8, "cid": 7}[agent] * HOUR)
    for agent in ("ann", "ben"):
        await planned(engine, agent, 8 * HOUR, 9 * HOUR)
    bank = Bank(engine, now_s=2 * DAY_S + 5)
    bank.follow(replace(measuring(), own_days=in_the_team, ever_in=of_the_team), WITH_SCHEDULES)
    await bank.closer.close_due()
    assert await hours_off(bank) == {"ann": (6, 0), "ben": (0, 6), "cid": (0, 6)}


async def test_a_day_off_is_not_the_rest_of_the_night_before_it(engine: AsyncEngine) -> None:
    """Ann has the second day off, Ben so many seconds of it, Cid the night before, too."""
    await record(engine, heard(9 * HOUR))
    await record(engine, heard(2 * DAY_S))
    for agent in ("ann", "ben", "cid"):
        await planned(engine, agent, 22 * HOUR, 30 * HOUR)
        await planned(engine, agent, 46 * HOUR, 54 * HOUR)
        await granted(engine, agent, 8 * HOUR, whole=agent != "ben", day=SECOND)
    await granted(engine, "cid", 8 * HOUR, whole=True)
    bank = Bank(engine, now_s=2 * DAY_S + 5)
    bank.follow(replace(measuring(), own_days=in_the_team, ever_in=of_the_team), WITH_SCHEDULES)
    await bank.closer.close_due()
    assert await hours_off(bank) == {"ann": (2, 6), "ben": (2, 6), "cid": (8, 0)}


async def hours_off(bank: Bank) -> dict[str, tuple[float, float]]:
    """Of the second day, on leave and off post."""
    found = {agent: (await bank.day(agent, SECOND)).record.duty for agent in ("ann", "ben", "cid")}
    return {agent: (duty.on_leave / HOUR / S, duty.off_post / HOUR / S) for agent, duty in found.items() if duty}


async def test_of_a_day_off_what_leave_covers_that_comes_first_is_that_leave(engine: AsyncEngine) -> None:
    await granted(engine, "cid", 8 * HOUR)
    bank = await closed(engine)
    row = {
        "source": "hr", "uid": "1", "agent": "cid", "day": FIRST, "start_at": 7 * HOUR * S, "end_at": 10 * HOUR * S,
        "kind": "sick", "said_at": 2,
    }  # fmt: skip
    async with engine.begin() as connection:
        await connection.execute(insert(leaves).values(row))
    await again(bank)
    stored = await bank.day("cid")
    away = [(each.kind, each.away and each.away // HOUR // S) for each in expected_read(stored.expected).absences]
    assert away == [("sick", 2), ("time_off", 0), ("time_off", 6)]
    assert stored.record.duty is not None
    assert (stored.record.duty.on_leave, stored.record.duty.off_post) == (8 * HOUR * S, 0)


async def test_a_shift_that_is_withdrawn_takes_what_it_was_worth(engine: AsyncEngine) -> None:
    bank = await closed(engine)
    async with engine.begin() as connection:
        await connection.execute(update(shifts).values(until_at=2))
    await again(bank)
    assert await bank.net_s("ann") == 0
    cid = await bank.day("cid")
    assert (cid.revision, cid.record.duty is not None and cid.record.duty.scheduled) == (2, 0)


async def test_a_unit_that_keeps_no_schedules_is_measured_as_ever_whatever_is_planned(engine: AsyncEngine) -> None:
    await record(engine, *SEEN, heard(DAY_S))
    await planned(engine, "ann", 8 * HOUR, 16 * HOUR)
    bank = Bank(engine, now_s=DAY_S + 5)
    bank.follow(replace(measuring(), own_days=in_the_team, ever_in=of_the_team))
    await bank.closer.close_due()
    assert (await bank.day("ann")).record.duty is None
    assert [agent for agent, _, _ in await bank.revisions()] == ["ann", "ben"]


async def test_what_was_expected_is_kept_with_the_record_and_sealed_by_its_digest(engine: AsyncEngine) -> None:
    await closed(engine)
    async with engine.connect() as connection:
        rows = (await connection.execute(day_records.select().order_by(day_records.c.agent))).all()
    for row in rows:
        assert bytes(row.digest) == record_digest(row._asdict())
        assert bytes(row.digest) != record_digest(row._asdict() | {"late_us": 7})
    assert rows[2].expected == (
        f'{{"shifts":[[{8 * HOUR * S},{16 * HOUR * S},[]]],"absences":[],"sign_outs_count":true}}'
    )
