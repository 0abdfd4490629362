"""Which units' days are over and can be settled, and which wait for a PBX that has not been heard so far."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from ccd.floor.days import BusinessDay, BusinessDays
from ccd.floor.own_days import OwnDays
from ccd.history.reading import Source, first_heard, first_start, seen_between, stored_sources
from ccd.history.unit_days import newest_days, unfinished_days
from ccd.history.whose import Holder, Measuring, holders


@dataclass(frozen=True, slots=True)
class DueDay:
    """A unit's day, and the PBXs in which it has seats that were not heard to its end, with their watermarks, µs.

    `came_from` are the units that agents of the day were in just before it: it comes after their days.
    """

    unit: str
    day: BusinessDay
    lagging: Mapping[str, int | None]
    has_seats: bool
    came_from: frozenset[str]

    def is_over(self, now: int, wait_us: int) -> bool:
        """Its PBXs, whose time it is, say so; or the clock does, where there are none, or after waiting `wait_us`."""
        if self.has_seats and not self.lagging:
            return True
        return now >= self.day.end + (wait_us if self.lagging else 0)


@dataclass(frozen=True, slots=True)
class DueDays:
    """Both in the order of the days' ends; `waiting` names the first waiting day of each unit."""

    due: tuple[DueDay, ...]
    waiting: tuple[DueDay, ...]


async def due_days(
    connection: AsyncConnection,
    measuring: Measuring,
    units: Collection[str],
    configured: Collection[str],
    now: int,
    wait_us: int,
    days_back_max: int,
    before: date = date.max,
) -> DueDays:
    """As of `now`, µs, of the days `before` one. Only PBXs that are `configured` are waited for, and no longer than
    `wait_us` after a day's end.

    A unit's days come in date order, and so do those of an agent who moved: whoever came from a unit whose day still
    waits, waits with it.
    """
    sources = await stored_sources(connection)
    known: dict[BusinessDay, Mapping[str, Holder]] = {}
    due: list[DueDay] = []
    waiting: list[DueDay] = []
    blocked: set[str] = set()
    latest = max([now, *(source.heard_at for source in sources.values() if source.heard_at is not None)])
    for unit, day in await _over(connection, measuring, units, latest, days_back_max, before):
        if unit in blocked:
            continue
        if day not in known:
            known[day] = holders(await seen_between(connection, measuring.reaches_back(day), day.end), measuring, day)
        own = [holder for holder in known[day].values() if holder.unit == unit]
        each = due_of(unit, day, own, sources, configured)
        if not each.is_over(now, wait_us) or each.came_from & blocked:
            blocked.add(unit)
            waiting.append(each)
        else:
            due.append(each)
    return DueDays(tuple(due), tuple(waiting))


def due_of(
    unit: str, day: BusinessDay, own: Collection[Holder], sources: Mapping[str, Source], configured: Collection[str]
) -> DueDay:
    """The day, held against the watermarks of the PBXs in which these agents of the unit have seats."""
    pbxs = sorted({pbx for holder in own for pbx, _ in holder.seats}.intersection(configured))
    heard = {pbx: sources[pbx].heard_at for pbx in pbxs}
    lagging = {pbx: at for pbx, at in heard.items() if at is None or at < day.end}
    came_from = frozenset(holder.came_from for holder in own if holder.came_from is not None)
    return DueDay(unit, day, lagging, bool(pbxs), came_from)


async def _over(
    connection: AsyncConnection,
    measuring: Measuring,
    units: Collection[str],
    now: int,
    days_back_max: int,
    before: date,
) -> list[tuple[str, BusinessDay]]:
    """Days that ended before `now` and are not settled, the earliest end first."""
    seen, heard = await first_start(connection), await first_heard(connection)
    if seen is None and heard is None:
        return []
    newest = await newest_days(connection)
    unfinished = [(each.unit, each.day) for each in await unfinished_days(connection)]
    found = {(unit, day) for unit, day in unfinished if unit in units and day < before}
    for unit in units:
        days = measuring.rules_of(unit).days
        oldest = days.at(now).day - timedelta(days=days_back_max)
        begin = newest[unit] + timedelta(days=1) if unit in newest else _first_day(days, seen, heard)
        found.update((unit, day) for day in _from(max(begin, oldest), min(days.at(now).day, before)))
    spans = [(unit, measuring.rules_of(unit).days.of_date(day)) for unit, day in found]
    return sorted(spans, key=lambda each: (each[1].end, each[0]))


def _first_day(days: BusinessDays | OwnDays, seen: int | None, heard: int | None) -> date:
    """That on which the first was seen; or the first that was listened to from its start on, if nobody was till then:
    of a day before that nobody could say who was there."""
    begins = [days.at(seen).day] if seen is not None else []
    begins += [days.at(heard - 1).day + timedelta(days=1)] if heard is not None else []
    return min(begins)


def _from(begin: date, end: date) -> Iterator[date]:
    while begin < end:
        yield begin
        begin += timedelta(days=1)
