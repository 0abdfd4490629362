"""Policies are published: by a person, with the effect that was shown; by the daemon, where nobody could agree."""

import json
from collections.abc import Mapping, Sequence
from socket import gethostname
from typing import Final
from uuid import uuid4

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.bank.asking import Asking
from ccd.daemon.applied_rules import problem_of
from ccd.daemon.held import edits, held_by
from ccd.daemon.published import Published, Version, differences, spelled, with_versions
from ccd.daemon.site import Site
from ccd.errors import ChangeError
from ccd.org.acts import Act, is_noted, note
from ccd.org.proposed import AGREED, POLICY, Change, Proposed, decide, of_kind, propose, proposed_changes, with_number
from ccd.org.rights import may_publish
from ccd.org.told_rows import wait_for_others
from ccd.sql.turns import Patience, take_turn_at_once

CONFIGURATION: Final = "the configuration"
AT_FIRST = "what it began with"
ALONE = "no second person administers all units"


async def publish_what_holds(engine: AsyncEngine, site: Site, at: int) -> None:
    """By itself: what a ledger begins with, and each change where there is nobody who could agree to it."""

    def work(plain: Connection) -> None:
        wait_for_others(plain, proposed_changes)
        published = Published(tuple(of_kind(plain, POLICY)))
        if published.agreed and site.needs_second:
            return
        why = ALONE if published.agreed else AT_FIRST
        for version in differences(published.agreed, site.settings.policy):
            act = Act(
                uuid4().hex, at, CONFIGURATION, gethostname(), "publish policy", version.unit, "", spelled(version), why
            )
            note(plain, act)
            waits = published.waits_as(version)
            number = waits.number if waits else propose(plain, said_of(version, act.id, {}))
            decide(plain, number, act.id, AGREED)

    await take_turn_at_once(engine, work, Patience())


async def publish(
    engine: AsyncEngine, site: Site, asking: Asking, shown: Sequence[tuple[Version, Mapping[str, object]]], why: str
) -> list[Change]:
    """Versions of the configuration, each with the effect that was shown. It holds at once where nobody could agree.

    ChangeError where one says otherwise what has held."""
    may_publish(asking.person)
    for version, _ in shown:
        check_not_edited(site, site.published, version, asking.at)

    def work(plain: Connection) -> list[Change]:
        wait_for_others(plain, proposed_changes)
        published = Published(tuple(of_kind(plain, POLICY)))
        alone = not site.needs_second or not published.agreed
        numbers = []
        for count, (version, effect) in enumerate(shown, 1):
            one = asking._replace(act=f"{asking.act}/{count}")
            if is_noted(plain, one.act) or published.waits_as(version):
                continue
            after = (
                {"policy": version.name, "agreed_by": "nobody else: " + ALONE} if alone else {"policy": version.name}
            )
            one.noted(plain, "publish policy", version.unit, after, why)
            numbers.append(propose(plain, said_of(version, one.act, effect)))
            if alone:
                decide(plain, numbers[-1], one.act, AGREED)
        return [found for number in numbers if (found := with_number(plain, number))]

    return await take_turn_at_once(engine, work, Patience())


def said_of(version: Version, act: str, effect: Mapping[str, object]) -> Proposed:
    return Proposed(act, POLICY, version.unit, spelled(version), json.dumps(effect, ensure_ascii=False))


def check_not_edited(site: Site, published: Published, version: Version, at: int) -> None:
    """By the rule for every configuration (ccd.daemon.held): a new version may hold from any day, one that has held is
    never edited."""
    agreed = published.agreed
    if not agreed:
        return
    before, after = (
        held_by(site.settings.model_copy(update={"policy": policies}))
        for policies in (agreed, with_versions(agreed, [version]))
    )
    for edit in edits(before, after, site.newest_day(at)):
        raise ChangeError(f"of {version.name.removeprefix('the ')}", problem_of(edit))
