"""What a roster says otherwise than another, as whoever imports it is told."""

import random
from dataclasses import replace
from datetime import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccd.org import roster_file
from ccd.org.changes import roster_changes, row_changes, said
from ccd.org.roster import Roster, RosterLine, changes_since
from ccd.org.units import Unit, Units

UNITS = Units("Asia/Shanghai", time(0), {"night": Unit(day_starts_at=time(4)), "west": Unit(timezone="Europe/London")})
HEADER = "agent,interface,member_name,unit,pbx,from,to,name\n"
LINE = "1001,PJSIP/1,,day,,2026-11-01,,\n"


def roster(lines: str) -> Roster:
    return roster_file.parse(HEADER + lines, Path("roster.csv"), UNITS)


def told(before: str, after: str) -> list[str]:
    return [said(change, UNITS) for change in roster_changes(roster(before), roster(after))]


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("", "1001,PJSIP/1,,day,,,,\n", ["+ 1001: PJSIP/1, in day"]),
        ("", "1001,PJSIP/1,Ann,day,a,2026-11-01,,Ann Lee\n",
         ["+ 1001: PJSIP/1 as Ann on a, in day, from 2026-11-01, called Ann Lee"]),
        ("1001,,Ann,day,,,2026-11-01T08:30,\n", "", ["- 1001: Ann, in day, to 2026-11-01T08:30:00+08:00"]),
        (LINE, LINE, []),
        (LINE, "\n1001,PJSIP/1,,day,,2026-11-01T00:00,,\n", []),
        ("1001,PJSIP/1,,night,,2026-11-01,,\n", "1001,PJSIP/1,,night,,2026-11-01T04:00,,\n", []),
        (LINE, LINE.replace(",,\n", ",2026-12-01,\n"), ["~ 1001: PJSIP/1: to ever -> 2026-12-01"]),
        (LINE, LINE.replace("2026-11-01", ""), ["~ 1001: PJSIP/1: from 2026-11-01 -> ever"]),
        (LINE, LINE.replace("day", "west"),
         ["~ 1001: PJSIP/1: unit day -> west"]),
        (LINE, LINE.replace(",,\n", ",,Ann\n"), ["~ 1001: PJSIP/1: name nothing -> Ann"]),
        (LINE, LINE.replace("PJSIP/1", "PJSIP/2"),
         ["- 1001: PJSIP/1, in day, from 2026-11-01", "+ 1001: PJSIP/2, in day, from 2026-11-01"]),
        (LINE, LINE.replace(",,\n", ",2026-12-01,\n") + "1001,PJSIP/1,,night,,2026-12-01,,\n",
         ["~ 1001: PJSIP/1: to ever -> 2026-12-01",
          "+ 1001: PJSIP/1, in night, from 2026-12-01T00:00:00+08:00"]),
        ("1002,PJSIP/2,,day,,,,\n1001,PJSIP/1,,day,,,,\n", "1001,PJSIP/1,,day,,,,\n1002,PJSIP/2,,day,,,,\n", []),
    ],
)  # fmt: skip
def test_each_line_that_differs_is_told(before: str, after: str, says: list[str]) -> None:
    assert told(before, after) == says


def test_nothing_is_told_where_and_only_where_nothing_is_said_otherwise() -> None:
    """Taken away from the old roster and added to it, the changes make the new one."""
    chance = random.Random(7)

    def some_lines() -> str:
        agents = chance.sample(range(1001, 1013), chance.randint(1, 12))
        lines = [
            f"{agent},PJSIP/{agent},,{chance.choice(['day', 'night', 'west'])},,"
            f"{chance.choice(['', '2026-11-01', '2026-11-02T07:00'])},,{chance.choice(['', 'Ann'])}\n"
            for agent in agents
        ]
        return "".join(lines)

    for _ in range(200):
        before, after = roster(some_lines()), roster(some_lines())
        found = roster_changes(before, after)
        lines = {str(_bare(entry)) for entry in before.entries}
        lines -= {str(change.before) for change in found if change.before}
        lines |= {str(change.after) for change in found if change.after}
        assert lines == {str(_bare(entry)) for entry in after.entries}
        assert found or changes_since(before, after) is None
        assert roster_changes(after, after) == []
        assert all(said(change, UNITS) for change in found)


def _bare(entry: RosterLine) -> RosterLine:
    return replace(entry, line=0)


COLUMNS = ("unit", "parent", "from", "to")
CELLS = st.fixed_dictionaries(
    {
        "unit": st.sampled_from("ab"),
        "parent": st.sampled_from(("", "c", "d")),
        "from": st.sampled_from(("", "2026-12-01")),
    }
)


@given(st.lists(CELLS, max_size=6), st.lists(CELLS, max_size=6))
def test_what_is_told_of_lines_makes_the_new_file_of_the_old_one(
    before: list[dict[str, str]], after: list[dict[str, str]]
) -> None:
    found = row_changes(before, after, COLUMNS)
    assert bool(found) == (sorted(map(_spelled, before)) != sorted(map(_spelled, after)))
    lines = sorted(map(_spelled, before))
    for change in found:
        for row in (change.before,) if change.before is not None else ():
            lines.remove(_spelled({"unit": change.key} | dict(row)))
    lines += [_spelled({"unit": change.key} | dict(change.after)) for change in found if change.after is not None]
    assert sorted(lines) == sorted(map(_spelled, after))
    assert all(change.before != change.after for change in found)


def _spelled(row: dict[str, str]) -> str:
    return ", ".join(f"{column} {row[column]}" for column in ("unit", "parent", "from") if row.get(column))


def test_a_changed_line_is_told_with_what_differs_and_one_that_comes_or_goes_in_full() -> None:
    before = [{"unit": "a", "parent": "c", "to": ""}, {"unit": "b", "parent": "c"}]
    after = [{"unit": "a", "parent": "c", "to": "2026-12-01"}, {"unit": "a", "parent": "d", "from": "2026-12-01"}]
    assert [str(change) for change in row_changes(before, after, COLUMNS)] == [
        "~ a: to nothing -> 2026-12-01", "+ a: parent d, from 2026-12-01", "- b: parent c",
    ]  # fmt: skip
    assert row_changes(before, [dict(reversed(row.items())) for row in reversed(before)], COLUMNS) == []
