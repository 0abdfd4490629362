"""A wire between ccd and a PBX that writes down what passes, and can be tampered with."""

import asyncio
from pathlib import Path
from types import TracebackType
from typing import cast


class Proxy:
    """Listens on `port`. What the PBX said on each connection is in `streams`, as bytes."""

    def __init__(self, to_port: int) -> None:
        self.streams: list[bytearray] = []
        self.asked: list[bytearray] = []
        self._to_port = to_port
        self._server: asyncio.Server | None = None
        self._clients: list[asyncio.StreamWriter] = []
        self._ends: list[asyncio.StreamWriter] = []
        self._carrying: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "Proxy":
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server:
            self._server.close()
        self.cut()
        await asyncio.gather(*self._carrying, return_exceptions=True)

    @property
    def port(self) -> int:
        assert self._server
        return int(self._server.sockets[0].getsockname()[1])

    def inject(self, data: bytes) -> None:
        """As if the PBX had said it, on the newest connection."""
        self._clients[-1].write(data)

    def cut(self) -> None:
        """Break every connection."""
        for end in self._ends:
            end.transport.abort()
        self._ends.clear()

    def save(self, folder: Path, name: str) -> list[Path]:
        """The streams of this proxy as files, a connection each."""
        folder.mkdir(parents=True, exist_ok=True)
        paths = [folder / f"{name}.{number}.ami" for number in range(len(self.streams))]
        for path, stream in zip(paths, self.streams, strict=True):
            path.write_bytes(stream)
        return paths

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            from_pbx, to_pbx = await asyncio.open_connection("127.0.0.1", self._to_port)
        except OSError:
            writer.transport.abort()
            return
        self._clients.append(writer)
        self._ends += [writer, to_pbx]
        self._carrying.add(carrying := cast("asyncio.Task[None]", asyncio.current_task()))
        carrying.add_done_callback(self._carrying.discard)
        self.streams.append(said := bytearray())
        self.asked.append(asked := bytearray())
        await asyncio.gather(_pass_on(from_pbx, writer, said), _pass_on(reader, to_pbx, asked))


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, kept: bytearray) -> None:
    try:
        while data := await reader.read(65536):
            kept += data
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()
