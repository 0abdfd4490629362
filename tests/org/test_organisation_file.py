"""The tree of units as a file: what it says, and every fault with its line and column."""

import csv
import io
from datetime import date, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given

from ccd.errors import ImportFaultsError
from ccd.org.organisation_file import HEADER, parse
from ccd.org.units import Units
from tests.org.organisations import organisations

FILE = Path("organisation.csv")
HEAD = ",".join(HEADER.needed) + "\n"
MOVED = date(2026, 12, 1)


def said(*lines: str) -> Units:
    return parse(HEAD + "\n".join(lines), FILE, "UTC", time(0))


def faults(*lines: str) -> list[str]:
    with pytest.raises(ImportFaultsError) as found:
        said(*lines)
    return [str(fault) for fault in found.value.faults]


def test_the_sample_says_a_tree_in_which_a_team_moves() -> None:
    units = parse(Path("config/organisation.csv").read_text(), FILE, "UTC", time(0))
    before = MOVED - timedelta(days=1)
    assert units.with_above("team-1", before) == ("team-1", "south", "centre")
    assert units.with_above("team-1", MOVED) == ("team-1", "north", "centre")
    assert units.with_below(["south"], MOVED) == {"south", "team-2"}
    assert (units.timezone("team-1"), units.name("team-1"), units.country("team-1", MOVED)) == (
        "Asia/Shanghai", "一班", "CN",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([",team,,,,,,,"], ["2: unit: is empty"]),
        (["*,team,,,,,,,"], ["2: unit: '*' means all units"]),
        (["a,squad,,,,,,,"], ["2: kind: 'squad'; allowed: centre, sub_centre, team"]),
        (["a,team,b,,,,,,"], ["2: parent: 'b' is no unit of this file"]),
        (["a,team,,,Asia/Nowhere,,,,"], ["2: timezone: 'Asia/Nowhere' is no time zone"]),
        (["a,team,,,,4:00,,,"], ["2: day_starts_at: '4:00' is no time of day"]),
        (["a,team,,,,0400Z,,,"], ["2: day_starts_at: '0400Z' is no time of day"]),
        (["a,team,,,,,XX,,"], ["2: country: 'XX' is no country"]),
        (["a,team,,,,,,1.12.2026,"], ["2: from: '1.12.2026' is no day"]),
        (["a,team,,,,,,2026-12-01,2026-12-01"], ["2: to: 2026-12-01 is not after from"]),
        (["a,team,,,,,,,2026-12-02", "a,team,,,,,,2026-12-01,"], ["3: from: is within the time of line 2"]),
        (["a,team,,,,,,,2026-12-01", "a,centre,,,,,,2026-12-01,"], ["3: kind: is 'team' on line 2"]),
        (["a,team,a,,,,,,"], ["2: parent: a stands above itself from the first of all days on"]),
        (["a,team,b,,,,,,", "b,team,a,,,,,,", "c,team,a,,,,,,"],
         ["2: parent: a stands above itself", "3: parent: b stands above itself"]),
        (["a,centre,b,,,,,,", "b,team,,,,,,,"], ["2: parent: 'b' is a team, and a centre does not stand below one"]),
        (["a,team,b,,,,,,", "b,centre,,,,,,2026-12-01,"], ["2: parent: 'b' is not there from the first"]),
        (["a,team,b,,,,,2026-12-01,", "b,centre,,,,,,,2026-12-05"], ["2: parent: 'b' is not there on 2026-12-05"]),
        (["a,team,,,,,,,2026-12-01", "a,team,,,Asia/Tokyo,,,2026-12-01,"],
         ["3: timezone: from 2026-12-01 on another clock would count its days"]),
        (["a,team,b,,,,,,", "b,centre,,,Asia/Tokyo,,,,2026-12-01", "b,centre,,,,04:00,,2026-12-01,"],
         ["2: timezone: from 2026-12-01 on another clock", "4: timezone: from 2026-12-01 on another clock"]),
        (["a,squad,b,,,,,,", "b,centre,,,,,zz,x,y"],
         ["2: kind: ", "3: from: 'x'", "3: to: 'y'", "3: country: 'zz'"]),
    ],
)  # fmt: skip
def test_every_fault_is_told_with_its_line_and_column(lines: list[str], expected: list[str]) -> None:
    found = faults(*lines)
    assert len(found) == len(expected), found
    for fault, start in zip(found, expected, strict=True):
        assert fault.startswith(f"organisation.csv:{start}"), fault


def test_a_unit_can_be_gone_for_a_time_and_come_back() -> None:
    units = said("a,team,,,,,,,2026-12-01", "a,team,,,,,,2026-12-09,9999-12-31")
    assert [bool(units.on("a", MOVED + timedelta(days=days))) for days in (-1, 0, 7, 8)] == [True, False, False, True]


@given(organisations())
def test_of_any_organisation_the_parsed_tree_says_on_each_day_what_its_lines_say(
    lines: list[tuple[str, ...]],
) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([HEADER.needed, *lines])
    units = parse(text.getvalue(), FILE, "UTC", time(0))
    days = [MOVED + timedelta(days=number) for number in range(-3, 40, 4)]
    for day in days:
        above = {}
        for unit, _, parent, *_, first, last in lines:
            if (first or "0001-01-01") <= str(day) < (last or "9999-12-31"):
                above[unit] = parent
        for unit in {line[0] for line in lines}:
            chain = [unit]
            while above.get(chain[-1]):
                chain.append(above[chain[-1]])
            assert units.with_above(unit, day) == tuple(chain)
            assert units.with_below([unit], day) == {
                each for each in units if unit in units.with_above(each, day)
            }  # fmt: skip
