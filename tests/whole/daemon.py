"""The daemon as a person runs it: a configuration, people with passwords, `ccd run` as a process of its own."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.commands.running import HERE, PROGRAM, ccd
from tests.ports import free_port

LEAD, LEAD_PASSWORD = "lead", "a long enough password"
AGENT_PASSWORD = "another long password"

ROSTER = """agent,interface,member_name,unit,name
1001,Local/1001@agents/n,Agent 1001,team-1,张敏
1002,Local/1002@agents/n,Agent 1002,team-1,李强
1003,Local/1003@agents/n,Agent 1003,team-2,王芳
"""


class Daemon:
    """`config` is TOML that follows the defaults below; `pbx_port` is where a manager interface listens."""

    def __init__(
        self, folder: Path, pbx_port: int, config: str = "", secret: str = "geheim", queue_log: Path | None = None
    ) -> None:
        self.folder = folder
        self.http_port = free_port()
        self.url = f"http://127.0.0.1:{self.http_port}"
        self.config = folder / "ccd.toml"
        (folder / "roster.csv").write_text(ROSTER)
        self.secret = secret
        self.pbx_port = pbx_port
        self.queue_log = queue_log
        self.write_config(config)
        self.log = folder / "ccd.log"
        self._process: subprocess.Popen[bytes] | None = None

    def write_config(self, more: str) -> None:
        self.config.write_text(
            f"""site = "test"
roster = "roster.csv"
{more}
[[pbx]]
name = "a"
host = "127.0.0.1"
port = {self.pbx_port}
username = "ccd"
secret = "{self.secret}"
{f'queue_log = "{self.queue_log}"' if self.queue_log else ""}
ping_interval_s = 0.5
ping_deadline_s = 0.5
watermark_margin_s = 0.2
reconnect_delay_s_max = 1.0
snapshot_interval_s = 2.0
[queues.support]
wrap_up_s = 2
[units.team-1]
name = "一班"
[units.team-2]
name = "二班"
[http]
port = {self.http_port}
"""
        )

    def ccd(self, *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
        return ccd(*arguments, given=given)

    def let_in(self) -> None:
        config = ("--config", str(self.config), "--password-stdin")
        for arguments, password in (
            ((LEAD, "--role", "supervisor", "--unit", "team-1"), LEAD_PASSWORD),
            (("1001", "--role", "agent", "--agent", "1001"), AGENT_PASSWORD),
        ):
            done = self.ccd("user", "add", *arguments, *config, given=password + "\n")
            assert done.returncode == 0, done.stderr

    def start(self, *arguments: str, **environment: str) -> "Daemon":
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-c", PROGRAM, "run", "--config", str(self.config), *arguments],
                stdout=log,
                stderr=log,
                cwd=HERE,
                env=os.environ | {"JOURNAL_STREAM": "1:1"} | environment,
            )
        return self

    def until_ready(self, within_s: float = 60.0) -> "Daemon":
        self.until(self.is_ready, within_s)
        return self

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def until(self, holds: Callable[[], object], within_s: float = 40.0) -> None:
        """As soon as it holds; what a machine that has much else to do may take is no fault of the daemon's. Who looks
        by a command takes half of a processor at most."""
        ends = time.monotonic() + within_s
        while True:
            began = time.monotonic()
            if holds():
                return
            assert self.is_running, self.log.read_text()[-3000:]
            assert time.monotonic() < ends, f"not within {within_s:g} s\n{self.log.read_text()[-3000:]}"
            time.sleep(max(0.1, time.monotonic() - began))

    def is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def metric(self, name: str) -> float:
        with urllib.request.urlopen(f"{self.url}/metrics", timeout=5) as answer:
            text: str = answer.read().decode()
        return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith((f"{name}{{", f"{name} ")))

    def said(self) -> list[dict[str, Any]]:
        """What the daemon has logged, one object a line."""
        lines = self.log.read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def said_times(self, part: str) -> int:
        return sum(part in str(line) for line in self.said())

    def day(self, day: str) -> dict[str, Any]:
        """Agent → day record, as `ccd day` prints it."""
        done = self.ccd("day", "--day", day, "--format", "json", "--config", str(self.config))
        assert done.returncode == 0, done.stderr
        return {agent["agent"]: agent for one in json.loads(done.stdout)["days"] for agent in one["agents"]}

    def reload(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGHUP)

    def kill(self) -> None:
        """As a power cut would: nothing is finished."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def freeze(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def ends(self, within_s: float = 20.0) -> int:
        """Its exit code, once it has ended by itself."""
        assert self._process is not None
        return self._process.wait(within_s)

    def stop(self) -> int:
        if self._process is None:
            return 0
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            self._process.send_signal(signal.SIGCONT)
        return self._process.wait(20)
