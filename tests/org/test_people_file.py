"""People and what they are there for: what a file says at each moment, and every fault with its line and column."""

from datetime import date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ccd.errors import ImportFaultsError
from ccd.org.people import ALL_UNITS, Duty, Office, Person, Role
from ccd.org.people_file import HEADER, parse
from ccd.org.staff import Staff
from ccd.org.units import Unit, Units

FILE = Path("people.csv")
HEAD = ",".join((*HEADER.needed, "joined_on", "contract_ppm")) + "\n"
UNITS = Units("UTC", time(0), {"centre": Unit(timezone="Asia/Shanghai"), "team-1": Unit(parent="centre")})


DAY = date(2026, 12, 10)


def said(*lines: str) -> Staff:
    return parse(HEAD + "\n".join(lines), FILE, UNITS, UNITS)


def at(written: str, zone: str = "Asia/Shanghai") -> int:
    return int(datetime.fromisoformat(written).replace(tzinfo=ZoneInfo(zone)).timestamp()) * 1_000_000


NOW = at("2026-12-10T12:00")


def test_the_sample_says_who_is_there_for_what() -> None:
    units = Units("Asia/Shanghai", time(0), {unit: Unit() for unit in ("centre", "south", "team-1")})
    staff = parse(Path("config/people.csv").read_text(), FILE, units, units)
    manager = Duty(Office.HOTLINE_MANAGER, "south")
    assert staff.duties("li", NOW) == (manager,)
    assert staff.duties("wang", NOW) == (Duty(Office.TEAM_LEADER, "team-1"),)
    assert staff.duties("wang", at("2026-12-24")) == (
        Duty(Office.TEAM_LEADER, "team-1"), manager._replace(deputy_for="li"),
    )  # fmt: skip
    assert staff.duties("wang", at("2026-12-28")) == staff.duties("wang", NOW)
    assert (staff.joined_on("1001"), staff.contract_ppm("1001", DAY)) == (date(2024, 3, 1), 1_000_000)
    assert (staff.joined_on("1002"), staff.contract_ppm("1002", DAY)) == (date(2025, 6, 15), 500_000)
    assert (staff.joined_on("9999"), staff.contract_ppm("9999", DAY)) == (None, 1_000_000)


def test_an_office_is_held_from_one_instant_to_another_by_its_units_clock() -> None:
    staff = said("li,,,auditor,team-1,2026-12-01,2026-12-02T08:00,,,", "li,,,auditor,*,2026-12-03,,,,")
    for moment, held in (
        (at("2026-12-01") - 1, ()),
        (at("2026-12-01"), (Duty(Office.AUDITOR, "team-1"),)),
        (at("2026-12-02T08:00") - 1, (Duty(Office.AUDITOR, "team-1"),)),
        (at("2026-12-02T08:00"), ()),
        (at("2026-12-03", "UTC") - 1, ()),
        (at("2026-12-03", "UTC"), (Duty(Office.AUDITOR, ALL_UNITS),)),
    ):
        assert staff.duties("li", moment) == held


