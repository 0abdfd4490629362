"""`ccd recorded`: what is recorded of an agent, as sums and line by line, for who may read the account."""

import json
from pathlib import Path

from tests.commands import running
from tests.commands.recorded_days import ccd, imported, settled

PEOPLE = (
    "person,name,agent,role,unit,from,to,deputy_of\naudrey,,,auditor,*,,,\n1001,,1001,,,,,\nli,,,hotline_manager,*,,,\n"
)


def test_it_is_told_as_a_table_and_as_json_and_line_by_line(tmp_path: Path) -> None:
    config = settled(tmp_path)
    told = json.loads(running.said(ccd(config, "recorded", "1001", "--format", "json")))
    counted = {one["name"]: one["rows"] for one in told["categories"] if one["rows"]}
    assert counted == {"segments": 3, "day_records": 1, "transfers": 1}
    table = running.said(ccd(config, "recorded", "1001"))
    assert "365 days" in table
    assert "not counted by agent" in table
    lines = json.loads(running.said(ccd(config, "recorded", "1001", "--of", "transfers", "--format", "json")))["lines"]
    assert [(one["service"], one["seconds"]) for one in lines] == [("savings", 465)]
    assert "toilet" in running.said(ccd(config, "recorded", "1001", "--of", "segments"))
    assert running.said(ccd(config, "recorded", "1002", "--of", "transfers"))
    assert "allowed: segments," in running.refusal(ccd(config, "recorded", "1001", "--of", "dreams"))


def test_once_people_are_known_it_is_for_the_agent_and_for_auditors(tmp_path: Path) -> None:
    config = settled(tmp_path)
    imported(config, people=PEOPLE)
    for login, code in (("audrey", 0), ("1001", 0), ("li", 2)):
        done = running.ccd("recorded", "--config", config, "1001", LOGNAME=login)
        assert done.returncode == code, done.stderr
    running.ccd("explain", "--config", config, "1.1", LOGNAME="audrey")
    told = json.loads(running.said(running.ccd("recorded", "--config", config, "1001", "--of", "readings", "--format",
                                               "json", LOGNAME="1001")))  # fmt: skip
    assert [(one["by"], one["kind"]) for one in told["lines"]] == [
        ("audrey", "read explain"), ("audrey", "read recorded"),
    ]  # fmt: skip
