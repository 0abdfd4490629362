"""What a night asks of the database: as much after a year as after a day, and once for all who close together."""

from datetime import timedelta
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.floor.owners import Owner
from ccd.history.day_rows import ever_on_leave, latest_days
from ccd.sql.engine import open_engine
from ccd.sql.migrate import upgrade
from tests.databases import questions_of
from tests.floor.floors import heard
from tests.history.closing import ANN, BEN, DAY_S, FIRST, SHIFT, Bank, measuring
from tests.history.observing import record


async def test_it_reads_who_was_seen_once_for_all_units(engine: AsyncEngine) -> None:
    def owner(pbx: str, seat: str, name: str, at: int) -> Owner | None:
        return Owner(*{ANN: ("ann", "a"), BEN: ("ben", "b")}[seat], False)

    async def questions(*units: str) -> int:
        asked = questions_of(engine)
        await Bank(engine, now_s=DAY_S, units=units, site=measuring(owner)).closer.close_due()
        return sum("DISTINCT segments.pbx" in statement for statement, _ in asked)

    await record(engine, *SHIFT, heard(DAY_S))
    assert await questions("a", "b", "c") == 2, "once for what is due, and once for what is measured"
    assert await Bank(engine).revisions() == [("ann", FIRST, 1), ("ben", FIRST, 1)]


async def test_a_day_that_is_closed_by_hand_is_looked_for_before_it_and_in_its_unit_alone(engine: AsyncEngine) -> None:
    """However long ago it is."""
    bank = Bank(engine, now_s=30 * DAY_S, units=("team", "crew"))
    await record(engine, *SHIFT, heard(30 * DAY_S))
    asked = questions_of(engine)
    await bank.closer.close_up_to("team", FIRST)
    assert sum("DISTINCT segments.pbx" in statement for statement, _ in asked) == 1, "for what is measured"
    await bank.closer.close("team", FIRST + timedelta(days=2))
    asked.clear()
    assert len(await bank.closer.close_up_to("team", FIRST + timedelta(days=2))) == 2, "one was passed over"
    assert sum("DISTINCT segments.pbx" in statement for statement, _ in asked) == 2


async def test_it_looks_through_no_days_that_are_over(tmp_path: Path) -> None:
    """SQLite keeps no count of rows, and takes all that there ever was of a PBX for less than some seats."""
    engine = open_engine(f"sqlite+aiosqlite:///{tmp_path / 'ccd.sqlite'}")
    await upgrade(engine)
    await record(engine, *SHIFT, heard(DAY_S))
    asked = questions_of(engine)
    await Bank(engine, now_s=DAY_S).closer.close_due()
    async with engine.connect() as connection:
        await ever_on_leave(connection, FIRST)
        await latest_days(connection, FIRST)
        for statement, values in list(asked):
            if statement.startswith("SELECT"):
                plan = [
                    str(row._mapping["detail"])
                    for row in await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
                ]
                assert not {*plan} & {"SCAN segments", "SCAN day_records"}, statement
                assert "SEARCH segments USING PRIMARY KEY (pbx=?)" not in plan, statement
    await engine.dispose()
