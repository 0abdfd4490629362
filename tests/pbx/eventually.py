"""Waiting for what must come, and not a moment longer."""

import asyncio
from collections.abc import Callable
from time import monotonic
from typing import TypeVar

POLL_S = 0.01

T = TypeVar("T")


async def eventually(found: Callable[[], T], within_s: float = 10.0) -> T:
    """What `found` returns as soon as it is true; the test fails where that does not come in time."""
    until = monotonic() + within_s
    while True:
        if result := found():
            return result
        if monotonic() > until:
            break
        await asyncio.sleep(POLL_S)
    raise AssertionError(f"it did not come within {within_s} s")
