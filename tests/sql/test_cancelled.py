"""Who is told to stop in the middle of a turn goes, and leaves nothing behind."""

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ccd.sql.turns import Patience, take_turn

QUICK = Patience(attempts_max=3, wait_s_min=0.001, wait_s_max=0.01)


async def test_who_is_cancelled_goes_though_the_connection_fails_as_it_is_given_back(engine: AsyncEngine) -> None:
    calls = []

    async def cut_off(connection) -> None:
        calls.append(1)
        if len(calls) == 1:
            asking.cancel()
        try:
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            raise ConnectionResetError from None

    asking = asyncio.get_running_loop().create_task(take_turn(engine, cut_off, QUICK))
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert len(calls) == 1


async def test_who_is_cancelled_in_the_middle_leaves_no_lock(engine: AsyncEngine) -> None:
    """Also while its traceback is kept, as a task keeps it, and with that a cursor whose answer nobody has taken."""
    long = "WITH RECURSIVE a (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM a WHERE n < 1000000) SELECT count(*) FROM a"

    async def write(connection: AsyncConnection) -> None:
        await connection.execute(text("UPDATE caps SET drawn_s = drawn_s"))

    async def write_and_look(connection: AsyncConnection) -> None:
        await write(connection)
        asyncio.get_running_loop().call_later(0.05, looking.cancel)
        await connection.execute(text(long))

    looking = asyncio.get_running_loop().create_task(take_turn(engine, write_and_look, QUICK))
    with pytest.raises(asyncio.CancelledError):
        await looking
    async with asyncio.timeout(1):
        await take_turn(engine, write, QUICK)
