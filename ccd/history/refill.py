"""After a restart: today's segments, through the crew's clocks again, so that the running counters are right."""

from bisect import bisect_left
from collections.abc import Collection, Hashable, Iterable, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from ccd.floor.agents import AgentClock
from ccd.floor.crew import Crew
from ccd.floor.days import BusinessDay
from ccd.floor.seats import Pause
from ccd.floor.segments import Segment
from ccd.history.look_back import looked_back
from ccd.history.reading import open_segments, rows_since, seat_lines, seen_before, stored_sources
from ccd.history.schema import PAUSE_WORDS
from ccd.history.segment_rows import COLUMNS, STATES, Row, segments_of
from ccd.history.whose import Measuring, SeatKey, holders

Told = tuple[str, Segment]

PBX, NUMBER, START = (COLUMNS.index(name) for name in ("pbx", "number", "start_at"))
NO_PAUSE = PAUSE_WORDS[Pause.NONE]


async def refill(connection: AsyncConnection, crew: Crew, measuring: Measuring, units: Collection[str]) -> None:
    """Has an empty crew take all that is stored of the business days that run now, each unit's own, in its order.

    Now is the last word that is stored: the newest watermark, or what a seat said after it. Does nothing where nothing
    was heard yet.
    """
    sources = await stored_sources(connection)
    heard = [source.heard_at for source in sources.values() if source.heard_at is not None]
    if not heard:
        return
    known = await open_segments(connection)
    last = max([*heard, *(segment.start for _, segment in known)])
    today = [measuring.rules_of(unit).days.at(last) for unit in (*units, None)]
    today += [days.at(last) for days in measuring.moves.values()]
    since = min(day.start for day in today)
    borders = sorted({*measuring.roster_borders, *(day.start for day in today)})
    retold = Retold(crew, borders)
    if earlier := await _earlier(connection, measuring, since, last):
        for pbx, segment in earlier:
            retold.segment(pbx, segment)
        crew.confirm(min(earlier[-1][1].start, *heard))
        _date_those_signed_out(crew, earlier)
    opened = sorted((each for each in known if each[1].start >= since), key=_order)
    async for rows in rows_since(connection, since):
        opened = retold.rows_and(rows, opened)
        crew.confirm(min(rows[-1][START], *heard))
    for pbx, segment in opened:
        retold.segment(pbx, segment)
    retold.until(last)
    crew.confirm(min(heard))


class Retold:
    """Has a crew take what is stored, in its order, and passes the days' starts on the way.

    Nine in ten of the segments of a day say of an agent who is signed in, and not paused, that the telephone does
    something else. Those are told to the agent's clock as they come from the database; a segment is made of the last
    of them, where somebody may ask for it.
    """

    def __init__(self, crew: Crew, borders: list[int]) -> None:
        self._crew, self._borders = crew, borders
        self._lone: dict[SeatKey, tuple[AgentClock, str]] = {}  # whose clock it is, under which name on the seat
        self._newest: dict[SeatKey, Row] = {}  # which the clock was told, and the crew was not

    def rows_and(self, rows: Sequence[Row], opened: list[Told]) -> list[Told]:
        """The rows, and those open segments that come between them; returns the other open ones."""
        first = 0
        newest = _order_of(rows[-1])
        while opened and _order(opened[0]) <= newest:
            after = bisect_left(rows, _order(opened[0]), lo=first, key=_order_of)
            self.rows(rows[first:after])
            self.segment(*opened.pop(0))
            first = after
        self.rows(rows[first:])
        return opened

    def rows(self, rows: Iterable[Row]) -> None:
        """In the order of COLUMNS."""
        lone, newest, borders = self._lone, self._newest, self._borders
        for row in rows:
            pbx, _, seat, start, _, name, state, member, pause, _, _, _, offered, answered, missed, _, _ = row
            if borders and borders[0] <= start:
                self.until(start)
            known = lone.get((pbx, seat))
            if known is not None and member and pause == NO_PAUSE and known[1] == name:
                known[0].retell(start, STATES[state], offered, answered, missed)
                newest[pbx, seat] = row
            else:
                self.segment(*segments_of((row,))[0])

    def segment(self, pbx: str, segment: Segment) -> None:
        self.until(segment.start)
        self._crew.take(pbx, segment)
        key = (pbx, segment.seat)
        self._newest.pop(key, None)
        clock = self._crew.lone_clock(pbx, segment.seat)
        if clock is None:
            self._lone.pop(key, None)
        else:
            self._lone[key] = (clock, segment.view.name)

    def until(self, at: int) -> None:
        """The days that have begun by then."""
        while self._borders and self._borders[0] <= at:
            for pbx, segment in segments_of(self._newest.values()):
                self._crew.retold(pbx, segment)
            self._newest.clear()
            self._lone.clear()
            self._crew.cross(self._borders.pop(0))


def _date_those_signed_out(crew: Crew, told: list[Told]) -> None:
    """Who has been signed out since before the reading begins: nothing turned when the clock took its first segment."""
    starts: dict[Hashable, int] = {(pbx, segment.seat): segment.start for pbx, segment in told}
    for clock in crew.clocks.values():
        if not clock.since:
            clock.since = max((starts[seat] for seat in clock.views if seat in starts), default=0)


async def _earlier(connection: AsyncConnection, measuring: Measuring, since: int, until: int) -> list[Told]:
    """What has to be known of the time before `since`, in its order."""
    day = BusinessDay(measuring.rules_of(None).days.at(since).day, since, until + 1)
    agents = holders(await seen_before(connection, since), measuring, day)
    seats = {seat for holder in agents.values() for seat in holder.seats}
    known = await looked_back(connection, agents, measuring, await seat_lines(connection, seats, since, since), since)
    return sorted(known.values(), key=_order)


def _order(told: Told) -> tuple[int, str, int]:
    return told[1].start, told[0], told[1].number


def _order_of(row: Row) -> tuple[int, str, int]:
    return row[START], row[PBX], row[NUMBER]
