"""What other systems tell of agents' time, taken over: the rows, and the days that have to be measured anew, in one
transaction."""

from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import date
from typing import NamedTuple

from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ccd.daemon.site import Site
from ccd.history.unit_days import last_end, note_stale_of
from ccd.org.acts import Act, is_noted, note
from ccd.org.agent_days import AgentDays
from ccd.org.people import Person
from ccd.org.rights import may_enter_leave
from ccd.org.told import Change, Told, Window, counted
from ccd.org.told_rows import Said, take
from ccd.sql.turns import Patience, take_turn


class Importing(NamedTuple):
    """Who tells what, and of which days all there is (see ccd.org.told)."""

    table: Table
    said: Said
    told: Collection[Told]
    window: Window | None


def may_tell(site: Site, person: Person, changes: Iterable[Change]) -> None:
    """Leave, new or as it was, of whom a person may say it: what a file does not name any more is withdrawn by it."""
    for change in changes:
        for each in change:
            if each is not None:
                line = site.units.with_above(site.agent_days.unit(each.agent, each.day) or "", each.day)
                may_enter_leave(person, line, (each.agent,))


async def take_over(
    engine: AsyncEngine,
    days: AgentDays,
    asked: Importing,
    act: Act,
    dry_run: bool = False,
    may: Callable[[Collection[Change]], None] = lambda changes: None,
) -> list[Change]:
    """What differs from what is held, now taken over, or rolled back where it is only looked at, or `may` not be.

    It holds from the time of the act on, which is noted with what has changed; where nothing has, nothing is noted.
    Asked again after a commit whose answer was lost, it finds that all is said already.
    """

    async def work(connection: AsyncConnection) -> list[Change]:
        if await connection.run_sync(lambda plain: is_noted(plain, act.id)):
            return []
        found = await connection.run_sync(
            lambda plain: take(plain, asked.table, asked.said, asked.told, asked.window, act.at)
        )
        may(found)
        if not found:
            return found
        await connection.run_sync(lambda plain: note(plain, act._replace(after=counted(found))))
        measured_until = await last_end(connection)
        if measured_until is not None:
            await note_stale_of(connection, _touched(found, days, measured_until))
        return found

    return await take_turn(engine, work, Patience(), keep=not dry_run)


def _touched(changes: Iterable[Change], days: AgentDays, measured_until: int) -> Iterator[tuple[str, date]]:
    for change in changes:
        for each in change:
            if each is not None and each.start < measured_until:
                for unit, _, day in days.met(each.agent, each.start, min(each.end, measured_until)):
                    yield unit, day.day
