"""Leave as personnel systems write it: what is understood, and what is said of what is not."""

from datetime import date, time, timedelta
from random import Random

import pytest

from ccd.errors import ImportFaultsError
from ccd.org import roster_file
from ccd.org.agent_days import AgentDays
from ccd.org.leave_file import parse, rendered, words
from ccd.org.units import Unit, Units
from tests.org.planned import DAYS, FILE, us

HEADER = "agent,kind,from,to,uid,withdrawn"
KINDS = ("personal", "sick")


def test_a_date_is_the_start_of_that_business_day_and_a_time_the_unit_s_own():
    text = (
        f"{HEADER}\n"
        "1001,personal,2026-11-23,2026-11-25,a\n"
        "1002,sick,2026-11-23,2026-11-24,b\n"
        "1003,sick,2026-11-23T08:00,2026-11-23T12:30\n"
        "1001,sick,2026-12-01T08:00+00:00,2026-12-01T10:00+00:00,,yes\n"
    )
    two_days, night, hours, gone = parse(text, FILE, DAYS, KINDS)
    assert (two_days.uid, two_days.what, str(two_days.day), two_days.line) == ("a", "personal", "2026-11-23", 2)
    assert (two_days.start, two_days.end) == (us("2026-11-23T00:00"), us("2026-11-25T00:00"))
    assert (night.start, night.end) == (us("2026-11-23T04:00"), us("2026-11-24T04:00"))
    assert (hours.uid, hours.start) == ("1003/2026-11-23T08:00", us("2026-11-23T08:00", "Europe/Berlin"))
    assert (gone.withdrawn, gone.start) == (True, us("2026-12-01T16:00"))


def test_every_fault_is_named_with_its_line_and_column():
    text = (
        f"{HEADER}\n"
        "9,flu,tomorrow,2026-11-24,\n"
        "1001,personal,2026-11-23,2026-11-23,\n"
        "1001,personal,2026-11-23,9999-12-31,\n"
        "1005,personal,2026-11-23,2026-11-24,\n"
        "1002,sick,2026-11-20,2026-11-24,x\n"
        "1002,sick,2026-11-23,2026-11-25,y\n"
    )
    with pytest.raises(ImportFaultsError) as raised:
        parse(text, FILE, DAYS, KINDS)
    expected = (
        "plan.csv:2: agent: '9' is on no line of the roster",
        "plan.csv:2: kind: 'flu' is no kind of leave; allowed: personal, sick",
        "plan.csv:2: from: 'tomorrow' is no date",
        "plan.csv:3: to: '2026-11-23' is not after from",
        "plan.csv:4: to: '9999-12-31' is no date",
        "plan.csv:5: from: 1005 is in no unit on 2026-11-23",
        "plan.csv:7: from: is within the time of line 6",
    )
    found = str(raised.value).splitlines()
    assert len(found) == len(expected), found
    for said, wanted in zip(found, expected, strict=True):
        assert said.startswith(wanted), said


@pytest.mark.parametrize(
    "said",
    [
        "20261123", "2026-W48-1", "2026-11-23T08", "2026-11-23T08:00:00.5", "2026-11-23T08:00Z", "0001-01-01",
        "1970-12-31", "2100-01-01", "2026-11-23T08:00+99:00", "2026-02-30",
    ],
)  # fmt: skip
def test_a_moment_is_written_as_it_would_be_written_out_again_and_of_years_that_clocks_know(said: str):
    with pytest.raises(
        ImportFaultsError, match=r"plan.csv:2: from: .* is no date; allowed: 2026-11-23, of the years 1971"
    ):
        parse(f"{HEADER}\n1001,sick,{said},2026-11-24\n", FILE, DAYS, KINDS)


def test_with_an_offset_leave_is_of_the_day_that_the_agent_has_then():
    told = parse("agent,kind,from,to\n1001,sick,2026-11-30T16:00+00:00,2026-12-01T16:00+00:00\n", FILE, DAYS, KINDS)
    assert str(told[0].day) == "2026-12-01", "of which December's file tells"
    assert words(told[0], DAYS) == "sick 2026-12-01 to 2026-12-02"
    (again,) = parse(rendered(told, DAYS), FILE, DAYS, KINDS)
    assert again == told[0]


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia"])
@pytest.mark.parametrize("moment", ["2026-10-25", "2026-10-24T12:30+00:00"])
def test_leave_of_who_moves_to_another_zone_is_written_out_as_it_was_meant(zone: str, moment: str):
    units = Units("Asia/Shanghai", time(0), {"home": Unit(), "away": Unit(timezone=zone, day_starts_at=time(4))})
    lines = f"1,PJSIP/1,,away,,{moment}\n1,PJSIP/1,,home,{moment},\n"
    roster = roster_file.parse(f"agent,interface,member_name,unit,from,to\n{lines}", FILE, units)
    days, chance = AgentDays(roster, units), Random(7)
    first = date(2026, 10, 23)
    for _ in range(100):
        begins = first + timedelta(days=chance.randrange(4))
        ends = begins + timedelta(days=chance.randrange(3, 6))
        said = [str(each) if chance.random() < 0.3 else f"{each}T{chance.randrange(24):02}:30"
                + chance.choice(("", "+00:00", "-05:00", "+10:30")) for each in (begins, ends)]  # fmt: skip
        told = parse(f"agent,kind,from,to\n1,sick,{','.join(said)}\n", FILE, days, KINDS)
        assert [each._replace(line=2) for each in parse(rendered(told, days), FILE, days, KINDS)] == [*told], said


def test_what_is_written_out_says_the_same_when_it_is_read():
    text = (
        "agent,kind,from,to,uid\n"
        "1001,personal,2026-11-23,2026-11-25,a\n"
        "1002,sick,2026-11-23,2026-11-24T12:30,b\n"
        "1003,sick,2026-10-25T02:30+01:00,2026-10-25T06:00:10,c\n"
    )
    told = parse(text, FILE, DAYS, KINDS)
    assert rendered(told, DAYS) == text
    assert words(told[1], DAYS) == "sick 2026-11-23 to 2026-11-24T12:30"
