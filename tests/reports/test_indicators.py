"""Indicators out of sums of day records (docs/time-bank.md 5)."""

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccd.reports import report_table
from ccd.reports.indicators import (
    HOUR_US,
    INDICATORS,
    MINUTE_US,
    NAMES,
    SERVICE,
    Distribution,
    OfAgent,
    OfQueue,
    Sums,
    Waits,
    against_median,
    distribution,
    figures,
    total,
)  # fmt: skip
from ccd.reports.periods import Each, Period, held_against, periods
from ccd.reports.report import By, KnownOfPeriod, Show, report_lines

# Eight hours: 6 h available, 1 h of calls and wrap-up and ringing, 40 min paused, of them 30 aux and 10 exempt, and 20
# unreachable; signed out for an hour in between.
A_DAY = Sums(
    days=1, signed_in=8 * HOUR_US, available=6 * HOUR_US, ringing=5 * MINUTE_US, on_call=45 * MINUTE_US,
    other_call=15 * MINUTE_US, wrap_up=10 * MINUTE_US, paused=40 * MINUTE_US, partly_paused=4 * MINUTE_US,
    unreachable=20 * MINUTE_US, aux=30 * MINUTE_US, exempt=10 * MINUTE_US, sign_ins=2, sign_outs=2, pauses=4,
    offered=20, answered=16, missed=4, base=8 * HOUR_US - 30 * MINUTE_US, due=9 * HOUR_US,
    own_answered=16, own_in_time=12, called_out=5, called_here=4,
)  # fmt: skip
FIRST, LAST = date(2026, 11, 23), date(2026, 12, 1)


def test_a_day_whose_figures_are_known() -> None:
    assert figures(A_DAY) == {
        "utilisation": pytest.approx(7 / 9),
        "occupancy": pytest.approx(1 / 7),
        "aux_ratio": pytest.approx(30 / 450),
        "pause_minutes_per_day": pytest.approx(40),
        "sign_ins_per_day": 2,
        "answered_per_hour": 2,
        "service_level": None,
        "own_in_time": 0.75,
        "team_response": 0.8,
    }


# Of 20 callers 14 were answered, 12 of them in time, after 3 minutes in all; 5 gave up, 1 of them at once; one was not
# seen all the time.
CALLERS = Sums(
    calls_answered=14, calls_in_time=12, calls_given_up=5, calls_short=1, calls_unknown=1, waited=3 * MINUTE_US,
)  # fmt: skip


def test_a_queue_whose_figures_are_known() -> None:
    assert figures(CALLERS, SERVICE) == {
        "service_level": pytest.approx(12 / 18),
        "offered": 18,
        "answered": 14,
        "given_up": 4,
        "short": 1,
        "unknown": 1,
        "answered_after_s": pytest.approx(180 / 14),
    }


def test_queues_make_the_service_level_of_their_unit_and_of_those_above_and_of_no_agent() -> None:
    queues = [
        OfQueue("support", ("team-1", "east", "centre"), CALLERS), OfQueue("sales", ("east", "centre"), CALLERS),
        OfQueue("fax", (), CALLERS),
    ]  # fmt: skip
    found = KnownOfPeriod([OfAgent("a", LINES[0], A_DAY)], queues)
    period = Period(FIRST, LAST)
    offered = {line.unit: line.figures["offered"] for line in report_lines(period, found, By.UNIT, Show.SERVICE)}
    assert offered == {"team-1": 18, "east": 36, "centre": 36}
    assert [line.whose for line in report_lines(period, found, By.QUEUE, Show.SERVICE)] == [
        ("", "", "fax"), ("east", "", "sales"), ("team-1", "", "support"),
    ]  # fmt: skip
    whole = {line.unit: line for line in report_lines(period, found, By.UNIT, Show.INDICATORS)}
    assert [line.figures["service_level"] for line in whole.values()] == [pytest.approx(2 / 3)] * 3
    assert whole["centre"].figures["utilisation"] == pytest.approx(7 / 9)
    (agent,) = report_lines(period, found, By.AGENT, Show.INDICATORS)
    assert agent.figures["service_level"] is None


def test_where_nothing_is_below_the_line_there_is_no_figure() -> None:
    assert set(figures(Sums()).values()) == {None}


def of(agent: str, unit: str, aux_min: float, base_min: float = 100) -> OfAgent:
    return OfAgent(agent, (unit,), Sums(days=1, aux=round(aux_min * MINUTE_US), base=round(base_min * MINUTE_US)))


def test_the_source_s_marks_are_counted_by_agent_and_who_has_no_base_is_left_out() -> None:
    found = [
        of("below", "a", 0.99), of("low", "a", 1), of("reasonable", "a", 2.53), of("reasonable too", "a", 3.7),
        of("high", "a", 10), of("above", "a", 10.01), of("nothing", "a", 0, 0),
        of("in two units", "a", 0, 50), of("in two units", "b", 3, 50),
    ]  # fmt: skip
    steps = [0] * 31
    for ratio_in_halves in (1, 2, 5, 6, 7, 20, 20):
        steps[ratio_in_halves] += 1
    assert distribution(found) == Distribution(thrifty=1, reasonable=3, lavish=1, between=2, steps=tuple(steps))
    assert distribution(found).agents == 7
    assert distribution([of("far above", "a", 40)]).steps[-1] == 1


