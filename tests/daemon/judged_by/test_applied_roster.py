"""A roster that was edited while nobody ran is noticed at the next start."""

from pathlib import Path

import pytest

from ccd.daemon.judged_by.applied_roster import AppliedRoster
from ccd.daemon.site import Site
from ccd.settings import Settings

HEADER = "agent,interface,member_name,unit,from\n"
MARCH = 1_772_323_200_000_000  # 2026-03-01 in UTC


@pytest.fixture
def roster(tmp_path: Path) -> Path:
    file = tmp_path / "roster.csv"
    file.write_text(HEADER + "1001,PJSIP/1001,,team-1,\n")
    return file


def site(roster: Path | None) -> Site:
    return Site(Settings(roster=roster))


def test_the_first_roster_of_all_changes_nothing(tmp_path: Path, roster: Path) -> None:
    assert AppliedRoster(tmp_path).changed_since(site(roster)) is None


def test_one_that_says_the_same_changes_nothing(tmp_path: Path, roster: Path) -> None:
    AppliedRoster(tmp_path).keep(site(roster))
    assert AppliedRoster(tmp_path).changed_since(site(roster)) is None


def test_a_line_that_was_added_meanwhile_holds_from_its_date(tmp_path: Path, roster: Path) -> None:
    AppliedRoster(tmp_path).keep(site(roster))
    roster.write_text(roster.read_text() + "1002,PJSIP/1002,,team-1,2026-03-01\n")
    assert AppliedRoster(tmp_path).changed_since(site(roster)) == MARCH


def test_an_edit_between_reading_and_applying_is_noticed_at_the_next_reading(tmp_path: Path, roster: Path) -> None:
    read = site(roster)
    roster.write_text(roster.read_text() + "1002,PJSIP/1002,,team-1,2026-03-01\n")
    AppliedRoster(tmp_path).keep(read)
    assert AppliedRoster(tmp_path).changed_since(site(roster)) == MARCH


def test_what_is_kept_says_the_same_whatever_lines_end_with_and_the_file_begins_with(
    tmp_path: Path, roster: Path
) -> None:
    roster.write_bytes(b"\xef\xbb\xbf" + HEADER.replace("\n", "\r\n").encode() + b'"10\n01",PJSIP/1001,,team-1,\r\n')
    AppliedRoster(tmp_path).keep(site(roster))
    assert AppliedRoster(tmp_path).changed_since(site(roster)) is None


def test_a_roster_where_there_was_none_holds_from_the_beginning(tmp_path: Path, roster: Path) -> None:
    AppliedRoster(tmp_path).keep(site(None))
    assert AppliedRoster(tmp_path).changed_since(site(roster)) == 0


def test_what_was_applied_and_can_not_be_read_may_have_said_anything(tmp_path: Path, roster: Path) -> None:
    AppliedRoster(tmp_path).keep(site(roster))
    (tmp_path / "roster.applied.csv").write_text("what is this")
    assert AppliedRoster(tmp_path).changed_since(site(roster)) == 0
