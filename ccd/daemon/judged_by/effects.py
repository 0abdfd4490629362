"""What a change would do, in figures, shown to whoever proposes it and to whoever agrees (docs/time-bank.md 6)."""

import itertools
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from datetime import date, timedelta
from functools import reduce

from ccd.bank.accounts import LEAVE, agent_owner
from ccd.bank.fate import Settlement
from ccd.bank.lab import Tried
from ccd.bank.measured import Measured
from ccd.daemon.judged_by.published import PolicyVersion, with_versions
from ccd.daemon.judged_by.published_rules import REASONS, PublishedRule, judged_by, rules_of, with_rules
from ccd.daemon.judged_by.trying import try_policies
from ccd.daemon.settling import settler_of
from ccd.daemon.site import Site
from ccd.errors import DayWaitsError
from ccd.history.close import Closer
from ccd.history.reading import reading
from ccd.history.unit_days import ended_after, settled_days
from ccd.ledger.books import Ledger
from ccd.org.changes import LineChange, moment
from ccd.settings import Reason
from ccd.settings.judged import judgements

Effect = dict[str, object]
Days = tuple[date, date]

DAYS = 28  # of a unit's newest settled days, where nobody says which
SETTLED_MAX = 62  # days of units whose new settlement is reckoned before somebody agrees to it
NO_HISTORY: Effect = {"history": "none"}
FROM_THEN_ON: Effect = {"holds": "from then on"}


async def days_to_try(ledger: Ledger, units: Iterable[str], span: Days | None) -> list[tuple[date, str]]:
    """The settled days of these units in a span; where nobody says which, the newest."""
    async with reading(ledger.engine) as connection:
        known = await settled_days(connection, sorted(units))
    if not known:
        return []
    newest = known[-1][0]
    first, last = span or (newest - timedelta(days=DAYS - 1), newest)
    return [(day, unit) for day, unit in known if first <= day <= last]


def units_judged(site: Site, version: PolicyVersion) -> list[str]:
    """Those of whose agents it would be the policy."""
    own = {policy.unit for policy in (*site.settings.policy, *site.wished.policy)}
    return [version.unit] if version.unit else [unit for unit in site.rostered_units if unit not in own]


async def effect_of_policy(
    ledger: Ledger,
    site: Site,
    version: PolicyVersion,
    days: list[tuple[date, str]],
    now: Callable[[], int],
    progress: Callable[[], object],
) -> Effect:
    """As if it had held on these days. DayWaitsError where one is not over."""
    if not days:
        return NO_HISTORY
    found = await try_policies(ledger, _as_if_held(site, version, days[0][0]), days, now, progress)
    return {"from": str(days[0][0]), "to": str(days[-1][0]), **_sums(found)} if found else NO_HISTORY


async def effect_of_rule(
    ledger: Ledger,
    site: Site,
    rule: PublishedRule,
    days: list[tuple[date, str]],
    now: Callable[[], int],
    progress: Callable[[], object],
) -> Effect:
    """Of a reason, as if what it comes to say had held on all of these days. How seats are seen, which queues and the
    floor say, is seen otherwise from then on; what was observed stays. DayWaitsError where a day is not over."""
    if rule.table != REASONS:
        return FROM_THEN_ON
    if not days:
        return NO_HISTORY
    assert rule.says is None or isinstance(rule.says, Reason)
    always = rule.says and Reason(**list(judgements(rule.says))[-1][1]._asdict())
    settings = judged_by(site.settings, with_rules(rules_of(site.settings), [rule._replace(says=always)]))
    trial = Site(settings, site.roster_said, site.organisation_said, site.people_said)
    found = await try_policies(ledger, trial, days, now, progress)
    return {"from": str(days[0][0]), "to": str(days[-1][0]), **_sums(found)} if found else NO_HISTORY


