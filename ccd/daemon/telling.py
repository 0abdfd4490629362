"""Open pages are told when what they show of an account is another: after whatever was posted or done, by whom ever and
from where (docs/time-bank.md 8).

What children of the daemon do by themselves they say; all else is found in the ledger and among the acts, where other
processes write it, too. So a gift by command and one by a page are told alike.
"""

import json
from collections.abc import Iterable
from datetime import date

import structlog
from sqlalchemy import Column, Connection, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.bank.accounts import owning_agent
from ccd.bank.month_close import CLOSES
from ccd.bank.overtime_acts import CALLS, ENDS, OPENS, PROLONGS
from ccd.bank.unit_acts import SETS_LOAD, SETS_QUOTA
from ccd.daemon.site import Current, Site
from ccd.history.reading import reading
from ccd.ledger.balances import moved_between
from ccd.ledger.schema import transactions
from ccd.live.store import AWAY, Store
from ccd.org.acts import READINGS, acts

LATE_NUMBERS_MAX = 200  # as many may be given out before one and committed after it

# Acts on a unit that change what is offered to all who are in it, or below it; others on a unit are its leaders' own.
FOR_ALL_OF_UNIT = frozenset((OPENS, PROLONGS, ENDS))
PLACES_OF_UNIT = frozenset((SETS_QUOTA, SETS_LOAD))  # those that change how many may be off: nothing of an account
FOR_EVERYBODY = frozenset((CLOSES,))

log = structlog.get_logger("ccd.daemon")


class Followed:
    """Rows of a table that only grows, by their number: each is new once, also where one with a higher number was
    committed before it. What was there at the first look is not new."""

    def __init__(self, number: Column[int]) -> None:
        self._number = number
        self._from: int | None = None
        self._seen: set[int] = set()

    def new(self, connection: Connection) -> list[int]:
        """In their order."""
        if self._from is None:
            newest = connection.scalar(select(func.max(self._number))) or 0
            self._from = max(0, newest - LATE_NUMBERS_MAX)
            self._seen = set(self._behind(connection))
        found = self._behind(connection)
        new = [number for number in found if number not in self._seen]
        if found:
            self._from = max(self._from, found[-1] - LATE_NUMBERS_MAX)
        self._seen = {number for number in found if number > self._from}
        return new

    def _behind(self, connection: Connection) -> list[int]:
        return list(connection.scalars(select(self._number).where(self._number > self._from).order_by(self._number)))


class Telling:
    def __init__(self, engine: AsyncEngine, current: Current, store: Store) -> None:
        self._engine, self._current, self._store = engine, current, store
        self._posted, self._done = Followed(transactions.c.id), Followed(acts.c.number)
        self._owed: set[str] = set()
        self._places: set[str] = set()  # for whom it is another how many may be off
        self._said_away = False

    def tell(self, agents: Iterable[str]) -> None:
        """With the next look, however often it is asked for until then."""
        self._owed.update(agents)

    async def look(self) -> None:
        async with reading(self._engine) as connection:
            self.tell(await connection.run_sync(self._concerned))
        if self._owed or self._places:
            await self._announce()

    async def _announce(self) -> None:
        """Open pages ask for their account again; those that show days off, for these. Where Redis is away they are
        told once it is back."""
        owed, self._owed = self._owed, set()
        places, self._places = self._places, set()
        try:
            await self._store.announce(sorted(owed), sorted(places))
            self._said_away = False
        except AWAY as error:
            self._owed |= owed
            self._places |= places
            if not self._said_away:
                log.warning("open pages are not told what was posted", error=str(error))
            self._said_away = True

    def _concerned(self, connection: Connection) -> set[str]:
        found: set[str] = set()
        if posted := self._posted.new(connection):
            found.update(map(owning_agent, moved_between(connection, posted[0], posted[-1])))
        if done := self._done.new(connection):
            site = self._current.site
            rows = select(acts.c.kind, acts.c.subject, acts.c.after, acts.c.at).where(acts.c.number.in_(done))
            for kind, subject, after, at in connection.execute(rows):
                day = site.units.site_day(at)
                if kind in PLACES_OF_UNIT:
                    self._places.update(agents_in(site, subject, day))
                else:
                    found.update(agents_of(site, kind, subject, after, day))
        return found - {""}


def agents_of(site: Site, kind: str, subject: str, after: str, day: date) -> Iterable[str]:
    """Whose account shows something else after an act of a day, or what is offered on it."""
    agents = site.roster.agents
    if kind in FOR_EVERYBODY:
        return agents
    if kind in FOR_ALL_OF_UNIT:
        return agents_in(site, subject, day)
    if kind == CALLS:
        called: list[str] = json.loads(after)["agents"]
        return called
    return [subject] if subject in agents and not kind.startswith(READINGS) else []


def agents_in(site: Site, unit: str, day: date) -> list[str]:
    """Of a unit and those below it."""
    units = site.units.with_below([unit], day)
    return [agent for agent in site.roster.agents if site.agent_days.unit(agent, day) in units]
