"""What a measured day is made of: one revision of an agent's record, the spans that its figures are sums of, and the
segments of the agent's seats under them (docs/time-bank.md 7)."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy.ext.asyncio import AsyncConnection

from ccd.floor.days import BusinessDay
from ccd.floor.expected import Expected
from ccd.floor.on_duty import Class, What, classes, on_duty
from ccd.floor.owners import owner_or_itself
from ccd.floor.records import DayRecord, Tally
from ccd.floor.segments import Segment, as_they_follow
from ccd.floor.stretches import Stretches
from ccd.history.day_rows import Revision, revision_of
from ccd.history.days import day_record, unseen
from ccd.history.look_back import looked_back, shifts_looked_back
from ccd.history.reading import seat_lines, seen_between, stored_sources
from ccd.history.reckoned_against import expected_read
from ccd.history.whose import Holder, Measuring, SeatKey


@dataclass(frozen=True, slots=True)
class MadeOf:
    """`parts` are those of the day's shifts, or in a unit without schedules of the time that was seen or ruled on;
    `segments` lie in the day, and were the agent's. `agrees`: measured from them now, the day comes to what the record
    says."""

    day: BusinessDay
    revision: Revision
    expected: Expected | None
    parts: tuple[Class, ...]
    segments: tuple[tuple[str, Segment], ...]
    agrees: bool


@dataclass(frozen=True, slots=True)
class Seats:
    """Where the roster has an agent, at whatever time: on interfaces, and under names that may be seen on any."""

    interfaces: frozenset[str]
    names: frozenset[str] = frozenset()


async def made_of(
    connection: AsyncConnection, measuring: Measuring, seats: Seats, agent: str, day: date, revision: int | None = None
) -> MadeOf | None:
    """The agent's day as it was measured that time, or last. None where it was not."""
    kept = await revision_of(connection, agent, day, revision)
    if kept is None:
        return None
    holder = _holder(measuring, agent, kept.stored.record)
    holder.seats |= {(pbx, seat) for pbx in kept.numbers for seat in seats.interfaces}
    holder.seats |= await _named(connection, measuring, seats.names, holder.day)
    line = await seat_lines(connection, holder.seats, holder.day.start, holder.day.end)
    line = await looked_back(connection, {agent: holder}, measuring, line, holder.day.start)
    expected = _expected(kept)
    if expected is not None:
        own = {agent: expected}
        line = await shifts_looked_back(connection, {agent: holder}, measuring, line, holder.day.start, own)
    known = [each for each in line.values() if _was_known(each, kept)]
    seen = Stretches()
    added = unseen(known, await stored_sources(connection), holder.day.end)
    record = day_record(agent, holder, measuring, holder.day, holder.day.end, known + added, seen)
    whole_day = expected or Expected(schedules=False)
    parts = _joined(each for each in classes(seen, holder.day, whole_day) if each.what is not What.NOTHING)
    if expected is not None and (expected.schedules or expected.ruled):
        record, duty = record or Tally().record(agent, holder.unit, day), on_duty(seen, holder.day, expected)
        record = replace(record, duty=duty) if expected.schedules else replace(record, ruled=duty.counted)
    segments = [each for each in as_they_follow(known) if _was_own(each, measuring, agent, holder.day)]
    return MadeOf(holder.day, kept, expected, tuple(parts), tuple(segments), _agrees(record, kept.stored.record))


def _holder(measuring: Measuring, agent: str, record: DayRecord) -> Holder:
    moves = measuring.moves.get(agent)
    own = moves.own_day(record.day) if moves else None
    return Holder(record.unit, None, own.day if own else measuring.rules_of(record.unit).days.of_date(record.day))


def _expected(kept: Revision) -> Expected | None:
    """None where nothing was expected, and nothing ruled: what an agent is entitled to is no part of the day."""
    expected = expected_read(kept.stored.expected) if kept.stored.expected else None
    return expected if expected is not None and (expected.schedules or expected.ruled) else None


async def _named(
    connection: AsyncConnection, measuring: Measuring, names: Collection[str], day: BusinessDay
) -> set[SeatKey]:
    """The seats on which one of these names was seen that day."""
    if not names:
        return set()
    seen = await seen_between(connection, measuring.reaches_back(day), day.end)
    return {(each.pbx, each.seat) for each in seen if each.name in names}


def _was_known(each: tuple[str, Segment], kept: Revision) -> bool:
    """Numbers rise: what came later than the measurement has a higher one than all that it was made of."""
    pbx, segment = each
    return pbx not in kept.numbers or segment.number <= kept.numbers[pbx][1]


def _was_own(each: tuple[str, Segment], measuring: Measuring, agent: str, day: BusinessDay) -> bool:
    pbx, segment = each
    end = day.end if segment.end is None else min(segment.end, day.end)
    start = max(segment.start, day.start)
    if end < start or segment.start >= day.end:
        return False
    instants = (start, *measuring.borders_between(start, end))
    owners = (owner_or_itself(measuring.owner_of, pbx, segment.seat, segment.view.name, at) for at in instants)
    return any(owner.agent == agent for owner in owners)


def _joined(parts: Iterable[Class]) -> Iterator[Class]:
    """What lies side by side and is the same is one part."""
    last: Class | None = None
    for each in parts:
        if last is not None and last.end == each.start and last[2:] == each[2:]:
            last = last._replace(end=each.end)
            continue
        if last is not None:
            yield last
        last = each
    if last is not None:
        yield last


def _agrees(now: DayRecord | None, kept: DayRecord) -> bool:
    if now is None:
        return not (kept.signed_in or kept.unobserved)
    return now == kept
