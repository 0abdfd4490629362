"""Shifts as calendars have them: series and their exceptions, zones, breaks; and what a calendar can say and no shift
has."""

from datetime import date

import pytest

from ccd.errors import ImportFaultsError
from ccd.org import schedule_file
from ccd.org.calendar_file import parse
from ccd.org.shift_rows import breaks_of
from ccd.org.told import DaysTold, Told
from tests.org.planned import DAYS, FILE, us

WEEK = DaysTold(date(2026, 11, 23), date(2026, 11, 29))
ZONE = "TZID=Asia/Shanghai"
ANN = "ATTENDEE;CN=Ann:mailto:1001@example.org"
MORNING = f"DTSTART;{ZONE}:20261123T080000\nDTEND;{ZONE}:20261123T160000"
FIRST_EVENT = 5  # the line on which it begins


def calendar(*events: str) -> bytes:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//planner//EN", "X-WR-CALNAME:plan"]
    for event in events:
        lines += ["BEGIN:VEVENT", *event.splitlines(), "END:VEVENT"]
    return "".join(f"{line}\r\n" for line in (*lines, "END:VCALENDAR")).encode()


def told(*events: str, window: DaysTold = WEEK, agent: str | None = None) -> tuple[Told, ...]:
    return parse(calendar(*events), FILE, DAYS, window, agent)


def times(shifts: tuple[Told, ...]) -> list[tuple[int, int]]:
    return [(shift.start, shift.end) for shift in shifts]


def check(*events: str, says: tuple[str, ...], window: DaysTold = WEEK) -> None:
    """Each fault begins as expected, and there are no others."""
    with pytest.raises(ImportFaultsError) as raised:
        told(*events, window=window)
    found = str(raised.value).splitlines()
    assert len(found) == len(says), found
    for said, wanted in zip(found, says, strict=True):
        assert said.startswith(wanted), said


# --- what is understood ----------------------------------------------------------------------------------------------


def test_an_event_is_a_shift_of_its_attendee():
    (shift,) = told(f"UID:a\n{MORNING}\n{ANN}\nSUMMARY:early")
    assert shift == Told(
        "a", "1001", date(2026, 11, 23), us("2026-11-23T08:00"), us("2026-11-23T16:00"), "[]", FIRST_EVENT
    )


@pytest.mark.parametrize(
    ("event", "zone"),
    [
        ("DTSTART:20261123T080000\nDTEND:20261123T160000", "Europe/Berlin"),  # none: the unit's
        ("DTSTART:20261123T080000Z\nDTEND:20261123T160000Z", "UTC"),
        ("DTSTART;TZID=W. Europe Standard Time:20261123T080000\nDURATION:PT8H", "Europe/Berlin"),
    ],
)
def test_times_are_those_of_their_zone_and_else_of_the_agent_s_unit(event: str, zone: str):
    (shift,) = told(f"UID:a\n{event}\nX-CCD-AGENT:1003")
    assert (shift.start, shift.end) == (us("2026-11-23T08:00", zone), us("2026-11-23T16:00", zone))


def test_a_series_is_followed_with_what_is_moved_left_out_and_cancelled():
    series = f"UID:s\n{MORNING}\nRRULE:FREQ=DAILY\nEXDATE;{ZONE}:20261125T080000\n{ANN}"
    moved = f"UID:s\nRECURRENCE-ID;{ZONE}:20261124T080000\nDTSTART;{ZONE}:20261124T100000\nDTEND;{ZONE}:20261124T180000"
    cancelled = (
        f"UID:s\nRECURRENCE-ID;{ZONE}:20261126T080000\nSTATUS:CANCELLED\n"
        f"DTSTART;{ZONE}:20261126T080000\nDTEND;{ZONE}:20261126T160000"
    )
    found = told(series, moved, cancelled, window=DaysTold(date(2026, 11, 24), date(2026, 11, 28)))
    assert times(found) == [
        (us("2026-11-24T10:00"), us("2026-11-24T18:00")),
        (us("2026-11-27T08:00"), us("2026-11-27T16:00")),
        (us("2026-11-28T08:00"), us("2026-11-28T16:00")),
    ]
    assert [shift.uid for shift in found] == [
        f"s/2026-11-{day}T08:00:00+08:00" for day in ("24", "27", "28")
    ]  # by when it would have been: told again, the shift that was moved is the same one
    assert {shift.agent for shift in found} == {"1001"}, "an exception is of whom its series is"


