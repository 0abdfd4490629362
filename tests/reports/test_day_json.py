"""The outside contract of `--format json`, and the table beside it."""

import io
import json

from rich.console import Console

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


def test_microseconds_of_our_age_survive_as_they_are() -> None:
    for at in (1_795_466_140_427_029, 1_795_466_140_000_001, 4_102_444_799_999_999):
        printed = json.dumps(day_json.seconds(at))
        assert printed == f"{at // 1_000_000}.{at % 1_000_000:06}".rstrip("0")
    assert json.dumps(day_json.seconds(28_800_000_000)) == "28800"


def test_days_and_agents_come_in_their_order() -> None:
    second = only_record(added(86_400 + 5), until=86_400 + 9)
    days = day_json.as_json([second, DAY], "UTC")["days"]
    assert [day["day"] for day in days] == ["1970-01-01", "1970-01-02"]
    assert day_json.as_json([], "UTC") == {"timezone": "UTC", "days": []}


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
