"""The application with a bank, a site and a clock that tests hold in their hands."""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
from fastapi import APIRouter
from prometheus_client import CollectorRegistry, Counter

from ccd.bank.accounts import AGENT_KINDS
from ccd.bank.statement import AgentAccount, Line, StatementPage
from ccd.org.people import Person
from ccd.web.account_api import AgentFacts
from ccd.web.accounts import Accounts
from ccd.web.app import Web, create_app
from ccd.web.backoff import BackOff
from ccd.web.bearer import NO_KEY
from ccd.web.contract import PolicySaid, ReasonSaid, SiteSaid, UnitSaid
from ccd.web.organisation_api import ImportDesk, Importer, ImportSaid
from ccd.web.passwords import Passwords
from ccd.web.problems import Problem
from ccd.web.sessions import Sessions

PASSWORD = "correct horse"
SESSION_S = 3_600.0
UNIT = UnitSaid(unit="team-1", name="一班", timezone="Asia/Shanghai", day_starts_at="04:00:00")
POLICY = PolicySaid(
    rate_ppm=37_000, expected_base_s=28_800, base_s_max=43_200, allowance_min_s=0, overdraft_takes=["savings"]
)
TOILET = ReasonSaid(
    zh="上厕所", en="Toilet", policy="counts", personal=True, threshold_s=300, max_s=None, max_s_day=None
)  # fmt: skip
SITE = SiteSaid(
    site="demo", timezone="Asia/Shanghai", day_starts_at="00:00:00",
    units=[UNIT, UnitSaid(unit="team-2", name="二班", timezone="Asia/Urumqi", day_starts_at="00:00:00")],
    reasons={"toilet": TOILET},
    pause_threshold_s=600, wait_threshold_s=60, nudge_left_s=120, nudge_pause_s=900,
)  # fmt: skip
UNITS = {"centre": None, "team-1": "centre", "team-2": "centre", "team-3": None}


def cheap_passwords() -> Passwords:
    return Passwords(passes=1, memory_kib=8)


@dataclass
class Clock:
    now: float = 1_795_500_000.0

    def __call__(self) -> float:
        return self.now


def with_below(units: Any) -> frozenset[str]:
    return frozenset(units) | {unit for unit, above in UNITS.items() if above in set(units)}


class Bank:
    """Statements of 45 lines, the newest numbered highest."""

    async def account_of(self, agent: str) -> AgentAccount:
        return AgentAccount({kind: (1_200 if kind == "savings" else 0) for kind in AGENT_KINDS})

    async def statement_of(self, agent: str, before: int | None, limit: int) -> StatementPage:
        newest = 45 if before is None else before - 1
        numbers = range(newest, max(0, newest - limit), -1)
        left = newest - limit
        return StatementPage(tuple(self._line(agent, number) for number in numbers), left + 1 if left > 0 else None)

    def _line(self, agent: str, number: int) -> Line:
        facts = {"revision": 1, "base": 28_800.0, "rate_ppm": 37_000}
        return Line(
            f"{agent}-{number}", date(2026, 11, 1), 1_795_000_000_000_000, "savings", 465, 0, 100 * number, "", facts
        )


async def _never_imported(kind: str) -> None:
    return None


async def _not_taken(kind: str, text: str, instead_of: int, asked: Importer, dry_run: bool) -> ImportSaid:
    raise AssertionError("nobody imports here")


async def _nobodys_key(said: str) -> Person:
    raise Problem(HTTPStatus.UNAUTHORIZED, NO_KEY)


NOBODYS = ImportDesk(_never_imported, _not_taken)


class Office:
    """The application, and a browser that keeps its cookies."""

    def __init__(
        self,
        accounts: Accounts,
        sessions: Sessions,
        clock: Clock,
        pages: Path | None = None,
        bank: Bank | None = None,
        imports: ImportDesk | None = None,
        more: Collection[APIRouter] = (),
        importer_of: Callable[[str], Awaitable[Person]] | None = None,
    ) -> None:
        self.turned_out: list[str] = []
        self.turn_out: Callable[[Collection[str]], None] = lambda keys: None
        self.missing: dict[str, str] = {}
        self.registry = CollectorRegistry()
        Counter("ccd_events", "Events that were heard", registry=self.registry).inc(3)
        bank = bank or Bank()
        extra = {"pages": pages} if pages else {}
        self.app = create_app(
            Web(
                accounts, sessions, BackOff(), clock, lambda: SITE, lambda: list(UNITS), with_below,
                lambda agent: AgentFacts("陈静", "team-1", POLICY), bank.account_of, bank.statement_of,
                self._turn_out, lambda: self.missing, self.registry, imports or NOBODYS,
                importer_of or _nobodys_key, more, ["https://floor.example.org"], **extra,
            )
        )  # fmt: skip
        self.client = self.browser()

    def browser(self, address: str = "10.0.0.1", base: str = "http://floor:8080") -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False, client=(address, 1))
        return httpx.AsyncClient(transport=transport, base_url=base)

    async def sign_in(self, name: str, password: str = PASSWORD) -> httpx.Response:
        return await self.client.post("/api/session", json={"name": name, "password": password})

    def _turn_out(self, keys: Collection[str]) -> None:
        self.turned_out += keys
        self.turn_out(keys)
