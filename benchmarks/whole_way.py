"""The whole way of an event through the daemon but for the sockets at its two ends, and the stream that goes that way.

The daemon's own parts (ccd.daemon.run puts the same together): what the socket's callback does, floor, crew, the writer
with a Valkey of its own, the feed that reads it, the hub, and one board that takes frames. With `recorded`, evidence
and history are made and written as well. Frames go at the daemon's own interval, or as soon as there is anything: then
each batch is shown by itself, and no two of an agent's changes as one.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path

from benchmarks.capture import CHUNK_BYTES, Silence
from ccd.daemon.pages import hub_limits
from ccd.daemon.site import Site
from ccd.daemon.switches.floors import Floors
from ccd.daemon.switches.following import leave_to_itself
from ccd.floor.events import PbxEvent
from ccd.floor.floor_state import FloorState
from ccd.history.recorder import Recorder
from ccd.history.resume import take_over_floor
from ccd.live.batch import SourceNow, pack
from ccd.live.board import Board
from ccd.live.clients import Client
from ccd.live.connect import connect
from ccd.live.embedded import embedded_redis
from ccd.live.feed import Feed
from ccd.live.frames import MsgpackCodec
from ccd.live.hub import Hub
from ccd.live.store import Store
from ccd.live.writer import LiveWriter
from ccd.org.people import ALL_UNITS, Person, Role, Session
from ccd.pbx.blocks import Blocks
from ccd.pbx.evidence import Evidence
from ccd.pbx.inbox import Inbox
from ccd.pbx.observation import Keep, Observation, keep_nothing
from ccd.pbx.simulator.load import load_stream
from ccd.pbx.simulator.queues import QUEUES
from ccd.pbx.simulator.staff import TEAMS, roster_csv, staff
from ccd.pbx.translate import Scope, Translator
from ccd.settings import Settings
from ccd.sql.engine import open_engine
from ccd.sql.migrate import upgrade
from ccd.sql.turns import Patience

PBX = "bench"
START_S = 1_795_482_000
EVENTS_PER_S_AN_AGENT = 0.2  # of the stream's own time, so that a floor of any size says the same things
FOR_EVER_S = 1e6
WARM_UP_EVENTS_AN_AGENT = 22  # until then some seats have never been rung, and the mixture is another
WARM_UP_EVENTS_AT_ONCE = 10_000
INBOX_EVENTS_MAX = 1_000_000
SEEN_WITHIN_S = 60.0
SECOND = 1_000_000  # µs
NOBODY = b"Event: QueueParams\r\nQueue: support\r\n\r\nEvent: QueueStatusComplete\r\n\r\n"


class Stream:
    """The load's bytes, turn by turn, in chunks as a socket gives them."""

    def __init__(self, agents: int) -> None:
        sign_ins = sum(len(person.queues) for person in staff(agents, 1))
        self._events = load_stream(agents, agents * EVENTS_PER_S_AN_AGENT, FOR_EVER_S, START_S * 1_000_000)
        self.warm_up = sign_ins + WARM_UP_EVENTS_AN_AGENT * agents

    def take(self, events: int) -> list[bytes]:
        data = b"".join(islice(self._events, events))
        return [data[start : start + CHUNK_BYTES] for start in range(0, len(data), CHUNK_BYTES)]

    def before(self) -> Iterator[list[bytes]]:
        """The sign-ins, and events until every seat has been in every state."""
        for start in range(0, self.warm_up, WARM_UP_EVENTS_AT_ONCE):
            yield self.take(min(WARM_UP_EVENTS_AT_ONCE, self.warm_up - start))


class Sink:
    """A board's connection that takes everything at once, and says when `awaited` has come."""

    def __init__(self) -> None:
        self.awaited = b""
        self.came = asyncio.Event()

    def write(self, data: bytes) -> None:
        if self.awaited and self.awaited in data:
            self.came.set()

    def buffered(self) -> int:
        return 0

    def is_closing(self) -> bool:
        return False

    def close(self, reason: str) -> None: ...

    def abort(self) -> None: ...


class Counting(MsgpackCodec):
    """`shown` is how many agents, and queues, were in frames so far."""

    def __init__(self) -> None:
        self.shown = 0

    def array(self, items: Sequence[bytes]) -> bytes:
        self.shown += len(items)
        return super().array(items)


