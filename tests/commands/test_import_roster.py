"""`ccd import roster` and `ccd export roster`, as a person types them."""

import json
from pathlib import Path
from socket import gethostname

import pytest

from tests.commands.importing import Office
from tests.commands.running import ccd
from tests.databases import PostgreSQL

HEADER = "agent,interface,member_name,unit,from,to\n"
ROSTER = HEADER + "1001,PJSIP/1001,,team-1,,\n1002,PJSIP/1002,,team-2,2026-11-01,\n"
MOVED = HEADER + (
    "1001,PJSIP/1001,,team-1,,2026-11-20\n1001,PJSIP/1001,,team-2,2026-11-20,\n1003,PJSIP/1003,Ann,team-2,,\n"
)
TOLD = [
    "~ 1001: PJSIP/1001: to ever -> 2026-11-20",
    "+ 1001: PJSIP/1001, in team-2, from 2026-11-20",
    "- 1002: PJSIP/1002, in team-2, from 2026-11-01",
    "+ 1003: PJSIP/1003 as Ann, in team-2",
    "2 new, 1 changed, 1 gone; since ever: days of units to be measured anew: 0",
]


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path, 'timezone = "Asia/Shanghai"\n')


def test_a_dry_run_says_what_an_import_then_changes_and_a_second_import_changes_nothing(office: Office) -> None:
    assert office.imports("roster", ROSTER).stdout.splitlines()[-1] == "imported, as import 1 of the roster"
    rehearsed = office.imports("roster", MOVED, "--dry-run")
    assert (rehearsed.returncode, rehearsed.stderr) == (0, "")
    assert rehearsed.stdout.splitlines() == [*TOLD, "nothing was imported: --dry-run"]
    assert office.says("export", "roster") == ROSTER
    assert office.imports("roster", MOVED).stdout.splitlines() == [*TOLD, "imported, as import 2 of the roster"]
    assert office.says("export", "roster") == MOVED
    again = office.imports("roster", MOVED)
    assert again.stdout.splitlines() == [
        "0 new, 0 changed, 0 gone", "nothing was imported: this is the roster that holds",
    ]  # fmt: skip
    assert office.says("export", "roster", "--import", "1") == ROSTER


@pytest.mark.parametrize(
    "written",
    [
        b"\xef\xbb\xbf" + ROSTER.replace("\n", "\r\n").encode(),
        'unit, agent ,"interface",member_name\n\n"a ""1""",1001, PJSIP/1 ,\n,,,\n"一\n组",2,,"王, 宁"'.encode(),
    ],
)
def test_what_is_exported_is_what_was_imported_to_the_last_byte(office: Office, written: bytes) -> None:
    assert office.imports("roster", written).returncode == 0
    assert office.exported("roster") == written
    assert "nothing was imported" in office.imports("roster", office.exported("roster")).stdout


def test_nobody_is_called_as_the_house_whose_accounts_are_typed_beside_theirs(office: Office) -> None:
    done = office.imports("roster", HEADER + "house,PJSIP/1,,team-1,,\n")
    assert (done.returncode, done.stdout) == (2, "")
    assert ":2: agent: is 'house', which is how the house's own accounts are spelled" in done.stderr


def test_every_fault_is_named_with_line_and_column_and_nothing_is_imported(office: Office) -> None:
    office.imports("roster", ROSTER)
    done = office.imports("roster", HEADER + ",PJSIP/1,,team-1,soon,\n1001,PJSIP/2,,team-1,,\n1002,PJSIP/2,,team-2,,\n")
    assert (done.returncode, done.stdout) == (2, "")
    file = office.folder / "new.csv"
    assert done.stderr.splitlines() == [
        f"{file}:2: agent: is empty; who sits there?",
        f"{file}:2: from: 'soon' is no date; allowed: 2026-11-23, or 2026-11-23T08:00, with or without +08:00",
        f"{file}:4: says whose this seat is at the same time as line 3",
    ]
    assert office.says("export", "roster") == ROSTER


