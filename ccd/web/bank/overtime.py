"""Emergencies, call-outs, and the strike team; with what was entered in an emergency by hand."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date
from http import HTTPStatus
from typing import Annotated, Literal, NamedTuple

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from ccd.bank.asking import Asking
from ccd.bank.call_out_rows import CallOut
from ccd.bank.overtime import Emergency
from ccd.bank.overtime_entry_rows import OvertimeEntry
from ccd.floor.days import SECOND
from ccd.ledger.model import LEGS_MAX
from ccd.org.people import Person
from ccd.org.rights import may_enter_overtime, may_open_emergency, may_read
from ccd.web.bank.desk import (
    ID_CHARACTERS,
    BankDesk,
    Between,
    Flag,
    Moment,
    Name,
    Services,
    Why,
    allowed,
    is_told,
    sees,
)
from ccd.web.bank.overtime_entries import EntrySaid, add_entry_acts, entry_said, shown
from ccd.web.paging import Paging
from ccd.web.problems import Problem


class EmergencyAsked(BaseModel):
    """`level` is one of the unit's policy; `from` is when it began, or will: without it, now. It ends by itself
    after what the policy says, or `until` then."""

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
        json_schema_extra={"examples": [{"unit": "team-1", "level": "I", "reason": "three times the calls"}]},
    )

    unit: Name
    level: Name
    reason: Why
    starts: Annotated[Moment | None, Field(alias="from")] = None
    until: Moment | None = None


class EmergencySaid(BaseModel):
    """Principal and interest of a day are rounded up together to a multiple of `round_up_s`, where that is not 0."""

    emergency: str
    unit: str
    level: str
    interest_ppm: int
    round_up_s: int
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
    comes: Flag
    arrived_at: Moment | None = None


class MuchSaid(BaseModel):
    """More overtime than is good for the agent, on the day or in its calendar month, in whichever units' emergencies,
    and how much is enough, in seconds."""

    within: Literal["day", "month"]
    seconds: int
    enough: int


class WorkedSaid(BaseModel):
    """What an agent has worked in it on a day, `entered` by hand of it, and what that earns, in seconds: while it runs,
    up to where the switches were heard. `kind` is that of the day; nobody is refused for what `warnings` say."""

    agent: str
    day: date
    kind: str
    principal: int
    entered: int
    interest: int
    warnings: list[MuchSaid]


class ShownSaid(EmergencySaid):
    calls: list[CallSaid]
    entries: list[EntrySaid]
    worked: list[WorkedSaid]


class TeamAsked(BaseModel):
    """Without an agent, oneself."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"unit": "team-1", "joins": True}]})

    unit: Name
    agent: Name | None = None
    joins: Flag


class TeamSaid(BaseModel):
    unit: str
    agents: list[str]


class SoFar(NamedTuple):
    """Of an emergency: by agent, when who was called was seen signed in, µs; and what was worked."""

    sign_ins: Mapping[str, int | None]
    worked: Sequence[WorkedSaid]


TellSoFar = Callable[[Emergency, Sequence[OvertimeEntry]], Awaitable[SoFar]]  # with what was entered by now


def overtime_acts_api(desk: BankDesk, so_far: TellSoFar) -> APIRouter:
    router = desk.router("/api")
    _emergencies(router, desk)
    _reading(router, desk, so_far)
    add_entry_acts(router, desk)
    _team(router, desk)
    return router


def _emergencies(router: APIRouter, desk: BankDesk) -> None:
    @router.post("/emergencies", status_code=HTTPStatus.CREATED)
    async def open_emergency(asked: EmergencyAsked, asking: Asking = desk.acting) -> EmergencySaid:
        """Open an emergency in a unit and those below it. It ends by itself."""
        services = desk.services()
        services.check_unit(asked.unit)
        start = None if asked.starts is None else _us(asked.starts)
        name, until = asking.act[:ID_CHARACTERS], None if asked.until is None else _us(asked.until)
        return emergency_said(
            await services.emergencies.open(name, asking, asked.unit, asked.level, start, asked.reason, until)
        )

    @router.post("/emergencies/{emergency}/prolong")
    async def prolong(emergency: Name, asked: ProlongAsked, asking: Asking = desk.acting) -> EmergencySaid:
        """Let an emergency that runs end later."""
        await shown(desk.services(), emergency)
        emergencies = desk.services().emergencies
        return emergency_said(await emergencies.prolong(emergency, asking, _us(asked.until), asked.reason))

    @router.post("/emergencies/{emergency}/end")
    async def end(emergency: Name, asked: EndAsked, asking: Asking = desk.acting) -> EmergencySaid:
        """End it now; what was worked is posted once every switch has told of it."""
        await shown(desk.services(), emergency)
        return emergency_said(await desk.services().emergencies.end(emergency, asking, asked.reason))

    @router.post("/emergencies/{emergency}/call-outs")
    async def call(emergency: Name, asked: CallAsked, asking: Asking = desk.acting) -> CallsSaid:
        """Call agents out. Who was called before is not called again."""
        await shown(desk.services(), emergency)
        calls = await desk.services().emergencies.call(emergency, asking, asked.agents, asked.reason)
        return CallsSaid(calls=[call_said(one) for one in calls])

    @router.post("/emergencies/{emergency}/answers")
    async def answer(emergency: Name, asked: AnswerAsked, asking: Asking = desk.acting) -> CallSaid:
        """What somebody who was called has answered. To decline is never scored."""
        await shown(desk.services(), emergency)
        agent, arrived_at = _agent(asked.agent, asking.person), asked.arrived_at
        arrived = None if arrived_at is None else _us(arrived_at)
        return call_said(await desk.services().emergencies.answer(emergency, asking, agent, asked.comes, arrived))


