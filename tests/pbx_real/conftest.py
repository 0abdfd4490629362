"""A real Asterisk for each test that asks: 22 and 16, started in half a second, gone afterwards."""

from collections.abc import Iterator

import pytest

from tests.pbx_real.asterisk import Asterisk


@pytest.fixture(params=[22, 16], ids=["asterisk-22", "asterisk-16"])
def asterisk(request: pytest.FixtureRequest) -> Iterator[Asterisk]:
    yield from _started(request.param)


@pytest.fixture
def asterisk22() -> Iterator[Asterisk]:
    yield from _started(22)


@pytest.fixture
def asterisk16() -> Iterator[Asterisk]:
    yield from _started(16)


def _started(version: int) -> Iterator[Asterisk]:
    instance = Asterisk(version)
    try:
        instance.start()
        yield instance
    finally:
        instance.close()
