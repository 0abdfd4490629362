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
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psutil
import pytest

from ccd.bank.withdrawal import ApplicationState
from tests.commands.running import HERE, PROGRAM, ccd, said
from tests.ports import free_port
from tests.whole.board import Board, session_cookie

# Whoever runs the tests in the background of a shell has them, and all that they start, ignore Ctrl-C.
INTERRUPTIBLE = f"import signal; signal.signal(signal.SIGINT, signal.default_int_handler); {PROGRAM}"
Demo = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    """Starts demos whose temporary files are all in one place, and stops what still runs."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, "-c", INTERRUPTIBLE, "demo", *arguments],
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
        children = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
        process.kill()
        process.wait()
        psutil.wait_procs(children, timeout=10)  # whoever ends them finds them by a file that goes with `tmp_path`


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
    process = demo("--port", str(port), "--days", "7", "--speed", "1500")
    told = until_it_says(process, "Ctrl-C")
    url = f"http://127.0.0.1:{port}"
    assert f"{url}/" in told
    with Board(url, *logins(told)["supervisor"]) as board:
        assert len(board.listen().agents) == 60
        assert {agent["unit"] for agent in board.agents.values()} == {"team-1", "team-2", "team-3"}
        before = json.dumps(board.agents)
        assert moves_within(board, before, 5.0)
    lines = statement(url, *logins(told)["agent"])
    assert len(lines) >= 4, "a week of settled days"
    until = time.monotonic() + 120
    while len(statement(url, *logins(told)["agent"])) == len(lines):
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
    until_it_says(demo("--port", port, "--days", "0"), "Ctrl-C")
    second = demo("--port", port, "--days", "0")
    said, _ = second.communicate(timeout=60)
    assert second.returncode == 1
    assert port in said
    assert "taken" in said or "in use" in said
    assert "Traceback" not in said
    assert len([each for each in tmp_path.iterdir() if each.name.startswith("ccd-demo-")]) == 1


def test_stopped_while_it_prepares_it_leaves_nothing_either(demo: Demo, tmp_path: Path) -> None:
    process = demo("--port", "0")
    until = time.monotonic() + 30
    while not list(tmp_path.glob("ccd-demo-*/ccd.sqlite*")):
        assert time.monotonic() < until
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in said
    assert list(tmp_path.iterdir()) == []


def closed_month(today: date) -> str:
    """The newest that attendance has taken over, as it does on the evening of the third of the next."""
    first = today.replace(day=1)
    months = 1 if today.day > 4 else 2
    for _ in range(months):
        first = (first - timedelta(days=1)).replace(day=1)
    return f"{first:%Y-%m}"


SERVICES = {"savings", "overdraft", "gift", "overtime", "idle_leave", "idle_offset", "withdrawal"}


@pytest.mark.timeout(300)
def test_whatever_can_be_asked_of_a_time_bank_has_an_answer_in_the_demo(demo: Demo) -> None:
    process = demo("--port", "0", "--speed", "1")
    config = re.findall(r"CCD_CONFIG=(\S+)", until_it_says(process, "Ctrl-C"))[0]

    def ask(words: str) -> str:
        return said(ccd(*words.split(), "--config", config))

    def rows(words: str, name: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(ask(f"{words} --format json"))[name]
        assert found, words
        return found

    today = datetime.now(ZoneInfo("Asia/Shanghai")).date()
    closed = closed_month(today)
    days = [today - timedelta(days=back) for back in range(59, -15, -1)]
    span = f"--from {days[0]} --to {today - timedelta(days=1)}"
    for show in ("indicators", "distribution", "hiding", "service"):
        assert ask(f"report {span} --show {show} --format csv").count("\n") > 5, show
    by_service = {line["service"]: line["transfer"] for line in rows("ledger statement 1001 --limit 500", "lines")}
    assert by_service.keys() >= SERVICES, by_service
    for service, transfer in by_service.items():
        assert ask(f"explain {transfer}").count("\n") > 3, service
    wanted = {state.value for state in ApplicationState if state is not ApplicationState.WITHDRAWN}
    for day in reversed(days):
        off = json.loads(ask(f"bank withdraw list --day {day} --format json"))["applications"]
        wanted -= {one["state"] for one in off}
        if not wanted:
            break
    assert not wanted
    assert ask(f"bank withdraw calendar home --from {today} --to {days[-1]}").count("\n") > 14
    assert ask(f"bank withdraw suggest home --day {today + timedelta(days=3)}")
    assert rows(f"bank red-packet caps {today - timedelta(days=7):%Y-%m}", "units")[0]["given_s"], "a week ago the last"
    rows("bank red-packet proposals", "proposals")
    assert len(rows("bank overtime list", "emergencies")) >= 2, "of the last weeks"
    assert len(rows(f"bank ruling list {span}", "rulings")) >= 2
    assert len({one["state"] for one in rows(f"bank appeal list {span}", "appeals")}) == 2, "one waits"
    assert {one["full"] for one in rows(f"bank month show {closed}", "agents")} == {True, False}
    rows(f"bank offset offer 1001 --month {closed}", "items")
    assert "the ledger says the same" in ask(f"resettle {closed}")
    assert ask(f"export attendance {closed}").count("\n") > 1_000
    assert ask("ledger supply").count("\n") > 20
    assert "rate_ppm" in ask(f"policy propose {span}")


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
    process = demo("--port", "0", "--days", "0", "--agents", "3")
    until_it_says(process, "Ctrl-C")
    started = psutil.Process(process.pid).children(recursive=True)
    assert any("valkey" in child.name() for child in started)
    process.kill()
    _, alive = psutil.wait_procs(started, timeout=5)
    assert alive == []