def test_a_series_keeps_its_clock_when_the_clock_changes():
    event = (
        "UID:s\nDTSTART;TZID=Europe/Berlin:20261024T080000\nDTEND;TZID=Europe/Berlin:20261024T160000\n"
        "RRULE:FREQ=DAILY;COUNT=2\nX-CCD-AGENT:1003"
    )
    found = told(event, window=DaysTold(date(2026, 10, 24), date(2026, 10, 25)))
    assert [start for start, _ in times(found)] == [
        us("2026-10-24T08:00", "Europe/Berlin"), us("2026-10-25T08:00", "Europe/Berlin"),
    ]  # fmt: skip


def berlin(uid: str, begins: str, ends: str, more: str = "") -> str:
    """Of five days."""
    zone = "TZID=Europe/Berlin"
    event = f"UID:{uid}\nDTSTART;{zone}:202603{begins}\nDTEND;{zone}:202603{ends}\nRRULE:FREQ=DAILY;COUNT=5"
    return f"{event}\nX-CCD-AGENT:1003{more}"


@pytest.mark.parametrize(
    "events",
    [
        (berlin("s", "26T220000", "27T060000", "\nX-CCD-BREAK:02:30-03:00"),),
        (berlin("s", "26T220000", "27T060000"), berlin("b", "27T023000", "27T030000", "\nCATEGORIES:BREAK")),
    ],
)
def test_a_night_s_break_that_the_clock_skips_is_as_long_as_it_is_written(events: tuple[str, ...]):
    """The first of the breaks is of the night before the days that are asked for."""
    found = told(*events, window=DaysTold(date(2026, 3, 27), date(2026, 3, 29)))
    assert [breaks_of(each.what) for each in found] == [
        ((us(f"{day}T{begins}", "Europe/Berlin"), us(f"{day}T{ends}", "Europe/Berlin")),)
        for day, begins, ends in (
            ("2026-03-28", "02:30", "03:00"), ("2026-03-29", "03:30", "04:00"), ("2026-03-30", "02:30", "03:00"),
        )
    ]  # fmt: skip


def test_a_shift_that_begins_at_a_time_that_the_clock_skips_ends_after_it_began():
    found = told(berlin("s", "26T023000", "26T031500"), window=DaysTold(date(2026, 3, 28), date(2026, 3, 29)))
    assert [end - start for start, end in times(found)] == [2_700_000_000] * 2


def test_a_shift_over_midnight_is_of_the_day_on_which_it_begins():
    event = f"UID:n\nDTSTART;{ZONE}:20261129T220000\nDTEND;{ZONE}:20261130T060000\n{ANN}"
    assert [shift.day for shift in told(event)] == [date(2026, 11, 29)]
    assert told(event, window=DaysTold(date(2026, 11, 30), date(2026, 12, 6))) == ()


def test_a_shift_of_several_people_is_one_of_each():
    team = (
        f"UID:t\n{MORNING}\n{ANN}\nATTENDEE;CN=Room;CUTYPE=ROOM:mailto:room@example.org\nX-X:y\nATTENDEE:MAILTO:1003@b"
    )
    assert [(shift.uid, shift.agent) for shift in told(team)] == [("t/1001", "1001"), ("t/1003", "1003")]


def test_who_is_not_named_is_whom_the_file_is_of():
    assert [shift.agent for shift in told(f"UID:a\n{MORNING}", agent="1004")] == ["1004"]


def test_breaks_stand_in_the_shift_or_are_events_inside_it():
    lunch = f"UID:b\nCATEGORIES:BREAK\nDTSTART;{ZONE}:20261123T120000\nDURATION:PT45M\n{ANN}"
    daily = f"{lunch}\nRRULE:FREQ=DAILY;COUNT=1"
    for events in (
        (f"UID:a\n{MORNING}\n{ANN}\nX-CCD-BREAK:15:00-15:10", lunch),
        (f"UID:a\n{MORNING}\n{ANN}\nX-CCD-BREAK:12:00-12:45\nX-CCD-BREAK:15:00-15:10",),
        (daily, f"UID:a\n{MORNING}\n{ANN}\nX-CCD-BREAK:15:00-15:10"),
    ):
        (shift,) = told(*events)
        assert breaks_of(shift.what) == (
            (us("2026-11-23T12:00"), us("2026-11-23T12:45")), (us("2026-11-23T15:00"), us("2026-11-23T15:10")),
        )  # fmt: skip


