"""A running Redis and a running Valkey for every test that asks for a `server`."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from ccd.live.connect import connect
from ccd.live.store import Store
from tests.live.servers import Redis, Server, Valkey

OpenStore = Callable[[], Store]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short path: that of a unix socket has 107 bytes at most."""
    made = Path(tempfile.mkdtemp(prefix="ccd-test-"))
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(params=["redis", "valkey"])
def server(request: pytest.FixtureRequest, folder: Path) -> Iterator[Server]:
    made: Server = Redis(folder) if request.param == "redis" else Valkey(folder)
    made.start()
    yield made
    made.kill()


@pytest.fixture
def valkey(folder: Path) -> Iterator[Valkey]:
    made = Valkey(folder)
    made.start()
    yield made
    made.kill()


@pytest.fixture
async def open_store(request: pytest.FixtureRequest) -> AsyncIterator[OpenStore]:
    """Opens stores of one site on the test's server."""
    name = "server" if "server" in request.fixturenames else "valkey"
    running: Server = request.getfixturevalue(name)
    opened: list[Store] = []

    def open_one() -> Store:
        opened.append(Store(connect(running.url), "site"))
        return opened[-1]

    yield open_one
    for store in opened:
        await store.close()


@pytest.fixture
async def store(open_store: OpenStore) -> Store:
    return open_store()
