"""Red packets, and the budgets and caps that they are given from."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Header, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from ccd.bank.asking import Asking
from ccd.bank.attendance_calendar import day_near
from ccd.bank.budgets import Budget, BudgetStand
from ccd.bank.declared import declared_for
from ccd.bank.packets import Packet
from ccd.bank.unit_acts import say_hours
from ccd.ledger.model import LEGS_MAX, SECONDS_MAX, month_of
from ccd.org.people import Person
from ccd.org.rights import may_declare_hours, may_give, may_give_of_budget, may_read
from ccd.sql.turns import Patience, take_turn_at_once
from ccd.web.bank.desk import ID_CHARACTERS, MONTH, NO_NUL, BankDesk, Month, Name, Services, Why, allowed, is_told
from ccd.web.etags import check_tag, tag_of
from ccd.web.paging import Paging


class PacketAsked(BaseModel):
    """`seconds` to each of the agents, who are in the unit or below it; with a `budget` from that alone."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"unit": "team-1", "agents": ["1001"], "seconds": 1800, "kind": "contest", "reason": "first prize"}
            ]
        },
    )

    unit: Name
    agents: Annotated[list[Name], Field(min_length=1, max_length=LEGS_MAX)]
    seconds: Annotated[int, Field(strict=True, ge=1, le=SECONDS_MAX)]
    kind: Name
    reason: Why
    budget: Annotated[str, Field(max_length=200, pattern=NO_NUL)] = ""


class PacketSaid(BaseModel):
    """`transaction` is that of the ledger; `total` of all agents together, in seconds."""

    packet: str
    transaction: int
    total: int


class CapSaid(BaseModel):
    """In seconds; what was handed out as a budget is given."""

    unit: str
    cap: int
    given: int
    left: int


class CapsSaid(BaseModel):
    month: str
    units: list[CapSaid]


