"""`ccd bank ruling`, as a person types it."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.commands import running
from tests.commands.recorded_days import DAY, ccd, ccd_a_day_later, settled

WHY = ("--text", "the CRM was down")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """1001 has saved 465 s of a day that is settled, with a pause of 600.25 s at 08:20."""
    return settled(tmp_path)


def call(config: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return ccd_a_day_later(config, "bank", "ruling", *words)


def said(config: Path, *words: str) -> str:
    return running.said(call(config, *words))


def refused(config: Path, *words: str) -> str:
    return running.refusal(call(config, *words))


def savings(config: Path) -> int:
    running.said(ccd(config, "settle", *DAY, "--unit", "team-1"))
    accounts = json.loads(ccd(config, "ledger", "balance", "1001", "--format", "json").stdout)["accounts"]
    saved: int = accounts["savings"]
    return saved


def test_a_pause_is_ruled_exempt_listed_and_reversed(config: Path) -> None:
    rule = ("add", "2099-11-24T08:20:00", "2099-11-24T08:30:01", "exempt", *WHY, "--agent", "1001", "--key", "crm")
    answer = "crm: 1001 from 2099-11-24T08:20:00+08:00 to 2099-11-24T08:30:01+08:00 counts as exempt\n"
    assert said(config, *rule) == answer
    assert said(config, *rule) == answer
    assert savings(config) == (28_800 - 601) * 37_000 // 1_000_000
    assert said(config, "reverse", "crm", "--text", "it was up", "--key", "up").endswith("reverses crm\n")
    assert savings(config) == 465
    listed = json.loads(said(config, "list", "--from", "2099-11-24", "--format", "json"))["rulings"]
    assert [(one["ref"], one["agent"], one["counts"], one["reverses"]) for one in listed] == [
        ("crm", "1001", "exempt", None),
        ("up", "1001", "as_measured", "crm"),
    ]
    assert "crm" in said(config, "list", "--from", "2099-11-24")
    (undone, ruled) = json.loads(ccd(config, "acts", "--format", "json").stdout)[:2]
    assert (ruled["kind"], ruled["subject"], ruled["why"]) == ("rule", "1001", "the CRM was down")
    assert (undone["kind"], undone["before"]) == ("reverse a ruling", "crm")


def test_a_unit_is_ruled_on_and_what_can_not_be_is_said(config: Path) -> None:
    span = ("2099-11-24T08:00", "2099-11-24T09:00")
    assert "team-1 from" in said(config, "add", *span, "aux", *WHY, "--unit", "team-1")
    assert savings(config) == 0, "of the 8 h, one is aux"
    assert "allowed: available, exempt" in refused(config, "add", *span, "work", *WHY, "--agent", "1001")
    assert "not after its start" in refused(config, "add", *reversed(span), "aux", *WHY, "--agent", "1001")
    assert "reaches nobody" in refused(config, "add", *span, "aux", *WHY, "--agent", "nobody")
    assert "unit team-9" in refused(config, "add", *span, "aux", *WHY, "--unit", "team-9")
    assert "Give --agent or --unit" in call(config, "add", *span, "aux", *WHY).stderr
    assert "it is empty" in call(config, "add", *span, "aux", "--text", " ", "--agent", "1001").stderr
    assert "nothing of that name" in refused(config, "reverse", "never", *WHY)


@pytest.mark.parametrize("verb", ["ruling list", "ruling waiting", "appeal list"])
def test_days_that_end_before_they_begin_are_refused_and_not_told_as_empty(config: Path, verb: str) -> None:
    done = ccd(config, "bank", *verb.split(), "--from", "2099-11-25", "--to", "2099-11-24")
    assert "--from 2099-11-25 is after --to 2099-11-24" in running.refusal(done)
