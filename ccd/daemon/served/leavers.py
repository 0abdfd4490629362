"""Who has left, for whoever hands over what they have over HTTP."""

from collections.abc import Callable

from ccd.bank.asking import Asking
from ccd.daemon.services.leavers import Leaver, Leavers
from ccd.daemon.site import Current
from ccd.ledger.books import Ledger
from ccd.web.bank.leavers import LeaverActs, LeaverSaid


def leaver_acts(current: Current, ledger: Ledger, now: Callable[[], int]) -> LeaverActs:
    """`now` gives µs since the epoch."""

    async def everybody() -> list[LeaverSaid]:
        return [_said(one) for one in await Leavers(ledger, current.site, now).all()]

    async def hand_over(asking: Asking, agent: str, why: str) -> LeaverSaid:
        return _said(await Leavers(ledger, current.site, now).hand_over(asking, agent, why))

    return LeaverActs(everybody, hand_over)


def _said(one: Leaver) -> LeaverSaid:
    unit, last_day = (one.left.unit, one.left.last) if one.left else (None, None)
    return LeaverSaid(agent=one.agent, seconds=one.seconds, unit=unit, last_day=last_day)
