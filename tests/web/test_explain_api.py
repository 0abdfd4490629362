"""A line is explained to whose it is, and to nobody who leads them."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.errors import UnknownTransferError
from ccd.ledger.model import Transfer
from ccd.web.accounts import Accounts
from ccd.web.explain_api import Explaining, explain_api
from ccd.web.sessions import Sessions
from tests.web.office import Clock, Office

TOLD: dict[str, Any] = {
    "transfer": "7.1", "agent": "1001", "timezone": "Asia/Shanghai", "posted": {}, "amount": 9, "leave": 0, "moves": [],
    "words": ["saved"], "day": None, "rows": [], "acts": [], "takes_back": None,
}  # fmt: skip
WHOSE = {Transfer(7, 1): "1001", Transfer(8, 1): "1002", Transfer(9, 1): ""}


@dataclass
class Explainer:
    asked: list[tuple[Transfer, bool]] = field(default_factory=list)

    async def whose(self, transfer: Transfer) -> str:
        if transfer not in WHOSE:
            raise UnknownTransferError(transfer)
        return WHOSE[transfer]

    async def told(self, transfer: Transfer, everything: bool) -> dict[str, Any]:
        self.asked.append((transfer, everything))
        return TOLD


@pytest.fixture
def explainer() -> Explainer:
    return Explainer()


@pytest.fixture
def office(engine: AsyncEngine, accounts: Accounts, sessions: Sessions, clock: Clock, explainer: Explainer) -> Office:
    explaining = Explaining(explainer.whose, explainer.told)
    return Office(accounts, sessions, clock, more=[explain_api(sessions, explaining)])


async def test_an_agent_reads_the_own_lines_and_no_others(office: Office, explainer: Explainer) -> None:
    assert (await office.client.get("/api/explain/7.1")).status_code == 401
    await office.sign_in("陈静")
    own = await office.client.get("/api/explain/7.1", params={"all": "true"})
    assert (own.status_code, own.json(), own.headers["cache-control"]) == (200, TOLD, "no-store")
    assert explainer.asked == [(Transfer(7, 1), True)]
    for others in ("8.1", "9.1"):
        refused = await office.client.get(f"/api/explain/{others}")
        assert (refused.status_code, refused.headers["content-type"]) == (403, "application/problem+json")
        assert "1002" not in refused.text, "nor whose they are"
    assert len(explainer.asked) == 1


async def test_who_leads_a_team_reads_no_statement(office: Office, explainer: Explainer) -> None:
    await office.sign_in("boss")
    assert (await office.client.get("/api/explain/7.1")).status_code == 403
    assert explainer.asked == []


@pytest.mark.parametrize(
    ("asked", "status"), [("6.1", 404), ("7", 422), ("x", 422), ("7.1.1", 422), (f"{10**18}.1", 422)]
)
async def test_what_is_no_transfer_is_said(office: Office, asked: str, status: int) -> None:
    await office.sign_in("陈静")
    assert (await office.client.get(f"/api/explain/{asked}")).status_code == status
