"""`ccd bank appeal`, and what waits for a ruling, as a person types it."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.commands import running
from tests.commands.recorded_days import DAY, ccd, ccd_a_day_later, settled_a_day_later

WHY = ("--text", "the CRM was down")
FROM = ("--from", "2099-11-24")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """1001 has saved 465 s of a day that is settled, with a pause of 600.25 s at 08:20."""
    return settled_a_day_later(tmp_path)


def call(config: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return ccd_a_day_later(config, "bank", *words)


def said(config: Path, *words: str) -> str:
    return running.said(call(config, "appeal", *words))


def refused(config: Path, *words: str) -> str:
    return running.refusal(call(config, "appeal", *words))


def line_of(config: Path) -> str:
    (line,) = json.loads(ccd(config, "ledger", "statement", "1001", "--format", "json").stdout)["lines"]
    transfer: str = line["transfer"]
    return transfer


def test_an_appeal_is_lodged_waits_and_is_upheld_with_a_ruling(config: Path) -> None:
    line = line_of(config)
    assert "has no line 99.1" in refused(config, "lodge", "1001", "99.1", *WHY)
    assert said(config, "lodge", "1001", line, *WHY, "--key", "a") == f"a: 1001 against {line} for 2099-11-24: open\n"
    waiting = running.said(call(config, "ruling", "waiting", *FROM, "--unit", "team-1"))
    assert "appeal a" in waiting
    (waits,) = json.loads(running.said(call(config, "ruling", "waiting", *FROM, "--format", "json")))["waiting"]
    assert (waits["agent"], waits["what"], waits["spans"]) == ("1001", "appeal a", [])
    assert "Give --from and --to" in call(config, "appeal", "decide", "a", "exempt", *WHY).stderr
    other = ("--from", "2099-11-23T08:20", "--to", "2099-11-23T08:31")
    assert "rule on that day alone" in refused(config, "decide", "a", "exempt", *other, *WHY)
    never = ("--from", "0001-01-01T00:00", "--to", "9999-12-31T00:00")
    assert "out of range" in call(config, "appeal", "decide", "a", "exempt", *never, *WHY).stderr
    span = ("--from", "2099-11-24T08:20:00", "--to", "2099-11-24T08:30:01")
    assert said(config, "decide", "a", "available", *span, *WHY).endswith("upheld\n")
    assert "1 new records" in running.said(ccd(config, "settle", *DAY, "--unit", "team-1"))
    (listed,) = json.loads(said(config, "list", *FROM, "--format", "json"))["appeals"]
    assert (listed["ref"], listed["transfer"], listed["state"]) == ("a", line, "upheld")
    assert "upheld" in said(config, "list", *FROM)
    assert json.loads(running.said(call(config, "ruling", "waiting", *FROM, "--format", "json"))) == {"waiting": []}


def test_an_appeal_is_withdrawn_lodged_anew_and_rejected(config: Path) -> None:
    line = line_of(config)
    said(config, "lodge", "1001", line, *WHY, "--key", "a")
    assert said(config, "withdraw", "a", *WHY).endswith("withdrawn\n")
    assert said(config, "lodge", "1001", line, *WHY, "--key", "b").endswith("open\n")
    assert said(config, "decide", "b", "reject", *WHY).endswith("rejected\n")
    assert "rejected already: it stays that" in refused(config, "withdraw", "b", *WHY)
    assert "before: b is rejected" in refused(config, "lodge", "1001", line, *WHY)
