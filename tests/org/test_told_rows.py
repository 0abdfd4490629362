"""What sources tell, in SQL: taken over whole or not at all, never forgotten, and nobody in two places at a time."""

import asyncio
from collections.abc import Collection
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, MetaData, func, make_url, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.errors import ImportFaultsError
from ccd.floor.expected import Absence, Shift
from ccd.floor.spans import Span
from ccd.org import schema
from ccd.org.schema import leaves, shifts
from ccd.org.shift_rows import absences_of, breaks_of, scheduled_us, shifts_of
from ccd.org.told import DaysTold, SpanChange, Told
from ccd.org.told_lines import check_window
from ccd.org.told_rows import Teller, take_told, told_by
from ccd.sql.engine import open_engine
from ccd.sql.turns import Patience, take_turn_at_once
from tests.databases import PostgreSQL
from tests.org.planned import DAYS, FILE, told, us

PLAN = Teller("roster-tool", FILE)
WEEK = DaysTold(date(2026, 11, 23), date(2026, 11, 29))
LUNCH = f"[[{us('2026-11-23T12:00')},{us('2026-11-23T12:45')}]]"
EARLY = told("a", "1001", "2026-11-23T08:00", "2026-11-23T16:00", LUNCH, line=2)
LATE = told("b", "1001", "2026-11-23T16:00", "2026-11-24T00:00", line=3)
NIGHT = told("c", "1002", "2026-11-30T22:00", "2026-12-01T06:00", line=4)

ROW = (
    "INSERT INTO shifts (source, uid, agent, day, start_at, end_at, breaks, said_at)"
    " VALUES ('hand', 'x', '1001', '2026-11-23', {}, {}, '[]', 1)"
)


async def tell(
    engine: AsyncEngine,
    *spans: Told,
    said: Teller = PLAN,
    window: DaysTold | None = WEEK,
    now: int = 1,
    table: Any = shifts,
) -> list[SpanChange]:
    return await take_turn_at_once(
        engine, lambda connection: take_told(connection, table, said, spans, window, now), Patience()
    )


async def held(engine: AsyncEngine, said: Teller = PLAN) -> list[Told]:
    async with engine.connect() as connection:
        return await connection.run_sync(lambda plain: told_by(plain, shifts, said.source))


async def counted(engine: AsyncEngine) -> int:
    async with engine.connect() as connection:
        return int(await connection.scalar(select(func.count()).select_from(shifts)) or 0)


async def test_the_tables_are_those_of_the_model(engine: AsyncEngine) -> None:
    def columns(connection: Connection) -> dict[str, list[str]]:
        there = MetaData()
        there.reflect(connection, only=["shifts", "leaves"])
        return {name: [column.name for column in table.columns] for name, table in there.tables.items()}

    async with engine.connect() as connection:
        found = await connection.run_sync(columns)
    assert found == {table.name: [c.name for c in table.columns] for table in (schema.shifts, schema.leaves)}


async def test_told_again_it_changes_nothing(engine: AsyncEngine) -> None:
    assert await tell(engine, EARLY, NIGHT, window=None) == [SpanChange(None, EARLY), SpanChange(None, NIGHT)]
    assert await tell(engine, EARLY, NIGHT, window=None, now=2) == []
    assert await held(engine) == [EARLY._replace(line=0), NIGHT._replace(line=0)]
    assert await counted(engine) == 2


async def test_what_is_told_otherwise_holds_from_now_on_and_what_was_said_stays_as_it_was(engine: AsyncEngine) -> None:
    await tell(engine, EARLY, LATE, now=1)
    moved = EARLY._replace(start=EARLY.start + 1_000_000)
    assert await tell(engine, moved, now=5) == [
        SpanChange(LATE._replace(line=0), None), SpanChange(EARLY._replace(line=0), moved),
    ]  # fmt: skip
    assert await held(engine) == [moved._replace(line=0)]
    async with engine.connect() as connection:
        rows = await connection.execute(select(shifts.c.uid, shifts.c.said_at, shifts.c.until_at).order_by(shifts.c.id))
        assert [tuple(row) for row in rows] == [("a", 1, 5), ("b", 1, 5), ("a", 5, None)]


async def test_two_shifts_of_an_agent_that_change_places_never_meet_each_other(engine: AsyncEngine) -> None:
    await tell(engine, EARLY, LATE)
    swapped = (EARLY._replace(uid="b", line=3), LATE._replace(uid="a", line=2))
    assert len(await tell(engine, *swapped, now=2)) == 2
    assert [each.uid for each in await held(engine)] == ["b", "a"]


