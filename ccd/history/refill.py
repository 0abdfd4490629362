"""After a restart: today's segments, through the crew's clocks again, so that the running counters are right."""

from collections.abc import AsyncIterator, Collection, Hashable

from sqlalchemy.ext.asyncio import AsyncConnection

from ccd.floor.crew import Crew
from ccd.floor.days import BusinessDay
from ccd.floor.segments import Segment
from ccd.history.look_back import looked_back
from ccd.history.reading import lines, open_segments, seen_between, stored_sources, stream_since
from ccd.history.whose import Measuring, holders

Told = tuple[str, Segment]


async def refill(connection: AsyncConnection, crew: Crew, measuring: Measuring, units: Collection[str]) -> None:
    """Has an empty crew take all that is stored of the business days that run now, each unit's own, in its order.

    Now is the newest watermark. Does nothing where nothing was heard yet.
    """
    sources = await stored_sources(connection)
    heard = [source.heard_at for source in sources.values() if source.heard_at is not None]
    if not heard:
        return
    today = [measuring.rules_of(unit).days.at(max(heard)) for unit in (*units, None)]
    today += [days.at(max(heard)) for days in measuring.moves.values()]
    since = min(day.start for day in today)
    turns = sorted({*measuring.roster_turns, *(day.start for day in today)})
    last = max(heard)
    async for told in segments_of_today(connection, measuring, since, last):
        for pbx, segment in told:
            while turns and turns[0] <= segment.start:
                crew.pass_midnight(turns.pop(0))
            crew.take(pbx, segment)
        crew.confirm(min(told[-1][1].start, *heard))
        if told[-1][1].start < since:
            _date_those_signed_out(crew, told)
    for turn in turns:
        if turn <= last:
            crew.pass_midnight(turn)
    crew.confirm(min(heard))


def _date_those_signed_out(crew: Crew, told: list[Told]) -> None:
    """Who has been signed out since before the reading begins: nothing turned when the clock took its first segment."""
    starts: dict[Hashable, int] = {(pbx, segment.seat): segment.start for pbx, segment in told}
    for day in crew.days.values():
        if not day.since:
            day.since = max((starts[seat] for seat in day.views if seat in starts), default=0)


async def segments_of_today(
    connection: AsyncConnection, measuring: Measuring, since: int, until: int
) -> AsyncIterator[list[Told]]:
    """(pbx, segment) in the order in which they began, open ones among them, some at a time: all that begin at `since`
    or later, after what has to be known of the time before."""
    day = BusinessDay(measuring.rules_of(None).days.at(since).day, since, until + 1)
    agents = holders(await seen_between(connection, day.start, day.end), measuring, day)
    seats = {seat for holder in agents.values() for seat in holder.seats}
    before = await looked_back(connection, agents, measuring, await lines(connection, seats, since, since), since)
    if before:
        yield sorted(before.values(), key=_order)
    opened = sorted((each for each in await open_segments(connection) if each[1].start >= since), key=_order)
    async for closed in stream_since(connection, since):
        newest = closed[-1][1].start
        ready = [each for each in opened if each[1].start <= newest]
        opened = opened[len(ready) :]
        yield sorted(closed + ready, key=_order) if ready else closed
    if opened:
        yield opened


def _order(told: Told) -> tuple[int, str, int]:
    return told[1].start, told[0], told[1].number
