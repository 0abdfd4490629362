"""Changes that wait for a second person: agreed to, or withdrawn, each once (docs/time-bank.md 6)."""

import json
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.bank.asking import Asking
from ccd.daemon.imported import Imported, imported
from ccd.daemon.published import Published, version_of
from ccd.daemon.publishing import check_not_edited
from ccd.daemon.ruling import look
from ccd.daemon.site import Site
from ccd.errors import ChangeError
from ccd.floor.rules import ALWAYS
from ccd.org.csv_faults import Written
from ccd.org.proposed import (
    AGREED,
    POLICY,
    ROSTER,
    WAITING,
    WITHDRAWN,
    Change,
    decide,
    everything,
    of_kind,
    proposed_changes,
    with_number,
)
from ccd.org.rights import may_agree, may_publish
from ccd.org.store import take
from ccd.org.told_rows import wait_for_others
from ccd.sql.turns import Patience, take_turn_at_once


class Deciding:
    """`described` makes the site of what was imported; FaultsError where that has faults."""

    def __init__(self, engine: AsyncEngine, described: Callable[[Imported], Site]) -> None:
        self._engine, self._described = engine, described

    async def all(self) -> list[Change]:
        return await look(self._engine, everything)

    async def agree(self, site: Site, asking: Asking, number: int, why: str) -> Change:
        """From now on it holds. The same act again changes nothing. ChangeError, ChangedMeanwhileError, FaultsError
        where it can't be."""
        change = await look(self._engine, lambda plain: _known(plain, number))
        may_agree(asking.person, change.by)
        if change.kind == ROSTER and change.state == WAITING:  # units may have gone since, and faults come with that
            held = await imported(self._engine)
            self._described(held.with_(ROSTER, Written(Path(f"change {number}"), change.text)))

        def apply(plain: Connection) -> None:
            if change.kind == POLICY:
                self._check_policy(plain, site, change, asking.at)
                asking.noted(plain, "agree to policy", change.subject, {"change": number}, why)
                return
            said = {"change": number, "import": int(change.subject) + 1, "proposed_by": change.by}
            act = asking.as_act("import roster", ROSTER, said, why, before=_import(int(change.subject)))
            take(plain, ROSTER, change.text, int(change.subject), act)

        return await self._end(asking, number, AGREED, apply)

    async def withdraw(self, asking: Asking, number: int, why: str) -> Change:
        """It never holds. By who proposed it, or any other administrator."""
        change = await look(self._engine, lambda plain: _known(plain, number))
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
                raise ChangeError(str(number), f"is {change.state} by {by} already, and stays so: publish anew instead")
            apply(plain)
            decide(plain, number, asking.act, verdict)
            return _known(plain, number)

        return await take_turn_at_once(self._engine, work, Patience())

    def _check_policy(self, plain: Connection, site: Site, change: Change, at: int) -> None:
        if (version := version_of(change)) is None:
            raise ChangeError(str(change.number), "was published by a later ccd, in words that this one does not know")
        check_not_edited(site, Published(tuple(of_kind(plain, POLICY))), version, at)


def what(one: Change) -> str:
    if one.kind != "policy":
        return f"the {one.kind}, in place of import {one.subject}"
    since = json.loads(one.text)["from"]
    return f"policy of {one.subject or 'every unit'}{'' if since == str(ALWAYS) else f' from {since}'}"


def _known(plain: Connection, number: int) -> Change:
    if (change := with_number(plain, number)) is None:
        raise ChangeError(
            str(number), "is none: nothing of that number was ever proposed. `ccd change list` names them"
        )
    return change


def _import(number: int) -> str:
    return f"import {number}" if number else ""
