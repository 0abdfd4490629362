"""`ccd ledger export`: printed as it comes, or a file that is there once it is whole."""

import csv
import io
import json
from pathlib import Path

import pytest

from tests.commands.recorded_days import SHIFT, at, ccd, configured, recorded
from tests.commands.running import unread
from tests.floor.floors import heard
from tests.ledger.plain_text import bean_check


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A day of agent 1001 is settled: 465 s saved."""
    file = configured(tmp_path)
    recorded(file, *SHIFT, heard(at(86_400)))
    settled = ccd(file, "settle", "--day", "2099-11-24", "--unit", "team-1")
    assert settled.returncode == 0, settled.stderr
    return file


def test_a_file_is_what_is_printed(config: Path, tmp_path: Path) -> None:
    for kind in ("beancount", "hledger", "csv", "jsonl"):
        printed = ccd(config, "ledger", "export", "--format", kind)
        assert (printed.returncode, printed.stderr) == (0, "")
        file = tmp_path / f"out.{kind}"
        written = ccd(config, "ledger", "export", "--format", kind, "--output", str(file))
        assert (written.returncode, written.stdout, written.stderr) == (0, "", "")
        assert file.read_bytes() == printed.stdout.encode() != b""
        assert file.stat().st_mode & 0o777 == 0o600
    assert bean_check(tmp_path / "out.beancount")["Liabilities:Savings:Agent-1001"] == -465
    of_1001 = {"record": "balance", "owner": "agent/1001", "kind": "savings", "seconds": 465}
    assert of_1001 in map(json.loads, (tmp_path / "out.jsonl").read_text().splitlines())
    rows = csv.DictReader(io.StringIO((tmp_path / "out.csv").read_text()))
    assert [row["seconds"] for row in rows if row["record"] == "transfer"] == ["465"]


def test_wrong_words_are_one_sentence_and_exit_code_2(config: Path, tmp_path: Path) -> None:
    nowhere = str(tmp_path / "none" / "x")
    for words, said in (
        (["--format", "xml"], "ccd: Invalid value for '--format': 'xml' is not one of"),
        ([], "ccd: Missing option '--format'"),
        (["--format", "csv", "--output", nowhere], f"{nowhere} can't be written: No such file"),
        (["--format", "csv", "--output", "x" * 300], f"{'x' * 300} can't be written: File name too long"),
        (["--format", "csv", "--output", str(tmp_path)], f"{tmp_path} is there, and is no file"),
    ):
        done = ccd(config, "ledger", "export", *words)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith(said)
        assert done.stderr.count("\n") == 1


def test_who_reads_only_the_beginning_ends_it_without_a_word(config: Path) -> None:
    assert unread("ledger", "export", "--format", "csv", "--config", config) == (1, "")
