"""Policies as they were published, key by key with the reason of each, and who has read them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from ccd.bank.asking import Asking
from ccd.org.people import Person
from ccd.org.rights import own_agent
from ccd.web.bank.desk import BankDesk, Day, Name
from ccd.web.described import MISSING
from ccd.web.problems import Problem

Number = Annotated[str, Path(pattern=r"^[1-9][0-9]{0,8}$", examples=["3"])]
EXAMPLE: dict[str, Any] = {
    "id": "3", "unit": "team-1", "from": "2026-12-01", "to": None, "state": "agreed", "published_at": 1795503600.0,
    "published_by": "li", "agreed_by": "wang", "reason": "as the works council agreed", "read_at": None,
    "keys": [{"key": "rate_ppm", "value": 30000, "default": 37000, "why": "the allowance in parts per million"}],
}  # fmt: skip


class PolicyKeySaid(BaseModel):
    """A value is what the key has: a number, a text, a list, a table. `why` says what it decides, and why so."""

    key: str
    value: Any
    default: Any
    why: str


class PublishedPolicySaid(BaseModel):
    """Of a unit (null: of all that have none of their own) from a day on, until the day before `to`. `agreed_by` is
    null where nobody else agreed, `read_at` where who is signed in has not read it."""

    model_config = ConfigDict(populate_by_name=True, json_schema_extra={"examples": [EXAMPLE]})

    id: str
    unit: str | None
    starts: Annotated[date, Field(alias="from")]
    ends: Annotated[date | None, Field(alias="to")]
    state: Literal["agreed", "waiting"]
    published_at: float
    published_by: str
    agreed_by: str | None
    reason: str
    read_at: float | None
    keys: list[PolicyKeySaid]


class PoliciesSaid(BaseModel):
    model_config = ConfigDict(json_schema_extra={"examples": [{"policies": [EXAMPLE]}]})

    policies: list[PublishedPolicySaid]


class ReadSaid(BaseModel):
    model_config = ConfigDict(json_schema_extra={"examples": [{"id": "3", "read_at": 1795503600.0}]})

    id: str
    read_at: float


class ReaderSaid(BaseModel):
    agent: str
    at: float


class ReadersSaid(BaseModel):
    """Of the agents whose policy it is, or will be, and who are shown to whoever asks."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"id": "3", "read": [{"agent": "1001", "at": 1795503600.0}], "unread": ["1002"]}]
        }
    )

    id: str
    read: list[ReaderSaid]
    unread: list[str]


@dataclass(frozen=True, slots=True)
class PolicyDesk:
    """`shown` are those that somebody may see; `on` the one that holds in a unit on a day (None: its running day), if
    it is shown; `read` notes that an agent has read one; `readers` says who has."""

    shown: Callable[[Person], Awaitable[list[PublishedPolicySaid]]]
    on: Callable[[Person, str, date | None], Awaitable[PublishedPolicySaid | None]]
    read: Callable[[Asking, str, int], Awaitable[float]]
    readers: Callable[[Person, int], Awaitable[ReadersSaid | None]]


def policies_api(desk: BankDesk, policies: PolicyDesk) -> APIRouter:
    router = APIRouter(prefix="/api")

    @router.get("/policies")
    async def published(person: Person = desk.reading) -> PoliciesSaid:
        """The newest first: of an agent the own unit's and those of all units; of leaders those of their units; all,
        and what waits for a second person, for auditors and administrators."""
        return PoliciesSaid(policies=await policies.shown(person))

    @router.get("/policies/{unit}", responses=MISSING)
    async def holds(
        unit: Name,
        day: Annotated[Day | None, Query(examples=["2026-11-28"])] = None,
        person: Person = desk.reading,
    ) -> PublishedPolicySaid:
        """What holds in a unit on a day; without one, on the day that runs there."""
        if (found := await policies.on(person, unit, day)) is None:
            raise Problem(HTTPStatus.NOT_FOUND, f"No policy of {unit} is shown to {person.name}.")
        return found

    @router.post("/me/policies/{number}/read", responses=MISSING)
    async def read(number: Number, asking: Asking = desk.editing) -> ReadSaid:
        """Say that one has read it. Said again, nothing changes, and it is told when it was said first."""
        agent = own_agent(asking.person)
        if number not in {one.id for one in await policies.shown(asking.person)}:
            raise _missing(number, asking.person)
        return ReadSaid(id=number, read_at=await policies.read(asking, agent, int(number)))

    @router.get("/policies/{number}/readers", responses=MISSING)
    async def readers(number: Number, person: Person = desk.reading) -> ReadersSaid:
        """Who has read it, and who has not: of the units that are shown to leaders; of all, for auditors and
        administrators."""
        if (found := await policies.readers(person, int(number))) is None:
            raise _missing(number, person)
        return found

    return router


def _missing(number: str, person: Person) -> Problem:
    return Problem(HTTPStatus.NOT_FOUND, f"No policy {number} is shown to {person.name}.")
