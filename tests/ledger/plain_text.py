"""The real programs that read an export: Beancount out of a wheel, and hledger, which is skipped where it is not."""

import csv
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from beancount import loader
from beancount.core.data import Open, Transaction

Balances = dict[str, int]
READ_TIMEOUT_S = 60


def bean_check(file: Path) -> Balances:
    """What it accepts without a word, and the balances it comes to."""
    checked = subprocess.run(
        [Path(sys.executable).with_name("bean-check"), file], capture_output=True, text=True, timeout=READ_TIMEOUT_S
    )
    assert (checked.returncode, checked.stderr + checked.stdout) == (0, "")
    return beancount_balances(file)


def beancount_balances(file: Path) -> Balances:
    """Of accounts that were opened; its own sums, after it has held the assertions."""
    found, faults, _ = loader.load_file(str(file))
    assert faults == []
    sums = {each.account: 0 for each in found if isinstance(each, Open)}
    for posting in (posting for each in found if isinstance(each, Transaction) for posting in each.postings):
        assert posting.units is not None
        assert posting.units.currency == "SEC"
        sums[posting.account] += int(posting.units.number or 0)
    return sums


@pytest.fixture(scope="session")
def hledger() -> Callable[[Path], Balances]:
    """Reads a journal as strictly as it can, and says the balances it comes to."""
    program = shutil.which("hledger")
    if program is None:
        pytest.skip("hledger is not here; as root: apt-get install hledger")

    def balances(file: Path) -> Balances:
        run("check", file, "accounts", "commodities")
        lines = run("balance", file, "--flat", "--empty", "--no-total", "--output-format", "csv").splitlines()
        return {account: int(amount.removesuffix(" SEC")) for account, amount in list(csv.reader(lines))[1:]}

    def run(verb: str, file: Path, *words: str) -> str:
        done = subprocess.run(
            [program, verb, "--strict", "--file", file, *words],
            capture_output=True,
            encoding="utf-8",
            timeout=READ_TIMEOUT_S,
            env=os.environ | {"LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"},
        )
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    return balances
