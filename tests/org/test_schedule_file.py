"""Shifts as planners write them: what is understood, and what is said of what is not."""

import pytest

from ccd.errors import ImportFaultsError
from ccd.org.schedule_file import parse, rendered, words
from ccd.org.shift_rows import breaks_of
from ccd.org.told import Told
from tests.org.planned import DAYS, FILE, us

HEADER = "agent,day,start,end,breaks,uid,withdrawn"


def one(line: str) -> Told:
    (told,) = parse(f"{HEADER}\n{line}\n", FILE, DAYS)
    return told


def check(text: str, *expected: str) -> None:
    """Each fault begins as expected, and there are no others."""
    with pytest.raises(ImportFaultsError) as raised:
        parse(f"{HEADER}\n{text}", FILE, DAYS)
    found = str(raised.value).splitlines()
    assert len(found) == len(expected), found
    for said, wanted in zip(found, expected, strict=True):
        assert said.startswith(wanted), said


def test_a_shift_is_at_the_times_of_the_agent_s_unit():
    shift = one("1001,2026-11-23,08:00,16:00,12:00-12:45;15:00-15:10,a-7")
    assert (shift.uid, shift.agent, str(shift.day), shift.line) == ("a-7", "1001", "2026-11-23", 2)
    assert (shift.start, shift.end) == (us("2026-11-23T08:00"), us("2026-11-23T16:00"))
    assert breaks_of(shift.what) == (
        (us("2026-11-23T12:00"), us("2026-11-23T12:45")),
        (us("2026-11-23T15:00"), us("2026-11-23T15:10")),
    )
    berlin = one("1003,2026-11-23,08:00,16:00")
    assert berlin.start == us("2026-11-23T08:00", "Europe/Berlin")


def test_a_shift_without_a_name_is_known_by_agent_day_and_start():
    assert one("1001,2026-11-23,08:00,16:00").uid == "1001/2026-11-23/08:00"


@pytest.mark.parametrize("end", ["06:00", "00:00", "24:00"])
def test_an_end_that_is_not_after_the_start_is_on_the_next_day(end: str):
    shift = one(f"1001,2026-11-30,22:00,{end}")
    assert shift.end == us("2026-12-01T06:00" if end == "06:00" else "2026-12-01T00:00")
    assert str(shift.day) == "2026-11-30"


def test_a_break_after_midnight_is_on_the_next_day_too():
    shift = one("1001,2026-11-30,22:00,06:00,23:50-00:10;02:00-02:30")
    assert breaks_of(shift.what) == (
        (us("2026-11-30T23:50"), us("2026-12-01T00:10")),
        (us("2026-12-01T02:00"), us("2026-12-01T02:30")),
    )


def test_who_moves_has_each_shift_by_the_clock_of_the_unit_of_that_day():
    assert DAYS.unit("1004", one("1004,2026-11-23,08:00,16:00").day) == "day"
    assert DAYS.unit("1004", one("1004,2026-11-24,08:00,16:00").day) == "night"


@pytest.mark.parametrize(
    ("line", "hours"),
    [
        ("1003,2026-10-24,22:00,06:00", 9),  # the night in which 02:00 to 03:00 comes twice
        ("1003,2026-03-28,22:00,06:00", 7),  # the night in which it does not come
        ("1003,2026-10-25,02:30+01:00,06:00", 3.5),  # the second 02:30
        ("1003,2026-10-25,02:30,06:00", 4.5),  # the first
    ],
)
def test_nights_in_which_the_clock_changes(line: str, hours: float):
    shift = one(line)
    assert shift.end - shift.start == hours * 3_600_000_000
    assert one(rendered([shift], DAYS).splitlines()[1]) == shift


@pytest.mark.parametrize(
    ("line", "break_", "hours"),
    [
        (
            "1003,2026-03-28,22:00,06:00,02:30-03:00",
            "03:30-04:00",
            7,
        ),  # by the clock of before it is half past two then
        ("1003,2026-03-28,22:00,06:00,02:30-03:15", "03:30-04:15", 7),
        ("1003,2026-03-28,22:00,06:00,02:00-02:30", "03:00-03:30", 7),
        ("1003,2026-03-28,22:00,06:00,01:45-03:15", "01:45-03:15", 7),  # half an hour
        ("1003,2026-03-29,02:30,03:15,", "", 0.75),
        ("1003,2026-03-29,02:30,10:00,", "", 6.5),
        ("1003,2026-10-24,22:00,06:00,02:30-03:00", "02:30-03:00", 9),
        ("1003,2026-10-24,22:00,06:00,02:30+01:00-03:00", "02:30+01:00-03:00", 9),
    ],
)
def test_what_begins_at_a_time_that_the_clock_skips_ends_after_it_began(line: str, break_: str, hours: float):
    shift = one(line)
    assert shift.end - shift.start == hours * 3_600_000_000
    again = rendered([shift], DAYS).splitlines()[1]
    assert again.split(",")[4] == break_
    assert one(again) == shift


