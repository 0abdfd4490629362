"""One batch into the tables: closed segments, what became of callers, the seats as they are now, and the watermark
that says so."""

import json

from sqlalchemy import Function, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ccd.errors import SourceTakenError
from ccd.history.batch import Batch
from ccd.history.schema import queue_calls, segments, sources
from ccd.history.segment_rows import COLUMNS, Row, segment_row
from ccd.sql.rows import insert_rows

SEAT_COLUMNS = ("pbx", "seat", "format", "facts", "open", "number", "start_at")
SEAT_TYPES = ("text", "text", "integer", "text", "text", "bigint", "bigint")
SEAT_CHANGES = ", ".join(f"{column} = excluded.{column}" for column in SEAT_COLUMNS[2:])

# PostgreSQL ends the transaction of a process that stands still in the middle of it, and lets go of its locks: who
# takes its place would wait for them. SQLite's lock is the process's own; nobody can write until it goes on or dies.
STANDING_STILL_MS_MAX = 5_000

CALL_COLUMNS = ("pbx", "queue", "call", "joined_at", "ended_at", "became", "seat", "name")


def _end_if_standing_still() -> Function[str]:
    return func.set_config("idle_in_transaction_session_timeout", str(STANDING_STILL_MS_MAX), True)


async def mind_standing_still(connection: AsyncConnection) -> None:
    """Before the transaction takes any lock."""
    if connection.dialect.name == "postgresql":
        await connection.execute(select(_end_if_standing_still()))


async def write_batch(connection: AsyncConnection, writer: str, turn: int, batch: Batch) -> bool:
    """Writes the batch as the writer's transaction number `turn` of that PBX, counted from 1.

    False where that turn is written already: the commit had gone through, and only its answer was lost.
    """
    source = sources.c
    minding = [_end_if_standing_still()] if connection.dialect.name == "postgresql" else []
    found = await connection.execute(
        select(source.writer, source.written, *minding).where(source.pbx == batch.pbx).with_for_update()
    )
    standing = found.one_or_none()
    if standing is None or standing.writer != writer or standing.written not in (turn - 1, turn):
        raise SourceTakenError(batch.pbx)
    if standing.written == turn:
        return False
    closed = [segment_row(batch.pbx, segment) for segment in batch.closed]
    await connection.run_sync(insert_rows, segments, COLUMNS, closed)
    if batch.calls:
        await connection.run_sync(insert_rows, queue_calls, CALL_COLUMNS, _rows_of_calls(batch))
    await _upsert_seats(connection, [batch.seats[seat] for seat in sorted(batch.seats)])
    now = batch.standing
    await connection.execute(
        update(sources)
        .where(source.pbx == batch.pbx)
        .values(
            written=turn,
            number=now.number,
            heard_at=now.heard_at,
            heard_since=func.coalesce(source.heard_since, now.heard_at),
            confirmed_at=now.confirmed_at,
            gap_since=now.gap_since,
            **({"ref": now.ref} if now.ref else {}),  # a Ping says nothing of what stands there already
            **({} if batch.waiting is None else {"waiting": json.dumps(batch.waiting)}),
        )
    )
    return True


def _rows_of_calls(batch: Batch) -> list[Row]:
    return [
        (batch.pbx, call.queue, call.call, call.joined, call.at, call.became.value, call.seat, call.name)
        for call in batch.calls
    ]


async def _upsert_seats(connection: AsyncConnection, rows: list[Row]) -> None:
    if not rows:
        return
    columns = ", ".join(SEAT_COLUMNS)
    rest = f"ON CONFLICT (pbx, seat) DO UPDATE SET {SEAT_CHANGES}"
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" * len(SEAT_COLUMNS))
        await connection.exec_driver_sql(f"INSERT INTO seats ({columns}) VALUES ({marks}) {rest}", rows)
        return
    arrays = ", ".join(f"${number}::{kind}[]" for number, kind in enumerate(SEAT_TYPES, 1))
    await connection.exec_driver_sql(
        f"INSERT INTO seats ({columns}) SELECT * FROM unnest({arrays}) {rest}", tuple(zip(*rows, strict=True))
    )
