"""`ccd import organisation` and `people`, and their export, as a person types them."""

import json
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings

from tests.commands.importing import Office
from tests.commands.running import ccd
from tests.org.organisations import organisations

UNITS = """unit,kind,parent,name,timezone,day_starts_at,country,from,to
centre,centre,,,Asia/Shanghai,,CN,,
south,sub_centre,centre,南区,,,,,
north,sub_centre,centre,,,,,,
team-1,team,south,,,,,,
"""
MOVED = UNITS.replace("team-1,team,south,,,,,,\n", "team-1,team,south,,,,,,2026-12-01\n") + (
    "team-1,team,north,,,,,2026-12-01,\nteam-2,team,south,,,,,,\n"
)
TOLD = [
    "~ team-1: to nothing -> 2026-12-01",
    "+ team-1: kind team, parent north, from 2026-12-01",
    "+ team-2: kind team, parent south",
    "2 new, 1 changed, 0 gone",
]
PEOPLE = "\ufeffperson,name,agent,role,unit,from,to,deputy_of\r\nli,李伟,,hotline_manager,south,,,\r\n"
NOBODY = PEOPLE.splitlines()[0] + "\n"


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def test_a_dry_run_says_what_an_import_then_changes_and_a_second_import_changes_nothing(office: Office) -> None:
    assert office.imports("organisation", UNITS).stdout.splitlines()[-1] == "imported, as import 1 of the organisation"
    assert office.imports("organisation", MOVED, "--dry-run").stdout.splitlines() == [
        *TOLD, "nothing was imported: --dry-run",
    ]  # fmt: skip
    assert office.says("export", "organisation") == UNITS
    done = office.imports("organisation", MOVED, "--why", "the new plan")
    assert done.stdout.splitlines() == [*TOLD, "imported, as import 2 of the organisation"]
    assert office.says("export", "organisation") == MOVED
    assert office.says("export", "organisation", "--import", "1") == UNITS
    again = office.imports("organisation", MOVED).stdout.splitlines()
    assert again == ["0 new, 0 changed, 0 gone", "nothing was imported: this is the organisation that holds"]
    acts = json.loads(office.says("acts", "--format", "json"))
    assert [(act["kind"], act["after"], act["why"]) for act in acts] == [
        ("import organisation", "import 2, 2 new, 1 changed, 0 gone", "the new plan"),
        ("import organisation", "import 1, 4 new, 0 changed, 0 gone", "as in new.csv"),
    ]


def test_of_who_is_in_a_unit_that_is_gone_or_left_out_it_warns(office: Office) -> None:
    office.imports("organisation", UNITS)
    office.imports("roster", "agent,interface,member_name,unit,from,to\n1001,PJSIP/1,,team-1,,2026-12-02\n")
    gone = UNITS.replace("team-1,team,south,,,,,,", "team-1,team,south,,,,,,2026-12-01")
    warned = office.imports("organisation", gone, "--dry-run").stderr
    assert "1001 is in it: it stands below no other unit then" in warned
    assert "'team-1' is gone on 2026-12-01" in warned
    assert not office.imports("organisation", gone.replace("2026-12-01", "2026-12-02"), "--dry-run").stderr
    office.imports("organisation", gone)
    later = "agent,interface,member_name,unit,from,to\n1001,PJSIP/1,,team-1,2027-01-04,\n"
    assert "'team-1' is gone on 2027-01-04, and 1001 is in it" in office.imports("roster", later, "--dry-run").stderr
    left_out = UNITS.replace("team-1,team,south,,,,,,\n", "")
    assert "'team-1' is no unit that was imported" in office.imports("organisation", left_out, "--dry-run").stderr


def test_faults_are_told_and_nothing_is_imported(office: Office) -> None:
    refused = office.imports("organisation", UNITS + "team-3,team,east,,,,,,\n,squad,,,,,,,\n")
    file = office.folder / "new.csv"
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.splitlines() == [
        f"{file}:6: parent: 'east' is no unit of this file",
        f"{file}:7: unit: is empty; how is it called on the roster?",
        f"{file}:7: kind: 'squad'; allowed: centre, sub_centre, team",
    ]
    assert ccd("export", "organisation", "--config", office.config).returncode == 1


def test_units_are_said_in_one_place(office: Office) -> None:
    office.configure("[units.team-1]\n")
    done = office.imports("organisation", UNITS)
    assert done.stderr == (
        f"take [units] out of {office.config}: what was imported last holds, and with both ccd does not start\n"
    )
    refused = ccd("schedule", "--month", "2026-12", "--config", office.config)
    assert refused.returncode == 2
    assert f"{office.config}:1: units.team-1: the units are said in two places" in refused.stderr
    office.configure()
    office.says("schedule", "--month", "2026-12")


