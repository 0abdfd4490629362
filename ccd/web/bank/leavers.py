"""Who has left and still has time: named, and what there is handed over to attendance, which settles it with them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from ccd.bank.asking import Asking
from ccd.org.people import Person
from ccd.org.rights import may_hand_over_rest
from ccd.web.bank.desk import BankDesk, Name, Why, sees
from ccd.web.paging import Paging


class LeaverSaid(BaseModel):
    """Who is in no unit any more, the last day and its unit (null: nobody knows that they left), and the seconds that
    are left, or were handed over: 0 where nothing was left."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"agent": "1002", "seconds": 600, "unit": "team-1", "last_day": "2026-11-30"}]}
    )

    agent: str
    seconds: int
    unit: str | None
    last_day: date | None


class LeaversSaid(BaseModel):
    leavers: list[LeaverSaid]
    next: str | None


class HandOverAsked(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"agent": "1002", "reason": "settled with the last wages"}]}
    )

    agent: Name
    reason: Why


@dataclass(frozen=True, slots=True)
class LeaverActs:
    """As the daemon does them. LeavingError: it can't be handed over, and why."""

    all: Callable[[], Awaitable[list[LeaverSaid]]]
    hand_over: Callable[[Asking, str, str], Awaitable[LeaverSaid]]


def leavers_api(desk: BankDesk, acts: LeaverActs) -> APIRouter:
    router = desk.router("/api")

    def is_shown(person: Person, one: LeaverSaid) -> bool:
        if one.unit is None or one.last_day is None:
            return sees(person, one.agent, lambda: may_hand_over_rest(person, (), one.agent))
        line = desk.services().units.with_above(one.unit, one.last_day)
        return sees(person, one.agent, lambda: may_hand_over_rest(person, line, one.agent))

    @router.get("/leavers")
    async def leavers(asked_page: Paging, person: Person = desk.reading) -> LeaversSaid:
        """Who is in no unit any more, and has time: of a clerk's units."""
        found = [one for one in await acts.all() if is_shown(person, one)]
        page, more = asked_page.of(found, lambda one: one.agent)
        return LeaversSaid(leavers=page, next=more)

    @router.post("/leavers/hand-overs")
    async def hand_over(asked: HandOverAsked, asking: Asking = desk.acting) -> LeaverSaid:
        """Post all of it out of the account, and tell attendance of it (`attendance.left`). 409: who is there, or will
        be, spends it themselves; what is owed or held comes first."""
        return await acts.hand_over(asking, asked.agent, asked.reason)

    return router
