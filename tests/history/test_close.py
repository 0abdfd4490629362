"""A day is closed once every PBX has been heard to its end, exactly once, and anew only where a figure is another."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from time import monotonic
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from ccd.bank.fate import Fate
from ccd.errors import DayWaitsError, UnknownUnitError
from ccd.floor.expected import Expected
from ccd.floor.owners import Owner
from ccd.floor.records import Tally
from ccd.floor.rules import ALWAYS
from ccd.history.day_rows import JudgedBy, insert_days, record_digest
from ccd.history.days import MeasuredDay
from ccd.history.due_days import DueDays
from ccd.history.reckoned_against import expected_spelled
from ccd.history.schema import day_records
from ccd.history.unit_days import note_stale
from ccd.sql.turns import take_turn
from tests.floor.floors import S, added, heard, lost, member, paused, removed, snapshot, unpaused
from tests.history.closing import (
    ANN,
    BEN,
    DAY_S,
    DEPOSIT_S,
    FIRST,
    OVERDRAFT_S,
    SECOND,
    SHIFT,
    WAIT_S,
    Bank,
    measuring,
)
from tests.history.observing import IMPATIENT, observe, record, recording


async def test_a_day_that_was_heard_to_its_end_is_measured_written_and_settled(engine: AsyncEngine) -> None:
    await record(engine, *SHIFT, heard(DAY_S))
    bank = Bank(engine, now_s=DAY_S + 5)
    assert await bank.due() == [("team", FIRST)]
    await bank.closer.close_due()
    assert await bank.revisions() == [("ann", FIRST, 1), ("ben", FIRST, 1)]
    assert (await bank.net_s("ann"), await bank.net_s("ben")) == (DEPOSIT_S, -OVERDRAFT_S)
    assert await bank.due() == []
    assert await bank.unfinished() == []


async def test_a_record_says_what_it_is_made_of(engine: AsyncEngine) -> None:
    await record(engine, *SHIFT, heard(DAY_S))
    bank = Bank(engine, now_s=DAY_S)
    await bank.closer.close_due()
    stored = await bank.day("ann")
    assert (stored.record.aux, stored.record.signed_in, stored.judged_by) == (600 * S, 28_800 * S, (ALWAYS, "", ALWAYS))
    async with engine.connect() as connection:
        rows = (await connection.execute(day_records.select())).mappings().all()
    assert [row["sources"] for row in rows] == ['{"pbx":[1,7]}', '{"pbx":[2,8]}']
    assert all(record_digest(dict(row)) == bytes(row["digest"]) for row in rows)
    assert record_digest(dict(rows[0]) | {"aux_us": 1}) != bytes(rows[0]["digest"])
    assert record_digest(dict(rows[0]) | {"policy_of": "team"}) != bytes(rows[0]["digest"])


@pytest.mark.parametrize("expected", ["", expected_spelled(Expected())])
@pytest.mark.parametrize("policy_of", ["", "team"])
async def test_a_digest_is_of_what_its_row_says(engine: AsyncEngine, policy_of: str, expected: str) -> None:
    day = MeasuredDay(Tally().record("ann", "team", FIRST), {}, expected)
    async with engine.begin() as connection:
        await insert_days(connection, [(day, 1)], JudgedBy(ALWAYS, policy_of, ALWAYS), made_at=1)
        row = (await connection.execute(day_records.select())).mappings().one()
    assert record_digest(dict(row)) == bytes(row["digest"])


async def test_a_quiet_pbx_is_waited_for_and_named(engine: AsyncEngine) -> None:
    await record(engine, *SHIFT, heard(DAY_S - 1))
    bank = Bank(engine, now_s=DAY_S + 600)
    seen = await bank.closer.close_due()
    assert (seen.due, [(each.unit, each.lagging) for each in seen.waiting]) == (
        (),
        [("team", {"pbx": (DAY_S - 1) * S})],
    )
    with pytest.raises(DayWaitsError, match=r"pbx was heard up to 1970-01-01T23:59:59\+00:00"):
        await bank.closer.close("team", FIRST)
    assert await bank.revisions() == []


async def test_a_pbx_in_which_the_unit_has_no_seat_is_not_waited_for(engine: AsyncEngine) -> None:
    await record(engine, added(5, seat="SIP/elsewhere"), pbx="other")
    await record(engine, *SHIFT, heard(DAY_S))
    bank = Bank(engine, now_s=DAY_S, pbxs=("pbx", "other"))
    assert await bank.due() == [("team", FIRST)]


async def test_after_the_longest_wait_it_settles_without_and_what_is_found_later_is_a_revision(
    engine: AsyncEngine,
) -> None:
    await record(engine, *SHIFT[:2], paused(80_000, "water", seat=ANN), heard(84_000))
    bank = Bank(engine, now_s=DAY_S + WAIT_S - 1)
    assert await bank.due() == []
    bank.now_s = DAY_S + WAIT_S
    await bank.closer.close_due()
    first = (await bank.day("ann")).record
    assert (first.unobserved, first.aux) == (2_400 * S, 4_000 * S)
    allowed = (83_000 if 83_000 < 43_200 else 43_200) * 37_000 // 1_000_000
    assert await bank.net_s("ann") == allowed - 4_000
    await record(engine, unpaused(84_500, seat=ANN), heard(DAY_S + 7_200))
    await bank.closer.close_due()
    stored = await bank.day("ann")
    assert (stored.revision, stored.record.unobserved, stored.record.aux) == (2, 0, 4_500 * S)
    assert await bank.net_s("ann") == allowed - 4_500
    assert await bank.revisions() == [("ann", FIRST, 1), ("ann", FIRST, 2), ("ben", FIRST, 1), ("ben", FIRST, 2)]
    assert await bank.due() == []


async def test_a_pbx_that_goes_on_as_if_nothing_had_been_brings_the_day_up_again(engine: AsyncEngine) -> None:
    """It lagged, and then nothing had happened: no segment tells of that, only the watermark does."""
    await record(engine, *SHIFT[:2], heard(84_000))
    bank = Bank(engine, now_s=DAY_S + WAIT_S)
    await bank.closer.close_due()
    assert (await bank.day("ann")).record.unobserved == 2_400 * S
    await record(engine, heard(DAY_S + 1))
    await bank.closer.close_due()
    assert ((await bank.day("ann")).record.unobserved, (await bank.day("ann")).revision) == (0, 2)


async def test_closing_again_changes_nothing(engine: AsyncEngine) -> None:
    await record(engine, *SHIFT, heard(DAY_S))
    bank = Bank(engine, now_s=DAY_S)
    for _ in range(3):
        closed = await bank.closer.close("team", FIRST)
    assert closed.revised == ()
    assert closed.settlement.fates == {Fate.REPLAYED: 2}
    assert await bank.net_s("ann") == DEPOSIT_S
    assert await bank.revisions() == [("ann", FIRST, 1), ("ben", FIRST, 1)]


async def test_two_processes_that_close_the_same_day_at_once_settle_it_once(engine: AsyncEngine) -> None:
    await record(engine, *SHIFT, heard(DAY_S))
    banks = [Bank(engine, now_s=DAY_S + n) for n in range(4)]
    await asyncio.gather(*(bank.closer.close("team", FIRST) for bank in banks))
    assert await banks[0].revisions() == [("ann", FIRST, 1), ("ben", FIRST, 1)]
    assert (await banks[0].net_s("ann"), await banks[0].net_s("ben")) == (DEPOSIT_S, -OVERDRAFT_S)


async def test_what_was_measured_and_not_settled_is_settled_at_the_next_look(engine: AsyncEngine) -> None:
    await record(engine, *SHIFT, heard(DAY_S))
    bank = Bank(engine, now_s=DAY_S, fails=2)
    for _ in range(2):
        with pytest.raises(ConnectionResetError):
            await bank.closer.close_due()
        assert await bank.unfinished() == [FIRST]
    await bank.closer.close_due()
    assert await bank.unfinished() == []
    assert await bank.revisions() == [("ann", FIRST, 1), ("ben", FIRST, 1)]
    assert await bank.net_s("ann") == DEPOSIT_S


async def test_days_close_in_date_order_and_a_waiting_one_holds_up_the_next(engine: AsyncEngine) -> None:
    await record(engine, *SHIFT, heard(DAY_S - 5))
    bank = Bank(engine, now_s=2 * DAY_S + 10)
    assert await bank.due() == [("team", FIRST)]  # settle_wait_s_max is over for the first, not for the second
    assert [each.day.day for each in (await bank.closer.outlook(bank.now())).waiting] == [SECOND]
    await record(engine, heard(2 * DAY_S))
    await bank.closer.close_due()
    assert [day for _, day, _ in await bank.revisions()] == [FIRST, FIRST]
    assert await bank.due() == []


async def test_segments_that_come_late_make_a_revision_only_where_a_figure_is_another(engine: AsyncEngine) -> None:
    """A reload takes Ben's membership away without a word: unobserved since the last time anybody looked."""
    seats = (member(seat=ANN), member(seat=BEN))
    await record(engine, added(1_000, seat=ANN), added(1_000, seat=BEN), snapshot(DAY_S - 100, *seats), heard(DAY_S))
    bank = Bank(engine, now_s=DAY_S)
    await bank.closer.close_due()
    await record(engine, snapshot(DAY_S + 80, member(seat=ANN)), heard(DAY_S + 100))
    await bank.closer.close_due()
    assert await bank.revisions() == [("ann", FIRST, 1), ("ben", FIRST, 1), ("ben", FIRST, 2)]
    assert (await bank.day("ben")).record.unobserved == 100 * S
    assert await bank.unfinished() == []


