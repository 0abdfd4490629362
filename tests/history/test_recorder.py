"""What a floor says is stored with the watermark it belongs to, once, whatever the database does meanwhile."""

import asyncio
import random
from time import monotonic

import psutil
import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from ccd.errors import SourceTakenError
from ccd.floor.floor import Floor
from ccd.floor.owners import Owner
from ccd.history.batch import batch_of
from ccd.history.recorder import Recorder
from ccd.history.resume import newest_ref, take_over_floor
from ccd.history.segment_rows import COLUMNS
from ccd.sql.engine import WRITES, open_engine
from ccd.sql.migrate import upgrade
from tests.databases import PostgreSQL
from tests.floor.floors import (
    added,
    connected,
    ended,
    heard,
    joined,
    lost,
    offered,
    paused,
    removed,
    snapshot,
    unpaused,
)
from tests.floor.random_floors import random_floor
from tests.floor.rules_of_random_floors import agent_rules
from tests.history.closing import DAY_S, FIRST, Bank, measuring
from tests.history.observing import (
    IMPATIENT,
    Observed,
    closed,
    floor_in_store,
    observe,
    record,
    recording,
    stored_of,
    stored_segments,
    waiting_in_store,
)

CUT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'ccd'"
A_DAY = (
    added(1),
    joined(2),
    offered(2),
    connected(4),
    ended(9),
    paused(30, "厕所"),
    unpaused(50),
    heard(55),
    removed(60),
)


async def test_a_closed_segment_is_stored_as_it_was_and_the_open_one_with_its_seat(engine: AsyncEngine) -> None:
    observed = await record(engine, *A_DAY)
    stored = await stored_segments(engine)
    assert stored == [("pbx", segment) for segment in closed(observed.transitions)]
    assert len(stored) == 7
    assert (await floor_in_store(engine)) == stored_of(observed.floor.state)
    assert observed.floor.state.heard_at == 55_000_000


async def test_several_transitions_of_a_seat_in_one_batch_leave_the_last_one_open(engine: AsyncEngine) -> None:
    async with recording(engine) as recorder:
        observed = await (await observe(engine, recorder)).tell(A_DAY, at_once=100)
    assert [segment for _, segment in await stored_segments(engine)] == closed(observed.transitions)
    assert (await floor_in_store(engine)).open == observed.floor.state.open


async def test_a_random_floor_comes_back_from_the_store_as_it_was(engine: AsyncEngine) -> None:
    for seed in range(12):
        floor = random_floor(random.Random(seed))
        async with recording(engine) as recorder:
            for pbx, events in floor.streams.items():
                name = f"{pbx}{seed}"
                observed = await observe(engine, recorder, name, rules=agent_rules(floor.rules).seats)
                await observed.tell(events, at_once=7)
                await recorder.drained()
                assert await floor_in_store(engine, name) == stored_of(observed.floor.state)
                assert await waiting_in_store(engine, name) == set(observed.floor.callers.waits())
                assert await stored_segments(engine, name) == [(name, each) for each in closed(observed.transitions)]


