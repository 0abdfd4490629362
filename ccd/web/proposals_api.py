"""Red packets that other systems propose, each with a key of its own (ccd.web.keys)."""

from collections.abc import Callable, Collection
from http import HTTPStatus
from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from ccd.bank.asking import Asking
from ccd.bank.proposals import Proposal
from ccd.bank.proposing import Proposals
from ccd.errors import PacketError, ProposalError
from ccd.ledger.model import LEGS_MAX, SECONDS_MAX
from ccd.org.people import ALL_UNITS
from ccd.web.bank.desk import NO_NUL, Name
from ccd.web.bearer import Key, key_that_opens, speaker
from ccd.web.client import address_of
from ccd.web.described import MISSING, PROBLEM_SAID
from ccd.web.keys import ApiKeys, KeyScope
from ccd.web.problems import Problem, problem_of

PROPOSALS = "/api/packet-proposals"
NO_SLASH = "^[^\\x00/]*$"
Text = Annotated[str, Field(min_length=1, max_length=1_000, pattern=NO_NUL)]


class ProposalAsked(BaseModel):
    """`name` is what the system itself calls it, as the number of a suggestion: the same again changes nothing."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"name": "4711", "unit": "team-1", "agents": ["1001"], "seconds": 1800, "kind": "suggestion",
                 "reason": "The form fills itself in now"}
            ]
        },
    )  # fmt: skip

    name: Annotated[Name, Field(pattern=NO_SLASH)]
    unit: Name
    agents: Annotated[list[Name], Field(min_length=1, max_length=LEGS_MAX)]
    seconds: Annotated[int, Field(strict=True, ge=1, le=SECONDS_MAX)]
    kind: Name
    reason: Text


class ProposalSaid(ProposalAsked):
    """How it stands: `verdict` is open until a manager has confirmed or declined it, and `why` says why not."""

    proposal: str
    verdict: str
    why: str


def proposals_api(
    keys: ApiKeys,
    proposals: Callable[[], Proposals],
    with_below: Callable[[Collection[str]], Collection[str]],
    now: Callable[[], int],
) -> APIRouter:
    """`now` in µs since the epoch."""
    router = APIRouter(prefix=PROPOSALS)

    @router.post(
        "",
        status_code=HTTPStatus.CREATED,
        responses={
            HTTPStatus.OK: {"model": ProposalSaid},
            HTTPStatus.CONFLICT: PROBLEM_SAID,
        },
    )
    async def propose(
        asked: ProposalAsked, request: Request, response: Response, authorization: Key = None
    ) -> ProposalSaid:
        """Propose a red packet; a manager confirms or declines it. 200: it was proposed before, and this is how it
        stands. 409: its name was given to another. 422: it could never be given, and why."""
        key = await key_that_opens(keys, authorization, KeyScope.PROPOSE_PACKETS, now())
        if ALL_UNITS not in key.units and asked.unit not in with_below(key.units):
            raise Problem(HTTPStatus.FORBIDDEN, f"The key {key.name} is not for {asked.unit}.")
        at = now()
        wanted = Proposal(
            key.name, asked.name, asked.unit, tuple(asked.agents), asked.seconds, asked.kind, asked.reason, at
        )
        address = address_of(request)
        try:
            found = await proposals().propose(wanted, Asking(uuid4().hex, speaker(key), address, at))
        except ProposalError as error:
            raise problem_of(HTTPStatus.CONFLICT, error) from None
        except PacketError as error:
            raise problem_of(HTTPStatus.UNPROCESSABLE_ENTITY, error) from None
        if found.proposed_at != at:
            response.status_code = HTTPStatus.OK
        return proposal_said(found)

    @router.get("/{name}", responses=MISSING)
    async def stands(
        name: Annotated[str, Path(max_length=200, pattern=NO_SLASH)], authorization: Key = None
    ) -> ProposalSaid:
        """How a proposal of this key stands."""
        key = await key_that_opens(keys, authorization, KeyScope.PROPOSE_PACKETS, now())
        found = await proposals().with_id(f"{key.name}/{name}")
        if found is None:
            raise Problem(HTTPStatus.NOT_FOUND, f"{key.name} has proposed nothing of the name {name}.")
        return proposal_said(found)

    return router


def proposal_said(one: Proposal) -> ProposalSaid:
    return ProposalSaid(
        proposal=one.id, verdict=one.verdict.value, why=one.why, name=one.name, unit=one.unit, agents=list(one.agents),
        seconds=one.seconds, kind=one.kind, reason=one.reason,
    )  # fmt: skip