async def test_a_day_that_is_looked_at_again_for_nothing_stays_as_it_was(engine: AsyncEngine) -> None:
    await record(engine, *SHIFT, heard(DAY_S))
    bank = Bank(engine, now_s=DAY_S)
    await bank.closer.close_due()
    await take_turn(engine, lambda connection: note_stale(connection, 5), IMPATIENT)
    assert await bank.due() == [("team", FIRST)]
    await bank.closer.close_due()
    assert await bank.due() == []
    assert await bank.revisions() == [("ann", FIRST, 1), ("ben", FIRST, 1)]


async def test_a_day_that_was_measured_by_what_holds_no_more_is_measured_anew(engine: AsyncEngine) -> None:
    """Another process takes a roster over between measuring and writing: it has marked the days there are."""
    await record(engine, *SHIFT, heard(DAY_S))
    bank = Bank(engine, now_s=DAY_S)
    bank.holds = False
    for _ in range(2):  # with records that are new, and with none
        await bank.closer.close_due()
        assert await bank.due() == [("team", FIRST)]
    bank.holds = True
    await bank.closer.close_due()
    assert await bank.due() == []
    assert await bank.revisions() == [("ann", FIRST, 1), ("ben", FIRST, 1)]


async def test_a_seat_that_was_anothers_after_all_leaves_an_empty_day_and_posts_it_back(engine: AsyncEngine) -> None:
    await record(engine, *SHIFT, heard(DAY_S))
    bank = Bank(engine, now_s=DAY_S)
    await bank.closer.close_due()
    bank.follow(measuring(lambda _, seat, *__: Owner("cem" if seat == ANN else "ben", "team", False)))
    await take_turn(engine, lambda connection: note_stale(connection, 0), IMPATIENT)
    await bank.closer.close_due()
    assert (await bank.day("ann")).record.signed_in == 0
    assert (await bank.day("ann")).revision == 2
    assert (await bank.net_s("ann"), await bank.net_s("cem")) == (0, DEPOSIT_S)


