"""Through which connections whole turns are taken that wait for nothing but the database, on each engine.

On SQLite that is one connection of the driver's own, and a thread for it: each statement that an asynchronous
connection is asked for goes to a thread and comes back, and such a turn goes there once; or not at all, where it is
brief and so is the disk. On PostgreSQL it is a pool of its own, whose connections are set up for short turns
(ccd.sql.engine).
"""

import asyncio
import os
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from queue import SimpleQueue
from threading import Thread
from typing import Any, Protocol, TypeVar

from asyncpg import InterfaceError, PostgresError
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ccd.sql.checkpoints import Checkpoints
from ccd.sql.plain import Values, ask, begin, end, give_up, is_locked

T = TypeVar("T")

ASKED_AFTER_S = 1.0  # without use, a connection is asked whether the server is still there
STALL_S_MAX = 0.002  # so long the event loop may stand still for a turn: a frame is asked for within 50 ms
SHORT_IN_A_ROW = 50  # before one is taken in the loop: a disk that stalls now and then does so in the thread
LOCK_WAIT = "ccd_lock_wait_ms"  # what a connection's waiting for locks was set to last


class Writer(Protocol):
    """Takes turns. A transaction that a turn has begun is undone where the turn fails. One that is `brief` hardly takes
    longer than its commit does."""

    @property
    def engine(self) -> Engine: ...

    async def run(self, turn: Callable[[Connection], T], brief: bool = False) -> T: ...

    def begin(self, connection: Connection) -> None: ...

    def end(self, connection: Connection, keep: bool) -> None: ...


