"""A living floor for minutes or hours, watched for what grows: `make soak`.

    python -m benchmarks.soak [--minutes N] [--agents N] [--speed X] [--boards N]

`ccd demo` in a process of its own, at a raised speed, with boards that look at it. Every few seconds: memory and file
descriptors of it and of its Valkey, the events and rows that wait inside (from /metrics), and the boards' frames. The
first quarter is warm-up; what in the last quarter's middle is above the second's by more than LIMITS allows has grown.
A line a minute, and one JSON object at the end. Exit code 1 where something grew, was dropped, or stood still.
"""

import argparse
import asyncio
import json
import statistics
import sys
import time
import urllib.request
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import psutil
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from benchmarks.start import PROGRAM, free_port
from ccd.commands.demo.centre import MANAGER
from ccd.commands.demo.show import MANAGER_PASSWORD
from ccd.live.batch import pack, unpack

LOOK_INTERVAL_S = 5.0
TELL_INTERVAL_S = 60.0
READY_WITHIN_S = 120.0
STOPPED_WITHIN_S = 30.0
SILENT_S_MAX = 20.0  # a board hears something every five seconds, whatever the floor does


class Limit(NamedTuple):
    """By how much a figure may be higher at the end than after warm-up: a share of it, and a number."""

    share: float
    more: float

    def allows(self, before: float, after: float) -> bool:
        return after <= before * (1 + self.share) + self.more


LIMITS = {
    "memory_mb": Limit(0.10, 10.0),  # a business day's tallies and SQLite's cache come and go
    "valkey_mb": Limit(0.10, 10.0),
    "files": Limit(0.0, 8.0),
    "events_waiting": Limit(0.0, 1_000.0),
    "rows_waiting": Limit(0.0, 5_000.0),
}


@dataclass(frozen=True, slots=True)
class Look:
    """What is seen at one moment. Counts are from the start."""

    after_s: float
    memory_mb: float
    valkey_mb: float
    files: float
    events_waiting: float
    rows_waiting: float
    events: float
    dropped: float
    frames: float


class Boards:
    """Boards that take their frames as they come, and hold `seq` to be without holes."""

    def __init__(self) -> None:
        self.frames = 0
        self.holes = 0
        self.heard_at = time.monotonic()

    async def look(self, url: str, cookie: str) -> None:
        async with connect(
            url.replace("http", "ws") + "/live",
            subprotocols=[Subprotocol("ccd.v1.msgpack")],
            additional_headers={"Cookie": cookie},
            max_size=None,
        ) as line:
            await line.send(pack({"op": "subscribe", "topic": "floor"}))
            seq = 0
            async for data in line:
                said = unpack(data if isinstance(data, bytes) else data.encode())
                if said["op"] in ("snapshot", "delta"):
                    self.holes += said["seq"] != seq + 1
                    seq = said["seq"]
                    self.frames += 1
                    self.heard_at = time.monotonic()


