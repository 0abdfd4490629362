"""Rulings on agents' time: the row, the act, and the days that have to be measured anew, in one transaction."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ccd.bank.asking import Asking
from ccd.daemon.site import Site
from ccd.errors import RulingError
from ccd.floor.own_days import OwnDay
from ccd.floor.spans import Span, span_of
from ccd.history.unit_days import note_stale_of
from ccd.org.rights import may_rule
from ccd.org.ruling_rows import add_ruling, reversal_of_ruling, ruling_with_ref, rulings, rulings_between
from ccd.org.rulings import AS_MEASURED, Ruling, check_ruling
from ccd.sql.locks import wait_for_others
from ccd.sql.turns import Patience, read_in_turn, take_turn


class About(NamedTuple):
    """An agent's time, or that of all who are there of a unit: one of the two is None."""

    agent: str | None
    unit: str | None
    span: Span

    @property
    def name(self) -> str:
        return self.agent or self.unit or ""


async def rule(engine: AsyncEngine, site: Site, asking: Asking, about: About, counts: str, why: str) -> Ruling:
    """The same act again changes nothing. RulingError where it can't be, ActNotAllowedError where the person may not:
    it takes the right in each unit in which somebody whom it reaches has such a day, and reaches not the person."""
    _may_rule_somewhere(site, asking, about.agent)
    unit = about.unit or site.roster.unit(about.name, about.span.start) or ""
    policy = site.policies.policy_at(unit, site.units.days(unit).at(about.span.start).day)
    check_ruling(about.name, about.span, counts, policy.rulings.days_max, asking.at)
    reached = _reached(site, about)
    asking = may_rule_on(site, asking, reached)
    made = Ruling(0, asking.act, about.agent, about.unit, *about.span, counts, None)
    return await _take(engine, asking, reached, lambda _: made, why)


async def reverse_ruling(engine: AsyncEngine, site: Site, asking: Asking, ref: str, why: str) -> Ruling:
    """What a ruling said is as if it had never been said. The same act again changes nothing."""
    _may_rule_somewhere(site, asking, None)
    found = await read_in_turn(engine, lambda plain: ruling_with_ref(plain, ref))
    if found is None:
        raise RulingError(
            ref, "is none: nothing of that name was ever ruled. `ccd bank ruling list` names them", "not-found"
        )
    reached = _reached(site, About(found.agent, found.unit, span_of(found)))
    asking = may_rule_on(site, asking, reached)

    def made(plain: Connection) -> Ruling:
        if found.reverses is not None:
            raise RulingError(ref, f"reverses {found.reverses} already: rule anew instead", "ruling-reversed")
        by = reversal_of_ruling(plain, ref)
        if by is not None and by.ref != asking.act:
            raise RulingError(ref, f"was reversed before, as {by.ref}", "ruling-reversed")
        return found._replace(ref=asking.act, counts=AS_MEASURED, reverses=ref)

    return await _take(engine, asking, reached, made, why)


def reach(site: Site, about: About) -> Iterator[tuple[str, OwnDay]]:
    """Whose days it is about: those of an agent, or of everybody who is in the unit, or below it, on such a day."""
    for agent in site.roster.agents if about.agent is None else (about.agent,):
        for own in site.agent_days.met(agent, *about.span):
            if about.unit is None or about.unit in site.units.with_above(own.unit, own.day.day):
                yield agent, own


def _reached(site: Site, about: About) -> list[tuple[str, OwnDay]]:
    """Somebody's days, or nobody could be asked for the right in their units."""
    found = list(reach(site, about))
    if not found:
        raise RulingError(
            about.name, "reaches nobody: no agent of that name or unit is on the roster then", "ruling-nobody"
        )
    return found


def _may_rule_somewhere(site: Site, asking: Asking, agent: str | None) -> None:
    """Asked before all else: who rules nowhere is not told who is on the roster, nor what was ruled."""
    may_rule(asking.person, site.all_units, () if agent is None else (agent,))


def may_rule_on(site: Site, asking: Asking, reached: list[tuple[str, OwnDay]]) -> Asking:
    """As it is asked under the duties that it takes."""
    agents = {agent for agent, _ in reached}
    lines = [site.units.with_above(*each) for each in sorted({(own.unit, own.day.day) for _, own in reached})]
    return asking.under(*(may_rule(asking.person, line, agents) for line in lines))


async def made_between(engine: AsyncEngine, span: Span) -> list[Ruling]:
    """All that reach into it, in the order in which they were made."""
    return await read_in_turn(engine, lambda plain: rulings_between(plain, *span))


async def _take(
    engine: AsyncEngine,
    asking: Asking,
    reached: list[tuple[str, OwnDay]],
    make: Callable[[Connection], Ruling],
    why: str,
) -> Ruling:
    if not why.strip():
        raise RulingError(asking.act, "gives no reason: say in words why", "no-reason")

    def written(plain: Connection) -> Ruling:
        wait_for_others(plain, rulings)
        made = make(plain)
        if known := ruling_with_ref(plain, asking.act):
            if known._replace(number=0) != made._replace(number=0):
                raise RulingError(
                    asking.act, "was made before, and says something else: choose another key", "key-taken"
                )
            return known
        said = {"from": made.start, "to": made.end, "counts": made.counts}
        kind = "rule" if made.reverses is None else "reverse a ruling"
        asking.noted(plain, kind, made.agent or made.unit or "", said, why, before=made.reverses or "")
        add_ruling(plain, made)
        return made

    async def work(connection: AsyncConnection) -> Ruling:
        made = await connection.run_sync(written)
        await note_stale_of(connection, {(own.unit, own.day.day) for _, own in reached})
        return made

    return await take_turn(engine, work, Patience())
