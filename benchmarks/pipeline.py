"""The whole pipeline, AMI bytes to frames, against panoramisk alone; and a floor of 50,000 against one of 500.

    python -m benchmarks.pipeline [--events N] [--turns N]

Two JSON objects, one a line. `pipeline`: `ratio` is the pipeline's speed by that of panoramisk with a callback that
does nothing, on the same stream of queue events; `ratio_to_limit` is by that of splitting the bytes and making dicts;
`ratio_recorded` is with evidence and history written as well. `pipeline_scale`: `ratio` is the cost of an event on a
floor of 50,000 agents by that on one of 500, where each chunk from the socket is shown before the next comes;
`ratio_flat_out` is the same as fast as it goes, each batch shown by itself. In both, as many agents are shown for an
event on either floor (`shown_per_event`). `ratio_gathered` is as fast as it goes with frames at the daemon's interval:
then a small floor's agents change several times between two frames, and are shown once for it, which no floor's do at
the pace of people. Ratios are of CPU time of the Python process, the middle of the turns' (benchmarks.lanes);
`ratio_wall` is the first of the wall clock, with Redis' part in it.
"""

import argparse
import asyncio
import json
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import structlog
from panoramisk import Manager
from panoramisk.ami_protocol import AMIProtocol

from benchmarks.capture import by_dicts
from benchmarks.lanes import Cost, Way, by_turns, lanes, median
from benchmarks.whole_way import Stream, WholeWay, recorded_way, whole_way

ASKED = 1.0
ASKED_OF_SCALE = 1.2
AGENTS = 5_000
FEW, MANY = 500, 50_000


def by_panoramisk(chunks: list[bytes]) -> int:
    """Its own protocol and Manager, with one pattern, which is what costs it least, and a callback that counts."""
    seen = [0]

    def count(manager: Manager, event: Any) -> None:
        seen[0] += 1

    manager = Manager(loop=asyncio.get_running_loop())
    manager.register_event("*", count)
    protocol = AMIProtocol()
    protocol.connection_made(None)
    protocol.factory, protocol.encoding, protocol.queue = manager, "utf8", deque()
    for chunk in chunks:
        protocol.data_received(chunk)
    return seen[0]


class Parsing:
    """A lane's way that only reads the stream."""

    def __init__(self, parse: Callable[[list[bytes]], int], agents: int, events: int) -> None:
        self._parse = parse
        self._stream = Stream(agents)
        self._events = events
        self._chunks: list[bytes] = []
        for _ in self._stream.before():
            pass

    async def prepare(self) -> int:
        self._chunks = self._stream.take(self._events)
        return self._events

    async def run(self) -> int:
        seen = self._parse(self._chunks)
        if seen != self._events:
            raise SystemExit(f"{self._parse.__name__} saw {seen} of {self._events} events: the comparison is void")
        return seen


class Following:
    """A lane's way through all of the daemon."""

    def __init__(self, way: WholeWay, stream: Stream, events: int, in_step: bool) -> None:
        self._way, self._stream, self._events, self._in_step = way, stream, events, in_step
        self._chunks: list[bytes] = []

    async def prepare(self) -> int:
        self._chunks = self._stream.take(self._events)
        return self._events

    async def run(self) -> int:
        return await self._way.follow(self._chunks, in_step=self._in_step)


@asynccontextmanager
async def parsing(parse: Callable[[list[bytes]], int], agents: int, events: int) -> AsyncIterator[Way]:
    yield Parsing(parse, agents, events)


@asynccontextmanager
async def following(
    agents: int, events: int, in_step: bool = False, frame_interval_s: float | None = None
) -> AsyncIterator[Way]:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    stream = Stream(agents)
    async with whole_way(agents, stream, frame_interval_s) as way:
        yield Following(way, stream, events, in_step)


@asynccontextmanager
async def recording(agents: int, events: int) -> AsyncIterator[Way]:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    stream = Stream(agents)
    async with recorded_way(agents, stream) as way:
        yield Following(way, stream, events, in_step=False)


def ratio(of: list[Cost], by: list[Cost], figure: Callable[[Cost], float] = lambda cost: cost.cpu_us) -> float:
    """The middle of the turns' ratios."""
    return round(median([figure(one) / figure(other) for one, other in zip(of, by, strict=True)]), 2)


def us(costs: Mapping[str, list[Cost]]) -> dict[str, float]:
    return {name: round(median([cost.cpu_us for cost in each]), 1) for name, each in costs.items()}


def made(costs: Mapping[str, list[Cost]]) -> dict[str, float]:
    return {name: round(median([cost.made for cost in each]), 2) for name, each in costs.items()}


def compare_with_panoramisk(events: int, turns: int) -> dict[str, Any]:
    ways = {
        "dicts": partial(parsing, by_dicts, AGENTS, events),
        "panoramisk": partial(parsing, by_panoramisk, AGENTS, events),
        "pipeline": partial(following, AGENTS, events),
        "recorded": partial(recording, AGENTS, events),
    }
    with lanes(ways) as opened:
        costs = by_turns(opened, turns)
    return {
        "name": "pipeline",
        "ratio": ratio(costs["panoramisk"], costs["pipeline"]),
        "asked": ASKED,
        "ratio_wall": ratio(costs["panoramisk"], costs["pipeline"], lambda cost: cost.wall_us),
        "ratio_to_limit": ratio(costs["dicts"], costs["pipeline"]),
        "ratio_recorded": ratio(costs["panoramisk"], costs["recorded"]),
        "agents": AGENTS,
        "events": events * turns,
        "cpu_us_per_event": us(costs),
    }


def compare_floors(events: int, turns: int) -> dict[str, Any]:
    few_events = events // 4  # a frame's interval passes with each chunk
    paces = {
        "in_step": floors_followed(few_events, turns, in_step=True),
        "flat_out": floors_followed(events, turns, frame_interval_s=0.0),
        "gathered": floors_followed(events, turns),
    }
    ratios = {pace: ratio(costs[str(MANY)], costs[str(FEW)]) for pace, costs in paces.items()}
    return {
        "name": "pipeline_scale",
        "ratio": ratios["in_step"],
        "asked_max": ASKED_OF_SCALE,
        "ratio_flat_out": ratios["flat_out"],
        "ratio_gathered": ratios["gathered"],
        "events": few_events * turns,
        "events_flat_out": events * turns,
        "cpu_us_per_event": {pace: us(costs) for pace, costs in paces.items()},
        "shown_per_event": {pace: made(costs) for pace, costs in paces.items()},
    }


def floors_followed(
    events: int, turns: int, in_step: bool = False, frame_interval_s: float | None = None
) -> dict[str, list[Cost]]:
    ways = {
        str(agents): partial(following, agents, events, in_step=in_step, frame_interval_s=frame_interval_s)
        for agents in (FEW, MANY)
    }
    with lanes(ways) as opened:
        return by_turns(opened, turns)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    arguments.add_argument("--events", type=int, default=20_000, help="of one turn")
    arguments.add_argument("--turns", type=int, default=7)
    chosen = arguments.parse_args()
    for compare in (compare_with_panoramisk, compare_floors):
        print(json.dumps(compare(chosen.events, chosen.turns)), flush=True)


if __name__ == "__main__":
    main()
