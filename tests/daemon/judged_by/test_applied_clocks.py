"""A unit's clock is as it was on days that are over: another would count time twice, or not at all."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from ccd.daemon.judged_by.applied_clocks import AppliedClocks
from ccd.daemon.site_file import settled_by, usable
from ccd.errors import ConfigurationError

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC).timestamp()
DAY_S = 86_400
PBX = '[[pbx]]\nname = "a"\nhost = "127.0.0.1"\nsecret = "s"\n'
HEAD = 'roster = "roster.csv"\n'
UNITS = '[units.centre]\ntimezone = "Asia/Shanghai"\n[units.team-1]\nparent = "centre"\n[units.team-2]\n'
TEXT = HEAD + UNITS + PBX


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "state").mkdir()
    (tmp_path / "roster.csv").write_text("agent,interface,member_name,unit\n1,PJSIP/1,,team-1\n2,PJSIP/2,,team-2\n")
    (tmp_path / "ccd.toml").write_text(TEXT)
    return tmp_path / "ccd.toml"


def applied(file: Path, *measured: str) -> None:
    """At noon; nothing was ever seen before that."""
    clocks = AppliedClocks(file.parent / "state")
    clocks.keep(usable(file, lambda: NOON), measured, round(NOON * 1_000_000))


def check(file: Path, text: str, *faults: str, at: float = NOON) -> None:
    """The beginnings of what is said of it."""
    file.write_text(text)
    said: tuple[str, ...] = ()
    try:
        usable(file, lambda: at)
    except ConfigurationError as error:
        said = tuple(str(fault).removeprefix(str(file)) for fault in error.faults)
    assert [one[: len(fault)] for one, fault in zip(said, faults, strict=True)] == list(faults)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (TEXT.replace("Asia/Shanghai", "UTC"), ":3: units.centre.timezone: the days of team-1 have been counted by "),
        (TEXT.replace('parent = "centre"', ""), ": timezone: the days of team-1 have been counted by timezone Asia/"),
        (
            TEXT.replace('parent = "centre"', 'timezone = "UTC"'),
            (
                ":5: units.team-1.timezone: the days of team-1 have been counted by timezone Asia/Shanghai, and it now "
                "says UTC: by another clock time would be counted twice, or not at all. Put that back for them; who is "
                "to have another clock moves to a new unit that has it, by a roster line with a from"
            ),
        ),
        (
            'timezone = "Asia/Tokyo"\nday_starts_at = "04:00"\n' + TEXT.replace("Asia/Shanghai", "Asia/Tokyo"),
            ":5: units.centre.timezone: the days of team-1",
        ),
    ],
)
def test_what_moves_a_clock_by_which_days_were_measured_is_named(file: Path, text: str, fault: str) -> None:
    applied(file, "team-1")
    check(file, text, fault, *([":2: day_starts_at: the days of team-1 have been"] if "04:00" in text else []))
    with pytest.raises(ConfigurationError, match="the days of team-1"):
        settled_by(file)


def test_a_unit_that_has_had_no_day_may_be_changed(file: Path) -> None:
    applied(file, "team-1")
    check(file, TEXT.replace("[units.team-2]\n", '[units.team-2]\ntimezone = "Asia/Tokyo"\nday_starts_at = "04:00"\n'))


def test_a_unit_whose_first_day_is_over_has_had_one_whether_it_is_measured_by_now_or_not(file: Path) -> None:
    applied(file)
    moved = 'timezone = "Asia/Tokyo"\n' + TEXT
    check(file, moved)
    check(file, moved, ":1: timezone: the days of team-2 have been counted by timezone UTC", at=NOON + DAY_S)


def test_the_same_clock_said_elsewhere_is_no_change(file: Path) -> None:
    applied(file, "team-1", "team-2")
    check(file, 'timezone = "Asia/Shanghai"\n' + HEAD + '[units.team-1]\n[units.team-2]\ntimezone = "UTC"\n' + PBX)


def test_whoever_settles_beside_a_daemon_leaves_its_clocks_as_they_are(file: Path) -> None:
    applied(file)
    file.write_text('timezone = "Asia/Tokyo"\n' + TEXT)
    site = usable(file, lambda: NOON)
    AppliedClocks(file.parent / "state").keep(site, ("team-2",), round(NOON * 1_000_000), anew=False)
    check(
        file, 'timezone = "Asia/Tokyo"\n' + TEXT, ":1: timezone: the days of team-2 have been counted by timezone UTC"
    )
    check(file, TEXT)


def test_a_unit_that_was_gone_comes_back_with_the_clock_that_it_had(file: Path) -> None:
    applied(file, "team-1")
    roster = (file.parent / "roster.csv").read_text()
    (file.parent / "roster.csv").write_text(roster.replace("team-1", "team-2"))
    file.write_text(HEAD + "[units.team-2]\n" + PBX)
    applied(file, "team-1")
    (file.parent / "roster.csv").write_text(roster)
    check(file, HEAD + PBX, ": timezone: the days of team-1 have been counted by timezone Asia/Shanghai")
    check(file, TEXT)


def test_a_file_that_says_so_already_stays_whose_it_is(file: Path) -> None:
    applied(file, "team-1")
    kept = file.parent / "state" / "clocks.applied.json"
    before = kept.stat()
    applied(file, "team-1")
    assert kept.stat().st_ino == before.st_ino
    applied(file, "team-1", "team-2")
    assert kept.stat().st_ino != before.st_ino


@pytest.mark.parametrize(
    "damaged", ["[]", '{"team-1": 3}', '{"team-1": ["Mars", "00:00", "2026-11-24"]}', "{", "[" * 100_000]
)
def test_a_note_that_can_not_be_read_is_no_leave(file: Path, damaged: str) -> None:
    (file.parent / "state" / "clocks.applied.json").write_text(damaged)
    check(file, TEXT, str(file.parent / "state" / "clocks.applied.json") + ": can't be read: it is damaged; it says by")
