"""`ccd policy publish` and `agree`, as two administrators type them."""

import json
import subprocess
from pathlib import Path

from tests.commands import running
from tests.commands.importing import SWITCH
from tests.commands.recorded_days import DAY, ccd, imported, settled

PEOPLE = (
    "person,name,agent,role,unit,from,to,deputy_of\n"
    "li,,,administrator,*,,,\nwang,,,administrator,*,,,\nzhao,,,hotline_manager,*,,,\n"
)
EXEMPT = "[[reasons.toilet.changes]]\nfrom = 2099-12-01\npolicy = 'exempt'\n"
STRICT = "[[policy]]\nfrom = 2099-12-01\nunit = 'team-1'\nrate_ppm = 20_000\n[units.team-1]\n[units.team-2]\n"


def types(config: Path, login: str, *words: str) -> subprocess.CompletedProcess[str]:
    return running.ccd(*words, "--config", config, LOGNAME=login, COLUMNS="250")


def test_a_change_of_policy_is_published_with_its_effect_and_holds_once_somebody_else_agrees(tmp_path: Path) -> None:
    config = settled(tmp_path)
    imported(config, people=PEOPLE)
    first = running.said(types(config, "li", "policy", "publish", "--text", "as we begin"))
    assert "the policy of every unit: had it held from 2099-11-24 to 2099-11-24: of 1 agents" in first
    assert "[floor]: seats are seen so from then on; what was observed stays as it is" in first
    assert first.count("it holds; nobody else agreed") == 2
    config.write_text(config.read_text() + STRICT)
    refused = running.refusal(types(config, "zhao", "policy", "publish", "--text", "stricter"))
    assert "it is for an administrator of all units" in refused
    rehearsed = running.said(types(config, "li", "policy", "publish", "--text", "stricter", "--dry-run"))
    assert rehearsed == (
        "the policy of team-1 from 2099-12-01: had it held from 2099-11-24 to 2099-11-24: of 1 agents 0 would have "
        "more, 1 less; saved_s 465 -> 0, leave_s 0 -> 24, balance_s 465 -> 0, owed_s 0 -> 24\n"
        "nothing was published: --dry-run\n"
    )
    waits = running.said(types(config, "li", "policy", "publish", "--text", "stricter"))
    assert "published as change 3 (policy of team-1 from 2099-12-01); it waits for another administrator" in waits
    assert "all that the configuration says" in running.said(types(config, "li", "policy", "publish", "--text", "x"))
    said = "the policy of team-1 from 2099-12-01 does not hold yet: li published it; it waits for another administrator"
    settles = ccd(config, "settle", *DAY, "--unit", "team-1")
    assert (settles.returncode, said in settles.stderr) == (0, True)
    assert said in running.said(ccd(config, "policy", "list"))
    own = running.refusal(types(config, "li", "policy", "agree", "3", "--text", "it is mine"))
    assert own == "li may not agree to what li proposed: a second person agrees. Nothing was done\n"
    done = running.said(types(config, "wang", "policy", "agree", "3", "--text", "read it"))
    assert done == "change 3 (policy of team-1 from 2099-12-01) is agreed\n"
    assert "does not hold" not in running.said(ccd(config, "policy", "list"))
    listed = json.loads(running.said(ccd(config, "change", "list", "--format", "json")))["changes"]
    assert [(one["by"], one["state"], one["decided_by"]) for one in listed] == [
        ("li", "agreed", None), ("li", "agreed", None), ("li", "agreed", "wang"),
    ]  # fmt: skip
    read = running.said(types(config, "li", "policy", "readers", "3", "--format", "json"))
    assert json.loads(read) == {"id": "3", "read": [], "unread": ["1001"]}
    assert "not yet" in running.said(types(config, "li", "policy", "readers", "3"))
    assert "is no policy that was agreed to" in running.refusal(types(config, "li", "policy", "readers", "9"))
    assert listed[2]["text"]["rate_ppm"] == 20_000
    assert listed[2]["effect"]["worse"] == 1


def test_a_reason_that_is_judged_otherwise_is_published_with_its_effect_and_waits_in_the_same_way(
    tmp_path: Path,
) -> None:
    config = settled(tmp_path)
    imported(config, people=PEOPLE)
    running.said(types(config, "li", "policy", "publish", "--text", "as we begin"))
    config.write_text(config.read_text() + EXEMPT)
    published = running.said(types(config, "li", "policy", "publish", "--text", "the works council"))
    assert published == (
        "[reasons.toilet]: had it held from 2099-11-24 to 2099-11-24: of 1 agents 1 would have more, 0 less; "
        "saved_s 465 -> 1043, balance_s 465 -> 1043\n"
        "published as change 3 ([reasons.toilet]); it waits for another administrator of all units: `ccd policy agree "
        "3`\n"
    )
    assert "[reasons.toilet] does not hold yet: li published it" in running.said(ccd(config, "policy", "list"))
    done = running.said(types(config, "wang", "policy", "agree", "3", "--text", "read it"))
    assert done == "change 3 ([reasons.toilet]) is agreed\n"
    assert "does not hold" not in running.said(ccd(config, "policy", "list"))


def test_without_history_a_change_is_published_all_the_same_and_says_so(tmp_path: Path) -> None:
    config = tmp_path / "ccd.toml"
    config.write_text(SWITCH)
    assert running.said(ccd(config, "policy", "publish", "--text", "as we begin")) == (
        "the policy of every unit: no history to try it on\n"
        "[floor]: seats are seen so from then on; what was observed stays as it is\n"
        "published as change 1 (policy of every unit); it holds; nobody else agreed, since no second person administers"
        " all units\n"
        "published as change 2 ([floor]); it holds; nobody else agreed, since no second person administers all units\n"
    )
    withdrawn = running.refusal(ccd(config, "change", "withdraw", "1", "--text", "why"))
    assert "is agreed by" in withdrawn


def test_a_roster_that_says_something_else_of_measured_days_waits_for_another_administrator(tmp_path: Path) -> None:
    config = settled(tmp_path)
    imported(config, people=PEOPLE)
    new = tmp_path / "new.csv"
    new.write_text((tmp_path / "roster.csv").read_text().replace("1001,PJSIP/1001", "1003,PJSIP/1001"))
    effect = (
        "1 days of units from 2099-11-24 to 2099-11-24 are measured anew; of 1001, 1003; settled anew: 1001 -465 s, "
        "1003 +465 s"
    )
    rehearsed = running.said(types(config, "li", "import", "roster", str(new), "--dry-run")).splitlines()
    assert rehearsed[-2:] == [effect, "nothing was imported: --dry-run"]
    waits = running.said(types(config, "li", "import", "roster", str(new), "--why", "she sat there"))
    assert waits.splitlines()[-2:] == [
        effect, "not imported yet: it waits for another administrator of all units: `ccd change agree 1`",
    ]  # fmt: skip
    refused = running.refusal(types(config, "li", "change", "agree", "1", "--text", "mine"))
    assert "a second person agrees" in refused
    done = running.said(types(config, "wang", "change", "agree", "1", "--text", "I saw her"))
    assert done == "change 1 (the roster, in place of import 0) is agreed\n"
    assert running.said(ccd(config, "export", "roster")) == new.read_text()
