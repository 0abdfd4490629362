"""A small server that speaks the pages' contract, and says what a test tells it to say.

`python -m tests.browser.fake_server --agents 60` shows the pages without the rest of ccd; logins lead1 and 1007,
password "time".
"""

import argparse
import asyncio
import contextlib
import json
import random
import secrets
import socket
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from copy import deepcopy
from pathlib import Path
from typing import Any

import msgpack  # type: ignore[import-untyped] # it ships no types
import uvicorn
from fastapi import FastAPI, Request, Response, WebSocket, WebSocketDisconnect
from fastapi.responses import FileResponse, JSONResponse

from ccd.web.guard import HEADERS
from tests.browser.fake_bank import FakeBank, RefusedError
from tests.browser.fake_floor import SITE, STATES, UNITS, FakeAccount, Json, make_agents

PAGES = Path(__file__).parents[2] / "ccd" / "web" / "pages"
PASSWORD = "time"
START_S_MAX = 10
HEARTBEAT_S = 5.0


class Follower:
    """One connected page: its frames are numbered from 1."""

    def __init__(self, channel: WebSocket, wire: str) -> None:
        self.channel = channel
        self.wire = wire
        self.topic = ""
        self.agent = ""
        self.seq = 0

    async def send(self, frame: Json, numbered: bool = True) -> None:
        if numbered:
            self.seq += 1
            frame = {**frame, "seq": self.seq, "now": time.time()}
        if self.wire == "ccd.v1.json":
            await self.channel.send_text(json.dumps(frame))
        else:
            await self.channel.send_bytes(msgpack.packb(frame))

    def sees(self, agent: str) -> bool:
        return self.topic == "floor" or (self.topic == "me" and agent == self.agent)


class FakeServer:
    """Start it, `say` things to the pages that follow, stop it; the same port after the next start."""

    def __init__(self, agents: int = 60, pages: Path = PAGES) -> None:
        self.pages = pages
        self.site = deepcopy(SITE)
        self.agents = make_agents(agents)
        self.queues: dict[str, Json] = {
            "hotline": {"queue": "hotline", "waiting": 4, "oldest_since": time.time() - 42},
            "broadband": {"queue": "broadband", "waiting": 3, "oldest_since": time.time() - 21},
        }
        self.account = FakeAccount()
        self.overtime: Json = {"running": [], "growing": None}
        self.shift: Json | None = None  # what of it counts so far; None: the unit keeps no schedules
        self.bank = FakeBank()
        self.leads = list(UNITS)
        self.orders: list[tuple[str, str, str, str]] = []  # agent, what, why, and under which key
        self.outcome, self.answers = "done", list[Json]()  # of each of them
        self.sessions: dict[str, Json] = {}
        self.followers: list[Follower] = []
        self.heard: list[Json] = []
        self.sources: list[Json] = [{"pbx": "pbx-1", "state": "live", "since": time.time()}]
        self.silent = False
        self.retry_after_s = 0
        self.is_unavailable = False
        self.port = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        listener = socket.create_server(("127.0.0.1", self.port))
        self.port = listener.getsockname()[1]
        config = uvicorn.Config(make_app(self), log_level="error", ws="websockets-sansio", lifespan="off")
        self._server = server = uvicorn.Server(config)
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(server, listener)), daemon=True)
        self._thread.start()
        deadline = time.monotonic() + START_S_MAX
        while not server.started:
            if time.monotonic() > deadline:
                raise RuntimeError(f"the fake server did not start within {START_S_MAX} s")
            time.sleep(0.01)

    def stop(self) -> None:
        if self._server is None or self._thread is None:
            return
        self._server.should_exit = self._server.force_exit = True
        self._thread.join(timeout=START_S_MAX)
        self._server = self._thread = None

    def change(self, agent: str, **fields: Any) -> None:
        """An agent is different from now on; `since` is now unless given."""
        self.agents[agent] = {**self.agents[agent], "since": time.time(), **fields}
        self.say({"op": "delta", "changed": [self.agents[agent]], "queues": [], "gone": []}, only=agent)

    def wait_in(self, queue: str, waiting: int, oldest_since: float | None) -> None:
        self.queues[queue] = {"queue": queue, "waiting": waiting, "oldest_since": oldest_since}
        self.say({"op": "delta", "changed": [], "queues": [self.queues[queue]], "gone": []})

    def health(self, state: str) -> None:
        self.sources = [{"pbx": "pbx-1", "state": state, "since": time.time()}]
        self.say({"op": "health", "sources": self.sources}, numbered=False)

    def settle(self, line: Json) -> None:
        """A line more, and word of it to who follows their own account."""
        self.account.lines.insert(0, line)
        self.account.savings += line["amount"]
        self.say({"op": "account"}, numbered=False)

    def skip_a_frame(self) -> None:
        """A frame that no page will ever see."""

        async def skip() -> None:
            for follower in self.followers:
                follower.seq += 1

        self._soon(skip())

    def drop_connections(self) -> None:
        async def drop() -> None:
            for follower in list(self.followers):
                await follower.channel.close()

        self._soon(drop())

    def say(self, frame: Json, only: str | None = None, numbered: bool = True) -> None:
        self._soon(self.tell(frame, only, numbered))

    async def tell(self, frame: Json, only: str | None = None, numbered: bool = True) -> None:
        for follower in list(self.followers):
            if only is None or follower.sees(only):
                with contextlib.suppress(WebSocketDisconnect, RuntimeError):
                    await follower.send(frame, numbered)

    def snapshot_for(self, follower: Follower) -> Json:
        agents = [agent for key, agent in self.agents.items() if follower.sees(key)]
        queues = list(self.queues.values()) if follower.topic == "floor" else []
        return {"op": "snapshot", "topic": follower.topic, "agents": agents, "queues": queues}

    def _soon(self, act: Coroutine[Any, Any, None]) -> None:
        """Done before this returns: what a test tells happened before what it does next."""
        if self._loop is None:
            raise RuntimeError("start the server before telling it to say something")
        asyncio.run_coroutine_threadsafe(act, self._loop).result(timeout=START_S_MAX)

    async def _serve(self, server: uvicorn.Server, listener: socket.socket) -> None:
        self._loop = asyncio.get_running_loop()
        beating = self._loop.create_task(self._beat())
        try:
            await server.serve(sockets=[listener])
        finally:
            beating.cancel()
            self.followers.clear()
            listener.close()

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_S)
            if not self.silent:
                await self.tell({"op": "delta", "changed": [], "queues": [], "gone": []})


