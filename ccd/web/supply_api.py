"""The balance of the system, for whoever leads units or administers them."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict

from ccd.org.people import Person
from ccd.web.bank.desk import Month
from ccd.web.session_api import Token, signed_in
from ccd.web.sessions import Sessions

EXAMPLE: dict[str, Any] = {
    "unit": "team-1",
    "deposited": {"savings": 46500, "gift": 3600},
    "taken": {"overdraft": 935, "withdrawal": 28800},
    "outstanding": 90000,
    "held": 28800,
    "outstanding_days": 3.1,
    "owed_to_attendance": 435,
    "gift_cap": 345600,
    "gifts": 3600,
    "rush": 3600,
    "rush_worth": 14400,
    "idle": 28800,
    "payable": 576000,
    "can_be_staffed": True,
}


class UnitSupply(BaseModel):
    """Of a unit, with those below it, in seconds: what each service gave and took; `outstanding`, of which `held` is
    for days off, and the days of leave that it comes to; what was worked in a rush and what that is worth in idle
    hours, and what was spent when idle; `payable`: what the quotas of the days to come, from today on, leave room for,
    and whether that is enough: null of another month than the one that runs."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    unit: str
    deposited: dict[str, int]
    taken: dict[str, int]
    outstanding: int
    held: int
    outstanding_days: float | None
    owed_to_attendance: int
    gift_cap: int
    gifts: int
    rush: int
    rush_worth: float
    idle: int
    payable: int
    can_be_staffed: bool | None


class SupplySaid(BaseModel):
    """`warnings`: by unit, why what is outstanding can't be staffed."""

    month: str
    units: list[UnitSupply]
    warnings: dict[str, str]


def supply_api(
    sessions: Sessions,
    supply_of: Callable[[str | None], Awaitable[SupplySaid]],
    units_of: Callable[[Person], Iterable[str]],
) -> APIRouter:
    router = APIRouter(prefix="/api")

    @router.get("/supply")
    async def supply(
        month: Annotated[Month | None, Query(description="As 2026-11.")] = None,
        token: Token = None,
    ) -> SupplySaid:
        """Of the units that who is signed in leads, and of those below them; of the month that runs, where none is
        named."""
        person = (await signed_in(sessions, token)).person
        wanted = frozenset(units_of(person))
        found = await supply_of(month) if wanted else SupplySaid(month=month or "", units=[], warnings={})
        return SupplySaid(
            month=found.month,
            units=[one for one in found.units if one.unit in wanted],
            warnings={unit: why for unit, why in found.warnings.items() if unit in wanted},
        )

    return router
