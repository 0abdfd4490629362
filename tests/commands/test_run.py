"""`ccd run`, as far as it needs no switch: what it says when it begins."""

import os
import subprocess
import sys
import threading
from pathlib import Path

from tests.commands.running import HERE, PROGRAM
from tests.ports import free_port

CONFIGURATION = """site = "test"
[http]
port = {port}
[[pbx]]
name = "none"
host = "127.0.0.1"
port = {pbx_port}
username = "ccd"
secret = "nobody-listens-there"
"""
WITHIN_S = 30.0


def test_who_starts_it_is_told_where_the_pages_are(tmp_path: Path) -> None:
    port = free_port()
    config = tmp_path / "ccd.toml"
    config.write_text(CONFIGURATION.format(port=port, pbx_port=free_port()))
    environment = {name: value for name, value in os.environ.items() if name != "JOURNAL_STREAM"}
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "run", "--config", str(config)],
        stderr=subprocess.PIPE, text=True, env=environment | {"PYTHONPATH": str(HERE)},
    ) as daemon:  # fmt: skip
        assert daemon.stderr is not None
        late = threading.Timer(WITHIN_S, daemon.kill)
        late.start()
        told = [line for line in iter(daemon.stderr.readline, "") if _ended_by(daemon, "pages are served", line)]
        late.cancel()
    assert len(told) == 1
    assert f"url=http://127.0.0.1:{port}" in told[0]
    assert daemon.returncode == 0


def _ended_by(daemon: subprocess.Popen[str], said: str, line: str) -> bool:
    if said in line:
        daemon.terminate()
        return True
    return False
