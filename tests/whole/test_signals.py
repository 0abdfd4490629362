"""Signals at moments that nobody chose: to a daemon that starts, stands by, or is reloaded again and again."""

import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.pbx_real.asterisk import Asterisk
from tests.whole.board import Board
from tests.whole.daemon import Daemon

STOPPED = (0, -15)  # in order, or before there was anything to put in order
SEAT, NAME = "Local/1001@agents/n", "Agent 1001"
STORM = 40


@pytest.fixture
def daemon(tmp_path: Path, asterisk: Asterisk) -> Iterator[Daemon]:
    made = Daemon(tmp_path, asterisk.port)
    made.let_in()
    yield made
    made.stop()


@pytest.mark.timeout(120)
def test_a_storm_of_reloads_holds_nothing_up_and_the_last_one_counts(
    asterisk: Asterisk, daemon: Daemon, tmp_path: Path
) -> None:
    daemon.start().until_ready()
    roster = tmp_path / "roster.csv"
    with asterisk.drive() as pbx, Board(daemon.url) as board:
        pbx.sign_in(SEAT, NAME)
        pbx.sign_in("Local/1004@agents/n", "Agent 1004")
        daemon.until(lambda: board.state("1001") == "available")
        lines = roster.read_text()
        for number in range(STORM):
            new = roster.with_suffix(".new")
            new.write_text(lines + f"1004,Local/1004@agents/n,Agent 1004,team-1,{number}\n")
            new.replace(roster)
            daemon.reload()
            time.sleep(0.02)
        pbx.pause(SEAT, "water")
        daemon.until(lambda: board.state("1001") == "paused")
        daemon.until(lambda: board.agents["1004"]["name"] == str(STORM - 1))
        assert daemon.is_ready()
        for _ in range(5):
            daemon.reload()
        assert daemon.stop() == 0


@pytest.mark.timeout(120)
def test_told_to_stop_at_any_moment_of_its_start_it_stops_and_leaves_nothing(daemon: Daemon, tmp_path: Path) -> None:
    for delay_s in (0.4, 0.8, 1.0, 1.2, 1.4, 1.7):
        daemon.start()
        time.sleep(delay_s)
        started = psutil.Process(daemon.pid).children(recursive=True)
        assert daemon.stop() in STOPPED, daemon.log.read_text()[-2000:]
        _, alive = psutil.wait_procs(started, timeout=5)
        assert alive == []
    assert "Traceback" not in daemon.log.read_text()
    daemon.start().until_ready()
    assert daemon.said_times("stands by") == 0, "who was stopped still holds the place"


@pytest.mark.timeout(120)
def test_who_stands_by_stops_when_it_is_told_to_and_takes_nothing_from_who_holds(
    daemon: Daemon, asterisk: Asterisk, tmp_path: Path
) -> None:
    (tmp_path / "second").mkdir()
    second = Daemon(tmp_path / "second", asterisk.port, f'state_directory = "{tmp_path}/state"')
    daemon.start().until_ready()
    second.start()
    second.until(lambda: second.said_times("stands by") == 1)
    second.reload()
    time.sleep(1.5)
    assert second.is_running
    assert second.stop() in STOPPED
    assert daemon.is_ready()
    with sqlite3.connect(tmp_path / "state" / "ccd.sqlite") as database:
        assert database.execute("SELECT count(*) FROM leases WHERE holder = ''").fetchone() == (0,)