async def test_whoever_moved_waits_for_the_day_in_the_old_unit(engine: AsyncEngine) -> None:
    def owner(pbx: str, seat: str, name: str, at: int) -> Owner | None:
        return Owner("ann", "old" if at < DAY_S * S else "new", False) if seat == ANN else Owner("ben", "new", False)

    await record(engine, added(1_000, seat=BEN), heard(2 * DAY_S))
    await record(engine, added(1_000, seat=ANN), heard(DAY_S - 9), pbx="slow")
    bank = Bank(engine, DAY_S + 60, units=("new", "old"), pbxs=("pbx", "slow"), site=measuring(owner, [DAY_S * S]))
    assert await bank.due() == [("new", FIRST)]
    await bank.closer.close_due()
    bank.now_s = 2 * DAY_S + WAIT_S
    assert await bank.due() == [("old", FIRST), ("new", SECOND), ("old", SECOND)]
    await bank.closer.close_due()
    assert await bank.revisions() == [
        ("ann", FIRST, 1), ("ben", FIRST, 1), ("ann", SECOND, 1), ("ben", SECOND, 1)
    ]  # fmt: skip
    assert ((await bank.day("ann")).record.unit, (await bank.day("ann", SECOND)).record.unit) == ("old", "new")


async def test_so_it_does_where_only_others_of_the_old_unit_are_waited_for(engine: AsyncEngine) -> None:
    def owner(pbx: str, seat: str, name: str, at: int) -> Owner | None:
        return Owner("ann", "old" if at < DAY_S * S else "new", False) if seat == ANN else Owner("ben", "old", False)

    await record(engine, added(1_000, seat=ANN), heard(2 * DAY_S))
    await record(engine, added(1_000, seat=BEN), heard(DAY_S - 9), pbx="slow")
    bank = Bank(engine, 2 * DAY_S, units=("new", "old"), pbxs=("pbx", "slow"), site=measuring(owner, [DAY_S * S]))
    bank.closer._wait_us = 3 * DAY_S * S  # else none is waited for until the next day is over
    seen = await bank.closer.outlook(bank.now())
    assert [(each.unit, each.day.day) for each in seen.waiting] == [("old", FIRST), ("new", SECOND)]


