"""Boards follow Redis, and say how old they are when they can't."""

import asyncio
import statistics
import time

import pytest
from redis.asyncio import Redis as Client
from structlog.testing import capture_logs

from ccd.floor.seats import State
from ccd.live.store import StreamEntry, Whole
from tests.live.conftest import OpenStore
from tests.live.limits import limited
from tests.live.servers import Server
from tests.live.serving import serving, turned
from tests.live.waiting import until


async def test_a_killed_redis_makes_boards_say_since_when_and_all_is_right_when_it_is_back(
    server: Server, open_store: OpenStore
) -> None:
    async with serving(open_store) as service:
        await until(lambda: service.feed.is_following)
        board = await service.board()
        await board.hear_op("snapshot")
        await board.hear_op("health")
        turned(service, "1001", 50, State.PAUSED)
        await board.hear_of("1001", "paused")
        before = time.time()
        server.kill()
        said = await board.hear_op("health")
        assert [source["state"] for source in said["sources"]] == ["lost"]
        assert before - 1 <= said["sources"][0]["since"] <= before + 1
        turned(service, "1002", 70, State.ON_CALL)
        turned(service, "1001", 71, State.AVAILABLE)
        server.start()
        seen: dict[str, str] = {}
        while seen != {"1001": "available", "1002": "on_call"}:
            seen |= {one["agent"]: one["state"] for one in (await board.hear()).get("changed", [])}
        await board.line.close()


async def test_what_did_not_change_while_redis_was_away_is_not_sent_again(
    server: Server, open_store: OpenStore
) -> None:
    async with serving(open_store) as service:
        await until(lambda: service.feed.is_following)
        board = await service.board()
        await board.hear_op("snapshot")
        server.kill()
        await until(lambda: not service.feed.is_following)
        turned(service, "1005", 90, State.ON_CALL)
        server.start()
        await until(lambda: service.feed.is_following)
        told: set[str] = set()
        while "1005" not in told:
            said = await board.hear()
            assert said["op"] != "snapshot"
            told |= {one["agent"] for one in said.get("changed", [])}
        assert told == {"1005"}
        await board.line.close()


async def test_a_wiped_redis_leaves_boards_as_they_were(server: Server, open_store: OpenStore) -> None:
    async with serving(open_store) as service:
        await until(lambda: service.feed.is_following)
        board = await service.board()
        await board.hear_op("snapshot")
        client = Client.from_url(server.url)
        await client.flushall()
        await client.aclose()
        await until(lambda: service.writer.rewrites == 2)
        turned(service, "1003", 60, State.PAUSED)
        while True:
            said = await board.hear()
            assert said.get("gone", []) == []
            if [one["agent"] for one in said.get("changed", [])] == ["1003"]:
                break
        await board.line.close()


async def test_entries_that_were_trimmed_away_are_read_from_the_whole(
    open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(open_store) as service:
        await until(lambda: service.feed.is_following)
        board = await service.board()
        await board.hear_op("snapshot")
        store = service.feed._store
        read, whole = store.read, list[Whole]()

        async def noted() -> Whole:
            whole.append(await read())
            return whole[-1]

        monkeypatch.setattr(store, "read", noted)
        service.feed._number -= 1  # as if an entry had not been seen
        turned(service, "1003", 60, State.PAUSED)
        await board.hear_of("1003", "paused")
        assert whole
        await board.line.close()


async def test_a_writer_that_falls_silent_is_noticed(open_store: OpenStore) -> None:
    async with serving(open_store) as service:
        await until(lambda: service.feed.is_following)
        board = await service.board()
        await board.hear_op("snapshot")
        await board.hear_op("health")
        real, silence = service.writer._write, asyncio.Event()

        async def says_nothing(_: object) -> None:
            await silence.wait()

        service.writer._write = says_nothing  # type: ignore[method-assign, assignment] # the daemon that captures hangs
        said = await board.hear_op("health")
        assert {source["state"] for source in said["sources"]} == {"lost"}
        service.writer._write = real  # type: ignore[method-assign] # it is itself again
        silence.set()
        await until(lambda: service.feed.is_following)
        await board.line.close()


async def test_a_redis_that_does_not_answer_is_said_in_the_log(
    open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(open_store) as service:
        await until(lambda: service.feed.is_following)

        async def never_answers(_after: str, _block_s: float) -> list[StreamEntry]:
            raise TimeoutError

        with capture_logs() as said:
            monkeypatch.setattr(service.feed._store, "entries_after", never_answers)
            await until(lambda: not service.feed.is_following)
        (line,) = [line for line in said if line["event"] == "boards show what they had"]
        assert line["why"] == "Redis does not answer (TimeoutError)"


async def test_what_happens_within_a_frame_leaves_with_it_and_not_with_the_next(open_store: OpenStore) -> None:
    interval_s, turn_s = 0.4, 0.02
    async with serving(open_store, limited(frame_interval_s=interval_s)) as service:
        await until(lambda: service.feed.is_following)
        board = await service.board()
        await board.hear_op("snapshot")
        ages: list[float] = []
        async with asyncio.TaskGroup() as group:
            made: list[float] = []

            async def turns() -> None:
                for second in range(200):
                    made.append(time.monotonic())
                    turned(service, "1001", second, State.PAUSED if second % 2 else State.ON_CALL)
                    await asyncio.sleep(turn_s)

            turning = group.create_task(turns())
            while len(ages) < 7:
                changed = (await board.hear()).get("changed", [])
                if changed:
                    ages.append(time.monotonic() - made[int(changed[0]["since"]) % 86_400])
            turning.cancel()
        assert statistics.median(ages) < interval_s / 2
        await board.line.close()
