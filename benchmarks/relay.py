"""A bare relay from Redis to websockets, and who feeds it: what the live channel is held against.

It knows nothing: opaque events of the same size come off a stream, what has come within a frame interval is joined and
goes to everybody. No state, no topics, no rights, no snapshots, no sequence.
"""

import asyncio
import struct
import time
from typing import Any

from redis.asyncio import Redis
from websockets.asyncio.server import ServerConnection, broadcast, serve

STREAM = "relay"
BLOCK_MS = 1_000
KEPT_ENTRIES = 5_000
TICK_S = 0.001


async def relay(redis_url: str, frame_interval_s: float, say_port: "asyncio.Future[int]") -> None:
    """Serves until it is cancelled; `say_port` is told the port."""
    connections: set[ServerConnection] = set()

    async def stay(connection: ServerConnection) -> None:
        connections.add(connection)
        try:
            await connection.wait_closed()
        finally:
            connections.discard(connection)

    redis = Redis.from_url(redis_url)
    loop = asyncio.get_running_loop()
    async with serve(stay, "127.0.0.1", 0, compression=None, max_size=1_024) as server:
        say_port.set_result(server.sockets[0].getsockname()[1])
        last_id: bytes | str = "$"
        while True:
            found: Any = await redis.xread({STREAM: last_id}, block=BLOCK_MS)
            frame_at = loop.time()
            if found:
                ((_, entries),) = found.items() if isinstance(found, dict) else found
                last_id = entries[-1][0]
                broadcast(connections, b"".join(fields[b"b"] for _, fields in entries))
            await asyncio.sleep(frame_at + frame_interval_s - loop.time())


async def publish(redis_url: str, events_per_s: float, event_bytes: int) -> None:
    """Events with their times, as many a second, each as it is due, until it is cancelled."""
    redis = Redis.from_url(redis_url)
    padding = bytes(max(0, event_bytes - 15))
    began, told = time.time(), 0
    while True:
        pipeline = redis.pipeline(transaction=False)
        due = int((time.time() - began) * events_per_s)
        for number in range(told, due):
            event = b"\xa5since\xcb" + struct.pack(">d", began + number / events_per_s) + padding
            pipeline.xadd(STREAM, {"b": event}, maxlen=KEPT_ENTRIES, approximate=True)
        if due > told:
            await pipeline.execute()
        told = due
        await asyncio.sleep(TICK_S)
