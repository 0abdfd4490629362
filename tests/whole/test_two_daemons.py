"""Two daemons for one site: one captures, the other stands by, and whatever becomes of the one, no second is lost that
was observed, and none is there twice."""

import json
import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from socket import gethostname
from typing import Any

import pytest
from redis import Redis as Client

from ccd.history.lease import BEAT_S, LEASE_S
from ccd.live.keys import Keys
from tests.databases import postgresql as postgresql  # the fixture
from tests.live.servers import Valkey
from tests.pbx_real.asterisk import Asterisk
from tests.whole.daemon import Daemon

SEAT, NAME = "Local/1001@agents/n", "Agent 1001"
LOADING_S = 30.0  # of a process that takes over: it reads what is stored, and logs in, while a machine does much else

Beside = Callable[[str], Daemon]


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Valkey]:
    made = Valkey(tmp_path)
    made.start()
    yield made
    made.kill()


@pytest.fixture(params=["sqlite", "postgresql"])
def beside(request: pytest.FixtureRequest, tmp_path: Path, asterisk: Asterisk, valkey: Valkey) -> Iterator[Beside]:
    """Daemons as on machines of their own, which share nothing but the stores."""
    url = f"sqlite:///{tmp_path}/together.sqlite"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgresql").create().replace("+asyncpg", "")
    made: list[Daemon] = []

    def machine(name: str) -> Daemon:
        (tmp_path / name).mkdir()
        stores = f"redis = {{ url = {json.dumps(valkey.url)} }}\nsql = {{ url = {json.dumps(url)} }}"
        made.append(Daemon(tmp_path / name, asterisk.port, stores))
        return made[-1]

    yield machine
    for daemon in made:
        daemon.stop()


LOST = (
    " holds PBX a now: this one stood still, or did not reach the database, for too long. "
    "Nothing was written behind it; started again, this one stands by"
)
NOTHING_YET: dict[str, Any] = {"available": 0.0, "pauses": 0, "sign_ins": 0, "paused": {}}


def record(daemon: Daemon) -> dict[str, Any]:
    found: dict[str, Any] = daemon.day(f"{datetime.now(UTC):%Y-%m-%d}").get("1001", NOTHING_YET)
    return found


def events(daemon: Daemon) -> list[str]:
    return [line["event"] for line in daemon.said()]


def stands_by(daemon: Daemon) -> bool:
    return "stands by" in events(daemon)


@pytest.mark.timeout(180)
def test_a_holder_that_stood_still_finds_its_place_taken_and_writes_nothing(
    asterisk: Asterisk, beside: Beside, valkey: Valkey
) -> None:
    first, second = beside("first"), beside("second")
    first.start().until_ready()
    second.start()
    second.until(lambda: stands_by(second))
    (said,) = (line["why"] for line in second.said() if line["event"] == "stands by")
    assert "holds PBX a, site test" in said
    with asterisk.drive() as pbx:
        pbx.sign_in(SEAT, NAME)
        first.until(lambda: record(first)["available"] > 0)
        first.freeze()
        froze = time.monotonic()
        second.until(second.is_ready, LEASE_S + LOADING_S)
        assert time.monotonic() - froze > LEASE_S / 2, "a short stop costs nobody the place"
        pbx.pause(SEAT, "water")
        second.until(lambda: record(second)["pauses"] == 1)
        redis = Client.from_url(valkey.url, decode_responses=True)
        epoch, evidence = redis.hget(Keys.of("test").head, "epoch"), kept_by(first)
        first.thaw()
        assert first.ends() == 1
        [said] = [line for line in first.log.read_text().splitlines() if not line.startswith("{")]
        holder = rf"process {second.pid} on {re.escape(gethostname())} \(since [0-9T:+-]+\)"
        assert re.fullmatch(holder + re.escape(LOST), said)
        assert redis.hget(Keys.of("test").head, "epoch") == epoch
        assert kept_by(first) == evidence
        pbx.unpause(SEAT)
        second.until(lambda: record(second)["paused"].get("water", 0) > 0 and record(second)["available"] > 0)
        second.until_ready()
    found = record(second)
    assert (found["sign_ins"], found["pauses"]) == (1, 1)
    assert LEASE_S - 3 < found["unobserved"] < LEASE_S + LOADING_S


@pytest.mark.timeout(120)
def test_a_holder_that_is_killed_is_replaced_within_the_time_that_is_named(asterisk: Asterisk, beside: Beside) -> None:
    first, second = beside("first"), beside("second")
    first.start().until_ready()
    second.start()
    second.until(lambda: stands_by(second))
    with asterisk.drive() as pbx:
        pbx.sign_in(SEAT, NAME)
        first.until(lambda: record(first)["sign_ins"] == 1)
        first.kill()
        second.until(second.is_ready, LEASE_S + LOADING_S)
        first.start()
        first.until(lambda: stands_by(first))
        assert second.stop() == 0
        began = time.monotonic()
        first.until(lambda: "takes over" in events(first))
        assert time.monotonic() - began < LEASE_S - BEAT_S, "who ends in order is followed at once"
        first.until_ready()
    assert record(first)["sign_ins"] == 1


def test_on_one_machine_a_killed_holder_is_replaced_at_once(asterisk: Asterisk, tmp_path: Path) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
    first, second = (
        Daemon(tmp_path / name, asterisk.port, f'state_directory = "{tmp_path}/state"') for name in ("first", "second")
    )
    try:
        first.start().until_ready()
        second.start()
        second.until(lambda: stands_by(second))
        second.reload()  # a signal that would end a process which does not expect it
        first.kill()
        killed = time.monotonic()
        second.until_ready()
        assert time.monotonic() - killed < LEASE_S
    finally:
        first.stop()
        assert second.stop() == 0
    with sqlite3.connect(tmp_path / "state" / "ccd.sqlite") as database:
        assert database.execute("SELECT DISTINCT holder FROM leases").fetchall() == [("",)]


def kept_by(daemon: Daemon) -> dict[str, bytes]:
    """What is in its evidence, by file."""
    return {str(file): file.read_bytes() for file in daemon.folder.glob("**/*.ami.gz*")}
