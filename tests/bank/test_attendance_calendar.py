"""Attendance months that are the calendar's, and that are not (docs/time-bank.md 3.5)."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccd.bank.attendance_calendar import months_that_begin, span

DAYS = st.dates(date(2020, 1, 1), date(2098, 12, 31))


@pytest.mark.parametrize(
    ("begins", "month", "first", "last"),
    [
        (1, "2026-12", date(2026, 12, 1), date(2026, 12, 31)),
        (1, "2028-02", date(2028, 2, 1), date(2028, 2, 29)),
        (26, "2026-12", date(2026, 11, 26), date(2026, 12, 25)),
        (26, "2027-01", date(2026, 12, 26), date(2027, 1, 25)),
        (2, "2026-03", date(2026, 2, 2), date(2026, 3, 1)),
    ],
)
def test_a_month_is_named_for_the_one_in_which_it_ends(begins: int, month: str, first: date, last: date) -> None:
    assert span(month, begins) == (first, last)


@given(DAYS, st.integers(1, 28))
def test_every_day_counts_in_one_month_and_within_its_span(day: date, begins: int) -> None:
    months = months_that_begin(begins)
    first, last = span(months(day), begins)
    assert first <= day <= last
    assert months(first) == months(last) == months(day)
    assert months(first - timedelta(days=1)) < months(day) < months(last + timedelta(days=1))