def test_the_first_import_is_held_against_the_file_that_it_replaces_and_both_are_one_too_many(office: Office) -> None:
    (office.folder / "roster.csv").write_text(ROSTER)
    office.configure('roster = "roster.csv"\n')
    rehearsed = office.imports("roster", MOVED, "--dry-run")
    assert rehearsed.stdout.splitlines() == [*TOLD, "nothing was imported: --dry-run"]
    done = office.imports("roster", MOVED)
    assert done.stdout.splitlines() == [*TOLD, "imported, as import 1 of the roster"]
    assert done.stderr == (
        f"take `roster` out of {office.config}: what was imported last holds, and with both ccd does not start\n"
    )
    for words in (("check",), ("day", "--day", "2026-11-23"), ("settle", "--day", "2026-11-23"), ("run",)):
        refused = ccd(*words, "--config", office.config)
        assert (refused.returncode, refused.stdout) == (2, ""), words
        assert refused.stderr == (
            f"{office.config}:2: roster: the roster is said in two places: in {office.folder}/roster.csv, and in the "
            "database since `ccd import roster` (import 1). Take this line out: what was imported last holds\n"
        )
    office.configure()
    assert office.says("check").endswith("agents on the roster: 2\n")


def test_whoever_asks_has_the_roster_that_was_imported(office: Office) -> None:
    office.imports("roster", MOVED)
    words = ("5", "--day", "2026-11-23", "--key", "k", "--text", "t", "--config", str(office.config))
    unknown = ccd("ledger", "transfer", "house:savings", "1002:savings", *words)
    assert (unknown.returncode, "1002" in unknown.stderr) == (1, True)
    given = ccd("ledger", "transfer", "house:savings", "1003:savings", *words)
    assert given.returncode == 0, given.stderr


def test_who_imported_when_from_where_and_why_is_said(office: Office) -> None:
    office.imports("roster", ROSTER)
    office.imports("roster", MOVED, "--why", "the new team 2")
    second, first = json.loads(office.says("acts", "--kind", "import roster", "--format", "json"))
    assert (first["before"], first["after"], first["why"]) == (
        "",
        "import 1, 2 new, 0 changed, 0 gone",
        "as in new.csv",
    )
    assert (second["before"], second["after"], second["why"]) == (
        "import 1", "import 2, 2 new, 1 changed, 1 gone", "the new team 2",
    )  # fmt: skip
    assert second["by"].endswith("at a prompt")
    assert second["address"] == gethostname()
    assert second["at"] >= first["at"]
    assert second["at"].endswith("+08:00")
    assert {"the", "new", "team", "2"} <= set(office.says("acts", "--subject", "roster", "--last", "1").split())
    assert json.loads(office.says("acts", "--subject", "1001", "--format", "json")) == []


def test_nothing_to_export_says_how_to_import(office: Office) -> None:
    done = ccd("export", "roster", "--config", office.config)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "there is no roster in the database; `ccd import roster FILE` puts one there\n"


def test_units_and_pbxs_that_nobody_configured_are_warned_of(office: Office) -> None:
    office.configure("[units.team-1]\n")
    done = office.imports("roster", "agent,interface,member_name,unit,pbx\n1001,PJSIP/1001,,team-2,b\n", "--dry-run")
    file = office.folder / "new.csv"
    assert done.stderr.splitlines() == [
        f"warning: {file}:2: unit: 'team-2' has no [units.team-2]; it follows the site's time zone and policy",
        f"warning: {file}:2: pbx: 'b' is no [[pbx]]; the line matches nothing",
    ]


def test_check_makes_no_database_and_starts_nothing(office: Office) -> None:
    office.says("check")
    assert [file.name for file in office.folder.iterdir()] == ["ccd.toml"]


def test_it_is_the_same_on_postgresql(office: Office, postgresql: PostgreSQL) -> None:
    office.configure(f'[sql]\nurl = "{postgresql.create().replace("+asyncpg", "")}"\n')
    assert office.says("check").endswith("agents on the roster: 0\n")
    assert office.imports("roster", ROSTER).stdout.splitlines()[-1] == "imported, as import 1 of the roster"
    assert office.imports("roster", MOVED).stdout.splitlines() == [*TOLD, "imported, as import 2 of the roster"]
    assert office.says("export", "roster") == MOVED
    assert office.says("check").endswith("agents on the roster: 2\n")
    postgresql.drop()
