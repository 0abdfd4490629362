"""What the calendar shows of days off: the places of each day, what of them is left, and who waits."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import date
from itertools import islice
from typing import NamedTuple

from sqlalchemy import Connection

from ccd.bank.day_off_costs import WholeDay
from ccd.bank.holds import Holds, topmost
from ccd.bank.quota import Places
from ccd.bank.room import places_left
from ccd.bank.withdrawal import Application, ApplicationState
from ccd.bank.withdrawal_rows import on_days
from ccd.floor.days import dates
from ccd.ledger.books import Ledger

DAYS_MAX = 92


class DayOutlook(NamedTuple):
    """Of a unit's day. `places` are those of the unit and of each above it that has a quota; `left` is what all of them
    leave, None where none has one. `deadline` is when they are allocated by rule, µs. `own` are one agent's; where
    one of them waits for a place, so many are `ahead` of it."""

    day: date
    places: dict[str, Places]
    left: Places | None
    waiting: int
    deadline: int | None
    own: tuple[Application, ...]
    ahead: int | None = None


class OwnOutlook(NamedTuple):
    """An agent's."""

    outlook: DayOutlook
    whole: WholeDay


class PlacesOfDay(NamedTuple):
    """Of a unit with those below it. `quota` is its own; `left` what it and each above leave. How many have the day, or
    had it; wait for somebody to decide, or for the places to be allocated; wait for a place. `load` is what the day is
    like, as somebody has said."""

    day: date
    quota: Places | None
    left: Places | None
    approved: int
    applied: int
    waiting: int
    load: str


Below = Callable[[date], Collection[str]]  # the unit, and those below it on a day


async def days_off_outlook(
    ledger: Ledger, holds: Holds, unit: str, first: date, last: date, agent: str = ""
) -> list[DayOutlook]:
    """Of each day from `first` to `last`, at most DAYS_MAX of them."""

    def read(connection: Connection) -> Iterator[DayOutlook]:
        asked = by_day(on_days(connection, first, last))
        for day in islice(dates(first, last), DAYS_MAX):
            places = holds.places(connection, unit, day)
            applied = asked.get(day, [])
            waiting = sum(
                one.unit == unit and (one.state is ApplicationState.WAITING or one.awaits_allocation) for one in applied
            )
            deadline = holds.deadline(topmost(places), day) if places else None
            own = tuple(one for one in applied if one.agent == agent)
            ahead = _ahead(holds.waiting(connection, day), own) if own and waiting else None
            left = places_left(places, holds.counted(applied))
            yield DayOutlook(day, places, left, waiting, deadline, own, ahead)

    return await ledger.at_desk(lambda desk: list(read(desk.connection)), keep=False)


async def unit_days(
    ledger: Ledger, holds: Holds, unit: str, below: Below, first: date, last: date
) -> list[PlacesOfDay]:
    """Of each day from `first` to `last`, at most DAYS_MAX of them, as whoever sets the unit's quotas sees it."""

    def read(connection: Connection) -> Iterator[PlacesOfDay]:
        asked = by_day(on_days(connection, first, last))
        for day in islice(dates(first, last), DAYS_MAX):
            places, applied, units = holds.places(connection, unit, day), asked.get(day, []), below(day)
            counts = Counter(one.state for one in applied if one.unit in units)
            yield PlacesOfDay(
                day, places.get(unit), places_left(places, holds.counted(applied)),
                counts[ApplicationState.APPROVED] + counts[ApplicationState.TAKEN],
                counts[ApplicationState.APPLIED], counts[ApplicationState.WAITING], holds.load(connection, unit, day),
            )  # fmt: skip

    return await ledger.at_desk(lambda desk: list(read(desk.connection)), keep=False)


def by_day(applied: Iterable[Application]) -> dict[date, list[Application]]:
    found: dict[date, list[Application]] = {}
    for one in applied:
        found.setdefault(one.day, []).append(one)
    return found


def _ahead(waiting: list[Application], own: tuple[Application, ...]) -> int | None:
    """Of the same unit: others draw on other quotas as well, and nobody knows who of them moves up first."""
    mine = next((one for one in waiting if one in own), None)
    return None if mine is None else [one for one in waiting if one.unit == mine.unit].index(mine)
