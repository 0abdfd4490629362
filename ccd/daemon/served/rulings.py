"""Rulings and appeals for whoever acts over HTTP."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.bank.appeals import Appeal
from ccd.bank.asking import Asking
from ccd.bank.statement import facts_for_people
from ccd.daemon.explained.explaining import explaining
from ccd.daemon.services.appealing import lodge_appeal, reject, uphold, withdraw_appeal
from ccd.daemon.services.ruling import About, made_between, reverse_ruling, rule
from ccd.daemon.site import Current
from ccd.floor.days import SECOND
from ccd.floor.spans import Span
from ccd.history.reading import reading
from ccd.history.waiting import WaitsForRuling, waits_for_a_ruling
from ccd.ledger.model import Transfer
from ccd.live.board import PERSONAL
from ccd.org.rulings import Ruling
from ccd.web.bank.rulings import AppealedSaid, RulingActs, RulingToMake, WaitSaid


def ruling_acts(current: Current, engine: AsyncEngine) -> RulingActs:
    async def ruled(asking: Asking, asked: RulingToMake) -> Ruling:
        about = About(asked.agent, asked.unit, asked.span)
        return await rule(engine, current.site, asking, about, asked.counts, asked.why)

    async def waiting(day: date, units: list[str]) -> list[WaitSaid]:
        site, found = current.site, []
        async with reading(engine) as connection:
            for unit in units:
                found += await waits_for_a_ruling(connection, site.measuring, site.policies, unit, day)
        return [_said(one) for one in found]

    async def upheld(asking: Asking, ref: str, span: Span, counts: str, why: str) -> Appeal:
        start, end = (datetime.fromtimestamp(at / SECOND, UTC) for at in span)
        return await uphold(engine, current.site, asking, ref, (start, end), counts, why)

    async def explained(transfer: Transfer) -> AppealedSaid:
        return appealed_of(await explaining(current, engine).told(transfer, False), current.site.is_personal)

    return RulingActs(
        rule=ruled,
        reverse=lambda asking, ref, why: reverse_ruling(engine, current.site, asking, ref, why),
        between=lambda span: made_between(engine, span),
        waiting=waiting,
        lodge=lambda asking, agent, line, why: lodge_appeal(engine, current.site, asking, agent, line, why),
        withdraw=lambda asking, ref, why: withdraw_appeal(engine, asking, ref, why),
        reject=lambda asking, ref, why: reject(engine, current.site, asking, ref, why),
        uphold=upheld,
        explained=explained,
    )


def appealed_of(told: Mapping[str, Any], is_personal: Callable[[str], bool]) -> AppealedSaid:
    """Of what is told to the agent, what whoever decides has to know: no raw events, and no reason that is personal."""
    moved, posted = told["moves"][0], told["posted"]
    parts = told["day"]["parts"] if told["day"] else []
    spans = [
        {"start": part["start"], "end": part["end"], "counts_as": part["is"], "reasons": _reasons(part, is_personal)}
        for part in parts
    ]
    return AppealedSaid.model_validate(
        {"transfer": told["transfer"], "day": moved["day"], "service": moved["service"], "amount": told["amount"],
         "leave": told["leave"], "text": posted["text"], "spans": spans,
         "facts": facts_for_people(json.dumps(dict(posted["facts"])))}
    )  # fmt: skip


def _reasons(part: Mapping[str, Any], is_personal: Callable[[str], bool]) -> list[str]:
    found = (seen["reason"] for seen in part["seen"] if seen["reason"])
    return list(dict.fromkeys(PERSONAL if is_personal(reason) else reason for reason in found))


def _said(one: WaitsForRuling) -> WaitSaid:
    spans = [(span.start / SECOND, span.end / SECOND) for span in one.spans]
    return WaitSaid(agent=one.agent, unit=one.unit, day=one.day, what=one.what, spans=spans)
