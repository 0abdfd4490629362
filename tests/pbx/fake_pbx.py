"""A PBX in a few lines: it says what a test gives it, and is silent where a test wants silence."""

import asyncio
from collections.abc import Callable
from hashlib import md5
from pathlib import Path
from ssl import SSLContext
from time import time
from types import TracebackType

from tests.pbx.spoken import answer, block

CHALLENGE = "120415"


class FakePbx:
    """Answers like Asterisk 22, with `rows` in its queues. To `silent_on` it says nothing, to `refused` an error."""

    def __init__(self, *, rows: bytes = b"", banner: str = "11.0.0", tls: SSLContext | None = None) -> None:
        self.rows = rows
        self.banner = banner
        self.silent_on: set[str] = set()
        self.refused: dict[str, str] = {}
        self.booted = True
        self.queue_log: Path | None = None  # into which it writes what it is asked to
        self.actions: list[dict[str, str]] = []
        self.connections = 0
        self.before_answers: dict[str, Callable[[], bytes]] = {}  # said just before the answer to an action
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._writers: list[asyncio.StreamWriter] = []

    async def __aenter__(self) -> "FakePbx":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._tls)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server:
            self._server.close()
        self.hang_up()
        await asyncio.sleep(0)

    @property
    def port(self) -> int:
        assert self._server
        return int(self._server.sockets[0].getsockname()[1])

    def say(self, data: bytes) -> None:
        self._writers[-1].write(data)

    def hang_up(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    def asked(self, action: str) -> list[dict[str, str]]:
        return [asked for asked in self.actions if asked["Action"] == action]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.append(writer)
        writer.write(f"Asterisk Call Manager/{self.banner}\r\n".encode())
        try:
            while True:
                asked = (await reader.readuntil(b"\r\n\r\n")).decode()
                action = dict(line.split(": ", 1) for line in asked.split("\r\n") if ": " in line)
                self.actions.append(action)
                if action["Action"] not in self.silent_on:
                    writer.write(self._answer(action["Action"]).replace(b"@ID", action["ActionID"].encode()))
        except (asyncio.IncompleteReadError, OSError):
            writer.close()

    def _answer(self, action: str) -> bytes:
        said = self.before_answers[action]() if action in self.before_answers else b""
        if action in self.refused:
            return said + block("Response: Error", None, ActionID="@ID", Message=self.refused[action])
        if action == "Ping":
            return said + block("Response: Success", None, ActionID="@ID", Ping="Pong", Timestamp=f"{time():.6f}")
        if action == "Challenge":
            return said + block("Response: Success", None, ActionID="@ID", Challenge=CHALLENGE)
        if action == "Login":
            booted = block("Event: FullyBooted", None, Status="Fully Booted") if self.booted else b""
            return said + block("Response: Success", None, ActionID="@ID", Message="Authentication accepted") + booted
        if action == "QueueStatus":
            return said + answer(self.rows).replace(b"Message: Queue", b"ActionID: @ID\r\nMessage: Queue")
        if action == "Agents":
            head = block("Response: Success", None, ActionID="@ID", EventList="start", Message="Agents will follow")
            return said + head + block("Event: AgentsComplete", None, ActionID="@ID")
        if action == "QueueLog" and self.queue_log:
            asked = self.actions[-1]
            with self.queue_log.open("a") as log:
                log.write(f"{time():.0f}|NONE|{asked['Queue']}|NONE|{asked['Event']}|{asked['Message']}\n")
            return said + block("Response: Success", None, ActionID="@ID", Message="Event added successfully")
        return said + block("Response: Error", None, ActionID="@ID", Message=f"Invalid/unknown command: {action}.")


def key_of(secret: str) -> str:
    return md5((CHALLENGE + secret).encode()).hexdigest()
