"""Changes that wait for a second person, for whoever publishes and decides them over HTTP."""

import asyncio
import json
from collections.abc import Callable
from http import HTTPStatus

from ccd.bank.asking import Asking
from ccd.daemon.judged_by.deciding import Deciding, what
from ccd.daemon.judged_by.unpublished import Publishing, Unpublished
from ccd.daemon.site import Current, Site
from ccd.floor.days import SECOND
from ccd.ledger.books import Ledger
from ccd.org.proposed import Change
from ccd.web.bank.changes import ChangeDesk, ChangeSaid, UnpublishedSaid
from ccd.web.bank.desk import DaysAsked
from ccd.web.problems import body_of


def change_desk(current: Current, ledger: Ledger, now: Callable[[], int]) -> ChangeDesk:
    deciding = Deciding(ledger.engine, lambda kept: Site(current.site.settings, *kept))
    publishing = Publishing(ledger, lambda: current.site, now)
    one_at_a_time = asyncio.Lock()  # days are measured anew for an effect

    async def everything() -> list[ChangeSaid]:
        return [_said(one) for one in await deciding.all()]

    async def agree(asking: Asking, number: int, why: str) -> ChangeSaid:
        return _said(await deciding.agree(current.site, asking, number, why))

    async def withdraw(asking: Asking, number: int, why: str) -> ChangeSaid:
        return _said(await deciding.withdraw(asking, number, why))

    async def unpublished(span: DaysAsked | None) -> list[UnpublishedSaid]:
        async with one_at_a_time:
            return [_not_yet(one) for one in await publishing.shown(span)]

    async def publish(asking: Asking, digests: list[str], span: DaysAsked | None, why: str) -> list[ChangeSaid]:
        async with one_at_a_time:
            return [_said(one) for one in await publishing.publish(asking, digests, span, why)]

    return ChangeDesk(everything, agree, withdraw, unpublished, publish)


def _not_yet(one: Unpublished) -> UnpublishedSaid:
    said = {
        "kind": one.kind, "what": one.version.name, "digest": one.digest, "says": json.loads(one.text),
        "effect": one.effect, "refused": one.refused and body_of(HTTPStatus.CONFLICT, one.refused),
    }  # fmt: skip
    return UnpublishedSaid.model_validate(said)


def _said(one: Change) -> ChangeSaid:
    said = {
        "change": str(one.number), "kind": one.kind, "what": what(one), "digest": one.digest,
        "effect": json.loads(one.effect), "by": one.by, "at": one.at / SECOND, "reason": one.why, "state": one.state,
        "decided_by": one.decided_by or None,
        "decided_at": None if one.decided_at is None else one.decided_at / SECOND,
    }  # fmt: skip
    return ChangeSaid.model_validate(said)
