"""What managers see and decide of the red packets that other systems have proposed."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, Any, Literal
from uuid import uuid4

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from ccd.bank.asking import Asking
from ccd.bank.proposing import Proposals
from ccd.errors import BudgetError, CapPassedError, PacketError, ProposalError, RefusedError
from ccd.web.contract import ProblemSaid
from ccd.web.problems import Problem
from ccd.web.proposals_api import NO_NUL, PROPOSALS, ProposalSaid, said_of
from ccd.web.session_api import Token, signed_in
from ccd.web.sessions import Sessions

SHOWN_MAX = 200


class WaitingSaid(BaseModel):
    proposals: list[ProposalSaid]


class DecisionAsked(BaseModel):
    """`why` is needed where it is declined; `budget` is that from which it is given, else the unit's own cap is drawn
    on."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"proposal": "box/4711", "verdict": "confirmed"}]}
    )

    proposal: Annotated[str, Field(min_length=3, max_length=400, pattern=NO_NUL)]
    verdict: Literal["confirmed", "declined"]
    why: Annotated[str, Field(max_length=1_000, pattern=NO_NUL)] = ""
    budget: Annotated[str, Field(max_length=200, pattern=NO_NUL)] = ""


def decisions_api(sessions: Sessions, proposals: Callable[[], Proposals], now: Callable[[], int]) -> APIRouter:
    """`now` in µs since the epoch."""
    router = APIRouter(prefix=PROPOSALS)
    problem: dict[str, Any] = {"model": ProblemSaid}
    decided: dict[int | str, dict[str, Any]] = {
        HTTPStatus.NOT_FOUND: problem,
        HTTPStatus.CONFLICT: problem,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE: problem,
        HTTPStatus.UNPROCESSABLE_ENTITY: problem,
    }

    @router.get("")
    async def waiting(response: Response, token: Token = None) -> WaitingSaid:
        """Those that wait for who is signed in: the newest first, of the units in which they give red packets."""
        person = (await signed_in(sessions, token)).person
        bank = proposals()
        response.headers["Cache-Control"] = "no-store"
        found = await bank.newest(SHOWN_MAX, decided=False)
        return WaitingSaid(proposals=[said_of(one) for one in found if bank.may_decide(one, person, now())])

    @router.post("/decisions", responses=decided)
    async def decide(asked: DecisionAsked, request: Request, token: Token = None) -> ProposalSaid:
        """Confirm a proposal, which gives it, or decline it. Asked again, it says the same. 409: it was decided
        otherwise, or a cap does not allow it; then it goes on waiting."""
        person = (await signed_in(sessions, token)).person
        asking = Asking(uuid4().hex, person, request.client.host if request.client else "", now())
        bank = proposals()
        if await bank.with_id(asked.proposal) is None:
            raise Problem(HTTPStatus.NOT_FOUND, f"There is no proposal {asked.proposal}.")
        if asked.verdict == "declined" and not asked.why.strip():
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "why: a proposal is declined for a reason.")
        try:
            if asked.verdict == "confirmed":
                return said_of(await bank.confirm(asked.proposal, asking, asked.budget))
            return said_of(await bank.decline(asked.proposal, asking, asked.why))
        except (ProposalError, PacketError, BudgetError, CapPassedError, RefusedError) as error:
            raise Problem(HTTPStatus.CONFLICT, str(error)) from None

    return router
