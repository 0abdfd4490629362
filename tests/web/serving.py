"""Pages, API and live channel of one process on a real port, with people in SQL and the floor in a real Redis."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from ccd.live.board import Board
from ccd.live.channel import Channel
from ccd.live.clients import Client
from ccd.live.feed import Feed
from ccd.live.gate import Gate, GateLimits
from ccd.live.hub import Hub
from ccd.live.store import Store
from ccd.web.accounts import Accounts
from ccd.web.server import PageServer
from ccd.web.session_api import COOKIE
from ccd.web.sessions import Sessions
from tests.live.serving import FAST, FEED
from tests.web.office import PASSWORD, Clock, Office, with_below


class Site:
    def __init__(self, accounts: Accounts, sessions: Sessions, clock: Clock, store: Store) -> None:
        self.office = Office(accounts, sessions, clock)
        board = Board(lambda reason: reason == "toilet")
        self.hub = Hub(board, clock, FAST)
        self.feed = Feed(store, board, self.hub, clock, FEED)
        self.gate = Gate(self.hub, sessions.of_tokens, sessions.still_valid, GateLimits(recheck_s=0.2))
        self.office.turn_out = self.gate.turn_out
        channel = Channel(self.hub, self.gate, with_below, COOKIE)
        self.server = PageServer(self.office.app, channel, "127.0.0.1", 0)

    async def signed_in(self, name: str) -> httpx.AsyncClient:
        browser = httpx.AsyncClient(base_url=self.server.url)
        answer = await browser.post("/api/session", json={"name": name, "password": PASSWORD})
        assert answer.status_code == 200
        return browser

    async def live(self, browser: httpx.AsyncClient, topic: str) -> ClientConnection:
        line = await connect(
            f"ws://127.0.0.1:{self.server.port}/live",
            subprotocols=[Subprotocol("ccd.v1.json")],
            additional_headers={"Cookie": f"{COOKIE}={browser.cookies[COOKIE]}"},
            origin=Origin(self.server.url),
        )
        await line.send(json.dumps({"op": "subscribe", "topic": topic}))
        return line

    def inside(self) -> list[Client]:
        return self.hub.clients()


async def heard(line: ClientConnection, op: str) -> dict[str, Any]:
    async with asyncio.timeout(30):
        while True:
            said: dict[str, Any] = json.loads(await line.recv())
            if said["op"] == op:
                return said


@asynccontextmanager
async def site_of(accounts: Accounts, sessions: Sessions, clock: Clock, store: Store) -> AsyncIterator[Site]:
    made = Site(accounts, sessions, clock, store)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(child.run()) for child in (made.feed, made.hub, made.gate, made.server)]
        yield made
        for task in tasks:
            task.cancel()
    await made.office.client.aclose()
