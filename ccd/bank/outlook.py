"""What the calendar shows of days off: the places of each day, what of them is left, and who waits."""

from collections.abc import Iterator
from datetime import date
from itertools import islice
from typing import NamedTuple

from sqlalchemy import Connection

from ccd.bank.holds import Holds
from ccd.bank.quota import Places
from ccd.bank.withdrawal import HOLDING, Application, State
from ccd.bank.withdrawal_rows import on_days
from ccd.floor.days import dates
from ccd.ledger.books import Ledger

DAYS_MAX = 92


class Outlook(NamedTuple):
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


class OwnDay(NamedTuple):
    """An agent's. A whole day off `costs_s`, nothing where there is no shift; what is approved can be cancelled until
    the end of `cancel_until`."""

    outlook: Outlook
    costs_s: int
    cancel_until: date


async def outlook(ledger: Ledger, holds: Holds, unit: str, first: date, last: date, agent: str = "") -> list[Outlook]:
    """Of each day from `first` to `last`, at most DAYS_MAX of them."""

    def read(connection: Connection) -> Iterator[Outlook]:
        asked: dict[date, list[Application]] = {}
        for one in on_days(connection, first, last):
            asked.setdefault(one.day, []).append(one)
        for day in islice(dates(first, last), DAYS_MAX):
            places = holds.places(connection, unit, day)
            applied = asked.get(day, [])
            left = [_left(each, of, applied) for each, of in places.items()]
            waiting = sum(one.unit == unit and (one.state is State.WAITING or one.awaits_allocation) for one in applied)
            deadline = holds.deadline(next(reversed(places)), day) if places else None
            own = tuple(one for one in applied if one.agent == agent)
            ahead = _ahead(holds.waiting(connection, day), own) if own and waiting else None
            yield Outlook(day, places, _least(left), waiting, deadline, own, ahead)

    return await ledger.at_desk(lambda desk: list(read(desk.connection)), keep=False)


def _left(unit: str, places: Places, applied: list[Application]) -> Places:
    """Who has taken the day keeps the place, but that is over; a quota that was made smaller leaves nothing."""
    drawing = [one for one in applied if one.state in HOLDING and one.hold and unit in one.hold.units]
    seconds = None if places.seconds is None else max(0, places.seconds - sum(one.seconds for one in drawing))
    return Places(max(0, places.agents - len(drawing)), seconds)


def _ahead(waiting: list[Application], own: tuple[Application, ...]) -> int | None:
    """Of the same unit: others draw on other quotas as well, and nobody knows who of them moves up first."""
    mine = next((one for one in waiting if one in own), None)
    return None if mine is None else [one for one in waiting if one.unit == mine.unit].index(mine)


def _least(left: list[Places]) -> Places | None:
    if not left:
        return None
    seconds = [of.seconds for of in left if of.seconds is not None]
    return Places(min(of.agents for of in left), min(seconds, default=None))
