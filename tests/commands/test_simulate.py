"""`ccd simulate` as somebody types it, in a process of its own."""

import csv
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import pytest

from ccd.commands.simulate import shift_before

VERB = "import typer; from ccd.commands.simulate import simulate; typer.run(simulate)"
WAIT_S_MAX = 30
LOGIN = b"Action: Login\r\nUsername: ccd\r\nSecret: ccd\r\n\r\n"


@contextmanager
def simulating(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], int, str]]:
    """The running verb, its port, and what it said of itself."""
    process = subprocess.Popen(
        [sys.executable, "-c", VERB, "--listen", "127.0.0.1:0", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(
            signal.SIGINT, signal.SIG_DFL
        ),  # deaf to it where the tests run in the background
    )
    try:
        assert process.stdout is not None
        said = process.stdout.readline()
        yield process, int(said.split(": ")[0].rsplit(":", 1)[1]), said
    finally:
        process.kill()
        process.communicate()


def heard(port: int, action: bytes, wanted: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), WAIT_S_MAX) as line:
        line.sendall(LOGIN + action)
        data = b""
        while wanted not in data:
            received = line.recv(65_536)
            assert received, data
            data += received
    return data


def test_it_runs_a_floor_at_the_hour_and_speed_that_were_asked_for(tmp_path):
    roster = tmp_path / "roster.csv"
    with simulating("--agents", "30", "--speed", "60", "--start", "2026-11-23T10:00:00", "--roster", str(roster)) as (
        process,
        port,
        said,
    ):
        assert "30 agents, 60 times real time, from 2026-11-23 10:00 Asia/Shanghai" in said
        data = heard(port, b"Action: QueueStatus\r\n\r\n", b"Event: QueueStatusComplete")
        members = {line.partition(": ")[2] for line in data.decode().split("\r\n") if line.startswith("Location: ")}
        rows = list(csv.DictReader(roster.open(encoding="utf-8")))
        assert len(rows) == 30
        assert 8 <= len(members) <= 20
        assert members <= {row["interface"] for row in rows}
        heard(port, b"", b"Event: AgentCalled")
        process.send_signal(signal.SIGINT)
        assert process.wait(WAIT_S_MAX) != 0


def test_it_can_put_out_a_load_instead_of_a_life():
    with simulating("--agents", "20", "--events-per-s", "500") as (_, port, _):
        said = heard(port, b"", b"Event: AgentComplete")
        assert said.count(b"Event: AgentConnect") >= said.count(b"Event: AgentComplete") > 0


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--listen", "5038"), "expected HOST:PORT"),
        (("--listen", "127.0.0.1:99999"), "expected HOST:PORT"),
        (("--zone", "Asia/Nowhere"), "no such time zone"),
        (("--speed", "0"), "--speed"),
        (("--agents", "0"), "--agents"),
    ],
)
def test_what_can_not_be_is_refused_before_anything_starts(arguments, expected, tmp_path):
    roster = tmp_path / "roster.csv"
    process = subprocess.run(
        [sys.executable, "-c", VERB, *arguments, "--roster", str(roster)],
        capture_output=True,
        text=True,
        timeout=WAIT_S_MAX,
        env={"COLUMNS": "200", "NO_COLOR": "1"},
        check=False,
    )
    assert process.returncode == 2
    assert expected in process.stderr
    assert not roster.exists()


@pytest.mark.parametrize(
    ("now", "begins"),
    [("2026-11-24T09:00", "2026-11-24T08:24"), ("2026-11-24T05:00", "2026-11-23T08:24")],
)
def test_the_floor_begins_with_the_last_shift_and_never_ahead_of_now(now: str, begins: str) -> None:
    assert shift_before(datetime.fromisoformat(now)) == datetime.fromisoformat(begins)
