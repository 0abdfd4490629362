"""Of rulings that hold at an instant an agent's own come before those of a unit, and among these the newest wins."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccd.errors import RulingError
from ccd.floor.expected import Ruled
from ccd.floor.spans import Span
from ccd.org.rulings import AS_MEASURED, COUNTS, DAY, HOUR, Ruling, check_ruling, in_force, resolved

ABOVE = ("team", "centre")
END = 30
NOW = 4 * DAY


def about(
    number: int, start: int, end: int, counts: str, *, agent: str | None = None, unit: str | None = None
) -> Ruling:
    return Ruling(number, f"r{number}", agent, unit, start, end, counts, None)


def reversal(number: int, of: Ruling) -> Ruling:
    return of._replace(number=number, ref=f"r{number}", counts=AS_MEASURED, reverses=of.ref)


def test_the_newest_wins_and_the_agents_own_before_the_units() -> None:
    rulings = [
        about(1, 0, 10, "aux", agent="ann"),
        about(2, 5, 20, "exempt", unit="centre"),
        about(3, 8, 12, "available", agent="ann"),
        about(4, 0, 30, "left_out", agent="ben"),
        about(5, 0, 30, "left_out", unit="elsewhere"),
    ]
    assert resolved(rulings, "ann", ABOVE, Span(2, 25)) == (
        Ruled(2, 8, "aux", "r1", False), Ruled(8, 12, "available", "r3", False), Ruled(12, 20, "exempt", "r2", True),
    )  # fmt: skip


def test_as_measured_lets_what_was_seen_speak_whatever_older_ones_say() -> None:
    rulings = [about(1, 0, 10, "aux", unit="team"), about(2, 4, 6, AS_MEASURED, agent="ann")]
    assert [each[:2] for each in resolved(rulings, "ann", ABOVE, Span(0, END))] == [(0, 4), (6, 10)]
    assert [each[:2] for each in resolved(rulings, "ben", ABOVE, Span(0, END))] == [(0, 10)]


def test_what_is_reversed_uncovers_what_was_ruled_before() -> None:
    first, second = about(1, 0, 10, "aux", agent="ann"), about(2, 0, 10, "exempt", agent="ann")
    assert in_force([first, second, reversal(3, second)]) == [first]
    assert in_force([first, second, reversal(3, first), reversal(4, second)]) == []


@st.composite
def many(draw: st.DrawFn) -> list[Ruling]:
    found: list[Ruling] = []
    for number in range(1, draw(st.integers(0, 7)) + 1):
        start = draw(st.integers(-3, END))
        whom = draw(st.sampled_from(({"agent": "ann"}, {"agent": "ben"}, {"unit": "team"}, {"unit": "centre"})))
        counts = draw(st.sampled_from(COUNTS))
        found.append(about(number, start, start + draw(st.integers(1, 15)), counts, **whom))
    return found


@given(many())
def test_each_instant_has_what_was_said_last_of_it(rulings: list[Ruling]) -> None:
    found = resolved(rulings, "ann", ABOVE, Span(0, END))
    assert list(found) == sorted(found)
    for at in range(END):
        mine = [each for each in rulings if each.start <= at < each.end and each.agent == "ann"]
        theirs = [each for each in rulings if each.start <= at < each.end and each.unit in ABOVE]
        wanted = [(last.ref, last.counts, last.agent is None) for last in (mine or theirs)[-1:]]
        said = [(one.ref, one.counts, one.of_unit) for one in found if one.start <= at < one.end]
        assert said == [each for each in wanted if each[1] != AS_MEASURED]


@pytest.mark.parametrize(
    ("span", "counts", "why"),
    [
        (Span(0, 1), "work", "allowed: available, exempt, aux, left_out, as_measured"),
        (Span(1, 1), "aux", "not after its start"),
        (Span(0, 3 * DAY), "aux", "longer than 2 days"),
        (Span(NOW + 1, NOW + 2), "exempt", "still to come"),
        (Span(NOW, NOW + DAY + HOUR + 1), "exempt", "still to come"),
    ],
)
def test_what_can_not_be_ruled_is_refused_with_what_is_allowed(span: Span, counts: str, why: str) -> None:
    with pytest.raises(RulingError, match=why):
        check_ruling("ann", span, counts, 2, NOW)


def test_what_has_begun_can_be_ruled_on_while_it_lasts() -> None:
    check_ruling("team", Span(NOW, NOW + DAY), "exempt", 2, NOW)


def test_a_whole_day_on_which_the_clock_is_set_back_is_one_day() -> None:
    check_ruling("team", Span(0, DAY + HOUR), "exempt", 1, NOW)
    with pytest.raises(RulingError, match="longer than 1 days"):
        check_ruling("team", Span(0, DAY + HOUR + 1), "exempt", 1, NOW)
