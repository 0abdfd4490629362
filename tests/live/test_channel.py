"""The contract of the live channel, as a page sees it, over a real websocket."""

import asyncio
import time
from contextlib import suppress

import pytest
from structlog.testing import capture_logs
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from ccd.floor.seats import State
from ccd.live.channel import ChannelLimits
from tests.live.conftest import OpenStore
from tests.live.limits import limited
from tests.live.serving import COOKIE, Service, serving, turned
from tests.live.waiting import until


@pytest.mark.parametrize("subprotocol", ["ccd.v1.msgpack", "ccd.v1.json"])
async def test_a_board_sees_a_snapshot_then_what_changes(open_store: OpenStore, subprotocol: str) -> None:
    async with serving(open_store) as service:
        await until(lambda: service.feed.is_following)
        board = await service.board(subprotocol=subprotocol)
        snapshot = await board.hear()
        assert (snapshot["op"], snapshot["seq"], len(snapshot["agents"])) == ("snapshot", 1, 10)
        assert abs(snapshot["now"] - time.time()) < 5
        assert (await board.hear())["op"] == "health"
        turned(service, "1003", 60, State.PAUSED)
        said = await board.hear_of("1003", "paused")
        assert said["since"] % 86_400 == 60
        await board.line.close()


async def test_an_agents_own_page_sees_the_own_state_alone(open_store: OpenStore) -> None:
    async with serving(open_store) as service:
        await until(lambda: service.feed.is_following)
        page = await service.page_of("1001")
        assert [agent["agent"] for agent in (await page.hear())["agents"]] == ["1001"]
        turned(service, "1002", 60, State.PAUSED)
        turned(service, "1001", 61, State.ON_CALL)
        assert (await page.hear_of("1001", "on_call"))["unit"] == "team-1"
        await service.announcing.announce(["1001"])
        await page.hear_op("account")
        await page.line.close()


async def test_a_board_is_told_on_whose_accounts_something_is_another(open_store: OpenStore) -> None:
    async with serving(open_store) as service:
        await until(lambda: service.feed.is_following)
        board = await service.board()
        await board.hear_op("snapshot")
        await service.announcing.announce(["1001", "nobody"])
        while "accounts" not in (said := await board.hear()):
            pass
        assert (said["op"], said["accounts"], said["changed"], said["gone"]) == ("delta", ["1001"], [], [])
        await board.line.close()


async def test_a_page_that_missed_something_asks_again(open_store: OpenStore) -> None:
    async with serving(open_store) as service:
        await until(lambda: service.feed.is_following)
        board = await service.board()
        await board.hear_op("snapshot")
        turned(service, "1003", 60, State.PAUSED)
        await board.hear_of("1003", "paused")
        await board.say({"op": "resync"})
        again = await board.hear_op("snapshot")
        assert {agent["agent"]: agent["state"] for agent in again["agents"]}["1003"] == "paused"
        await board.line.close()


async def test_another_topic_takes_the_place_of_the_first(open_store: OpenStore) -> None:
    async with serving(open_store) as service:
        await until(lambda: service.feed.is_following)
        board = await service.board("boss")
        assert len((await board.hear_op("snapshot"))["agents"]) == 10
        await board.say({"op": "subscribe", "topic": "floor", "units": ["team-9"]})
        assert (await board.hear_op("snapshot"))["agents"] == []
        await board.line.close()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("1001", {"op": "subscribe", "topic": "floor"}),
        ("lead", {"op": "subscribe", "topic": "floor", "units": ["team-1", "team-2"]}),
        ("lead", {"op": "subscribe", "topic": "me"}),
    ],
)
async def test_what_is_not_ones_own_is_refused_with_a_word(
    open_store: OpenStore, name: str, message: dict[str, object]
) -> None:
    async with serving(open_store) as service:
        page = await service.open(name)
        await page.say(message)
        assert (await page.hear())["title"] == "Not allowed"
        with pytest.raises(ConnectionClosed) as closed:
            await page.hear()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1008


