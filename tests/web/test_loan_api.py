"""What an agent is told of the own loan, and decides: nobody else's."""

from datetime import date

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.bank.asking import Asking
from ccd.errors import OffsetError
from ccd.web.accounts import Accounts
from ccd.web.bank.desk import BankDesk, Services
from ccd.web.idempotency import act_of
from ccd.web.loan_api import ChoiceAsked, ExpiresSaid, ItemSaid, LoanDesk, LoanSaid, loan_api
from ccd.web.sessions import Sessions
from tests.web.office import Clock, Office
from tests.web.test_api import check_problem

LOAN, OFFSETS = "/api/me/loan", "/api/me/offsets"
OWED = LoanSaid(
    month="2026-11", opens=date(2026, 11, 25), closes=9.0, owed=1_800, could=1_000, balance=1_000, by_itself=True,
    items=[ItemSaid(item="2026-11-10/idle", made=1_800, offset=0, taken=0, open=1_800)], forecast=None,
    expires=ExpiresSaid(months=2, since="2026-10", seconds=300, accounts={"savings": 300}),
)  # fmt: skip


def no_services() -> Services:
    raise AssertionError("a loan asks for no service of the bank")


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
def office(engine: AsyncEngine, accounts: Accounts, sessions: Sessions, clock: Clock, desk: Desk) -> Office:
    asked = BankDesk(sessions, engine, no_services, lambda: 7)
    api = loan_api(asked, LoanDesk(desk.told, desk.choose))
    return Office(accounts, sessions, clock, more=[api])


async def test_an_agent_sees_the_own_loan(office: Office) -> None:
    await office.sign_in("陈静")
    answer = await office.client.get(LOAN)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert answer.json() == OWED.model_dump(mode="json")


async def choose(office: Office, asked: dict[str, object], key: str) -> httpx.Response:
    return await office.client.post(OFFSETS, json=asked, headers={"Idempotency-Key": key})


async def test_an_agent_decides_once_and_a_refusal_says_why(office: Office, desk: Desk) -> None:
    await office.sign_in("陈静")
    one: dict[str, object] = {"item": "2026-11-10/idle", "seconds": 60}
    answer = await choose(office, one, "a1")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    again = await choose(office, one, "a1")
    assert (again.json(), again.headers["idempotency-replayed"]) == (answer.json(), "true")
    assert desk.asked == [(act_of("陈静", "a1"), "陈静", ChoiceAsked(item="2026-11-10/idle", seconds=60))]
    check_problem(await choose(office, {}, "a1"), 422)
    assert "has 1000 s to give" in check_problem(await choose(office, {"seconds": 1_001}, "a2"), 409)["detail"]
    faults: list[dict[str, object]] = [
        {"item": "all"}, {"seconds": 0}, {"more": 1}, {"keep": True, "back": True}, {"back": True, "seconds": 5},
    ]  # fmt: skip
    for number, wrong in enumerate(faults):
        check_problem(await choose(office, wrong, f"b{number}"), 422)
    check_problem(await office.client.post(OFFSETS, json=one), 422)  # without a key
    assert len(desk.asked) == 1


async def test_whoever_is_no_agent_sees_and_decides_nothing(office: Office) -> None:
    check_problem(await office.client.get(LOAN), 401)
    check_problem(await choose(office, {}, "a"), 401)
    await office.sign_in("lead")
    check_problem(await office.client.get(LOAN), 403)
    check_problem(await choose(office, {}, "a"), 403)
