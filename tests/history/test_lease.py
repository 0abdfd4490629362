"""One process holds a site; who is started beside it stands by, and takes its place when it is gone."""

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.errors import DatabaseBusyError, LeaseLostError
from ccd.history import lease as lease_module
from ccd.history import stand_by as stand_by_module
from ccd.history import writing
from ccd.history.batch import batch_of
from ccd.history.lease import STILL_S, Claim, Lease
from ccd.history.lock_file import LockFile
from ccd.history.recorder import Recorder
from ccd.history.resume import take_over_floor
from ccd.history.stand_by import held
from ccd.history.writing import write_batch
from ccd.sql.engine import WRITES, open_engine
from ccd.sql.turns import Patience
from tests.databases import TEMPLATE, PostgreSQL
from tests.floor.floors import added
from tests.history.observing import IMPATIENT, floor_in_store, observe, record, recording

LEASE_S, BEAT_S = 0.8, 0.08
SITE, PBX = "site test", "PBX a"

Holds = Callable[..., Coroutine[Any, Any, Lease]]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stand_by_module, "LEASE_S", LEASE_S)
    monkeypatch.setattr(stand_by_module, "LOOK_S", 0.02)
    monkeypatch.setattr(stand_by_module, "BEAT_S", BEAT_S)
    monkeypatch.setattr(lease_module, "BEAT_S", BEAT_S)


@pytest.fixture
async def hold(engine: AsyncEngine, tmp_path: Path) -> AsyncIterator[Holds]:
    """Stands by until it holds; `machine` is where: processes on one share a lock file."""
    async with AsyncExitStack() as stack:

        async def one(
            holder: str, *names: str, machine: str = "", waiting: Callable[[str], None] = lambda why: None
        ) -> Lease:
            lock = LockFile(tmp_path / f"{machine or holder}.lock")
            claim = Claim(names or (SITE, PBX), holder, f"process of {holder}")
            return await stack.enter_async_context(held(engine, claim, lock, waiting))

        yield one


async def test_the_first_holds_at_once_and_the_second_says_whom_it_waits_for(hold: Holds) -> None:
    first = await hold("first")
    said: list[str] = []
    async with asyncio.TaskGroup() as group:
        beating = group.create_task(first.run())
        second = group.create_task(hold("second", waiting=said.append))
        await asyncio.sleep(2 * LEASE_S)
        assert not second.done(), "the first beats"
        assert set(said) == {f"process of first holds {PBX}, {SITE}"}
        beating.cancel()
        await asyncio.wait([second], timeout=2 * LEASE_S)
        assert second.done(), "nothing was heard of the first for LEASE_S"
    with pytest.raises(LeaseLostError, match="process of second holds"):
        await first.run()


async def test_one_thing_in_common_is_enough_to_wait_and_nothing_in_common_is_no_reason(hold: Holds) -> None:
    first = await hold("first", SITE, PBX)
    async with asyncio.TaskGroup() as group:
        beating = group.create_task(first.run())
        await asyncio.wait_for(hold("elsewhere", "site other", "PBX b"), 1)
        other_site = group.create_task(hold("second", "site third", PBX))
        await asyncio.sleep(2 * LEASE_S)
        assert not other_site.done()
        beating.cancel()


async def test_who_ends_in_order_is_followed_without_waiting(engine: AsyncEngine, tmp_path: Path, hold: Holds) -> None:
    claim = Claim((SITE,), "first", "")
    async with held(engine, claim, LockFile(tmp_path / "first.lock"), lambda why: None):
        pass
    second = await asyncio.wait_for(hold("second", SITE), LEASE_S / 2)
    assert second.term.number == 2  # the term after the one that ended


async def test_two_that_stand_by_do_not_both_take_over(hold: Holds) -> None:
    await hold("first")  # and it never beats
    async with asyncio.TaskGroup() as group:
        others = {group.create_task(hold(name)) for name in ("second", "third")}
        done, waiting = await asyncio.wait(others, timeout=5, return_when=asyncio.FIRST_COMPLETED)
        assert len(done) == 1
        beating = group.create_task(done.pop().result().run())
        await asyncio.sleep(2 * LEASE_S)
        assert not waiting.pop().done()
        beating.cancel()


async def test_terms_rise_with_every_holder(hold: Holds) -> None:
    first = await hold("first")
    second = await hold("second")
    assert second.term.line == first.term.line
    assert second.term.number == first.term.number + 1


