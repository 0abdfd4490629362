"""What leaders ask of the telephone switches about their agents: pause, unpause, sign out."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict

from ccd.bank.asking import Asking
from ccd.org.orders import Ended, OrderKind, OrderOutcome
from ccd.web.bank.desk import NO_NUL, BankDesk, Why
from ccd.web.problems import Problem

Order = Callable[[Asking, str, OrderKind, str], Awaitable[Ended]]
Agent = Annotated[str, Path(min_length=1, max_length=200, pattern=NO_NUL, examples=["1001"])]

NOT_DONE = frozenset((OrderOutcome.NOT_THERE, OrderOutcome.REFUSED, OrderOutcome.NOT_ASKED))


class OrderAsked(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "a fire drill"}]})

    reason: Why


class AnswerSaid(BaseModel):
    """Of one queue, or of all of a seat where `queue` is empty; `said` are the switch's own words."""

    pbx: str
    seat: str
    queue: str
    answered: Literal["done", "not_there", "static", "denied", "refused", "not_asked", "unknown"]
    said: str


class OrderSaid(BaseModel):
    """`unknown`: a switch was asked and has not answered; the board shows what came of it once it is heard again."""

    order: str
    agent: str
    what: Literal["pause", "unpause", "sign out"]
    outcome: Literal["done", "partly", "unknown"]
    answers: list[AnswerSaid]


def orders_api(desk: BankDesk, order: Order) -> APIRouter:
    """`order` has it carried out, and waits for what comes of it. OrderError: it can't be."""
    router = desk.router("/api/agents")

    async def ordered(asking: Asking, agent: str, what: OrderKind, why: str) -> OrderSaid:
        if not desk.services().days.knows(agent):
            raise Problem(HTTPStatus.NOT_FOUND, f"There is no agent {agent}.")
        ended = await order(asking, agent, what, why)
        said = _said(ended)
        if ended.outcome in NOT_DONE:
            raise Problem(
                HTTPStatus.CONFLICT, str(ended), because="order-not-done",
                facts={"outcome": ended.outcome.value, "answers": [each.model_dump() for each in said]},
            )  # fmt: skip
        return OrderSaid.model_validate(
            {"order": ended.act, "agent": agent, "what": what.value, "outcome": ended.outcome.value, "answers": said}
        )

    @router.post("/{agent}/pause")
    async def pause(agent: Agent, asked: OrderAsked, asking: Asking = desk.acting) -> OrderSaid:
        """Pause an agent of one's own units, in every queue, for the reason that leaders' pauses have. 409: nothing was
        done, and why; its facts are the outcome, and what the switch said of each queue."""
        return await ordered(asking, agent, OrderKind.PAUSE, asked.reason)

    @router.post("/{agent}/unpause")
    async def unpause(agent: Agent, asked: OrderAsked, asking: Asking = desk.acting) -> OrderSaid:
        """End an agent's pause in every queue, whoever set it."""
        return await ordered(asking, agent, OrderKind.UNPAUSE, asked.reason)

    @router.post("/{agent}/sign-out")
    async def sign_out(agent: Agent, asked: OrderAsked, asking: Asking = desk.acting) -> OrderSaid:
        """Take an agent out of every queue; a call that runs goes on. The time signed out is not charged."""
        return await ordered(asking, agent, OrderKind.SIGN_OUT, asked.reason)

    return router


def _said(ended: Ended) -> list[AnswerSaid]:
    return [AnswerSaid.model_validate(each._asdict() | {"answered": each.answered.value}) for each in ended.answers]
