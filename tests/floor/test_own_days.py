"""Whoever moves between units has each instant in one day, and each date once (docs/time-bank.md 2.2)."""

from datetime import date, datetime, time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccd.floor.days import BusinessDay, BusinessDays
from ccd.floor.own_days import OwnDays, Stay

HOUR = 3_600 * 1_000_000
DAYS = {
    "early": BusinessDays("UTC"),
    "late": BusinessDays("UTC", time(4)),
    "east": BusinessDays("Asia/Shanghai"),
    "berlin": BusinessDays("Europe/Berlin", time(2, 30)),
}
BEGINS = DAYS["early"].of_date(date(2026, 3, 20)).start  # around a change of the clock in Berlin


def at(text: str) -> int:
    return int(datetime.fromisoformat(f"2026-11-{text}+00:00").timestamp()) * 1_000_000


def own(*stays: Stay) -> OwnDays:
    return OwnDays(stays, DAYS.__getitem__)


def moves(old: str, new: str, when: int) -> OwnDays:
    return own(Stay(old, None, when), Stay(new, when, None))


@pytest.mark.parametrize(
    ("days", "first_of_new"),
    [
        (moves("early", "late", at("24T00:00")), ("late", at("24T00:00"), at("25T04:00"))),
        (moves("late", "early", at("24T04:00")), ("early", at("24T04:00"), at("25T00:00"))),  # shorter
        (moves("early", "late", at("23T11:00")), ("late", at("24T00:00"), at("25T04:00"))),  # the day is over first
        (moves("early", "east", at("24T00:00")), ("east", at("24T00:00"), at("24T16:00"))),
        (moves("east", "early", at("23T16:00")), ("early", at("23T16:00"), at("25T00:00"))),
    ],
    ids=["to a later start", "to an earlier start", "in the middle of a day", "to the east", "to the west"],
)  # fmt: skip
def test_the_first_day_in_the_new_unit_begins_where_the_old_units_ended(
    days: OwnDays, first_of_new: tuple[str, int, int]
) -> None:
    found = days.own_day(date(2026, 11, 24))
    assert found is not None
    assert (found.unit, found.day.start, found.day.end) == first_of_new
    before = days.own_day(date(2026, 11, 23))
    assert before is not None
    assert (before.unit, before.day.end) == (found.came_from, found.day.start)


def test_who_came_and_went_within_a_day_has_no_day_there() -> None:
    days = own(
        Stay("early", None, at("24T09:00")), Stay("late", at("24T09:00"), at("24T11:00")),
        Stay("early", at("24T11:00"), None),
    )  # fmt: skip
    own_days = [days.own_day(date(2026, 11, day)) for day in range(20, 29)]
    assert {each and each.unit for each in own_days} == {"early"}
    assert days.at(at("24T10:00")) == DAYS["early"].of_date(date(2026, 11, 24))


hours = st.integers(0, 20 * 24).map(lambda hour: BEGINS + hour * HOUR)


@st.composite
def lives(draw: st.DrawFn) -> OwnDays:
    """Up to six moves, some of them with a time on no roster in between."""
    borders = sorted(draw(st.sets(hours, min_size=1, max_size=6)))
    units = draw(st.lists(st.sampled_from(sorted(DAYS)), min_size=len(borders) + 1, max_size=len(borders) + 1))
    away = draw(st.sets(st.integers(1, max(1, len(borders) - 1)), max_size=1)) if len(borders) > 2 else set()
    spans = zip(units, [None, *borders], [*borders, None], strict=True)
    return own(*(Stay(*span) for number, span in enumerate(spans) if number not in away))


def chain(days: OwnDays) -> list[BusinessDay]:
    found = [days.at(BEGINS - 48 * HOUR)]
    while found[-1].end < BEGINS + 25 * 24 * HOUR:
        found.append(days.at(found[-1].end))
    return found


@given(lives())
def test_days_follow_on_each_other_without_a_hole_and_without_meeting(days: OwnDays) -> None:
    line = chain(days)
    for before, after in pairwise(line):
        assert before.start < before.end == after.start
    for day in line:
        inside = {days.at(day.start), days.at((day.start + day.end) // 2), days.at(day.end - 1)}
        assert inside == {day}


@given(lives())
def test_every_date_has_one_day_at_most_and_it_is_the_one_that_an_instant_finds(days: OwnDays) -> None:
    own_days = [days.own_day(date.fromordinal(date(2026, 3, 15).toordinal() + number)) for number in range(35)]
    spans = [each.day for each in own_days if each is not None]
    for before, after in pairwise(spans):
        assert before.end <= after.start
        assert before.day < after.day
    for span in spans:
        assert days.at(span.start) == days.at(span.end - 1) == days.of_date(span.day) == span
        assert span.end - span.start <= 49 * HOUR
