"""Days of the calendar, from one to another."""

from datetime import date

import pytest

from ccd.floor.days import dates


@pytest.mark.parametrize(
    ("first", "last", "days"),
    [
        (date(2026, 2, 28), date(2026, 3, 1), [date(2026, 2, 28), date(2026, 3, 1)]),
        (date(2026, 12, 31), date(2026, 12, 31), [date(2026, 12, 31)]),
        (date(2026, 12, 2), date(2026, 12, 1), []),
    ],
    ids=["over a month's end", "one day is a span too", "none where the last is before the first"],
)
def test_both_ends_of_a_span_of_dates_are_in_it(first: date, last: date, days: list[date]) -> None:
    assert list(dates(first, last)) == days
