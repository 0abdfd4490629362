"""Through which connections whole turns are taken that wait for nothing but the database, on each engine.

On SQLite that is one connection of the driver's own, and a thread for it: each statement that an asynchronous
connection is asked for goes to a thread and comes back, and such a turn goes there once. On PostgreSQL it is a pool of
its own, whose connections are set up for short turns (ccd.sql.engine).
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from queue import SimpleQueue
from threading import Thread
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.sql.checkpoints import Checkpoints

T = TypeVar("T")


class Writer(Protocol):
    @property
    def engine(self) -> Engine: ...

    async def run(self, turn: Callable[[Connection], T]) -> T: ...


class ThreadWriter:
    """Takes one turn after the other, in a thread and on a connection that it keeps until it is closed.

    The thread is told what to do by a queue, and tells the loop by itself: an executor's way costs a posting as much
    again as what it asks of the database.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._checkpoints = Checkpoints(engine)
        self._asked: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread: Thread | None = None
        self._connection: Connection | None = None

    async def run(self, turn: Callable[[Connection], T]) -> T:
        """Who is cancelled meanwhile goes when the turn is over: nothing of it goes on behind anybody's back."""
        try:
            return await self._ask(turn)
        except asyncio.CancelledError:
            await asyncio.shield(self._ask(_nothing))
            raise

    def close(self) -> None:
        """Once the turn that runs is over. Who asks for another opens it anew."""
        if self._thread is not None:
            self._asked.put(None)
            self._thread.join()
            self._thread = None
        self.engine.dispose()

    def _ask(self, turn: Callable[[Connection], T]) -> "asyncio.Future[T]":
        if self._thread is None:
            self._thread = Thread(target=self._serve, name="sqlite-writer", daemon=True)
            self._thread.start()
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._asked.put(partial(self._answer, turn, done))
        return done

    def _serve(self) -> None:
        while answer := self._asked.get():
            answer()
            if self._connection is not None:
                self._checkpoints.after(self._connection)
        self._let_go()
        self._checkpoints.finish()

    def _answer(self, turn: Callable[[Connection], T], done: "asyncio.Future[T]") -> None:
        try:
            tell = partial(_tell, done, done.set_result, self._take(turn))
        except BaseException as error:
            tell = partial(_tell, done, done.set_exception, error)
        with suppress(RuntimeError):  # the loop is closed: nobody waits any longer
            done.get_loop().call_soon_threadsafe(tell)

    def _take(self, turn: Callable[[Connection], T]) -> T:
        if self._connection is None:
            self._connection = self.engine.connect()
        try:
            return turn(self._connection)
        except BaseException:
            self._let_go()
            raise

    def _let_go(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def _nothing(_: Connection) -> None:
    """A turn whose answer says that all before it are over."""


def _tell(done: "asyncio.Future[T]", answer: Callable[[Any], None], what: Any) -> None:
    if not done.cancelled():
        answer(what)


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
