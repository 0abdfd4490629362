"""The roster as people write it: what is understood, and what is said of what is not."""

from datetime import UTC, datetime, time
from pathlib import Path

import pytest

from ccd.errors import RosterError
from ccd.org.csv_faults import FAULTS_MAX
from ccd.org.roster import AFTER_ALL
from ccd.org.roster_file import parse, read
from ccd.org.units import Unit, Units

UNITS = Units("UTC", time(0), {"night": Unit(timezone="Asia/Shanghai", day_starts_at=time(4))})
FILE = Path("roster.csv")
HEADER = "agent,interface,member_name,unit"


def us(*moment: int) -> int:
    return int(datetime(*moment, tzinfo=UTC).timestamp()) * 1_000_000  # type: ignore[arg-type, misc] # year, month, …


def faults(text: str) -> list[str]:
    with pytest.raises(RosterError) as raised:
        parse(text, FILE, UNITS)
    return str(raised.value).splitlines()


def check(text: str, *expected: str) -> None:
    """Each fault begins as expected, and there are no others."""
    found = faults(text)
    assert len(found) == len(expected), found
    for said, wanted in zip(found, expected, strict=True):
        assert said.startswith(wanted), said


def test_a_roster_as_people_keep_it_is_understood():
    text = (
        f"{HEADER},name,pbx,from,to\r\n"
        '1001,Local/1001@agents/n,"Liu, Ann",team-1,刘安,one,2026-11-23,2026-11-24T06:30\r\n'
        "\r\n"
        " 1002 , PJSIP/2 ,,night,,,2026-11-23,2026-11-24T06:30+00:00\r\n"
    )
    first, second = parse(text, FILE, UNITS).entries
    assert (first.agent, first.member_name, first.pbx, first.name) == ("1001", "Liu, Ann", "one", "刘安")
    assert (first.start, first.end) == (us(2026, 11, 23), us(2026, 11, 24, 6, 30))
    assert (second.line, second.agent, second.interface) == (4, "1002", "PJSIP/2")
    assert (second.start, second.end) == (us(2026, 11, 22, 20), us(2026, 11, 24, 6, 30))


def test_short_lines_and_a_file_of_a_header_alone_are_fine():
    assert parse(f"{HEADER},pbx\n1001,PJSIP/1,,team-1\n", FILE, UNITS).entries[0].pbx == ""
    assert parse(HEADER, FILE, UNITS).entries == ()


@pytest.mark.parametrize("ever", ["9999-12-31", "9999-12-31T23:59:59", "9999-12-31T23:59:59+08:00", "9999-01-01"])
@pytest.mark.parametrize("unit", ["team-1", "night"])
def test_a_line_until_the_end_of_the_calendar_has_no_end(ever: str, unit: str):
    text = f"{HEADER},from,to\n1001,PJSIP/1,,{unit},2026-11-23,{ever}\n"
    (entry,) = parse(text, FILE, UNITS).entries
    assert (entry.end, entry.bounds) == (AFTER_ALL, 1)


def test_a_line_may_not_begin_at_the_end_of_the_calendar():
    check(f"{HEADER},from,to\n1001,PJSIP/1,,team-1,9999-12-31,\n", "roster.csv:2: from: '9999-12-31' never comes")


def test_every_fault_is_named_with_its_line_and_column():
    check(
        f"{HEADER},from,to\n,PJSIP/1,,team-1\n1002,,,\n1003,PJSIP/3,,team-1,tomorrow,2026-13-01\n1,2,3,4,5,6,7\n",
        "roster.csv:2: agent: is empty",
        "roster.csv:3: unit: is empty",
        "roster.csv:3: interface: is empty, and so is member_name",
        "roster.csv:4: from: 'tomorrow' is no date",
        "roster.csv:4: to: '2026-13-01' is no date",
        "roster.csv:5: has 7 columns, the header 6",
    )


def test_lines_that_contradict_each_other_name_each_other():
    check(
        f"{HEADER},from,to\n"
        "1001,PJSIP/1,,team-1,,\n"
        "1002,PJSIP/1,,team-1,,\n"
        "1001,PJSIP/9,,team-2,,\n"
        "1005,PJSIP/5,,team-1,2026-11-24,2026-11-23\n",
        "roster.csv:3: says whose this seat is at the same time as line 2",
        "roster.csv:4: puts this agent in another unit at the same time as line 2",
        "roster.csv:5: to: is not after from",
    )


def test_a_fault_of_a_line_hides_nothing_between_the_lines():
    check(
        f"{HEADER},from,to\n"
        ",PJSIP/1,,team-1,,\n"
        "1002,PJSIP/1,,team-1,,\n"
        "1002,PJSIP/2,,team-2,,\n"
        "1003,PJSIP/2,,,,\n"
        "1004,,,team-1,2026-11-24,2026-11-23\n"
        "1005,,,team-1,,\n"
        "1002,PJSIP/1,,team-1,tomorrow,\n"
        "1003,PJSIP/1,,,2026-11-24,\n"
        ",PJSIP/7,,team-1,,\n"
        ",PJSIP/8,,team-2,,\n",
        "roster.csv:2: agent: is empty",
        "roster.csv:3: says whose this seat is at the same time as line 2",
        "roster.csv:4: puts this agent in another unit at the same time as line 3",
        "roster.csv:5: unit: is empty",
        "roster.csv:5: says whose this seat is at the same time as line 4",
        "roster.csv:6: interface: is empty",
        "roster.csv:6: to: is not after from",
        "roster.csv:7: interface: is empty",
        "roster.csv:8: from: 'tomorrow' is no date",
        "roster.csv:9: unit: is empty",
        "roster.csv:10: agent: is empty",
        "roster.csv:11: agent: is empty",
    )


@pytest.mark.parametrize("header", ["", "agent;interface;member_name;unit", "agent,interface,unit", f"{HEADER},colour"])
def test_a_header_that_is_not_one_is_the_only_fault(header):
    check(f"{header}\n1001,PJSIP/1,,team-1\n", "roster.csv:1: the header has to be agent,interface,member_name,unit")


def test_a_quote_that_is_never_closed_is_said_to_be_no_csv():
    check(f'{HEADER}\n1001,"PJSIP/1,,team-1\n', "roster.csv:2: is not CSV: unexpected end of data")


def test_a_file_full_of_faults_does_not_print_itself():
    assert len(faults(f"{HEADER}\n" + ",,,\x20\n" + ",PJSIP/1,,team-1\n" * 1_000)) == FAULTS_MAX


def test_a_file_with_a_byte_order_mark_is_read_and_one_in_another_encoding_is_named(tmp_path):
    file = tmp_path / "roster.csv"
    file.write_bytes(f"\ufeff{HEADER}\n1001,PJSIP/1,安,team-1\n".encode())
    assert read(file, UNITS).entries[0].member_name == "安"
    file.write_bytes(f"{HEADER}\n1001,PJSIP/1,安,team-1\n".encode("gb18030"))
    with pytest.raises(RosterError, match="is not UTF-8"):
        read(file, UNITS)
    with pytest.raises(RosterError, match="can't be read"):
        read(tmp_path / "nowhere.csv", UNITS)


def test_a_nul_which_no_database_takes_for_text_is_named():
    check(f"{HEADER}\n10\x0001,PJSIP/1,,team-1\n", "roster.csv:2: agent: has a NUL in it")
