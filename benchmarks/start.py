"""How soon a board is complete: `ccd run` starts on a floor of 5,000 agents who are all signed in.

    python -m benchmarks.start [--agents N] [--rounds N]

Two JSON objects, one a line: `fresh` starts with an empty store, `again` with what the start before it left, as after a
reload of the machine. `seconds` run from the daemon's login at the switch (its clock is this machine's) until one
connection has been shown every agent in a state that only the switch's answer can tell; `from_process_s` from the start
of the process. The switch, at 100 events a second, is a process of its own; so is the daemon, and so is the board.
"""

import argparse
import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

from websockets.sync.client import connect
from websockets.typing import Subprotocol

from ccd.daemon.stores import database
from ccd.live.batch import pack, unpack
from ccd.org.people import ALL_UNITS, Person, Role
from ccd.pbx.simulator.clock import VirtualClock
from ccd.pbx.simulator.load import Load
from ccd.pbx.simulator.server import SimulatedConnection, SimulatedPbx
from ccd.pbx.simulator.session import ManagerUser
from ccd.pbx.simulator.staff import roster_csv, staff
from ccd.settings import read
from ccd.web.accounts import Accounts
from ccd.web.passwords import Passwords
from ccd.web.session_api import COOKIE
from ccd.web.sessions import Sessions

ASKED_S_MAX = 2.0
EVENTS_PER_S = 100.0
COMPLETE_WITHIN_S = 60.0
STOPPED_WITHIN_S = 20.0
RETRY_S = 0.01
ACCOUNT = ManagerUser("ccd", "bench")
NOT_YET = ("signed_out", "unobserved")
PROGRAM = "from ccd.commands.app import main; main()"


class Took(NamedTuple):
    from_login_s: float
    from_process_s: float


class Watched(SimulatedPbx):
    """A switch that tells when somebody logs in, in epoch seconds."""

    told: Connection

    def carry_out(self, line: SimulatedConnection, data: bytes) -> None:
        if b"Action: Login" in data:
            self.told.send(time.time())
        super().carry_out(line, data)


def run_pbx(connection: Connection, agents: int) -> None:
    async def live() -> None:
        now = time.time_ns() // 1_000
        clock = VirtualClock(now, 1.0)
        pbx = Watched(Load(agents, EVENTS_PER_S, now), clock, ACCOUNT)
        pbx.told = connection
        async with pbx.listening("127.0.0.1", 0) as (_, port):
            connection.send(port)
            await pbx.run()

    asyncio.run(live())


@contextmanager
def switch(agents: int) -> Iterator[tuple[int, Connection]]:
    """Its port, and what tells of logins."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=run_pbx, args=(theirs, agents))
    process.start()
    try:
        yield ours.recv(), ours
    finally:
        process.terminate()
        process.join()


def free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return int(bound.getsockname()[1])


async def configured(folder: Path, agents: int, pbx_port: int, http_port: int) -> str:
    """A configuration, its roster, and a supervisor who is signed in; gives the session's cookie."""
    (folder / "roster.csv").write_text(roster_csv(staff(agents, 1)), encoding="utf-8")
    config = folder / "ccd.toml"
    config.write_text(
        f'site = "bench"\nroster = "roster.csv"\nstate_directory = "state"\n[http]\nport = {http_port}\n'
        f'[[pbx]]\nname = "a"\nhost = "127.0.0.1"\nport = {pbx_port}\n'
        f'username = "{ACCOUNT.username}"\nsecret = "{ACCOUNT.secret}"\n'
    )
    lead = Person("lead", Role.SUPERVISOR, units=(ALL_UNITS,))
    async with database(read(config)) as engine:
        await Accounts(engine, Passwords(), time.time).add(lead, "a password of the bench")
        token, _ = await Sessions(engine, time.time).begin(lead)
    return f"{COOKIE}={token}"


@contextmanager
def daemon(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`ccd run`; what it says goes to a file beside its configuration."""
    command = [sys.executable, "-c", PROGRAM, "run", "--config", str(folder / "ccd.toml")]
    with (folder / "ccd.log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=os.environ | {"JOURNAL_STREAM": "1:1"})
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(STOPPED_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            raise


def complete_at(port: int, cookie: str, agents: int) -> float:
    """When a board that asks again and again to be let in has been shown all agents, epoch seconds."""
    until = time.monotonic() + COMPLETE_WITHIN_S
    while True:
        try:
            line = connect(
                f"ws://127.0.0.1:{port}/live",
                subprotocols=[Subprotocol("ccd.v1.msgpack")],
                additional_headers={"Cookie": cookie},
                max_size=None,
            )
            break
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(RETRY_S)
    with line:
        line.send(pack({"op": "subscribe", "topic": "floor"}))
        there: set[str] = set()
        while len(there) < agents:
            said = unpack(bytes(line.recv(timeout=until - time.monotonic(), decode=False)))
            shown = said.get("agents", []) if said["op"] == "snapshot" else said.get("changed", [])
            there |= {agent["agent"] for agent in shown if agent["state"] not in NOT_YET}
        return time.time()


def start(folder: Path, port: int, cookie: str, agents: int, logins: Connection) -> Took:
    began = time.time()
    with daemon(folder):
        complete = complete_at(port, cookie, agents)
        login = logins.recv()
        while logins.poll():
            login = logins.recv()
    return Took(complete - login, complete - began)


def rounds(agents: int, count: int) -> dict[str, list[Took]]:
    took: dict[str, list[Took]] = {"fresh": [], "again": []}
    for _ in range(count):
        with switch(agents) as (pbx_port, logins), tempfile.TemporaryDirectory(prefix="ccd-bench-") as name:
            folder, port = Path(name), free_port()
            cookie = asyncio.run(configured(folder, agents, pbx_port, port))
            for kind in took:
                took[kind].append(start(folder, port, cookie, agents, logins))
    return took


def figures(kind: str, took: list[Took], agents: int) -> dict[str, Any]:
    return {
        "name": "start",
        "store": kind,
        "seconds": round(statistics.median(each.from_login_s for each in took), 2),
        "asked_max": ASKED_S_MAX,
        "seconds_longest": round(max(each.from_login_s for each in took), 2),
        "from_process_s": round(statistics.median(each.from_process_s for each in took), 2),
        "agents": agents,
        "rounds": len(took),
    }


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    arguments.add_argument("--agents", type=int, default=5_000)
    arguments.add_argument("--rounds", type=int, default=3)
    chosen = arguments.parse_args()
    for kind, took in rounds(chosen.agents, chosen.rounds).items():
        print(json.dumps(figures(kind, took, chosen.agents)), flush=True)


if __name__ == "__main__":
    main()
