"""SQLite's one writer: a connection of the driver's own, and the thread in which whole turns are taken on it.

Each statement that an asynchronous connection is asked for goes to a thread and comes back; a turn that waits for
nothing but its database goes there once.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

from sqlalchemy import Connection, Engine

T = TypeVar("T")


class Writer:
    """Takes one turn after the other. Its thread ends with the interpreter, once the turn that runs is over."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._thread = ThreadPoolExecutor(1, "sqlite-writer")

    async def run(self, turn: Callable[[Connection], T]) -> T:
        """Who is cancelled meanwhile goes when the turn is over: nothing of it goes on behind anybody's back."""
        running = asyncio.get_running_loop().run_in_executor(self._thread, self._take, turn)
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            with suppress(Exception):
                await asyncio.shield(running)
            raise

    def _take(self, turn: Callable[[Connection], T]) -> T:
        with self.engine.connect() as connection:
            return turn(connection)
