"""The processes of the live channel's benchmark: a PBX under load and the daemon that follows it; a publisher and the
relay that it feeds. Each is a child, on 127.0.0.1, and gone with its block."""

import asyncio
import logging
import multiprocessing
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil

from benchmarks.boards import Board, Seen
from benchmarks.relay import publish, relay
from ccd import logs
from ccd.daemon.run import ALL_PARTS, Daemon, Surroundings, daemon
from ccd.daemon.site import Site
from ccd.live.embedded import address, start
from ccd.pbx.simulator.clock import VirtualClock
from ccd.pbx.simulator.load import Load
from ccd.pbx.simulator.server import SimulatedPbx
from ccd.pbx.simulator.session import ManagerUser
from ccd.pbx.simulator.staff import TEAMS, roster_csv, staff
from ccd.settings import Settings
from ccd.sql.turns import Patience, take_turn
from ccd.web.schema import sessions, user_units, users
from ccd.web.session_api import COOKIE
from ccd.web.sessions import session_key

SPAWN = multiprocessing.get_context("spawn")
SECOND = 1_000_000  # µs
TICK_S = 0.001
LEADS = 40
STOP_S_MAX = 20.0
WHOLE_S_MAX = 120.0
ACCOUNT = ManagerUser("ccd", "bench")


class Child:
    """A process that says one thing once it is ready."""

    def __init__(self, target: Callable[..., None], *arguments: Any) -> None:
        self.began = time.time()
        ours, theirs = SPAWN.Pipe()
        self._process = SPAWN.Process(target=target, args=(theirs, *arguments), daemon=False)
        self._process.start()
        theirs.close()
        self.said = ours.recv()
        self._seen = psutil.Process(self._process.pid)

    def cpu_s(self) -> float:
        times = self._seen.cpu_times()
        return times.user + times.system

    def rss(self) -> int:
        return int(self._seen.memory_info().rss)

    def stop(self) -> None:
        self._process.terminate()
        self._process.join(STOP_S_MAX)
        if self._process.is_alive():
            self._process.kill()


class Ccd:
    """A PBX of `agents`, all signed in, and the daemon on it. Every agent has a session, and so have some leads."""

    def __init__(self, agents: int, events_per_s: float, frame_interval_s: float, boards_a_lead: int) -> None:
        self._arguments = agents, events_per_s, frame_interval_s
        self._boards_a_lead = boards_a_lead
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        agents, events_per_s, frame_interval_s = self._arguments
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="ccd-bench-")))
        self._agents = [person.agent for person in staff(agents, 1)]
        (folder / "roster.csv").write_text(roster_csv(staff(agents, 1)), encoding="utf-8")
        pbx = Child(run_pbx, agents, events_per_s)
        self._stack.callback(pbx.stop)
        self._server = Child(run_daemon, folder, pbx.said, frame_interval_s, self._agents)
        self._stack.callback(self._server.stop)
        self.port, self._connects_at = self._server.said
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stack.close()

    def lead_cookies(self, boards: int) -> list[str]:
        return [f"{COOKIE}=lead-{number // self._boards_a_lead}" for number in range(boards)]

    def agent_cookies(self) -> list[str]:
        return [f"{COOKIE}={agent}" for agent in self._agents]

    def server_cpu_s(self) -> float:
        return self._server.cpu_s()

    def server_rss(self) -> int:
        return self._server.rss()

    async def first_whole_board(self, request: bytes, asks: bytes) -> dict[str, float]:
        """How long it took until a board has shown every agent."""
        waiting = WholeBoard(request, asks, self._agents)
        await asyncio.get_running_loop().create_connection(lambda: waiting, "127.0.0.1", self.port)
        await waiting.opened
        async with asyncio.timeout(WHOLE_S_MAX):
            at = await waiting.whole
        waiting.close()
        return {"from_process_s": round(at - self._server.began, 3), "from_connect_s": round(at - self._connects_at, 3)}


