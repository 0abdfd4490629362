"""Rulings on agents' time, what waits for one, and appeals."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import date
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any, Literal, NamedTuple

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from ccd.bank.appeal_rows import answers_to, appeal_with_ref, lodged, open_appeals, reasons_of
from ccd.bank.appeals import Appeal, AppealState, appealed_in, right_to_decide
from ccd.bank.asking import Asking
from ccd.floor.days import SECOND, dates
from ccd.floor.spans import Span
from ccd.ledger.model import Transfer
from ccd.org.people import Person
from ccd.org.rights import may_rule, may_see_waiting
from ccd.org.rulings import Ruling
from ccd.sql.turns import read_in_turn
from ccd.web.bank.desk import (
    FIRST,
    LAST,
    BankDesk,
    Between,
    DaysAsked,
    Moment,
    Name,
    Services,
    Why,
    days_within,
    sees,
    waits_for,
)
from ccd.web.explain_api import TRANSFER
from ccd.web.paging import PageAsked, Paging
from ccd.web.problems import Problem

Counts = Literal["available", "exempt", "aux", "left_out", "as_measured"]
A_WEEK = 7


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


class RulingsWaitingSaid(BaseModel):
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
    """`state`: open, upheld (with a ruling), rejected, withdrawn (by the agent). Where appeals are listed, `reason` and
    `answer` tell why it was lodged and why it ended so, and `unit` is the one that the roster has the day in by now."""

    appeal: str
    agent: str
    unit: str
    day: date
    transfer: str
    state: str
    ruling: str | None
    reason: str = ""
    answer: str = ""


class AppealsSaid(BaseModel):
    appeals: list[AppealSaid]
    next: str | None


class AppealsUndecidedSaid(BaseModel):
    undecided: list[AppealSaid]
    next: str | None


class AppealedSpanSaid(BaseModel):
    """By the unit's clock, with its offset; `counts_as` is in words. Of personal reasons it is told that they are."""

    start: str
    end: str
    counts_as: str
    reasons: list[str]


class AppealedSaid(BaseModel):
    """A line as it stands on its statement, and the spans of its day that its figures are of."""

    transfer: str
    day: date
    service: str
    amount: int
    leave: int
    text: str
    facts: dict[str, Any]
    spans: list[AppealedSpanSaid]


class AppealDecisionAsked(BaseModel):
    """To uphold it takes what a span of its day counts as."""

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


class RulingToMake(NamedTuple):
    """What is asked: about whom, one of the two, and what it counts as."""

    agent: str | None
    unit: str | None
    span: Span
    counts: str
    why: str


@dataclass(frozen=True, slots=True)
class RulingActs:
    """As the daemon does them; `waiting` of some units' day. RulingError, AppealError: it can't be."""

    rule: Callable[[Asking, RulingToMake], Awaitable[Ruling]]
    reverse: Callable[[Asking, str, str], Awaitable[Ruling]]
    between: Callable[[Span], Awaitable[list[Ruling]]]
    waiting: Callable[[date, list[str]], Awaitable[list[WaitSaid]]]
    lodge: Callable[[Asking, str, Transfer, str], Awaitable[Appeal]]
    withdraw: Callable[[Asking, str, str], Awaitable[Appeal]]
    reject: Callable[[Asking, str, str], Awaitable[Appeal]]
    uphold: Callable[[Asking, str, Span, str, str], Awaitable[Appeal]]
    explained: Callable[[Transfer], Awaitable[AppealedSaid]]


def rulings_api(desk: BankDesk, acts: RulingActs) -> APIRouter:
    router = desk.router("/api")
    _rulings(router, desk, acts)
    _waiting(router, desk, acts)
    _appeals(router, desk, acts)
    return router


def _rulings(router: APIRouter, desk: BankDesk, acts: RulingActs) -> None:
    @router.post("/rulings", status_code=HTTPStatus.CREATED)
    async def rule(asked: RulingAsked, asking: Asking = desk.acting) -> RulingSaid:
        """Rule on a span: the days that it reaches are measured anew within seconds, and the difference is posted."""
        if (asked.agent is None) == (asked.unit is None):
            raise Problem(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                "A ruling is about an agent or a unit: name one of them.",
                because="ruling-of-one",
            )
        if asked.unit is not None:
            desk.services().check_unit(asked.unit)
        span = Span(_us(asked.starts), _us(asked.ends))
        return ruling_said(
            await acts.rule(asking, RulingToMake(asked.agent, asked.unit, span, asked.counts, asked.reason))
        )

    @router.post("/rulings/reversals", status_code=HTTPStatus.CREATED)
    async def reverse(asked: ReversalAsked, asking: Asking = desk.acting) -> RulingSaid:
        """Reverse a ruling: it is as if it had never been made; both stay on record."""
        return ruling_said(await acts.reverse(asking, asked.ruling, asked.reason))

    @router.get("/rulings")
    async def rulings(
        between: Between,
        asked_page: Paging,
        person: Person = desk.reading,
    ) -> RulingsSaid:
        """What was ruled of these days: of oneself, and in units in which who is signed in rules."""
        services, days = desk.services(), desk.services().units.days("")

        def is_shown(one: Ruling) -> bool:
            day = services.today("", one.start)
            unit = one.unit or services.days.unit(one.agent or "", day) or ""
            return sees(person, one.agent or "", lambda: may_rule(person, services.units.with_above(unit, day), ()))

        found = await acts.between(Span(days.of_date(between.first).start, days.of_date(between.last).end))
        page, more = asked_page.of([one for one in found if is_shown(one)], lambda one: f"{one.number:020}")
        return RulingsSaid(rulings=[ruling_said(one) for one in page], next=more)


