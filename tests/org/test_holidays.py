"""Which days are worked: China's working weekends, years that nobody has published, what an operator knows better."""

import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from ccd.errors import ImportFaultsError, UnknownCountryError
from ccd.org.holidays import DayKind, Holidays, KnownDay, parse_holidays

FILE = Path("holidays.csv")
WORK, REST, HOLIDAY = DayKind.WORKDAY, DayKind.REST_DAY, DayKind.STATUTORY_HOLIDAY

# What the State Council published for 2026: weekends that are worked, days off for which they are, holidays that are
# kept on a weekday because they fall on a weekend, and the thirteen holidays themselves.
WORKED_WEEKENDS = ("01-04", "02-14", "02-28", "05-09", "09-20", "10-10")
DAYS_OFF = ("01-02", "02-20", "02-23", "05-05", "10-06", "10-07")
ON_ANOTHER_DAY = ("04-06", "05-04", "10-05")
THEMSELVES = (
    "01-01", "02-16", "02-17", "02-18", "02-19", "04-05", "05-01", "05-02", "06-19", "09-25", "10-01", "10-02", "10-03",
)  # fmt: skip


def china(**corrected: KnownDay) -> Holidays:
    return Holidays("CN", {day.day: day for day in corrected.values()})


def test_every_day_of_china_s_2026_is_of_the_kind_that_was_published():
    expected = dict.fromkeys(THEMSELVES, HOLIDAY)
    expected |= dict.fromkeys((*DAYS_OFF, *ON_ANOTHER_DAY), REST)
    expected |= dict.fromkeys(WORKED_WEEKENDS, WORK)
    found = list(china().year(2026))
    assert len(found) == 365
    for known in found:
        usual = REST if known.day.weekday() >= 5 else WORK
        assert known.kind is expected.get(f"{known.day:%m-%d}", usual), known


def test_a_weekend_that_is_worked_says_so_and_a_holiday_has_its_name():
    holidays = china()
    assert [f"{day.day:%m-%d}" for day in holidays.year(2026) if holidays.is_moved(day.day)] == list(WORKED_WEEKENDS)
    assert holidays.of(date(2026, 10, 1)).name == "国庆节"
    assert holidays.of(date(2026, 11, 23)) == KnownDay(date(2026, 11, 23), WORK, "")


def test_a_year_that_nobody_has_published_is_told_from_one_that_somebody_has():
    holidays = china()
    assert [holidays.is_published(year) for year in (2025, 2026, 2030)] == [True, True, False]
    assert Holidays("DE", {}).is_published(2030), "there the law alone says it"


def test_what_an_operator_knows_counts_before_the_library_and_makes_the_year_known():
    worked = KnownDay(date(2030, 2, 9), WORK, "春节调休")
    holidays = china(worked=worked)
    assert holidays.of(worked.day) == worked
    assert holidays.is_moved(worked.day)
    assert holidays.is_published(2030)
    assert holidays.of(date(2030, 2, 10)).kind is REST


@pytest.mark.parametrize(
    ("country", "day", "kind"),
    [
        ("DE", "2026-10-03", HOLIDAY),  # a Saturday
        ("DE", "2026-01-06", WORK),
        ("DE-BY", "2026-01-06", HOLIDAY),
        ("US", "2026-07-03", REST),  # Independence Day, kept on the Friday
        ("US", "2026-07-04", HOLIDAY),
        ("GB", "2026-12-28", REST),  # Boxing Day, kept on the Monday
        ("JP", "2026-05-03", HOLIDAY),
    ],
)
def test_other_countries_and_parts_of_them(country: str, day: str, kind: DayKind):
    assert Holidays(country, {}).of(date.fromisoformat(day)).kind is kind


def test_days_are_of_the_same_kind_whatever_language_the_machine_speaks():
    script = (
        "from datetime import date; from ccd.org.holidays import Holidays; "
        "print(*(Holidays('CN', {}).of(date(2026, 10, day)).kind for day in (3, 5, 6, 10)))"
    )
    for language in ("en_US.UTF-8", "zh_CN.UTF-8", "C"):
        environment = os.environ | {"LANG": language, "LANGUAGE": language, "LC_ALL": "C.UTF-8"}
        done = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environment,
            cwd=Path(__file__).parents[2],
        )  # fmt: skip
        assert done.stdout.split() == ["statutory_holiday", "rest_day", "rest_day", "workday"], language


def test_a_country_that_nobody_knows_is_said():
    for country in ("XX", "DE-XX", ""):
        with pytest.raises(UnknownCountryError, match=f"{country}.*CN, DE-BY"):
            Holidays(country, {})


def test_corrections_are_read_by_country_and_each_fault_is_named():
    text = "country,day,kind,name\nCN,2030-02-09,workday,春节调休\nDE-BY,2026-12-24,rest_day,Heiligabend\n"
    known = parse_holidays(text, FILE)
    assert known["CN"] == {date(2030, 2, 9): KnownDay(date(2030, 2, 9), WORK, "春节调休")}
    assert list(known) == ["CN", "DE-BY"]
    with pytest.raises(ImportFaultsError) as raised:
        parse_holidays(text + "CN,2030-02-09,rest,\n,soon,workday,\n", FILE)
    assert str(raised.value).splitlines() == [
        "holidays.csv:4: kind: 'rest' is no kind of day; allowed: workday, rest_day, statutory_holiday",
        "holidays.csv:4: day: 2030-02-09 is that of line 2 too",
        "holidays.csv:5: country: is empty; whose day is it?",
        "holidays.csv:5: day: 'soon' is no day; allowed: 2026-11-23, of the years 1971 to 2099",
    ]


def test_what_is_new_is_of_countries_that_are_known_and_what_was_imported_stays():
    text = "country,day,kind,name\ncn,2026-02-14,workday,\nCN,20260215,workday,\nDE-BY,2026-02-14,workday,\n"
    assert parse_holidays(text, Path("holidays.csv")).keys() == {"cn", "CN", "DE-BY"}
    with pytest.raises(ImportFaultsError) as raised:
        parse_holidays(text, Path("holidays.csv"), is_new=True)
    assert str(raised.value).splitlines() == [
        "holidays.csv:2: country: 'cn' is no country whose holidays are known; allowed: as CN, DE-BY",
        "holidays.csv:3: day: '20260215' is no day; allowed: 2026-11-23, of the years 1971 to 2099",
    ]
