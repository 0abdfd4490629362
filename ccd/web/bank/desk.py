"""What the routers of the bank's services stand on: who asks, the services of the site that holds now, and the answers
that all of them give."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from typing import Annotated, Any, NamedTuple
from uuid import uuid4

from fastapi import APIRouter, Depends, Header, Query, Request
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.bank.allocating import Allocations
from ccd.bank.asking import Asking
from ccd.bank.budgeting import Budgets
from ccd.bank.giving import Giver
from ccd.bank.overtime_acts import Emergencies
from ccd.bank.withdrawing import Withdrawals
from ccd.errors import NotAllowedError
from ccd.org.agent_days import AgentDays
from ccd.org.people import Person
from ccd.org.rights import may_read, may_read_statement, may_see_waiting
from ccd.org.units import Units
from ccd.web.bearer import importer_of
from ccd.web.client import address_of
from ccd.web.guard import FILES
from ccd.web.idempotency import HEADER, KEY_CHARACTERS_MAX, Answers, act_of, once
from ccd.web.keys import ApiKeys
from ccd.web.problems import Problem
from ccd.web.session_api import COOKIE, Token, signed_in
from ccd.web.sessions import Sessions

FIRST, LAST = date(1971, 1, 1), date(2099, 12, 31)
EPOCH_S_MIN, EPOCH_S_MAX = 31_536_000, 4_102_444_799  # of these years
DAYS_MAX = 92
ID_CHARACTERS = 12  # of an act, that what it makes is called by
NO_NUL = "^[^\\x00]*$"  # PostgreSQL has no text with a NUL in it
MONTH = r"^(19[7-9][0-9]|20[0-9][0-9])-(0[1-9]|1[0-2])$"

Name = Annotated[str, Field(min_length=1, max_length=200, pattern=NO_NUL)]
Why = Annotated[str, Field(min_length=1, max_length=1_000, pattern=r"^[^\x00]*[^\s\x00][^\x00]*$")]
Day = Annotated[date, Field(ge=FIRST, le=LAST)]
FromDay = Annotated[Day, Query(alias="from", examples=["2026-11-01"])]
ToDay = Annotated[Day, Query(alias="to", examples=["2026-11-30"])]
Moment = Annotated[
    float, Field(strict=True, ge=EPOCH_S_MIN, le=EPOCH_S_MAX, allow_inf_nan=False, description="Epoch seconds")
]  # JSON as Python reads it has NaN, which is neither less nor more
Month = Annotated[str, Field(pattern=MONTH)]
Flag = Annotated[bool, Field(strict=True)]

ActKey = Annotated[
    str,
    Header(
        alias=HEADER,
        min_length=1,
        max_length=KEY_CHARACTERS_MAX,
        pattern="^[ -~]+$",
        examples=["7f3a"],
        description="Another for each act; sent again, the act is not done again",
    ),
]


@dataclass(frozen=True, slots=True)
class Services:
    """The bank's, of one site, as its daemon has put them together; `known` are all its units."""

    units: Units
    known: Collection[str]
    days: AgentDays
    giver: Giver
    budgets: Budgets
    withdrawals: Withdrawals
    allocations: Allocations
    emergencies: Emergencies

    def check_unit(self, unit: str) -> None:
        if unit not in self.known:
            raise Problem(
                HTTPStatus.NOT_FOUND, f"There is no unit {unit}.", because="no-such-unit", facts={"unit": unit}
            )

    def today(self, unit: str, at: int) -> date:
        return self.units.days(unit).at(at).day

    def line(self, unit: str, at: int) -> tuple[str, ...]:
        """The unit and all above it, on its day that runs at a moment, µs."""
        return self.units.with_above(unit, self.today(unit, at))


class BankDesk:
    """`services` are asked for at each request, so that a reload shows; `now` in µs since the epoch."""

    def __init__(
        self, sessions: Sessions, engine: AsyncEngine, services: Callable[[], Services], now: Callable[[], int]
    ) -> None:
        self.engine, self.services, self.now = engine, services, now
        self._sessions, self._keys = sessions, ApiKeys(engine)
        self._route = once(self.person, Answers(engine, now))

    def router(self, prefix: str) -> APIRouter:
        return APIRouter(prefix=prefix, route_class=self._route)

    async def person(self, request: Request) -> Person:
        """Who is signed in; where files are imported, a key speaks where nobody is."""
        token, said = request.cookies.get(COOKIE), request.headers.get("authorization")
        if token is None and said is not None and request.url.path.startswith(FILES):
            return await importer_of(self._keys, said, self.now())
        return (await signed_in(self._sessions, token)).person

    async def acts(self, request: Request, key: ActKey) -> Asking:
        """Who asks for an act that is done once; a key of the person's own names it."""
        person = await self.person(request)
        return Asking(act_of(person.name, key), person, address_of(request), self.now())

    async def edits(self, request: Request, token: Token = None) -> Asking:
        """Who puts something in place of what was read."""
        person = (await signed_in(self._sessions, token)).person
        return Asking(uuid4().hex, person, address_of(request), self.now())

    async def reads(self, token: Token = None) -> Person:
        return (await signed_in(self._sessions, token)).person

    @property
    def acting(self) -> Any:
        return Depends(self.acts)

    @property
    def editing(self) -> Any:
        return Depends(self.edits)

    @property
    def reading(self) -> Any:
        return Depends(self.reads)


def sees(person: Person, agent: str, may: Callable[[], object]) -> bool:
    """Whether what is an agent's is shown to somebody: to the agent, to an auditor, and to who may act on it."""
    return agent == person.agent or allowed(lambda: may_read_statement(person, agent)) or allowed(may)


def is_told(person: Person, may: Callable[[], object]) -> bool:
    """Whether what is told to who may do something is told to this person."""
    return allowed(lambda: may_read(person, may))


def waits_for(person: Person, may: Callable[[], object]) -> bool:
    """Whether what waits is shown to this person, among what waits for those who may decide it."""
    return allowed(lambda: may_see_waiting(person, may))


def allowed(may: Callable[[], object]) -> bool:
    try:
        may()
    except NotAllowedError:
        return False
    return True


class DaysAsked(NamedTuple):
    """From one to another, both with."""

    first: date
    last: date


def checked_days(days: DaysAsked, days_max: int) -> DaysAsked:
    """422 where they are none, or more."""
    if not 0 <= (days.last - days.first).days < days_max:
        detail = f"from {days.first} to {days.last}: allowed are 1 to {days_max} days."
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail, because="too-many-days", facts={"most": days_max})
    return days


def days_within(days_max: int) -> Any:
    """What a route depends on that is asked about days, at most so many."""

    async def asked(first: FromDay, last: ToDay) -> DaysAsked:
        return checked_days(DaysAsked(first, last), days_max)

    return Depends(asked)


Between = Annotated[DaysAsked, days_within(DAYS_MAX)]
