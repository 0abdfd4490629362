"""What is recorded about the agent who is signed in: how much of what, and each line of it."""

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from ccd.org.rights import own_agent
from ccd.web.described import MISSING
from ccd.web.paging import LIMIT, After, Limit, cursor_of, name_in
from ccd.web.problems import Problem
from ccd.web.session_api import Token, signed_in
from ccd.web.sessions import Sessions

WRONG_PLACE = "next: what an answer gave as next is allowed."


class CategorySaid(BaseModel):
    """How many `rows` there are, and when the first and the last of them were recorded, epoch seconds; null where there
    is none, or where nobody can say it by agent. `kept_days`: for good, or for so many days. `seen_by`: who can see
    it."""

    name: str
    rows: int | None
    first: float | None
    last: float | None
    kept_days: int | None = Field(description="null: for good")
    seen_by: list[str]


class RecordedSaid(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "agent": "1001",
                    "categories": [
                        {
                            "name": "readings",
                            "rows": 1,
                            "first": 1796032800.0,
                            "last": 1796032800.0,
                            "kept_days": None,
                            "seen_by": ["self", "auditor"],
                        }
                    ],
                }
            ]
        }
    )

    agent: str
    categories: list[CategorySaid]


class RecordedLineSaid(BaseModel):
    at: float = Field(description="When it was recorded, epoch seconds")
    what: dict[str, Any] = Field(description="As it is kept: instants (`…_at`) and spans (`…_us`) in microseconds")


class RecordedLinesSaid(BaseModel):
    name: str
    lines: list[RecordedLineSaid]
    next: str | None


@dataclass(frozen=True, slots=True)
class RecordedDesk:
    """`sums` are those of an agent. `lines` are at most as many as are asked for of a category, the newest first,
    behind a place, each with its own place; None where there is no such category, ValueError where there is no such
    place."""

    sums: Callable[[str], Awaitable[list[CategorySaid]]]
    lines: Callable[
        [str, str, Sequence[Any] | None, int], Awaitable[list[tuple[RecordedLineSaid, Sequence[Any]]] | None]
    ]


def recorded_api(sessions: Sessions, desk: RecordedDesk) -> APIRouter:
    router = APIRouter(prefix="/api/me")

    @router.get("/recorded")
    async def recorded(token: Token = None) -> RecordedSaid:
        """What is recorded about the agent who is signed in, by category."""
        agent = own_agent((await signed_in(sessions, token)).person)
        return RecordedSaid(agent=agent, categories=await desk.sums(agent))

    @router.get("/recorded/{name}", responses=MISSING)
    async def lines(
        name: Annotated[str, Path(pattern="^[a-z_]{1,40}$", examples=["readings"])],
        after: After = None,
        limit: Limit = LIMIT,
        token: Token = None,
    ) -> RecordedLinesSaid:
        """The lines of a category, the newest first."""
        agent = own_agent((await signed_in(sessions, token)).person)
        place = None if after is None else _place(name_in(after))
        try:
            found = await desk.lines(agent, name, place, limit + 1)
        except ValueError:
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, WRONG_PLACE, because="wrong-place") from None
        if found is None:
            raise Problem(HTTPStatus.NOT_FOUND, f"Nothing is recorded under the name {name}.")
        more = len(found) > limit
        said = [line for line, _ in found[:limit]]
        return RecordedLinesSaid(
            name=name, lines=said, next=cursor_of(json.dumps(found[limit - 1][1])) if more else None
        )

    return router


def _place(said: str) -> list[Any]:
    try:
        found = json.loads(said)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, list):
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, WRONG_PLACE, because="wrong-place")
    return found