@pytest.mark.parametrize(
    "message",
    ["text", 7, [], {"op": "dance"}, {"op": "subscribe"}, {"op": "subscribe", "topic": "floor", "units": "team-1"},
     {"op": "subscribe", "topic": "floor", "units": [1]}, {"op": "resync"}],
)  # fmt: skip
async def test_what_is_not_understood_ends_that_connection_only(open_store: OpenStore, message: object) -> None:
    async with serving(open_store) as service:
        await until(lambda: service.feed.is_following)
        board = await service.board()
        await board.hear_op("snapshot")
        other = await service.open("lead")
        await other.say(message)
        assert (await other.hear())["title"] == "Not understood"
        with pytest.raises(ConnectionClosed):
            await other.hear()
        turned(service, "1003", 60, State.PAUSED)
        await board.hear_of("1003", "paused")
        await board.line.close()


async def test_bytes_that_are_no_message_end_the_connection(open_store: OpenStore) -> None:
    async with serving(open_store) as service:
        for garbage in (b"", b"\xc1", b"\xff" * 200, b"\x9f" * 3):
            page = await service.open("lead")
            await page.line.send(garbage)
            assert (await page.hear())["op"] == "error"
        page = await service.open("lead", "ccd.v1.json")
        await page.line.send("{")
        assert (await page.hear())["op"] == "error"


async def test_a_message_that_is_too_long_is_not_read(open_store: OpenStore) -> None:
    async with serving(open_store, channel=ChannelLimits(message_bytes_max=1_000)) as service:
        page = await service.open("lead")
        await page.line.send(b"x" * 1_001)
        with pytest.raises(ConnectionClosed) as closed:
            await page.hear()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1009


async def refused(service: Service, path: str = "/live", subprotocol: str = "ccd.v1.msgpack", **headers: str) -> int:
    with pytest.raises(InvalidStatus) as raised:
        await connect(
            f"ws://127.0.0.1:{service.port}{path}",
            subprotocols=[Subprotocol(subprotocol)],
            additional_headers={name.title(): value for name, value in headers.items()},
        )
    return raised.value.response.status_code


async def test_nobody_gets_in_without_a_session(open_store: OpenStore) -> None:
    async with serving(open_store) as service:
        assert await refused(service) == 401
        assert await refused(service, cookie=f"{COOKIE}=stranger") == 401
        assert await refused(service, cookie="=;;;=broken") == 401


async def test_only_our_own_pages_get_in(open_store: OpenStore) -> None:
    async with serving(open_store, origins=["https://floor.example.org"]) as service:
        cookie = f"{COOKIE}=lead"
        assert await refused(service, cookie=cookie, origin="https://evil.example.org") == 403
        assert await refused(service, cookie=cookie, origin="null") == 403
        assert await refused(service, cookie=cookie, origin="http://[") == 403
        for origin in (f"http://127.0.0.1:{service.port}", "https://floor.example.org"):
            page = await service.open("lead", origin=origin)
            await page.line.close()