def make_app(server: FakeServer) -> FastAPI:
    app = FastAPI()

    @app.middleware("http")
    async def guarded(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        answer = await call_next(request)
        answer.headers.update(HEADERS)  # the pages must live with what the real server allows
        return answer

    _add_session(app, server)
    _add_account(app, server)
    _add_orders(app, server)
    _add_bank(app, server)
    _add_live(app, server)
    _add_pages(app, server)
    return app


def _problem(status: int, title: str, **more: Any) -> JSONResponse:
    body = {"title": title, "status": status, "detail": title, **more}
    headers = {"Retry-After": str(more["retry_after_s"])} if "retry_after_s" in more else {}
    return JSONResponse(body, status, headers=headers, media_type="application/problem+json")


def _add_session(app: FastAPI, server: FakeServer) -> None:
    @app.post("/api/session", response_model=None)
    async def sign_in(request: Request, response: Response) -> Json | Response:
        asked = await request.json()
        if server.is_unavailable:
            away = _problem(503, "The database does not answer; ask again.")
            away.headers["Retry-After"] = "60"
            return away
        if server.retry_after_s > 0:
            return _problem(429, "too many attempts", retry_after_s=server.retry_after_s)
        if asked["password"] != PASSWORD:
            return _problem(401, "wrong name or password")
        name = asked["name"]
        is_agent = name in server.agents
        units = [server.agents[name]["unit"]] if is_agent else list(UNITS)
        role = "agent" if is_agent else "supervisor"
        session = {"name": name, "role": role, "agent": name if is_agent else None, "units": units}
        session["leads"] = [] if is_agent else server.leads
        token = secrets.token_hex()
        server.sessions[token] = session
        response.set_cookie("ccd_session", token, httponly=True, samesite="strict")
        return session

    @app.get("/api/session", response_model=None)
    async def session(request: Request) -> Json | Response:
        return server.sessions.get(request.cookies.get("ccd_session", "")) or _problem(401, "not signed in")

    @app.delete("/api/session", status_code=204)
    async def sign_out(request: Request) -> None:
        server.sessions.pop(request.cookies.get("ccd_session", ""), None)

    @app.get("/api/site")
    async def site() -> Json:
        return server.site


def _add_account(app: FastAPI, server: FakeServer) -> None:
    @app.get("/api/me", response_model=None)
    async def me(request: Request) -> Json | Response:
        known = server.sessions.get(request.cookies.get("ccd_session", ""))
        if known is None:
            return _problem(401, "not signed in")
        return server.account.me(server.agents[known["agent"]])

    @app.get("/api/me/overtime")
    async def overtime() -> Json:
        return server.overtime

    @app.get("/api/me/today")
    async def today() -> Json | None:
        return server.shift

    @app.get("/api/me/statement")
    async def statement(before: int, limit: int) -> Json:
        return server.account.part(before, limit)


def _add_orders(app: FastAPI, server: FakeServer) -> None:
    @app.post("/api/agents/{agent}/{what}", response_model=None)
    async def order(agent: str, what: str, request: Request) -> Json | Response:
        key = request.headers.get("Idempotency-Key", "")
        server.orders.append((agent, what, (await request.json())["reason"], key))
        said = {"outcome": server.outcome, "answers": server.answers}
        if server.outcome in ("done", "partly", "unknown"):
            return {"order": key, "agent": agent, "what": what, **said}
        return _problem(409, "nothing was done", type="urn:ccd:order-not-done", facts=said)


def _add_bank(app: FastAPI, server: FakeServer) -> None:
    """Whatever FakeBank knows of; what it refuses is a problem."""

    @app.api_route("/api/{path:path}", methods=["GET", "POST", "PUT"], response_model=None)
    async def asked(path: str, request: Request, response: Response) -> Any:
        known = server.sessions.get(request.cookies.get("ccd_session", ""))
        if known is None:
            return _problem(401, "not signed in")
        response.headers["ETag"] = '"1"'
        body = await request.json() if request.method != "GET" and await request.body() else {}
        key = request.headers.get("Idempotency-Key", "")
        try:
            return server.bank.answer(request.method, path, {**request.query_params, **body}, key)
        except RefusedError as refused:
            return _problem(refused.status, str(refused), **refused.told)


def _add_live(app: FastAPI, server: FakeServer) -> None:
    @app.websocket("/live")
    async def live(channel: WebSocket) -> None:
        known = server.sessions.get(channel.cookies.get("ccd_session", ""))
        if known is None:
            await channel.close(4401)
            return
        wire = channel.scope["subprotocols"][0]
        await channel.accept(subprotocol=wire)
        follower = Follower(channel, wire)
        follower.agent = known["agent"] or ""
        server.followers.append(follower)
        try:
            async for asked in _asked(channel):
                server.heard.append(asked)
                if asked["op"] == "subscribe":
                    follower.topic = asked["topic"]
                await follower.send(server.snapshot_for(follower))
                await follower.send({"op": "health", "sources": server.sources}, numbered=False)
        finally:
            if follower in server.followers:
                server.followers.remove(follower)


async def _asked(channel: WebSocket) -> AsyncIterator[Json]:
    while True:
        message = await channel.receive()
        if message["type"] == "websocket.disconnect":
            return
        text = message.get("text")
        yield json.loads(text) if text is not None else msgpack.unpackb(message["bytes"])


def _add_pages(app: FastAPI, server: FakeServer) -> None:
    @app.get("/{path:path}", response_model=None)
    async def page(path: str) -> Response:
        file = server.pages / path
        found = path != "" and file.is_file()
        if path.startswith("assets/") and not found:
            return Response(status_code=404)
        return FileResponse(file if found else server.pages / "index.html")


async def live_like(server: FakeServer, changes_per_s: float, frame_interval_s: float) -> None:
    """Random agents change state for ever, at a pace, packed into frames as the real feed packs them."""
    rng = random.Random(7)
    owed, names = 0.0, list(server.agents)
    states, weights = list(STATES), list(STATES.values())
    while True:
        await asyncio.sleep(frame_interval_s)
        owed += changes_per_s * frame_interval_s
        now = time.time()
        changed = rng.sample(names, min(len(names), int(owed)))
        owed -= int(owed)
        for name in changed:
            state = rng.choices(states, weights)[0]
            paused = state == "paused"
            more = {"state": state, "since": now, "reason": "ticket" if paused else "", "exempt": False}
            server.agents[name] = {**server.agents[name], **more, "aux_from": now if paused else None}
        frame = {"op": "delta", "changed": [server.agents[name] for name in changed], "queues": [], "gone": []}
        if changed:
            await server.tell(frame)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--agents", type=int, default=60)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--changes-per-s", type=float, default=1.0)
    parser.add_argument("--frame-interval-s", type=float, default=0.05)
    options = parser.parse_args()
    server = FakeServer(options.agents)
    server.port = options.port
    server.start()
    print(server.url, flush=True)  # noqa: T201 - who started it reads the address here
    with contextlib.suppress(KeyboardInterrupt):
        loop = server._loop
        assert loop is not None
        asyncio.run_coroutine_threadsafe(
            live_like(server, options.changes_per_s, options.frame_interval_s), loop
        ).result()


if __name__ == "__main__":
    main()
