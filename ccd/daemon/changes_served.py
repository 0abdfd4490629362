"""Changes that wait for a second person, for whoever decides them over HTTP."""

import json

from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.bank.asking import Asking
from ccd.daemon.deciding import Deciding, what
from ccd.daemon.site import Current, Site
from ccd.floor.days import SECOND
from ccd.org.proposed import Change
from ccd.web.bank.changes import ChangeDesk, ChangeSaid


def change_desk(current: Current, engine: AsyncEngine) -> ChangeDesk:
    deciding = Deciding(engine, lambda kept: Site(current.site.settings, *kept))

    async def everything() -> list[ChangeSaid]:
        return [_said(one) for one in await deciding.all()]

    async def agree(asking: Asking, number: int, why: str) -> ChangeSaid:
        return _said(await deciding.agree(current.site, asking, number, why))

    async def withdraw(asking: Asking, number: int, why: str) -> ChangeSaid:
        return _said(await deciding.withdraw(asking, number, why))

    return ChangeDesk(everything, agree, withdraw)


def _said(one: Change) -> ChangeSaid:
    said = {
        "change": str(one.number), "kind": one.kind, "what": what(one), "digest": one.digest,
        "effect": json.loads(one.effect), "by": one.by, "at": one.at / SECOND, "reason": one.why, "state": one.state,
        "decided_by": one.decided_by or None,
        "decided_at": None if one.decided_at is None else one.decided_at / SECOND,
    }  # fmt: skip
    return ChangeSaid.model_validate(said)