def test_where_time_could_hide_is_told_against_the_median_of_the_team() -> None:
    found = [
        OfAgent(name, ("team-1",), Sums(days=1, signed_in=100, wrap_up=wrap_up, offered=offered, missed=1))
        for name, wrap_up, offered in (("a", 10, 10), ("b", 20, 0), ("c", 60, 2))
    ]
    said = against_median(found)
    assert [round(said[name]["wrap_up"], 9) for name in "abc"] == [-0.1, 0, 0.4]
    assert "missed" not in said["b"]
    assert said["c"]["missed"] - said["a"]["missed"] == pytest.approx(0.4)


numbers = st.integers(0, 10**9)
sums = st.builds(Sums, **dict.fromkeys(NAMES, numbers))
# Of a team that moves below another sub-centre, some days are of one line, and some of the other.
LINES = (("team-1", "east", "centre"), ("team-1", "west", "centre"), ("team-2", "east", "centre"), ("east", "centre"))
agents = st.lists(st.builds(OfAgent, st.sampled_from("abcd"), st.sampled_from(LINES), sums), max_size=8)


@given(agents)
def test_the_teams_together_are_the_sub_centre_and_that_is_the_centre(found: list[OfAgent]) -> None:
    made = {
        line.unit: line for line in report_lines(Period(FIRST, LAST), KnownOfPeriod(found), By.UNIT, Show.INDICATORS)
    }
    assert ("centre" in made) == bool(found)
    for unit, line in made.items():
        own = [each.sums for each in found if unit in each.line]
        assert line.days == sum(each.days for each in own)
        for name, indicator in INDICATORS.items():
            assert indicator.below is not None
            below = sum(map(indicator.below, own))
            above = sum(indicator.above(each) for each in own)
            wanted = float(Fraction(above, below)) * indicator.per if below else None
            assert line.figures[name] == (pytest.approx(wanted) if wanted is not None else None)


@given(agents)
def test_agents_stand_in_each_of_their_units_and_come_to_the_same_as_the_units(found: list[OfAgent]) -> None:
    made = report_lines(Period(FIRST, LAST), KnownOfPeriod(found), By.AGENT, Show.INDICATORS)
    assert [(line.unit, line.agent) for line in made] == sorted({(each.unit, each.agent) for each in found})
    assert sum(line.days for line in made) == total(found).days


def test_days_weeks_and_months_are_cut_at_the_ends_of_what_is_asked() -> None:
    spelled = {each: [str(period) for period in periods(FIRST, LAST, each)] for each in Each}
    assert spelled[Each.WHOLE] == ["2026-11-23/2026-12-01"]
    assert spelled[Each.MONTH] == ["2026-11-23/2026-11-30", "2026-12-01"]
    assert spelled[Each.WEEK] == ["2026-11-23/2026-11-29", "2026-11-30/2026-12-01"]
    assert spelled[Each.DAY][::8] == ["2026-11-23", "2026-12-01"]
    assert held_against([Period(FIRST, LAST)], date(2026, 1, 1), Each.WHOLE) == [
        Period(date(2026, 1, 1), date(2026, 1, 9))
    ]


@pytest.mark.parametrize(
    ("first", "last", "begins", "others"),
    [
        ("2026-11-01", "2026-11-30", "2026-10-01", ["2026-10-01/2026-10-31"]),
        ("2026-02-01", "2026-03-10", "2025-12-01", ["2025-12-01/2025-12-31", "2026-01-01/2026-01-10"]),
        ("2026-01-15", "2026-03-31", "2025-10-15",
         ["2025-10-15/2025-10-31", "2025-11-01/2025-11-30", "2025-12-01/2025-12-31"]),
        ("2026-03-01", "2026-03-30", "2026-02-01", ["2026-02-01/2026-02-28"]),
        ("2026-11-01", "2026-11-30", "2026-10-15", ["2026-10-15/2026-11-13"]),
    ],
)  # fmt: skip
def test_a_month_is_held_against_a_month(first: str, last: str, begins: str, others: list[str]) -> None:
    asked = list(periods(date.fromisoformat(first), date.fromisoformat(last), Each.MONTH))
    assert [str(each) for each in held_against(asked, date.fromisoformat(begins), Each.MONTH)] == others


@given(st.dates(), st.integers(0, 400), st.sampled_from(Each))
def test_periods_are_each_day_once(first: date, days: int, each: Each) -> None:
    last = date.fromordinal(min(first.toordinal() + days, date.max.toordinal() - 40))
    first = min(first, last)
    made = list(periods(first, last, each))
    covered = [number for period in made for number in range(period.first.toordinal(), period.last.toordinal() + 1)]
    assert covered == list(range(first.toordinal(), last.toordinal() + 1))


def test_no_name_in_the_csv_of_a_report_is_a_formula() -> None:
    queue = OfQueue("=1+1", ("@team",), Sums(calls_answered=2, calls_in_time=1))
    lines = report_lines(Period(FIRST, LAST), KnownOfPeriod([], [queue]), By.QUEUE, Show.SERVICE)
    _, row = report_table.as_csv(
        [(line, None) for line in lines], Show.SERVICE, Waits(), held_against=False
    ).splitlines()
    assert row.startswith("2026-11-23,2026-12-01,'@team,,'=1+1,0,0.5,")
