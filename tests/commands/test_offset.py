"""`ccd bank offset` and `ccd bank month`, as a person types them: from the shifts to the closed month."""

import json
from importlib import import_module
from pathlib import Path

import pytest

from ccd.commands.output import Format
from ccd.errors import OffsetError
from tests.commands import running
from tests.commands.recorded_days import recorded
from tests.commands.recorded_months import LEAVE, MONTH, at, ccd, planned, settle_the_rest
from tests.floor.floors import added, heard
from tests.org.planned import us

OFFSET = import_module("ccd.commands.bank.offset")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return planned(tmp_path)


def bank(config: Path, *words: str) -> str:
    return running.said(ccd(config, "bank", *words))


def balances(config: Path, agent: str = "1001") -> dict[str, int]:
    accounts = json.loads(ccd(config, "ledger", "balance", agent, "--format", "json").stdout)["accounts"]
    return {kind: seconds for kind, seconds in accounts.items() if seconds}


def test_until_a_month_closes_it_is_the_one_that_is_foreseen(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(OFFSET, "now_us", lambda: us("2026-09-02T10:00"))
    OFFSET.forecast(config, "1001", None, Format.json)
    foreseen = json.loads(capsys.readouterr().out)
    assert (foreseen["month"], foreseen["full"]) == (MONTH, True)
    monkeypatch.setattr(OFFSET, "now_us", lambda: us("2026-09-03T18:00"))
    with pytest.raises(OffsetError, match="can't be told of 2026-09 yet"):
        OFFSET.forecast(config, "1001", None, Format.json)


def test_a_month_is_closed_with_what_stands_against_full_attendance_and_corrected_by_numbers(config: Path) -> None:
    saved = balances(config)["savings"]
    for unit in ("team-1", "team-2"):
        assert f"2026-08-13 of {unit} is not settled" in running.refusal(ccd(config, "bank", "month", "close", MONTH))
        running.said(ccd(config, "settle", "--day", "2026-08-31", "--unit", unit))
    slip = running.refusal(ccd(config, "bank", "month", "close", "2025-08"))
    assert "nothing was measured in it" in slip, "attendance is not told of a year in which nobody was seen"
    said = json.loads(bank(config, "month", "close", MONTH, "--format", "json"))
    mine, other = said["agents"]
    assert (mine["agent"], mine["full"], mine["points_100"], mine["faults"]) == ("1001", True, 1_000, [])
    assert (mine["offset_s"], mine["taken_s"], mine["scheduled_s"]) == (1_800, 0, 57_600)
    assert other["faults"] == [{"what": "absent", "day": "2026-08-11", "seconds": 28_800}]
    assert balances(config) == {"savings": saved - 1_800, "gift": 1_800}
    assert json.loads(bank(config, "month", "close", MONTH, "--format", "json")) == said, "and only once"
    never = ccd(config, "bank", "offset", "offer", "1001", "--month", "9999-12")
    assert "allowed: a month" in running.refusal(never)
    table = bank(config, "month", "show", MONTH)
    assert "absent 2026-08-11 28800 s" in table
    assert "nothing of 2026-08 is another" in bank(config, "month", "differences", MONTH)
    refused = running.refusal(ccd(config, "bank", "offset", "all", "1001", "--month", MONTH))
    assert "any more: it closed 2026-09-03 18:00" in refused
    offer = json.loads(bank(config, "offset", "offer", "1001", "--month", MONTH, "--format", "json"))
    assert offer["items"] == [
        {"item": "2026-08-12/idle", "made": 1_800, "offset": 1_800, "taken": 0, "open": 0},
    ]
    foreseen = json.loads(bank(config, "offset", "forecast", "1001", "--month", MONTH, "--format", "json"))
    assert foreseen["full"] is True

    (config.parent / "leave.csv").write_text(LEAVE + "1002,annual,2026-08-11 08:00,2026-08-11 16:00,y\n")
    told = ("import", "leave", str(config.parent / "leave.csv"), "--source", "told")
    running.said(ccd(config, *told))
    running.said(ccd(config, "settle", "--day", "2026-08-11"))
    (late,) = json.loads(bank(config, "month", "differences", MONTH, "--format", "json"))["differences"]
    assert (late["agent"], late["given"]["off_post_s"], late["now"]["off_post_s"]) == ("1002", 28_800, 0)
    assert "difference 2 of 2026-08" in bank(config, "month", "correct", MONTH, "1002", "--text", "told late")
    assert "nothing of 1002's" in bank(config, "month", "correct", MONTH, "1002", "--text", "told late")
    assert "difference 3" in bank(config, "month", "correct", MONTH, "1002", "--text", "an appeal", "--reopen")
    nobody = running.refusal(ccd(config, "bank", "month", "correct", MONTH, "10002", "--text", "a slip"))
    assert "2026-08 has nothing of 10002, who was not there in it" in nobody
    acts = json.loads(running.said(ccd(config, "acts", "--format", "json")))
    assert [act["kind"] for act in acts if act["kind"].startswith("month")] == [
        "month correct", "month correct", "month close",
    ]  # fmt: skip


def test_what_nobody_used_expires_as_the_month_closes_and_is_said_before_and_after(config: Path) -> None:
    """Of July are 4,000 s, a gift as August's 1,800 s are; what is offset by itself is taken from the savings."""
    given = ("--day", "2026-07-10", "--key", "july", "--text", "a gift")
    running.said(ccd(config, "ledger", "transfer", "house:gift", "1001:gift", "4000", *given))
    assert "expire" not in bank(config, "offset", "offer", "1001", "--month", MONTH)
    config.write_text(config.read_text() + "expires_after_months = 1\n")
    offer = ("offset", "offer", "1001", "--month", MONTH)
    assert "1001: 4000 s, of before 2026-08, expire as 2026-08 closes if they are not used" in bank(config, *offer)
    before = json.loads(bank(config, *offer, "--format", "json"))["expires"]
    assert before == {"months": 1, "since": MONTH, "accounts": {"gift": 4_000}, "seconds": 4_000}
    saved = balances(config)["savings"]
    settle_the_rest(config)
    closed = json.loads(bank(config, "month", "close", MONTH, "--format", "json"))
    assert [one["expired_s"] for one in closed["agents"]] == [4_000, 0]
    assert balances(config) == {"savings": saved - 1_800, "gift": 1_800}
    assert json.loads(bank(config, "month", "show", MONTH, "--format", "json")) == closed
    lines = json.loads(ccd(config, "ledger", "statement", "1001", "--format", "json").stdout)["lines"]
    (gone,) = [one for one in lines if one["service"] == "expiry"]
    assert "expire" not in bank(config, *offer), "it is closed"
    why = running.said(ccd(config, "explain", gone["transfer"]))
    assert "kept for one attendance month, 2026-08: what came in before" in why
    assert "5800 − 1800 = 1 h 6 min 40 s (4000 s) expire" in why
    supplied = json.loads(running.said(ccd(config, "ledger", "supply", "--format", "json")))
    assert {"expiry"} <= {one["service"] for one in supplied["supply"]}


def test_what_is_not_over_or_not_settled_is_not_closed_and_it_says_why(config: Path) -> None:
    refused = running.refusal(ccd(config, "bank", "month", "close", "2099-01"))
    assert "2099-01 can't be closed yet: agents decide until 2099-02-03 18:00" in refused
    assert "2026-07 is not closed" in running.refusal(ccd(config, "bank", "month", "show", "2026-07"))
    recorded(config, added(at(2, 9)), heard(at(3, 0)))
    assert "is not on the roster" in running.refusal(ccd(config, "bank", "offset", "offer", "nobody"))