def test_every_fault_is_named_with_its_line_and_column():
    check(
        "9,2026-11-23,8,16:00,,,\n"
        ",2026-11-23,08:00,16:00,,,perhaps\n"
        "1001,23.11.2026,08:00,soon,noon,,\n"
        "1001,2026-11-24,08:00,08:00,,,\n"
        "1001,2026-11-25,08:00,16:00,07:00-07:30,,\n"
        "1001,2026-11-26,08:00,16:00,12:00-13:00;12:30-12:45,,\n"
        "1001,2026-11-27,08:00,16:00,15:30-16:30,,\n"
        "1005,2026-11-23,08:00,16:00,,,\n"
        "1001,2026-11-30,17:15+01:00,03:00,00:00-00:00+14:00,,\n",
        "plan.csv:2: agent: '9' is on no line of the roster",
        "plan.csv:2: start: '8' is no time of day",
        "plan.csv:3: agent: is empty",
        "plan.csv:3: withdrawn: 'perhaps'",
        "plan.csv:4: day: '23.11.2026' is no day",
        "plan.csv:4: end: 'soon' is no time of day",
        "plan.csv:4: breaks: 'noon' is no break",
        "plan.csv:5: end: '08:00' is a whole day after the start",
        "plan.csv:6: breaks: 07:00-07:30 is not within the shift",
        "plan.csv:7: breaks: 12:30-12:45 is not within the shift, and after",
        "plan.csv:8: breaks: 15:30-16:30 is not within the shift",
        "plan.csv:9: day: 1005 is in no unit on 2026-11-23",
        "plan.csv:10: breaks: 00:00-00:00 is not within the shift",
    )


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("9999-12-31,22:00,06:00", "day: '9999-12-31' is no day; allowed: 2026-11-23, of the years 1971 to 2099"),
        ("0001-01-01,00:00,06:00", "day: '0001-01-01' is no day"),
        ("2026-W48-1,08:00,16:00", "day: '2026-W48-1' is no day"),
        ("20261123,08:00,16:00", "day: '20261123' is no day"),
        ("2026-11-23,T08,16:00", "start: 'T08' is no time of day"),
        ("2026-11-23,24:00,08:00", "start: '24:00' is where a day ends; a shift that begins then is of the next"),
        ("2026-11-23,08:00:00.5,16:00", "start: '08:00:00.5' is no time of day"),
        ("2026-11-23,08:00,16", "end: '16' is no time of day"),
    ],
)  # fmt: skip
def test_days_and_times_are_written_as_they_would_be_written_out_again_and_of_years_that_clocks_know(
    line: str, says: str
):
    check(f"1001,{line}\n", f"plan.csv:2: {says}")


def test_lines_that_contradict_each_other_name_each_other():
    check(
        "1001,2026-11-23,08:00,16:00,,a,\n"
        "1001,2026-11-23,15:00,23:00,,b,\n"
        "1001,2026-11-24,08:00,16:00,,a,\n"
        "1002,2026-11-23,22:00,06:00,,c,\n"
        "1002,2026-11-24,05:00,06:00,,d,yes\n",
        "plan.csv:3: start: is within the time of line 2",
        "plan.csv:4: uid: 'a' is that of line 2 too",
    )


@pytest.mark.parametrize("text", ["agent;day;start;end\n", "agent,day,start\n", f"{HEADER}\n1001,\0\n"])
def test_what_is_no_such_file_is_a_fault(text: str):
    with pytest.raises(ImportFaultsError):
        parse(text, FILE, DAYS)


def test_what_is_written_out_says_the_same_when_it_is_read():
    text = (
        "agent,day,start,end,breaks,uid\n"
        "1001,2026-11-23,08:00,16:00,12:00-12:45;15:00-15:10,a-7\n"
        '1002,2026-11-23,22:00:30,06:00,,"b,8"\n'
    )
    told = parse(text, FILE, DAYS)
    assert rendered(told, DAYS) == text
    assert words(told[0], DAYS) == "2026-11-23 08:00-16:00, less 12:00-12:45;15:00-15:10"
    assert words(told[1], DAYS) == "2026-11-23 22:00:30-06:00"
