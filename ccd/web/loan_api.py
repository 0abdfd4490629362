"""What an agent owes for a month, and sets the balance against."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Self

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, model_validator

from ccd.bank.asking import Asking
from ccd.ledger.model import SECONDS_MAX
from ccd.org.people import Person
from ccd.org.rights import own_agent
from ccd.web.bank.desk import BankDesk, Flag

ITEM = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}/(day|idle|overtime|worked)$"


class ItemSaid(BaseModel):
    """What a day owes by one origin, in seconds: what was made leave, and what of it was offset, was taken over by
    attendance, and is open."""

    item: str
    made: int
    offset: int
    taken: int
    open: int


class FaultSaid(BaseModel):
    """Why full attendance is lost; `day` is null where it is of the month as a whole."""

    what: str
    day: date | None
    seconds: int


class ForecastSaid(BaseModel):
    """Whether full attendance is in reach: the days so far, if the rest is kept, with what is offset by itself."""

    full: bool
    points: float
    faults: list[FaultSaid]


class ExpiresSaid(BaseModel):
    """What would expire with the month as things stand, and with what would be offset by itself, in seconds, and by
    account: what came in before `since`, the first of the `months` for which unused time is kept."""

    months: int
    since: str
    seconds: int
    accounts: dict[str, int]


class LoanSaid(BaseModel):
    """`opens` says from which day on it can be offset, `closes` until when (epoch seconds); `could` is what the balance
    goes for. `by_itself`: what is not decided on is offset when the month closes, where that secures full attendance.
    `forecast` is null before the day from which it is foreseen, `expires` where nothing ever does."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "month": "2026-11", "opens": "2026-11-25", "closes": 1796292000.0, "owed": 2235, "could": 2235,
                    "balance": 3000, "by_itself": True,
                    "items": [{"item": "2026-11-10/idle", "made": 1800, "offset": 0, "taken": 0, "open": 1800},
                              {"item": "2026-11-12/day", "made": 435, "offset": 0, "taken": 0, "open": 435}],
                    "forecast": {"full": True, "points": 10, "faults": []},
                    "expires": {"months": 12, "since": "2025-12", "seconds": 600, "accounts": {"savings": 600}},
                }
            ]
        }
    )  # fmt: skip

    month: str
    opens: date
    closes: float
    owed: int
    could: int
    balance: int
    by_itself: bool
    items: list[ItemSaid]
    forecast: ForecastSaid | None
    expires: ExpiresSaid | None


class ChoiceAsked(BaseModel):
    """Of one item, or without it of all in the order of days; `seconds` of it, or all. `keep`: nothing more is offset
    by itself. `back`: whatever was offset of it is taken back, and owed again."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"item": "2026-11-10/idle"}]})

    item: Annotated[str | None, Field(pattern=ITEM)] = None
    seconds: Annotated[int | None, Field(strict=True, ge=1, le=SECONDS_MAX)] = None
    keep: Flag = False
    back: Flag = False

    @model_validator(mode="after")
    def is_one_thing(self) -> Self:
        if (self.keep and (self.back or self.item)) or (self.seconds and (self.keep or self.back)):
            raise ValueError("says two things; allowed: item and seconds, item and back, keep")
        return self


@dataclass(frozen=True, slots=True)
class LoanDesk:
    """`told` says what an agent owes now; `choose` sets the balance against it, and says what is left."""

    told: Callable[[str], Awaitable[LoanSaid]]
    choose: Callable[[Asking, str, ChoiceAsked], Awaitable[LoanSaid]]


def loan_api(desk: BankDesk, loans: LoanDesk) -> APIRouter:
    router = desk.router("/api/me")

    @router.get("/loan")
    async def loan(person: Person = desk.reading) -> LoanSaid:
        """What the agent who is signed in owes for the month that is decided on now, and what there is to set against
        it."""
        agent = own_agent(person)
        return await loans.told(agent)

    @router.post("/offsets")
    async def choose(asked: ChoiceAsked, asking: Asking = desk.acting) -> LoanSaid:
        """Set the balance against it, or take that back, until the month closes. 409: it can't be, and why."""
        return await loans.choose(asking, own_agent(asking.person), asked)

    return router
