"""Reads the websocket frames of the live channel out of bytes, as a client would."""

from collections.abc import Generator
from typing import Any

from websockets.frames import Frame, Opcode

from ccd.live.frames import JsonCodec, MsgpackCodec


def messages(data: bytes) -> list[dict[str, Any]]:
    """The messages of whole, unmasked frames one after the other."""
    found = []
    while data:
        frame, data = _frame(data)
        codec = MsgpackCodec() if frame.opcode is Opcode.BINARY else JsonCodec()
        found.append(codec.read(bytes(frame.data)))
    return found


def _frame(data: bytes) -> tuple[Frame, bytes]:
    def read_exact(count: int) -> Generator[None, None, bytes]:
        nonlocal data
        taken, data = data[:count], data[count:]
        assert len(taken) == count
        yield from ()
        return taken

    parser = Frame.parse(read_exact, mask=False)
    try:
        next(parser)
    except StopIteration as stop:
        return stop.value, data
    raise AssertionError("a frame waits for more than there is")
