"""The database is away: every answer says so, and that it will pass; nothing of a defect's trace."""

from typing import Any

import httpx
import pytest
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as NoConnectionFreeError
from structlog.testing import capture_logs

from ccd.bank.statement import AgentAccount, StatementPage
from ccd.errors import LedgerBrokenError
from ccd.sql.engine import open_engine
from ccd.sql.turns import Patience
from ccd.web.accounts import Accounts
from ccd.web.sessions import Sessions, session_key
from tests.web.office import PASSWORD, Bank, Clock, Office, cheap_passwords
from tests.web.test_api import check_problem

HURRIED = Patience(attempts_max=2, wait_s_max=0.01)
AWAY = [
    ConnectionRefusedError(111, "connection refused"),
    OperationalError("SELECT", None, Exception("disk I/O error")),
    NoConnectionFreeError("all of the pool's connections are taken"),
]


class LostBank(Bank):
    """Raises what its database does."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    async def account_of(self, agent: str) -> AgentAccount:
        raise self.error

    async def statement_of(self, agent: str, before: int | None, limit: int) -> StatementPage:
        raise self.error


@pytest.fixture
def nowhere(clock: Clock) -> Office:
    """Where neither people nor sessions can be looked up."""
    engine = open_engine("postgresql+asyncpg://nobody@127.0.0.1:1/ccd")
    return Office(Accounts(engine, cheap_passwords(), clock, HURRIED), Sessions(engine, clock, patience=HURRIED), clock)


def check_away(response: httpx.Response) -> dict[str, Any]:
    said = check_problem(response, 503)
    assert "database does not answer" in said["detail"]
    return said


@pytest.mark.parametrize("path", ["/api/session", "/api/site", "/api/me", "/api/me/statement"])
async def test_whose_a_request_is_can_not_be_known(nowhere: Office, path: str) -> None:
    answer = await nowhere.client.get(path, headers={"Cookie": "ccd_session=token"})
    check_away(answer)
    assert int(answer.headers["retry-after"]) > 0


async def test_nobody_can_sign_in_and_it_is_not_their_passwords_fault(nowhere: Office) -> None:
    check_away(await nowhere.sign_in("lead", PASSWORD))


async def test_signing_out_is_forgotten_by_the_browser_and_ends_live_connections_all_the_same(nowhere: Office) -> None:
    answer = await nowhere.client.delete("/api/session", headers={"Cookie": "ccd_session=token"})
    check_away(answer)
    assert 'ccd_session=""' in answer.headers["set-cookie"]
    assert "Max-Age=0" in answer.headers["set-cookie"]
    assert nowhere.turned_out == [session_key("token")]


@pytest.mark.parametrize("error", AWAY, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("path", ["/api/me", "/api/me/statement"])
async def test_an_account_that_can_not_be_read_says_so(
    accounts: Accounts, sessions: Sessions, clock: Clock, path: str, error: Exception
) -> None:
    office = Office(accounts, sessions, clock, bank=LostBank(error))
    await office.sign_in("陈静")
    check_away(await office.client.get(path))
    await office.client.aclose()


async def test_a_ledger_that_contradicts_itself_is_no_defect_and_asking_again_is_of_no_use(
    accounts: Accounts, sessions: Sessions, clock: Clock
) -> None:
    office = Office(accounts, sessions, clock, bank=LostBank(LedgerBrokenError("entries 12: its day is 'x'")))
    await office.sign_in("陈静")
    with capture_logs() as logs:
        answer = await office.client.get("/api/me")
    said = check_problem(answer, 503)
    assert (said["type"], "retry-after" in answer.headers) == ("urn:ccd:ledger-broken", False)
    assert "`ccd ledger verify` says where" in said["detail"]
    assert "entries 12" not in said["detail"]
    assert [(line["event"], line["path"]) for line in logs] == [("a request found the ledger broken", "/api/me")]
    await office.client.aclose()


async def test_that_the_database_answers_nobody_is_said_once(
    accounts: Accounts, sessions: Sessions, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = Office(accounts, sessions, clock, bank=LostBank(AWAY[0]))
    await office.sign_in("陈静")
    with capture_logs() as logs:
        for _ in range(3):
            check_away(await office.client.get("/api/me"))
        monkeypatch.setattr("ccd.web.problems.INCIDENT_PAUSE_S", 0.0)
        check_away(await office.client.get("/api/me"))
    assert [entry["event"] for entry in logs] == ["the database did not answer a request"] * 2
    await office.client.aclose()


async def test_a_question_that_is_wrong_is_a_defect_which_the_log_explains_and_the_answer_does_not(
    accounts: Accounts, sessions: Sessions, clock: Clock
) -> None:
    wrong = ProgrammingError("SELECT secret", None, Exception("no such column"))
    office = Office(accounts, sessions, clock, bank=LostBank(wrong))
    await office.sign_in("陈静")
    with capture_logs() as logs:
        said = check_problem(await office.client.get("/api/me"), 500)
    assert "SELECT" not in said["detail"]
    assert [line["exc_info"] for line in logs if line["log_level"] == "error"] == [wrong]
    await office.client.aclose()