def _waiting(router: APIRouter, desk: BankDesk, acts: RulingActs) -> None:
    @router.get("/rulings/waiting")
    async def waiting(
        between: Annotated[DaysAsked, days_within(A_WEEK)],
        asked_page: Paging,
        person: Person = desk.reading,
    ) -> RulingsWaitingSaid:
        """What waits for a ruling, of at most a week, in units in which who is signed in rules; and for a decision of
        theirs. Auditors of all units are told all that waits."""
        services = desk.services()
        found = [_waits(one, services) for one in await _undecided(desk, person, *between)]
        for day in dates(*between):
            lines = {unit: services.units.with_above(unit, day) for unit in services.known}
            shown = [unit for unit, line in lines.items() if waits_for(person, partial(may_rule, person, line, ()))]
            found += await acts.waiting(day, shown)
        page, more = asked_page.of(found, lambda one: f"{one.day}/{one.unit}/{one.agent}/{one.what}")
        return RulingsWaitingSaid(waiting=page, next=more)


def _appeals(router: APIRouter, desk: BankDesk, acts: RulingActs) -> None:
    @router.post("/appeals", status_code=HTTPStatus.CREATED)
    async def lodge(asked: AppealAsked, asking: Asking = desk.acting) -> AppealSaid:
        """Appeal against a line of the own statement, within the days that the policy gives."""
        agent = asking.person.agent
        if agent is None:
            raise Problem(
                HTTPStatus.FORBIDDEN, "Agents appeal, against lines of their own statements.", because="agents-own"
            )
        transfer = Transfer(*map(int, asked.transfer.split(".")))
        return appeal_said(await acts.lodge(asking, agent, transfer, asked.reason))

    @router.post("/appeals/decisions")
    async def decide(asked: AppealDecisionAsked, asking: Asking = desk.acting) -> AppealSaid:
        """Reject an appeal, or uphold it: its day is measured anew. The appellant's own leader does not decide it."""
        if asked.verdict == "rejected":
            return appeal_said(await acts.reject(asking, asked.appeal, asked.reason))
        if asked.starts is None or asked.ends is None or asked.counts is None:
            detail = "To uphold it, say what a span of its day counts as: from, to and counts are needed."
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail, because="appeal-needs-span")
        span = Span(_us(asked.starts), _us(asked.ends))
        return appeal_said(await acts.uphold(asking, asked.appeal, span, asked.counts, asked.reason))

    @router.post("/appeals/withdrawals")
    async def withdraw(asked: AppealWithdrawalAsked, asking: Asking = desk.acting) -> AppealSaid:
        """Withdraw an own appeal; another can be lodged in time."""
        return appeal_said(await acts.withdraw(asking, asked.appeal, asked.reason))

    @router.get("/appeals/{appeal}/line")
    async def line(appeal: Name, person: Person = desk.reading) -> AppealedSaid:
        """What an open appeal is against, for who decides it, and auditors of all units, as long as it is open."""
        one = await read_in_turn(desk.engine, lambda plain: appeal_with_ref(plain, appeal))
        if one is None or one.state is not AppealState.OPEN:
            raise Problem(HTTPStatus.NOT_FOUND, f"There is no open appeal {appeal}.")
        may_see_waiting(person, partial(_may_decide, desk, person, one))
        return await acts.explained(one.transfer)

    @router.get("/appeals")
    async def appeals(
        between: Between,
        asked_page: Paging,
        person: Person = desk.reading,
    ) -> AppealsSaid:
        """Against lines for these days: the own, and those that who is signed in may decide, or could have."""
        found = await read_in_turn(desk.engine, lambda plain: lodged(plain, *between))
        shown = [one for one in found if sees(person, one.agent, partial(_may_decide, desk, person, one))]
        page, more = await _listed(desk, asked_page, shown)
        return AppealsSaid(appeals=page, next=more)

    @router.get("/appeals/undecided")
    async def undecided_appeals(asked_page: Paging, person: Person = desk.reading) -> AppealsUndecidedSaid:
        """What waits for who is signed in to decide it, against lines for whatever day. Auditors of all units are told
        all that waits."""
        page, more = await _listed(desk, asked_page, await _undecided(desk, person, FIRST, LAST))
        return AppealsUndecidedSaid(undecided=page, next=more)


async def _listed(
    desk: BankDesk, asked_page: PageAsked, found: Iterable[Appeal]
) -> tuple[list[AppealSaid], str | None]:
    page, more = asked_page.of(found, lambda one: f"{one.day}/{one.agent}/{one.ref}")
    refs, days = [one.ref for one in page], desk.services().days
    why, answers = await read_in_turn(desk.engine, lambda plain: (reasons_of(plain, refs), answers_to(plain, refs)))

    def said(one: Appeal) -> AppealSaid:
        told = {"reason": why.get(one.ref, ""), "answer": answers.get(one.ref, "")}
        return appeal_said(one._replace(unit=appealed_in(one, days))).model_copy(update=told)

    return [said(one) for one in page], more


async def _undecided(desk: BankDesk, person: Person, first: date, last: date) -> list[Appeal]:
    """What is shown to somebody of what waits for a decision, against lines for these days."""
    found = await read_in_turn(desk.engine, lambda plain: open_appeals(plain, first, last))
    return [one for one in found if waits_for(person, partial(_may_decide, desk, person, one))]


def _may_decide(desk: BankDesk, person: Person, one: Appeal) -> object:
    services = desk.services()
    return right_to_decide(person, one, services.units, services.days, desk.now())


def _waits(one: Appeal, services: Services) -> WaitSaid:
    unit = appealed_in(one, services.days)
    return WaitSaid(agent=one.agent, unit=unit, day=one.day, what=f"appeal {one.ref}", spans=[])


def ruling_said(one: Ruling) -> RulingSaid:
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
