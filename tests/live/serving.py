"""A process that serves the live channel, whole: writer, Redis, feed, hub, gate, and a websocket on a port."""

import asyncio
import time
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from ccd.floor.seats import State
from ccd.live.board import Board
from ccd.live.channel import Channel, ChannelLimits
from ccd.live.feed import Feed, FeedLimits
from ccd.live.frames import JsonCodec, MsgpackCodec
from ccd.live.gate import Gate, GateLimits
from ccd.live.hub import Hub, HubLimits
from ccd.live.writer import LiveWriter
from ccd.org.people import Person, Role, Session
from tests.live.conftest import OpenStore
from tests.live.limits import limited
from tests.live.small_floor import QUICK, SmallFloor

COOKIE = "ccd_session"
FEED = FeedLimits(block_s=0.1, silent_s_max=2.0, retry_delay_s_min=0.02, retry_delay_s_max=0.1)
FAST = limited(frame_interval_s=0.02, idle_tick_s=0.05, resync_interval_s_min=0.0)
PEOPLE = {
    "lead": Person("lead", Role.SUPERVISOR, None, ("team-1",)),
    "boss": Person("boss", Role.SUPERVISOR, None, ("*",)),
    "1001": Person("1001", Role.AGENT, "1001"),
    "1002": Person("1002", Role.AGENT, "1002"),
}


class SmallOffice:
    """Tokens are names; whoever is in `gone` is signed out."""

    def __init__(self) -> None:
        self.gone: set[str] = set()

    async def authenticate(self, tokens: Sequence[str]) -> list[Session | None]:
        return [Session(token, PEOPLE[token], 9e9) if token in PEOPLE else None for token in tokens]

    async def still_valid(self, keys: Collection[str]) -> set[str]:
        return set(keys) - self.gone


class Page:
    """A client: reads messages, and checks that `seq` has no holes."""

    def __init__(self, line: ClientConnection) -> None:
        self.line = line
        self.codec = MsgpackCodec() if line.subprotocol == "ccd.v1.msgpack" else JsonCodec()
        self.seq = 0

    async def say(self, message: object) -> None:
        data = self.codec.value(message)
        await self.line.send(data if isinstance(self.codec, MsgpackCodec) else data.decode())

    async def hear(self) -> dict[str, Any]:
        async with asyncio.timeout(30):
            data = await self.line.recv()
        said: dict[str, Any] = self.codec.read(data.encode() if isinstance(data, str) else data)
        if said["op"] in ("snapshot", "delta"):
            assert said["seq"] == self.seq + 1
            self.seq = said["seq"]
        return said

    async def hear_of(self, agent: str, state: str) -> dict[str, Any]:
        """What is said of the agent once it is in that state."""
        while True:
            said = await self.hear()
            for one in said.get("changed", said.get("agents", [])):
                if (one["agent"], one["state"]) == (agent, state):
                    return dict(one)

    async def hear_op(self, op: str) -> dict[str, Any]:
        while (said := await self.hear())["op"] != op:
            pass
        return said


class Service:
    def __init__(
        self, open_store: OpenStore, limits: HubLimits, channel: ChannelLimits, origins: Collection[str]
    ) -> None:
        self.floor = SmallFloor()
        self.office = SmallOffice()
        self.writer = LiveWriter(open_store(), self.floor.changes, self.floor.everything, QUICK)
        self.announcing = open_store()
        board = Board(lambda reason: reason == "toilet")
        self.hub = Hub(board, time.time, limits)
        self.feed = Feed(open_store(), board, self.hub, time.time, FEED)
        self.gate = Gate(self.hub, self.office.authenticate, self.office.still_valid, GateLimits(recheck_s=0.2))
        live = Channel(self.hub, self.gate, frozenset, COOKIE, origins, channel)
        config = uvicorn.Config(
            nothing_else, host="127.0.0.1", port=0, ws=live, http="h11", lifespan="off", log_config=None  # type: ignore[arg-type] # only called
        )  # fmt: skip
        self.server = uvicorn.Server(config)

    @property
    def port(self) -> int:
        return int(self.server.servers[0].sockets[0].getsockname()[1])

    async def open(self, name: str, subprotocol: str = "ccd.v1.msgpack", origin: str | None = None) -> Page:
        return Page(
            await connect(
                f"ws://127.0.0.1:{self.port}/live",
                subprotocols=[Subprotocol(subprotocol)],
                additional_headers={"Cookie": f"theme=dark; {COOKIE}={name}"},
                origin=Origin(origin) if origin else None,
                max_size=None,
            )
        )

    async def board(self, name: str = "lead", subprotocol: str = "ccd.v1.msgpack") -> Page:
        page = await self.open(name, subprotocol)
        await page.say({"op": "subscribe", "topic": "floor"})
        return page

    async def page_of(self, agent: str) -> Page:
        page = await self.open(agent)
        await page.say({"op": "subscribe", "topic": "me"})
        return page


async def nothing_else(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 404, "headers": []})
    await send({"type": "http.response.body", "body": b""})


@asynccontextmanager
async def serving(
    open_store: OpenStore,
    limits: HubLimits = FAST,
    channel: ChannelLimits | None = None,
    origins: Collection[str] = (),
) -> AsyncIterator[Service]:
    service = Service(open_store, limits, channel or ChannelLimits(close_timeout_s=0.5), origins)
    server = service.server
    server.config.load()
    server.lifespan = server.config.lifespan_class(server.config)
    await server.startup()
    async with asyncio.TaskGroup() as group:
        children = (service.writer, service.feed, service.hub, service.gate)
        tasks = [group.create_task(child.run()) for child in children]
        tasks.append(group.create_task(server.main_loop()))
        try:
            yield service
        finally:
            await server.shutdown()
            for task in tasks:
                task.cancel()


def turned(service: Service, agent: str, at_s: float, state: State) -> None:
    service.floor.turn(agent, at_s, state)
    service.writer.wake()