REQUEST = (
    "GET /live HTTP/1.1\r\nHost: floor\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)


@pytest.mark.parametrize(
    ("more", "answer"),
    [
        ("Origin: http://floor\r\nOrigin: http://evil\r\n", b"HTTP/1.1 403"),
        ("".join(f"X-{at}: 1\r\n" for at in range(200)), b"HTTP/1.1 431"),
        (f"X-Long: {'x' * 9_000}\r\n", b"HTTP/1.1 431"),
        ("Content-Length: 5\r\n", b""),
    ],
)
async def test_a_request_that_is_none_holds_no_connection(open_store: OpenStore, more: str, answer: bytes) -> None:
    async with serving(open_store) as service:
        reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
        with capture_logs() as logs:
            writer.write(f"{REQUEST}{more}\r\n".encode())
            async with asyncio.timeout(5):
                said = await reader.read()
        assert said.startswith(answer)
        assert logs == []
        writer.close()


async def test_other_paths_and_protocols_are_not_ours(open_store: OpenStore) -> None:
    async with serving(open_store) as service:
        cookie = f"{COOKIE}=lead"
        assert await refused(service, "/other", cookie=cookie) == 404
        assert await refused(service, subprotocol="chat", cookie=cookie) == 400


async def test_a_person_has_so_many_connections_and_no_more(open_store: OpenStore) -> None:
    async with serving(open_store, limited(connections_a_person_max=2)) as service:
        pages = [await service.open("lead") for _ in range(2)]
        assert await refused(service, cookie=f"{COOKIE}=lead") == 429
        await pages[0].line.close()
        await until(lambda: service.hub.connections == 1)
        pages.append(await service.open("lead"))
        for page in pages:
            await page.line.close()


async def test_who_signs_out_is_turned_out(open_store: OpenStore) -> None:
    async with serving(open_store) as service:
        await until(lambda: service.feed.is_following)
        page = await service.page_of("1001")
        await page.hear_op("snapshot")
        service.office.gone.add("1001")
        assert (await page.hear_op("error"))["title"] == "Signed out"
        with pytest.raises(ConnectionClosed):
            await page.hear()


async def test_a_page_that_does_not_read_is_passed_over_and_then_closed(open_store: OpenStore) -> None:
    limits = limited(frame_interval_s=0.002, idle_tick_s=0.05, write_buffer_bytes_max=1_000, slow_s_max=0.5)
    async with serving(open_store, limits) as service:
        await until(lambda: service.feed.is_following)
        cookie = f"{COOKIE}=lead"
        slow = await connect(
            f"ws://127.0.0.1:{service.port}/live", subprotocols=[Subprotocol("ccd.v1.msgpack")],
            additional_headers={"Cookie": cookie}, max_queue=1,
        )  # fmt: skip
        await slow.send(b"\x82\xa2op\xa9subscribe\xa5topic\xa5floor")
        quick = await service.board()
        await quick.hear_op("snapshot")
        second = 0
        async with asyncio.timeout(60):
            while not service.hub.closed_as_slow:
                second += 1
                for agent in service.floor.agents:
                    turned(service, agent, second, State.PAUSED if second % 2 else State.AVAILABLE)
                await quick.hear_op("delta")
        assert max(client.line.buffered() for client in service.hub.clients()) < 100_000
        await until(lambda: service.hub.connections == 1)
        await quick.line.close()
        slow.transport.abort()


async def test_who_asks_and_does_not_read_fills_no_memory(open_store: OpenStore) -> None:
    limits = ChannelLimits(send_high_water_bytes=50_000)
    async with serving(open_store, channel=limits) as service:
        _reader, writer = await asyncio.open_connection("127.0.0.1", service.port, limit=1_024)
        writer.write(f"{REQUEST}Cookie: {COOKIE}=lead\r\nSec-WebSocket-Protocol: ccd.v1.json\r\n\r\n".encode())
        await until(lambda: service.hub.connections == 1)
        (client,) = service.hub.clients()
        ping = bytes([0x89, 0x80 | 125, 0, 0, 0, 0]) + bytes(125)
        with suppress(TimeoutError):
            async with asyncio.timeout(3):
                for _ in range(400):  # 52 MB, if all of them were taken
                    writer.write(ping * 1_000)
                    await writer.drain()
        assert 50_000 < client.line.buffered() < 2_000_000
        writer.transport.abort()
        await until(lambda: service.hub.connections == 0)


async def test_pages_are_told_when_the_server_stops(open_store: OpenStore) -> None:
    async with serving(open_store) as service:
        await until(lambda: service.feed.is_following)
        board = await service.board()
        await board.hear_op("snapshot")
    with pytest.raises(ConnectionClosed) as closed:
        await board.hear_op("the end")
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1012