def _sums(found: list[Tried]) -> Effect:
    return {
        "agents": len(found),
        "better": sum(one.then.net_s > one.now.net_s for one in found),
        "worse": sum(one.then.net_s < one.now.net_s for one in found),
        "now": reduce(lambda sums, one: sums.plus(one), (one.now for one in found))._asdict(),
        "then": reduce(lambda sums, one: sums.plus(one), (one.then for one in found))._asdict(),
    }


def _as_if_held(site: Site, version: PolicyVersion, first: date) -> Site:
    """On `first` and all days after it; where it ends a policy, what held before that one does."""
    policies = with_versions(site.settings.policy, [version])
    own = [policy for policy in policies if (policy.unit or "") == version.unit and policy.starts <= version.starts]
    others = [policy for policy in policies if (policy.unit or "") != version.unit]
    held = [policy for policy in own if policy.starts < first]
    last = [own[-1].model_copy(update={"starts": first})] if own else []
    return site.judged_by((*others, *held, *last))


async def effect_of_roster(
    ledger: Ledger, site: Site, lines: Iterable[LineChange], since: int, now: Callable[[], int]
) -> Effect:
    """Which days are measured anew by the site's roster, and what each agent would have more or less (`seconds`); none
    of the latter of more days than are reckoned at once, nor where one of them waits."""
    changed = [entry for line in lines for entry in line if entry is not None]
    agents, seats = {entry.agent for entry in changed}, {entry.interface for entry in changed}
    near = (entry.unit for entry in site.roster.entries if entry.agent in agents or entry.interface in seats)
    return await _measured_anew(ledger, site, agents, {*near, *(entry.unit for entry in changed)}, since, now)


async def effect_of_shares(
    ledger: Ledger, site: Site, agents: Collection[str], since: int | None, now: Callable[[], int]
) -> Effect:
    """The same of agents who have another share of a contract from then on."""
    units = {entry.unit for entry in site.roster.entries if entry.agent in agents}
    return await _measured_anew(ledger, site, agents, units, since or 0, now)


async def _measured_anew(
    ledger: Ledger, site: Site, agents: Collection[str], units: Collection[str], since: int, now: Callable[[], int]
) -> Effect:
    """Of days that there are."""
    async with reading(ledger.engine) as connection:
        days = await ended_after(connection, since)
    asked = sorted(itertools.product({each.day for each in days}, units))
    said: Effect = {
        "since": moment(since, site.settings.timezone) if since else "ever",
        "agents": sorted(agents),
        "measured_days": len(days),
        "units": sorted({each.unit for each in days}),
        "from": str(min(each.day for each in days)),
        "to": str(max(each.day for each in days)),
        "seconds": None,
    }
    if len(asked) <= SETTLED_MAX:
        try:
            said["seconds"] = await _settled_anew(ledger, site, asked, now)
        except DayWaitsError:
            return said
    return said


async def _settled_anew(
    ledger: Ledger, site: Site, days: list[tuple[date, str]], now: Callable[[], int]
) -> dict[str, int]:
    """By agent, where it is not nothing: each day of a unit for itself, and nothing is written."""

    async def rehearse(measured: Iterable[Measured], dry_run: bool) -> Settlement:
        return await settler_of(ledger, site, now).settle(measured, dry_run)

    units = {*site.rostered_units, *(unit for _, unit in days)}
    closer = Closer(
        ledger.engine, site.measured_by._replace(units=units), [pbx.name for pbx in site.settings.pbx], rehearse, now,
        site.settings.settle_wait_s_max,
    )  # fmt: skip
    found: Counter[str] = Counter()
    for day, unit in days:
        closed = await closer.close(unit, day, dry_run=True)
        for settled in closed.settlement.days:
            owner = agent_owner(settled.agent)
            for leg in settled.legs:
                for account, sign in ((leg.credit, 1), (leg.debit, -1)):
                    if account.owner == owner:
                        found[settled.agent] += (-sign if account.kind == LEAVE else sign) * leg.seconds
    return {agent: seconds for agent, seconds in sorted(found.items()) if seconds}