def test_lines_that_are_folded_and_names_in_chinese_are_read():
    text = calendar(f"UID:a\n{MORNING}\nX-CCD-AGENT:1001\nSUMMARY:{'早班' * 40}").decode()
    folded = text.replace("早班早班", "早\r\n 班早班", 1).encode()
    assert len(parse(folded, FILE, DAYS, WEEK)) == 1


def test_the_same_plan_says_the_same_in_both_formats():
    """CSV is the reference."""
    table = (
        "agent,day,start,end,breaks,uid\n"
        "1001,2026-11-23,08:00,16:00,12:00-12:45,a\n"
        "1001,2026-11-24,22:00,06:00,23:50-00:10;02:00-02:30,b\n"
        "1002,2026-11-23,03:00,11:00,,c\n"
        "1003,2026-11-23,08:00,16:00,12:00-12:30,d\n"
    )
    events = (
        f"UID:a\n{MORNING}\nX-CCD-BREAK:12:00-12:45\n{ANN}",
        f"UID:b\nDTSTART;{ZONE}:20261124T220000\nDTEND;{ZONE}:20261125T060000\n{ANN}\nX-CCD-BREAK:23:50-00:10;02:00-02:30",
        "UID:c\nDTSTART:20261122T190000Z\nDURATION:PT8H\nX-CCD-AGENT:1002",
        "UID:d\nDTSTART:20261123T080000\nDTEND:20261123T160000\nX-CCD-BREAK:12:00-12:30\nX-CCD-AGENT:1003",
    )
    expected = {shift._replace(line=0) for shift in schedule_file.parse(table, FILE, DAYS)}
    assert {shift._replace(line=0) for shift in told(*events)} == expected


def test_names_are_read_whichever_case_they_have():
    written = calendar(f"UID:a\n{MORNING}\n{ANN}").replace(b"BEGIN:VEVENT", b"begin:vevent")
    assert parse(written, FILE, DAYS, WEEK) == told(f"UID:a\n{MORNING}\n{ANN}")


# --- what is a fault -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "says"),
    [
        (f"UID:a\nDTSTART;VALUE=DATE:20261123\nDTEND;VALUE=DATE:20261124\n{ANN}", "DTSTART: is a whole day"),
        (f"UID:a\nDTSTART:2026x\nDTEND:20261123T160000\n{ANN}", "DTSTART: Expected"),
        (f"UID:a\n{MORNING}\nRRULE:FREQ=NEVER\n{ANN}", "RRULE: Expected"),
        (f"UID:a\n{MORNING}\nRRULE:FREQ=SECONDLY\n{ANN}", "RRULE: is by the hour"),
        (f"UID:a\n{MORNING}\nRRULE:FREQ=DAILY;BYMINUTE=0,1,2\n{ANN}", "RRULE: is by the hour"),
        (f"UID:a\n{MORNING}\nRRULE:FREQ=DAILY;INTERVAL=0\n{ANN}", "RRULE: comes again after nothing"),
        (f"UID:a\n{MORNING}\nRRULE:FREQ=DAILY;UNTIL=20261125\n{ANN}", "RRULE: lasts until a day"),
        (f"UID:a\n{MORNING}\nEXDATE;TZID=No/Where:20261123T080000\n{ANN}", "EXDATE: is by a zone 'No/Where'"),
        (
            f"UID:a\nDTSTART;TZID=No/Where:20261123T080000\nDTEND:20261123T160000\n{ANN}",
            "DTSTART: is by a zone 'No/Where', which is neither known nor told",
        ),
        (f"UID:a\nDTSTART:20261123T160000\nDTEND:20261123T080000\n{ANN}", "DTEND: is not after DTSTART"),
        (f"UID:a\nDTSTART:20261123T160000\nDTEND:20261123T180000Z\n{ANN}", "DTEND: has a zone"),
        (f"UID:a\nDTSTART:20261123T160000\n{ANN}", "DTEND: is missing"),
        (f"{MORNING}\n{ANN}", "UID: is missing"),
        (f"UID:a\nDTEND:20261123T160000\n{ANN}", "DTSTART: is missing"),
        (f"UID:a\n{MORNING}", "ATTENDEE: is missing"),
        (
            f"UID:a\n{MORNING}\nATTENDEE;CN=Bob:mailto:bob@example.org",
            "ATTENDEE: 'bob or bob@example.org or Bob' is no",
        ),
        (f"UID:a\n{MORNING}\nX-CCD-AGENT:9", "X-CCD-AGENT: '9' is no agent"),
        (f"UID:a\nDTSTART:20261123T080000\nDTEND:20261124T080000\n{ANN}", "DTEND: is a whole day after"),
        (f"UID:a\n{MORNING}\nX-CCD-BREAK:16:00-17:00\n{ANN}", "X-CCD-BREAK: is not within the shift"),
        (f"UID:a\n{MORNING}\nX-CCD-BREAK:noon\n{ANN}", "breaks: 'noon' is no break"),
        (f"UID:a\n{MORNING}\nX-CCD-AGENT:1005", "1005 is in no unit on 2026-11-23"),
        (f"UID:a\n{MORNING}\nCATEGORIES:BREAK\n{ANN}", "is a break, and in no shift of 1001"),
    ],
)
def test_what_no_shift_has_is_a_fault_at_its_event(event: str, says: str):
    good = "UID:ok\nDTSTART:20261123T080000\nDTEND:20261123T090000\nX-CCD-AGENT:1004"
    check(good, event, says=(f"plan.csv:{FIRST_EVENT + 6}: {says}",))


