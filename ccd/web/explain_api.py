"""Why a line stands on a statement, for whom it is and for auditors."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from ccd.errors import UnknownTransferError
from ccd.ledger.model import Transfer
from ccd.org.rights import may_read_statement
from ccd.web.described import MISSING
from ccd.web.problems import Problem
from ccd.web.session_api import Token, signed_in
from ccd.web.sessions import Sessions

TRANSFER = r"^[0-9]{1,18}\.[0-9]{1,9}$"


@dataclass(frozen=True, slots=True)
class Explaining:
    """`whose` names the agent whose account a transfer moved, "" where it is no agent's; `told` explains it.
    UnknownTransferError."""

    whose: Callable[[Transfer], Awaitable[str]]
    told: Callable[[Transfer, bool], Awaitable[dict[str, Any]]]


class ExplainedSaid(BaseModel):
    """`words` say how the line came about. `day` is the day's record, with what was expected of it, and the spans and
    segments that the figures are of; each event of a switch in its own words (`text`), or why they are `missing`."""

    transfer: str
    agent: str
    timezone: str
    posted: dict[str, Any]
    amount: int = Field(description="What it does to the balance, in seconds")
    leave: int = Field(description="What it adds to the leave that is owed, in seconds")
    moves: list[dict[str, Any]]
    words: list[str]
    day: dict[str, Any] | None
    rows: list[dict[str, Any]]
    acts: list[dict[str, Any]]
    takes_back: "ExplainedSaid | None" = Field(description="What it takes back, explained likewise")


def explain_api(sessions: Sessions, explaining: Explaining) -> APIRouter:
    router = APIRouter(prefix="/api")

    @router.get("/explain/{transfer}", responses=MISSING)
    async def explain(
        transfer: Annotated[str, Path(pattern=TRANSFER, description="As a statement names it", examples=["1234.1"])],
        everything: Annotated[bool, Query(alias="all", description="Every span of the day")] = False,
        token: Token = None,
    ) -> ExplainedSaid:
        """From the line to the day record, the segments, and what the switch said. One's own; an auditor's reading is
        noted."""
        person = (await signed_in(sessions, token)).person
        asked = Transfer(*map(int, transfer.split(".")))
        try:
            agent = await explaining.whose(asked)
        except UnknownTransferError:
            raise Problem(HTTPStatus.NOT_FOUND, f"There is no transfer {transfer}.") from None
        may_read_statement(person, agent, transfer)
        return ExplainedSaid.model_validate(await explaining.told(asked, everything))

    return router
