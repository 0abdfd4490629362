"""Entitlements: HR says what an agent is entitled to, and not why; the days that it reaches are measured anew, in one
transaction."""

from collections.abc import Callable, Iterator
from datetime import date

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ccd.bank.asking import Asking
from ccd.daemon.site import Site
from ccd.errors import EntitlementError
from ccd.history.unit_days import last_end, note_stale_of
from ccd.org.entitlement_rows import add_entitlement, entitlement_with_act, entitlements, entitlements_of
from ccd.org.entitlements import Entitled, Entitlement, check_entitlement
from ccd.org.rights import may_enter_leave, may_read
from ccd.sql.locks import wait_for_others
from ccd.sql.turns import Patience, read_in_turn, take_turn

NO_REASON = "as the personnel office says"  # an act says why, and of this nobody is told


async def entitle(
    engine: AsyncEngine,
    site: Site,
    asking: Asking,
    agent: str,
    first: date,
    until: date | None,
    entitlement: Entitlement | None,
    still: Callable[[list[Entitled]], None] = lambda known: None,
) -> Entitled:
    """From a day until before another, instead of whatever was said of these days before; None: to nothing. The same
    act again changes nothing. EntitlementError where it can't be; `still` may refuse it, of what was said before."""
    made = Entitled(0, asking.act, agent, first, until, entitlement)
    check_entitlement(made)
    may_enter_leave(asking.person, site.all_units, (agent,))  # else where somebody is, is not said either
    unit = site.agent_days.unit(agent, first)
    if unit is None:
        raise EntitlementError(agent, f"has no place on the roster on {first}", "entitlement-nowhere", day=str(first))
    days = site.units.days(unit)
    begins = days.of_date(first).start
    over = None if until is None else days.of_date(until).start
    duties = [may_enter_leave(asking.person, line, (agent,)) for line in _lines(site, agent, begins, over)]

    def written(plain: Connection) -> Entitled:
        wait_for_others(plain, entitlements)
        if known := entitlement_with_act(plain, asking.act):
            if known._replace(number=0) != made:
                raise EntitlementError(
                    agent, f"was said of something else as {asking.act}: choose another key", "key-taken"
                )
            return known
        still(entitlements_of(plain, agent))
        asking.under(*duties).noted(plain, "entitle" if entitlement else "end an entitlement", agent, {}, NO_REASON)
        add_entitlement(plain, made)
        return made

    async def work(connection: AsyncConnection) -> Entitled:
        done = await connection.run_sync(written)
        measured_until = await last_end(connection)
        if measured_until is not None:
            ends = measured_until if over is None else min(measured_until, over)
            met = site.agent_days.met(agent, begins, ends)
            await note_stale_of(connection, [(own.unit, own.day.day) for own in met])
        return done

    return await take_turn(engine, work, Patience())


def _lines(site: Site, agent: str, begins: int, over: int | None) -> Iterator[tuple[str, ...]]:
    """Of each unit in which the agent is meanwhile, wherever it stands then, as far as roster and tree say by now."""
    for unit, start, end in site.roster.stays(agent):
        since = begins if start is None else max(start, begins)
        until = min((at for at in (end, over) if at is not None), default=None)
        if until is None or since < until:
            days = site.units.days(unit)
            first, last = days.at(since).day, date.max if until is None else days.at(until - 1).day
            moves = (day for day in site.units.borders(first, last) if site.units.on(unit, day))
            yield from (site.units.with_above(unit, day) for day in (first, *moves))


async def entitled(engine: AsyncEngine, site: Site, asking: Asking, agent: str) -> list[Entitled]:
    """All that was ever said of an agent, in its order, for whoever says it, and for auditors."""
    may_read(asking.person, lambda: may_enter_leave(asking.person, site.all_units, (agent,)))
    unit = site.roster.unit(agent, asking.at)
    today = site.units.days(unit or "").at(asking.at).day
    if unit is None:
        raise EntitlementError(agent, "has no place on the roster now", "entitlement-nowhere", day=str(today))
    may_read(asking.person, lambda: may_enter_leave(asking.person, site.units.with_above(unit, today), (agent,)))
    return await read_in_turn(engine, lambda plain: entitlements_of(plain, agent))
