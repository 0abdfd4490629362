"""Through which connections whole turns are taken that wait for nothing but the database, on each engine.

On SQLite that is one connection of the driver's own, and a thread for it: each statement that an asynchronous
connection is asked for goes to a thread and comes back, and such a turn goes there once. On PostgreSQL it is a pool of
its own, whose connections are set up for short turns (ccd.sql.engine).
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Protocol, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.ext.asyncio import AsyncEngine

T = TypeVar("T")


class Writer(Protocol):
    @property
    def engine(self) -> Engine: ...

    async def run(self, turn: Callable[[Connection], T]) -> T: ...


class ThreadWriter:
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


class LoopWriter:
    """Takes turns side by side in the event loop, as many as its pool has connections."""

    def __init__(self, pool: AsyncEngine) -> None:
        self.pool = pool
        self._committing = pool.execution_options(isolation_level="AUTOCOMMIT")

    @property
    def engine(self) -> Engine:
        return self.pool.sync_engine

    async def run(self, turn: Callable[[Connection], T]) -> T:
        async with self.pool.connect() as connection:
            return await connection.run_sync(turn)

    async def run_committing(self, turn: Callable[[Connection], T]) -> T:
        """On a connection that commits each statement by itself."""

        def whole(connection: Connection) -> T:
            result = turn(connection)
            connection.dialect.do_commit(connection.connection)  # goes nowhere, unless something was begun all the same
            return result

        async with self._committing.connect() as connection:
            return await connection.run_sync(whole)
