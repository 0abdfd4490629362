"""Several ways of doing the same work, each in a process of its own, run by turns.

By turns, so that all see the same machine, with whatever else it does meanwhile; in processes of their own, so that one
way's memory doesn't slow another's garbage collector. A turn's cost is the process's CPU time, all its threads
together; wall-clock time is told as well. What a way asks of other processes (Redis) is in the latter only. Garbage is
collected before each turn: what the collector does more seldom than once a turn is in no figure.
"""

import asyncio
import gc
import multiprocessing
import statistics
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager
from multiprocessing.connection import Connection
from typing import NamedTuple, Protocol

SPAWN = multiprocessing.get_context("spawn")


class Cost(NamedTuple):
    """Of one event in one turn, µs; and what came of it, by the way's own count."""

    cpu_us: float
    wall_us: float
    made: float


class Way(Protocol):
    async def prepare(self) -> int:
        """Get the turn's work ready, untimed; gives how many events it has."""

    async def run(self) -> int:
        """Do it; gives how much came of it."""


OpenWay = Callable[[], AbstractAsyncContextManager[Way]]  # can be pickled: it opens the way in the lane's process


class Lane:
    """The process in which a way is run. `turn` is one turn of it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def turn(self) -> Cost:
        self._connection.send(True)
        cost: Cost | None = self._connection.recv()
        if cost is None:
            raise SystemExit("a lane's process ended; what it said stands above")
        return cost


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def by_turns(lanes: Mapping[str, Lane], turns: int) -> dict[str, list[Cost]]:
    """Each lane's costs, turn by turn. The first turn warms up, and is not told."""
    told: dict[str, list[Cost]] = {name: [] for name in lanes}
    for number in range(turns + 1):
        for name, lane in lanes.items():
            cost = lane.turn()
            if number:
                told[name].append(cost)
    return told


@contextmanager
def lanes(ways: Mapping[str, OpenWay]) -> Iterator[dict[str, Lane]]:
    """Opened one after another; all are gone with the block."""
    opened: dict[str, Lane] = {}
    processes = []
    connections = []
    try:
        for name, open_way in ways.items():
            ours, theirs = SPAWN.Pipe()
            process = SPAWN.Process(target=_serve, args=(theirs, open_way), daemon=False)
            process.start()
            theirs.close()
            processes.append(process)
            connections.append(ours)
            opened[name] = Lane(ours)
        yield opened
    finally:
        for connection in connections:
            connection.close()
        for process in processes:
            process.join()


def _serve(connection: Connection, open_way: OpenWay) -> None:
    asyncio.run(_take_turns(connection, open_way))


async def _take_turns(connection: Connection, open_way: OpenWay) -> None:
    try:
        async with open_way() as way:
            async for _ in _asked(connection):
                events = await way.prepare()
                gc.collect()
                cpu, wall = time.process_time(), time.perf_counter()
                made = await way.run()
                cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
                connection.send(Cost(cpu / events * 1e6, wall / events * 1e6, made / events))
    except BaseException:
        connection.send(None)
        raise


async def _asked(connection: Connection) -> AsyncIterator[bool]:
    while True:
        try:
            yield await asyncio.to_thread(connection.recv)
        except EOFError:
            return
