"""What a supervisor's board is told, through the live channel's JSON: to look at from a test."""

import json
import time
import urllib.request
from contextlib import ExitStack
from types import TracebackType
from typing import Any

from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.whole.daemon import LEAD, LEAD_PASSWORD


def session_cookie(url: str, name: str = LEAD, password: str = LEAD_PASSWORD) -> str:
    request = urllib.request.Request(
        f"{url}/api/session",
        json.dumps({"name": name, "password": password}).encode(),
        {"Content-Type": "application/json", "Origin": url},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        cookie: str = answer.headers["Set-Cookie"].split(";")[0]
    return cookie


class Board:
    """`agents` and `health` are what was said last."""

    def __init__(self, url: str, name: str = LEAD, password: str = LEAD_PASSWORD) -> None:
        self.agents: dict[str, dict[str, Any]] = {}
        self.health: list[dict[str, Any]] = []
        self._url = url
        self._login = name, password
        self._stack = ExitStack()
        self._socket: ClientConnection

    def __enter__(self) -> "Board":
        opening = connect(
            self._url.replace("http", "ws") + "/live",
            subprotocols=[Subprotocol("ccd.v1.json")],
            additional_headers={"Cookie": session_cookie(self._url, *self._login), "Origin": self._url},
        )
        self._socket = self._stack.enter_context(opening)
        self._socket.send(json.dumps({"op": "subscribe", "topic": "floor"}))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def listen(self, for_s: float = 0.2, at_most_s: float = 2.0) -> "Board":
        """Take what comes until nothing does for that long."""
        ends = time.monotonic() + at_most_s
        while time.monotonic() < ends:
            try:
                message = json.loads(self._socket.recv(timeout=for_s))
            except TimeoutError:
                break
            if message["op"] == "health":
                self.health = message["sources"]
            elif message["op"] == "snapshot":
                self.agents = {agent["agent"]: agent for agent in message["agents"]}
            elif message["op"] == "delta":
                self.agents |= {agent["agent"]: agent for agent in message["changed"]}
        return self

    def state(self, agent: str) -> str:
        self.listen()
        return str(self.agents.get(agent, {}).get("state"))

    def source(self) -> str:
        self.listen()
        return str(self.health[0]["state"]) if self.health else ""