@asynccontextmanager
async def demo(agents: int, speed: float) -> AsyncIterator[tuple[Process, str]]:
    """`ccd demo`, and its address once its pages are there."""
    port = free_port()
    arguments = ("demo", "--agents", str(agents), "--speed", str(speed), "--port", str(port), "--days", "0")
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", PROGRAM, *arguments, stdout=DEVNULL)
    try:
        yield process, f"http://127.0.0.1:{port}"
    finally:
        if process.returncode is None:
            process.terminate()
        try:
            async with asyncio.timeout(STOPPED_WITHIN_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            raise


async def signed_in(url: str) -> str:
    """The supervisor's cookie; the pages may not be there yet."""
    until = time.monotonic() + READY_WITHIN_S
    while True:
        try:
            return await asyncio.to_thread(_cookie, url)
        except OSError:
            if time.monotonic() > until:
                raise
            await asyncio.sleep(0.2)


def _cookie(url: str) -> str:
    said = json.dumps({"name": MANAGER, "password": MANAGER_PASSWORD}).encode()
    request = urllib.request.Request(f"{url}/api/session", said, {"Content-Type": "application/json", "Origin": url})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return str(answer.headers["Set-Cookie"].split(";")[0])


def look(process: psutil.Process, url: str, boards: Boards, began: float) -> Look:
    children = process.children(recursive=True)
    with urllib.request.urlopen(f"{url}/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()

    def metric(name: str) -> float:
        return sum(float(line.split()[-1]) for line in lines if line.startswith((f"{name}{{", f"{name} ")))

    return Look(
        after_s=round(time.monotonic() - began, 1),
        memory_mb=round(process.memory_info().rss / 1e6, 1),
        valkey_mb=round(sum(child.memory_info().rss for child in children) / 1e6, 1),
        files=process.num_fds() + sum(child.num_fds() for child in children),
        events_waiting=metric("ccd_events_waiting"),
        rows_waiting=metric("ccd_rows_waiting"),
        events=metric("ccd_events_total"),
        dropped=metric("ccd_events_dropped_total"),
        frames=boards.frames,
    )


def faults_of(looks: Sequence[Look]) -> list[str]:
    """What has grown between the second quarter and the last, was dropped, or did not get on."""
    quarter = len(looks) // 4
    if not quarter:
        return [f"only {len(looks)} looks: too short to tell anything"]
    early, late = looks[quarter : 2 * quarter], looks[-quarter:]
    faults = []
    for name, limit in LIMITS.items():
        before, after = (statistics.median(getattr(each, name) for each in some) for some in (early, late))
        if not limit.allows(before, after):
            faults.append(f"{name} grew from {before:g} to {after:g}")
    if looks[-1].dropped:
        faults.append(f"{looks[-1].dropped:g} events were dropped")
    for name in ("events", "frames"):
        if getattr(late[-1], name) <= getattr(early[0], name):
            faults.append(f"no {name} came any more")
    return faults


async def soak(minutes: float, agents: int, speed: float, boards_count: int) -> tuple[list[Look], list[str]]:
    looks: list[Look] = []
    boards = Boards()
    async with demo(agents, speed) as (process, url), asyncio.TaskGroup() as group:
        cookie = await signed_in(url)
        watching = [group.create_task(boards.look(url, cookie)) for _ in range(boards_count)]
        began = told_at = time.monotonic()
        boards.heard_at = began
        faults: list[str] = []
        while not faults and time.monotonic() < began + minutes * 60:
            await asyncio.sleep(LOOK_INTERVAL_S)
            if process.returncode is not None:
                faults.append(f"it ended by itself, with exit code {process.returncode}")
            elif time.monotonic() > boards.heard_at + SILENT_S_MAX:
                faults.append(f"the boards have heard nothing for {SILENT_S_MAX:g} s")
            else:
                looks.append(await asyncio.to_thread(look, psutil.Process(process.pid), url, boards, began))
            if looks and time.monotonic() >= told_at + TELL_INTERVAL_S:
                told_at = time.monotonic()
                print(json.dumps(asdict(looks[-1])), file=sys.stderr, flush=True)
        for task in watching:
            task.cancel()
    if boards.holes:
        faults.append(f"{boards.holes} holes in the boards' frames")
    return looks, faults or faults_of(looks)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    arguments.add_argument("--minutes", type=float, default=30.0)
    arguments.add_argument("--agents", type=int, default=300)
    arguments.add_argument("--speed", type=float, default=100.0)
    arguments.add_argument("--boards", type=int, default=20)
    chosen = arguments.parse_args()
    looks, faults = asyncio.run(soak(chosen.minutes, chosen.agents, chosen.speed, chosen.boards))
    said: dict[str, Any] = {"name": "soak", "minutes": chosen.minutes, "agents": chosen.agents, "speed": chosen.speed}
    said |= {"boards": chosen.boards, "looks": len(looks), "faults": faults}
    print(json.dumps(said | ({"last": asdict(looks[-1])} if looks else {})))
    if faults:
        raise SystemExit("; ".join(faults))


if __name__ == "__main__":
    main()
