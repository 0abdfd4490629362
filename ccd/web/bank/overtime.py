"""Emergencies, call-outs, the strike team, and overtime that is entered by hand."""

from datetime import date
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from ccd.bank.asking import Asking
from ccd.bank.overtime import Emergency
from ccd.bank.overtime_rows import CallOut, Entry
from ccd.errors import OvertimeError
from ccd.floor.days import SECOND
from ccd.ledger.model import LEGS_MAX, SECONDS_MAX
from ccd.org.people import Person
from ccd.org.rights import may_enter_overtime, may_open_emergency
from ccd.web.bank.desk import (
    DONE,
    MADE,
    READ,
    Bank,
    Day,
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
from ccd.web.paging import LIMIT, After, Limit, paged
from ccd.web.problems import Problem

ID_CHARACTERS = 12


class EmergencyAsked(BaseModel):
    """`level` is one of the unit's policy; `from` is when it began, or will: without it, now."""

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
        json_schema_extra={"examples": [{"unit": "team-1", "level": "I", "reason": "three times the calls"}]},
    )

    unit: Name
    level: Name
    reason: Why
    starts: Annotated[Moment | None, Field(alias="from")] = None


class EmergencySaid(BaseModel):
    emergency: str
    unit: str
    level: str
    interest_ppm: int
    starts: float
    ends: float


class EmergenciesSaid(BaseModel):
    emergencies: list[EmergencySaid]
    next: str | None


class ProlongAsked(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"until": 1796050800.0, "reason": "it goes on"}]}
    )

    until: Moment
    reason: Why


class EndAsked(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "the queue is empty"}]})

    reason: Why


class CallAsked(BaseModel):
    """Without agents, the strike team."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"agents": ["1001"], "reason": "come, if you can"}]}
    )

    agents: Annotated[list[Name], Field(max_length=LEGS_MAX)] = []
    reason: Why


class CallSaid(BaseModel):
    """`comes` is null while nothing was answered."""

    agent: str
    called_at: float
    comes: bool | None
    answered_at: float | None
    arrived_at: float | None
    signed_in_at: float | None


class CallsSaid(BaseModel):
    calls: list[CallSaid]


class AnswerAsked(BaseModel):
    """Without an agent, the own answer."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"comes": True}]})

    agent: Name | None = None
    comes: bool
    arrived_at: Moment | None = None


class EntryAsked(BaseModel):
    """Seconds that an agent worked in the emergency, on a business day of the agent's; without one, on the first."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"agent": "1001", "seconds": 3600, "reason": "at the desk of the lead"}]},
    )

    agent: Name
    seconds: Annotated[int, Field(ge=0, le=SECONDS_MAX)]
    day: Day | None = None
    reason: Why


class EntrySaid(BaseModel):
    """`counts` once a second person has approved it, where that is needed."""

    entry: str
    emergency: str
    agent: str
    day: date
    seconds: int
    by: str
    approved_by: str | None
    counts: bool
    reason: str


class ShownSaid(EmergencySaid):
    calls: list[CallSaid]
    entries: list[EntrySaid]


class ApprovalAsked(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"entry": "9a12b4de0f3c"}]})

    entry: Name


class TeamAsked(BaseModel):
    """Without an agent, oneself."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"unit": "team-1", "joins": True}]})

    unit: Name
    agent: Name | None = None
    joins: bool


class TeamSaid(BaseModel):
    unit: str
    agents: list[str]


def overtime_acts_api(desk: Desk) -> APIRouter:
    router = desk.router("/api")
    _emergencies(router, desk)
    _reading(router, desk)
    _hand(router, desk)
    _team(router, desk)
    return router


