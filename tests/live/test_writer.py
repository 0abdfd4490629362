"""Redis is kept in step, and nothing waits for it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from redis.asyncio import Redis as Client
from redis.exceptions import RedisError
from structlog.testing import capture_logs

from ccd.floor.seats import State
from ccd.live.batch import unpack
from ccd.live.store import Store
from ccd.live.writer import LiveWriter
from tests.live.conftest import OpenStore
from tests.live.servers import Server
from tests.live.small_floor import QUICK, SmallFloor
from tests.live.waiting import until, until_true


@asynccontextmanager
async def writing(store: Store, floor: SmallFloor) -> AsyncIterator[LiveWriter]:
    writer = LiveWriter(store, floor.changes, floor.everything, QUICK)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(writer.run())
        yield writer
        task.cancel()


async def stored(store: Store) -> dict[str, str]:
    with suppress(RedisError, OSError):
        return {said["agent"]: said["state"] for said in map(unpack, (await store.read()).agents)}
    return {}


async def until_stored(store: Store, floor: SmallFloor) -> None:
    async def is_stored() -> bool:
        return await stored(store) == floor.states()

    await until_true(is_stored)


async def test_what_changes_gets_there(server: Server, open_store: OpenStore) -> None:
    floor, reader = SmallFloor(), open_store()
    async with writing(open_store(), floor) as writer:
        await until_stored(reader, floor)
        floor.turn("1003", 60, State.PAUSED)
        writer.wake()
        await until_stored(reader, floor)
    assert (await stored(reader))["1003"] == "paused"


async def test_a_killed_redis_holds_nobody_up_and_is_right_when_it_is_back(
    server: Server, open_store: OpenStore
) -> None:
    floor, reader = SmallFloor(), open_store()
    async with writing(open_store(), floor) as writer:
        await until_stored(reader, floor)
        server.kill()
        for second in range(50):
            floor.turn(f"10{second % 10 + 1:02}", 100 + second, State.PAUSED if second % 2 else State.ON_CALL)
            writer.wake()
            await asyncio.sleep(0.002)
        await until(lambda: not writer.in_step)
        assert len(floor.changed) <= len(floor.agents)  # nothing piles up
        server.start()
        await until(lambda: writer.in_step)
        await until_stored(reader, floor)
        assert writer.rewrites == 2
        floor.turn("1001", 400, State.SIGNED_OUT)
        writer.wake()
        await until_stored(reader, floor)


async def test_a_redis_that_is_away_is_said_once_however_long_and_however_it_fails(
    server: Server, open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    floor, store = SmallFloor(), open_store()
    with capture_logs() as logs:
        async with writing(store, floor) as writer:
            await until(lambda: writer.in_step)
            tries = 0

            async def fails(_: object) -> bool:
                nonlocal tries
                tries += 1
                raise RedisError(f"as if for the {tries}. time")

            with monkeypatch.context() as away:
                away.setattr(store, "write", fails)
                away.setattr(store, "replace", fails)
                await until(lambda: tries > 5)
            await until(lambda: writer.in_step)
    gone = "Redis is away; the floor goes on, boards show what they had"
    assert [entry["event"] for entry in logs] == ["Redis holds the floor", gone, "Redis holds the floor"]


async def test_a_wiped_redis_is_written_anew_even_if_nothing_happens(server: Server, open_store: OpenStore) -> None:
    floor, reader = SmallFloor(), open_store()
    async with writing(open_store(), floor) as writer:
        await until_stored(reader, floor)
        client = Client.from_url(server.url)
        await client.flushall()
        await client.aclose()
        await until_stored(reader, floor)
        await until(lambda: writer.rewrites > 1)  # a reader may see it before the writer hears that it is done
        assert writer.rewrites == 2
        assert await stored(reader) == floor.states()


async def test_what_happens_during_a_round_trip_is_one_change(server: Server, open_store: OpenStore) -> None:
    floor, reader = SmallFloor(), open_store()
    async with writing(open_store(), floor) as writer:
        await until_stored(reader, floor)
        before = writer.batches
        for second in range(1_000):
            floor.turn("1001", 100 + second, State.PAUSED if second % 2 else State.AVAILABLE)
            writer.wake()
        await until_stored(reader, floor)
        assert writer.batches - before <= 3


async def test_a_quiet_floor_says_that_it_is_quiet(server: Server, open_store: OpenStore) -> None:
    floor, reader = SmallFloor(), open_store()
    async with writing(open_store(), floor):
        await until_stored(reader, floor)
        last_id = (await reader.read()).last_id
        entries = await reader.entries_after(last_id, 1.0)
        assert entries
        assert entries[0].agents == []


async def test_a_server_that_is_not_there_yet_is_waited_for(server: Server, open_store: OpenStore) -> None:
    floor, reader = SmallFloor(), open_store()
    server.kill()
    async with writing(open_store(), floor) as writer:
        await asyncio.sleep(0.2)
        assert not writer.in_step
        server.start()
        await until_stored(reader, floor)


async def test_nothing_is_written_while_it_is_not_sure_whose_place_it_is(server: Server, open_store: OpenStore) -> None:
    floor, reader, sure = SmallFloor(), open_store(), asyncio.Event()
    sure.set()

    async def wait_until_sure() -> None:
        await sure.wait()

    writer = LiveWriter(open_store(), floor.changes, floor.everything, QUICK, wait_until_sure)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(writer.run())
        await until_stored(reader, floor)
        sure.clear()
        batches = writer.batches
        floor.turn("1003", 60, State.PAUSED)
        writer.wake()
        await asyncio.sleep(0.2)
        assert writer.batches <= batches + 1, "one may have been on its way"
        assert (await stored(reader))["1003"] != "paused"
        sure.set()
        await until_stored(reader, floor)
        task.cancel()