def _reading(router: APIRouter, desk: BankDesk, so_far: TellSoFar) -> None:
    @router.get("/emergencies")
    async def emergencies(
        between: Between,
        asked_page: Paging,
        person: Person = desk.reading,
    ) -> EmergenciesSaid:
        """Those that reach into these days: for who opens them, and for the agents of their units."""
        services, days = desk.services(), desk.services().units.days("")
        found = await services.emergencies.all(days.of_date(between.first).start, days.of_date(between.last).end)
        page, more = asked_page.of([one for one in found if _concerns(services, one, person)], _name)
        return EmergenciesSaid(emergencies=[emergency_said(one) for one in page], next=more)

    @router.get("/emergencies/{emergency}")
    async def show(emergency: Name, person: Person = desk.reading) -> ShownSaid:
        """With who was called, what was entered and what was worked, as far as it is shown to who is signed in."""
        services = desk.services()
        one, calls, entries = await shown(services, emergency)
        if not _concerns(services, one, person):
            raise Problem(HTTPStatus.NOT_FOUND, f"There is no emergency {emergency}.")
        line = services.line(one.unit, one.start)

        def is_shown_here(agent: str) -> bool:
            return sees(person, agent, lambda: may_enter_overtime(person, line, ()))

        found = await so_far(one, entries)
        # Who was called is kept with when they were seen only once the emergency is measured.
        now = [each._replace(signed_in_at=each.signed_in_at or found.sign_ins.get(each.agent)) for each in calls]
        return ShownSaid(
            **emergency_said(one).model_dump(),
            calls=[call_said(each) for each in now if is_shown_here(each.agent)],
            entries=[entry_said(each) for each in entries if is_shown_here(each.agent)],
            worked=[each for each in found.worked if is_shown_here(each.agent)],
        )


def _team(router: APIRouter, desk: BankDesk) -> None:
    @router.post("/strike-team")
    async def join_or_leave(asked: TeamAsked, asking: Asking = desk.acting) -> TeamSaid:
        """Join a unit's strike team, or leave it; told is who is on it then, to whoever calls it out."""
        services = desk.services()
        services.check_unit(asked.unit)
        agent = _agent(asked.agent, asking.person)
        members = await services.emergencies.on_team(asked.unit, agent, asked.joins, asking)
        calls = allowed(lambda: may_open_emergency(asking.person, services.line(asked.unit, asking.at)))
        return TeamSaid(unit=asked.unit, agents=sorted(members if calls else members & {agent}))

    @router.get("/strike-team/{unit}")
    async def team(unit: Name, person: Person = desk.reading) -> TeamSaid:
        """Who is on the strike team of a unit, and of those below it."""
        services, at = desk.services(), desk.now()
        services.check_unit(unit)
        may_read(person, lambda: may_open_emergency(person, services.line(unit, at)))
        return TeamSaid(unit=unit, agents=await services.emergencies.team(unit, at))


def _concerns(services: Services, one: Emergency, person: Person) -> bool:
    if is_told(person, lambda: may_open_emergency(person, services.line(one.unit, one.start))):
        return True
    day = services.today(one.unit, one.start)
    units = services.units.with_below([one.unit], day)
    return person.agent is not None and services.days.unit(person.agent, day) in units


def _agent(named: str | None, person: Person) -> str:
    agent = named or person.agent
    if agent is None:
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY, "agent: who is no agent has to name one.", because="agent-needed"
        )
    return agent


def emergency_said(one: Emergency) -> EmergencySaid:
    return EmergencySaid(
        emergency=one.id, unit=one.unit, level=one.level, interest_ppm=one.interest_ppm, round_up_s=one.round_up_s,
        starts=one.start / SECOND, ends=one.end / SECOND,
    )  # fmt: skip


def call_said(one: CallOut) -> CallSaid:
    return CallSaid(
        agent=one.agent, called_at=one.called_at / SECOND, comes=one.comes, answered_at=_s(one.answered_at),
        arrived_at=_s(one.arrived_at), signed_in_at=_s(one.signed_in_at),
    )  # fmt: skip


def _name(one: Emergency) -> str:
    return f"{one.start:020}/{one.id}"


def _us(at: float) -> int:
    return round(at * SECOND)


def _s(at: int | None) -> float | None:
    return None if at is None else at / SECOND
