"""What an agent is entitled to on a day is what was said last of it."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccd.errors import EntitlementError
from ccd.org.entitlements import Entitled, Entitlement, check_entitlement, entitlements_held_on

FIRST = date(2026, 11, 1)
OWN = Entitlement(50_000, None)


def said(number: int, begins: int, ends: int | None, entitlement: Entitlement | None) -> Entitled:
    until = None if ends is None else FIRST + timedelta(days=ends)
    return Entitled(number, f"{number}", "ann", FIRST + timedelta(days=begins), until, entitlement)


@given(
    st.lists(
        st.tuples(st.integers(0, 9), st.one_of(st.none(), st.integers(1, 9)), st.one_of(st.none(), st.integers(1, 9))),
        max_size=5,
    )
)
def test_each_day_has_what_was_said_last_of_it(spans: list[tuple[int, int | None, int | None]]) -> None:
    everything = [
        said(
            number,
            begins,
            None if length is None else begins + length,
            None if minimum is None else Entitlement(None, minimum),
        )
        for number, (begins, length, minimum) in enumerate(spans)
    ]
    for day in range(20):
        last = [
            minimum for begins, length, minimum in spans if begins <= day and (length is None or day < begins + length)
        ][-1:]
        wanted = {"ann": Entitlement(None, last[0])} if last and last[0] is not None else {}
        assert entitlements_held_on(FIRST + timedelta(days=day), everything) == wanted


@pytest.mark.parametrize(
    ("one", "why"),
    [
        (said(1, 3, 3, OWN), "the first day without"),
        (said(1, 3, None, Entitlement(None, None)), "neither a rate nor a minimum"),
        (said(1, 3, None, Entitlement(1_000_001, None)), "allowed: 1 to 1000000"),
        (said(1, 3, None, Entitlement(None, 0)), "allowed: 1 to 86400"),
    ],
)
def test_what_can_not_be_is_refused_with_what_is_allowed(one: Entitled, why: str) -> None:
    with pytest.raises(EntitlementError, match=why):
        check_entitlement(one)
