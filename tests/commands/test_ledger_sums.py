"""`ccd ledger trial-balance` and `supply`, as a person types them, on days that were settled."""

import json
from pathlib import Path

import pytest

from tests.commands.recorded_days import DAY, ccd, settled


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A day of agent 1001 is settled: 465 s were saved. 65 of them were taken by hand."""
    file = settled(tmp_path)
    taken = ccd(
        file, "ledger", "transfer", "1001:savings", "house:overdraft", "65", *DAY, "--key", "k", "--text", "why"
    )
    assert taken.returncode == 0, taken.stderr
    return file


def said(config: Path, *words: str) -> str:
    done = ccd(config, "ledger", *words)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout


def rows(table: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.strip("│").split("│")] for line in table.splitlines() if line[0] == "│"]


def test_a_trial_balance_says_what_each_kind_of_account_came_to(config: Path) -> None:
    told = json.loads(said(config, "trial-balance", "--month", "2099-11", "--format", "json"))
    site = told["unit"]
    savings = {"kind": "savings", "whose": "agents", "side": "credit", "opening": 0, "debits": 65, "credits": 465,
               "closing": 400}  # fmt: skip
    assert savings in told["accounts"]
    assert (told["month"], told["debits"], told["credits"]) == ("2099-11", 530, 530)
    after = json.loads(said(config, "trial-balance", "--unit", site, "--month", "2099-12", "--format", "json"))
    assert {**savings, "opening": 400, "debits": 0, "credits": 0} in after["accounts"]

    found = rows(said(config, "trial-balance", "--month", "2099-11"))
    assert ["savings", "agents", "credit", "0", "65", "465", "400"] in found
    assert ["savings", "house", "debit", "0", "465", "0", "465"] in found
    assert found[-1] == ["all", "", "", "", "530", "530", ""]


def test_the_supply_of_time_is_told_by_service(config: Path) -> None:
    told = json.loads(said(config, "supply", "--format", "json"))
    assert told["supply"] == [
        {"month": "2099-11", "service": "correction", "kind": "savings", "given": 0, "taken": 65},
        {"month": "2099-11", "service": "savings", "kind": "savings", "given": 465, "taken": 0},
    ]
    assert rows(said(config, "supply", "--unit", told["unit"])) == [
        ["2099-11", "correction", "savings", "0", "65"],
        ["2099-11", "savings", "savings", "465", "0"],
    ]


@pytest.mark.parametrize(
    ("words", "named", "expected"),
    [
        (("trial-balance", "--month", "2099-13"), "--month", "a month, as 2026-11"),
        (("trial-balance", "--month", "november"), "november", "a month, as 2026-11"),
        (("trial-balance", "--month", "2099-11", "--unit", "nobody"), "--unit", "one that has accounts: "),
        (("supply", "--unit", "nobody"), "'nobody'", "one that has accounts: "),
        (("trial-balance",), "--month", ""),
    ],
)
def test_what_can_not_be_summed_is_named_with_what_was_expected(
    config: Path, words: tuple[str, ...], named: str, expected: str
) -> None:
    done = ccd(config, "ledger", *words)
    assert done.returncode != 0
    assert done.stdout == ""
    assert named in done.stderr
    assert expected in done.stderr
