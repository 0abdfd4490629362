"""How many agents of a unit may be off on a day: read, and said anew by who has read it as it is."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Header, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from ccd.bank.asking import Asking
from ccd.bank.quota import ANY, PLACES_MAX, TEMPLATES, Quota, Template
from ccd.bank.unit_acts import say_load, say_quota
from ccd.bank.withdrawal_rows import loads_of, quotas_of
from ccd.ledger.model import SECONDS_MAX
from ccd.org.people import Person
from ccd.org.rights import may_read, may_set_quota
from ccd.sql.turns import Patience, take_turn_at_once
from ccd.web.bank.desk import FIRST, LAST, NO_NUL, BankDesk, Between, Day, Name, Services
from ccd.web.bank.withdrawals import PlacesSaid, places_said
from ccd.web.described import UNDER_A_TAG
from ccd.web.etags import check_tag, tag_of

Load = Annotated[str, Field(max_length=200, pattern=NO_NUL)]


class QuotaAsked(BaseModel):
    """On a day, or from today on on each such day of the week, or statutory holiday: so many agents may be off, for so
    many seconds together (null: for any). With a `load`, on days of that load alone."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"on": "monday", "agents": 3, "seconds": 86400}]}
    )

    on: Day | Template
    agents: Annotated[int, Field(strict=True, ge=0, le=PLACES_MAX)]
    seconds: Annotated[int | None, Field(strict=True, ge=0, le=SECONDS_MAX)] = None
    load: Load = ANY


class QuotaSaid(BaseModel):
    """`since` is the day from which it holds; for days of that load alone where one is named."""

    on: date | Template
    since: date
    agents: int
    seconds: int | None
    load: str


class QuotasSaid(BaseModel):
    """In the order in which they were said: what was said last counts before what was said first."""

    unit: str
    quotas: list[QuotaSaid]


class UnitDaySaid(BaseModel):
    """Of the unit with those below it. `quota` is its own, null where none is for the day; `left` what that of each
    unit above leaves, too. So many have the day, wait for a decision, wait for a place. `load` is what the day
    will be like, as was said of the unit or of one above it; "" where nobody has said it."""

    day: date
    quota: PlacesSaid | None
    left: PlacesSaid | None
    approved: int
    applied: int
    waiting: int
    load: str


class UnitDaysSaid(BaseModel):
    unit: str
    days: list[UnitDaySaid]


class LoadAsked(BaseModel):
    """What a day of a unit, and of those below it, will be like; "" is a day like any other."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"unit": "centre", "day": "2026-12-12", "load": "rush"}]}
    )

    unit: Name
    day: Day
    load: Load


class LoadSaid(LoadAsked):
    pass


class DayLoadSaid(BaseModel):
    day: date
    load: str


class DayLoadsSaid(BaseModel):
    """By day, what was said last."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"unit": "centre", "loads": [{"day": "2026-12-12", "load": "rush"}]}]}
    )

    unit: str
    loads: list[DayLoadSaid]


def quotas_api(desk: BankDesk) -> APIRouter:
    router = desk.router("/api")

    @router.get("/quotas/{unit}")
    async def quotas(unit: Name, response: Response, person: Person = desk.reading) -> QuotasSaid:
        """All that was said of a unit's places, for who says it."""
        _check_told(desk, unit, person)
        said = await take_turn_at_once(desk.engine, lambda connection: _said(connection, unit), Patience(), keep=False)
        response.headers["ETag"] = tag_of(said)
        return said

    @router.put("/quotas/{unit}")
    async def put(
        unit: Name,
        asked: QuotaAsked,
        response: Response,
        if_match: Annotated[str | None, Header(description="The ETag of what was read")] = None,
        asking: Asking = desk.editing,
    ) -> QuotasSaid:
        """Say one more, which holds before those that are there. Nobody who holds a place loses it. 412: something was
        said meanwhile."""
        services = desk.services()
        services.check_unit(unit)
        duty = may_set_quota(asking.person, services.line(unit, asking.at))
        on = asked.on if isinstance(asked.on, date) else TEMPLATES.index(asked.on)
        wanted = Quota(unit, on, services.today(unit, asking.at), asked.agents, asked.seconds, asked.load)

        def work(connection: Connection) -> QuotasSaid:
            say_quota(connection, wanted, asking.under(duty), lambda: check_tag(if_match, _said(connection, unit)))
            return _said(connection, unit)

        said = await take_turn_at_once(desk.engine, work, Patience())
        response.headers["ETag"] = tag_of(said)
        return said

    _days(router, desk)
    _loads(router, desk)
    return router


