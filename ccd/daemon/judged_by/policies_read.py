"""Which published policy is an agent's on a day, and who has read it (docs/time-bank.md 7)."""

from datetime import date

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.bank.asking import Asking
from ccd.daemon.judged_by.published import Key, Published, version_of
from ccd.daemon.site import Site
from ccd.errors import ChangeError
from ccd.org.proposed import AGREED, POLICY, Change, note_policy_read, of_kind, readings
from ccd.sql.turns import Patience, read_in_turn, take_turn_at_once

READ = "it was shown, and said to be read"


async def published_now(engine: AsyncEngine) -> Published:
    return await read_in_turn(engine, lambda plain: Published(tuple(of_kind(plain, POLICY))))


def policies_held(published: Published) -> dict[Key, Change]:
    """What was agreed to last of each unit and day, by both: the policies that hold, held, or will."""
    found: dict[Key, Change | None] = {}
    for change in published.changes:
        if change.state == AGREED and (version := version_of(change)) is not None:
            found[version.key] = change if version.policy else None
    return {key: change for key, change in sorted(found.items()) if change is not None}


def policy_held_on(policies: dict[Key, Change], unit: str, day: date) -> Change | None:
    """The unit's own before that of all units, as ccd.bank.policy.Policies has it."""
    for whose in (unit, ""):
        own = [change for (of, starts), change in policies.items() if of == whose and starts <= day]
        if own:
            return own[-1]
    return None


def ends_on(policies: dict[Key, Change], key: Key) -> date | None:
    """The first day on which the unit's next one holds."""
    unit, starts = key
    return next((later for of, later in policies if of == unit and later > starts), None)


def whom_it_concerns(site: Site, policies: dict[Key, Change], change: Change, at: int) -> dict[str, str]:
    """The agents on the roster at an instant, µs, whose policy it is, or will be, each with the unit."""
    starts = next(starts for (_, starts), one in policies.items() if one == change)
    days: dict[str, bool] = {}
    for unit in site.rostered_units:
        day = max(starts, site.units.days(unit).at(at).day)
        days[unit] = policy_held_on(policies, unit, day) == change
    units = {owner.agent: site.roster.unit(owner.agent, at) or "" for owner in site.everybody(at)}
    return {agent: unit for agent, unit in units.items() if days.get(unit)}


async def note_read(engine: AsyncEngine, asking: Asking, number: int, agent: str) -> int:
    """When the agent has read it first, µs; again changes nothing. ChangeError where it is none that holds."""

    def work(plain: Connection) -> int:
        if at := readings(plain, change=number, agent=agent).get((number, agent)):
            return at
        if number not in {one.number for one in policies_held(Published(tuple(of_kind(plain, POLICY)))).values()}:
            raise ChangeError(str(number), "is no policy that was agreed to", "not-found")
        asking.noted(plain, "read policy", agent, {"policy": number}, READ)
        note_policy_read(plain, number, agent, asking.act)
        return asking.at

    return await take_turn_at_once(engine, work, Patience())


async def read_by(engine: AsyncEngine, number: int) -> dict[str, int]:
    """When who has read it, µs, by agent."""
    found = await read_in_turn(engine, lambda plain: readings(plain, change=number))
    return {agent: at for (_, agent), at in sorted(found.items(), key=lambda one: one[0][1])}
