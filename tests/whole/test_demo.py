"""`ccd demo`: something moves at once, a day passes and settles, a second one says what is taken, nothing is left."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.ports import free_port
from tests.whole.board import Board, session_cookie
from tests.whole.daemon import HERE, PROGRAM

Demo = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    """Starts demos whose temporary files are all in one place, and stops what still runs."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, "demo", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=HERE,
            env=os.environ | {"TMPDIR": str(tmp_path), "COLUMNS": "200"},
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.wait()


def until_it_says(process: "subprocess.Popen[str]", words: str) -> str:
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if words in line:
            return said
    raise AssertionError(f"it ended without saying {words!r}:\n{said}")


def logins(said: str) -> dict[str, tuple[str, str]]:
    return {role: (name, password) for role, name, password in re.findall(r"(supervisor|agent) +(\S+) / (\S+)", said)}


@pytest.mark.timeout(180)
def test_the_demo_moves_settles_and_leaves_nothing_behind(demo: Demo, tmp_path: Path) -> None:
    port = free_port()
    process = demo("--port", str(port), "--weeks", "1", "--speed", "1500")
    said = until_it_says(process, "Ctrl-C")
    url = f"http://127.0.0.1:{port}"
    assert f"{url}/" in said
    with Board(url, *logins(said)["supervisor"]) as board:
        assert len(board.listen().agents) == 60
        assert {agent["unit"] for agent in board.agents.values()} == {"team-1", "team-2", "team-3"}
        before = json.dumps(board.agents)
        assert moves_within(board, before, 5.0)
    lines = statement(url, *logins(said)["agent"])
    assert len(lines) >= 4, "a week of settled days"
    until = time.monotonic() + 120
    while len(statement(url, *logins(said)["agent"])) == len(lines):
        assert time.monotonic() < until, "a whole day passes and settles"
        time.sleep(1)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0
    assert list(tmp_path.iterdir()) == []
    assert children_of(process.pid) == []


@pytest.mark.timeout(120)
def test_started_twice_the_second_says_which_port_is_taken(demo: Demo, tmp_path: Path) -> None:
    port = str(free_port())
    until_it_says(demo("--port", port, "--weeks", "0"), "Ctrl-C")
    second = demo("--port", port, "--weeks", "0")
    said, _ = second.communicate(timeout=60)
    assert second.returncode == 1
    assert port in said
    assert "taken" in said or "in use" in said
    assert "Traceback" not in said
    assert len([each for each in tmp_path.iterdir() if each.name.startswith("ccd-demo-")]) == 1


def test_stopped_while_it_prepares_it_leaves_nothing_either(demo: Demo, tmp_path: Path) -> None:
    process = demo("--port", "0", "--weeks", "8")
    until = time.monotonic() + 30
    while not list(tmp_path.glob("ccd-demo-*/ccd.sqlite*")):
        assert time.monotonic() < until
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in said
    assert list(tmp_path.iterdir()) == []


def moves_within(board: Board, before: str, within_s: float) -> bool:
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        if json.dumps(board.listen(0.1, at_most_s=0.5).agents) != before:
            return True
    return False


def statement(url: str, name: str, password: str) -> list[object]:
    request = urllib.request.Request(f"{url}/api/me", headers={"Cookie": session_cookie(url, name, password)})
    with urllib.request.urlopen(request, timeout=10) as answer:
        lines: list[object] = json.load(answer)["lines"]
    return lines


def children_of(pid: int) -> list[str]:
    """Processes whose parent was the demo: a Valkey that nobody stopped would have another parent by now."""
    found = subprocess.run(["ps", "-eo", "ppid,args"], capture_output=True, text=True, check=True).stdout
    folder = tempfile.gettempdir()
    return [line for line in found.splitlines() if line.split()[0] == str(pid) or f"{folder}/ccd-demo" in line]


def test_a_demo_that_is_killed_leaves_no_process_behind(demo: Demo) -> None:
    process = demo("--port", "0", "--weeks", "0", "--agents", "3")
    until_it_says(process, "Ctrl-C")
    started = psutil.Process(process.pid).children(recursive=True)
    assert any("valkey" in child.name() for child in started)
    process.kill()
    _, alive = psutil.wait_procs(started, timeout=5)
    assert alive == []
