"""Parts are gone through side by side, each in a process of its own, and what follows is taken in their order.

Only what is sealed: that never changes, so it is the same in whichever view a process reads it. What is not sealed yet
is left to whoever holds the one view in which all the rest is compared.
"""

import asyncio
import gc
import multiprocessing
import signal
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection

from sqlalchemy import literal, select
from sqlalchemy.engine import URL

from ccd.errors import CcdError, LedgerError
from ccd.ledger.audit import Derived
from ccd.ledger.parts import Known, Part
from ccd.ledger.recorded import derive
from ccd.ledger.sound import reading_anything
from ccd.sql.engine import open_engine, seeing_one_state
from ccd.sql.refusals import refusals_said

AHEAD = 2  # parts that each process has before it: it does not wait for us
COLLECTED_AFTER = 100_000  # objects more than there were: more than the rows that are held at once
SPAWN = multiprocessing.get_context("spawn")

Follow = Callable[[Part, Derived], Awaitable[None]]


class Hand:
    """A process that goes through one part after another."""

    def __init__(self, url: URL, known: Known) -> None:
        self._ours, theirs = SPAWN.Pipe()
        self._process = SPAWN.Process(target=_serve, args=(theirs, url, known), daemon=True)
        with _deaf_to_ctrl_c():
            self._process.start()
        theirs.close()
        self._turn = asyncio.Lock()

    async def derive(self, part: Part) -> Derived:
        async with self._turn:
            told = await asyncio.to_thread(self._asked, part)
        if isinstance(told, CcdError):
            raise told
        return told

    def _asked(self, part: Part) -> Derived | CcdError:
        try:
            self._ours.send(part)
            told: Derived | CcdError = self._ours.recv()
        except (EOFError, OSError):
            raise LedgerError("a process that verified beside this one ended, and nothing more is known") from None
        return told

    def end(self) -> None:
        self._process.terminate()
        self._process.join()
        self._ours.close()


async def side_by_side(url: URL, processes: int, known: Known, parts: AsyncIterator[Part], follow: Follow) -> None:
    """Calls `follow` with each part and what follows from it, in their order."""
    hands = [Hand(url, known) for _ in range(processes)]
    try:
        async with asyncio.TaskGroup() as group:
            asked: deque[tuple[Part, asyncio.Task[Derived]]] = deque()
            at = 0
            async for part in parts:
                if len(asked) == AHEAD * processes:
                    first, task = asked.popleft()
                    await follow(first, await task)
                asked.append((part, group.create_task(hands[at].derive(part))))
                at = (at + 1) % processes
            while asked:
                first, task = asked.popleft()
                await follow(first, await task)
    finally:
        for hand in hands:
            hand.end()


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Rows come by the thousand and are gone by themselves: to look for cycles among them takes a seventh of it all."""
    before = gc.get_threshold()
    gc.set_threshold(COLLECTED_AFTER, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


@contextmanager
def _deaf_to_ctrl_c() -> Iterator[None]:
    """What is started within is so for good, before it imports anything: a person's Ctrl-C is for us, who end it."""
    resource_tracker.ensure_running()  # as it starts, it hears again for all
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(theirs: Connection, url: URL, known: Known) -> None:
    with seldom_collected(), suppress(BrokenPipeError):  # who asked may be gone
        asyncio.run(_answer(theirs, url, known))


async def _answer(theirs: Connection, url: URL, known: Known) -> None:
    engine = open_engine(url, pool_size=1)
    try:
        async with refusals_said(), seeing_one_state(engine).connect() as connection:
            await connection.execute(select(literal(1)))  # its transaction is open
            async with reading_anything(connection):
                while part := _next(theirs):
                    theirs.send(await derive(connection, part, known))
    except CcdError as error:
        theirs.send(error)
    finally:
        await engine.dispose()


def _next(theirs: Connection) -> Part | None:
    """Nothing else is under way in this process: it waits as it is."""
    try:
        part: Part = theirs.recv()
    except EOFError:
        return None
    return part
