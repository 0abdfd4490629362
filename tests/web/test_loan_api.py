"""What an agent is told of the own loan, and decides: nobody else's."""

from datetime import date

import pytest

from ccd.bank.asking import Asking
from ccd.errors import OffsetError
from ccd.web.accounts import Accounts
from ccd.web.loan_api import ChoiceAsked, ItemSaid, LoanDesk, LoanSaid, loan_api
from ccd.web.sessions import Sessions
from tests.web.office import Clock, Office
from tests.web.test_api import check_problem

LOAN, OFFSETS = "/api/me/loan", "/api/me/offsets"
OWED = LoanSaid(
    month="2026-11", opens=date(2026, 11, 25), closes=9.0, owed=1_800, could=1_000, balance=1_000, by_itself=True,
    items=[ItemSaid(item="2026-11-10/idle", made=1_800, offset=0, taken=0, open=1_800)], forecast=None,
)  # fmt: skip


class Desk:
    def __init__(self) -> None:
        self.asked: list[tuple[str, str, ChoiceAsked]] = []

    async def told(self, agent: str) -> LoanSaid:
        assert agent == "1001"
        return OWED

    async def choose(self, asking: Asking, agent: str, asked: ChoiceAsked) -> LoanSaid:
        if asked.seconds == 1_001:
            raise OffsetError(agent, "has 1000 s to give, and 1001 s are asked")
        self.asked.append((asking.act, asking.by, asked))
        return OWED


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def office(accounts: Accounts, sessions: Sessions, clock: Clock, desk: Desk) -> Office:
    api = loan_api(sessions, LoanDesk(desk.told, desk.choose), lambda: 7)
    return Office(accounts, sessions, clock, more=[api])


async def test_an_agent_sees_the_own_loan(office: Office) -> None:
    await office.sign_in("陈静")
    answer = await office.client.get(LOAN)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert answer.json() == OWED.model_dump(mode="json")


async def test_an_agent_decides_and_a_refusal_says_why(office: Office, desk: Desk) -> None:
    await office.sign_in("陈静")
    answer = await office.client.post(OFFSETS, json={"item": "2026-11-10/idle", "seconds": 60, "key": "a1"})
    assert answer.status_code == 200
    assert desk.asked == [("offset/1001/a1", "陈静", ChoiceAsked(item="2026-11-10/idle", seconds=60, key="a1"))]
    refused = await office.client.post(OFFSETS, json={"seconds": 1_001})
    check_problem(refused, 422)
    assert "has 1000 s to give" in refused.text
    for wrong in ({"item": "all"}, {"seconds": 0}, {"more": 1}, {"key": ""}):
        check_problem(await office.client.post(OFFSETS, json=wrong), 422)
    assert len(desk.asked) == 1


async def test_whoever_is_no_agent_sees_and_decides_nothing(office: Office) -> None:
    check_problem(await office.client.get(LOAN), 401)
    check_problem(await office.client.post(OFFSETS, json={}), 401)
    await office.sign_in("lead")
    check_problem(await office.client.get(LOAN), 403)
    check_problem(await office.client.post(OFFSETS, json={}), 403)
