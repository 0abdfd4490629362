"""A system that webhooks are sent to: it keeps what it is told, and answers as it is asked to."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

HANGS = 0  # as an answer: none
LATE = 1  # 204, once it is let go


class Heard(NamedTuple):
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]


class Receiver:
    """`answers` are what it says next, each once; then 204. `more` are lines of its head."""

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        self.answers: list[int] = []
        self.more = ""
        self.port = 0
        self.is_late, self.let_go = asyncio.Event(), asyncio.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/ccd"

    @property
    def ids(self) -> list[str]:
        return [one.id for one in self.heard]

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                request, *lines = head.decode().splitlines()
                assert request == "POST /ccd HTTP/1.1"
                headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
                body = await reader.readexactly(int(headers["content-length"]))
                self.heard.append(Heard(headers, body))
                code = self.answers.pop(0) if self.answers else 204
                if code == HANGS:
                    await reader.read()
                    return
                if code == LATE:
                    self.is_late.set()
                    await self.let_go.wait()
                    code = 204
                writer.write(f"HTTP/1.1 {code} As asked\r\ncontent-length: 0\r\n{self.more}\r\n".encode())
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    made = Receiver()
    server = await asyncio.start_server(made.answer, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
