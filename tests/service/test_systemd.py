"""The service under a real systemd: started, reloaded, killed, hung, misconfigured."""

import json
import os
import shutil
import time
from collections.abc import Iterator

import pytest

from tests.ports import free_port
from tests.service.machine import SYSTEMD, Machine

ROSTER = "agent,interface,member_name,unit,name\n1001,Local/1001@agents/n,Agent 1001,team-1,张敏\n"
CONFIG = """site = "test"
roster = "roster.csv"
[[pbx]]
name = "pbx-1"
host = "127.0.0.1"
port = {pbx}
username = "ccd"
secret_file = "/run/credentials/ccd.service/secrets_pbx-1"
[http]
port = {http}
"""
WATCHDOG_S = 4
RESTART_S = 2.0  # the unit's RestartSec
HURRIED = f"[Service]\nWatchdogSec={WATCHDOG_S}s\nTimeoutAbortSec=2s\n"


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    if not SYSTEMD.exists():
        pytest.skip("systemd is not here; as root: apt-get install systemd")
    if os.getuid() != 0 or not shutil.which("unshare"):
        pytest.skip("only root can start a systemd of its own")
    made = Machine(tmp_path_factory.mktemp("machine"), free_port(), free_port())
    made.configure("ccd/ccd.toml", CONFIG.format(pbx=made.pbx_port, http=made.http_port))
    made.configure("ccd/roster.csv", ROSTER)
    made.configure("systemd/system/ccd.service.d/hurried.conf", HURRIED)
    try:
        if why := made.boot():
            pytest.skip(f"no systemd can be started here: {why}")
        made.start("/opt/ccd/bin/ccd", "simulate", "--listen", f"127.0.0.1:{made.pbx_port}", "--secret", "geheim")
        started = made.run("systemctl", "start", "ccd")
        assert started.returncode == 0, started.stderr + "\n".join(made.log())
        yield made
    finally:
        made.switch_off()


def is_live(machine: Machine) -> bool:
    return machine.shows("StatusText").startswith("1 of 1 PBXs live")


def events(machine: Machine) -> list[str]:
    """What the service has logged, each line an object."""
    return [json.loads(line)["event"] for line in machine.log() if line.startswith("{")]


def test_it_counts_as_started_once_it_says_so_and_reads_its_secret_as_its_own_user(machine: Machine) -> None:
    assert machine.shows("ActiveState") == "active"
    machine.until(lambda: is_live(machine))
    assert machine.run("stat", "-c", "%U", f"/proc/{machine.shows('MainPID')}").stdout == "ccd\n"
    assert "pages are served" in events(machine)
    state = machine.run("stat", "-c", "%U %a", "/var/lib/ccd", "/var/lib/ccd/ccd.sqlite").stdout.split("\n")
    assert state[:2] == ["ccd 700", "ccd 600"]


def test_a_reload_keeps_the_process_and_a_faulty_one_what_was_read_before(machine: Machine) -> None:
    process = machine.shows("MainPID")
    machine.write("/etc/ccd/roster.csv", ROSTER + "1002,Local/1002@agents/n,Agent 1002,team-1,李强\n")
    assert machine.run("systemctl", "reload", "ccd").returncode == 0
    machine.until(lambda: "reloaded" in events(machine))
    machine.write("/etc/ccd/roster.csv", ROSTER + "1002,Local/1001@agents/n,Agent 1001,team-1,李强\n")
    assert machine.run("systemctl", "reload", "ccd").returncode == 0
    machine.until(lambda: any(event.startswith("not reloaded") for event in events(machine)))
    machine.write("/etc/ccd/roster.csv", ROSTER)
    assert machine.shows("ActiveState") == "active"
    assert machine.shows("MainPID") == process
    assert machine.shows("NRestarts") == "0"


def test_one_that_is_killed_is_started_again_however_often(machine: Machine) -> None:
    assert machine.shows("StartLimitIntervalUSec") == "0"  # a database that is away for long ends it each time
    process = machine.shows("MainPID")
    machine.run("kill", "-9", process)
    machine.until(lambda: machine.shows("NRestarts") == "1" and machine.shows("ActiveState") == "active")
    assert machine.shows("MainPID") != process
    machine.until(lambda: is_live(machine))


def test_one_that_feeds_its_watchdog_outlives_it_and_one_that_hangs_does_not(machine: Machine) -> None:
    before = machine.shows("NRestarts")
    time.sleep(WATCHDOG_S * 1.5)
    assert machine.shows("NRestarts") == before
    process = machine.shows("MainPID")
    machine.run("kill", "-STOP", process)
    machine.until(lambda: machine.shows("MainPID") not in ("0", process), within_s=WATCHDOG_S + 20)
    assert "Watchdog timeout" in "\n".join(machine.log())
    machine.until(lambda: is_live(machine))


def test_told_to_stop_it_stops_in_order_and_nothing_of_it_is_left(machine: Machine) -> None:
    assert machine.run("systemctl", "stop", "ccd").returncode == 0
    assert machine.shows("Result") == "success"
    assert not (machine.cgroup / "system.slice/ccd.service").exists()


def test_with_a_faulty_configuration_it_says_why_and_is_not_started_again_and_again(machine: Machine) -> None:
    machine.write("/etc/ccd/ccd.toml", "no_such_key = 1\n")
    assert machine.run("systemctl", "start", "ccd").returncode != 0
    time.sleep(RESTART_S * 2)
    assert (machine.shows("ActiveState"), machine.shows("ExecMainStatus")) == ("failed", "2")
    assert machine.shows("NRestarts") == "0"
    assert "no_such_key" in "\n".join(machine.log())