def test_a_deputy_has_what_the_other_has_then_and_nothing_that_is_lent_to_the_other() -> None:
    staff = said(
        "li,,1009,hotline_manager,centre,,2026-12-20,,,",
        "wang,,,,,2026-12-01,,li,,",
        "wu,,,,,2026-12-01,,wang,,",
    )
    assert staff.duties("wang", NOW) == (Duty(Office.HOTLINE_MANAGER, "centre", "li", "1009"),)
    assert staff.duties("wu", NOW) == ()
    assert staff.duties("wang", at("2026-12-20")) == ()


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([",,,auditor,*,,,,,"], ["2: person: is empty"]),
        (["li,,,boss,*,,,,,"], ["2: role: 'boss'; allowed: team_leader, supervisor, hotline_manager"]),
        (["li,,,auditor,,,,,,"], ["2: unit: is empty"]),
        (["li,,,auditor,team-9,,,,,"], ["2: unit: 'team-9' is no unit"]),
        (["li,,,,team-1,,,,,"], ["2: unit: goes with a role"]),
        (["li,,,,,2026-12-01,2026-12-02,,,"], ["2: from: goes with a role", "2: to: goes with a role"]),
        (["li,,,auditor,*,yesterday,,,,"], ["2: from: 'yesterday' is no date"]),
        (["li,,,auditor,*,2026-12-02,2026-12-01,,,"], ["2: to: is not after from"]),
        (["li,,,,,,,li,,"], ["2: deputy_of: is the person"]),
        (["li,,,,,,,wang,,"], ["2: deputy_of: 'wang' is on no line"]),
        (["li,,,auditor,*,,,wang,,", "wang,,,,,,,,,"], ["2: role: goes without", "2: unit: goes without"]),
        (["li,Li,,auditor,*,,,,,", "li,Lee,,hr_clerk,*,,,,,"], ["3: name: is 'Li' on line 2"]),
        (["li,,1001,,,,,,,", "wang,,1001,,,,,,,"], ["3: agent: '1001' is li on line 2"]),
        (["li,,,auditor,*,,,,,", "li,,,auditor,*,2026-12-01,,,,"], ["3: from: is within the time of line 2"]),
        (["li,,,,,,,,soon,", "wang,,,,,,,,,1000001"], ["2: joined_on: 'soon'", "3: contract_ppm: '1000001'"]),
        (["li,,,,,,,,,0"], ["2: contract_ppm: '0'"]),
        (["li,,,,,,,,,0000005000000"], ["2: contract_ppm: '0000005000000'"]),
    ],
)
def test_every_fault_is_told_with_its_line_and_column(lines: list[str], expected: list[str]) -> None:
    with pytest.raises(ImportFaultsError) as raised:
        said(*lines)
    found = [str(fault) for fault in raised.value.faults]
    assert len(found) == len(expected), found
    for fault, start in zip(found, expected, strict=True):
        assert fault.startswith(f"people.csv:{start}"), fault


def shares(*lines: str) -> Staff:
    return parse("person,name,agent,role,unit,from,to,deputy_of,contract_ppm,contract_from\n" + "\n".join(lines), FILE,
                 UNITS, UNITS)  # fmt: skip


def test_a_share_of_a_contract_holds_from_its_day_on_and_what_was_before_stays_so() -> None:
    staff = shares(
        "li,,1001,,,,,,500000,2026-12-10", "li,,,,,,,,750000,2026-12-20", "li,,,,,,,,1000000,2027-01-01",
        "wu,,1002,,,,,,250000,", "wang,,1003,,,,,,,",
    )  # fmt: skip
    days = (date(2026, 12, 9), DAY, date(2026, 12, 19), date(2026, 12, 20), date(2026, 12, 31), date(2027, 1, 1))
    assert [staff.contract_ppm("1001", day) // 10_000 for day in days] == [100, 50, 50, 75, 75, 100]
    assert staff.contract_ppm("1002", date(2020, 1, 1)) == 250_000
    assert staff.contract_ppm("1003", DAY) == 1_000_000
    assert staff.contract_ppm_of("1001", days) == 750_000  # each day as much as another
    assert staff.part_time_on(("1001", "1002", "1003"), DAY) == {"1001": 500_000, "1002": 250_000}
    assert staff.part_time_on(("1001",), date(2027, 1, 1)) == {}


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["li,,1001,,,,,,,2026-12-10"], "2: contract_from: goes with contract_ppm"),
        (["li,,1001,,,,,,500000,soon"], "2: contract_from: 'soon' is no day"),
        (["li,,1001,,,,,,500000,9999-12-31"], "2: contract_from: '9999-12-31' is no day"),
        (["li,,1001,,,,,,500000,2026-12-10", "li,,,,,,,,600000,2026-12-10"], "3: contract_ppm: is '500000' on line 2"),
        (["li,,1001,,,,,,500000,", "li,,,,,,,,600000,"], "3: contract_ppm: is '500000' on line 2"),
    ],
)
def test_a_share_without_a_day_of_its_own_is_a_fault(lines: list[str], expected: str) -> None:
    with pytest.raises(ImportFaultsError) as raised:
        shares(*lines)
    (fault,) = map(str, raised.value.faults)
    assert fault.startswith(f"people.csv:{expected}"), fault


