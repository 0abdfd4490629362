"""`ccd ledger balance` and `statement`, as a person types them, on days that were settled."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ccd.commands.ledger import proving
from ccd.commands.ledger.reading import moment_of
from ccd.ledger.heads import made_key
from tests.commands.recorded_days import SHIFT, at, ccd, configured, recorded
from tests.floor.floors import added, heard, paused, removed, unpaused

DAY_S = 86_400
SECOND_SHIFT = (
    added(at(DAY_S + 28_800)), paused(at(DAY_S + 30_000), "toilet"), unpaused(at(DAY_S + 31_300)),
    removed(at(DAY_S + 57_600)), heard(at(2 * DAY_S)),
)  # fmt: skip


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Two days of agent 1001 are settled: 465 s saved on the first, 235 s too many on the second."""
    file = configured(tmp_path)
    recorded(file, *SHIFT, heard(at(DAY_S)), *SECOND_SHIFT)
    settled = ccd(file, "settle", "--day", "2099-11-25", "--unit", "team-1")
    assert settled.returncode == 0, settled.stderr
    return file


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("│┃ ").split("│")]


def test_a_statement_is_told_newest_first_with_the_balance_after_each_line(config: Path) -> None:
    done = ccd(config, "ledger", "statement", "1001", "--format", "json")
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    assert (told["agent"], told["next"]) == ("1001", None)
    assert [(each["day"], each["service"], each["amount"], each["leave"], each["balance_after"])
            for each in told["lines"]] == [
        ("2099-11-25", "overdraft", -235, 0, 230),
        ("2099-11-24", "savings", 465, 0, 465),
    ]  # fmt: skip
    newest = told["lines"][0]["facts"]
    assert (newest["base"], newest["allowance"], newest["aux"], newest["covered"]) == (28_800, 1_065, 1_300, 235)

    table = ccd(config, "ledger", "statement", "1001")
    assert (table.returncode, table.stderr) == (0, "")
    rows = [cells(line) for line in table.stdout.splitlines() if "2099-11-2" in line]
    transfers = [each["transfer"] for each in told["lines"]]
    assert [[row[0], *row[2:]] for row in rows] == [
        ["2099-11-25", "overdraft", "−0:03:55", "0:03:50", transfers[0]],
        ["2099-11-24", "savings", "+0:07:45", "0:07:45", transfers[1]],
    ]


@pytest.mark.parametrize("output", [None, "head.json"])
def test_what_is_not_in_a_head_is_said_beside_it_where_the_head_is_printed(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], output: str | None
) -> None:
    async def newer(_: object) -> int:
        return 3

    monkeypatch.setattr(proving, "unsealed", newer)
    key = config.parent / "ledger.key"
    key.write_bytes(made_key())
    file = config.parent / output if output else None
    proving.checkpoint(config, key, file)
    printed, beside = capsys.readouterr()
    assert json.loads(file.read_text() if file else printed)["blocks"] == 1
    assert (printed if file else beside).endswith("3 newer are not sealed yet\n")


@pytest.mark.parametrize("form", ["json", "table"])
def test_a_long_statement_is_told_page_by_page(config: Path, form: str) -> None:
    first = ccd(config, "ledger", "statement", "1001", "--limit", "1", "--format", form).stdout
    assert "2099-11-25" in first
    assert "2099-11-24" not in first
    cursor = str(json.loads(first)["next"]) if form == "json" else first.split("older lines: --before ")[1].strip()
    rest = ccd(config, "ledger", "statement", "1001", "--before", cursor, "--format", form).stdout
    assert "2099-11-24" in rest
    assert "2099-11-25" not in rest
    assert "older lines" not in rest


def test_a_statement_is_told_in_both_directions_and_by_what_is_asked_for(config: Path) -> None:
    def lines(*words: str) -> list[str]:
        done = ccd(config, "ledger", "statement", "1001", "--format", "json", *words)
        assert (done.returncode, done.stderr) == (0, "")
        return [line["service"] for line in json.loads(done.stdout)["lines"]]

    older = json.loads(ccd(config, "ledger", "statement", "1001", "--limit", "1", "--format", "json").stdout)
    rest = json.loads(
        ccd(config, "ledger", "statement", "1001", "--before", str(older["next"]), "--format", "json").stdout
    )
    assert lines("--after", str(rest["newer"])) == ["overdraft"]
    assert lines("--service", "savings") == ["savings"]
    assert lines("--service", "savings", "--service", "overdraft") == ["overdraft", "savings"]
    assert lines("--kind", "gift") == []
    assert lines("--from", "2099-11-25") == ["overdraft"]
    assert lines("--to", "2099-11-24") == ["savings"]
    refused = ccd(config, "ledger", "statement", "1001", "--before", "1", "--after", "1")
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)


def test_a_balance_is_told_as_it_was(config: Path) -> None:
    def savings(*words: str) -> int:
        done = ccd(config, "ledger", "balance", "1001", "--format", "json", *words)
        assert (done.returncode, done.stderr) == (0, "")
        return int(json.loads(done.stdout)["accounts"]["savings"])

    assert savings() == 230
    assert [savings("--day", day) for day in ("2099-11-23", "2099-11-24", "2099-11-25")] == [0, 465, 230]
    assert savings("--at", "1999-12-31T23:59:59") == 0
    assert savings("--at", "2098-01-01T00:00:00.5") == 230, "recorded today, whatever day it is for"
    refused = ccd(config, "ledger", "balance", "1001", "--at", "2098-01-01T00:00:00", "--day", "2099-11-24")
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)


@pytest.mark.parametrize("us", [0, 1, 499_999, 500_000, 999_999])
@pytest.mark.parametrize("second", [0, 1])
def test_a_moment_of_the_past_is_the_one_that_was_typed_to_the_microsecond(us: int, second: int) -> None:
    assert moment_of(datetime(2026, 11, 23, 17, 45, second, us, UTC)) == (1_795_455_900 + second) * 1_000_000 + us


def test_a_balance_is_told_by_account_and_in_sum(config: Path) -> None:
    done = ccd(config, "ledger", "balance", "1001", "--format", "json")
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    assert (told["agent"], told["balance"], told["accounts"]["savings"]) == ("1001", 230, 230)
    assert sum(told["accounts"].values()) == 230

    table = ccd(config, "ledger", "balance", "1001")
    assert (table.returncode, table.stderr) == (0, "")
    rows = [cells(line) for line in table.stdout.splitlines() if line.startswith("│")]
    assert {row[0]: row[1:] for row in rows} == {
        **{kind: ["0 s", "0"] for kind in told["accounts"]},
        "savings": ["3 min 50 s", "230"],
        "balance": ["3 min 50 s", "230"],
    }


@pytest.mark.parametrize("verb", ["balance", "statement"])
def test_an_agent_for_whom_nothing_was_posted_is_named_and_has_no_zeros(config: Path, verb: str) -> None:
    done = ccd(config, "ledger", verb, "1002")
    assert (done.returncode, done.stdout) == (1, "")
    assert "1002" in done.stderr
    assert done.stderr.count("\n") == 1