async def test_what_another_source_holds_at_that_time_is_a_fault_of_the_line_and_nothing_is_taken(
    engine: AsyncEngine,
) -> None:
    await tell(engine, EARLY)
    other = Teller("hand", FILE)
    meets = told("x", "1001", "2026-11-23T15:00", "2026-11-23T17:00", line=9)
    with pytest.raises(ImportFaultsError, match=r"plan\.csv:9: start: is within the time of 'a' of the source"):
        await tell(engine, NIGHT, meets, said=other)
    assert await held(engine, other) == []
    assert await tell(engine, LATE, said=other) == [SpanChange(None, LATE)]
    assert await held(engine) == [EARLY._replace(line=0)], "one source says nothing about another's"


async def test_of_two_who_plan_an_agent_at_once_the_second_is_told_of_the_first(engine: AsyncEngine) -> None:
    sources = [Teller(name, FILE) for name in ("one", "two")]
    done = await asyncio.gather(*(tell(engine, EARLY, said=said) for said in sources), return_exceptions=True)
    assert sorted(type(each).__name__ for each in done) == ["ImportFaultsError", "list"]
    assert await counted(engine) == 1


async def test_the_daemon_s_own_role_takes_a_plan_over_and_may_do_no_more(postgresql: PostgreSQL) -> None:
    role, url = await postgresql.of_a_daemon()
    daemon = open_engine(make_url(url).set(username=role))
    await tell(daemon, EARLY)
    await tell(daemon, LATE, now=2)
    await refused(daemon, "UPDATE shifts SET agent = '1002'", "permission denied")
    await refused(daemon, "DELETE FROM leaves", "permission denied")
    assert await held(daemon) == [LATE._replace(line=0)], "what was told over again took the place of the first"
    await daemon.dispose()
    postgresql.drop()


async def test_the_database_lets_nobody_have_two_shifts_at_a_time(engine: AsyncEngine) -> None:
    await tell(engine, EARLY)
    await refused(engine, ROW.format(EARLY.end - 1, EARLY.end + 5), "two shifts of an agent at a time")
    async with engine.begin() as connection:
        await connection.execute(text(ROW.format(EARLY.end, EARLY.end + 5)))
    assert await counted(engine) == 2


@given(spans=st.lists(st.tuples(st.integers(0, 30), st.integers(1, 6)), max_size=12))
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_the_database_refuses_whatever_meets_and_nothing_else(
    engine: AsyncEngine, spans: list[tuple[int, int]]
) -> None:
    held: list[tuple[int, int]] = []
    async with engine.connect() as connection, connection.begin() as whole:
        for number, (start, length) in enumerate(spans):
            end = start + length
            row = text(ROW.format(start, end).replace("'x'", f"'{number}'"))
            try:
                async with connection.begin_nested():
                    await connection.execute(row)
            except DBAPIError:
                assert any(start < until and since < end for since, until in held)
            else:
                assert all(end <= since or until <= start for since, until in held)
                held.append((start, end))
        await whole.rollback()


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("UPDATE shifts SET agent = '1002'", "append-only"),
        ("UPDATE shifts SET until_at = NULL", "append-only"),
        ("UPDATE shifts SET until_at = 9, end_at = end_at + 1", "append-only"),
        ("DELETE FROM shifts", "append-only"),
        (ROW.format(0, 86_400_000_000), "is_shorter_than_a_day"),
        (ROW.format(5, 5), "ends_after_it_starts"),
    ],
)  # fmt: skip
async def test_what_was_said_is_never_written_over(engine: AsyncEngine, statement: str, says: str) -> None:
    await tell(engine, EARLY)
    await refused(engine, statement, says)
    assert await held(engine) == [EARLY._replace(line=0)]


async def test_that_it_holds_no_more_is_said_once(engine: AsyncEngine) -> None:
    await tell(engine, EARLY)
    await tell(engine, window=WEEK, now=5)
    await refused(engine, "UPDATE shifts SET until_at = 6", "append-only")
    assert await held(engine) == []


async def refused(engine: AsyncEngine, statement: str, says: str) -> None:
    with pytest.raises(DBAPIError, match=says):
        async with engine.begin() as connection:
            await connection.execute(text(statement))


