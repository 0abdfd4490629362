"""Capture: AMI bytes to the floor's events, against panoramisk alone and against splitting the bytes and making dicts.

    python -m benchmarks.capture [--events N]

One JSON object a line, one for a stream of queue events alone (`read = agent`) and one for everything (`read = all`).
`ratio` is ours by panoramisk's with a callback that does nothing: it stops where ours has filtered, decoded, translated
and queued. `ratio_to_limit` is ours by the bare loop's, which makes dicts of all headers and looks at none of them.
`with_evidence` is ours with each block kept, packed and written. Times are the process's, threads included: others on
the machine don't count.
"""

import argparse
import asyncio
import gc
import json
import statistics
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from panoramisk import Manager
from panoramisk.ami_protocol import AMIProtocol

from ccd.floor.events import PbxEvent
from ccd.pbx.blocks import END, Blocks, event_name
from ccd.pbx.evidence import Evidence
from ccd.pbx.inbox import Inbox
from ccd.pbx.observation import Keep, Observation, keep_nothing
from ccd.pbx.translate import QUEUE_EVENTS, Scope, Translator

ASKED = 1.0
ROUNDS = 5
CHUNK_BYTES = 64 * 1024
CAPTURE = Path(__file__).parent.parent / "tests/pbx/captures/22.ami"


class Silence:
    """A log for what is not measured."""

    def info(self, event: str, **facts: object) -> None:
        pass

    warning = error = info


def stream(count: int, *, all_events: bool) -> tuple[list[bytes], int]:
    """Chunks as they come from a socket, and how many queue events are in them: a real capture's, repeated."""
    blocks = [block for block in Blocks().feed(CAPTURE.read_bytes()) if b"\r\nTimestamp: " in block]
    blocks = [block for block in blocks if all_events or event_name(block) in QUEUE_EVENTS]
    wanted = sum(event_name(block) in QUEUE_EVENTS for block in blocks)
    repeats = max(1, count // len(blocks))
    data = b"".join(block + END for block in blocks) * repeats
    return [data[start : start + CHUNK_BYTES] for start in range(0, len(data), CHUNK_BYTES)], wanted * repeats


def by_dicts(chunks: list[bytes]) -> int:
    """The limit: split, look at the name, make a dict of what is wanted."""
    rest, count = b"", 0
    for chunk in chunks:
        blocks = (rest + chunk).split(END)
        rest = blocks.pop()
        for block in blocks:
            if event_name(block) in QUEUE_EVENTS:
                dict([line.split(": ", 1) for line in block.decode().split("\r\n")])
                count += 1
    return count


def by_panoramisk(chunks: list[bytes]) -> int:
    """Its own protocol and Manager; the callback counts, which is as little as one can do."""
    seen: list[int] = [0]

    def count(manager: Manager, event: Any) -> None:
        seen[0] += 1

    manager = Manager(loop=asyncio.get_running_loop())
    for name in QUEUE_EVENTS:
        manager.register_event(name.decode(), count)
    protocol = AMIProtocol()
    protocol.connection_made(None)
    protocol.factory, protocol.encoding, protocol.queue = manager, "utf8", deque()
    for chunk in chunks:
        protocol.data_received(chunk)
    return seen[0]


def by_capture(chunks: list[bytes], keep: Keep = keep_nothing) -> int:
    """What happens between the socket and whoever follows: blocks, filter, events, the bounded queue."""
    blocks = Blocks()
    observation = Observation(Translator(Scope()), keep)
    inbox = Inbox(10_000_000)
    observation.begin()
    observation.ask()
    complete = b"Event: QueueParams\r\nQueue: support\r\n\r\nEvent: QueueStatusComplete\r\n\r\n"
    observation.hear(blocks.feed(complete))
    observation.place(1)
    told = 0
    for chunk in chunks:
        events: list[PbxEvent] = observation.hear(blocks.feed(chunk))
        inbox.put(events)
        told += len(events)
    return told


@contextmanager
def evidence_kept() -> Iterator[Callable[[list[bytes]], Any]]:
    with tempfile.TemporaryDirectory(prefix="ccd-bench-") as folder:
        evidence = Evidence(Path(folder), "bench", Silence(), keep_days=365, buffer_bytes_max=1 << 34)

        async def run(chunks: list[bytes]) -> int:
            count = 0
            for start in range(0, len(chunks), 100):
                count += by_capture(chunks[start : start + 100], evidence.keep)
                await evidence.flush()
            return count

        yield run


async def compare(name: str, chunks: list[bytes], wanted: int) -> dict[str, Any]:
    """Each way by turns, so that all see the same machine; the middle of the rounds."""
    taken: dict[str, list[float]] = {"dicts": [], "panoramisk": [], "capture": [], "with_evidence": []}
    for _ in range(ROUNDS):
        for way, run in (("dicts", by_dicts), ("panoramisk", by_panoramisk), ("capture", by_capture)):
            gc.collect()
            start = time.process_time()
            run(chunks)
            taken[way].append(time.process_time() - start)
        with evidence_kept() as keeping:
            start = time.process_time()
            await keeping(chunks)
            taken["with_evidence"].append(time.process_time() - start)
    s = {way: statistics.median(times) for way, times in taken.items()}
    return {
        "name": "capture",
        "stream": name,
        "ratio": round(s["panoramisk"] / s["capture"], 2),
        "asked": ASKED,
        "ratio_to_limit": round(s["dicts"] / s["capture"], 2),
        "ratio_with_evidence": round(s["panoramisk"] / s["with_evidence"], 2),
        "queue_events": wanted,
        "bytes": sum(map(len, chunks)),
        "queue_events_per_s": {way: round(wanted / seconds) for way, seconds in s.items()},
    }


async def compare_both(count: int) -> None:
    for name, all_events in (("read = agent", False), ("read = all", True)):
        chunks, wanted = stream(count, all_events=all_events)
        if by_panoramisk(chunks) != by_dicts(chunks):
            raise SystemExit("panoramisk and the bare loop see different events: the comparison is void")
        print(json.dumps(await compare(name, chunks, wanted)), flush=True)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    arguments.add_argument("--events", type=int, default=100_000)
    asyncio.run(compare_both(arguments.parse_args().events))


if __name__ == "__main__":
    main()
