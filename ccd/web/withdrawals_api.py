"""The calendar of days off, for the agent who would like to take some."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel

from ccd.bank.days_off_calendar import DAYS_MAX, OwnOutlook
from ccd.floor.days import SECOND
from ccd.org.rights import own_agent
from ccd.web.bank.desk import DaysAsked, days_within
from ccd.web.session_api import Token, signed_in
from ccd.web.sessions import Sessions


class OwnSaid(BaseModel):
    """`missing` seconds are planned for the day besides those that could be held. What is approved can be
    cancelled until the end of `cancel_until`; all else as long as it is open. Where the agent has come to be in another
    unit on the day, it is decided in `moved_to`."""

    application: str
    seconds: int
    missing: int
    state: str
    cancel_until: date
    moved_to: str | None


class DaySaid(BaseModel):
    """`agents` more can be off, for `seconds` together (null: for any); both null where nobody has said how many may.
    `allocated_at`, in epoch seconds, is when the places are given out by rule, where they are, by `unit`, the topmost
    that has a quota. A whole day off `costs` so many seconds: none where there is no shift. From `begins` to `ends`, in
    epoch seconds, are its shifts, or the business day where it has none: a night's reach into the next day. Where an
    own application waits for a place, so many are `ahead` of it."""

    day: str
    agents: int | None
    seconds: int | None
    waiting: int
    ahead: int | None
    unit: str | None
    allocated_at: float | None
    costs: int
    begins: float | None
    ends: float | None
    own: list[OwnSaid]


class CalendarSaid(BaseModel):
    days: list[DaySaid]


def withdrawals_api(
    sessions: Sessions, calendar_of: Callable[[str, date, date], Awaitable[list[OwnOutlook]]]
) -> APIRouter:
    """`calendar_of` is asked for an agent's unit, from a day to another."""
    router = APIRouter(prefix="/api/withdrawals")

    @router.get("/calendar")
    async def calendar(
        between: Annotated[DaysAsked, days_within(DAYS_MAX)],
        token: Token = None,
    ) -> CalendarSaid:
        """What is left of each day's places and hours, and the own applications."""
        agent = own_agent((await signed_in(sessions, token)).person)
        return CalendarSaid(days=[day_said(one) for one in await calendar_of(agent, *between)])

    return router


def day_said(of: OwnOutlook) -> DaySaid:
    one, whole = of.outlook, of.whole
    return DaySaid(
        day=one.day.isoformat(),
        agents=one.left.agents if one.left else None,
        seconds=one.left.seconds if one.left else None,
        waiting=one.waiting,
        ahead=one.ahead,
        unit=next(reversed(one.places), None),
        allocated_at=None if one.deadline is None else one.deadline / SECOND,
        costs=whole.costs_s,
        begins=whole.span.start / SECOND if whole.span else None,
        ends=whole.span.end / SECOND if whole.span else None,
        own=[
            OwnSaid(
                application=own.id,
                seconds=own.seconds,
                missing=own.missing_s,
                state=own.state.value,
                cancel_until=whole.cancel_until,
                moved_to=own.moved_to,
            )
            for own in one.own
        ],
    )
