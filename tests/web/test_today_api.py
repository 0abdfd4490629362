"""An agent is told of the own running day, and nobody else of any."""

import pytest

from ccd.web.accounts import Accounts
from ccd.web.sessions import Sessions
from ccd.web.today_api import TodaySaid, today_api
from tests.web.office import Clock, Office
from tests.web.test_api import check_problem

WHERE = "/api/me/today"
SO_FAR = TodaySaid(until=9_000.0, base=7_200.0, aux=300.0, unobserved=0.0, working=[(1_800.0, 30_600.0)])


@pytest.fixture
async def office(accounts: Accounts, sessions: Sessions, clock: Clock) -> Office:
    async def today_of(agent: str) -> TodaySaid | None:
        return SO_FAR if agent == "1001" else None

    return Office(accounts, sessions, clock, more=[today_api(sessions, today_of)])


async def test_an_agent_is_told_what_counts_so_far(office: Office) -> None:
    await office.sign_in("陈静")
    answer = await office.client.get(WHERE)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert answer.json() == SO_FAR.model_dump(mode="json")


async def test_whoever_is_no_agent_is_told_nothing(office: Office) -> None:
    check_problem(await office.client.get(WHERE), 401)
    await office.sign_in("lead")
    check_problem(await office.client.get(WHERE), 403)