def test_a_policy_is_of_a_unit_that_was_imported(office: Office) -> None:
    office.configure('[[policy]]\nunit = "team-1"\n')
    assert "policy[0].unit: 'team-1' is no unit; no [units.NAME]" in office.imports("people", NOBODY).stderr
    assert office.imports("organisation", UNITS).returncode == 0
    refused = office.imports("organisation", UNITS.replace("team-1", "team-7"))
    assert refused.stderr == (
        f"{office.config}:2: policy[0].unit: 'team-1' is no unit of {office.folder / 'new.csv'}\n"
    )


def test_people_are_exported_to_the_last_byte_and_their_units_stay(office: Office) -> None:
    assert "unit: 'south' is no unit; import it first" in office.imports("people", PEOPLE).stderr
    office.imports("organisation", UNITS)
    assert office.imports("people", PEOPLE).stdout.splitlines() == [
        "+ li: name 李伟, role hotline_manager, unit south", "1 new, 0 changed, 0 gone",
        "imported, as import 1 of the people",
        "imports, keys and policies are for: whoever is at a prompt, since nobody administers *",
    ]  # fmt: skip
    assert office.exported("people") == PEOPLE.encode()
    gone = office.imports("organisation", UNITS.replace("south", "east"))
    assert (
        gone.stderr == "import 1 of the people:2: unit: 'south' is no unit; import it first: ccd import organisation\n"
    )


def test_whose_login_is_again_what_it_was_made_with_is_said_with_the_line_that_ends_it(office: Office) -> None:
    office.imports("organisation", UNITS)
    both = PEOPLE + "wu,,1002,supervisor,south,2026-01-01,,\nwu,,,hotline_manager,*,,2026-02-01,\nmo,,,auditor,*,,,\n"
    office.imports("people", both)
    for login in ("wu", "xi"):
        words = ("user", "add", login, "--role", "supervisor", "--unit", "south", "--unit", "north")
        assert ccd(*words, "--password-stdin", "--config", office.config, given="correct horse").returncode == 0
    today = datetime.now(ZoneInfo("Asia/Shanghai")).date()
    kept = f"wu,,1002,supervisor,south,2026-01-01,{today},", "wu,,,hotline_manager,*,,2026-02-01,"
    says = (
        "warning: wu is there for nothing by these lines, and so the login wu is again what it was made with: "
        "a supervisor of north, south. To end that, let the lines say until when, instead of leaving them out: "
        f"{'; '.join(kept)}; or let nobody sign in so: ccd user remove wu\n"
    )
    for lines in ("", "wu,,1002,,,,,\n"):
        assert office.imports("people", PEOPLE + lines, "--dry-run").stderr == says
    ended = "".join(f"{line}\n" for line in kept)
    assert office.imports("people", PEOPLE + ended).stderr == ""
    assert office.imports("people", PEOPLE).stderr == says, "a line that has ended, too"
    assert office.imports("people", PEOPLE, "--dry-run").stderr == "", "it was said"


def test_the_clock_of_a_unit_that_had_a_day_is_not_edited_and_the_line_is_named(office: Office) -> None:
    roster = "agent,interface,member_name,unit,from\n1001,PJSIP/1001,,team-1,2026-11-01\n"
    office.imports("organisation", UNITS)
    office.imports("roster", roster)
    kept = {"team-1": ["Asia/Shanghai", "00:00:00", "2026-11-01"]}
    state = office.folder / "state"
    (state / "clocks.applied.json").write_text(json.dumps(kept))
    refused = office.imports("organisation", UNITS.replace("Asia/Shanghai", "Asia/Tokyo"))
    assert refused.returncode == 2
    assert refused.stderr.startswith(
        f"{office.folder / 'new.csv'}:2: timezone: the days of team-1 have been counted by timezone "
    )
    assert office.imports("organisation", MOVED).returncode == 0


@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(organisations())
def test_any_organisation_that_is_exported_and_imported_again_is_the_same(
    office: Office, lines: list[tuple[str, ...]]
) -> None:
    text = "".join(
        ",".join('"' + cell.replace('"', '""') + '"' for cell in line) + "\n"
        for line in (tuple(UNITS.splitlines()[0].split(",")), *lines)
    )
    assert office.imports("organisation", text).returncode == 0
    exported = office.exported("organisation").decode()
    assert exported == text
    again = office.imports("organisation", exported).stdout.splitlines()
    assert again[0] == "0 new, 0 changed, 0 gone"
