"""What overtime in emergencies comes to (docs/time-bank.md 3.2): measured, topped up by what was said, and interest."""

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccd.bank.overtime import (
    Emergency,
    Growing,
    Paid,
    came_in_time,
    growing,
    interest_s,
    overtime_warnings,
    paid,
    signed_in_at,
    worked_in,
)
from ccd.bank.policy import PPM
from ccd.floor.days import SECOND
from ccd.floor.expected import Counts, Ruled
from ccd.floor.records import UNREACHABLE
from ccd.floor.rules import ALWAYS
from ccd.floor.seats import UNOBSERVED, State
from ccd.floor.spans import Span, less, union
from ccd.floor.stretches import Judged, Stretch
from tests.bank.policies import policy

LEVELS = {"I": 300_000, "II": 450_000, "III": 600_000}
HOUR = 3_600
DAY = Span(0, 24 * HOUR * SECOND)


def spans(*seconds: tuple[int, int]) -> list[Span]:
    return [Span(start * SECOND, end * SECOND) for start, end in seconds]


def emergency(name: str, start: int, end: int, level: str = "I", opened: int = 0, round_up_s: int = 0) -> Emergency:
    return Emergency(name, "team-1", level, LEVELS[level], round_up_s, start * SECOND, end * SECOND, opened)


@pytest.mark.parametrize(
    ("level", "round_up_s", "principal_s", "interest"),
    [
        ("I", 0, 3_600, 1_080),
        ("II", 0, 3_600, 1_620),
        ("III", 0, 3_600, 2_160),
        ("I", 300, 3_600, 1_200),  # an hour becomes 1 h 20
        ("III", 300, 3_600, 2_400),  # and 1 h 40
        ("I", 0, 7, 2),  # by floor
        ("I", 300, 0, 0),  # nothing is not rounded up
    ],
)
def test_interest_follows_the_level_and_the_sum_is_rounded_up(
    level: str, round_up_s: int, principal_s: int, interest: int
) -> None:
    assert interest_s(emergency("e", 0, 1, level, round_up_s=round_up_s), principal_s) == interest


