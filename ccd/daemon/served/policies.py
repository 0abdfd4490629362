"""Policies for whoever reads them over HTTP."""

from collections.abc import Callable
from datetime import date
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.bank.asking import Asking
from ccd.daemon.judged_by.policies_read import (
    ends_on,
    note_read,
    policies_held,
    policy_held_on,
    published_now,
    read_by,
    whom_it_concerns,
)
from ccd.daemon.judged_by.published import Key, PolicyVersion, version_of
from ccd.daemon.site import Current
from ccd.floor.days import SECOND
from ccd.org.people import Person
from ccd.org.proposed import WAITING, Change, readings
from ccd.org.rights import led_units, readers_shown, reads_all_policies
from ccd.settings.policy_page import keys_of
from ccd.sql.turns import read_in_turn
from ccd.web.bank.policies import PolicyDesk, PolicyKeySaid, PublishedPolicySaid, ReaderSaid, ReadersSaid


def policy_desk(current: Current, engine: AsyncEngine, now: Callable[[], int]) -> PolicyDesk:
    def units_of(person: Person) -> set[str]:
        site = current.site
        own = site.roster.unit(person.agent, now()) if person.agent else None
        led = led_units(person, lambda units: site.with_below(units, now()), site.all_units)
        return {*led, *([own] if own else [])} if not reads_all_policies(person) else set(site.all_units)

    async def shown(person: Person) -> list[PublishedPolicySaid]:
        published, units = await published_now(engine), units_of(person)
        policies = policies_held(published)
        found = [(key, change) for key, change in policies.items() if key[0] in {"", *units}]
        if reads_all_policies(person):
            waiting = [(change, version_of(change)) for change in published.changes if change.state == WAITING]
            found += [(version.key, change) for change, version in waiting if version and version.policy]
        read = await _read(person)
        newest = sorted(found, key=lambda one: (one[0][1], one[1].number), reverse=True)
        return [_said(change, key, ends_on(policies, key), read) for key, change in newest]

    async def on(person: Person, unit: str, day: date | None) -> PublishedPolicySaid | None:
        if unit not in units_of(person):
            return None
        policies = policies_held(await published_now(engine))
        change = policy_held_on(policies, unit, day or current.site.units.days(unit).at(now()).day)
        if change is None:
            return None
        key = next(key for key, one in policies.items() if one == change)
        return _said(change, key, ends_on(policies, key), await _read(person))

    async def read(asking: Asking, agent: str, number: int) -> float:
        return await note_read(engine, asking, number, agent) / SECOND

    async def readers(person: Person, number: int) -> ReadersSaid | None:
        readers_shown(person)
        policies = policies_held(await published_now(engine))
        change = next((one for one in policies.values() if one.number == number), None)
        if change is None:
            return None
        units = units_of(person)
        concerned = whom_it_concerns(current.site, policies, change, now())
        read = {agent: at for agent, at in (await read_by(engine, number)).items() if concerned.get(agent) in units}
        unread = sorted(agent for agent, unit in concerned.items() if unit in units and agent not in read)
        said = [ReaderSaid(agent=agent, at=at / SECOND) for agent, at in read.items()]
        return ReadersSaid(id=str(number), read=said, unread=unread)

    async def _read(person: Person) -> dict[int, int]:
        if (agent := person.agent) is None:
            return {}
        found = await read_in_turn(engine, lambda plain: readings(plain, agent=agent))
        return {number: at for (number, _), at in found.items()}

    return PolicyDesk(shown, on, read, readers)


def _said(change: Change, key: Key, ends: date | None, read: dict[int, int]) -> PublishedPolicySaid:
    version = version_of(change)
    assert isinstance(version, PolicyVersion)
    assert version.policy is not None
    state: Literal["agreed", "waiting"] = "waiting" if change.state == WAITING else "agreed"
    at = read.get(change.number)
    return PublishedPolicySaid(
        id=str(change.number), unit=key[0] or None, starts=key[1], ends=ends, state=state,
        published_at=change.at / SECOND, published_by=change.by, agreed_by=change.decided_by or None, reason=change.why,
        read_at=None if at is None else at / SECOND,
        keys=[PolicyKeySaid(**one._asdict()) for one in keys_of(version.policy)],
    )  # fmt: skip
