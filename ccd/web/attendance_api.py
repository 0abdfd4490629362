"""What attendance is handed of agents' days, for clerks, auditors and other systems that read it (docs/time-bank.md
3.5)."""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from typing import Annotated, Any, NamedTuple
from uuid import uuid4

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, JsonValue

from ccd.bank.asking import Asking
from ccd.org.rights import may_read_attendance
from ccd.web.bank.desk import Between, Name
from ccd.web.bearer import Key, key_that_opens, speaker
from ccd.web.client import address_of
from ccd.web.described import MISSING
from ccd.web.keys import ApiKeys, KeyScope
from ccd.web.paging import LIMIT, After, Limit, cursor_of, name_in
from ccd.web.problems import Problem
from ccd.web.session_api import Token, signed_in
from ccd.web.sessions import Sessions

DAY: dict[str, JsonValue] = {
    "agent": "1001", "day": "2026-11-03", "unit": "team-1", "revision": 1, "scheduled_s": 28_800, "signed_in_s": 27_000,
    "late_s": 420, "early_leave_s": 0, "off_post_s": 0, "leave_s": {"personal": 1_380}, "personal_leave_s": 435,
    "offset_s": 0, "month": "2026-11", "full_attendance": False, "points": 0.0, "given": 1,
}  # fmt: skip


class DayAttended(BaseModel):
    """In seconds. `revision` counts the measurements of the day; `leave_s` is by kind; `personal_leave_s` is what else
    was made leave, and `offset_s` what of all that was offset. What the day's month came to is null while it is open;
    `given` counts what attendance was given of it: 1 is its close, each correction the next."""

    model_config = ConfigDict(json_schema_extra={"examples": [DAY]})

    agent: str
    day: date
    unit: str
    revision: int
    scheduled_s: int
    signed_in_s: int
    late_s: int
    early_leave_s: int
    off_post_s: int
    leave_s: dict[str, int]
    personal_leave_s: int
    offset_s: int
    month: str
    full_attendance: bool | None
    points: float | None
    given: int | None


class DaysAttended(BaseModel):
    """By day and agent; `next` asks for those behind them."""

    days: list[DayAttended]
    next: str | None


class AttendanceAsked(NamedTuple):
    """`own` are the units of which somebody may read, `unit` the one that is asked for; `after`: behind that day of
    that agent."""

    own: frozenset[str]
    unit: str | None
    first: date
    last: date
    after: tuple[date, str] | None
    limit: int


@dataclass(frozen=True, slots=True)
class AttendanceDesk:
    """`days` are at most as many as are asked for, whose reading is noted; NotAllowedError where the unit is none of
    one's own."""

    units: Callable[[], Collection[str]]
    days: Callable[[Asking, AttendanceAsked], Awaitable[list[dict[str, Any]]]]


def attendance_api(sessions: Sessions, keys: ApiKeys, desk: AttendanceDesk, now: Callable[[], int]) -> APIRouter:
    """`now` in µs since the epoch."""
    router = APIRouter(prefix="/api/attendance")

    async def who_asks(request: Request, token: str | None, said: str | None) -> tuple[Asking, frozenset[str]]:
        """Who is signed in; a key speaks where nobody is."""
        address = address_of(request)
        if token is None and said is not None:
            key = await key_that_opens(keys, said, KeyScope.READ_ATTENDANCE, now())
            return Asking(uuid4().hex, speaker(key), address, now()), frozenset(key.units)
        person = (await signed_in(sessions, token)).person
        return Asking(uuid4().hex, person, address, now()), may_read_attendance(person)

    @router.get("/days", responses=MISSING)
    async def days(
        request: Request,
        between: Between,
        unit: Annotated[Name | None, Query(description="With those below it; without it, all of one's own")] = None,
        after: After = None,
        limit: Limit = LIMIT,
        token: Token = None,
        authorization: Key = None,
    ) -> DaysAttended:
        """What attendance is handed of each agent's day, at most 92 days: for an hr_clerk and an auditor, of their
        units, and for a key with the scope `read_attendance` (`Authorization: Bearer`). Who reads is noted."""
        asks, own = await who_asks(request, token, authorization)
        if unit is not None and unit not in desk.units():
            raise Problem(
                HTTPStatus.NOT_FOUND, f"There is no unit {unit}.", because="no-such-unit", facts={"unit": unit}
            )
        place = None if after is None else _place(name_in(after))
        found = await desk.days(asks, AttendanceAsked(own, unit, *between, place, limit + 1))
        page = [DayAttended.model_validate(one) for one in found[:limit]]
        return DaysAttended(days=page, next=_next(page[-1]) if len(found) > limit else None)

    return router


def _next(day: DayAttended) -> str:
    return cursor_of(f"{day.day.isoformat()} {day.agent}")


def _place(name: str) -> tuple[date, str]:
    day, _, agent = name.partition(" ")
    try:
        return date.fromisoformat(day), agent
    except ValueError:
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY, "next: what an answer gave as next is allowed.", because="wrong-place"
        ) from None