def _emergencies(router: APIRouter, desk: Desk) -> None:
    @router.post("/emergencies", status_code=HTTPStatus.CREATED, responses=MADE)
    async def open_emergency(asked: EmergencyAsked, asking: Asking = desk.acting) -> EmergencySaid:
        """Open an emergency in a unit and those below it. It ends by itself."""
        bank = desk.bank()
        bank.check_unit(asked.unit)
        start = None if asked.starts is None else _us(asked.starts)
        name = asking.act[:ID_CHARACTERS]
        return said_of(await bank.emergencies.open(name, asking, asked.unit, asked.level, start, asked.reason))

    @router.post("/emergencies/{emergency}/prolong", responses=DONE)
    async def prolong(emergency: Name, asked: ProlongAsked, asking: Asking = desk.acting) -> EmergencySaid:
        """Let an emergency that runs end later."""
        await _shown(desk.bank(), emergency)
        return said_of(await desk.bank().emergencies.prolong(emergency, asking, _us(asked.until), asked.reason))

    @router.post("/emergencies/{emergency}/end", responses=DONE)
    async def end(emergency: Name, asked: EndAsked, asking: Asking = desk.acting) -> EmergencySaid:
        """End it now; what was worked is posted once every switch has told of it."""
        await _shown(desk.bank(), emergency)
        return said_of(await desk.bank().emergencies.end(emergency, asking, asked.reason))

    @router.post("/emergencies/{emergency}/call-outs", responses=DONE)
    async def call(emergency: Name, asked: CallAsked, asking: Asking = desk.acting) -> CallsSaid:
        """Call agents out. Who was called before is not called again."""
        await _shown(desk.bank(), emergency)
        calls = await desk.bank().emergencies.call(emergency, asking, asked.agents, asked.reason)
        return CallsSaid(calls=[call_said(one) for one in calls])

    @router.post("/emergencies/{emergency}/answers", responses=DONE)
    async def answer(emergency: Name, asked: AnswerAsked, asking: Asking = desk.acting) -> CallSaid:
        """What somebody who was called has answered. To decline is never scored."""
        await _shown(desk.bank(), emergency)
        agent, arrived_at = _agent(asked.agent, asking.person), asked.arrived_at
        arrived = None if arrived_at is None else _us(arrived_at)
        return call_said(await desk.bank().emergencies.answer(emergency, asking, agent, asked.comes, arrived))


def _reading(router: APIRouter, desk: Desk) -> None:
    @router.get("/emergencies", responses=READ)
    async def emergencies(
        response: Response,
        first: FromDay,
        last: ToDay,
        after: After = None,
        limit: Limit = LIMIT,
        person: Person = desk.reading,
    ) -> EmergenciesSaid:
        """Those that reach into these days: for who opens them, and for the agents of their units."""
        check_days(first, last)
        bank, days = desk.bank(), desk.bank().units.days("")
        found = await bank.emergencies.all(days.of_date(first).start, days.of_date(last).end)
        response.headers["Cache-Control"] = "no-store"
        page, more = paged([one for one in found if _concerns(bank, one, person)], _name, after, limit)
        return EmergenciesSaid(emergencies=[said_of(one) for one in page], next=more)

    @router.get("/emergencies/{emergency}", responses=READ)
    async def show(emergency: Name, response: Response, person: Person = desk.reading) -> ShownSaid:
        """With who was called and what was entered, as far as it is shown to who is signed in."""
        bank = desk.bank()
        one, calls, entries = await _shown(bank, emergency)
        if not _concerns(bank, one, person):
            raise Problem(HTTPStatus.NOT_FOUND, f"There is no emergency {emergency}.")
        line = bank.line(one.unit, one.start)

        def is_shown(agent: str) -> bool:
            return sees(person, agent, lambda: may_enter_overtime(person, line, ()))

        response.headers["Cache-Control"] = "no-store"
        return ShownSaid(
            **said_of(one).model_dump(),
            calls=[call_said(each) for each in calls if is_shown(each.agent)],
            entries=[entry_said(each) for each in entries if is_shown(each.agent)],
        )