def _loads(router: APIRouter, desk: BankDesk) -> None:
    @router.get("/day-loads/{unit}")
    async def loads(unit: Name, between: Between, response: Response, person: Person = desk.reading) -> DayLoadsSaid:
        """What was said of a unit's days, for who says it; days of which nothing was said are left out. The ETag is of
        all that was said of the unit."""
        _check_told(desk, unit, person)
        said = await take_turn_at_once(desk.engine, lambda plain: _loads_of(plain, unit), Patience(), keep=False)
        response.headers["ETag"] = tag_of(said)
        first, last = between
        return said.model_copy(update={"loads": [one for one in said.loads if first <= one.day <= last]})

    @router.post("/day-loads", responses=UNDER_A_TAG)
    async def load(
        asked: LoadAsked,
        response: Response,
        if_match: Annotated[str | None, Header(description="The ETag of what was read of the unit")] = None,
        asking: Asking = desk.acting,
    ) -> LoadSaid:
        """Say what a day will be like: quotas can be for such days alone. Under `If-Match` where somebody edits what
        was read (412: another was said meanwhile). The ETag is that of all that is said of the unit by then; where it
        was said before, and the answer lost, there is none: what others have said since is to be read first."""
        services = desk.services()
        services.check_unit(asked.unit)
        duty = may_set_quota(asking.person, services.units.with_above(asked.unit, asked.day))

        def work(connection: Connection) -> str | None:
            def as_it_was_read() -> None:
                if if_match is not None:
                    check_tag(if_match, _loads_of(connection, asked.unit))

            is_new = say_load(connection, asked.unit, asked.day, asked.load, asking.under(duty), as_it_was_read)
            return tag_of(_loads_of(connection, asked.unit)) if is_new else None

        if (tag := await take_turn_at_once(desk.engine, work, Patience())) is not None:
            response.headers["ETag"] = tag
        return LoadSaid(**asked.model_dump())


def _days(router: APIRouter, desk: BankDesk) -> None:
    @router.get("/quotas/{unit}/days")
    async def days(unit: Name, between: Between, person: Person = desk.reading) -> UnitDaysSaid:
        """The calendar of a unit's days off, for who says how many there may be."""
        services = _check_told(desk, unit, person)
        found = await services.allocations.unit_days(unit, lambda day: services.units.with_below([unit], day), *between)
        said = [{**one._asdict(), "quota": places_said(one.quota), "left": places_said(one.left)} for one in found]
        return UnitDaysSaid.model_validate({"unit": unit, "days": said})


def _check_told(desk: BankDesk, unit: str, person: Person) -> Services:
    services = desk.services()
    services.check_unit(unit)
    may_read(person, lambda: may_set_quota(person, services.line(unit, desk.now())))
    return services


def _said(connection: Connection, unit: str) -> QuotasSaid:
    found = quotas_of(connection, [unit]).get(unit, [])
    return QuotasSaid(unit=unit, quotas=[_of(one) for one in found])


def _loads_of(connection: Connection, unit: str) -> DayLoadsSaid:
    found = loads_of(connection, [unit], FIRST, LAST)
    return DayLoadsSaid(unit=unit, loads=[DayLoadSaid(day=day, load=load) for (_, day), load in sorted(found.items())])


def _of(one: Quota) -> QuotaSaid:
    return QuotaSaid(on=one.on_said, since=one.holds_from, agents=one.agents, seconds=one.seconds, load=one.load)
