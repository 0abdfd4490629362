"""What managers see and decide of the red packets that other systems have proposed."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from ccd.bank.asking import Asking
from ccd.bank.proposing import Proposals
from ccd.errors import PacketError
from ccd.org.people import Person
from ccd.web.bank.desk import NO_NUL, BankDesk
from ccd.web.paging import LIMIT_MAX, After, Limit, PageAsked
from ccd.web.problems import Problem, problem_of
from ccd.web.proposals_api import PROPOSALS, ProposalSaid, proposal_said


class ProposalsWaitingSaid(BaseModel):
    proposals: list[ProposalSaid]
    next: str | None


class ProposalDecisionAsked(BaseModel):
    """`why` is needed where it is declined; `budget` is that from which it is given, else the unit's own cap is drawn
    on."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"proposal": "box/4711", "verdict": "confirmed"}]}
    )

    proposal: Annotated[str, Field(min_length=3, max_length=400, pattern=NO_NUL)]
    verdict: Literal["confirmed", "declined"]
    why: Annotated[str, Field(max_length=1_000, pattern=NO_NUL)] = ""
    budget: Annotated[str, Field(max_length=200, pattern=NO_NUL)] = ""


def decisions_api(desk: BankDesk, proposals: Callable[[], Proposals]) -> APIRouter:
    router = desk.router(PROPOSALS)

    @router.get("")
    async def waiting(
        after: After = None, limit: Limit = LIMIT_MAX, person: Person = desk.reading
    ) -> ProposalsWaitingSaid:
        """Those that wait for who is signed in: the newest first, of the units in which they give red packets. Auditors
        of all units are told all that wait."""
        service = proposals()
        found = [one for one in await service.newest(None, decided=False) if service.is_shown(one, person, desk.now())]
        page, more = PageAsked(after, limit, PROPOSALS).of(found, lambda one: f"{one.number:020}", newest_first=True)
        return ProposalsWaitingSaid(proposals=[proposal_said(one) for one in page], next=more)

    @router.post("/decisions")
    async def decide(asked: ProposalDecisionAsked, asking: Asking = desk.acting) -> ProposalSaid:
        """Confirm a proposal, which gives it, or decline it. Whoever asks for what was decided so is told the same.
        409: it was decided otherwise, or a cap does not allow it; then it goes on waiting."""
        service = proposals()
        if await service.with_id(asked.proposal) is None:
            raise Problem(HTTPStatus.NOT_FOUND, f"There is no proposal {asked.proposal}.")
        if asked.verdict == "declined" and not asked.why.strip():
            raise Problem(
                HTTPStatus.UNPROCESSABLE_ENTITY, "why: a proposal is declined for a reason.", because="no-reason"
            )
        try:
            if asked.verdict == "confirmed":
                return proposal_said(await service.confirm(asked.proposal, asking, asked.budget))
            return proposal_said(await service.decline(asked.proposal, asking, asked.why))
        except PacketError as error:  # it was right when it was proposed: units and agents have moved since
            raise problem_of(HTTPStatus.CONFLICT, error) from None

    return router
