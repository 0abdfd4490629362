"""What is done over and over waits for a database that is away, says so once, and ends with what does not pass."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from structlog.testing import capture_logs

from ccd.daemon.again import again_and_again
from ccd.errors import DatabaseBusyError, LedgerBrokenError


def doing(*outcomes: Exception | None) -> tuple[Callable[[], Awaitable[None]], asyncio.Event]:
    """Each time the next of them; `done` after the last."""
    left, done = list(outcomes), asyncio.Event()

    async def do() -> None:
        outcome = left.pop(0)
        if not left:
            done.set()
        if outcome is not None:
            raise outcome

    return do, done


async def said_of(*outcomes: Exception | None) -> list[tuple[str, str]]:
    do, done = doing(*outcomes)
    with capture_logs() as logs:
        async with asyncio.TaskGroup() as group:
            running = group.create_task(again_and_again("the sealer", do, 0.001))
            await done.wait()
            await asyncio.sleep(0)
            running.cancel()
    return [(each["log_level"], each["event"]) for each in logs]


async def test_a_database_that_is_away_is_said_once_and_so_is_that_it_is_back() -> None:
    busy = DatabaseBusyError(2, 6.0, "locked", ambiguous=False)
    assert await said_of(None, busy, busy, None, None, busy, None) == [
        ("warning", "waits for the database"), ("info", "the database is back"),
        ("warning", "waits for the database"), ("info", "the database is back"),
    ]  # fmt: skip


async def test_what_does_not_pass_ends_it() -> None:
    do, _ = doing(None, LedgerBrokenError("a balance", "below nothing"))
    with pytest.raises(LedgerBrokenError):
        await again_and_again("the sealer", do, 0.001)