async def test_each_unit_closes_by_its_own_clock(engine: AsyncEngine) -> None:
    def owner(pbx: str, seat: str, name: str, at: int) -> Owner | None:
        return Owner("ann", "east", False) if seat == ANN else Owner("ben", "west", False)

    site = measuring(owner, east="Asia/Shanghai", west="UTC")
    await record(engine, *SHIFT[:2], heard(16 * 3_600))
    bank = Bank(engine, 16 * 3_600, units=("east", "west"), site=site)
    await bank.closer.close_due()
    assert await bank.revisions() == [("ann", FIRST, 1)]
    assert (await bank.day("ann")).record.signed_in == (16 * 3_600 - 1_000) * S


async def test_a_dry_run_says_what_would_be_and_leaves_nothing(engine: AsyncEngine) -> None:
    await record(engine, *SHIFT, heard(DAY_S))
    bank = Bank(engine, now_s=DAY_S)
    closed = await bank.closer.close("team", FIRST, dry_run=True)
    assert closed.revised == ("ann", "ben")
    assert {day.agent: sum(leg.seconds for leg in day.legs) for day in closed.settlement.days} == {
        "ann": DEPOSIT_S, "ben": OVERDRAFT_S
    }  # fmt: skip
    assert (await bank.revisions(), await bank.due(), await bank.net_s("ann")) == ([], [("team", FIRST)], 0)


async def test_a_unit_that_nobody_is_in_is_named(engine: AsyncEngine) -> None:
    with pytest.raises(UnknownUnitError, match="units on it: team"):
        await Bank(engine).closer.close("taem", FIRST)


async def test_a_day_that_has_not_ended_can_t_be_closed(engine: AsyncEngine) -> None:
    await record(engine, *SHIFT, heard(40_000))
    with pytest.raises(DayWaitsError, match="1970-01-01 of team can't be settled yet"):
        await Bank(engine, now_s=40_000).closer.close("team", FIRST)


async def test_day_records_are_never_changed_deleted_or_skipped(engine: AsyncEngine) -> None:
    await record(engine, *SHIFT, heard(DAY_S))
    bank = Bank(engine, now_s=DAY_S)
    await bank.closer.close_due()
    columns = ", ".join(column.name for column in day_records.columns)
    skipping = (
        f"INSERT INTO day_records ({columns}) SELECT {columns.replace('revision', 'revision + 2')} FROM day_records"
    )
    attempts = ["UPDATE day_records SET aux_us = 0", "DELETE FROM day_records", skipping]
    for attempt in attempts:
        with pytest.raises(DBAPIError):
            async with engine.begin() as connection:
                await connection.execute(text(attempt))
    assert await bank.revisions() == [("ann", FIRST, 1), ("ben", FIRST, 1)]


