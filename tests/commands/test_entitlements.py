"""`ccd bank entitlement`, as a person types it."""

import json
import subprocess
from pathlib import Path

from tests.commands import running
from tests.commands.recorded_days import ccd, settled


def call(config: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return running.ccd("bank", "entitlement", words[0], "--config", config, *words[1:], COLUMNS="160")


def test_an_agent_is_entitled_from_a_day_on_until_it_ends(tmp_path: Path) -> None:
    config = settled(tmp_path)
    own = ("set", "1001", "--from", "2099-11-24", "--to", "2099-12-01", "--rate-ppm", "60000", "--key", "a")
    for _ in range(2):
        answer = running.said(call(config, *own))
        assert answer == "1001 is entitled to an own allowance from 2099-11-24 to 2099-12-01\n"
    assert "1 new records" in running.said(ccd(config, "settle", "--day", "2099-11-24", "--unit", "team-1"))
    ended = running.said(call(config, "end", "1001", "--from", "2099-11-26"))
    assert ended == "1001 is entitled to nothing from 2099-11-26\n"
    listed = json.loads(running.said(call(config, "list", "1001", "--format", "json")))["entitlements"]
    assert listed == [
        {"from": "2099-11-24", "to": "2099-12-01", "rate_ppm": 60_000, "minimum_s": None},
        {"from": "2099-11-26", "to": None, "rate_ppm": None, "minimum_s": None},
    ]
    assert "60000" in running.said(call(config, "list", "1001"))
    refused = running.refusal(call(config, "set", "1001", "--from", "2099-11-24"))
    assert "neither a rate nor a minimum" in refused