class BudgetAsked(BaseModel):
    """`holder` is the name that somebody signs in with, one of the people that were imported."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"unit": "team-1", "holder": "lead", "seconds": 7200, "reason": "for the spring contest"}]
        },
    )

    unit: Name
    holder: Name
    seconds: Annotated[int, Field(strict=True, ge=1, le=SECONDS_MAX)]
    reason: Why


class BudgetSaid(BaseModel):
    """`ended`: what was left of it came back."""

    budget: str
    unit: str
    holder: str
    month: str
    seconds: int
    given: int
    reason: str
    ended: bool


class BudgetsSaid(BaseModel):
    budgets: list[BudgetSaid]
    next: str | None


class RecallAsked(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"reason": "the contest was called off"}]}
    )

    reason: Why


class HoursAsked(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"seconds": 1152000, "reason": "as in the plan on paper"}]}
    )

    seconds: Annotated[int, Field(strict=True, ge=0, le=SECONDS_MAX)]
    reason: Why


class HoursSaid(BaseModel):
    """`seconds` are null where nobody has declared any."""

    unit: str
    month: str
    seconds: int | None


def red_packets_api(desk: BankDesk) -> APIRouter:
    router = desk.router("/api")

    @router.post("/red-packets", status_code=HTTPStatus.CREATED)
    async def give(asked: PacketAsked, asking: Asking = desk.acting) -> PacketSaid:
        """Give a red packet: all of it, or nothing. 409: a cap would be passed, with the figures."""
        services = desk.services()
        services.check_unit(asked.unit)
        packet = Packet(
            asking.act, asked.unit, tuple(asked.agents), asked.seconds, asked.kind, asked.reason,
            services.today(asked.unit, asking.at),
        )  # fmt: skip
        outcome = await services.giver.give(packet, asking, asked.budget)
        return PacketSaid(packet=packet.key, transaction=outcome.transaction, total=packet.total_s)

    @router.get("/red-packets/caps")
    async def caps(
        month: Annotated[str, Query(pattern=MONTH, examples=["2026-11"])],
        person: Person = desk.reading,
    ) -> CapsSaid:
        """What the units may give in a month, in which who is signed in gives red packets; as it is by now."""
        services = desk.services()
        day = day_near(month, services.today("", desk.now()))

        def gives(unit: str) -> bool:
            return is_told(person, lambda: may_give(person, services.units.with_above(unit, day), ()))

        mine = [unit for unit in services.known if gives(unit)]
        found = await services.giver.caps.stands(mine, day)
        return CapsSaid(
            month=month,
            units=[
                CapSaid(unit=one.unit, cap=one.cap_s, given=one.given_s, left=one.cap_s - one.given_s) for one in found
            ],
        )

    _budgets(router, desk)
    _declared(router, desk)
    return router


def _budgets(router: APIRouter, desk: BankDesk) -> None:
    @router.post("/budgets", status_code=HTTPStatus.CREATED)
    async def hand(asked: BudgetAsked, asking: Asking = desk.acting) -> BudgetSaid:
        """Hand a part of what a unit may give this month to somebody, who gives it; the rest comes back at its end."""
        services = desk.services()
        services.check_unit(asked.unit)
        wanted = Budget(
            asking.act[:ID_CHARACTERS], asked.unit, asked.holder, asked.seconds, services.line(asked.unit, asking.at),
            services.today(asked.unit, asking.at), asked.reason,
        )  # fmt: skip
        return budget_said(BudgetStand(await services.budgets.hand(wanted, asking), 0))

    @router.get("/budgets")
    async def budgets(
        month: Annotated[str, Query(pattern=MONTH, examples=["2026-11"])],
        asked_page: Paging,
        person: Person = desk.reading,
    ) -> BudgetsSaid:
        """Those of a month that who is signed in holds, or could have handed out."""
        services = desk.services()

        def is_shown(one: Budget) -> bool:
            holds = allowed(lambda: may_give_of_budget(person, one.holder, ()))
            return holds or is_told(person, lambda: may_give(person, one.line, ()))

        found = [stand for stand in await services.budgets.all_of(month) if is_shown(stand.budget)]
        page, more = asked_page.of(found, lambda stand: stand.budget.id)
        return BudgetsSaid(budgets=[budget_said(stand) for stand in page], next=more)

    @router.post("/budgets/{budget}/recall")
    async def recall(
        budget: Annotated[Name, Path(examples=["0f3c9a12b4de"])], asked: RecallAsked, asking: Asking = desk.acting
    ) -> BudgetSaid:
        """Take back what is left of a budget; what was given from it stays given."""
        services = desk.services()
        running = month_of(services.today("", asking.at))
        return budget_said(await services.budgets.recall(budget, asking, asked.reason, running))


def _declared(router: APIRouter, desk: BankDesk) -> None:
    where = "/declared-hours/{unit}/{month}"

    def declared(connection: Connection, unit: str, month: str) -> HoursSaid:
        return HoursSaid(unit=unit, month=month, seconds=declared_for(connection, month).get(unit))

    @router.get(where)
    async def hours(unit: Name, month: Month, response: Response, person: Person = desk.reading) -> HoursSaid:
        """The hours that were declared for a unit, which count where nobody of it has a schedule."""
        services = desk.services()
        services.check_unit(unit)
        may_read(person, lambda: may_declare_hours(person, _line_near(services, unit, month, desk.now())))
        said = await take_turn_at_once(
            desk.engine, lambda connection: declared(connection, unit, month), Patience(), keep=False
        )
        response.headers["ETag"] = tag_of(said)
        return said

    @router.put(where)
    async def put(
        unit: Name,
        month: Month,
        asked: HoursAsked,
        response: Response,
        if_match: Annotated[str | None, Header(description="The ETag of what was read")] = None,
        asking: Asking = desk.editing,
    ) -> HoursSaid:
        """Declare them anew. 412: they were declared otherwise meanwhile."""
        services = desk.services()
        services.check_unit(unit)
        duty = may_declare_hours(asking.person, _line_near(services, unit, month, asking.at))

        def work(connection: Connection) -> HoursSaid:
            say_hours(
                connection, unit, month, asked.seconds, asking.under(duty), asked.reason,
                lambda: check_tag(if_match, declared(connection, unit, month)),
            )  # fmt: skip
            return HoursSaid(unit=unit, month=month, seconds=asked.seconds)

        said = await take_turn_at_once(desk.engine, work, Patience())
        response.headers["ETag"] = tag_of(said)
        return said


def _line_near(services: Services, unit: str, month: str, at: int) -> tuple[str, ...]:
    return services.units.with_above(unit, day_near(month, services.today(unit, at)))


def budget_said(stand: BudgetStand) -> BudgetSaid:
    one = stand.budget
    return BudgetSaid(
        budget=one.id, unit=one.unit, holder=one.holder, month=one.month, seconds=one.seconds, given=stand.given_s,
        reason=one.why, ended=one.ended,
    )  # fmt: skip
