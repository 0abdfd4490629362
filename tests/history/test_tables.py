"""What the database itself holds to, whoever writes; and rows of another version."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.errors import StoredFormatError
from ccd.floor.records import DayRecord
from ccd.floor.seats import Pause, State, View
from ccd.floor.segments import Segment
from ccd.history.day_rows import JudgedBy, insert_days, latest_days
from ccd.history.days import MeasuredDay
from ccd.history.reading import numbers_of
from ccd.history.segment_rows import open_from, open_of, segment_row, segments_of
from tests.floor.floors import added, paused
from tests.history.observing import floor_in_store, record

SEGMENT = {
    "pbx": "pbx", "number": 1, "seat": "PJSIP/1", "start_at": 5, "end_at": 9, "name": "", "state": "paused",
    "member": True, "pause": "all", "reason": "", "reason_at": 0, "told": True, "offered": 0, "answered": 0,
    "missed": 0, "opened_by": 0, "closed_by": 0,
}  # fmt: skip
DAY = date(2026, 11, 23)
BY = JudgedBy(DAY, "", date(2026, 11, 2))
microseconds = st.integers(0, 2**62)
words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=9)
views = st.builds(
    View, words, st.sampled_from(State), st.booleans(), st.sampled_from(Pause), words, microseconds
)  # fmt: skip
segments = st.builds(
    Segment, words, microseconds, microseconds, microseconds, views, st.booleans(), st.integers(0, 9),
    st.integers(0, 9), st.integers(0, 9), microseconds, microseconds,
)  # fmt: skip


def day_record(**figures: int) -> DayRecord:
    names = (
        "signed_in available ringing on_call other_call wrap_up partly_paused unreachable unobserved aux exempt"
        " sign_ins sign_outs pauses offered answered missed"
    )
    whole = dict.fromkeys(names.split(), 0) | figures
    return DayRecord(
        agent="ann",
        unit="team",
        day=DAY,
        paused={},
        first_sign_in=None,
        last_sign_out=None,
        duty=None,
        ruled=None,
        **whole,
    )


@given(segments)
def test_a_segment_comes_back_from_its_row_as_it_was(segment: Segment) -> None:
    assert segments_of([segment_row("pbx", segment)]) == [("pbx", segment)]
    assert open_from(open_of(segment), 1) == segment


@pytest.mark.parametrize(
    "wrong",
    [{"end_at": 4}, {"state": "asleep"}, {"pause": "perhaps"}, {"missed": -1}, {"seat": None}, {"number": None}],
    ids=str,
)
async def test_a_segment_that_can_t_be_is_refused(engine: AsyncEngine, wrong: dict[str, object]) -> None:
    statement = f"INSERT INTO segments ({', '.join(SEGMENT)}) VALUES ({', '.join(f':{name}' for name in SEGMENT)})"
    async with engine.begin() as connection:
        await connection.execute(text(statement), SEGMENT)
    with pytest.raises(DBAPIError):
        async with engine.begin() as connection:
            await connection.execute(text(statement), SEGMENT | {"number": 2} | wrong)


@pytest.mark.parametrize(
    "wrong",
    [{"signed_in": 1}, {"available": 1}, {"aux": 0, "unreachable": 7, "signed_in": 6}, {"other_call": 5}],
    ids=str,
)
async def test_a_day_whose_states_do_not_add_up_is_refused(engine: AsyncEngine, wrong: dict[str, int]) -> None:
    with pytest.raises(DBAPIError, match=r"states_add_up|other_calls_are_calls"):
        async with engine.begin() as connection:
            await insert_days(connection, [(MeasuredDay(day_record(**wrong), {}), 1)], BY, 1)


async def test_a_day_comes_back_from_its_row_as_it_was(engine: AsyncEngine) -> None:
    first = day_record(signed_in=2**53 + 1, available=2**53 + 1, sign_ins=3)
    second = day_record(signed_in=5, ringing=5)
    async with engine.begin() as connection:
        await insert_days(connection, [(MeasuredDay(first, {"pbx": (1, 2)}), 1)], BY, 77)
        stored = (await latest_days(connection, DAY))["ann"]
        assert (stored.record, stored.revision, stored.judged_by, stored.made_at) == (first, 1, BY, 77)
        await insert_days(connection, [(MeasuredDay(second, {}), 2)], BY, 78)
        assert (await latest_days(connection, DAY, unit="team"))["ann"].record == second
        assert await latest_days(connection, DAY, unit="others") == {}
        assert await latest_days(connection, DAY, agents=["ben"]) == {}
        assert await latest_days(connection, date(2026, 11, 24)) == {}


async def test_facts_of_another_version_are_not_guessed_at(engine: AsyncEngine) -> None:
    await record(engine, added(1), paused(2))
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE seats SET format = 2"))
    with pytest.raises(StoredFormatError, match="seats holds rows of format 2, this program reads 1"):
        await floor_in_store(engine)


def test_a_day_is_made_of_the_segments_that_have_a_part_in_it() -> None:
    view = View("", State.PAUSED, True, Pause.ALL, "", 0)

    def segment(number: int, start: int, end: int | None) -> tuple[str, Segment]:
        return "pbx", Segment("PJSIP/1", number, start, end, view, True, 0, 0, 0, 0, 0)

    line = [segment(1, 0, 10), segment(2, 10, 15), segment(3, 20, 20), segment(4, 20, 40), segment(5, 40, None)]
    assert numbers_of(line, 10, 40) == {"pbx": (2, 4)}
    assert numbers_of(line, 12, 41) == {"pbx": (2, 5)}
    assert numbers_of(line, 20, 30) == {"pbx": (3, 4)}
    assert numbers_of([], 20, 30) == {}
