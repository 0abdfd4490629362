"""A machine with a real systemd, in namespaces of its own, with ccd as an operator has it: program, files and units."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil

HERE = Path(__file__).parents[2]
SYSTEMD = Path("/lib/systemd/systemd")
BOOT_S_MAX = 30.0
PROGRAM = """#!/bin/sh
# The checkout's own ccd, where its Python may be seen: not below /root, which the service can't look into.
export PYTHONPATH=/opt/ccd/checkout:/opt/ccd/packages LD_LIBRARY_PATH=/opt/ccd/python/lib
exec /opt/ccd/python/bin/{python} -c 'from ccd.commands.app import main; main()' "$@"
"""


def cgroups() -> Path:
    """Where cgroups of the second version are kept: on some machines beside those of the first."""
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        before, _, after = line.partition(" - ")
        if after.startswith("cgroup2 "):
            return Path(before.split()[4])
    return Path("/sys/fs/cgroup")


class Machine:
    def __init__(self, folder: Path, http_port: int, pbx_port: int) -> None:
        self._folder = folder
        self._etc = folder / "etc"
        self.cgroup = cgroups() / f"ccd-test-{os.getpid()}"
        self._unshared: subprocess.Popen[bytes] | None = None
        self._first = 0  # systemd, as this machine numbers it
        self.http_port, self.pbx_port = http_port, pbx_port
        for name in ("ccd/secrets", "systemd/system/ccd.service.d"):
            (self._etc / name).mkdir(parents=True)
        (self._etc / "program").write_text(PROGRAM.format(python=f"python3.{sys.version_info.minor}"))
        shutil.copy(HERE / "systemd/ccd.service", self._etc / "systemd/system")
        for unit, place in (("sysusers", "sysusers.d"), ("tmpfiles", "tmpfiles.d")):
            (self._etc / place).mkdir()
            shutil.copy(HERE / f"systemd/ccd.{unit}", self._etc / place / "ccd.conf")
        (self._etc / "ccd/secrets/pbx-1").write_text("geheim\n")

    def configure(self, name: str, text: str) -> None:
        """A file below /etc: before the machine is booted."""
        (self._etc / name).write_text(text)

    def boot(self) -> str:
        """Why systemd does not run; empty once it does."""
        try:
            self.cgroup.mkdir()
        except OSError as error:
            return f"no cgroup can be made: {error}"
        tree = self._folder / "tree"
        tree.mkdir()
        shared = {
            "checkout": HERE,
            "packages": next(Path(place) for place in sys.path if place.endswith("site-packages")),
            "python": Path(sys.base_prefix),
            "etc": self._etc,
        }
        unshare = "unshare --fork --kill-child --pid --mount --uts --ipc --cgroup --net".split()
        boot: list[str | Path] = [
            *unshare,
            HERE / "tests/service/boot.sh",
            tree,
            *(f"{name}={path}" for name, path in shared.items()),
        ]
        enter = f'echo $$ > {self.cgroup}/cgroup.procs; exec "$@"'
        log = self._folder / "boot.log"
        with log.open("wb") as said:
            self._unshared = subprocess.Popen(["sh", "-c", enter, "sh", *boot], stdout=said, stderr=said)
        ends = time.monotonic() + BOOT_S_MAX
        while time.monotonic() < ends and self._unshared.poll() is None:
            children = psutil.Process(self._unshared.pid).children()
            if children and children[0].name() == "systemd":
                self._first = children[0].pid
                if self.run("systemctl", "is-system-running").stdout.strip() == "running":
                    return ""
            time.sleep(0.1)
        return f"systemd did not start: {log.read_text()[-500:]}"

    def run(self, *command: str, given: str = "") -> subprocess.CompletedProcess[str]:
        """In the machine, as its root."""
        return subprocess.run([*self._enter, *command], input=given, capture_output=True, text=True, timeout=60)

    @property
    def _enter(self) -> list[str]:
        return f"nsenter -t {self._first} --mount --pid --uts --ipc --net --cgroup --root --wd".split()

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        """The same, and go on beside it; it ends with the machine."""
        return subprocess.Popen([*self._enter, *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def write(self, path: str, text: str) -> None:
        """A file, while the machine runs."""
        done = self.run("tee", path, given=text)
        assert done.returncode == 0, done.stderr

    def shows(self, name: str) -> str:
        return self.run("systemctl", "show", "ccd", "--value", f"--property={name}").stdout.strip()

    def log(self) -> list[str]:
        """What the service has written to the journal."""
        return self.run("journalctl", "--unit=ccd", "--output=cat", "--no-pager").stdout.splitlines()

    def until(self, holds: Callable[[], object], within_s: float = 60.0) -> None:
        ends = time.monotonic() + within_s
        while not holds():
            assert time.monotonic() < ends, "\n".join(self.log()[-20:]) + self.run("systemctl", "status", "ccd").stdout
            time.sleep(0.2)

    def switch_off(self) -> None:
        if self._unshared is not None:
            self._unshared.kill()
            self._unshared.wait()
        for _ in range(100):
            for cgroup in sorted(self.cgroup.rglob("*/"), reverse=True):
                _removed(cgroup)
            if not self.cgroup.exists() or _removed(self.cgroup):
                return
            time.sleep(0.05)


def _removed(cgroup: Path) -> bool:
    try:
        cgroup.rmdir()
    except OSError:
        return False
    return True
