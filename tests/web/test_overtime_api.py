"""What an agent is told of overtime that runs: the own, and nobody else's."""

import pytest

from ccd.web.accounts import Accounts
from ccd.web.overtime_api import GrowingSaid, OvertimeSaid, RunningSaid, overtime_api
from ccd.web.sessions import Sessions
from tests.web.office import Clock, Office
from tests.web.test_api import check_problem

WHERE = "/api/me/overtime"
STORM = RunningSaid(
    emergency="storm", level="I", interest_ppm=300_000, round_up_s=0, starts=1_000.0, ends=9_000.0, principal=600,
    interest=180, measured=True,
)  # fmt: skip
GROWS = GrowingSaid(
    emergency="storm", since=2_000.0, until=9_000.0, day_ends=50_000.0, worked=600.5, principal=600, interest=180
)  # fmt: skip


@pytest.fixture
async def office(accounts: Accounts, sessions: Sessions, clock: Clock) -> Office:
    async def overtime_of(agent: str) -> OvertimeSaid:
        return OvertimeSaid(running=[STORM] if agent == "1001" else [], growing=GROWS if agent == "1001" else None)

    return Office(accounts, sessions, clock, more=[overtime_api(sessions, overtime_of)])


async def test_an_agent_is_told_what_the_own_overtime_comes_to(office: Office) -> None:
    await office.sign_in("陈静")
    answer = await office.client.get(WHERE)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert answer.json() == {"running": [STORM.model_dump()], "growing": GROWS.model_dump()}


async def test_whoever_is_no_agent_is_told_nothing(office: Office) -> None:
    check_problem(await office.client.get(WHERE), 401)
    await office.sign_in("lead")
    check_problem(await office.client.get(WHERE), 403)
