"""Days off out of the balance: applied for, decided, taken back; the quotas, and how places were allocated by rule."""

from datetime import date, timedelta
from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from ccd.bank.allocating import Undecided
from ccd.bank.allocation import allocation_spelled
from ccd.bank.asking import Asking
from ccd.bank.quota import Places
from ccd.bank.said import Said
from ccd.bank.withdrawal import Application, ApplicationState, PartOfDay, unit_by_now
from ccd.bank.withdrawing import RUN_DAYS_MAX
from ccd.floor.days import SECOND, dates
from ccd.ledger.model import SECONDS_MAX
from ccd.org.people import Person
from ccd.org.rights import may_decide
from ccd.web.bank.desk import (
    DAYS_MAX,
    ID_CHARACTERS,
    NO_NUL,
    BankDesk,
    Between,
    Day,
    DaysAsked,
    Moment,
    Name,
    Services,
    checked_days,
    is_told,
    sees,
    waits_for,
)
from ccd.web.paging import Paging
from ccd.web.problems import Problem

GRANTED_SCALE = 10_000_000  # no two numbers of days, each by a share of a contract, are nearer to each other
ENDS = {"refused": ApplicationState.REFUSED, "taken_back": ApplicationState.WITHDRAWN}


class WithdrawalAsked(BaseModel):
    """A day; with `until` all days from that on to this; with `seconds`, or `from` and `to`, a part of the one day.
    Without an agent, for oneself."""

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
        json_schema_extra={"examples": [{"day": "2026-12-10"}, {"day": "2026-12-10", "seconds": 7200}]},
    )

    day: Day
    until: Day | None = None
    seconds: Annotated[int | None, Field(strict=True, ge=1, le=SECONDS_MAX)] = None
    starts: Annotated[Moment | None, Field(alias="from")] = None
    ends: Annotated[Moment | None, Field(alias="to")] = None
    agent: Name | None = None


class ApplicationSaid(BaseModel):
    """`state`: applied (held, and somebody decides), waiting (for a place), approved, refused, cancelled, withdrawn (by
    the unit), taken. `missing` seconds are planned for the day besides those that could be held."""

    application: str
    agent: str
    unit: str
    day: date
    seconds: int
    missing: int
    state: str
    applied_at: float


class ApplicationsSaid(BaseModel):
    applications: list[ApplicationSaid]
    next: str | None = None


class VerdictAsked(BaseModel):
    """`reason` is needed where it is not approved. What was approved can be taken back."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"application": "0f3c9a12b4de", "verdict": "approved"}]}
    )

    application: Name
    verdict: Literal["approved", "refused", "taken_back"]
    reason: Annotated[str, Field(max_length=1_000, pattern=NO_NUL)] = ""


class CancelAsked(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"application": "0f3c9a12b4de"}]})

    application: Name


class PlacesSaid(BaseModel):
    """So many more can be off, for so long together (null: for any)."""

    agents: int
    seconds: int | None


class UndecidedSaid(ApplicationSaid):
    """`left` is what the quotas leave of the day, null where there is none; `balance` what the agent has besides what
    is held. `place` is where the agent stands, by days granted in the last 90, contract, seniority and time, among
    those who are undecided for the day."""

    left: PlacesSaid | None
    balance: int
    place: int
    granted_days: int
    contract_ppm: int


class UndecidedsSaid(BaseModel):
    undecided: list[UndecidedSaid]
    next: str | None


class AllocationSaid(BaseModel):
    """The order of the applicants, and all that it follows from: each of them can reckon it again. `free` are the
    places of each unit, and their seconds. Of runs of days `besides` are who is reckoned with for later days, `later`
    what is free of these."""

    unit: str
    day: date
    at: int
    free: dict[str, list[int | None]]
    applicants: list[dict[str, Any]]
    winners: list[str]
    besides: list[dict[str, Any]] = []
    later: dict[date, dict[str, list[int | None]]] = {}


def withdrawal_acts_api(desk: BankDesk) -> APIRouter:
    router = desk.router("/api")
    _acts(router, desk)
    _reading(router, desk)
    return router


def _acts(router: APIRouter, desk: BankDesk) -> None:
    @router.post("/withdrawals", status_code=HTTPStatus.CREATED)
    async def apply(asked: WithdrawalAsked, asking: Asking = desk.acting) -> ApplicationsSaid:
        """Apply for a day off, for several or for a part of one: seconds and place are held together, or it waits for a
        place. 409: it can't be, or the balance does not cover it."""
        services, name = desk.services(), asking.act[:ID_CHARACTERS]
        agent = asked.agent or asking.person.agent
        if agent is None:
            raise Problem(
                HTTPStatus.UNPROCESSABLE_ENTITY, "agent: who is no agent has to name one.", because="agent-needed"
            )
        part, said = _part(asked), _said(services, asking, services.days.unit(agent, asked.day) or "")
        if asked.until is None:
            made = [await services.withdrawals.apply(name, agent, asked.day, part, said)]
        else:
            days = list(dates(*checked_days(DaysAsked(asked.day, asked.until), RUN_DAYS_MAX)))
            made = await services.withdrawals.apply_for_run(name, agent, days, said)
        return ApplicationsSaid(applications=[application_said(one) for one in made])

    @router.post("/withdrawals/decisions")
    async def decide(asked: VerdictAsked, asking: Asking = desk.acting) -> ApplicationSaid:
        """Approve, refuse, or take back what was approved."""
        services = desk.services()
        one = await _known(services, asked.application)
        said = _said(services, asking, one.unit, asked.reason)
        if asked.verdict == "approved":
            return application_said(await services.withdrawals.approve(one.id, said))
        if not asked.reason.strip():
            raise Problem(
                HTTPStatus.UNPROCESSABLE_ENTITY, "reason: it is refused or taken back for one.", because="no-reason"
            )
        return application_said(await services.withdrawals.end(one.id, ENDS[asked.verdict], said))

    @router.post("/withdrawals/cancellations")
    async def cancel(asked: CancelAsked, asking: Asking = desk.acting) -> ApplicationSaid:
        """Cancel an own application, until the policy's deadline."""
        services = desk.services()
        one = await _known(services, asked.application)
        return application_said(
            await services.withdrawals.end(one.id, ApplicationState.CANCELLED, _said(services, asking, one.unit))
        )