async def test_whose_place_is_taken_can_begin_nothing_any_more(engine: AsyncEngine, hold: Holds) -> None:
    first = await hold("first")
    second = await hold("second")
    with pytest.raises(LeaseLostError):
        await take_over_floor(engine, "a", "first", IMPATIENT, first)
    await take_over_floor(engine, "a", "second", IMPATIENT, second)
    async with recording(engine, "second") as recorder:
        await (await observe(engine, recorder, "a", "second")).tell([added(5)])
    assert (await floor_in_store(engine, "a")).open


async def test_a_recorder_whose_place_is_taken_says_who_has_it(engine: AsyncEngine, hold: Holds) -> None:
    first = await hold("first")
    recorder = Recorder(engine, "first", patience=IMPATIENT, lease=first)
    observed = await observe(engine, recorder, "a", "first")
    await take_over_floor(engine, "a", "second", IMPATIENT, await hold("second"))
    await observed.tell([added(5)])
    with pytest.raises(LeaseLostError, match="process of second holds PBX a now"):
        await recorder.run()


async def test_a_beat_that_fails_behind_who_was_told_to_stop_is_nobodys_concern(
    hold: Holds, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease, told, may_go_on = await hold("first"), list[object](), asyncio.Event()

    async def beat() -> None:
        await may_go_on.wait()
        raise LeaseLostError(PBX, "process of second")

    monkeypatch.setattr(lease, "_beat", beat)
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: told.append(context))
    running = loop.create_task(lease.run())
    await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    may_go_on.set()
    await asyncio.sleep(0.01)
    gc.collect()
    assert told == []


async def test_whose_place_it_is_is_what_the_database_says_whoever_was_busy(
    engine: AsyncEngine, hold: Holds, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A long night of work is no loss of the place: whoever took it for one would measure its days for ever."""
    mine = await hold("first")
    monkeypatch.setattr(lease_module, "own_clock", lambda: time.clock_gettime(time.CLOCK_BOOTTIME) + 2 * STILL_S)
    async with engine.connect() as connection:
        assert await mine.is_held(connection)
        assert not mine.certain
    await hold("second")
    async with engine.connect() as connection:
        assert not await mine.is_held(connection)


async def test_who_stood_still_asks_before_it_goes_on(hold: Holds, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1_000.0]
    monkeypatch.setattr(lease_module, "own_clock", lambda: now[0])
    mine = await hold("first")
    certain = [mine.certain]
    now[0] += STILL_S + 0.1
    certain.append(mine.certain)
    await mine.sure()  # nobody came meanwhile
    certain.append(mine.certain)
    await hold("second")
    now[0] += STILL_S + 0.1
    with pytest.raises(LeaseLostError):
        await mine.sure()
    certain.append(mine.certain)
    assert certain == [True, False, True, False]


async def test_a_transaction_that_stands_still_gives_its_locks_back(
    postgresql: PostgreSQL, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever was stopped in the middle of a batch: who takes its place waits for the row of the source."""
    monkeypatch.setattr(writing, "STANDING_STILL_MS_MAX", 3_000)
    engine = open_engine(postgresql.create(TEMPLATE))
    await record(engine, added(5), pbx="a")
    batch = batch_of("a", [], [], await floor_in_store(engine, "a"), 0)

    async def stop_in_the_middle() -> None:
        async with engine.connect() as stopped:
            await write_batch(stopped, "here", 2, batch)
            with pytest.raises(DatabaseBusyError):
                await take_over_floor(engine, "a", "next", Patience(attempts_max=1))
            await asyncio.sleep(1.5)
            await take_over_floor(engine, "a", "next", IMPATIENT)
            await stopped.commit()

    with pytest.raises(DBAPIError):  # it goes on, and its connection is gone
        await stop_in_the_middle()
    assert (await floor_in_store(engine, "a")).open
    await engine.dispose()
    postgresql.drop()


async def test_a_database_that_takes_nothing_takes_nothing_from_who_holds(engine: AsyncEngine, hold: Holds) -> None:
    first = await hold("first")
    async with asyncio.TaskGroup() as group:
        beating = group.create_task(first.run())
        second = group.create_task(hold("second"))
        await asyncio.sleep(2 * BEAT_S)
        async with engine.execution_options(**{WRITES: True}).connect() as locking, locking.begin():
            if engine.dialect.name == "postgresql":
                await locking.execute(text("LOCK TABLE leases IN ACCESS EXCLUSIVE MODE"))
            await asyncio.sleep(1.5 * LEASE_S)
        await asyncio.sleep(1.5 * LEASE_S)
        assert not beating.done()
        assert not second.done(), "it begins to count anew"
        second.cancel()
        beating.cancel()
