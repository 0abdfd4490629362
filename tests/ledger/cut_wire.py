"""A wire to PostgreSQL that breaks at one question of its protocol: before it, at its answer, or soon after."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from enum import Enum
from pathlib import Path
from types import TracebackType

SOCKET = ".s.PGSQL.5432"
KEY_DATA, READY, GOODBYE = b"K", b"Z", b"X"

# By the message after which the server answers, those with which its answer ends: a simple query; the Sync after a
# statement; the Flush after one that is only described (its rows, that there are none, or an error).
ENDS = {b"Q": READY, b"S": READY, b"H": b"TnE"}


class Cut(Enum):
    """Where the wire breaks, as to one question."""

    BEFORE = "the question is not passed on"
    UNANSWERED = "the server has answered, and nothing of it arrives"
    HALF = "half of the answer arrives"
    AFTER = "all of the answer arrives, and nothing more"
    TERMINATED = "the server is told to end the session before it is asked"


class Wire:
    """Listens in `folder`, as a server does. `arm` says at which question from then on it breaks; once."""

    def __init__(self, server: Path, folder: Path, terminate: Callable[[int], Awaitable[None]]) -> None:
        self.questions: list[bytes] = []  # since it was armed
        self.is_cut = False
        self._server = server / SOCKET
        self._terminate = terminate
        self._at: tuple[int, Cut] | None = None
        self._listening = folder / SOCKET
        self._open: asyncio.Server | None = None

    def arm(self, question: int, cut: Cut) -> None:
        self.questions, self.is_cut, self._at = [], False, (question, cut)

    async def __aenter__(self) -> "Wire":
        self._open = await asyncio.start_unix_server(self._carry, self._listening)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._open
        self._open.close()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_server, to_server = await asyncio.open_unix_connection(self._server)
        with suppress(asyncio.IncompleteReadError, OSError):
            size = await reader.readexactly(4)
            to_server.write(size + await reader.readexactly(int.from_bytes(size) - 4))
            greeting = await answer(from_server)
            process = int.from_bytes(greeting[greeting.index(KEY_DATA + (12).to_bytes(4)) + 5 :][:4])
            writer.write(greeting)
            while await self._pass(*await question(reader), process, from_server, to_server, writer):
                pass
        for end in (writer, to_server):
            end.transport.abort()

    async def _pass(
        self,
        asked: bytes,
        ends: bytes,
        process: int,
        from_server: asyncio.StreamReader,
        to_server: asyncio.StreamWriter,
        writer: asyncio.StreamWriter,
    ) -> bool:
        """Whether the wire still holds."""
        self.questions.append(asked)
        cut = self._at[1] if self._at is not None and self._at[0] == len(self.questions) else None
        if cut is not None:
            self._at, self.is_cut = None, True
        if cut is Cut.BEFORE:
            return False
        if cut is Cut.TERMINATED:
            await self._terminate(process)
            writer.write(await from_server.read())  # why, and no more
            await writer.drain()
            return False
        to_server.write(asked)
        answered = await answer(from_server, ends)
        if cut is not Cut.UNANSWERED:
            writer.write(answered[: len(answered) // 2] if cut is Cut.HALF else answered)
            await writer.drain()
        if cut in (Cut.HALF, Cut.AFTER):
            writer.write_eof()  # what was written arrives first
            await asyncio.sleep(0)
        return cut is None


async def question(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """All messages up to that on which the server answers, and those with which its answer ends. IncompleteReadError
    where no other comes."""
    asked = b""
    while True:
        message = await _message(reader)
        asked += message
        if message[:1] == GOODBYE:
            raise asyncio.IncompleteReadError(asked, None)  # it waits until we hang up
        if message[:1] in ENDS:
            return asked, ENDS[message[:1]]


async def answer(reader: asyncio.StreamReader, ends: bytes = READY) -> bytes:
    """All messages up to that with which the server waits for what comes next."""
    answered = b""
    while True:
        message = await _message(reader)
        answered += message
        if message[:1] in ends:
            return answered


async def _message(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readexactly(5)
    return head + await reader.readexactly(int.from_bytes(head[1:]) - 4)
