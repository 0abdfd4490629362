"""What other systems tell of agents' time, taken over: the rows, and the days that have to be measured anew, in one
transaction."""

from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import date
from typing import NamedTuple

from sqlalchemy import Connection, Table
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ccd.bank.asking import Asking
from ccd.daemon.site import Site
from ccd.errors import ActTakenError
from ccd.history.unit_days import last_end, note_stale_of
from ccd.org.acts import Act, act_with_id, note_act
from ccd.org.agent_days import AgentDays
from ccd.org.rights import may_enter_leave
from ccd.org.told import DaysTold, SpanChange, Told, changes_counted
from ccd.org.told_rows import Teller, take_told
from ccd.sql.locks import wait_for_others
from ccd.sql.turns import Patience, take_turn

NOWHERE = ()  # of whom the roster says no more where they were, whoever has the office in all units


class Importing(NamedTuple):
    """Who tells what, and of which days all there is (see ccd.org.told)."""

    table: Table
    said: Teller
    told: Collection[Told]
    window: DaysTold | None


def may_tell(site: Site, asking: Asking, changes: Iterable[SpanChange]) -> Asking:
    """Leave, new or as it was, of whom a person may say it, in each unit that it lies in: what a file does not name any
    more is withdrawn by it. The act says in whose stead, where it takes others' duties for that."""
    duties = set()
    for change in changes:
        for each in change:
            if each is not None:
                lines = site.agent_days.lines(each.agent, each.start, each.end) or {NOWHERE}
                duties |= {may_enter_leave(asking.person, line, (each.agent,)) for line in sorted(lines)}
    return asking.under(*duties)


def may_name(site: Site, asking: Asking, told: Iterable[Told]) -> None:
    """Leave that a file names, or what was told as a file, of whom a person may say some of it: what holds over a move
    already is named again. What becomes another takes the right to tell all of it, see `may_tell`."""
    for each in told:
        units = site.agent_days.units_met(each.agent, each.start, each.end)
        may_enter_leave(asking.person, units, (each.agent,))


async def take_over_told(
    engine: AsyncEngine,
    days: AgentDays,
    asked: Importing,
    act: Act,
    dry_run: bool = False,
    may: Callable[[Collection[SpanChange]], Asking | None] = lambda changes: None,
    still: Callable[[Connection], None] = lambda plain: None,
) -> list[SpanChange]:
    """What differs from what is held, now taken over, or rolled back where it is only looked at, or `may` not be.

    It holds from the time of the act on, which is noted with what has changed, signed as `may` answers; where nothing
    has, nothing is noted. Asked again after a commit whose answer was lost, it finds that all is said already. `still`
    may refuse it, before anything is looked at and with nobody else at it. ActTakenError: it is known as another act.
    """

    def taken(plain: Connection) -> list[SpanChange]:
        wait_for_others(plain, asked.table)
        if known := act_with_id(plain, act.id):
            if (known.kind, known.subject) != (act.kind, act.subject):
                raise ActTakenError(act.id)
            return []
        still(plain)
        return take_told(plain, asked.table, asked.said, asked.told, asked.window, act.at)

    async def work(connection: AsyncConnection) -> list[SpanChange]:
        found = await connection.run_sync(taken)
        allowed = may(found)
        if not found:
            return found
        by = allowed.signed if allowed else act.by
        await connection.run_sync(lambda plain: note_act(plain, act._replace(by=by, after=changes_counted(found))))
        measured_until = await last_end(connection)
        if measured_until is not None:
            await note_stale_of(connection, _touched(found, days, measured_until))
        return found

    return await take_turn(engine, work, Patience(), keep=not dry_run)


def _touched(changes: Iterable[SpanChange], days: AgentDays, measured_until: int) -> Iterator[tuple[str, date]]:
    for change in changes:
        for each in change:
            if each is not None and each.start < measured_until:
                for unit, _, day in days.met(each.agent, each.start, min(each.end, measured_until)):
                    yield unit, day.day