def test_every_fault_is_named_and_not_the_first_alone():
    check(
        f"UID:a\nDTSTART:2026x\n{ANN}", f"UID:b\n{MORNING}", "UID:c",
        says=(
            "plan.csv:5: DTSTART: Expected",
            "plan.csv:10: ATTENDEE: is missing",
            "plan.csv:15: DTSTART: is missing",
            "plan.csv:15: DTEND: is missing",
        ),
    )  # fmt: skip


def test_shifts_of_a_series_that_meet_each_other_are_a_fault():
    check(
        f"UID:a\n{MORNING}\n{ANN}",
        f"UID:b\nDTSTART;{ZONE}:20261123T150000\nDTEND;{ZONE}:20261123T230000\n{ANN}",
        says=("plan.csv:11: DTSTART: is within the time of line 5",),
    )


def test_two_events_of_one_name_are_a_fault_and_not_one_of_them_a_shift():
    check(f"UID:a\n{MORNING}\n{ANN}", f"UID:a\n{MORNING}\n{ANN}", says=("plan.csv:11: UID: is that of line 5 too",))


def test_a_break_that_reaches_out_of_its_shift_is_a_fault():
    late = f"UID:b\nCATEGORIES:BREAK\nDTSTART;{ZONE}:20261123T154500\nDURATION:PT45M\n{ANN}"
    check(f"UID:a\n{MORNING}\n{ANN}", late, says=("plan.csv:11: is not within the shift of line 5",))


@pytest.mark.parametrize("begins", [b"BEGIN:VEV\r\n ENT", b"BEGIN:VEVENT "])
def test_an_event_whose_line_is_not_known_is_said_and_not_left_out(begins: bytes):
    written = calendar(f"UID:a\n{MORNING}\n{ANN}").replace(b"BEGIN:VEVENT", begins)
    with pytest.raises(ImportFaultsError, match="VEVENT: is not alone on one line"):
        parse(written, FILE, DAYS, WEEK)


@pytest.mark.parametrize("data", [b"", b"hello", b"\xff\xfe", b"BEGIN:VCALENDAR\r\n", b"agent,day,start,end\n"])
def test_what_is_no_calendar_is_said(data: bytes):
    with pytest.raises(ImportFaultsError, match=r"plan\.csv: is no calendar"):
        parse(data, FILE, DAYS, WEEK)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:a\r\n", "what begins in it does not end"),
        (b"", "what begins in it does not end"),
        (calendar() * 2, "there are 2 in it"),
        (b"BEGIN:VCARD\r\nFN:Ann\r\nEND:VCARD\r\n", "it is a VCARD"),
        (b"BEGIN:VTODO\r\nUID:a\r\nEND:VTODO\r\n", "it is a VTODO"),
    ],
)
def test_what_is_not_one_whole_calendar_is_said_and_withdraws_no_shift(data: bytes, says: str):
    with pytest.raises(ImportFaultsError) as refused:
        parse(data, FILE, DAYS, WEEK)
    (fault,) = refused.value.faults
    assert says in fault.problem
    assert "b'" not in fault.problem