class Bell:
    """Brings answers from a thread to the event loop that waits for them.

    The loop's own way (`call_soon_threadsafe`) is a socket that it reads twice for each: 15 µs more a posting.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._answers: deque[tuple[asyncio.Future[Any], Callable[[], None]]] = deque()
        self._count = os.eventfd(0)
        loop.add_reader(self._count, self._hear)

    def ring(self, done: "asyncio.Future[Any]", tell: Callable[[], None]) -> None:
        self._answers.append((done, tell))
        os.eventfd_write(self._count, 1)

    def close(self) -> None:
        """Once nobody rings any longer. Answers that were not heard yet are."""
        self.loop.remove_reader(self._count)
        os.close(self._count)
        self._tell()

    def _hear(self) -> None:
        os.eventfd_read(self._count)
        self._tell()

    def _tell(self) -> None:
        while self._answers:
            done, tell = self._answers.popleft()
            if not done.cancelled() and not self.loop.is_closed():
                tell()


class ThreadWriter:
    """Takes one turn after the other, on a connection that it keeps until it is closed: in a thread, or in the event
    loop where the turn is brief, the thread has nothing to do, and brief turns were short enough lately.

    The thread is told what to do by a queue, and answers by a bell: an executor's way costs a posting as much again as
    what it asks of the database. A brief turn in the loop saves it the kernel's waking both.
    """

    def __init__(self, engine: Engine, lock_wait_ms: int) -> None:
        self.engine = engine
        self._lock_wait_ms = lock_wait_ms
        self._checkpoints = Checkpoints(engine)
        self._asked: SimpleQueue[tuple[Callable[[Connection], Any], asyncio.Future[Any]] | None] = SimpleQueue()
        self._given = self._over = 0  # turns of the thread: the loop counts the one, the thread the other
        self._short_in_a_row = 0
        self._thread: Thread | None = None
        self._bell: Bell | None = None
        self._connection: Connection | None = None

    async def run(self, turn: Callable[[Connection], T], brief: bool = False) -> T:
        """Who is cancelled meanwhile goes when the turn is over: nothing of it goes on behind anybody's back."""
        if brief:
            turn = partial(self._timed, turn)
            if self._may_take_it_here():
                try:
                    result = self._take(turn, lock_wait_ms=0)
                except OperationalError as error:
                    if not is_locked(error):
                        raise
                else:
                    await asyncio.sleep(0)  # whoever posts again and again is not alone
                    return result
        try:
            return await self._ask(turn)
        except asyncio.CancelledError:
            await asyncio.shield(self._ask(_nothing))
            raise

    def begin(self, connection: Connection) -> None:
        """Asked of the driver: SQLAlchemy's way around a transaction takes as long as the look at what it needs."""
        begin(connection)

    def end(self, connection: Connection, keep: bool) -> None:
        end(connection, keep)

    def close(self) -> None:
        """Once the turn that runs is over. Who asks for another opens it anew."""
        self._stop()
        self.engine.dispose()

    def _may_take_it_here(self) -> bool:
        is_idle = self._connection is not None and self._given == self._over
        return is_idle and self._short_in_a_row >= SHORT_IN_A_ROW and self._is_of_this_loop()

    def _is_of_this_loop(self) -> bool:
        return self._bell is not None and self._bell.loop is asyncio.get_running_loop()

    def _timed(self, turn: Callable[[Connection], T], connection: Connection) -> T:
        began = time.perf_counter()
        result = turn(connection)
        is_short = time.perf_counter() - began < STALL_S_MAX
        self._short_in_a_row = self._short_in_a_row + 1 if is_short else 0
        return result

    def _ask(self, turn: Callable[[Connection], T]) -> "asyncio.Future[T]":
        loop = asyncio.get_running_loop()
        if not self._is_of_this_loop():
            self._stop()
            self._bell = Bell(loop)
            self._thread = Thread(target=self._serve, args=(self._bell,), name="sqlite-writer", daemon=True)
            self._thread.start()
        done: asyncio.Future[T] = loop.create_future()
        self._given += 1
        self._asked.put((turn, done))
        return done

    def _stop(self) -> None:
        if self._thread is not None:
            self._asked.put(None)
            self._thread.join()
        if self._bell is not None:
            self._bell.close()
        self._thread = self._bell = None

    def _serve(self, bell: Bell) -> None:
        while asked := self._asked.get():
            turn, done = asked
            try:
                tell = partial(done.set_result, self._take(turn, self._lock_wait_ms))
            except BaseException as error:
                tell = partial(done.set_exception, error)
            self._over += 1  # from here on the connection is the loop's as well
            bell.ring(done, tell)
        self._let_go()
        self._checkpoints.finish()

    def _take(self, turn: Callable[[Connection], T], lock_wait_ms: int) -> T:
        """In the loop it waits for no lock: whoever has it may need the loop to give it back."""
        if self._connection is None:
            self._connection = self.engine.connect()
        try:
            self._wait_for_locks(self._connection, lock_wait_ms)
            result = turn(self._connection)
        except BaseException:
            self._let_go()
            raise
        self._checkpoints.after(self._connection)
        return result

    def _wait_for_locks(self, connection: Connection, ms: int) -> None:
        known = connection.info.setdefault(LOCK_WAIT, self._lock_wait_ms)
        if known != ms:
            ask(connection, f"PRAGMA busy_timeout = {ms}")
            connection.info[LOCK_WAIT] = ms

    def _let_go(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def _nothing(_: Connection) -> None:
    """A turn whose answer says that all before it are over."""


class LoopWriter:
    """Takes turns side by side in the event loop, as many as its pool has connections."""

    def __init__(self, pool: AsyncEngine) -> None:
        self.pool = pool
        self._committing = pool.execution_options(isolation_level="AUTOCOMMIT")
        self._kept: KeptConnection | None = None

    @property
    def engine(self) -> Engine:
        return self.pool.sync_engine

    async def run(self, turn: Callable[[Connection], T], brief: bool = False) -> T:
        kept, self._kept = self._kept, None
        if kept is not None:  # the pool has it back first: where the server gives no other, that is the one
            await kept.connection.close()
        async with self.pool.connect() as connection:
            return await connection.run_sync(turn)

    def begin(self, connection: Connection) -> None:
        connection.begin()

    def end(self, connection: Connection, keep: bool) -> None:
        (connection.commit if keep else connection.rollback)()

    async def ask_alone(self, statement: str, values: Values) -> list[Any]:
        """The rows of a statement that is committed by itself.

        Asked of the driver, on a connection that is kept until the next turn: the pool's and SQLAlchemy's ways around
        it take three times as long as the driver's own.
        """
        kept = await self._take()
        try:
            rows: list[Any] = await kept.driver.fetch(statement, *values)
        except BaseException as error:
            await self._give_up(kept, statement, error)
            raise
        kept.used_at = time.monotonic()
        if self._kept is None:
            self._kept = kept
        else:  # somebody asked beside us
            await kept.connection.close()
        return rows

    def let_go(self) -> None:
        """Gives back what is kept; from within SQLAlchemy's dispose."""
        kept, self._kept = self._kept, None
        if kept is not None and kept.connection.sync_connection is not None:
            kept.connection.sync_connection.close()

    async def _take(self) -> "KeptConnection":
        kept, self._kept = self._kept, None
        if kept is not None and (time.monotonic() - kept.used_at < ASKED_AFTER_S or await self._is_there(kept)):
            return kept
        connection = await self._committing.connect()
        raw = await connection.get_raw_connection()
        return KeptConnection(connection, raw.driver_connection, time.monotonic())

    async def _is_there(self, kept: "KeptConnection") -> bool:
        """Asked after a rest, as of any connection of the pool's (ccd.sql.engine)."""
        try:
            await kept.driver.fetchrow(";")
        except BaseException as error:
            await kept.connection.invalidate()
            await kept.connection.close()
            if isinstance(error, (PostgresError, InterfaceError, OSError)):
                return False
            raise  # who is cancelled meanwhile leaves nothing that is held
        return True

    async def _give_up(self, kept: "KeptConnection", statement: str, error: BaseException) -> None:
        """Says the driver's error as SQLAlchemy does, and keeps the connection no longer."""
        try:
            await kept.connection.run_sync(say_as_sqlalchemy, statement, error)
        finally:
            if not isinstance(error, PostgresError):  # it was left in the middle of an answer
                await kept.connection.invalidate()
            await kept.connection.close()


@dataclass(slots=True)
class KeptConnection:
    """A connection, the driver's own beneath it, and when it was used last, by the monotonic clock."""

    connection: AsyncConnection
    driver: Any
    used_at: float


def say_as_sqlalchemy(connection: Connection, statement: str, error: BaseException) -> None:
    driver: Any = connection.connection.dbapi_connection
    try:
        if isinstance(error, Exception):
            driver._handle_exception(error)  # the adapter's own words for the driver's error
    except Exception as said:
        give_up(connection, statement, said)
    give_up(connection, statement, error)
