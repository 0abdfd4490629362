"""CI can't pass by skipping: where servers are required, a skipped test is a failed one. Long files come first."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.browser.chromium import PROGRAMS

HERE = Path(__file__).parents[1]
TESTS = """
import pytest

@pytest.fixture
def server():
    pytest.skip("no server on this machine")

def test_with_the_server(server):
    assert server

@pytest.mark.skip(reason="not today")
def test_marked():
    assert False

@pytest.mark.xfail(reason="a known defect", strict=True)
def test_known():
    assert False

def test_without():
    assert True
"""


def outcome(folder: Path, required: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Of a pytest of its own that has our conftest and nothing else of ours."""
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "tests.conftest",
            "-p",
            "no:cacheprovider",
            "-c",
            os.devnull,
            *options,
            folder,
        ],
        env=os.environ | {"PYTHONPATH": str(HERE), "CCD_REQUIRE_SERVERS": required},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_a_skipped_test_fails_where_servers_are_required_and_an_expected_failure_does_not(tmp_path):
    (tmp_path / "test_it.py").write_text(TESTS)
    done = outcome(tmp_path, "1")
    assert done.returncode == 1
    assert "CCD_REQUIRE_SERVERS=1 lets no test be skipped" in done.stdout
    assert "no server on this machine" in done.stdout
    assert "1 passed" in done.stdout
    assert "1 xfailed" in done.stdout
    assert "skipped" not in done.stdout.splitlines()[-1]


def test_elsewhere_it_is_skipped(tmp_path):
    (tmp_path / "test_it.py").write_text(TESTS)
    done = outcome(tmp_path, "")
    assert done.returncode == 0
    assert "1 passed, 2 skipped, 1 xfailed" in done.stdout


def test_a_module_that_skips_itself_fails_too(tmp_path):
    (tmp_path / "test_it.py").write_text("import pytest\npytest.importorskip('nobody_has_this')\n")
    assert outcome(tmp_path, "1").returncode not in (0, 5)


def test_files_that_ask_for_more_time_come_first_then_those_of_many_tests_each_in_its_own_order(tmp_path):
    (tmp_path / "test_a.py").write_text("def test_1(): ...")
    (tmp_path / "test_b.py").write_text("def test_2(): ...\ndef test_1(): ...")
    asks = "@pytest.mark.timeout({})\ndef test_{}(): ...\n"
    (tmp_path / "test_c.py").write_text("import pytest\n" + asks.format(130, 1))
    (tmp_path / "test_d.py").write_text("import pytest\ndef test_1(): ...\n" + asks.format(140, 2))
    done = outcome(tmp_path, "", "--collect-only")
    assert re.findall(r"test_(\w).py::test_(\d)", done.stdout) == [*zip("ddcbba", "121211", strict=True)]


def test_ci_requires_every_server():
    assert "export CCD_REQUIRE_SERVERS=1" in (HERE / ".ci/run").read_text()


@pytest.mark.parametrize("browser", PROGRAMS)
def test_a_browser_that_the_tests_of_pages_take_is_not_installed_beside_another(tmp_path, browser):
    (tmp_path / "id").write_text("#!/bin/sh\necho 1000\n")  # not root's: nothing is installed
    (tmp_path / browser).write_text("#!/bin/sh\n")
    for program in tmp_path.iterdir():
        program.chmod(0o755)
    for needed in ("mktemp", "rm"):
        (tmp_path / needed).symlink_to(shutil.which(needed))
    environment = {"PATH": str(tmp_path), "HOME": str(tmp_path)}
    done = subprocess.run(["/bin/bash", HERE / "tests/servers.sh"], env=environment, capture_output=True, text=True)
    assert f"servers: {browser}: {tmp_path / browser}\n" in done.stdout
    assert done.stdout.count("chromium") == 2, done.stdout
    assert not done.stderr


@pytest.mark.parametrize("script", [".ci/run", "scripts/setup.sh", "scripts/lock.sh", "tests/servers.sh"])
def test_each_script_can_be_run_and_is_understood_by_bash(script):
    assert os.access(HERE / script, os.X_OK)
    subprocess.run(["bash", "-n", HERE / script], check=True)