LOGIN = Person("li", Role.SUPERVISOR, None, ("team-1",))


@pytest.mark.parametrize(
    ("lines", "login", "role", "agent", "units"),
    [
        ([], LOGIN, Role.SUPERVISOR, None, ("team-1",)),
        (["wang,,,auditor,*,,,,,"], LOGIN, Role.SUPERVISOR, None, ("team-1",)),  # nobody said what li is there for
        (["li,,1009,,,,,,,"], LOGIN, Role.SUPERVISOR, "1009", ("team-1",)),
        (["li,,,team_leader,centre,,,,,"], LOGIN, Role.SUPERVISOR, None, ("centre",)),
        (["li,,1009,team_leader,centre,,,,,"], LOGIN, Role.SUPERVISOR, "1009", ("centre",)),
        (["li,,,hr_clerk,centre,,,,,"], LOGIN, Role.SUPERVISOR, None, ()),
        (["li,,,team_leader,centre,,2026-12-01,,,"], LOGIN, Role.SUPERVISOR, None, ()),  # was once
        (["li,,,auditor,*,,,,,"], Person("li", Role.AGENT, "1009"), Role.SUPERVISOR, "1009", ("*",)),
        (["li,,,hr_clerk,*,,,,,"], Person("li", Role.AGENT, "1009"), Role.AGENT, "1009", ()),
    ],
)
def test_who_signs_in_is_what_they_are_there_for_where_anybody_has_said_that(
    lines: list[str], login: Person, role: Role, agent: str | None, units: tuple[str, ...]
) -> None:
    staff = said(*lines)
    found = staff.signed_in(login, NOW)
    assert (found.role, found.agent, found.units) == (role, agent, units)
    assert not found.operates
    assert found.duties == staff.duties("li", NOW)


def test_what_somebody_was_there_for_when_they_signed_in_is_gone_with_it() -> None:
    was = said("li,,,team_leader,centre,,,,,").signed_in(LOGIN, NOW)
    for now in (said("wang,,,auditor,*,,,,,"), said("li,,,,,,,,,"), said("li,,,team_leader,centre,,2026-12-01,,,")):
        found = now.signed_in(was, NOW)
        assert (found.units, found.duties) == ((), ())
    again = said("li,,,team_leader,team-1,,,,,").signed_in(was, NOW)
    assert again.units == ("team-1",)


def test_at_a_prompt_everybody_operates_until_somebody_said_who_is_there_for_what() -> None:
    assert Staff().person("root", NOW, "root at a prompt") == Person(
        "root at a prompt", Role.SUPERVISOR, "root", operates=True
    )
    staff = said("li,,,auditor,*,,,,,", "wang,,,administrator,*,,,,,")
    assert staff.person("root", NOW) == Person("root", Role.SUPERVISOR)
    assert staff.person("li", NOW).duties == (Duty(Office.AUDITOR, ALL_UNITS),)


@pytest.mark.parametrize("line", ["wang,,,administrator,team-1,,,,,", "wang,,,administrator,*,,2026-01-01,,,"])
def test_as_long_as_nobody_administers_all_units_whoever_is_at_a_prompt_does_but_for_auditors(line: str) -> None:
    staff = said("li,,,auditor,*,,,,,", "zhao,,,hotline_manager,*,,,,,", line)
    administers = Duty(Office.ADMINISTRATOR, ALL_UNITS)
    assert staff.person("root", NOW).duties == (administers,)
    assert staff.person("zhao", NOW).duties == (Duty(Office.HOTLINE_MANAGER, ALL_UNITS), administers)
    assert staff.person("li", NOW).duties == (Duty(Office.AUDITOR, ALL_UNITS),)
    assert staff.signed_in(Person("root", Role.SUPERVISOR), NOW).duties == (), "a page is no prompt"
