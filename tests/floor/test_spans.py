"""Spans against the sets of seconds that they stand for."""

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from ccd.floor.days import SECOND
from ccd.floor.spans import Lasting, Span, common_us, length_us, less, meets, span_of, spans_within, union

# Some are empty, and some end before they begin: what is cut to something else may.
SPANS = st.builds(lambda start, s: Span(start * SECOND, (start + s) * SECOND), st.integers(0, 40), st.integers(-3, 15))
SOME = st.lists(SPANS, max_size=6)


def seconds(*spans: Lasting) -> set[int]:
    return {second for each in spans for second in range(each.start // SECOND, each.end // SECOND)}


def check(found: Iterable[Span], spans: Iterable[set[int]]) -> None:
    """Parts of one are neither empty nor side by side, and stand where it stood."""
    wanted = [Span(start * SECOND, end * SECOND) for each in spans for start, end in runs(each)]
    assert list(found) == wanted


def runs(of: set[int]) -> Iterable[tuple[int, int]]:
    starts = sorted(second for second in of if second - 1 not in of)
    ends = sorted(second + 1 for second in of if second + 1 not in of)
    return zip(starts, ends, strict=True)


@given(SOME, SOME)
def test_what_is_taken_away_is_in_none_of_what_is_left_and_nothing_else_is_lost(
    spans: list[Span], taken: list[Span]
) -> None:
    check(less(spans, taken), (seconds(each) - seconds(*taken) for each in spans))


@given(SOME, SPANS)
def test_what_lies_in_bounds_is_in_both(spans: list[Span], bounds: Span) -> None:
    check(spans_within(spans, bounds), (seconds(each) & seconds(bounds) for each in spans))


@given(SOME)
def test_a_union_has_each_second_once_and_in_order(spans: list[Span]) -> None:
    check(union(spans), [seconds(*spans)])
    assert length_us(union(spans)) == len(seconds(*spans)) * SECOND


@given(SPANS, SPANS)
def test_two_spans_have_as_much_in_common_as_they_share_seconds(one: Span, other: Span) -> None:
    shared = seconds(one) & seconds(other)
    assert common_us(one, other) == common_us(other, one) == len(shared) * SECOND
    if seconds(one) and seconds(other):
        assert meets(one, other) == meets(other, one) == bool(shared)


def test_whatever_lasts_can_be_asked_for_its_span_alone() -> None:
    assert span_of(Span(3, 5)) == Span(3, 5)
