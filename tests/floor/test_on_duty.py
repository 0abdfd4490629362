"""Each second of a shift is in one class, and is charged once (docs/time-bank.md 2.3 and 2.4)."""

from collections import Counter
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccd.floor.agents import AgentRules
from ccd.floor.crew import day_records
from ccd.floor.days import SECOND, BusinessDay, BusinessDays
from ccd.floor.events import Device, PbxEvent
from ccd.floor.expected import Absence, Counts, Expected, Ruled, Shift
from ccd.floor.on_duty import RULED, SIGNED_IN, Class, What, away_for, classes, on_duty, reached
from ccd.floor.owners import Owner
from ccd.floor.records import Counted, DayRecord, OnDuty
from ccd.floor.rules import ReasonRule, Reasons
from ccd.floor.seats import State
from ccd.floor.spans import Span
from ccd.floor.stretches import Judged, Stretch, Stretches
from tests.floor.floors import RULES, added, heard, lost, member, paused, removed, snapshot, tell, unpaused

DAY = BusinessDay(date(1970, 1, 1), 0, 86_400 * SECOND)
HOUR = 3_600
EIGHT = 8 * HOUR


def shift(start: float, end: float, *breaks: tuple[float, float]) -> Shift:
    return Shift(us(start), us(end), tuple(Span(us(begins), us(ends)) for begins, ends in breaks))


def leave(start: float, end: float) -> Absence:
    return Absence(us(start), us(end), "annual", "leave", "1")


def day_off(start: float, end: float) -> Absence:
    return Absence(us(start), us(end), "time_off", "withdrawal", "off")


def ruled(start: float, end: float, counts: Counts, *, of_unit: bool = False) -> Ruled:
    return Ruled(us(start), us(end), counts, "r", of_unit)


def us(hours: float) -> int:
    return round(hours * HOUR * SECOND)


def lived(*events: PbxEvent, until_h: float = 24) -> Stretches:
    """What the floor saw of ann."""
    rules = AgentRules(Reasons({"meal": ReasonRule(max_us=600 * SECOND)}), RULES, BusinessDays("UTC"))
    line = Stretches()
    told = [("pbx", segment) for segment in tell(*events).segments]
    day_records(told, lambda *_: Owner("ann", "team", False), [], lambda _: rules, us(until_h), lines={"ann": line})
    return line


