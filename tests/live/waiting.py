"""Waiting for what another child or server does."""

import asyncio
from collections.abc import Awaitable, Callable

WAIT_S_MAX = 20.0


async def until(holds: Callable[[], bool]) -> None:
    async def asked() -> bool:
        return holds()

    await until_true(asked)


async def until_true(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(WAIT_S_MAX):
        while not await holds():  # noqa: ASYNC110 # a server tells nobody
            await asyncio.sleep(0.01)
