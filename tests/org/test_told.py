"""What a source tells over again: what of it is new, changed and withdrawn, and what meets."""

from datetime import date
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from ccd.org.told import DaysTold, SpanChange, Told, meeting, told_changes, window_of
from tests.org.planned import told

MON, TUE = "2026-11-23T08:00", "2026-11-24T08:00"
HELD = {
    each.uid: each
    for each in (
        told("a", "1001", MON, "2026-11-23T16:00"),
        told("b", "1002", MON, "2026-11-23T16:00"),
        told("c", "1001", TUE, "2026-11-24T16:00"),
    )
}
MONDAY = DaysTold(date(2026, 11, 23), date(2026, 11, 23))


def test_who_is_not_named_again_on_one_of_the_days_is_withdrawn_and_other_days_stay():
    again = HELD["a"]._replace(line=7)
    assert told_changes(HELD, [again], MONDAY) == [SpanChange(HELD["b"], None)]
    assert told_changes(HELD, [again], None) == []


def test_what_is_told_otherwise_is_changed_and_what_was_not_there_new():
    later, new = HELD["a"]._replace(end=HELD["a"].end + 1), told("d", "1003", MON, "2026-11-23T16:00")
    assert told_changes(HELD, [later, new, HELD["b"]], MONDAY) == [SpanChange(HELD["a"], later), SpanChange(None, new)]


def test_a_shift_that_moves_to_another_day_is_one_that_changes():
    moved = told("c", "1001", "2026-11-23T18:00", "2026-11-23T20:00")
    assert told_changes(HELD, [HELD["a"], HELD["b"], moved], MONDAY) == [SpanChange(HELD["c"], moved)]


def test_what_is_told_as_withdrawn_is_and_what_never_was_there_is_nothing():
    gone = [HELD["c"]._replace(withdrawn=True), told("x", "1001", MON, TUE, withdrawn=True)]
    assert told_changes(HELD, gone, None) == [SpanChange(HELD["c"], None)]


def test_a_file_tells_of_all_days_from_its_first_to_its_last():
    assert window_of(HELD.values()) == DaysTold(date(2026, 11, 23), date(2026, 11, 24))
    assert window_of([]) is None


@given(
    st.lists(
        st.builds(
            lambda agent, start, length, number: Told(
                f"{number}", agent, date(2026, 11, 23), start, start + length, "", number
            ),
            st.sampled_from("ab"),
            st.integers(0, 20),
            st.integers(1, 8),
            st.integers(),
        ),
        max_size=8,
        unique_by=lambda each: each.uid,
    )
)
def test_whoever_meets_another_span_of_the_agent_s_is_named_and_nobody_else(spans: list[Told]):
    pairs = {
        frozenset((one.uid, other.uid))
        for one, other in combinations(spans, 2)
        if one.agent == other.agent and one.start < other.end and other.start < one.end
    }
    found = {frozenset((one.uid, other.uid)) for one, other in meeting(spans)}
    assert found <= pairs
    assert frozenset().union(*found) == frozenset().union(*pairs)
