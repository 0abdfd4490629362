"""A real Asterisk of one's own: started, driven over AMI, killed, stopped, restarted."""

import os
import re
import shutil
import signal
import subprocess
from time import monotonic, sleep

from tests.pbx_real.configuration import files
from tests.pbx_real.driver import Driver
from tests.pbx_real.trees import MODULES, tree
from tests.ports import free_port

START_S_MAX = 20.0
SOUNDS = ("pbx-transfer", "beep", "beeperr", "agent-loginok")


class Asterisk:
    """One instance, in a folder of its own inside its version's tree."""

    def __init__(self, version: int, *, stamps: str = "yes") -> None:
        self.version = version
        self.port = free_port()
        self.sip_port = free_port()
        self._tree = tree(version)
        self._inside = f"/ast/{self.port}"
        self.home = self._tree / "ast" / str(self.port)
        self.etc = self.home / "etc"
        self.queue_log = self.home / "log/queue_log"
        self._process: subprocess.Popen[bytes] | None = None
        for name in ("etc", "db", "spool", "run", "log"):
            (self.home / name).mkdir(parents=True, exist_ok=True)
        for name, text in files(version, self.port, self.sip_port, self._inside, MODULES[version], stamps).items():
            (self.etc / name).write_text(text)
        self._speak()

    def start(self) -> None:
        """Returns when Asterisk is fully booted."""
        root = [] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user"]
        command = ["/usr/sbin/asterisk", "-f", "-C", f"{self._inside}/etc/asterisk.conf"]
        output = (self.home / "log/stdout").open("ab")
        self._process = subprocess.Popen(
            [*root, "chroot", str(self._tree), *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        output.close()
        self.wait_until_up()

    def wait_until_up(self) -> None:
        deadline = monotonic() + START_S_MAX
        while monotonic() < deadline:
            try:
                with self.drive() as driver:
                    if driver.heard_within("FullyBooted", 1.0):
                        return
            except OSError:
                sleep(0.05)
        raise AssertionError(f"Asterisk {self.version} did not start: {(self.home / 'log/stdout').read_text()[-2000:]}")

    def drive(self, username: str = "driver") -> Driver:
        return Driver(self.port, username)

    def kill(self) -> None:
        """As a crash does it. Nothing is said to anyone."""
        self._signal(signal.SIGKILL)
        if self._process:
            self._process.wait()

    def wait_for_end(self) -> None:
        """It was told to stop."""
        assert self._process
        self._process.wait(START_S_MAX)

    def freeze(self) -> None:
        """Sockets stay open, and nobody answers."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def rewrite(self, file: str, pattern: str, replacement: str) -> None:
        path = self.etc / file
        text, count = re.subn(pattern, replacement, path.read_text())
        assert count, f"{pattern!r} is not in {file}"
        path.write_text(text)

    def close(self) -> None:
        if self._process and self._process.poll() is None:
            self.thaw()
            self.kill()
        shutil.rmtree(self.home, ignore_errors=True)

    def _speak(self) -> None:
        """The tree's data, with the few sounds that a transfer plays: silent ones, since no package brings them."""
        data = self.home / "data"
        (data / "sounds/en").mkdir(parents=True, exist_ok=True)
        for entry in (self._tree / "usr/share/asterisk").iterdir():
            if entry.name != "sounds":
                (data / entry.name).symlink_to(f"/usr/share/asterisk/{entry.name}")
        for sound in SOUNDS:
            (data / f"sounds/en/{sound}.ulaw").write_bytes(b"\xff" * 160)

    def _signal(self, number: int) -> None:
        if self._process and self._process.poll() is None:
            os.killpg(self._process.pid, number)
