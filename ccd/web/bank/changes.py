"""Changes of policies, and of the past's roster, that wait for a second person, or did."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from ccd.bank.asking import Asking
from ccd.errors import FaultsError
from ccd.org.people import Person
from ccd.org.rights import may_read_changes
from ccd.web.bank.desk import DONE, READ, Desk, Why
from ccd.web.paging import LIMIT, After, Limit, paged
from ccd.web.problems import Problem

EXAMPLE: dict[str, Any] = {
    "change": "3", "kind": "roster", "what": "the roster, in place of import 4", "digest": "9f86d081",
    "effect": {"since": "2026-11-01T00:00:00+08:00", "measured_days": 2, "agents": ["1001"], "seconds": {"1001": -465}},
    "by": "li", "at": 1795503600.0, "reason": "sat elsewhere", "state": "waiting", "decided_by": None,
    "decided_at": None,
}  # fmt: skip


class ChangeSaid(BaseModel):
    """`digest` is the SHA-256 of what is proposed, `effect` what was shown with it. `decided_by` is null where nobody
    was asked."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    change: str
    kind: Literal["policy", "roster"]
    what: str
    digest: str
    effect: dict[str, Any]
    by: str
    at: float
    reason: str
    state: Literal["waiting", "agreed", "withdrawn"]
    decided_by: str | None
    decided_at: float | None


class ChangesSaid(BaseModel):
    changes: list[ChangeSaid]
    next: str | None


class DecisionAsked(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"change": "3", "verdict": "agreed", "reason": "I was there"}]}
    )

    change: Annotated[str, Field(pattern=r"^[1-9][0-9]{0,8}$")]
    verdict: Literal["agreed", "withdrawn"]
    reason: Why


@dataclass(frozen=True, slots=True)
class ChangeDesk:
    all: Callable[[], Awaitable[list[ChangeSaid]]]
    agree: Callable[[Asking, int, str], Awaitable[ChangeSaid]]
    withdraw: Callable[[Asking, int, str], Awaitable[ChangeSaid]]


def changes_api(desk: Desk, changes: ChangeDesk) -> APIRouter:
    router = desk.router("/api")

    @router.get("/changes", responses=READ)
    async def proposed(
        response: Response, after: After = None, limit: Limit = LIMIT, person: Person = desk.reading
    ) -> ChangesSaid:
        """In the order in which they were proposed, for administrators and auditors."""
        may_read_changes(person)
        response.headers["Cache-Control"] = "no-store"
        page, more = paged(await changes.all(), lambda one: f"{int(one.change):020}", after, limit)
        return ChangesSaid(changes=page, next=more)

    @router.post("/changes/decisions", responses=DONE)
    async def decide(asked: DecisionAsked, asking: Asking = desk.acting) -> ChangeSaid:
        """Agree to what another person proposed, so that it holds; or withdraw it. 409: it is decided, or another
        roster was imported meanwhile."""
        act = changes.agree if asked.verdict == "agreed" else changes.withdraw
        try:
            return await act(asking, int(asked.change), asked.reason)
        except FaultsError as error:
            raise Problem(HTTPStatus.CONFLICT, str(error)) from None

    return router
