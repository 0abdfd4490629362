"""What an auditor reads at a prompt is noted, whatever the command; statements are for the agent and for auditors."""

import json
import subprocess
from pathlib import Path

import pytest

from ccd.commands.app import VERBS
from ccd.commands.readings import OF_AN_ACCOUNT, OF_PEOPLE, leaves
from tests.commands import running
from tests.commands.recorded_days import DAY, imported, settled
from tests.commands.test_documented_commands import program

PEOPLE = (
    "person,name,agent,role,unit,from,to,deputy_of\naudrey,,,auditor,*,,,\n1001,,1001,,,,,\n"
    "li,,,hotline_manager,*,,,\nsun,,,administrator,*,,,\n"
)
# Of these nobody learns anything of a person: of the program, a configuration, a switch, a calendar; or what it is that
# is there is shown to everybody, or is noted by itself.
OF_NOBODY = {
    "check", "demo", "export attendance", "export holidays", "holidays", "ledger check-proof", "ledger checkpoint",
    "ledger new-key", "ledger verify", "migrate", "replay", "run", "simulate", "watch", "webhook list",
    "webhook secret",
}  # fmt: skip
ACTS = {
    "agent pause", "agent sign-out", "agent unpause",
    "backfill", "bank appeal decide", "bank appeal lodge", "bank appeal withdraw", "bank entitlement end",
    "bank entitlement set", "bank leaver hand-over", "bank month close", "bank month correct", "bank offset all",
    "bank offset back",
    "bank offset choose", "bank offset none", "bank overtime answer", "bank overtime approve", "bank overtime call",
    "bank overtime decline",
    "bank overtime end", "bank overtime enter", "bank overtime join", "bank overtime leave", "bank overtime open",
    "bank overtime prolong", "bank red-packet confirm", "bank red-packet declare", "bank red-packet decline",
    "bank red-packet give", "bank red-packet hand-budget", "bank red-packet propose", "bank red-packet recall",
    "bank ruling add", "bank ruling reverse", "bank withdraw apply", "bank withdraw approve", "bank withdraw cancel",
    "bank withdraw close", "bank withdraw load", "bank withdraw quota", "bank withdraw refuse",
    "bank withdraw take-back", "change agree", "change withdraw", "import holidays", "import leave",
    "import organisation", "import people", "import roster", "import schedule", "ledger close-period", "ledger move",
    "ledger post-reserved", "ledger release", "ledger reserve", "ledger reverse", "ledger transfer", "policy agree",
    "policy publish", "policy withdraw", "settle", "user add", "user key end", "user key make", "user password",
    "user remove", "webhook retry",
}  # fmt: skip


@pytest.fixture
def config(tmp_path: Path) -> Path:
    made = settled(tmp_path)
    imported(made, people=PEOPLE)
    return made


def types(config: Path, login: str, *words: str) -> subprocess.CompletedProcess[str]:
    return running.ccd(*words, "--config", config, LOGNAME=login, COLUMNS="160")


def noted(config: Path) -> list[tuple[str, str, str, str]]:
    told = json.loads(running.said(types(config, "sun", "acts", "--format", "json")))
    return [(act["by"], act["kind"], act["subject"], act["after"]) for act in told if act["kind"].startswith("read ")]


def test_each_command_reads_of_people_and_is_noted_or_is_an_act_or_is_of_nobody() -> None:
    there = {f"{verb} {words}".strip() for verb in VERBS for words, _ in leaves(program(verb))}
    assert there == OF_PEOPLE | ACTS | OF_NOBODY
    assert len(there) == len(OF_PEOPLE) + len(ACTS) + len(OF_NOBODY)


def test_whatever_an_auditor_reads_is_noted_with_of_whom_and_what_was_asked_for(config: Path) -> None:
    for words in (
        ("day", *DAY, "--agent", "1001"), ("ledger", "balance", "1001"), ("ledger", "statement", "1001"),
        ("explain", "1"), ("export", "days", "--from", "2099-11-24", "--to", "2099-11-24", "--unit", "team-1"),
        ("bank", "ruling", "list", "--from", "2099-11-24"),
    ):  # fmt: skip
        running.said(types(config, "audrey", *words))
        running.said(types(config, "sun" if words[0] not in ("explain", "ledger") else "1001", *words))
    assert noted(config) == [
        ("audrey", "read bank ruling list", "*", '{"first":"2099-11-24"}'),
        ("audrey", "read export days", "team-1", '{"first":"2099-11-24","last":"2099-11-24","unit":"team-1"}'),
        ("audrey", "read explain", "1001", '{"transfer":"1"}'),
        ("audrey", "read ledger statement", "1001", '{"agent":"1001","limit":20}'),
        ("audrey", "read ledger balance", "1001", '{"agent":"1001"}'),
        ("audrey", "read day", "1001", '{"day":"2099-11-24","agent":"1001"}'),
    ]
    running.said(types(config, "audrey", "ledger", "statement", "--help"))
    assert len(noted(config)) == 6, "nothing was read"


def test_a_statement_is_the_agent_s_own_and_an_auditor_s(config: Path) -> None:
    of_1001 = {
        "explain": ("1.1",), "recorded": ("1001",), "export statement": ("1001",), "ledger statement": ("1001",),
        "ledger proof": ("--account", "1001", "--key", str(config.parent / "key")),
        "bank offset offer": ("1001",), "bank offset forecast": ("1001", "--month", "2026-01"),
    }  # fmt: skip
    running.said(running.ccd("ledger", "new-key", config.parent / "key"))
    assert of_1001.keys() == OF_AN_ACCOUNT
    for words, asked in of_1001.items():
        for login in ("li", "sun"):
            refused = running.refusal(types(config, login, *words.split(), *asked))
            what = "have 1.1 explained" if words == "explain" else "read the statement of 1001"
            assert refused.startswith(f"{login} may not {what}: it is the agent's own")
        running.said(types(config, "1001", *words.split(), *asked))
    assert noted(config) == []