async def test_a_floor_resumed_in_the_middle_goes_on_as_if_nothing_had_been(engine: AsyncEngine) -> None:
    for seed in range(8):
        floor = random_floor(random.Random(seed))
        rules = agent_rules(floor.rules).seats
        pbx, events = next(iter(floor.streams.items()))
        name = f"{pbx}{seed}"
        whole = Floor(rules)
        transitions = [transition for event in events for transition in whole.apply(event)]
        for part in (events[: len(events) // 2], events[len(events) // 2 :]):
            async with recording(engine) as recorder:
                await (await observe(engine, recorder, name, rules=rules)).tell(part, at_once=3)
        assert [segment for _, segment in await stored_segments(engine, name)] == closed(transitions)
        assert await floor_in_store(engine, name) == stored_of(whole.state)


async def test_the_seats_that_an_event_touches_are_stored_without_any_transition(engine: AsyncEngine) -> None:
    """A second queue that is joined and paused changes facts alone until the first is paused as well."""
    async with recording(engine) as recorder:
        floor = Floor(
            agent_rules(random_floor(random.Random(0)).rules).seats,
            await take_over_floor(engine, "pbx", "here", IMPATIENT),
        )
        for event in (added(1), added(2, "sales"), heard(3), lost(4), snapshot(5)):
            transitions = floor.apply(event)
            await recorder.put(batch_of("pbx", transitions, floor.state.seats, floor.state, 0))
            await recorder.drained()
            assert await floor_in_store(engine) == stored_of(floor.state)


async def test_what_is_stored_can_t_be_changed_or_deleted_or_replaced(engine: AsyncEngine) -> None:
    await record(engine, *A_DAY)
    columns = ", ".join(COLUMNS)
    again = f"INTO segments ({columns}) SELECT {columns.replace('end_at', 'end_at + 1')} FROM segments WHERE number = 1"
    attempts = ["UPDATE segments SET end_at = end_at + 1", "DELETE FROM segments", f"INSERT {again}"]
    attempts += ["TRUNCATE segments"] if engine.dialect.name == "postgresql" else [f"INSERT OR REPLACE {again}"]
    before = await stored_segments(engine)
    for attempt in attempts:
        with pytest.raises(DBAPIError):
            async with engine.begin() as connection:
                await connection.execute(text(attempt))
    assert await stored_segments(engine) == before


async def test_a_watermark_never_goes_back(engine: AsyncEngine) -> None:
    await record(engine, *A_DAY)
    for change in ("heard_at = heard_at - 1", "number = number - 1", "heard_at = NULL"):
        with pytest.raises(DBAPIError, match="a watermark never goes back"):
            async with engine.begin() as connection:
                await connection.execute(text(f"UPDATE sources SET {change}"))


async def test_a_ping_leaves_the_newest_evidence_as_it_stands(engine: AsyncEngine) -> None:
    async with recording(engine) as recorder:
        observed = await observe(engine, recorder)
        await observed.tell(A_DAY[:2], at_once=2, ref=77)
        await observed.tell(A_DAY[2:], ref=0)
    async with engine.connect() as connection:
        assert await newest_ref(connection, "pbx") == 77


async def test_a_second_process_takes_over_and_the_first_is_refused(engine: AsyncEngine) -> None:
    older = Recorder(engine, "older", patience=IMPATIENT)
    observed = await observe(engine, older, writer="older")
    running = asyncio.ensure_future(older.run())  # noqa: TID251 -- this test ends it
    await observed.tell(A_DAY[:3])
    await older.drained()
    newer = stored_of(await take_over_floor(engine, "pbx", "newer", IMPATIENT))
    assert newer == stored_of(observed.floor.state)
    await observed.tell(A_DAY[3:])
    with pytest.raises(SourceTakenError, match="another process records pbx now"):
        await running
    assert await floor_in_store(engine) == newer


async def test_a_commit_whose_answer_was_lost_is_not_written_twice(engine: AsyncEngine) -> None:
    observed = await record(engine, *A_DAY)
    async with recording(engine, "again") as recorder:
        again = await observe(engine, recorder, writer="again")
        await again.tell([added(70)])
        await recorder.drained()
        recorder._written["pbx"] = 0  # as if the answer to that commit had never come
        await recorder.put(batch_of("pbx", [], [], again.floor.state, 0))
        await recorder.drained()
    assert [each for _, each in await stored_segments(engine)] == closed([*observed.transitions, *again.transitions])


AWAY_AND_BACK = ["the history is not written; it waits", "the history is written again"]


async def test_a_database_that_is_locked_loses_nothing_and_is_said_once(engine: AsyncEngine) -> None:
    with capture_logs() as logs:
        observed = await _recorded_past_a_lock(engine)
    assert [segment for _, segment in await stored_segments(engine)] == closed(observed.transitions)
    assert [entry["event"] for entry in logs] == AWAY_AND_BACK


async def _recorded_past_a_lock(engine: AsyncEngine) -> Observed:
    async with recording(engine) as recorder:
        observed = await observe(engine, recorder)
        async with engine.execution_options(**{WRITES: True}).connect() as holder:
            if engine.dialect.name == "postgresql":
                await holder.execute(text("SET lock_timeout = 0"))
            await holder.execute(text("UPDATE sources SET ref = ref"))
            await asyncio.wait_for(observed.tell(A_DAY), 5)
            await _until_away(recorder)
            assert await stored_segments(engine) == []
            await holder.rollback()
        await asyncio.wait_for(recorder.drained(), 20)
    return observed


async def _until_away(recorder: Recorder) -> None:
    ends = monotonic() + 30
    while recorder.failing_since is None:
        assert monotonic() < ends
        await asyncio.sleep(0.05)


async def test_a_database_that_stands_still_and_says_nothing_counts_as_away_and_is_said_once(
    postgresql: PostgreSQL, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ccd.history.recorder.ANSWER_S_MAX", 0.2)
    engine = open_engine(postgresql.create("migrated"))
    server = psutil.Process(postgresql.server.get_pid())
    with capture_logs() as logs:
        async with recording(engine) as recorder:
            observed = await (await observe(engine, recorder)).tell(A_DAY[:2])
            await recorder.drained()
            processes = [server, *server.children()]
            for process in processes:
                process.suspend()
            try:
                await observed.tell(A_DAY[2:])
                await _until_away(recorder)
            finally:
                for process in processes:
                    process.resume()
            await asyncio.wait_for(recorder.drained(), 20)
    assert [segment for _, segment in await stored_segments(engine)] == closed(observed.transitions)
    assert [entry["event"] for entry in logs] == AWAY_AND_BACK
    await engine.dispose()


async def test_a_full_queue_holds_up_the_floor_instead_of_growing(engine: AsyncEngine) -> None:
    recorder = Recorder(engine, "here", waiting_rows_max=20, patience=IMPATIENT)
    observed = await observe(engine, recorder)
    telling = asyncio.ensure_future(observed.tell(A_DAY * 10))  # noqa: TID251 -- this test awaits it
    await asyncio.sleep(0.05)
    assert not telling.done()
    assert recorder.rows_waiting <= 20
    running = asyncio.ensure_future(recorder.run())  # noqa: TID251 -- this test ends it
    await asyncio.wait_for(telling, 10)
    await recorder.drained()
    running.cancel()
    assert await floor_in_store(engine) == stored_of(observed.floor.state)


async def test_the_daemons_own_role_can_record_and_close_and_change_nothing_that_was_written(
    postgresql: PostgreSQL,
) -> None:
    postgresql.run("CREATE ROLE daemon LOGIN")
    owner = open_engine(postgresql.create("migrated"))
    await upgrade(owner, application_role="daemon")
    daemon = open_engine(owner.url.set(username="daemon"))
    await record(daemon, *A_DAY, heard(2 * DAY_S))
    bank = Bank(daemon, now_s=2 * DAY_S, site=measuring(lambda *_: Owner("ann", "team", False)))
    await bank.closer.close_due()
    assert await bank.revisions() == [("ann", FIRST, 1)]
    for attempt in ("UPDATE segments SET end_at = 0", "DELETE FROM seats", "UPDATE day_records SET aux_us = 0"):
        with pytest.raises(DBAPIError, match="permission denied"):
            async with daemon.begin() as connection:
                await connection.execute(text(attempt))
    for engine in (owner, daemon):
        await engine.dispose()


async def test_connections_that_are_cut_again_and_again_lose_nothing(postgresql: PostgreSQL) -> None:
    url = postgresql.create("migrated")
    engine, reading = open_engine(url), open_engine(url)  # the reading one was never cut
    events = [(paused if n % 2 else unpaused)(10 + n) for n in range(400)]
    cut = 0
    async with recording(engine) as recorder:
        observed = await observe(engine, recorder)
        async with asyncio.TaskGroup() as group:
            group.create_task(observed.tell([added(1), *events]))
            for _ in range(10):  # not until all is written: whoever is cut faster than it can write never gets there
                said = postgresql.run(CUT)
                cut += said.splitlines().count(" t")
                await asyncio.sleep(0.02)
        await recorder.drained()
    assert cut > 1
    assert [segment for _, segment in await stored_segments(reading)] == closed(observed.transitions)
    assert await floor_in_store(reading) == stored_of(observed.floor.state)
    await engine.dispose()
    await reading.dispose()


async def test_what_has_arrived_from_several_pbxs_is_one_transaction(engine: AsyncEngine) -> None:
    begun = 0

    @event.listens_for(engine.sync_engine, "commit")
    def count(*_: object) -> None:
        nonlocal begun
        begun += 1

    recorder = Recorder(engine, "here", patience=IMPATIENT)
    floors = [await observe(engine, recorder, name) for name in ("b", "a", "c")]
    for floor in floors:
        await floor.tell(A_DAY)
    begun = 0
    async with asyncio.TaskGroup() as group:
        running = group.create_task(recorder.run())
        await recorder.drained()
        running.cancel()
    assert begun == 1
    for floor in floors:
        assert await floor_in_store(engine, floor.pbx) == stored_of(floor.floor.state)
