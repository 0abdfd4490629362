"""The outside contract of `--format json`, and the table beside it."""

import io
import json
from dataclasses import replace

import pytest
from rich.cells import cell_len
from rich.console import Console

from ccd.floor.records import OnDuty
from ccd.floor.rules import ReasonRule
from ccd.reports import day_json, day_table
from tests.floor.floors import added, connected, ended, offered, only_record, paused, removed, unpaused

DAY = only_record(
    added(1.25), offered(2), connected(4), ended(9), paused(30, "厕所"), paused(40, ""),
    paused(45, "meal"), unpaused(50),
    removed(60), until=99, reasons={"meal": ReasonRule()},
)  # fmt: skip


def test_a_day_reads_as_the_contract_says() -> None:
    assert json.loads(day_json.render([DAY], "Asia/Shanghai")) == {
        "timezone": "Asia/Shanghai",
        "days": [
            {
                "day": "1970-01-01",
                "agents": [
                    {
                        "agent": "PJSIP/1001", "unit": None, "signed_in": 58.75, "available": 21.75, "ringing": 2,
                        "on_call": 5, "other_call": 0, "wrap_up": 10, "paused": {"": 5, "meal": 5, "厕所": 10},
                        "partly_paused": 0, "aux": 15, "exempt": 5, "unreachable": 0, "unobserved": 0, "sign_ins": 1,
                        "sign_outs": 1, "pauses": 1, "offered": 1, "answered": 1, "missed": 0, "first_sign_in": 1.25,
                        "last_sign_out": 60,
                    }
                ],
            }
        ],
    }  # fmt: skip


def test_a_day_against_its_shifts_has_more_keys_and_columns() -> None:
    duty = OnDuty(scheduled=8 * 3_600_000_000, late=1_500_000, off_post=60_000_000)
    (said,) = day_json.days_as_json([replace(DAY, duty=duty)], "UTC")["days"][0]["agents"]
    (plain,) = day_json.days_as_json([DAY], "UTC")["days"][0]["agents"]
    assert {name: said[name] for name in said.keys() - plain.keys()} == {
        "scheduled": 28_800, "late": 1.5, "early_leave": 0, "off_post": 60, "on_leave": 0, "excused": 0,
        "worked_on_leave": 0,
    }  # fmt: skip
    out = io.StringIO()
    day_table.show([replace(DAY, duty=duty), DAY], "UTC", Console(file=out, width=400))
    assert "off post" in out.getvalue()
    assert "8:00:00" in out.getvalue()


def test_microseconds_of_our_age_survive_as_they_are() -> None:
    for at in (1_795_466_140_427_029, 1_795_466_140_000_001, 4_102_444_799_999_999):
        printed = json.dumps(day_json.seconds(at))
        assert printed == f"{at // 1_000_000}.{at % 1_000_000:06}".rstrip("0")
    assert json.dumps(day_json.seconds(28_800_000_000)) == "28800"


def test_days_and_agents_come_in_their_order() -> None:
    second = only_record(added(86_400 + 5), until=86_400 + 9)
    days = day_json.days_as_json([second, DAY], "UTC")["days"]
    assert [day["day"] for day in days] == ["1970-01-01", "1970-01-02"]
    assert day_json.days_as_json([], "UTC") == {"timezone": "UTC", "days": []}


def test_the_table_says_times_of_day_in_the_zone_and_durations_in_hours() -> None:
    out = io.StringIO()
    day_table.show([DAY], "Asia/Shanghai", Console(file=out, width=200))
    assert "1970-01-01 Asia/Shanghai" in out.getvalue()
    assert "08:00:01" in out.getvalue()
    assert "0:00:58" in out.getvalue()


def test_a_table_of_nothing_says_so() -> None:
    out = io.StringIO()
    day_table.show([], "UTC", Console(file=out))
    assert out.getvalue() == "nothing was seen\n"


def lines_at(width: int, *, terminal: bool) -> list[str]:
    out = io.StringIO()
    console = Console(file=out, width=width, force_terminal=terminal, color_system=None)
    day_table.show([DAY], "Asia/Shanghai", console)
    return out.getvalue().splitlines()


@pytest.mark.parametrize("width", [20, 40, 80, 132])
def test_a_narrow_terminal_has_every_agent_and_figure_in_tables_below_each_other(width: int) -> None:
    lines = lines_at(width, terminal=True)
    assert max(map(cell_len, lines)) <= max(width, 30)  # an agent and one figure are never cut
    headings = [cell.strip() for line in lines if "agent" in line for cell in line.strip("┃").split("┃")]
    named = [heading for heading in headings if heading != "agent"]
    assert named == ["from", "to", *(heading for heading, _ in day_table.DURATIONS + day_table.COUNTS)]
    rows = [line for line in lines if "PJSIP/1001" in line]
    assert len(rows) == headings.count("agent") > 1
    (in_one,) = [line for line in lines_at(400, terminal=True) if "PJSIP/1001" in line]
    cells = [cell.strip() for row in rows for cell in row.strip("│").split("│")[1:]]
    assert cells == [cell.strip() for cell in in_one.strip("│").split("│")[1:]]


def test_what_is_no_terminal_gets_each_agent_in_one_line() -> None:
    (line,) = [line for line in lines_at(80, terminal=False) if "PJSIP/1001" in line]
    assert line in lines_at(400, terminal=True)
