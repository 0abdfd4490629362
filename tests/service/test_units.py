"""The systemd units: understood by systemd, and closed tightly."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

UNITS = Path(__file__).parents[2] / "systemd"
EXPOSURE_MAX = 2.0


@pytest.fixture
def systemd_analyze() -> str:
    found = shutil.which("systemd-analyze")
    if found is None:
        pytest.skip("systemd-analyze is not here; as root: apt-get install systemd")
    return found


def says(*command: str | Path) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    return f"{done.stdout}{done.stderr}"


def test_the_service_is_exposed_as_little_as_promised(systemd_analyze):
    said = says(systemd_analyze, "security", "--offline=true", "--no-pager", UNITS / "ccd.service")
    level = re.search(r"Overall exposure level for ccd\.service: ([\d.]+)", said)
    assert level, said
    assert float(level[1]) < EXPOSURE_MAX


def test_systemd_finds_no_fault_in_the_service_but_the_program_that_is_not_installed_here(systemd_analyze):
    lines = says(systemd_analyze, "verify", "--man=no", UNITS / "ccd.service").splitlines()
    of_ours = [line for line in lines if "ccd.service" in line and "/opt/ccd/bin/ccd is not executable" not in line]
    assert of_ours == []


def test_the_user_and_the_folders_are_made(systemd_analyze, tmp_path):
    if os.getuid() != 0:
        pytest.skip("only root can give folders to other users, in a tree of its own too")
    (tmp_path / "etc").mkdir()
    for tool, unit in ((("systemd-sysusers",), "ccd.sysusers"), (("systemd-tmpfiles", "--create"), "ccd.tmpfiles")):
        text = (UNITS / unit).read_text()
        subprocess.run([*tool, f"--root={tmp_path}", "-"], input=text, text=True, check=True, timeout=60)
    assert re.search(r"(?m)^ccd:.*:/var/lib/ccd:", (tmp_path / "etc/passwd").read_text())
    assert (tmp_path / "etc/ccd").stat().st_mode & 0o777 == 0o750
    assert (tmp_path / "etc/ccd/secrets").stat().st_mode & 0o777 == 0o700


def test_the_service_starts_and_reloads_the_program_with_the_configuration_that_the_readme_names():
    service = (UNITS / "ccd.service").read_text()
    assert "ExecStart=/opt/ccd/bin/ccd run --config /etc/ccd/ccd.toml" in service
    assert "ExecReload=/bin/kill -HUP $MAINPID" in service
    assert "RestartPreventExitStatus=2" in service  # a configuration's fault is no reason to start again
    assert json.dumps("/run/credentials/ccd.service/secrets_pbx-1") in (UNITS.parent / "config/ccd.toml").read_text()