def _hand(router: APIRouter, desk: Desk) -> None:
    @router.post("/emergencies/{emergency}/entries", status_code=HTTPStatus.CREATED, responses=MADE)
    async def enter(emergency: Name, asked: EntryAsked, asking: Asking = desk.acting) -> EntrySaid:
        """Enter time that nobody measured; never one's own. Above a limit a second person approves it."""
        bank = desk.bank()
        one, _, _ = await _shown(bank, emergency)
        met = next((own.day.day for own in bank.days.met(asked.agent, one.start, one.end)), date.min)
        wanted = Entry(
            asking.act[:ID_CHARACTERS], emergency, asked.agent, asked.day or met, asked.seconds, False, 0, "",
            asked.reason,
        )  # fmt: skip
        return entry_said(await bank.emergencies.enter(wanted, asking))

    @router.post("/overtime-approvals", responses=DONE)
    async def approve(asked: ApprovalAsked, asking: Asking = desk.acting) -> EntrySaid:
        """Approve what another has entered."""
        return entry_said(await desk.bank().emergencies.approve(asked.entry, asking))


def _team(router: APIRouter, desk: Desk) -> None:
    @router.post("/strike-team", responses=DONE)
    async def join_or_leave(asked: TeamAsked, asking: Asking = desk.acting) -> TeamSaid:
        """Join a unit's strike team, or leave it; told is who is on it then, to whoever calls it out."""
        bank = desk.bank()
        bank.check_unit(asked.unit)
        agent = _agent(asked.agent, asking.person)
        members = await bank.emergencies.on_team(asked.unit, agent, asked.joins, asking)
        calls = allowed(lambda: may_open_emergency(asking.person, bank.line(asked.unit, asking.at)))
        return TeamSaid(unit=asked.unit, agents=sorted(members if calls else members & {agent}))

    @router.get("/strike-team/{unit}", responses=READ)
    async def team(unit: Name, response: Response, person: Person = desk.reading) -> TeamSaid:
        """Who is on the strike team of a unit, and of those below it."""
        bank, at = desk.bank(), desk.now()
        bank.check_unit(unit)
        may_open_emergency(person, bank.line(unit, at))
        response.headers["Cache-Control"] = "no-store"
        return TeamSaid(unit=unit, agents=await bank.emergencies.team(unit, at))


async def _shown(bank: Bank, name: str) -> tuple[Emergency, list[CallOut], list[Entry]]:
    try:
        return await bank.emergencies.shown(name)
    except OvertimeError:
        raise Problem(HTTPStatus.NOT_FOUND, f"There is no emergency {name}.") from None


def _concerns(bank: Bank, one: Emergency, person: Person) -> bool:
    if allowed(lambda: may_open_emergency(person, bank.line(one.unit, one.start))):
        return True
    day = bank.today(one.unit, one.start)
    return person.agent is not None and bank.days.unit(person.agent, day) in bank.units.with_below([one.unit], day)


def _agent(named: str | None, person: Person) -> str:
    agent = named or person.agent
    if agent is None:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "agent: who is no agent has to name one.")
    return agent


def said_of(one: Emergency) -> EmergencySaid:
    return EmergencySaid(
        emergency=one.id, unit=one.unit, level=one.level, interest_ppm=one.interest_ppm, starts=one.start / SECOND,
        ends=one.end / SECOND,
    )  # fmt: skip


def call_said(one: CallOut) -> CallSaid:
    return CallSaid(
        agent=one.agent, called_at=one.called_at / SECOND, comes=one.comes, answered_at=_s(one.answered_at),
        arrived_at=_s(one.arrived_at), signed_in_at=_s(one.signed_in_at),
    )  # fmt: skip


def entry_said(one: Entry) -> EntrySaid:
    return EntrySaid(
        entry=one.id, emergency=one.emergency, agent=one.agent, day=one.day, seconds=one.seconds, by=one.by,
        approved_by=one.approved_by, counts=one.counts, reason=one.why,
    )  # fmt: skip


def _name(one: Emergency) -> str:
    return f"{one.start:020}/{one.id}"


def _us(at: float) -> int:
    return round(at * SECOND)


def _s(at: int | None) -> float | None:
    return None if at is None else at / SECOND
