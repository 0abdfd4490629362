"""Changes that wait for a second person: agreed to, or withdrawn, each once (docs/time-bank.md 6)."""

import json
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.bank.asking import Asking
from ccd.daemon.judged_by.imported import Imported, imported, published_in
from ccd.daemon.judged_by.published import version_of
from ccd.daemon.judged_by.published_rules import rule_of
from ccd.daemon.judged_by.publishing import KNOWN_BY, check_not_edited
from ccd.daemon.site import Site
from ccd.errors import ChangeError
from ccd.floor.rules import ALWAYS
from ccd.org.acts import is_noted
from ccd.org.csv_faults import Written
from ccd.org.proposed import (
    AGREED,
    IMPORTED,
    RULE,
    WAITING,
    WITHDRAWN,
    Change,
    decide_change,
    everything,
    proposed_changes,
    with_number,
)
from ccd.org.rights import may_agree, may_publish
from ccd.org.store import take_import
from ccd.sql.locks import wait_for_others
from ccd.sql.turns import Patience, read_in_turn, take_turn_at_once


class Deciding:
    """`described` makes the site of what was imported; FaultsError where that has faults."""

    def __init__(self, engine: AsyncEngine, described: Callable[[Imported], Site]) -> None:
        self._engine, self._described = engine, described

    async def all(self) -> list[Change]:
        return await read_in_turn(self._engine, everything)

    async def agree(self, site: Site, asking: Asking, number: int, why: str) -> Change:
        """From now on it holds. The same act again changes nothing. ChangeError, ChangedMeanwhileError, FaultsError
        where it can't be."""
        change = await read_in_turn(self._engine, lambda plain: _known(plain, number))
        may_agree(asking.person, change.by)
        if change.kind in IMPORTED and change.state == WAITING:  # units may have gone since, and faults come with that
            held = await imported(self._engine)
            self._described(held.with_(change.kind, Written(Path(f"change {number}"), change.text)))

        def apply(plain: Connection) -> None:
            if change.kind not in IMPORTED:
                self._check_not_edited(plain, site, change, asking.at)
                asking.noted(plain, f"agree to {change.kind}", change.subject, {"change": number}, why)
                return
            said = {"change": number, "import": int(change.subject) + 1, "proposed_by": change.by}
            kind, before = change.kind, _import(int(change.subject))
            act = asking.as_act(f"import {kind}", kind, said, why, before=before)
            take_import(plain, kind, change.text, int(change.subject), act)

        return await self._end(asking, number, AGREED, apply)

    async def withdraw(self, asking: Asking, number: int, why: str) -> Change:
        """It never holds. By who proposed it, or any other administrator."""
        change = await read_in_turn(self._engine, lambda plain: _known(plain, number))
        if asking.person.name != change.by:
            may_publish(asking.person)

        def apply(plain: Connection) -> None:
            asking.noted(plain, f"withdraw {change.kind}", change.subject, {"change": number}, why)

        return await self._end(asking, number, WITHDRAWN, apply)

    async def _end(self, asking: Asking, number: int, verdict: str, apply: Callable[[Connection], None]) -> Change:
        def work(plain: Connection) -> Change:
            wait_for_others(plain, proposed_changes)
            change = _known(plain, number)
            if change.state != WAITING:
                if change.end == asking.act:
                    return change
                by = change.decided_by or change.by
                found = f"is {change.state} by {by} already, and stays so: publish anew instead"
                raise ChangeError(str(number), found, "change-decided", by=by)
            if is_noted(plain, asking.act):
                raise ChangeError(str(number), KNOWN_BY.format(asking.act), "key-taken")
            apply(plain)
            decide_change(plain, number, asking.act, verdict)
            return _known(plain, number)

        return await take_turn_at_once(self._engine, work, Patience())

    def _check_not_edited(self, plain: Connection, site: Site, change: Change, at: int) -> None:
        version = rule_of(change) if change.kind == RULE else version_of(change)
        if version is None:
            raise ChangeError(
                str(change.number), "was published by a later ccd, in words that this one does not know", "change-later"
            )
        check_not_edited(site, published_in(plain), version, at)


def what(one: Change) -> str:
    if one.kind == RULE:
        return f"[{one.subject}]"
    if one.kind in IMPORTED:
        return f"the {one.kind}, in place of import {one.subject}"
    since = json.loads(one.text)["from"]
    return f"policy of {one.subject or 'every unit'}{'' if since == str(ALWAYS) else f' from {since}'}"


def _known(plain: Connection, number: int) -> Change:
    if (change := with_number(plain, number)) is None:
        raise ChangeError(
            str(number), "is none: nothing of that number was ever proposed. `ccd change list` names them", "not-found"
        )
    return change


def _import(number: int) -> str:
    return f"import {number}" if number else ""
