"""The child that serves pages, API and the live channel on one port (docs/adr 0005)."""

import errno
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from ccd.errors import AddressTakenError

BACKLOG = 2_048  # after a restart thousands of pages knock at once
STOP_TIMEOUT_S = 3
KEEP_ALIVE_S = 75


@dataclass(frozen=True, slots=True)
class Tls:
    certificate: Path
    key: Path


class PageServer:
    """Takes its port when it is made, so that a port that is taken is said before anything is started.

    `live` makes the protocol of a connection that asks for a websocket (uvicorn's `ws=`).
    """

    def __init__(self, app: ASGIApp, live: Callable[..., Any], host: str, port: int, tls: Tls | None = None) -> None:
        self._socket = _bound(host, port)
        self.host = host
        self.port = int(self._socket.getsockname()[1])
        self._config = uvicorn.Config(
            app,
            ws=live,  # type: ignore[arg-type] # typed as a class; it is only called
            http="h11",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            backlog=BACKLOG,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=STOP_TIMEOUT_S,
            ssl_certfile=tls.certificate if tls else None,
            ssl_keyfile=tls.key if tls else None,
        )

    @property
    def url(self) -> str:
        scheme = "https" if self._config.is_ssl else "http"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme}://{host}:{self.port}"

    async def run(self) -> None:
        """Until it is cancelled; then connections are told, and the port is given back."""
        server = uvicorn.Server(self._config)
        self._config.load()
        server.lifespan = self._config.lifespan_class(self._config)
        await server.startup([self._socket])
        try:
            await server.main_loop()
        finally:
            await server.shutdown([self._socket])

    def close(self) -> None:
        """For who never ran it."""
        self._socket.close()


@contextmanager
def _said_as_taken(host: str, port: int) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise AddressTakenError(host, port) from error


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with _said_as_taken(host, port):
            bound.bind((host, port))
            bound.listen(BACKLOG)
    except BaseException:
        bound.close()
        raise
    bound.setblocking(False)
    return bound