async def test_the_closer_closes_by_itself_while_a_floor_is_recorded(engine: AsyncEngine) -> None:
    bank = Bank(engine, now_s=10)
    async with asyncio.TaskGroup() as group, recording(engine) as recorder:
        closing = group.create_task(bank.closer.run(interval_s=0.02))
        observed = await observe(engine, recorder)
        for day in range(3):
            await observed.tell([added(day * DAY_S + 50, seat=ANN), removed((day + 1) * DAY_S - 5, seat=ANN)])
            await observed.tell([heard((day + 1) * DAY_S)])
            async with asyncio.timeout(10):
                while len(bank.asked) <= day:
                    await bank.settled.wait()
                    bank.settled.clear()
        closing.cancel()
    assert [day.day.day for day in bank.asked] == [1, 2, 3]


async def until(holds: Callable[[], object]) -> None:
    ends = monotonic() + 10
    while not holds():
        assert monotonic() < ends
        await asyncio.sleep(0.01)


async def test_a_seat_that_comes_to_light_at_a_pbx_that_lags_has_the_day_wait_and_ends_nothing(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the look at what is due, and before that is measured."""

    def owner(pbx: str, seat: str, name: str, at: int) -> Owner | None:
        return Owner(*{ANN: ("ann", "a"), BEN: ("ben", "b")}.get(seat, ("cem", "b")), False)

    await record(engine, *SHIFT, heard(DAY_S))
    bank = Bank(engine, now_s=DAY_S, units=("a", "b"), pbxs=("pbx", "slow"), site=measuring(owner))
    look = bank.closer.outlook

    async def and_another_pbx_speaks(now: int) -> DueDays:
        seen = await look(now)
        await record(engine, added(DAY_S - 50, seat="PJSIP/3001"), pbx="slow")
        return seen

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(bank.closer, "outlook", and_another_pbx_speaks)
        await bank.closer.close_due()
    assert bank.closer.waits_since == FIRST
    seen = await bank.closer.close_due()
    assert [(each.unit, list(each.lagging)) for each in seen.waiting] == [("b", ["slow"])]
    assert await bank.revisions() == [("ann", FIRST, 1)]


async def test_a_day_that_waits_is_said_once_whatever_waits_beside_it(engine: AsyncEngine) -> None:
    def owner(pbx: str, seat: str, name: str, at: int) -> Owner | None:
        return Owner("ann", "east", False) if seat == ANN else Owner("ben", "west", False)

    def said(logs: Sequence[Mapping[str, Any]]) -> list[str]:
        return [entry["unit"] for entry in logs if entry["event"] == "a day waits"]

    await record(engine, *SHIFT[:2], heard(14 * 3_600))
    site = measuring(owner, east="Asia/Shanghai", west="UTC")
    bank = Bank(engine, 16 * 3_600, units=("east", "west"), site=site)
    with capture_logs() as logs:
        async with asyncio.TaskGroup() as group:
            closing = group.create_task(bank.closer.run(interval_s=0.01))
            await until(lambda: said(logs) == ["east"])
            bank.now_s = 26 * 3_600
            await until(lambda: len(said(logs)) > 1)
            await asyncio.sleep(0.1)
            closing.cancel()
    assert said(logs) == ["east", "west"]


async def test_a_day_that_is_over_this_moment_is_no_news(engine: AsyncEngine) -> None:
    await record(engine, *SHIFT, heard(DAY_S - 1))
    bank = Bank(engine, now_s=DAY_S + 1)
    with capture_logs() as logs:
        async with asyncio.TaskGroup() as group:
            closing = group.create_task(bank.closer.run(interval_s=3_600))
            await until(lambda: bank.closer.waits_since)
            await asyncio.sleep(0.05)
            closing.cancel()
    assert logs == []


async def test_a_gap_over_midnight_is_nobodys_time(engine: AsyncEngine) -> None:
    await record(
        engine, added(1_000, seat=ANN), heard(80_000), lost(80_000), snapshot(DAY_S + 50, member(seat=ANN)),
        heard(DAY_S + 60),
    )  # fmt: skip
    bank = Bank(engine, now_s=DAY_S + 60)
    await bank.closer.close_due()
    day = (await bank.day("ann")).record
    assert (day.signed_in, day.unobserved) == (79_000 * S, 6_400 * S)
