"""Three ways to a websocket on the port that serves the pages: what a frame costs, and what a connection that waits.

    python -m benchmarks.websocket_servers [--boards N] [--frames-per-s N] [--frame-bytes N] [--seconds S] [--idle N]

A JSON object a way, one a line: CPU seconds of the server for 100,000 frames sent, and bytes of its memory a
connection. `asgi`: uvicorn's own protocol (`ws="websockets-sansio"`), a bare ASGI application that sends to one after
the other. `websockets`: that library's own server with broadcast(); pages would need a second server, or a proxy.
`channel`: ccd's (ccd.live.channel as uvicorn's `ws=`), with its hub, its `seq` and its slow-client accounting.
docs/adr has what was chosen by this.
"""

import argparse
import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

import uvicorn
from websockets.asyncio.server import ServerConnection, broadcast, serve

from benchmarks.boards import Seen, handshake, open_boards
from benchmarks.live_processes import Child
from ccd.daemon.pages import hub_limits
from ccd.live.batch import pack
from ccd.live.board import AgentShown, Board, Changes
from ccd.live.channel import Channel
from ccd.live.gate import Gate
from ccd.live.hub import Hub
from ccd.org.people import Person, Role, Session
from ccd.settings import Http

WARM_UP_S = 2.0
SETTLE_S = 2.0
SUBPROTOCOL = "Sec-WebSocket-Protocol: ccd.v1.msgpack"
FLOOR = b"\x82\xa2op\xa9subscribe\xa5topic\xa5floor"


class Load(NamedTuple):
    """`frames_per_s` 0: nothing is sent."""

    frames_per_s: float
    frame_bytes: int


async def every(frames_per_s: float, send: Callable[[], Awaitable[None]]) -> None:
    loop = asyncio.get_running_loop()
    at = loop.time()
    while True:
        if frames_per_s:
            await send()
        at = max(at + 1 / (frames_per_s or 10.0), loop.time())
        await asyncio.sleep(at - loop.time())


async def served_by_uvicorn(connection: Connection, app: Any, ws: Any) -> None:
    config = uvicorn.Config(
        app, host="127.0.0.1", port=0, ws=ws, http="h11", lifespan="off", log_config=None, ws_per_message_deflate=False,
        ws_ping_interval=None,
    )  # fmt: skip
    server = uvicorn.Server(config)
    config.load()
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    connection.send(server.servers[0].sockets[0].getsockname()[1])
    await server.main_loop()


def run_asgi(connection: Connection, load: Load) -> None:
    sends: set[Callable[[dict[str, object]], Awaitable[None]]] = set()
    frame = bytes(load.frame_bytes)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept", "subprotocol": "ccd.v1.msgpack"})
        sends.add(send)
        while (await receive())["type"] != "websocket.disconnect":
            pass
        sends.discard(send)

    async def tell() -> None:
        for send in list(sends):
            await send({"type": "websocket.send", "bytes": frame})

    async def live() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(served_by_uvicorn(connection, app, "websockets-sansio"))
            group.create_task(every(load.frames_per_s, tell))

    asyncio.run(live())


def run_websockets(connection: Connection, load: Load) -> None:
    connections: set[ServerConnection] = set()
    frame = bytes(load.frame_bytes)

    async def stay(websocket: ServerConnection) -> None:
        connections.add(websocket)
        await websocket.wait_closed()
        connections.discard(websocket)

    async def tell() -> None:
        broadcast(connections, frame)

    async def live() -> None:
        protocol: Any = ["ccd.v1.msgpack"]
        async with serve(stay, "127.0.0.1", 0, compression=None, ping_interval=None, subprotocols=protocol) as server:
            connection.send(server.sockets[0].getsockname()[1])
            await every(load.frames_per_s, tell)

    asyncio.run(live())


def run_channel(connection: Connection, load: Load) -> None:
    async def authenticate(tokens: Any) -> list[Session | None]:
        return [Session(token, Person(token, Role.SUPERVISOR, None, ("*",)), 9e9) for token in tokens]

    async def still_valid(keys: Any) -> set[str]:
        return set(keys)

    async def live() -> None:
        board = Board(lambda reason: False)
        limits = replace(
            hub_limits(Http()),
            frame_interval_s=0.5 / (load.frames_per_s or 1.0),
            connections_a_person_max=100_000,
            snapshots_a_frame_max=10_000,
        )
        hub = Hub(board, time.time, limits)
        gate = Gate(hub, authenticate, still_valid)
        padding = "x" * load.frame_bytes

        async def tell() -> None:
            data = pack({"agent": "1001", "padding": padding})
            board.agents["1001"] = AgentShown("team-1", data, data)
            hub.take(Changes({"1001": ("team-1",)}))

        async with asyncio.TaskGroup() as group:
            group.create_task(hub.run())
            group.create_task(gate.run())
            group.create_task(served_by_uvicorn(connection, None, Channel(hub, gate, frozenset, "ccd_session")))
            group.create_task(every(load.frames_per_s, tell))

    asyncio.run(live())


WAYS = {"asgi": run_asgi, "websockets": run_websockets, "channel": run_channel}


def request(port: int) -> bytes:
    return handshake(port, (SUBPROTOCOL, "Cookie: ccd_session=lead"))


async def cpu_s_of_frames(run: Callable[..., None], load: Load, boards: int, seconds: float) -> float:
    """Of the server, for 100,000 frames."""
    server = Child(run, load)
    try:
        seen = Seen()
        opened = await open_boards(server.said, [request(server.said)] * boards, FLOOR, seen)
        await asyncio.sleep(WARM_UP_S)
        before, seen.counting = server.cpu_s(), True
        await asyncio.sleep(seconds)
        spent, seen.counting = server.cpu_s() - before, False
        for board in opened:
            board.close()
        return spent / seen.frames * 100_000
    finally:
        server.stop()


async def bytes_of_a_connection(run: Callable[..., None], idle: int) -> float:
    """Of the server's memory, with nothing sent."""
    server = Child(run, Load(0.0, 0))
    try:
        first = await open_boards(server.said, [request(server.said)] * 50, None, Seen())
        await asyncio.sleep(SETTLE_S)
        before = server.rss()
        opened = await open_boards(server.said, [request(server.said)] * idle, None, Seen())
        await asyncio.sleep(SETTLE_S)
        grown = server.rss() - before
        for board in first + opened:
            board.close()
        return grown / idle
    finally:
        server.stop()


async def measure(args: argparse.Namespace) -> None:
    load = Load(args.frames_per_s, args.frame_bytes)
    for name, run in WAYS.items():
        figures = {
            "benchmark": "websocket_servers", "way": name, "boards": args.boards, "frame_bytes": args.frame_bytes,
            "cpu_s_of_100000_frames": round(await cpu_s_of_frames(run, load, args.boards, args.seconds), 2),
            "bytes_a_connection": round(await bytes_of_a_connection(run, args.idle)),
        }  # fmt: skip
        print(json.dumps(figures), flush=True)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    arguments.add_argument("--boards", type=int, default=300)
    arguments.add_argument("--frames-per-s", type=float, default=10.0)
    arguments.add_argument("--frame-bytes", type=int, default=4_000)
    arguments.add_argument("--seconds", type=float, default=8.0)
    arguments.add_argument("--idle", type=int, default=3_000)
    asyncio.run(measure(arguments.parse_args()))


if __name__ == "__main__":
    main()