class WholeWay:
    """Chunks in at `follow`, frames out at the sink."""

    def __init__(
        self,
        site: Site,
        redis_url: str,
        keep: Keep = keep_nothing,
        recorder: Recorder | None = None,
        frame_interval_s: float | None = None,
    ) -> None:
        self._mark = START_S * SECOND
        self.floors = Floors(site, lambda: [SourceNow(PBX, "live", self._mark)], lambda: START_S * SECOND)
        self._recorder = recorder
        self._sink = Sink()
        self._blocks = Blocks()
        self._observation = Observation(Translator(Scope()), keep)
        self._inbox = Inbox(INBOX_EVENTS_MAX)
        self._stores = Store(connect(redis_url), "bench"), Store(connect(redis_url), "bench")
        self._writer = LiveWriter(self._stores[0], self.floors.changes, self.floors.everything)
        board = Board(site.is_personal)
        self._codec = Counting()
        limits = hub_limits(site.settings.http)
        if frame_interval_s is not None:
            limits = replace(limits, frame_interval_s=frame_interval_s)
        self._hub = Hub(board, lambda: float(START_S), limits)
        self._feed = Feed(self._stores[1], board, self._hub, lambda: float(START_S))

    @asynccontextmanager
    async def open(self, state: FloorState, before: Iterator[list[bytes]]) -> AsyncIterator["WholeWay"]:
        """The floor as it is after what was said `before`, Redis in step with it, and a board that shows it all."""
        self.floors.resume(PBX, state)
        self._begin()
        for chunks in before:
            for chunk in chunks:
                await self._perform(self._observation.hear(self._blocks.feed(chunk)))
        session = Session("", Person("boss", Role.SUPERVISOR, None, (ALL_UNITS,)), FOR_EVER_S)
        client = Client(session, self._codec, self._sink, asyncio.get_running_loop().time())
        self._hub.join(client, client.joined_at)
        self._hub.subscribe_floor(client, None)
        async with asyncio.TaskGroup() as group:
            children = [group.create_task(child.run()) for child in (self._writer, self._feed, self._hub)]
            if self._recorder is not None:
                children.append(group.create_task(self._recorder.run()))
            await self._seen()
            leave_to_itself()  # as the daemon does once its floor is loaded
            yield self
            for child in children:
                child.cancel()
        for store in self._stores:
            await store.close()

    async def follow(self, chunks: list[bytes], *, in_step: bool = False) -> int:
        """What the socket's callback does, and what the daemon does with what has come; until it has been shown. Gives
        how many agents, and queues, were in the frames.

        `in_step`: each chunk is shown before the next comes, so that an agent's changes are not put together in one.
        """
        shown = self._codec.shown
        batches = self._inbox.batches()
        for chunk in chunks:
            self._inbox.put(self._observation.hear(self._blocks.feed(chunk)))
            await self._perform(await anext(batches))
            await (self._seen() if in_step else asyncio.sleep(0))
        await self._seen()
        return self._codec.shown - shown

    def _begin(self) -> None:
        """The PBX has been asked who is in which queue, and has said: nobody."""
        self._observation.begin()
        self._observation.ask()
        self._observation.hear(self._blocks.feed(NOBODY))
        self.floors.take(PBX, self._observation.place((START_S - 3_600) * SECOND))

    async def _perform(self, events: list[PbxEvent]) -> None:
        """As the daemon does (ccd.daemon.switches.following); without a recorder, all but what is recorded."""
        if self._recorder is None:
            self.floors.apply(PBX, events)
            self.floors.floors[PBX].touched = set()  # nobody stores these seats
            self._writer.wake()
        else:
            batch = self.floors.take(PBX, events)
            self._writer.wake()
            await self._recorder.put(batch)

    async def _seen(self) -> None:
        """A mark that follows everything said so far has come out as a frame, and the history has all of it."""
        self._mark += SECOND
        self._sink.awaited = pack(self._mark / SECOND)
        self._sink.came.clear()
        self._writer.wake()
        async with asyncio.timeout(SEEN_WITHIN_S):
            await self._sink.came.wait()
            if self._recorder is not None:
                await self._recorder.drained()


def site_of(agents: int, folder: Path) -> Site:
    """The load's floor: its roster, its queues' wrap-up, the shipped reasons."""
    roster = folder / "roster.csv"
    roster.write_text(roster_csv(staff(agents, 1)), encoding="utf-8")
    queues = {kind.name: {"wrap_up_s": kind.wrap_up_s} for kind in QUEUES}
    units = {team.unit: {"name": team.title} for team in TEAMS}
    return Site(
        Settings.model_validate({"timezone": "Asia/Shanghai", "roster": roster, "queues": queues, "units": units})
    )


@asynccontextmanager
async def whole_way(agents: int, stream: Stream, frame_interval_s: float | None = None) -> AsyncIterator[WholeWay]:
    """AMI bytes to frames, with an embedded Valkey; nothing is kept."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ccd-bench-")))
        url = await stack.enter_async_context(embedded_redis())
        way = WholeWay(site_of(agents, folder), url, frame_interval_s=frame_interval_s)
        yield await stack.enter_async_context(way.open(FloorState(), stream.before()))


@asynccontextmanager
async def recorded_way(agents: int, stream: Stream) -> AsyncIterator[WholeWay]:
    """The same with evidence packed and written, and with the history in SQLite."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ccd-bench-")))
        url = await stack.enter_async_context(embedded_redis())
        engine = open_engine(f"sqlite+aiosqlite:///{folder}/ccd.sqlite")
        stack.push_async_callback(engine.dispose)
        await upgrade(engine)
        state = await take_over_floor(engine, PBX, "bench", Patience())
        evidence = Evidence(folder, PBX, Silence(), keep_days=365)
        writing = asyncio.get_running_loop().create_task(evidence.run())
        stack.callback(writing.cancel)
        way = WholeWay(site_of(agents, folder), url, evidence.keep, Recorder(engine, "bench"))
        yield await stack.enter_async_context(way.open(state, stream.before()))
