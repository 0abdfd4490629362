"""Policies and rules are published: by a person, with the effect that was shown; by the daemon, where nobody could
agree."""

import json
from collections.abc import Iterator, Mapping, Sequence
from socket import gethostname
from types import MappingProxyType
from typing import Final
from uuid import uuid4

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.bank.asking import Asking
from ccd.daemon.judged_by.applied_rules import edit_problem
from ccd.daemon.judged_by.held import edits, held_by_settings
from ccd.daemon.judged_by.imported import published_in
from ccd.daemon.judged_by.published import PolicyVersion, Published, differences, policy_spelled, with_versions
from ccd.daemon.judged_by.published_rules import (
    PublishedRule,
    judged_by,
    rule_differences,
    rules_of,
    spelled_rule,
    with_rules,
)
from ccd.daemon.site import Site
from ccd.errors import ChangeError
from ccd.org.acts import Act, is_noted, note_act
from ccd.org.proposed import (
    AGREED,
    POLICY,
    RULE,
    WITHDRAWN,
    Change,
    Proposed,
    change_with_act,
    decide_change,
    propose_change,
    proposed_changes,
    with_number,
)
from ccd.org.rights import may_publish
from ccd.sql.locks import wait_for_others
from ccd.sql.turns import Patience, take_turn_at_once

CONFIGURATION: Final = "the configuration"
AT_FIRST = "what it began with"
INSTEAD: Final = MappingProxyType({"instead": "another was published of the same"})
KNOWN_BY = "can't be known as {}: another act is. Give it a key of its own"
ALONE = "no second person administers all units"


async def publish_what_holds(engine: AsyncEngine, site: Site, at: int) -> None:
    """By itself: what a ledger begins with, and each change where there is nobody who could agree to it."""

    def work(plain: Connection) -> None:
        wait_for_others(plain, proposed_changes)
        published = published_in(plain)
        for version, why in _not_published(published, site):
            said = as_proposed(version, uuid4().hex, {})
            kind = f"publish {said.kind}"
            note_act(plain, Act(said.act, at, CONFIGURATION, gethostname(), kind, said.subject, "", said.text, why))
            waits = published.waits_as(version)
            decide_change(plain, waits.number if waits else propose_change(plain, said), said.act, AGREED)
            for older in published.waits_instead(said):
                kind, after = f"withdraw {said.kind}", json.dumps(INSTEAD | {"change": older.number})
                gone = Act(uuid4().hex, at, CONFIGURATION, gethostname(), kind, said.subject, "", after, why)
                note_act(plain, gone)
                decide_change(plain, older.number, gone.id, WITHDRAWN)

    await take_turn_at_once(engine, work, Patience())


def _not_published(published: Published, site: Site) -> Iterator[tuple[PolicyVersion | PublishedRule, str]]:
    """What holds all the same, with why: the ledger begins with it, or nobody could agree."""
    policies, rules = published.agreed, published.rules.agreed
    if not (policies and site.needs_second):
        why = ALONE if policies else AT_FIRST
        yield from ((version, why) for version in differences(policies, site.settings.policy))
    if not (rules and site.needs_second):
        why = ALONE if rules else AT_FIRST
        yield from ((rule, why) for rule in rule_differences(rules, rules_of(site.settings)))


async def publish(
    engine: AsyncEngine,
    site: Site,
    asking: Asking,
    shown: Sequence[tuple[PolicyVersion | PublishedRule, Mapping[str, object]]],
    why: str,
) -> list[Change]:
    """What the configuration says, each with the effect that was shown. It holds at once where nobody could agree. What
    waits of the same, and says something else, is withdrawn by it: nobody agrees to what is not meant any more.

    ChangeError where one says otherwise what has held."""
    may_publish(asking.person)
    for version, _ in shown:
        check_not_edited(site, site.published, version, asking.at)

    def work(plain: Connection) -> list[Change]:
        wait_for_others(plain, proposed_changes)
        published = published_in(plain)
        numbers = []
        for count, (version, effect) in enumerate(shown, 1):
            one = asking._replace(act=f"{asking.act}/{count}")
            said = as_proposed(version, one.act, effect)
            if is_noted(plain, one.act):
                if (before := change_with_act(plain, one.act)) is None or before.text != said.text:
                    raise ChangeError(
                        f"of {version.name.removeprefix('the ')}", KNOWN_BY.format(asking.act), "key-taken"
                    )
                continue
            if published.waits_as(version):
                continue
            alone = not site.needs_second or not (published.agreed if said.kind == POLICY else published.rules.agreed)
            by = {"agreed_by": "nobody else: " + ALONE} if alone else {}
            one.noted(plain, f"publish {said.kind}", said.subject, {said.kind: version.name} | by, why)
            numbers.append(propose_change(plain, said))
            for older in published.waits_instead(said):
                gone = one._replace(act=f"{one.act}/{older.number}")
                gone.noted(plain, f"withdraw {said.kind}", said.subject, INSTEAD | {"change": older.number}, why)
                decide_change(plain, older.number, gone.act, WITHDRAWN)
            if alone:
                decide_change(plain, numbers[-1], one.act, AGREED)
        return [found for number in numbers if (found := with_number(plain, number))]

    return await take_turn_at_once(engine, work, Patience())


def as_proposed(version: PolicyVersion | PublishedRule, act: str, effect: Mapping[str, object]) -> Proposed:
    shown = json.dumps(effect, ensure_ascii=False)
    if isinstance(version, PublishedRule):
        return Proposed(act, RULE, version.dotted, spelled_rule(version), shown)
    return Proposed(act, POLICY, version.unit, policy_spelled(version), shown)


def check_not_edited(site: Site, published: Published, version: PolicyVersion | PublishedRule, at: int) -> None:
    """By the rule for every configuration (ccd.daemon.judged_by.held): a new version may hold from any day, one that
    has held is never edited."""
    settings, policies, rules = site.settings, published.agreed, published.rules.agreed
    if not (rules if isinstance(version, PublishedRule) else policies):
        return
    if isinstance(version, PublishedRule):
        before, after = (judged_by(settings, held) for held in (rules, with_rules(rules, [version])))
    else:
        versions = (policies, with_versions(policies, [version]))
        before, after = (settings.model_copy(update={"policy": held}) for held in versions)
    for edit in edits(held_by_settings(before), held_by_settings(after), site.newest_day(at)):
        raise ChangeError(f"of {version.name.removeprefix('the ')}", edit_problem(edit), "change-of-past")
