"""Where a PBX's floor stood when the last batch was written: what a restart goes on from.

The caller then applies `Lost`, at the last word of the PBX that is stored, and a snapshot: what came after the last
batch was not stored, and so was not observed.
"""

import json

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ccd.floor.floor_state import FloorState
from ccd.floor.seats import Seat
from ccd.floor.segments import Segment
from ccd.history.lease import Lease
from ccd.history.schema import seats, sources
from ccd.history.segment_rows import open_from, seat_from
from ccd.sql.rows import insert_into
from ccd.sql.turns import Patience, take_turn


async def take_over_floor(
    engine: AsyncEngine, pbx: str, writer: str, patience: Patience, lease: Lease | None = None
) -> FloorState:
    """The stored floor of a PBX, which `writer`, a name that no other process has, records from now on.

    Whoever recorded it before is refused from here on (SourceTakenError), so that nothing is written behind the state
    that is returned. An empty floor where the PBX is new. LeaseLostError where the lease is another's by now.
    """

    async def work(connection: AsyncConnection) -> FloorState:
        if lease is not None:
            await lease.check(connection)
        new = {"pbx": pbx, "writer": writer, "written": 0, "number": 0, "ref": 0}
        claim = insert_into(connection, sources).values(new)
        await connection.execute(
            claim.on_conflict_do_update(index_elements=["pbx"], set_={"writer": writer, "written": 0})
        )
        return await stored_floor(connection, pbx)

    return await take_turn(engine, work, patience)


async def stored_floor(connection: AsyncConnection, pbx: str) -> FloorState:
    """Only looks. An empty floor where nothing is stored of the PBX."""
    standing = (await connection.execute(select(sources).where(sources.c.pbx == pbx))).one_or_none()
    if standing is None:
        return FloorState()
    state = FloorState(
        number=standing.number,
        heard_at=standing.heard_at,
        confirmed_at=standing.confirmed_at,
        gap_since=standing.gap_since,
    )
    for queue, call, since, half_seen in json.loads(standing.waiting or "[]"):
        state.waiting.setdefault(queue, {})[call] = since
        if half_seen:
            state.half_seen.add((queue, call))
    rows = await connection.execute(
        select(seats.c.format, seats.c.facts, seats.c.open).where(seats.c.pbx == pbx).order_by(seats.c.seat)
    )
    for version, facts, open_segment in rows:
        _put_in(state, seat_from(facts, version), open_from(open_segment, version) if open_segment else None)
    return state


async def newest_ref(connection: AsyncConnection, pbx: str) -> int:
    """Of the evidence that what is stored of the PBX stands for; 0 where none is."""
    found = await connection.execute(select(sources.c.ref).where(sources.c.pbx == pbx))
    return found.scalar() or 0


def _put_in(state: FloorState, seat: Seat, known: Segment | None) -> None:
    state.seats[seat.seat] = seat
    if known is not None:
        state.open[seat.seat] = known