class WholeBoard(Board):
    """Says when all of `agents` have been on it."""

    def __init__(self, request: bytes, asks: bytes, agents: list[str]) -> None:
        super().__init__(request, asks, Seen())
        self._missing = {agent.encode() for agent in agents}
        self.whole: asyncio.Future[float] = asyncio.get_running_loop().create_future()

    def _look(self, frame: bytes, arrived: float) -> None:
        for part in frame.split(b"\xa5agent")[1:]:
            length = part[0] & 0x1F
            self._missing.discard(part[1 : 1 + length])
        if not self._missing and not self.whole.done():
            self.whole.set_result(arrived)


class Relay:
    """A Valkey, a publisher, and the bare relay."""

    def __init__(self, events_per_s: float, event_bytes: int, frame_interval_s: float) -> None:
        self._arguments = events_per_s, event_bytes
        self._frame_interval_s = frame_interval_s
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="ccd-bench-")))
        valkey = start(folder)
        self._stack.callback(valkey.stop)
        self._server = Child(run_relay, address(folder), self._frame_interval_s)
        self._stack.callback(self._server.stop)
        publisher = Child(run_publisher, address(folder), *self._arguments)
        self._stack.callback(publisher.stop)
        self.port = int(self._server.said)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stack.close()

    def server_cpu_s(self) -> float:
        return self._server.cpu_s()


# --- what runs in the processes --------------------------------------------------------------------------------------


def run_pbx(connection: Connection, agents: int, events_per_s: float) -> None:
    async def live() -> None:
        now = round(time.time() * SECOND)
        clock = VirtualClock(now, 1.0)  # before the load is made, which takes its time
        pbx = SimulatedPbx(Load(agents, events_per_s, now), clock, ACCOUNT)
        async with pbx.listening("127.0.0.1", 0) as (_, port):
            connection.send(port)
            while True:
                pbx.live()
                await asyncio.sleep(TICK_S)

    asyncio.run(live())


def run_daemon(connection: Connection, folder: Path, pbx_port: int, frame_interval_s: float, agents: list[str]) -> None:
    async def live() -> None:
        settings = Settings.model_validate(
            {
                "site": "bench",
                "roster": folder / "roster.csv",
                "state_directory": folder,
                "evidence": {"directory": folder / "evidence"},
                "pbx": [{"name": "bench", "host": "127.0.0.1", "port": pbx_port, "username": "ccd", "secret": "bench"}],
                "units": {team.unit: {"name": team.title} for team in TEAMS},
                "http": {"port": 0, "frame_interval_s": frame_interval_s},
            }
        )

        async def ready(_: Daemon) -> None:
            assert made.server is not None
            connection.send((made.server.port, time.time()))

        async with daemon(Site(settings), ALL_PARTS, Surroundings(started=ready)) as made:
            await let_in(made, agents)
            await made.run()

    logs.configure(level=logging.ERROR)
    asyncio.run(live())


async def let_in(made: Daemon, agents: list[str]) -> None:
    """Everybody is signed in already; whoever has the name has the session."""
    leads = [f"lead-{number}" for number in range(LEADS)]
    people = [(name, "supervisor", None) for name in leads] + [(agent, "agent", agent) for agent in agents]
    rows = [
        {"name": name, "role": role, "agent": agent, "password": "-", "created_at": 0} for name, role, agent in people
    ]
    until = int((time.time() + 86_400) * SECOND)

    async def work(database: Any) -> None:
        await database.execute(users.insert(), rows)
        await database.execute(user_units.insert(), [{"name": name, "unit": "*"} for name in leads])
        tokens = [{"key": session_key(name), "name": name, "until": until} for name, _, _ in people]
        await database.execute(sessions.insert(), tokens)

    await take_turn(made.engine, work, Patience())


def run_relay(connection: Connection, redis_url: str, frame_interval_s: float) -> None:
    async def live() -> None:
        port: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        port.add_done_callback(lambda done: connection.send(done.result()))
        await relay(redis_url, frame_interval_s, port)

    asyncio.run(live())


def run_publisher(connection: Connection, redis_url: str, events_per_s: float, event_bytes: int) -> None:
    connection.send("ready")
    asyncio.run(publish(redis_url, events_per_s, event_bytes))