async def test_shifts_and_leave_are_those_that_reach_into_a_span(engine: AsyncEngine) -> None:
    await tell(engine, EARLY, LATE, NIGHT, window=None)
    gone = told("l", "1001", "2026-11-23T10:00", "2026-12-24T00:00", "personal", line=2)
    await tell(engine, gone, table=leaves)
    start, end = us("2026-11-23T00:00"), us("2026-11-24T00:00")

    def read(connection: Connection) -> tuple[object, object, object]:
        return (
            shifts_of(connection, ["1001", "1002"], start, end),
            shifts_of(connection, ["1002"], NIGHT.end - 1, NIGHT.end + 1),
            absences_of(connection, ["1001", "1002"], end, end + 1),
        )

    async with engine.connect() as connection:
        day, night, absent = await connection.run_sync(read)
    early = Shift(EARLY.start, EARLY.end, (Span(us("2026-11-23T12:00"), us("2026-11-23T12:45")),))
    assert day == {"1001": (early, Shift(LATE.start, LATE.end))}
    assert early.work_us == (8 * 60 - 45) * 60_000_000
    assert night == {"1002": (Shift(NIGHT.start, NIGHT.end),)}
    assert absent == {"1001": (Absence(gone.start, gone.end, "personal", "leave", "1"),)}


async def sums(engine: AsyncEngine, first: date, last: date) -> dict[tuple[str, date], int]:
    async with engine.connect() as connection:
        return await connection.run_sync(lambda plain: scheduled_us(plain, DAYS, first, last))


async def test_a_shift_over_the_month_s_end_is_of_both_months_and_a_break_of_its_own(engine: AsyncEngine) -> None:
    over = told(
        "n", "1001", "2026-11-30T22:00", "2026-12-01T06:00",
        f"[[{us('2026-11-30T23:30')},{us('2026-12-01T00:30')}]]",
    )  # fmt: skip
    await tell(engine, over, NIGHT, window=None)
    half = 1_800_000_000
    assert await sums(engine, date(2026, 11, 1), date(2026, 11, 30)) == {
        ("day", date(2026, 11, 30)): 3 * half,
        ("night", date(2026, 11, 30)): 12 * half,  # its day ends at 04:00
    }
    assert await sums(engine, date(2026, 12, 1), date(2026, 12, 31)) == {
        ("day", date(2026, 12, 1)): 11 * half,
        ("night", date(2026, 12, 1)): 4 * half,
    }


@given(st.data())
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_what_units_are_scheduled_for_is_what_a_count_by_the_minute_says(
    engine: AsyncEngine, data: st.DataObject
) -> None:
    plan = data.draw(plans())
    await tell(engine, *plan, said=Teller("any", FILE), window=DaysTold(date.min, date.max))
    expected: dict[tuple[str, date], int] = {}
    for each in plan:
        breaks = [range(*span) for span in breaks_of(each.what)]
        for at in range(each.start, each.end, MINUTE):
            if any(at in span for span in breaks):
                continue
            ((unit, _, day),) = DAYS.met(each.agent, at, at + MINUTE)
            expected[unit, day.day] = expected.get((unit, day.day), 0) + MINUTE
    first, last = date(2026, 11, 20), date(2026, 12, 5)
    found = await sums(engine, first, last)
    assert {key: worked for key, worked in found.items() if worked} == expected


MINUTE = 60_000_000


@st.composite
def plans(draw: st.DrawFn) -> Collection[Told]:
    """Shifts of who stays, who moves, and who lives by another clock; one after the other."""
    found = []
    for agent in ("1001", "1002", "1003", "1004"):
        day = date(2026, 11, 21)
        for _ in range(draw(st.integers(0, 4))):
            day += timedelta(days=draw(st.integers(2, 3)))
            start = us(f"{day}T00:00") + draw(st.integers(0, 1439)) * MINUTE
            length = draw(st.integers(1, 1439))
            begins = draw(st.integers(0, length))
            ends = draw(st.integers(begins, length))
            rest = f"[[{start + begins * MINUTE},{start + ends * MINUTE}]]"
            found.append(Told(f"{agent}/{day}", agent, day, start, start + length * MINUTE, rest))
    return found


def test_each_line_of_another_day_than_the_file_tells_of_is_named() -> None:
    window = DaysTold(date(2026, 11, 24), date(2026, 11, 25))
    spans = [told("", "1001", f"2026-11-{day}T08:00", f"2026-11-{day}T16:00", line=day) for day in (23, 24, 26)]
    with pytest.raises(ImportFaultsError) as raised:
        check_window(spans, window, FILE, "day")
    other = "day: is of another day than 2026-11-24 to 2026-11-25, of which the file tells"
    assert str(raised.value).splitlines() == [f"plan.csv:23: {other}", f"plan.csv:26: {other}"]
