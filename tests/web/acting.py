"""The whole application over the real bank of a site of two teams, with people who are there for something."""

from collections.abc import Collection
from datetime import date
from pathlib import Path
from typing import Any

import httpx
from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.bank.accounts import AGENT_ACCOUNTS, HOUSE_ACCOUNTS, House, agent_owner
from ccd.daemon.served.overtime import OvertimeShown
from ccd.daemon.served.routers import bank_routers
from ccd.daemon.site import Current, Site
from ccd.floor.days import SECOND
from ccd.ledger.books import Ledger
from ccd.ledger.model import Account, Leg, Posting
from ccd.org.csv_faults import Written
from ccd.org.people import Person, Role
from ccd.settings import Settings
from ccd.web.accounts import Accounts
from ccd.web.sessions import Sessions
from tests.web.office import PASSWORD, Clock, Office, cheap_passwords

SITE = "demo"
AGENTS = {"1001": "team-1", "1002": "team-1", "1003": "team-1", "2001": "team-2"}
ROSTER = "agent,interface,member_name,unit\n" + "".join(f"{a},PJSIP/{a},,{unit}\n" for a, unit in AGENTS.items())
PEOPLE = """person,name,agent,role,unit,from,to,deputy_of
wang,Wang Fang,,hotline_manager,centre,,,
zhao,Zhao Min,,hotline_manager,team-2,,,
zhao,Zhao Min,,hr_clerk,team-2,,,
both,Both Ways,1003,hotline_manager,team-1,,,
hr,Liu Yang,,hr_clerk,*,,,
admin,Sun Li,,administrator,*,,,
audit,Zhou Jie,,auditor,*,,,
"""
LOGINS = (
    Person("wang", Role.SUPERVISOR, None, ("*",)),
    Person("zhao", Role.SUPERVISOR, None, ("team-2",)),
    Person("both", Role.AGENT, "1003"),
    Person("hr", Role.SUPERVISOR, None, ("*",)),
    Person("admin", Role.SUPERVISOR, None, ("*",)),
    Person("audit", Role.SUPERVISOR, None, ("*",)),
    Person("1001", Role.AGENT, "1001"),
    Person("1002", Role.AGENT, "1002"),
    Person("2001", Role.AGENT, "2001"),
)


class Place:
    def __init__(self, engine: AsyncEngine, clock: Clock, more: Collection[APIRouter] = ()) -> None:
        self.engine, self.clock = engine, clock
        units = {"centre": {}, "team-1": {"parent": "centre"}, "team-2": {"parent": "centre"}}
        policy = {"from": date(2026, 1, 1), "schedules": False}
        nobody_answers = {"wait_s_max": 0.01}
        said: dict[str, Any] = {
            "site": SITE, "policy": [policy], "units": units, "timezone": "Asia/Shanghai", "orders": nobody_answers,
        }  # fmt: skip
        settings = Settings.model_validate(said)
        people = Written(Path("people.csv"), PEOPLE)
        self.said = said
        self.site = Site(settings, Written(Path("roster.csv"), ROSTER), people=people)
        self.ledger = Ledger(engine, self.now)
        self.accounts = Accounts(engine, cheap_passwords(), clock)
        self.sessions = Sessions(
            engine, clock, 86_400.0, as_now=lambda person: self.site.staff.signed_in(person, self.now())
        )
        self.current = Current(self.site, self.site)
        overtime = OvertimeShown(self.ledger, self.current, self.now)
        routers = [*bank_routers(self.sessions, self.current, self.ledger, overtime, self.now), *more]
        self.office = Office(self.accounts, self.sessions, clock, more=routers)
        self._browsers: dict[str, httpx.AsyncClient] = {}
        self._acts = 0

    def follows(self, roster: str = ROSTER, people: str = PEOPLE, organisation: str = "", **said: Any) -> None:
        """Another roster, other people, units by another file, and whatever else is said otherwise from now on."""
        self.said |= {"units": {}} | said if organisation else said
        units = Written(Path("organisation.csv"), organisation) if organisation else None
        told = Written(Path("roster.csv"), roster), units, Written(Path("people.csv"), people)
        self.site = Site(Settings.model_validate(self.said), *told)
        self.current.site = self.current.shown = self.site

    def now(self) -> int:
        return round(self.clock() * SECOND)

    async def open(self) -> "Place":
        for person in LOGINS:
            await self.accounts.add(person, PASSWORD)
        return self

    async def browser(self, name: str) -> httpx.AsyncClient:
        if name not in self._browsers:
            browser = self.office.browser()
            answer = await browser.post("/api/session", json={"name": name, "password": PASSWORD})
            assert answer.status_code == 200
            self._browsers[name] = browser
        return self._browsers[name]

    async def post(self, name: str, path: str, body: dict[str, Any], key: str | None = None) -> httpx.Response:
        self._acts += 1
        headers = {"Idempotency-Key": key or f"act {self._acts}"}
        return await (await self.browser(name)).post(path, json=body, headers=headers)

    async def get(self, name: str, path: str, **asked: Any) -> httpx.Response:
        return await (await self.browser(name)).get(path, params=asked)

    async def put(self, name: str, path: str, body: dict[str, Any], tag: str | None = None) -> httpx.Response:
        headers = {} if tag is None else {"If-Match": tag}
        return await (await self.browser(name)).put(path, json=body, headers=headers)

    async def saved(self, agent: str, seconds: int) -> str:
        """So much is in the agent's savings; the line that says so."""
        house = House.of(SITE)
        await self.ledger.open_accounts([house.owner], HOUSE_ACCOUNTS, SITE, "test")
        await self.ledger.open_accounts([agent_owner(agent)], AGENT_ACCOUNTS, SITE, "test")
        leg = Leg(house.savings, Account(agent_owner(agent), "savings"), seconds, "savings")
        outcome = await self.ledger.post(Posting(f"saved/{agent}", 1, SITE, date(2026, 11, 1), (leg,), "test"))
        return f"{outcome.or_raise().transaction}.1"

    async def balance(self, agent: str) -> dict[str, int]:
        return await self.ledger.balances(agent_owner(agent))

    async def close(self) -> None:
        for browser in (self.office.client, *self._browsers.values()):
            await browser.aclose()
