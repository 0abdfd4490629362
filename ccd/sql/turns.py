"""One turn at the database: a transaction that writes, and is done again where the failure was a passing one.

Failures are of three kinds. *Passing*: somebody else was there first, or the server went away before the commit; it is
tried again. *Ambiguous*: the connection was lost during the commit; it is tried again too, so whoever takes a turn has
a guard against what it may have written already. Anything else is a defect, and is raised as it is. What a rule refuses
is no failure but an outcome.

The guards: a posting claims its key (ccd.ledger.keys), an account of the ledger its name; a batch of the history is its
writer's turn of that number (ccd.history.writing); a day's record that says the same is kept (ccd.history.close), and
whatever notes where a day, a PBX or the sweep stands writes the same again (ccd.history.unit_days, resume); a lease is
asked for once (ccd.history.lease). A person's account is known by its hashed password when it is made, and by when it
was made when it is removed (ccd.web.accounts); a session by its key (ccd.web.sessions); a plan that was taken over says
the same again (ccd.daemon.judged_by.importing), an import of the organisation is known by its act, whose id was made
before (ccd.org.store); migrations by the revision that is written with them.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from asyncpg.exceptions import InternalClientError
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError
from sqlalchemy.exc import TimeoutError as NoConnectionFreeError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ccd.errors import DatabaseBusyError
from ccd.sql.engine import WRITER, WRITES
from ccd.sql.plain import Values, is_locked, sqlstate
from ccd.sql.writer import LoopWriter, Writer

T = TypeVar("T")

# serialization_failure, deadlock_detected, lock_not_available, too_many_connections, a statement or a session that took
# too long for the server's limits, server shutting down or starting
PASSING_SQLSTATES = frozenset(
    {"40001", "40P01", "55P03", "53300", "57014", "25P03", "57P05", "57P01", "57P02", "57P03"}
)
CONNECTION_LOST = "08"  # the class of SQLSTATEs
UNIQUE_VIOLATION = "23505"  # another process claimed the key between our look and our write: the next look finds it
DRIVER_ERRORS = (DBAPIError, OSError, NoConnectionFreeError)  # what a database's failure comes as


@dataclass(frozen=True, slots=True)
class Patience:
    """How often a turn is tried, and how long is waited in between; a wait is drawn between nothing and its limit."""

    attempts_max: int = 6
    wait_s_min: float = 0.05
    wait_s_max: float = 2.0

    def wait_s(self, attempt: int) -> float:
        return random.uniform(0, min(self.wait_s_max, self.wait_s_min * 2**attempt))


async def take_turn(
    engine: AsyncEngine,
    work: Callable[[AsyncConnection], Awaitable[T]],
    patience: Patience,
    keep: bool = True,
    writes: bool = True,
) -> T:
    """What `work` returns, once its transaction is committed (rolled back where `keep` is False).

    Without `writes` SQLite waits for no writer.

    `work` may run several times, even after its commit, and must do nothing outside its connection. DatabaseBusyError
    after the last attempt, and where no connection of ours was free: that has been waited for.
    """

    async def turn(stage: Stage) -> T:
        async with engine.execution_options(**{WRITES: writes}).connect() as connection:
            async with connection.begin() as transaction:
                result = await work(connection)
                stage.committing = keep
                await (transaction.commit() if keep else transaction.rollback())
            return result

    return await _try_on(turn, patience)


async def read_in_turn(engine: AsyncEngine, ask: Callable[[Connection], T]) -> T:
    """What `ask` reads: a turn like any other, which writes nothing."""
    return await take_turn(engine, lambda connection: connection.run_sync(ask), Patience(), keep=False, writes=False)


async def take_turn_at_once(
    engine: AsyncEngine, work: Callable[[Connection], T], patience: Patience, keep: bool = True, brief: bool = False
) -> T:
    """The same for work that writes, and waits for nothing but the database: it goes there as a whole. What is `brief`
    hardly takes longer than its commit."""
    writer: Writer = engine.get_execution_options()[WRITER]

    async def turn(stage: Stage) -> T:
        def whole(connection: Connection) -> T:
            writer.begin(connection)
            result = work(connection)
            stage.committing = keep
            writer.end(connection, keep)
            return result

        return await writer.run(whole, brief)

    return await _try_on(turn, patience)


async def take_turn_of_one_statement(
    engine: AsyncEngine, statement: str, values: Values, patience: Patience
) -> list[Any]:
    """The rows of a statement that is a transaction of its own, on PostgreSQL."""
    writer: LoopWriter = engine.get_execution_options()[WRITER]

    async def turn(stage: Stage) -> list[Any]:
        stage.committing = True
        return await writer.ask_alone(statement, values)

    return await _try_on(turn, patience)


@dataclass(slots=True)
class Stage:
    """How far an attempt has come."""

    committing: bool = False


async def _try_on(turn: Callable[[Stage], Awaitable[T]], patience: Patience) -> T:
    began, cancelled = time.monotonic(), times_cancelled()
    for attempt in range(1, patience.attempts_max + 1):
        stage = Stage()
        try:
            return await turn(stage)
        except NoConnectionFreeError as error:
            raise DatabaseBusyError(attempt, time.monotonic() - began, first_line(error), ambiguous=False) from error
        except (DBAPIError, OSError) as error:
            if not is_passing(error):
                raise
            if times_cancelled() > cancelled:  # the connection failed as it was given back: it is not tried again
                raise asyncio.CancelledError from error
            if attempt == patience.attempts_max:
                ambiguous = stage.committing and is_lost(error)
                raise DatabaseBusyError(attempt, time.monotonic() - began, first_line(error), ambiguous) from error
        await asyncio.sleep(patience.wait_s(attempt))
    raise AssertionError("attempts_max is at least 1")


def times_cancelled() -> int:
    task = asyncio.current_task()
    return task.cancelling() if task else 0


def is_away(error: Exception) -> bool:
    """The database is busy or away, and will be back: of a turn, or of DRIVER_ERRORS. Another is a defect."""
    if isinstance(error, (DatabaseBusyError, NoConnectionFreeError)):
        return True
    return isinstance(error, (DBAPIError, OSError)) and is_passing(error)


def is_passing(error: DBAPIError | OSError) -> bool:
    if is_lost(error):
        return True
    assert isinstance(error, DBAPIError)
    if is_locked(error):
        return True
    if isinstance(error, IntegrityError):
        return sqlstate(error) == UNIQUE_VIOLATION
    return sqlstate(error) in PASSING_SQLSTATES


def is_lost(error: DBAPIError | OSError) -> bool:
    """The connection is gone, or never was."""
    if isinstance(error, OSError) or error.connection_invalidated:
        return True
    # Cut off while a message of the server was on its way, the driver says that it has lost its own place.
    if error.orig is not None and isinstance(error.orig.__cause__, InternalClientError):
        return True
    return sqlstate(error).startswith(CONNECTION_LOST) or (
        isinstance(error, InterfaceError) and "closed" in str(error.orig)
    )


def first_line(error: Exception) -> str:
    """Of what a driver says; some say nothing."""
    said = getattr(error, "orig", error)
    return next(iter(str(said).splitlines()), type(said).__name__)
