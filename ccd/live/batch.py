"""What the floor hands to the live store: all that changed since the batch before."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import msgpack  # type: ignore[import-untyped] # it ships no types
import msgspec

from ccd.floor.agents import Reading
from ccd.floor.days import SECOND
from ccd.live.agent_state import agent_state

SourceState = Literal["live", "catching_up", "lost"]


class AgentReading(NamedTuple):
    """An agent as of now. A reading's tally lives on with the clock: it is packed before another event is applied."""

    agent: str
    name: str
    unit: str  # "": on no roster
    reading: Reading
    allowance_s: int


class QueueNow(NamedTuple):
    """Callers waiting in a queue, and since when the first of them has been (µs)."""

    queue: str
    waiting: int
    oldest_since: int | None


class SourceNow(NamedTuple):
    """How a PBX is followed, and since when so (µs)."""

    pbx: str
    state: SourceState
    since: int


@dataclass(frozen=True, slots=True)
class LiveBatch:
    """What changed, with the watermarks (PBX → µs) it stands for. `agents` is read once, and may be made as it is read.

    `transitions` are the floor's, packed by whoever knows them; they are only passed on, for readers of the stream.
    """

    agents: Iterable[AgentReading] = ()
    gone: tuple[str, ...] = ()  # agents that are no more
    queues: tuple[QueueNow, ...] = ()
    sources: tuple[SourceNow, ...] = ()
    watermarks: Mapping[str, int] = field(default_factory=dict)
    transitions: bytes = b""


class Packed(NamedTuple):
    """A batch as Redis gets it: hash fields, and the stream's entry."""

    agents: dict[str, bytes]
    gone: tuple[str, ...]
    queues: dict[str, bytes]
    sources: dict[str, bytes]
    watermarks: dict[str, str]  # µs, as text: Redis' language has no whole numbers
    transitions: bytes

    def entry(self, epoch: str, number: int) -> bytes:
        """The stream's entry; each agent in it is packed on its own, so that a reader can pass it on as it is.

        Without the type that msgpack has for bytes: Redis' own reader of it, before version 8, does not know it.
        """
        return pack_plainly(
            {
                "epoch": epoch,
                "number": number,
                "agents": self.agents,
                "gone": self.gone,
                "queues": self.queues,
                "sources": self.sources,
                "watermarks": self.watermarks,
                "transitions": self.transitions,
            }
        )


def packed(batch: LiveBatch) -> Packed:
    return Packed(
        {one.agent: pack(agent_state(*one)) for one in batch.agents},
        batch.gone,
        {one.queue: pack(_queue(one)) for one in batch.queues},
        {one.pbx: pack({"pbx": one.pbx, "state": one.state, "since": one.since / SECOND}) for one in batch.sources},
        {pbx: str(at) for pbx, at in batch.watermarks.items()},
        batch.transitions,
    )


def _queue(queue: QueueNow) -> dict[str, Any]:
    since = None if queue.oldest_since is None else queue.oldest_since / SECOND
    return {"queue": queue.queue, "waiting": queue.waiting, "oldest_since": since}


def pack_plainly(value: object) -> bytes:
    """Bytes and text are one type, to be read with `unpack_plainly`."""
    packed: bytes = msgpack.packb(value, use_bin_type=False)
    return packed


def unpack_plainly(data: bytes) -> Any:
    """Every text is bytes."""
    return msgpack.unpackb(data, raw=True)


def pack(value: object) -> bytes:
    return msgspec.msgpack.encode(value)


def unpack(data: bytes) -> Any:
    return msgspec.msgpack.decode(data)
