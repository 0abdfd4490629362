"""Boards that only look at the clock: each takes its frames off the socket and says how old the events in them are.

Raw asyncio, because hundreds of them share one process with nothing to spare: frames are taken apart by their headers,
and on every tenth board an event is found by the bytes in front of its time. An event is new if it is later than the
newest that the same board has seen; what is told again of an agent is not counted twice.
"""

import asyncio
import base64
import re
import secrets
import struct
import time
from collections import Counter
from dataclasses import dataclass, field

from websockets.frames import Frame, Opcode

SINCE = re.compile(rb"\xa5since\xcb(.{8})", re.DOTALL)  # msgpack: the key, and a 64-bit float behind it
BUCKETS_PER_S = 10_000
CONNECT_AT_ONCE = 50
LOOKS_EVERY = 10


@dataclass(slots=True)
class Seen:
    """What all boards have seen together, while `counting`."""

    counting: bool = False
    ages: Counter[int] = field(default_factory=Counter)  # in 1 / BUCKETS_PER_S seconds
    frames: int = 0
    payload_bytes: int = 0

    def p(self, share: float) -> float:
        """The age in seconds that `share` of all events on all boards stayed below."""
        left = share * self.ages.total()
        for bucket in sorted(self.ages):
            left -= self.ages[bucket]
            if left <= 0:
                return (bucket + 1) / BUCKETS_PER_S
        raise ValueError("no event was seen")


class Board(asyncio.Protocol):
    """`asks` is what is sent once the connection is open. One that does not look only takes its frames off."""

    def __init__(self, request: bytes, asks: bytes | None, seen: Seen, looks: bool = True) -> None:
        self._looks = looks
        self._request = request
        self._asks = asks
        self._seen = seen
        self._buffer = bytearray()
        self._newest = 0.0
        self._transport: asyncio.Transport | None = None
        self.opened = asyncio.get_running_loop().create_future()
        self.served = asyncio.get_running_loop().create_future()  # it has its first frame

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        arrived = time.time()
        self._buffer += data
        if not self.opened.done() and not self._open():
            return
        while (frame := self._take_frame()) is not None:
            if not self.served.done():
                self.served.set_result(None)
            self._look(frame, arrived)

    def connection_lost(self, exc: Exception | None) -> None:
        for waited in (self.opened, self.served):
            if not waited.done():
                waited.set_exception(ConnectionError(f"closed: {bytes(self._buffer[:200])!r}"))

    def close(self) -> None:
        self.served.cancel()
        if self._transport is not None:
            self._transport.abort()

    def _open(self) -> bool:
        head, end, rest = bytes(self._buffer).partition(b"\r\n\r\n")
        if not end:
            return False
        if b" 101 " not in head.splitlines()[0]:
            raise ConnectionError(head.decode())
        self._buffer = bytearray(rest)
        self.opened.set_result(None)
        if self._asks and self._transport:
            self._transport.write(Frame(Opcode.BINARY, self._asks).serialize(mask=True))
        return True

    def _take_frame(self) -> bytes | None:
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        start, length = 2, buffer[1]
        if length == 126:
            start, length = 4, int.from_bytes(buffer[2:4], "big")
        elif length == 127:
            start, length = 10, int.from_bytes(buffer[2:10], "big")
        if len(buffer) < start + length:
            return None
        frame = bytes(buffer[start : start + length])
        del buffer[: start + length]
        return frame

    def _look(self, frame: bytes, arrived: float) -> None:
        seen, newest = self._seen, self._newest
        for found in SINCE.findall(frame) if self._looks else ():
            (since,) = struct.unpack(">d", found)
            if since > newest:
                self._newest = max(self._newest, since)
                if seen.counting:
                    seen.ages[int((arrived - since) * BUCKETS_PER_S)] += 1
        if seen.counting:
            seen.frames += 1
            seen.payload_bytes += len(frame)


def handshake(port: int, headers: tuple[str, ...] = ()) -> bytes:
    key = base64.b64encode(secrets.token_bytes(16)).decode()
    lines = [
        "GET /live HTTP/1.1", f"Host: 127.0.0.1:{port}", "Upgrade: websocket", "Connection: Upgrade",
        f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13", *headers,
    ]  # fmt: skip
    return "\r\n".join([*lines, "", ""]).encode()


async def open_boards(port: int, requests: list[bytes], asks: bytes | None, seen: Seen) -> list[Board]:
    """A board for each request, some at a time; all are open, and have what they asked for."""
    loop = asyncio.get_running_loop()
    boards: list[Board] = []

    def board(number: int) -> Board:
        return Board(requests[number], asks, seen, looks=number % LOOKS_EVERY == 0)

    for start in range(0, len(requests), CONNECT_AT_ONCE):
        some = []
        for number in range(start, min(start + CONNECT_AT_ONCE, len(requests))):
            made = board(number)
            await loop.create_connection(lambda made=made: made, "127.0.0.1", port)  # type: ignore[misc] # a default argument is how a lambda keeps a loop's value
            some.append(made)
        await asyncio.gather(*(board.opened for board in some))
        boards += some
    if asks:
        await asyncio.gather(*(board.served for board in boards))
    return boards
