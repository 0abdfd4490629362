"""Rulings on agents' time, what waits for one, and appeals."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, timedelta
from http import HTTPStatus
from typing import Annotated, Literal, NamedTuple

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from ccd.bank.appeals import Appeal
from ccd.bank.asking import Asking
from ccd.floor.days import SECOND
from ccd.floor.expected import Span
from ccd.ledger.model import Transfer
from ccd.org.people import Person
from ccd.org.rights import may_rule
from ccd.org.rulings import Ruling
from ccd.web.bank.desk import (
    DONE,
    MADE,
    READ,
    Bank,
    Desk,
    FromDay,
    Moment,
    Name,
    ToDay,
    Why,
    allowed,
    check_days,
    sees,
)
from ccd.web.explain_api import TRANSFER
from ccd.web.paging import LIMIT, After, Limit, paged
from ccd.web.problems import Problem

Counts = Literal["available", "exempt", "aux", "left_out", "as_measured"]
WAITING_DAYS_MAX = 7


class RulingAsked(BaseModel):
    """Of an agent's time, or of that of all who were there of a unit: one of the two."""

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
        json_schema_extra={
            "examples": [
                {"agent": "1001", "from": 1795500000.0, "to": 1795503600.0, "counts": "available",
                 "reason": "the telephone was being mended"}
            ]
        },
    )  # fmt: skip

    agent: Name | None = None
    unit: Name | None = None
    starts: Annotated[Moment, Field(alias="from")]
    ends: Annotated[Moment, Field(alias="to")]
    counts: Counts
    reason: Why


class RulingSaid(BaseModel):
    """`reverses` names the ruling that is as if it had never been made."""

    ruling: str
    agent: str | None
    unit: str | None
    starts: float
    ends: float
    counts: str
    reverses: str | None


class RulingsSaid(BaseModel):
    rulings: list[RulingSaid]
    next: str | None


class ReversalAsked(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"ruling": "7f3a", "reason": "of the wrong day"}]}
    )

    ruling: Name
    reason: Why


class WaitSaid(BaseModel):
    """What nobody saw, could not be reached, or was a long other call, in spans of epoch seconds; or an appeal."""

    agent: str
    unit: str
    day: date
    what: str
    spans: list[tuple[float, float]]


class WaitingSaid(BaseModel):
    waiting: list[WaitSaid]
    next: str | None


