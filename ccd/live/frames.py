"""The websocket frames of the live channel, as msgpack and as JSON: made once, sent to many.

Only `seq` differs from one connection to the next. It stands at a fixed place and has a fixed width, so a frame is kept
in two pieces and a connection's number is put between them. Frames of a server are not masked: the bytes are the same
for all.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from websockets.frames import Frame, Opcode

from ccd.live.batch import pack, unpack
from ccd.live.board import AgentShown


class Sealed(NamedTuple):
    """A whole frame but for its `seq`."""

    before: bytes
    after: bytes


class MsgpackCodec:
    subprotocol = "ccd.v1.msgpack"

    def seq(self, number: int) -> bytes:
        return number.to_bytes(4, "big")

    def agent(self, shown: AgentShown, own: bool) -> bytes:
        return shown.own if own else shown.floor

    def value(self, value: object) -> bytes:
        return pack(value)

    def array(self, items: Sequence[bytes]) -> bytes:
        head = (
            b"\xdc" + len(items).to_bytes(2, "big") if len(items) < 65_536 else b"\xdd" + len(items).to_bytes(4, "big")
        )
        return head + b"".join(items)

    def numbered(self, first: Mapping[str, str], rest: Mapping[str, bytes]) -> Sealed:
        size = bytes([0x80 + len(first) + 1 + len(rest)])
        head = size + b"".join(pack(name) + pack(value) for name, value in first.items())
        tail = b"".join(pack(name) + value for name, value in rest.items())
        return _sealed(Opcode.BINARY, head + pack("seq") + b"\xce", 4, tail)  # a 32-bit number follows

    def plain(self, message: Mapping[str, object]) -> bytes:
        return _whole(Opcode.BINARY, pack(message))

    def read(self, data: bytes) -> Any:
        return unpack(data)


class JsonCodec:
    """For looking at. JSON allows blanks before a number, so `seq` has a width here as well."""

    subprotocol = "ccd.v1.json"

    def seq(self, number: int) -> bytes:
        return b"%10d" % number

    def agent(self, shown: AgentShown, own: bool) -> bytes:
        if own:
            shown.own_json = shown.own_json or self.value(unpack(shown.own))
            return shown.own_json
        shown.floor_json = shown.floor_json or self.value(unpack(shown.floor))
        return shown.floor_json

    def value(self, value: object) -> bytes:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()

    def array(self, items: Sequence[bytes]) -> bytes:
        return b"[" + b",".join(items) + b"]"

    def numbered(self, first: Mapping[str, str], rest: Mapping[str, bytes]) -> Sealed:
        head = b"{" + b"".join(self.value(name) + b":" + self.value(value) + b"," for name, value in first.items())
        tail = b"".join(b"," + self.value(name) + b":" + value for name, value in rest.items()) + b"}"
        return _sealed(Opcode.TEXT, head + b'"seq":', 10, tail)

    def plain(self, message: Mapping[str, object]) -> bytes:
        return _whole(Opcode.TEXT, self.value(message))

    def read(self, data: bytes) -> Any:
        return json.loads(data)


Codec = MsgpackCodec | JsonCodec


def snapshot(
    codec: Codec, topic: str, now: float, agents: Iterable[AgentShown], queues: Iterable[Mapping[str, Any]]
) -> Sealed:
    own = topic == "me"
    return codec.numbered(
        {"op": "snapshot", "topic": topic},
        {
            "now": codec.value(now),
            "agents": codec.array([codec.agent(shown, own) for shown in agents]),
            "queues": codec.array([codec.value(queue) for queue in queues]),
        },
    )


def delta(
    codec: Codec,
    own: bool,
    now: float,
    changed: Iterable[AgentShown] = (),
    queues: Iterable[Mapping[str, Any]] = (),
    gone: Iterable[str] = (),
    accounts: Sequence[str] = (),
) -> Sealed:
    """`accounts` are agents on whose accounts something is another; the key is there where there are some."""
    told = {"accounts": codec.value(accounts)} if accounts else {}
    return codec.numbered(
        {"op": "delta"},
        {
            "now": codec.value(now),
            "changed": codec.array([codec.agent(shown, own) for shown in changed]),
            "queues": codec.array([codec.value(queue) for queue in queues]),
            "gone": codec.value(list(gone)),
            **told,
        },
    )


def health(codec: Codec, sources: Iterable[Mapping[str, Any]]) -> bytes:
    return codec.plain({"op": "health", "sources": list(sources)})


def account(codec: Codec) -> bytes:
    return codec.plain({"op": "account"})


def places(codec: Codec) -> bytes:
    """How many of the agent's unit may be off on a day is another now."""
    return codec.plain({"op": "places"})


def site(codec: Codec) -> bytes:
    """What the pages are told of the site (`GET /api/site`) is another now."""
    return codec.plain({"op": "site"})


def error(codec: Codec, title: str, detail: str) -> bytes:
    return codec.plain({"op": "error", "title": title, "detail": detail})


def _whole(opcode: Opcode, payload: bytes) -> bytes:
    return Frame(opcode, payload).serialize(mask=False)


def _sealed(opcode: Opcode, head: bytes, width: int, tail: bytes) -> Sealed:
    frame = _whole(opcode, head + bytes(width) + tail)
    return Sealed(frame[: len(frame) - len(tail) - width], frame[len(frame) - len(tail) :])
