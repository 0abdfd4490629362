"""The README's five minutes, walked through by who has only the README: installed, configured, looked at."""

import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from tests.commands.running import HERE
from tests.pbx_real.asterisk import Asterisk
from tests.ports import free_port
from tests.whole.board import Board
from tests.whole.daemon import LEAD_PASSWORD

README = (HERE / "README.md").read_text()
SECRET = "chosen-as-the-readme-says"


def block_after(words: str) -> str:
    """The indented block that follows these words, without its indent."""
    after = README.split(words, 1)[1]
    found = re.search(r"\n\n((?:(?: {4,}.*)?\n)+)", after)
    assert found, f"the README has no block after {words!r}"
    return textwrap.dedent(found[1]).strip() + "\n"


def written(folder: Path, asterisk_port: int, http_port: int) -> Path:
    config = block_after("**A configuration**").replace("the secret of manager.conf", SECRET)
    config = config.replace('host = "127.0.0.1"\n', f'host = "127.0.0.1"\nport = {asterisk_port}\n')
    (folder / "ccd.toml").write_text(f"{config}\n[http]\nport = {http_port}\n")
    (folder / "roster.csv").write_text(block_after("**Who sits where**"))
    return folder / "ccd.toml"


def as_in_the_sample(asterisk: Asterisk) -> None:
    """The account of config/manager.conf in place of the test's own."""
    sample = (HERE / "config" / "manager.conf").read_text()
    account = sample[sample.index("[ccd]") :].replace("CHANGE-ME", SECRET)
    asterisk.rewrite("manager.conf", r"(?s)\[ccd\].*?(?=\n\[)", account.replace("\\", r"\\"))
    with asterisk.drive() as pbx:
        pbx.command("manager reload")


@pytest.mark.timeout(400)
def test_five_minutes_from_pip_install_to_a_real_pbxs_board(asterisk: Asterisk, tmp_path: Path) -> None:
    as_in_the_sample(asterisk)
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "ccd"], check=True)
    install = block_after("in a clone of this repository,")
    assert "/opt/ccd/bin/pip install ." in install
    subprocess.run([tmp_path / "ccd/bin/pip", "install", "--quiet", str(HERE)], check=True, timeout=350)
    http_port = free_port()
    config = written(tmp_path, asterisk.port, http_port)
    check, user, run = (
        line.replace("/opt/ccd/bin/ccd", str(tmp_path / "ccd/bin/ccd")).split()
        for line in block_after("**Look, and go**").splitlines()
    )
    home = {"cwd": tmp_path, "env": {**os.environ, "PYTHONPATH": ""}}
    checked = subprocess.run(check, capture_output=True, text=True, **home)  # type: ignore[call-overload]  # plain options
    assert checked.returncode == 0, checked.stderr + checked.stdout
    added = [*user, "--password-stdin"]
    subprocess.run(added, input=LEAD_PASSWORD, text=True, check=True, **home)  # type: ignore[call-overload]  # as above
    with (tmp_path / "log").open("wb") as log:
        daemon = subprocess.Popen(run, stdout=log, stderr=log, **home)  # type: ignore[call-overload]  # as above
    try:
        with asterisk.drive() as pbx:
            pbx.sign_in("PJSIP/1001", "Agent 1001")
            check_board(f"http://127.0.0.1:{http_port}", daemon, tmp_path / "log")
    finally:
        daemon.send_signal(signal.SIGTERM)
        assert daemon.wait(20) == 0
    assert config.exists()


def check_board(url: str, daemon: "subprocess.Popen[bytes]", log: Path) -> None:
    """The agent who has signed in stands on the board, with an account that has no more than the least rights."""
    until = time.monotonic() + 20
    while True:
        assert daemon.poll() is None, log.read_text()[-2000:]
        assert time.monotonic() < until, log.read_text()[-2000:]
        try:
            with Board(url) as board:
                if board.state("1001") in ("available", "unreachable"):
                    return
        except OSError:
            time.sleep(0.2)
