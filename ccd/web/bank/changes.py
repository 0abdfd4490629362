"""Changes of policies and rules, of the past's roster, and of people: published, and agreed to by a second person."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from ccd.bank.asking import Asking
from ccd.errors import FaultsError
from ccd.org.people import Person
from ccd.org.rights import may_publish, may_read_changes
from ccd.web.bank.desk import DAYS_MAX, BankDesk, Day, DaysAsked, Why, checked_days
from ccd.web.contract import ProblemSaid
from ccd.web.paging import Paging
from ccd.web.problems import Problem

EXAMPLE: dict[str, Any] = {
    "change": "3", "kind": "roster", "what": "the roster, in place of import 4", "digest": "9f86d081",
    "effect": {"since": "2026-11-01T00:00:00+08:00", "measured_days": 2, "agents": ["1001"], "seconds": {"1001": -465}},
    "by": "li", "at": 1795503600.0, "reason": "sat elsewhere", "state": "waiting", "decided_by": None,
    "decided_at": None,
}  # fmt: skip


UNPUBLISHED: dict[str, Any] = {
    "kind": "rule", "what": "[reasons.coaching]", "digest": "9f" * 32,
    "says": {"table": "reasons", "of": "coaching", "says": {"policy": "exempt"}},
    "effect": {"from": "2026-11-01", "to": "2026-11-28", "agents": 40, "better": 12, "worse": 0},
    "refused": None,
}  # fmt: skip
PUBLISHED_MAX = 100  # at once
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class ChangeSaid(BaseModel):
    """`digest` is the SHA-256 of what is proposed, `effect` what was shown with it. `decided_by` is null where nobody
    was asked."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    change: str
    kind: Literal["policy", "rule", "roster", "people"]
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


class ChangeDecisionAsked(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"change": "3", "verdict": "agreed", "reason": "I was there"}]}
    )

    change: Annotated[str, Field(pattern=r"^[1-9][0-9]{0,8}$")]
    verdict: Literal["agreed", "withdrawn"]
    reason: Why


class UnpublishedSaid(BaseModel):
    """What the configuration says and nobody has published: `says` is the policy, or what of the table judges. `effect`
    is what it would do; null where it can't be published, and `refused` says why, as who publishes it would be told."""

    kind: Literal["policy", "rule"]
    what: str
    digest: str
    says: dict[str, Any]
    effect: dict[str, Any] | None
    refused: ProblemSaid | None


class AllUnpublishedSaid(BaseModel):
    model_config = ConfigDict(json_schema_extra={"examples": [{"unpublished": [UNPUBLISHED]}]})

    unpublished: list[UnpublishedSaid]


class PublicationAsked(BaseModel):
    """By the digests of what was read (`GET /api/changes/unpublished`); `from` and `to` as there."""

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
        json_schema_extra={"examples": [{"digests": [UNPUBLISHED["digest"]], "reason": "as the works council agreed"}]},
    )

    digests: Annotated[list[Digest], Field(min_length=1, max_length=PUBLISHED_MAX)]
    reason: Why
    first: Annotated[Day | None, Field(alias="from")] = None
    last: Annotated[Day | None, Field(alias="to")] = None


class PublishedSaid(BaseModel):
    """What waits for another administrator, or holds (`agreed`) where there is none."""

    changes: list[ChangeSaid]


@dataclass(frozen=True, slots=True)
class ChangeDesk:
    """`unpublished` and `publish` are told on which days an effect is tried; None: on the newest that are settled."""

    all: Callable[[], Awaitable[list[ChangeSaid]]]
    agree: Callable[[Asking, int, str], Awaitable[ChangeSaid]]
    withdraw: Callable[[Asking, int, str], Awaitable[ChangeSaid]]
    unpublished: Callable[[DaysAsked | None], Awaitable[list[UnpublishedSaid]]]
    publish: Callable[[Asking, list[str], DaysAsked | None, str], Awaitable[list[ChangeSaid]]]


def changes_api(desk: BankDesk, changes: ChangeDesk) -> APIRouter:
    router = desk.router("/api")

    @router.get("/changes")
    async def proposed(asked_page: Paging, person: Person = desk.reading) -> ChangesSaid:
        """In the order in which they were proposed, for administrators and auditors."""
        may_read_changes(person)
        page, more = asked_page.of(await changes.all(), lambda one: f"{int(one.change):020}")
        return ChangesSaid(changes=page, next=more)

    @router.post("/changes/decisions")
    async def decide(asked: ChangeDecisionAsked, asking: Asking = desk.acting) -> ChangeSaid:
        """Agree to what another person proposed, so that it holds; or withdraw it. 409: it is decided, or another
        roster was imported meanwhile."""
        act = changes.agree if asked.verdict == "agreed" else changes.withdraw
        try:
            return await act(asking, int(asked.change), asked.reason)
        except FaultsError as error:
            raise Problem(HTTPStatus.CONFLICT, str(error), because="change-faults") from None

    @router.get("/changes/unpublished")
    async def unpublished(
        first: Annotated[Day | None, Query(alias="from", examples=["2026-11-01"])] = None,
        last: Annotated[Day | None, Query(alias="to", examples=["2026-11-28"])] = None,
        person: Person = desk.reading,
    ) -> AllUnpublishedSaid:
        """What the configuration, as it was read last, says of policies, reasons, queues and the floor, and nobody has
        published; with what it would do: what accounts would have been, had it held on the settled days of a span, or
        on the newest 28. What says otherwise what has held is told with that. For administrators and auditors."""
        may_read_changes(person)
        return AllUnpublishedSaid(unpublished=await changes.unpublished(_span(first, last)))

    @router.post("/changes", status_code=HTTPStatus.CREATED)
    async def publish(asked: PublicationAsked, asking: Asking = desk.acting) -> PublishedSaid:
        """Publish what was read, with its effect. It waits until another administrator agrees, where there is one, and
        withdraws what waits of the same and says something else. 409: it says otherwise what has held, or the
        configuration says something else by now."""
        may_publish(asking.person)
        digests = list(dict.fromkeys(asked.digests))
        said = await changes.publish(asking, digests, _span(asked.first, asked.last), asked.reason)
        return PublishedSaid(changes=said)

    return router


def _span(first: date | None, last: date | None) -> DaysAsked | None:
    if first is None and last is None:
        return None
    if first is None or last is None:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "from and to go together.", because="from-with-to")
    return checked_days(DaysAsked(first, last), DAYS_MAX)
