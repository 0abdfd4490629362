"""What the pages ask beside the live channel: the site, and the agent's own account."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query

from ccd.bank.statement import AgentAccount, StatementPage
from ccd.org.people import Session
from ccd.org.rights import own_agent
from ccd.web.contract import LineSaid, MeSaid, PolicySaid, SiteSaid, StatementSaid
from ccd.web.problems import Problem
from ccd.web.session_api import Token, signed_in
from ccd.web.sessions import Sessions

LINES = 20
LINES_MAX = 100


@dataclass(frozen=True, slots=True)
class AgentFacts:
    """What is said of an agent beside the account."""

    name: str
    unit: str
    policy: PolicySaid


def account_api(
    sessions: Sessions,
    site: Callable[[], SiteSaid],
    agent_facts: Callable[[str], AgentFacts],
    account_of: Callable[[str], Awaitable[AgentAccount]],
    statement_of: Callable[[str, int | None, int], Awaitable[StatementPage]],
    units_of: Callable[[Session], list[str]],
) -> APIRouter:
    router = APIRouter(prefix="/api")

    @router.get("/site")
    async def the_site(token: Token = None) -> SiteSaid:
        """The site's words and limits; of the units, those that are shown to who asks."""
        session = await signed_in(sessions, token)
        agent = session.person.agent
        said = site()
        shown = {*units_of(session), *([] if agent is None else [agent_facts(agent).unit])}
        return said.model_copy(update={"units": [unit for unit in said.units if unit.unit in shown]})

    @router.get("/me")
    async def me(token: Token = None) -> MeSaid:
        """The agent who is signed in: accounts in seconds, and the newest lines of the statement."""
        agent = own_agent((await signed_in(sessions, token)).person)
        facts, account = agent_facts(agent), await account_of(agent)
        page = await statement_of(agent, None, LINES)
        return MeSaid(
            agent=agent, name=facts.name, unit=facts.unit, accounts=dict(account.kinds), balance=account.balance_s,
            policy=facts.policy, lines=_lines(page), next=_cursor(page),
        )  # fmt: skip

    @router.get("/me/statement")
    async def statement(
        before: Annotated[str | None, Query(description="`next` of what was read before")] = None,
        limit: Annotated[int, Query(ge=1, le=LINES_MAX)] = LINES,
        token: Token = None,
    ) -> StatementSaid:
        agent = own_agent((await signed_in(sessions, token)).person)
        if before is not None and not (before.isascii() and before.isdecimal() and len(before) < 19):
            raise Problem(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                "before: what an answer gave as next is allowed.",
                because="wrong-place",
            )
        page = await statement_of(agent, None if before is None else int(before), limit)
        return StatementSaid(lines=_lines(page), next=_cursor(page))

    return router


def _lines(page: StatementPage) -> list[LineSaid]:
    return [LineSaid.model_validate(line.as_json()) for line in page.lines]


def _cursor(page: StatementPage) -> str | None:
    return None if page.before is None else str(page.before)