def seconds(duty: OnDuty) -> dict[str, int]:
    """What is not zero, in seconds."""
    spans = duty._asdict() | duty.counted._asdict()
    del spans["counted"]
    return {name: span // SECOND for name, span in spans.items() if span}


@pytest.mark.parametrize(
    ("events", "expected", "said"),
    [
        pytest.param(
            (added(8 * HOUR), removed(16 * HOUR)), Expected((shift(8, 16),)),
            {"scheduled": EIGHT, "signed_in": EIGHT}, id="a shift that is kept",
        ),
        pytest.param(
            (added(6 * HOUR), removed(18 * HOUR)), Expected((shift(8, 16),)),
            {"scheduled": EIGHT, "signed_in": EIGHT}, id="outside of the shift nothing counts",
        ),
        pytest.param(
            (added(6 * HOUR), removed(18 * HOUR)), Expected(), {}, id="without a shift nothing counts at all",
        ),
        pytest.param(
            (added(8 * HOUR + 60), removed(16 * HOUR - 120)), Expected((shift(8, 16),)),
            {"scheduled": EIGHT, "late": 60, "early_leave": 120, "signed_in": EIGHT - 180}, id="late, and gone early",
        ),
        pytest.param(
            (), Expected((shift(8, 16, (12, 12.5)),)),
            {"scheduled": EIGHT - 1_800, "off_post": EIGHT - 1_800}, id="who never comes is off post, not late",
        ),
        pytest.param(
            (added(8 * HOUR), removed(10 * HOUR), added(10 * HOUR + 600), removed(16 * HOUR)),
            Expected((shift(8, 16),)),
            {"scheduled": EIGHT, "signed_in": EIGHT, "aux": 600}, id="signed out amid the shift is aux and base",
        ),
        pytest.param(
            (added(8 * HOUR), removed(10 * HOUR), added(10 * HOUR + 600), removed(16 * HOUR)),
            Expected((shift(8, 16),), sign_outs_count=False),
            {"scheduled": EIGHT, "signed_in": EIGHT - 600, "off_post": 600}, id="or off post, where it does not count",
        ),
        pytest.param(
            (added(8 * HOUR), removed(12 * HOUR), added(12 * HOUR + 2_700), removed(16 * HOUR)),
            Expected((shift(8, 16, (12, 12.5)),)),
            {"scheduled": EIGHT - 1_800, "signed_in": EIGHT - 1_800, "aux": 900}, id="a break that is overrun",
        ),
        pytest.param(
            (added(8 * HOUR), paused(12 * HOUR, "meal"), unpaused(12 * HOUR + 1_800), removed(16 * HOUR)),
            Expected((shift(8, 16, (12, 12.5)),)),
            {"scheduled": EIGHT - 1_800, "signed_in": EIGHT - 1_800}, id="a pause in the break is nobody's business",
        ),
        pytest.param(
            (added(8 * HOUR), paused(9 * HOUR, "meal"), unpaused(9 * HOUR + 900), removed(16 * HOUR)),
            Expected((shift(8, 16),)),
            {"scheduled": EIGHT, "signed_in": EIGHT, "exempt": 600, "aux": 300}, id="an exempt pause up to its limit",
        ),
        pytest.param(
            (added(10 * HOUR), removed(16 * HOUR)), Expected((shift(8, 16),), (leave(8, 10),)),
            {"scheduled": EIGHT, "on_leave": 2 * HOUR, "signed_in": 6 * HOUR}, id="on leave nobody is late",
        ),
        pytest.param(
            (added(8 * HOUR), removed(16 * HOUR)), Expected((shift(8, 16),), (leave(8, 10),)),
            {"scheduled": EIGHT, "worked_on_leave": 2 * HOUR, "signed_in": EIGHT}, id="what is worked on leave is work",
        ),
        pytest.param(
            (added(9 * HOUR), removed(16 * HOUR)),
            Expected((shift(8, 16),), (leave(8, 10),), ruled=(ruled(8, 9.5, "aux"),)),
            {"scheduled": EIGHT, "worked_on_leave": HOUR // 2, "signed_in": EIGHT, "aux": HOUR * 3 // 2},
            id="what somebody has ruled is not worked on leave",
        ),
        pytest.param(
            (added(8 * HOUR), snapshot(10 * HOUR), added(10 * HOUR + 300), removed(16 * HOUR)),
            Expected((shift(8, 16),)),
            {"scheduled": EIGHT, "unobserved": 2 * HOUR, "excused": 300, "signed_in": 6 * HOUR - 300},
            id="signed out by what nobody told",
        ),
        pytest.param(
            (added(8 * HOUR), removed(10 * HOUR), added(10 * HOUR + 300), removed(16 * HOUR)),
            Expected((shift(8, 16),), sent_off=(Span(us(10), us(10) + 1),)),
            {"scheduled": EIGHT, "excused": 300, "signed_in": EIGHT - 300}, id="signed out by a leader",
        ),
        pytest.param(
            (added(8 * HOUR), removed(10 * HOUR), added(10 * HOUR + 1), removed(10 * HOUR + 2), added(11 * HOUR),
             removed(16 * HOUR)),
            Expected((shift(8, 16),), sent_off=(Span(us(9.99), us(10.1)),)),
            {"scheduled": EIGHT, "excused": 1, "signed_in": EIGHT - 1, "aux": HOUR - 2},
            id="signed out by a leader, back, and gone again by oneself",
        ),
        pytest.param(
            (added(8 * HOUR), removed(10 * HOUR), added(10 * HOUR + 300), removed(16 * HOUR)),
            Expected((shift(8, 16),), sent_off=(Span(us(9), us(10)), Span(us(10.01), us(11)))),
            {"scheduled": EIGHT, "signed_in": EIGHT, "aux": 300}, id="signed out by oneself, before a leader asked",
        ),
        pytest.param(
            (added(8 * HOUR), heard(10 * HOUR), lost(10 * HOUR), snapshot(11 * HOUR, member()), removed(16 * HOUR)),
            Expected((shift(8, 16),)),
            {"scheduled": EIGHT, "signed_in": 7 * HOUR, "unobserved": HOUR}, id="what was not seen protects",
        ),
        pytest.param(
            (added(8 * HOUR, device=Device.UNREACHABLE), removed(16 * HOUR)), Expected((shift(8, 16),)),
            {"scheduled": EIGHT, "signed_in": EIGHT, "unreachable": EIGHT}, id="a telephone that can't be reached",
        ),
        pytest.param(
            (added(22 * HOUR + 60),), Expected((shift(22, 30),)),
            {"scheduled": 2 * HOUR, "late": 60, "signed_in": 2 * HOUR - 60}, id="a night is cut at the day's end",
        ),
        pytest.param(
            (added(1 * HOUR), removed(5 * HOUR)), Expected((shift(-2, 6),)),
            {"scheduled": 6 * HOUR, "off_post": HOUR, "early_leave": HOUR, "signed_in": 4 * HOUR},
            id="a night's second part has no late, only an early end",
        ),
        pytest.param(
            (added(8 * HOUR), paused(9 * HOUR, "toilet"), unpaused(10 * HOUR), removed(16 * HOUR)),
            Expected((shift(8, 16),), ruled=(ruled(9, 9.5, "exempt"),)),
            {"scheduled": EIGHT, "signed_in": EIGHT, "exempt": 1_800, "aux": 1_800}, id="a pause that half is exempt",
        ),
        pytest.param(
            (added(9 * HOUR), removed(16 * HOUR)), Expected((shift(8, 16, (12, 13)),), ruled=(ruled(8, 13, "aux"),)),
            {"scheduled": 7 * HOUR, "signed_in": 7 * HOUR, "aux": 4 * HOUR}, id="whatever was seen, but for a break",
        ),
        pytest.param(
            (added(9 * HOUR), removed(16 * HOUR)), Expected((shift(8, 16),), ruled=(ruled(8, 10, "left_out"),)),
            {"scheduled": 6 * HOUR, "signed_in": 6 * HOUR}, id="what is left out is not scheduled either",
        ),
        pytest.param(
            (added(9 * HOUR), removed(12 * HOUR), added(13 * HOUR), removed(15 * HOUR)),
            Expected((shift(8, 16),), ruled=(ruled(7, 17, "available", of_unit=True),)),
            {"scheduled": EIGHT, "late": HOUR, "early_leave": HOUR, "signed_in": 6 * HOUR},
            id="an incident of the unit is one of who was there",
        ),
        pytest.param(
            (), Expected((shift(8, 16),), ruled=(ruled(7, 17, "available", of_unit=True),)),
            {"scheduled": EIGHT, "off_post": EIGHT}, id="and not of who never came",
        ),
        pytest.param(
            (added(8 * HOUR), removed(12 * HOUR), added(14 * HOUR), removed(16 * HOUR)),
            Expected((shift(8, 16),), (leave(12, 14),), ruled=(ruled(11, 15, "exempt", of_unit=True),)),
            {"scheduled": EIGHT, "on_leave": 2 * HOUR, "signed_in": 6 * HOUR, "exempt": 2 * HOUR},
            id="nor of who is on leave",
        ),
        pytest.param(
            (added(8 * HOUR), heard(10 * HOUR), lost(10 * HOUR), snapshot(11 * HOUR, member()), removed(16 * HOUR)),
            Expected(ruled=(ruled(10, 10.5, "available"), ruled(20, 21, "available")), schedules=False),
            {"signed_in": 8 * HOUR + 1_800, "unobserved": 1_800}, id="without schedules what nobody saw can be ruled",
        ),
        pytest.param(
            (added(8 * HOUR), removed(16 * HOUR)),
            Expected(ruled=(ruled(7, 9, "exempt", of_unit=True),), schedules=False),
            {"signed_in": EIGHT, "exempt": HOUR}, id="without schedules an incident is one of who was seen",
        ),
    ],
)  # fmt: skip
def test_what_a_day_is_against_its_shifts(
    events: tuple[PbxEvent, ...], expected: Expected, said: dict[str, int]
) -> None:
    assert seconds(on_duty(lived(*events), DAY, expected)) == said


@pytest.mark.parametrize(
    ("events", "sent_off_at", "said"),
    [
        pytest.param((added(22 * HOUR), removed(23 * HOUR)), 23, {"excused": 6 * HOUR}, id="by a leader"),
        pytest.param((added(22 * HOUR), snapshot(23 * HOUR)), None, {"excused": 6 * HOUR}, id="by what nobody told"),
        pytest.param(
            (added(22 * HOUR), removed(23 * HOUR), added(25 * HOUR), removed(29 * HOUR)), 23,
            {"excused": HOUR, "signed_in": 4 * HOUR, "early_leave": HOUR}, id="by a leader, until one is back",
        ),
        pytest.param((added(22 * HOUR), removed(23 * HOUR)), None, {"off_post": 6 * HOUR}, id="by oneself"),
        pytest.param(
            (added(22 * HOUR), removed(23 * HOUR), added(23.25 * HOUR), removed(23.5 * HOUR)), 23,
            {"off_post": 6 * HOUR}, id="by a leader, back, and gone again by oneself",
        ),
        pytest.param((added(20 * HOUR), removed(21 * HOUR)), 21, {"off_post": 6 * HOUR}, id="before the shift"),
    ],
)  # fmt: skip
def test_who_was_signed_out_before_the_cut_and_is_excused_stays_it_in_the_rest_of_the_night(
    events: tuple[PbxEvent, ...], sent_off_at: float | None, said: dict[str, int]
) -> None:
    next_day = BusinessDay(date(1970, 1, 2), us(24), us(48))
    sent_off = () if sent_off_at is None else (Span(us(sent_off_at), us(sent_off_at) + 1),)
    line = lived(*events, until_h=48)
    assert seconds(on_duty(line, next_day, Expected((shift(22, 30),), sent_off=sent_off))) == {
        "scheduled": 6 * HOUR, **said,
    }  # fmt: skip


# --- random days, against a calculator that asks of each second ------------------------------------------------------

END = 40  # of a short day; the seconds of a random one
instants = st.integers(-5, END + 5)


def spans(most: int) -> st.SearchStrategy[list[tuple[int, int]]]:
    """Some that do not meet, in the order of time."""
    return st.lists(instants, max_size=2 * most, unique=True).map(
        lambda edges: list(zip(sorted(edges)[0::2], sorted(edges)[1::2], strict=False))
    )


@st.composite
def days(draw: st.DrawFn) -> tuple[Stretches, Expected]:
    line = Stretches()
    for start, end in draw(spans(5)):
        state = draw(st.sampled_from((State.AVAILABLE, State.PAUSED, State.UNREACHABLE, State.UNOBSERVED)))
        judged = draw(st.sampled_from((Judged.AUX, Judged.EXEMPT))) if state is State.PAUSED else Judged.NONE
        line.spans.append(Stretch(start, end, state, judged))
        if draw(st.booleans()):
            line.sign_outs.append((end, draw(st.booleans())))
    shifts = []
    for start, end in draw(spans(3)):
        rests = [Span(max(a, start), min(b, end)) for a, b in draw(spans(2)) if max(a, start) < min(b, end)]
        shifts.append(Shift(start, end, tuple(rests)))
    absences = tuple(Absence(start, end, "annual", "leave", "1") for start, end in draw(spans(2)))
    rulings = tuple(
        Ruled(start, end, draw(st.sampled_from(tuple(RULED))), f"{number}", draw(st.booleans()))
        for number, (start, end) in enumerate(draw(spans(3)))
    )
    return line, Expected(tuple(shifts), absences, draw(st.booleans()), rulings)


def slowly(at: int, line: Stretches, shift_: Shift, expected: Expected) -> What:
    """The rules of docs/time-bank.md 2.3, asked of one second."""

    def seen(second: int) -> Stretch | None:
        return next((each for each in line.spans if each.start <= second < each.end), None)

    of_part = range(max(0, shift_.start), min(END, shift_.end))
    there = [each for each in of_part if (found := seen(each)) and found.state is not State.UNOBSERVED]
    now = seen(at)
    if any(rest.start <= at < rest.end for rest in shift_.breaks):
        return What.BREAK
    absent = any(each.start <= at < each.end for each in expected.absences) and at not in there
    known = [second for second in of_part if seen(second)]
    for each in expected.ruled:
        here = not each.of_unit or (bool(known) and known[0] <= at <= known[-1] and not absent)
        if each.start <= at < each.end and here:
            return RULED[each.counts]
    if any(each.start <= at < each.end for each in expected.absences) and at not in there:
        return What.ON_LEAVE
    if now is not None:
        by_state = {State.UNOBSERVED: What.UNSEEN, State.UNREACHABLE: What.UNREACHABLE, State.AVAILABLE: What.WORKED}
        return by_state.get(now.state) or (What.AUX if now.judged is Judged.AUX else What.EXEMPT)
    told = [told for left, told in line.sign_outs if shift_.start <= left <= at]
    if told and not told[-1]:
        return What.EXCUSED
    if not there:
        return What.OFF_POST
    if at < there[0]:
        return What.LATE if shift_.start >= 0 else What.OFF_POST
    if at > there[-1]:
        return What.EARLY_LEAVE if shift_.end <= END else What.OFF_POST
    return What.SIGNED_OUT if expected.sign_outs_count else What.OFF_POST


@pytest.mark.parametrize(
    ("absences", "away_h"),
    [
        pytest.param((leave(8, 12), leave(12, 16)), (2, 0), id="as far as the agent was away for each"),
        pytest.param((leave(6, 9), leave(9, 20)), (1, 1), id="no longer than the shift, less its breaks"),
        pytest.param((leave(8, 12), day_off(8, 9)), (1, 1), id="a day off that was paid for comes first"),
    ],
)
def test_each_absence_says_how_long_the_agent_was_away_for_it(
    absences: tuple[Absence, ...], away_h: tuple[int, ...]
) -> None:
    """A shift from eight to four with a break at eleven, and at work from eleven on."""
    expected = Expected((shift(8, 16, (10, 11)),), absences)
    line = lived(added(us(11) // SECOND), removed(us(16) // SECOND))
    assert [each.away for each in away_for(line, DAY, expected)] == [us(hours) for hours in away_h]
    assert on_duty(line, DAY, expected).on_leave == us(sum(away_h))


@settings(max_examples=300)
@given(days())
def test_the_classes_are_the_shift_and_say_of_each_second_what_a_slow_calculator_says(
    given_day: tuple[Stretches, Expected],
) -> None:
    line, expected = given_day
    day = BusinessDay(date(1970, 1, 1), 0, END)
    parts: list[Class] = list(classes(line, day, expected))
    each_second = [(at, part.what) for part in parts for at in range(part.start, part.end)]
    wanted = [
        (at, slowly(at, line, shift_, expected))
        for shift_ in expected.shifts
        for at in range(max(0, shift_.start), min(END, shift_.end))
    ]
    assert each_second == wanted
    duty = on_duty(line, day, expected)
    assert sum(each.away or 0 for each in away_for(line, day, expected)) == duty.on_leave
    spent = Counter(what for _, what in wanted)
    worked = sum(spent[what] for what in SIGNED_IN)
    beside = duty.late + duty.early_leave + duty.off_post + duty.on_leave + duty.excused
    assert duty.scheduled == worked + beside + spent[What.UNSEEN] + spent[What.SIGNED_OUT]
    assert duty.scheduled == len(wanted) - spent[What.BREAK] - spent[What.LEFT_OUT]
    in_rulings = [at for part in parts if part.ruled for at in range(part.start, part.end)]
    assert [at for each in reached(line, day, expected) for at in range(each.start, each.end)] == in_rulings
    assert duty.counted == Counted(
        worked + spent[What.SIGNED_OUT], spent[What.EXEMPT], spent[What.UNREACHABLE],
        spent[What.AUX] + spent[What.SIGNED_OUT], spent[What.UNSEEN],
    )  # fmt: skip


@settings(max_examples=200)
@given(days())
def test_without_schedules_the_classes_are_the_day_and_count_what_was_seen_or_ruled(
    given_day: tuple[Stretches, Expected],
) -> None:
    line, expected = given_day
    day = BusinessDay(date(1970, 1, 1), 0, END)
    spent = Counter[str]()
    for at in range(END):
        seen = next((each for each in line.spans if each.start <= at < each.end), None)
        by = next((each for each in expected.ruled if each.start <= at < each.end), None)
        if by is not None and (seen or not by.of_unit):
            spent[by.counts] += 1
        elif seen is not None:
            spent[seen.state.name if seen.judged is Judged.NONE else seen.judged.value] += 1
    found = on_duty(line, day, Expected(ruled=expected.ruled, schedules=False))
    working = spent["available"] + spent["AVAILABLE"] + spent["aux"] + spent["exempt"] + spent["UNREACHABLE"]
    counted = Counted(working, spent["exempt"], spent["UNREACHABLE"], spent["aux"], spent["UNOBSERVED"])
    assert found == OnDuty(counted=counted)
    parts = list(classes(line, day, Expected(ruled=expected.ruled, schedules=False)))
    assert [at for part in parts for at in range(part.start, part.end)] == list(range(END))


def test_work_is_one_part_of_a_shift_whatever_the_telephone_does_meanwhile() -> None:
    line = Stretches()
    states = (State.AVAILABLE, State.RINGING, State.ON_CALL, State.WRAP_UP, State.PAUSED, State.OTHER_CALL)
    for hour, state in enumerate(states, 9):
        line.spent(us(hour), us(1), state, Judged.AUX if state is State.PAUSED else Judged.NONE)
    parts = list(classes(line, DAY, Expected((shift(9, 15),))))
    assert parts == [
        Class(us(9), us(13), What.WORKED, False),
        Class(us(13), us(14), What.AUX, False),
        Class(us(14), us(15), What.WORKED, False),
    ]


def test_a_day_that_is_held_against_its_shifts_is_the_same_day() -> None:
    record = DayRecord(
        "ann", "team", DAY.day, 1, 2, 3, 4, 5, 6, {"meal": 7}, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20
    )
    duty = OnDuty(scheduled=22)
    assert record.against(duty) == replace(record, duty=duty)
