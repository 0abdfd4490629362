"""Attendance months: closed, told, and corrected by numbers afterwards."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from typing import NamedTuple

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from ccd.bank import attendance
from ccd.bank.asking import Asking
from ccd.bank.month_close import Difference
from ccd.bank.month_rows import Result
from ccd.org.people import Person
from ccd.org.rights import may_close_month
from ccd.web.bank.desk import BankDesk, Flag, Month, Name, Why, sees
from ccd.web.loan_api import FaultSaid
from ccd.web.paging import Paging
from ccd.web.problems import Problem


class MonthSaid(BaseModel):
    """An agent's attendance month, in seconds; `points` that full attendance is worth, `faults` why it is lost; `owed`
    waits, as what is under appeal."""

    agent: str
    unit: str
    full: bool
    points: float
    faults: list[FaultSaid]
    scheduled: int
    signed_in: int
    late: int
    early: int
    off_post: int
    on_leave: int
    offset: int
    taken: int
    owed: int


class ResultSaid(MonthSaid):
    """As attendance was told; `number` counts what it was told of the agent's month."""

    number: int
    by: str
    why: str


class ResultsSaid(BaseModel):
    month: str
    agents: list[ResultSaid]
    next: str | None


class DifferenceSaid(BaseModel):
    given: ResultSaid | None
    now: MonthSaid


class DifferencesSaid(BaseModel):
    month: str
    differences: list[DifferenceSaid]
    next: str | None


class ClosedSaid(BaseModel):
    """`under_appeal`: agents and days of which something waits; `expired`: seconds that nobody used for too long."""

    month: str
    agents: int
    full: int
    under_appeal: list[tuple[str, date]]
    expired: int


class CorrectionAsked(BaseModel):
    """`reopens`: full attendance is judged anew, as an appeal that was lodged in time can ask."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"agent": "1001", "reason": "the appeal was upheld"}]}
    )

    agent: Name
    reason: Why
    reopens: Flag = False


class ClosedMonth(NamedTuple):
    """What attendance was told of each agent, the agents and days of which something waits, and the seconds of whom
    some have expired."""

    given: Sequence[Result]
    under_appeal: list[tuple[str, date]]
    expired: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class MonthActs:
    """As the daemon does them. MonthOpenError: it can't be, and what it waits for."""

    close: Callable[[Asking, str], Awaitable[ClosedMonth]]
    given: Callable[[str], Awaitable[Sequence[Result]]]
    differences: Callable[[str], Awaitable[list[Difference]]]
    correct: Callable[[Asking, str, str, str, bool], Awaitable[Result | None]]
    last: Callable[[str], date]


def months_api(desk: BankDesk, acts: MonthActs) -> APIRouter:
    router = desk.router("/api/months")

    def is_shown(person: Person, month: str, agent: str, unit: str) -> bool:
        line = desk.services().units.with_above(unit, acts.last(month))
        return sees(person, agent, lambda: may_close_month(person, line))

    @router.get("/{month}")
    async def results(
        month: Month,
        asked_page: Paging,
        person: Person = desk.reading,
    ) -> ResultsSaid:
        """What attendance was told last of each agent: of oneself, or of a clerk's units. 404: it is not closed."""
        given = await acts.given(month)
        if not given:
            raise Problem(HTTPStatus.NOT_FOUND, f"{month} is not closed.")
        found = [one for one in given if is_shown(person, month, one.month.agent, one.month.unit)]
        page, more = asked_page.of(found, lambda one: one.month.agent)
        return ResultsSaid(month=month, agents=[result_said(one) for one in page], next=more)

    @router.get("/{month}/differences")
    async def differences(
        month: Month,
        asked_page: Paging,
        person: Person = desk.reading,
    ) -> DifferencesSaid:
        """What attendance would be told otherwise now, since days were measured anew."""
        found = [one for one in await acts.differences(month) if is_shown(person, month, one.now.agent, one.now.unit)]
        page, more = asked_page.of(found, lambda one: one.now.agent)
        said = [
            DifferenceSaid(given=one.given and result_said(one.given), now=MonthSaid(**_figures(one.now)))
            for one in page
        ]
        return DifferencesSaid(month=month, differences=said, next=more)

    @router.post("/{month}/close")
    async def close(month: Month, asking: Asking = desk.acting) -> ClosedSaid:
        """Close a month: what nobody decided on is decided by rule, what the policy lets expire does, and nothing is
        posted in it any more. 409: what it waits for."""
        given, appealed, expired = await acts.close(asking, month)
        full, expired_s = sum(one.month.full for one in given), sum(expired.values())
        return ClosedSaid(month=month, agents=len(given), full=full, under_appeal=appealed, expired=expired_s)

    @router.post("/{month}/corrections")
    async def correct(month: Month, asked: CorrectionAsked, asking: Asking = desk.acting) -> ResultSaid:
        """Tell attendance the next number of an agent's month; where nothing is another, what it was told last."""
        result = await acts.correct(asking, month, asked.agent, asked.reason, asked.reopens)
        if result is None:
            raise Problem(HTTPStatus.NOT_FOUND, f"Attendance was told nothing of {asked.agent} in {month}.")
        return result_said(result)

    return router


def result_said(one: Result) -> ResultSaid:
    return ResultSaid(**_figures(one.month), number=one.number, by=one.by, why=one.why)


def _figures(one: attendance.Month) -> dict[str, object]:
    faults = [FaultSaid(what=fault.what.value, day=fault.day, seconds=fault.seconds) for fault in one.faults]
    return {
        "agent": one.agent, "unit": one.unit, "full": one.full, "points": one.points_100 / attendance.HUNDREDTHS,
        "faults": faults, "scheduled": one.scheduled_s, "signed_in": one.signed_in_s, "late": one.late_s,
        "early": one.early_s, "off_post": one.off_post_s, "on_leave": one.on_leave_s, "offset": one.offset_s,
        "taken": one.taken_s, "owed": one.owed_s,
    }  # fmt: skip