class AppealAsked(BaseModel):
    """Against a line of the own statement."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"transfer": "1234.1", "reason": "I was in a training"}]}
    )

    transfer: Annotated[str, Field(pattern=TRANSFER)]
    reason: Why


class AppealSaid(BaseModel):
    """`state`: open, upheld (with a ruling), rejected, withdrawn (by the agent)."""

    appeal: str
    agent: str
    unit: str
    day: date
    transfer: str
    state: str
    ruling: str | None


class AppealsSaid(BaseModel):
    appeals: list[AppealSaid]
    next: str | None


class AppealDecisionAsked(BaseModel):
    """Upheld it is with what a span of its day counts as."""

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
        json_schema_extra={"examples": [{"appeal": "7f3a", "verdict": "rejected", "reason": "it was a break"}]},
    )

    appeal: Name
    verdict: Literal["rejected", "upheld"]
    starts: Annotated[Moment | None, Field(alias="from")] = None
    ends: Annotated[Moment | None, Field(alias="to")] = None
    counts: Counts | None = None
    reason: Why


class AppealWithdrawalAsked(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"appeal": "7f3a", "reason": "settled"}]})

    appeal: Name
    reason: Why


class Ruled(NamedTuple):
    """What is asked: about whom, one of the two, and what it counts as."""

    agent: str | None
    unit: str | None
    span: Span
    counts: str
    why: str


@dataclass(frozen=True, slots=True)
class RulingActs:
    """As the daemon does them; `waiting` of some units' day. RulingError, AppealError: it can't be."""

    rule: Callable[[Asking, Ruled], Awaitable[Ruling]]
    reverse: Callable[[Asking, str, str], Awaitable[Ruling]]
    between: Callable[[Span], Awaitable[list[Ruling]]]
    waiting: Callable[[date, list[str]], Awaitable[list[WaitSaid]]]
    lodge: Callable[[Asking, str, Transfer, str], Awaitable[Appeal]]
    withdraw: Callable[[Asking, str, str], Awaitable[Appeal]]
    reject: Callable[[Asking, str, str], Awaitable[Appeal]]
    uphold: Callable[[Asking, str, Ruled], Awaitable[Appeal]]
    lodged: Callable[[date, date], Awaitable[list[Appeal]]]


def rulings_api(desk: Desk, acts: RulingActs) -> APIRouter:
    router = desk.router("/api")
    _rulings(router, desk, acts)
    _waiting(router, desk, acts)
    _appeals(router, desk, acts)
    return router


def _rulings(router: APIRouter, desk: Desk, acts: RulingActs) -> None:
    @router.post("/rulings", status_code=HTTPStatus.CREATED, responses=MADE)
    async def rule(asked: RulingAsked, asking: Asking = desk.acting) -> RulingSaid:
        """Rule on a span: the days that it reaches are measured anew within seconds, and the difference is posted."""
        if (asked.agent is None) == (asked.unit is None):
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "A ruling is about an agent or a unit: name one of them.")
        if asked.unit is not None:
            desk.bank().check_unit(asked.unit)
        span = Span(_us(asked.starts), _us(asked.ends))
        return said_of(await acts.rule(asking, Ruled(asked.agent, asked.unit, span, asked.counts, asked.reason)))

    @router.post("/rulings/reversals", status_code=HTTPStatus.CREATED, responses=MADE)
    async def reverse(asked: ReversalAsked, asking: Asking = desk.acting) -> RulingSaid:
        """Reverse a ruling: it is as if it had never been made; both stay on record."""
        return said_of(await acts.reverse(asking, asked.ruling, asked.reason))

    @router.get("/rulings", responses=READ)
    async def rulings(
        response: Response,
        first: FromDay,
        last: ToDay,
        after: After = None,
        limit: Limit = LIMIT,
        person: Person = desk.reading,
    ) -> RulingsSaid:
        """What was ruled of these days: of oneself, and in units in which who is signed in rules."""
        check_days(first, last)
        bank, days = desk.bank(), desk.bank().units.days("")

        def is_shown(one: Ruling) -> bool:
            day = bank.today("", one.start)
            unit = one.unit or bank.days.unit(one.agent or "", day) or ""
            return sees(person, one.agent or "", lambda: may_rule(person, bank.units.with_above(unit, day), ()))

        found = await acts.between(Span(days.of_date(first).start, days.of_date(last).end))
        response.headers["Cache-Control"] = "no-store"
        page, more = paged([one for one in found if is_shown(one)], lambda one: f"{one.number:020}", after, limit)
        return RulingsSaid(rulings=[said_of(one) for one in page], next=more)


def _waiting(router: APIRouter, desk: Desk, acts: RulingActs) -> None:
    @router.get("/rulings/waiting", responses=READ)
    async def waiting(
        response: Response,
        first: FromDay,
        last: ToDay,
        after: After = None,
        limit: Limit = LIMIT,
        person: Person = desk.reading,
    ) -> WaitingSaid:
        """What waits for a ruling, of at most a week, in units in which who is signed in rules."""
        if not 0 <= (last - first).days < WAITING_DAYS_MAX:
            detail = f"from {first} to {last}: allowed are 1 to {WAITING_DAYS_MAX} days."
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail)
        bank, found = desk.bank(), []
        for number in range((last - first).days + 1):
            day = first + timedelta(days=number)
            found += await acts.waiting(day, [unit for unit in bank.known if _rules(bank, unit, day, person)])
        response.headers["Cache-Control"] = "no-store"
        page, more = paged(found, lambda one: f"{one.day}/{one.unit}/{one.agent}/{one.what}", after, limit)
        return WaitingSaid(waiting=page, next=more)


def _appeals(router: APIRouter, desk: Desk, acts: RulingActs) -> None:
    @router.post("/appeals", status_code=HTTPStatus.CREATED, responses=MADE)
    async def lodge(asked: AppealAsked, asking: Asking = desk.acting) -> AppealSaid:
        """Appeal against a line of the own statement, within the days that the policy gives."""
        agent = asking.person.agent
        if agent is None:
            raise Problem(HTTPStatus.FORBIDDEN, "Agents appeal, against lines of their own statements.")
        transfer = Transfer(*map(int, asked.transfer.split(".")))
        return appeal_said(await acts.lodge(asking, agent, transfer, asked.reason))

    @router.post("/appeals/decisions", responses=DONE)
    async def decide(asked: AppealDecisionAsked, asking: Asking = desk.acting) -> AppealSaid:
        """Reject an appeal, or uphold it: its day is measured anew. The appellant's own leader does not decide it."""
        if asked.verdict == "rejected":
            return appeal_said(await acts.reject(asking, asked.appeal, asked.reason))
        if asked.starts is None or asked.ends is None or asked.counts is None:
            detail = "Upheld it is with what a span counts as: from, to and counts are needed."
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail)
        span = Span(_us(asked.starts), _us(asked.ends))
        upheld = await acts.uphold(asking, asked.appeal, Ruled(None, None, span, asked.counts, asked.reason))
        return appeal_said(upheld)

    @router.post("/appeals/withdrawals", responses=DONE)
    async def withdraw(asked: AppealWithdrawalAsked, asking: Asking = desk.acting) -> AppealSaid:
        """Withdraw an own appeal; another can be lodged in time."""
        return appeal_said(await acts.withdraw(asking, asked.appeal, asked.reason))

    @router.get("/appeals", responses=READ)
    async def appeals(
        response: Response,
        first: FromDay,
        last: ToDay,
        after: After = None,
        limit: Limit = LIMIT,
        person: Person = desk.reading,
    ) -> AppealsSaid:
        """Against lines for these days: the own, and those of units in which who is signed in rules."""
        check_days(first, last)
        bank = desk.bank()

        def is_shown(one: Appeal) -> bool:
            return sees(person, one.agent, lambda: may_rule(person, bank.units.with_above(one.unit, one.day), ()))

        found = [one for one in await acts.lodged(first, last) if is_shown(one)]
        response.headers["Cache-Control"] = "no-store"
        page, more = paged(found, lambda one: f"{one.day}/{one.agent}/{one.ref}", after, limit)
        return AppealsSaid(appeals=[appeal_said(one) for one in page], next=more)


def _rules(bank: Bank, unit: str, day: date, person: Person) -> bool:
    return allowed(lambda: may_rule(person, bank.units.with_above(unit, day), ()))


def said_of(one: Ruling) -> RulingSaid:
    return RulingSaid(
        ruling=one.ref, agent=one.agent, unit=one.unit, starts=one.start / SECOND, ends=one.end / SECOND,
        counts=one.counts, reverses=one.reverses,
    )  # fmt: skip


def appeal_said(one: Appeal) -> AppealSaid:
    return AppealSaid(
        appeal=one.ref, agent=one.agent, unit=one.unit, day=one.day, transfer=str(one.transfer), state=one.state.value,
        ruling=one.ruling,
    )  # fmt: skip


def _us(at: float) -> int:
    return round(at * SECOND)
