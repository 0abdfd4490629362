"""What attendance systems are told stands in the transaction that makes it true, in order, and is never changed."""

import asyncio
import json
from datetime import date
from typing import Any

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.bank.asking import Asking, by_itself
from ccd.bank.attendance import AttendedDay
from ccd.bank.month_close import Attended
from ccd.bank.outbox import OutboxItem, OutboxKind, begin_hooks, claim, due, outbox, tell, took
from ccd.errors import MonthOpenError
from ccd.history.reading import reading
from ccd.sql.engine import open_engine
from ccd.sql.turns import Patience, take_turn, take_turn_at_once
from tests.bank.test_month_close import AGENTS, CLOSES, MONTH, Bank
from tests.databases import PostgreSQL


def item(subject: str) -> OutboxItem:
    return OutboxItem(OutboxKind.DAY, subject, 1_000_000, {"agent": subject})


async def told(engine: AsyncEngine) -> list[dict[str, Any]]:
    async with engine.connect() as connection:
        rows = await connection.scalars(select(outbox.c.body).order_by(outbox.c.number))
        return [json.loads(body) for body in rows]


async def test_a_month_tells_of_each_agent_as_it_closes_and_of_each_correction(engine: AsyncEngine) -> None:
    bank = Bank(engine)
    attended = [Attended(agent, "team-1", ()) for agent in AGENTS]
    asking = Asking("close", by_itself("month close"), "here", CLOSES)
    await bank.closing.close(asking, MONTH, attended)
    await bank.closing.close(asking, MONTH, attended)
    *months, closed = await told(engine)
    assert [(one["type"], one["data"]["agent"], one["data"]["number"]) for one in months] == [
        ("attendance.month", agent, 1) for agent in AGENTS
    ]
    first = months[0]["data"]
    assert (first["full_attendance"], first["points"], first["faults"]) == (
        False, 0, [{"what": "no_shifts", "day": None, "seconds": 0}],
    )  # fmt: skip
    assert closed == {
        "type": "attendance.closed", "timestamp": "2026-12-03T10:00:00Z",
        "data": {"site": "demo", "month": MONTH, "from": "2026-11-01", "to": "2026-11-30", "agents": 3,
                 "full_attendance": 0},
    }  # fmt: skip
    again = Asking("again", by_itself("clerk"), "here", CLOSES)
    day = AttendedDay(date(2026, 11, 10), "team-1", 28_800, 420, 0, 0, 0, 0, 28_380)
    for _ in range(2):
        await bank.closing.correct(again, MONTH, attended[1]._replace(days=(day,)), "told late", reopens=True)
    (corrected,) = (await told(engine))[4:]
    said = [corrected["data"][name] for name in ("agent", "number", "why", "late_s", "faults")]
    assert said == ["bob", 2, "told late", 420, [{"what": "late", "day": "2026-11-10", "seconds": 420}]]


async def test_a_month_that_does_not_close_tells_nothing(engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    bank = Bank(engine)

    def refuses(*_: object) -> None:
        raise MonthOpenError(MONTH, "as if it died here")

    monkeypatch.setattr(Asking, "noted", refuses)
    with pytest.raises(MonthOpenError):
        await bank.closing.close(
            Asking("a", by_itself("x"), "here", CLOSES), MONTH, [Attended(AGENTS[0], "team-1", ())]
        )
    assert await told(engine) == []


async def test_items_are_numbered_in_the_order_in_which_they_are_committed(engine: AsyncEngine) -> None:
    other = open_engine(engine.url.render_as_string(hide_password=False))
    async with engine.connect() as first, asyncio.TaskGroup() as group:
        await first.begin()
        await first.run_sync(tell, [item("first")])
        second = group.create_task(
            take_turn_at_once(other, lambda connection: tell(connection, [item("second")]), Patience(60, 0.01, 0.1))
        )
        await asyncio.sleep(0.2)
        assert not second.done(), "it waits until the first is committed, or is not"
        await first.commit()
    assert [one["data"]["agent"] for one in await told(engine)] == ["first", "second"]
    await other.dispose()


async def test_what_was_told_is_neither_changed_nor_deleted_nor_replaced(engine: AsyncEngine) -> None:
    await take_turn_at_once(engine, lambda connection: tell(connection, [item("ann")]), Patience())
    replace = (
        "INSERT OR REPLACE INTO outbox SELECT * FROM outbox" if engine.dialect.name == "sqlite" else "TRUNCATE outbox"
    )
    for hand in ("UPDATE outbox SET body = ''", "DELETE FROM outbox", replace):
        with pytest.raises(DBAPIError, match="append-only"):
            async with engine.begin() as connection:
                await connection.execute(text(hand))
    row = {"id": item("ann").id, "kind": "x", "subject": "y", "body": "{}", "made_at": 1}
    async with engine.connect() as connection:
        with pytest.raises(DBAPIError):
            await connection.execute(insert(outbox).values(row))


async def test_the_daemon_s_own_role_tells_and_delivers(postgresql: PostgreSQL) -> None:
    role, url = await postgresql.of_a_daemon()
    engine = open_engine(url.replace("postgres@", f"{role}@"))
    await take_turn(engine, lambda connection: begin_hooks(connection, ["hr"]), Patience())
    await take_turn_at_once(engine, lambda connection: tell(connection, [item("ann")]), Patience())
    async with reading(engine) as connection:
        found = await due(connection, "hr", ["attendance.day"], 1)
    assert found is not None
    stand, one = found
    claimed = await take_turn(engine, lambda connection: claim(connection, stand, 1, 2), Patience())
    assert claimed is not None
    await take_turn(engine, lambda connection: took(connection, claimed, one.number), Patience())
    async with reading(engine) as connection:
        assert await due(connection, "hr", ["attendance.day"], 9) is None
    await engine.dispose()