def _reading(router: APIRouter, desk: BankDesk) -> None:
    @router.get("/withdrawals")
    async def applications(
        between: Between,
        asked_page: Paging,
        person: Person = desk.reading,
    ) -> ApplicationsSaid:
        """The own applications, and those that who is signed in decides."""
        services = desk.services()

        def is_shown(one: Application) -> bool:
            line = services.units.with_above(one.unit, one.day)
            return sees(person, one.agent, lambda: may_decide(person, line, one.agent))

        asked = (_of_the_day(services, one) for one in await services.withdrawals.calendar(*between))
        found = [one for one in asked if is_shown(one)]
        page, more = asked_page.of(found, lambda one: f"{one.day}/{one.applied_at:020}/{one.id}")
        return ApplicationsSaid(applications=[application_said(one) for one in page], next=more)

    @router.get("/withdrawals/undecided")
    async def undecided(asked_page: Paging, person: Person = desk.reading) -> UndecidedsSaid:
        """What waits for who is signed in to decide it, of the days to come, each with what one would ask first.
        Auditors of all units are told all that waits."""
        services = desk.services()
        today = services.today("", desk.now())

        def is_shown(one: Application) -> bool:
            line = services.units.with_above(one.unit, one.day)
            return waits_for(person, lambda: may_decide(person, line, one.agent))

        days = today, today + timedelta(days=DAYS_MAX)
        found = await services.allocations.undecided(*days, lambda one: _of_the_day(services, one), is_shown)
        page, more = asked_page.of(found, _in_order)
        return UndecidedsSaid(undecided=[undecided_said(one) for one in page], next=more)

    @router.get("/allocations/{unit}/{day}")
    async def allocation(unit: Name, day: Day, person: Person = desk.reading) -> AllocationSaid:
        """How the places of a day were allocated: for who applied, be it for a later day that was reckoned with, and
        for who decides. `unit` is the topmost that has a quota."""
        services = desk.services()
        services.check_unit(unit)
        made = await services.allocations.published(unit, day)
        line = services.units.with_above(unit, day)
        decides = is_told(person, lambda: may_decide(person, line, ""))
        applied = made is not None and person.agent in {one.agent for one in (*made.order, *made.besides)}
        if made is None or not (applied or decides):
            raise Problem(HTTPStatus.NOT_FOUND, f"{unit} has not allocated {day}.")
        return AllocationSaid.model_validate(allocation_spelled(made))


async def _known(services: Services, name: str) -> Application:
    found = await services.withdrawals.with_id(name)
    if found is None:
        raise Problem(HTTPStatus.NOT_FOUND, f"There is no application {name}.")
    return _of_the_day(services, found)


def _of_the_day(services: Services, one: Application) -> Application:
    return one._replace(unit=unit_by_now(one, services.days))


def _part(asked: WithdrawalAsked) -> PartOfDay:
    spans = (asked.starts is None) == (asked.ends is None)
    whole = (asked.seconds, asked.starts) == (None, None)
    if not spans or (asked.seconds is not None and asked.starts is not None) or (asked.until and not whole):
        detail = f"A part of a day is seconds, or from with to; until is for whole days, at most {RUN_DAYS_MAX}."
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail, because="day-off-part")
    if asked.starts is None or asked.ends is None:
        return PartOfDay(asked.seconds)
    return PartOfDay(None, round(asked.starts * SECOND), round(asked.ends * SECOND))


def _said(services: Services, asking: Asking, unit: str, why: str = "") -> Said:
    return Said(asking.by, services.today(unit, asking.at), asking.at, why, asking)


def application_said(one: Application) -> ApplicationSaid:
    return ApplicationSaid(
        application=one.id, agent=one.agent, unit=one.unit, day=one.day, seconds=one.seconds, state=one.state.value,
        applied_at=one.applied_at / SECOND, missing=one.missing_s,
    )  # fmt: skip


def undecided_said(one: Undecided) -> UndecidedSaid:
    return UndecidedSaid(
        **application_said(one.application).model_dump(), left=places_said(one.left), balance=one.balance_s,
        place=one.place, granted_days=one.applicant.granted_days, contract_ppm=one.applicant.contract_ppm,
    )  # fmt: skip


def _in_order(one: Undecided) -> str:
    """By day, and in the published order: by what makes it up, since places are others once somebody is decided on."""
    granted, joined_on, applied_at, name = one.applicant.rank
    return f"{one.application.day}/{int(granted * GRANTED_SCALE):020}/{joined_on}/{applied_at:020}/{name}"


def places_said(places: Places | None) -> PlacesSaid | None:
    return None if places is None else PlacesSaid(agents=places.agents, seconds=places.seconds)