def test_what_was_worked_in_the_emergency_and_outside_of_the_shift_is_paid() -> None:
    """The shift ends an hour into the emergency; of the second hour ten minutes are a pause."""
    worked = spans((6 * HOUR, 17 * HOUR), (17 * HOUR + 600, 20 * HOUR))
    found = paid([emergency("e", 15 * HOUR, 18 * HOUR)], DAY, spans((8 * HOUR, 16 * HOUR)), worked, {})
    assert found == {"e": Paid(2 * HOUR - 600, (2 * HOUR - 600) * 3 // 10)}


def test_the_highest_level_pays_and_of_two_of_a_level_the_one_that_was_opened_first() -> None:
    worked = spans((0, 10 * HOUR))
    found = paid(
        [
            emergency("low", 0, 4 * HOUR, "I", opened=1),
            emergency("high", HOUR, 2 * HOUR, "III", opened=2),
            emergency("later", 3 * HOUR, 5 * HOUR, "I", opened=3),
        ],
        DAY, [], worked, {},
    )  # fmt: skip
    assert {name: each.principal_s for name, each in found.items()} == {
        "high": HOUR, "low": 3 * HOUR, "later": HOUR,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("worked", "entered", "principal_s", "entered_s"),
    [
        ([(0, HOUR)], 2 * HOUR, 2 * HOUR, HOUR),  # it tops up
        ([(0, 3 * HOUR)], 2 * HOUR, 3 * HOUR, 0),  # what was measured is more
        ([], 9 * HOUR, 4 * HOUR, 4 * HOUR),  # no longer than the emergency lasted
        ([], 0, 0, 0),
    ],
)
def test_what_was_entered_tops_up_what_was_measured(
    worked: Sequence[tuple[int, int]], entered: int, principal_s: int, entered_s: int
) -> None:
    found = paid([emergency("e", 0, 4 * HOUR)], DAY, [], spans(*worked), {"e": entered})
    assert (found.get("e") or Paid(0, 0)) == Paid(principal_s, principal_s * 3 // 10, entered_s)


@pytest.mark.parametrize(
    ("worked", "entered", "principal_s"),
    [
        ([], {"low": HOUR, "high": HOUR}, {"high": HOUR}),  # the same hour
        ([], {"low": 2 * HOUR, "high": HOUR}, {"high": HOUR, "low": HOUR}),
        ([], {"low": HOUR, "last": HOUR}, {"low": HOUR}),  # the hour in which both last
        ([], {"low": 2 * HOUR, "last": 2 * HOUR}, {"low": 2 * HOUR, "last": HOUR}),
        ([(0, HOUR)], {"low": HOUR}, {"high": HOUR}),  # it was measured, and another pays it
        ([(0, HOUR)], {"low": HOUR, "high": HOUR}, {"high": HOUR}),
        ([(0, HOUR)], {"last": HOUR}, {"high": HOUR, "last": HOUR}),  # over other hours
        ([(0, HOUR)], dict.fromkeys(("low", "high", "last"), 9 * HOUR), {"high": 2 * HOUR, "low": HOUR, "last": HOUR}),
    ],
)  # fmt: skip
def test_over_the_same_hours_what_is_known_of_one_emergency_was_worked_in_the_other_and_is_paid_once(
    worked: Sequence[tuple[int, int]], entered: Mapping[str, int], principal_s: Mapping[str, int]
) -> None:
    three = [
        emergency("low", 0, 3 * HOUR, "I", opened=1), emergency("high", 0, 2 * HOUR, "III", opened=2),
        emergency("last", 2 * HOUR, 4 * HOUR, "I", opened=3),
    ]  # fmt: skip
    found = paid(three, DAY, [], spans(*worked), entered)
    assert {name: each.principal_s for name, each in found.items()} == principal_s


def test_of_what_was_entered_no_more_is_taken_to_be_of_another_emergency_than_was_entered_of_that() -> None:
    """An hour in a long one: of ten minutes in its first half, and of fifty in its second, it is those."""
    three = [
        emergency("long", 0, 4 * HOUR, "III"), emergency("early", 0, 2 * HOUR, "I", opened=1),
        emergency("late", 2 * HOUR, 4 * HOUR, "I", opened=2),
    ]  # fmt: skip
    sixth = HOUR // 6
    found = paid(three, DAY, [], [], {"long": HOUR, "early": sixth, "late": 5 * sixth})
    assert {name: each.principal_s for name, each in found.items()} == {"long": HOUR}
    found = paid(three, DAY, [], spans((0, sixth)), {"long": HOUR, "early": sixth, "late": 5 * sixth})
    assert {name: each.principal_s for name, each in found.items()} == {"long": HOUR}, "of the first, that is known"
    found = paid(three, DAY, [], [], {"long": HOUR, "early": sixth, "late": HOUR})
    assert {name: each.principal_s for name, each in found.items()} == {"long": HOUR, "late": sixth}


def test_of_a_second_that_was_measured_in_part_the_whole_is_entered() -> None:
    """Emergencies, and what was worked, begin and end amid seconds."""
    part = Span(HOUR * SECOND // 2, HOUR * SECOND + 7)
    found = paid([emergency("e", 0, HOUR)._replace(end=HOUR * SECOND + 9)], DAY, [], [part], {"e": HOUR})
    assert found["e"] == Paid(HOUR, HOUR * 3 // 10, HOUR // 2)


def test_paused_unreachable_and_unseen_is_not_worked() -> None:
    states = (State.AVAILABLE, State.PAUSED, State.ON_CALL, UNREACHABLE, UNOBSERVED, State.WRAP_UP)
    line = [Stretch(n, n + 1, state, Judged.NONE) for n, state in enumerate(states)]
    assert worked_in(line, 6) == [Span(0, 1), Span(2, 3), Span(5, 6)]
    assert worked_in(line, 6, [Ruled(0, 3, "exempt", "a", of_unit=False)]) == [Span(5, 6)]
    assert worked_in(line, 6, [Ruled(1, 9, "available", "a", of_unit=False)]) == [Span(0, 6)], "up to what was heard"
    assert worked_in(line[1:2], 6, [Ruled(0, 9, "available", "a", of_unit=True)]) == [Span(1, 2)], "who was there"
    assert signed_in_at(line, 3, 9) == 3
    assert signed_in_at(line, 4, 9) == 5
    assert signed_in_at(line, 4, 5) is None, "it is over then"
    assert signed_in_at(line, 9, 12) is None


@pytest.mark.parametrize(
    ("comes", "after_s", "here"),
    [
        (True, 600, True),
        (True, 601, False),
        (True, None, False),
        (None, 30, True),  # came without a word
        (None, None, None),  # neither answered nor came
        (None, 900, False),  # came without a word, and late
        (False, None, None),
        (False, 30, None),  # was at work anyhow
    ],
)
def test_who_declined_is_in_no_figure_of_the_strike_team(
    comes: bool | None, after_s: int | None, here: bool | None
) -> None:
    called_at = 50 * SECOND
    signed_in_at = None if after_s is None else called_at + after_s * SECOND
    assert came_in_time(called_at, comes, signed_in_at, 600) is here


def test_it_warns_above_three_hours_a_day_and_thirty_six_a_month() -> None:
    of = policy(ALWAYS)
    assert overtime_warnings(3 * HOUR, 36 * HOUR, of) == []
    (day,) = overtime_warnings(3 * HOUR + 1, 36 * HOUR, of)
    (month,) = overtime_warnings(1, 36 * HOUR + 1, of)
    assert "10801 s of overtime on one day, in all units; 10800" in str(day)
    assert "129601 s of overtime in one month" in str(month)


def test_who_works_half_of_the_time_is_warned_of_half_as_much_and_of_a_whole_day_where_days_are_only_fewer() -> None:
    half, shorter, fewer = 500_000, policy(ALWAYS), policy(ALWAYS, part_time="fewer_days")
    assert overtime_warnings(5_400, 64_800, shorter, half) == []
    assert len(overtime_warnings(5_401, 64_801, shorter, half)) == 2
    assert [str(one) for one in overtime_warnings(5_401, 64_801, fewer, half)] == [
        "64801 s of overtime in one month, in all units; 64800 s are enough"
    ]


@pytest.mark.parametrize(
    ("heard", "state", "grows"),
    [
        (50, State.AVAILABLE, None),  # before any
        (120, State.ON_CALL, Growing("low", 120 * SECOND, 150 * SECOND)),  # until the higher one begins
        (160, State.AVAILABLE, Growing("high", 160 * SECOND, 200 * SECOND)),
        (160, State.PAUSED, None),
        (250, State.AVAILABLE, None),  # in a shift
        (320, State.AVAILABLE, Growing("low", 320 * SECOND, 400 * SECOND)),
        (400, State.AVAILABLE, None),  # it is over
    ],
)
def test_what_grows_is_the_one_that_pays_until_another_does_or_a_shift_begins(
    heard: int, state: State, grows: Growing | None
) -> None:
    both = [emergency("low", 100, 400), emergency("high", 150, 200, "III")]
    line = [Stretch(0, heard * SECOND, state, Judged.NONE)]
    assert growing(both, spans((200, 300)), line, heard * SECOND) == grows


@pytest.mark.parametrize(
    ("state", "counts", "grows"),
    [
        (State.AVAILABLE, "exempt", None),
        (State.PAUSED, "available", Growing("one", 120 * SECOND, 130 * SECOND)),  # until what is ruled ends
    ],
)
def test_what_grows_follows_what_is_ruled(state: State, counts: Counts, grows: Growing | None) -> None:
    line = [Stretch(0, 120 * SECOND, state, Judged.NONE)]
    ruled = [Ruled(110 * SECOND, 130 * SECOND, counts, "a", of_unit=False)]
    assert growing([emergency("one", 100, 400)], [], line, 120 * SECOND, ruled) == grows


SOME_SPANS = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 30)).map(lambda at: (at[0], sum(at))), max_size=5)
SOME_EMERGENCIES = st.lists(
    st.tuples(st.integers(0, 60), st.integers(1, 30), st.sampled_from(list(LEVELS)), st.integers(0, 2)),
    min_size=1, max_size=5,
).map(
    lambda drawn: [
        emergency(f"e{n}", start, start + length, level, opened)
        for n, (start, length, level, opened) in enumerate(drawn)
    ]
)  # fmt: skip


def disjoint(found: Sequence[tuple[int, int]]) -> list[Span]:
    return union(spans(*found))


@given(SOME_EMERGENCIES, SOME_SPANS, SOME_SPANS)
def test_each_second_is_paid_once_as_a_calculator_that_goes_second_by_second_has_it(
    emergencies: list[Emergency], shifts: list[tuple[int, int]], worked: list[tuple[int, int]]
) -> None:
    day = Span(10 * SECOND, 70 * SECOND)
    found = paid(emergencies, day, disjoint(shifts), disjoint(worked), {})
    assert {name: each.principal_s for name, each in found.items()} == by_second(emergencies, day, shifts, worked)
    assert all(each.interest_s == emergencies[int(name[1:])].interest_ppm * each.principal_s // PPM
               for name, each in found.items())  # fmt: skip


@given(
    SOME_EMERGENCIES, SOME_SPANS, SOME_SPANS,
    st.dictionaries(st.sampled_from([f"e{n}" for n in range(5)]), st.integers(0, 90)),
)  # fmt: skip
def test_what_is_entered_never_pays_more_than_there_were_seconds_and_never_less_than_was_measured(
    emergencies: list[Emergency],
    shifts: list[tuple[int, int]],
    worked: list[tuple[int, int]],
    entered: Mapping[str, int],
) -> None:
    day = Span(0, 90 * SECOND)
    measured = paid(emergencies, day, disjoint(shifts), disjoint(worked), {})
    found = paid(emergencies, day, disjoint(shifts), disjoint(worked), entered)
    spans_of = [Span(one.start, one.end) for one in emergencies]
    there = sum(each.end - each.start for each in less(union(spans_of), disjoint(shifts))) // SECOND
    assert sum(each.principal_s for each in found.values()) <= there
    for name, each in found.items():
        own = measured.get(name, Paid(0, 0)).principal_s
        assert own <= each.principal_s <= max(own, entered.get(name, 0))
        assert each.principal_s - each.entered_s == own


@given(
    SOME_EMERGENCIES, SOME_SPANS, SOME_SPANS,
    st.dictionaries(st.sampled_from([f"e{n}" for n in range(5)]), st.integers(0, 40)),
)  # fmt: skip
def test_what_is_entered_is_paid_once_as_a_calculator_that_goes_second_by_second_has_it(
    emergencies: list[Emergency],
    shifts: list[tuple[int, int]],
    worked: list[tuple[int, int]],
    entered: Mapping[str, int],
) -> None:
    day = Span(10 * SECOND, 70 * SECOND)
    found = paid(emergencies, day, disjoint(shifts), disjoint(worked), entered)
    lasting = {
        one.id: {second for second in range(10, 70) if one in payers(emergencies, second) and not is_in(second, shifts)}
        for one in sorted(emergencies, key=first_paid)
    }
    known = {second for second in range(10, 70) if is_in(second, worked)} & set().union(*lasting.values())

    def wanted(name: str) -> int:
        return max(0, min(entered.get(name, 0), len(lasting[name])) - len(lasting[name] & known))

    least = len(known | worked_at_least(emergencies, lasting, entered, known))
    for number, (name, own) in enumerate(lasting.items(), 1):
        free = sorted(own - known)
        for other in reversed(list(lasting)[number:]):
            both = [second for second in free if second in lasting[other]][: wanted(other)]
            free = [*both, *(second for second in free if second not in both)]
        added = free[: wanted(name)]
        known |= {*added}
        assert (found[name].entered_s if name in found else 0) == len(added)
    assert sum(each.principal_s for each in found.values()) == len(known)
    assert len(known) == least or len(emergencies) > 3, "of three it is as little as can have been"


def worked_at_least(
    emergencies: Sequence[Emergency], lasting: Mapping[str, set[int]], entered: Mapping[str, int], known: set[int]
) -> set[int]:
    """The fewest seconds with which all that was said is true: late ones, of what ends first first."""
    found: set[int] = set()
    for one in sorted(emergencies, key=lambda one: one.end):
        own = lasting[one.id]
        lacks = min(entered.get(one.id, 0), len(own)) - len(own & (known | found))
        found |= {*sorted(own - known - found, reverse=True)[: max(0, lacks)]}
    return found


def by_second(
    emergencies: Sequence[Emergency], day: Span, shifts: Sequence[tuple[int, int]], worked: Sequence[tuple[int, int]]
) -> dict[str, int]:
    """By emergency: each second asks who pays it."""
    found: dict[str, int] = {}
    for second in range(day.start // SECOND, day.end // SECOND):
        if is_in(second, shifts) or not is_in(second, worked):
            continue
        for one in payers(emergencies, second)[:1]:
            found[one.id] = found.get(one.id, 0) + 1
    return found


def payers(emergencies: Sequence[Emergency], second: int) -> list[Emergency]:
    return sorted((one for one in emergencies if one.start <= second * SECOND < one.end), key=first_paid)


def first_paid(one: Emergency) -> tuple[int, int, str]:
    return -one.interest_ppm, one.opened_at, one.id


def is_in(second: int, found: Sequence[tuple[int, int]]) -> bool:
    return any(start <= second < end for start, end in found)
