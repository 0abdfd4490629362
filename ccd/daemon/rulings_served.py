"""Rulings and appeals for whoever acts over HTTP."""

from datetime import UTC, date, datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.bank.appeal_rows import lodged
from ccd.bank.appeals import Appeal
from ccd.bank.asking import Asking
from ccd.daemon.appealing import lodge, reject, uphold, withdraw
from ccd.daemon.ruling import About, look, made_between, reverse, rule
from ccd.daemon.site import Current
from ccd.floor.days import SECOND
from ccd.history.reading import reading
from ccd.history.waiting import Waits, waits_for_a_ruling
from ccd.ledger.model import Transfer
from ccd.org.rulings import Ruling
from ccd.web.bank.rulings import Ruled, RulingActs, WaitSaid


def ruling_acts(current: Current, engine: AsyncEngine) -> RulingActs:
    async def ruled(asking: Asking, asked: Ruled) -> Ruling:
        about = About(asked.agent, asked.unit, asked.span)
        return await rule(engine, current.site, asking, about, asked.counts, asked.why)

    async def reversed_(asking: Asking, ref: str, why: str) -> Ruling:
        return await reverse(engine, current.site, asking, ref, why)

    async def waiting(day: date, units: list[str]) -> list[WaitSaid]:
        site, found = current.site, []
        async with reading(engine) as connection:
            for unit in units:
                found += await waits_for_a_ruling(connection, site.measuring, site.policies, unit, day)
        return [_said(one) for one in found]

    async def lodged_now(asking: Asking, agent: str, transfer: Transfer, why: str) -> Appeal:
        return await lodge(engine, current.site, asking, agent, transfer, why)

    async def rejected(asking: Asking, ref: str, why: str) -> Appeal:
        return await reject(engine, current.site, asking, ref, why)

    async def upheld(asking: Asking, ref: str, asked: Ruled) -> Appeal:
        start, end = (datetime.fromtimestamp(at / SECOND, UTC) for at in asked.span)
        return await uphold(engine, current.site, asking, ref, (start, end), asked.counts, asked.why)

    return RulingActs(
        rule=ruled,
        reverse=reversed_,
        between=lambda span: made_between(engine, span),
        waiting=waiting,
        lodge=lodged_now,
        withdraw=lambda asking, ref, why: withdraw(engine, asking, ref, why),
        reject=rejected,
        uphold=upheld,
        lodged=lambda first, last: look(engine, lambda plain: lodged(plain, first, last)),
    )


def _said(one: Waits) -> WaitSaid:
    spans = [(span.start / SECOND, span.end / SECOND) for span in one.spans]
    return WaitSaid(agent=one.agent, unit=one.unit, day=one.day, what=one.what, spans=spans)
