"""A share of a contract that is said otherwise for days that are over is noticed, at a reload or at the next start."""

from pathlib import Path

from ccd.daemon.judged_by.applied_shares import FILE, AppliedShares
from ccd.daemon.judged_by.notes import keep
from ccd.daemon.site import Site
from ccd.org.csv_faults import Written
from ccd.settings import Settings

HEADER = "person,name,agent,role,unit,from,to,deputy_of,contract_ppm,contract_from\n"
MARCH = 1_772_323_200_000_000  # 2026-03-01 in UTC
HALF = "li,,1001,,,,,,500000,2026-02-01\n"
ALL_AGAIN = "li,,1001,,,,,,1000000,2026-03-01\n"


def site(*lines: str, **policy: object) -> Site:
    settings = Settings.model_validate({"policy": [{"from": "1970-01-01", **policy}]})
    return Site(settings, people=Written(Path("people.csv"), HEADER + "".join(lines)))


def changed(folder: Path, now: Site) -> int | None:
    return AppliedShares(folder).changed_since(now)


def test_what_is_said_otherwise_holds_from_the_first_day_on_that_differs(tmp_path: Path) -> None:
    assert changed(tmp_path, site(HALF)) is None, "none was applied before"
    keep(AppliedShares(tmp_path).note(site(HALF)))
    assert changed(tmp_path, site(HALF)) is None
    assert changed(tmp_path, site(HALF, ALL_AGAIN)) == MARCH
    assert changed(tmp_path, site(HALF, "li,,,,,,,,500000,2026-03-01\n")) is None, "the same, said twice"
    assert changed(tmp_path, site("li,,1001,,,,,,500000,\n")) == 0, "always"
    assert changed(tmp_path, site(HALF, "wu,,1002,,,,,,900000,2026-03-01\n")) == MARCH
    for damaged in ("[", "[" * 100_000):
        (tmp_path / FILE).write_text(damaged)
        assert changed(tmp_path, site(HALF)) == 0, "it may have said anything"


def test_where_no_day_goes_by_shares_nothing_is_measured_anew(tmp_path: Path) -> None:
    keep(AppliedShares(tmp_path).note(site()))
    assert changed(tmp_path, site(HALF, part_time="fewer_days")) is None
    assert changed(tmp_path, site(HALF, schedules=True)) is None
