"""Other systems propose red packets over HTTP, with a key that is for that, in its units, and until its day."""

from dataclasses import replace
from datetime import date, time
from typing import Any

import httpx
import pytest
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.bank.branch import Branch
from ccd.bank.declared import declare_hours
from ccd.bank.giving import Giver
from ccd.bank.policy import Policies
from ccd.bank.proposal_rows import add
from ccd.bank.proposals import Proposal
from ccd.bank.proposing import Proposals
from ccd.errors import AccountError
from ccd.floor.days import SECOND
from ccd.ledger.books import Ledger
from ccd.org.acts import Act, noted
from ccd.org.agent_days import AgentDays
from ccd.org.people import Person
from ccd.org.units import Unit, Units
from ccd.sql.turns import Patience, take_turn_at_once
from ccd.web.accounts import Accounts
from ccd.web.bank.desk import BankDesk, Services
from ccd.web.decisions_api import decisions_api
from ccd.web.keys import ApiKey, ApiKeys, KeyScope, hash_of
from ccd.web.proposals_api import proposals_api
from ccd.web.sessions import Sessions
from tests.bank.askers import asking, manager_of
from tests.bank.policies import policy
from tests.bank.teams import roster_of
from tests.web.office import SESSION_S, Clock, Office
from tests.web.test_api import check_problem

WHERE = "/api/packet-proposals"
UNITS = Units("Asia/Shanghai", time(0), {"centre": Unit(), "team-1": Unit(parent="centre"), "team-2": Unit()})
ASKED = {
    "name": "7", "unit": "team-1", "agents": ["1001"], "seconds": 600, "kind": "suggestion", "reason": "it fills in",
}  # fmt: skip
DAY = date(2026, 11, 24)


def act(kind: str, at: int, name: str = "box") -> Act:
    return Act(f"{kind} {name} {at}", at, "root", "desk-7", kind, name, "", "", "for the suggestion box")


class Box:
    """The suggestion box, with a key for the centre that ends in an hour."""

    def __init__(self, engine: AsyncEngine, office: Office, clock: Clock, said: str) -> None:
        self.engine, self.office, self.clock, self.said = engine, office, clock, said
        self.keys = ApiKeys(engine)

    async def propose(self, said: str | None = None, **other: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {said or self.said}"}
        return await self.office.client.post(WHERE, json=ASKED | other, headers=headers)

    async def stands(self, name: str) -> httpx.Response:
        return await self.office.client.get(f"{WHERE}/{name}", headers={"Authorization": f"Bearer {self.said}"})


def no_services() -> Services:
    raise AssertionError("proposals ask for no other service of the bank")


def bank_of(engine: AsyncEngine) -> Proposals:
    ledger, policies = Ledger(engine, lambda: 1), Policies((policy(date(2026, 1, 1)),))
    days = AgentDays(roster_of({"team-1": ["1001"], "team-2": ["2001"]}), UNITS)
    return Proposals(ledger, Giver(Branch(ledger, UNITS, policies, days, "demo")), UNITS, policies)


@pytest.fixture
async def box(engine: AsyncEngine, accounts: Accounts, clock: Clock) -> Box:
    def as_now(person: Person) -> Person:
        """`lead` manages the centre, and nobody else has said what they are there for."""
        return replace(person, duties=manager_of("centre")) if person.name == "lead" else person

    sessions = Sessions(engine, clock, SESSION_S, as_now=as_now)

    def now() -> int:
        return round(clock() * SECOND)

    bank = bank_of(engine)
    router = proposals_api(ApiKeys(engine), lambda: bank, lambda units: UNITS.with_below(units, DAY), now)
    key = ApiKey("box", (KeyScope.PROPOSE_PACKETS,), ("centre",), now() + 3_600 * SECOND)
    said = await ApiKeys(engine).make(key, act("make key", now()))
    decisions = decisions_api(BankDesk(sessions, engine, no_services, now), lambda: bank)
    return Box(engine, Office(accounts, sessions, clock, more=[router, decisions]), clock, said)


async def test_a_proposal_is_taken_once_and_says_how_it_stands(box: Box) -> None:
    first = await box.propose()
    assert first.status_code == 201
    assert first.json() == ASKED | {"proposal": "box/7", "verdict": "open", "why": ""}
    box.clock.now += 5
    again = await box.propose()
    assert (again.status_code, again.json()) == (200, first.json())
    await bank_of(box.engine).decline("box/7", asking(at=round(box.clock() * SECOND)), "known already")
    stands = await box.stands("7")
    assert (stands.status_code, stands.json()["verdict"], stands.json()["why"]) == (200, "declined", "known already")
    assert (await box.propose()).json() == stands.json()
    check_problem(await box.stands("8"), 404)
    async with box.engine.connect() as connection:
        acts = await connection.run_sync(lambda plain: [each.by for each in noted(plain, "propose packet", None, 9)])
    assert acts == ["key box"]


async def test_without_a_key_that_opens_nothing_is_proposed(box: Box) -> None:
    for headers in ({}, {"Authorization": "Bearer ccd_wrong"}, {"Authorization": f"Basic {box.said}"}):
        refused = await box.office.client.post(WHERE, json=ASKED, headers=headers)
        assert check_problem(refused, 401)["detail"].startswith("A key is needed")
        assert refused.headers["www-authenticate"] == "Bearer"
    await box.office.sign_in("boss")
    check_problem(await box.office.client.post(WHERE, json=ASKED), 401)
    check_problem(await box.propose(unit="team-2", agents=["2001"]), 403)
    box.clock.now += 3_600
    check_problem(await box.propose(), 401)


async def test_a_key_that_was_ended_opens_nothing_and_its_name_is_used_once(box: Box) -> None:
    now = round(box.clock() * SECOND)
    await box.keys.end("box", act("end key", now + 1))
    await box.keys.end("box", act("end key again", now + 2))
    box.clock.now += 1
    check_problem(await box.propose(), 401)
    key = ApiKey("box", (KeyScope.PROPOSE_PACKETS,), ("*",), now + 9 * SECOND)
    with pytest.raises(AccountError, match="is one already, or was"):
        await box.keys.make(key, act("make key", now + 3))
    with pytest.raises(AccountError, match="is no key"):
        await box.keys.end("nobody", act("end key", now, "nobody"))
    for wrong in (key._replace(name="a/b"), key._replace(scopes=()), key._replace(name="c", until=now)):
        with pytest.raises(AccountError):
            await box.keys.make(wrong, act("make key", now, wrong.name))
    assert [(one.name, one.until) for one in await box.keys.all()] == [("box", now + 1)]
    async with box.engine.connect() as connection:
        found = await connection.run_sync(lambda plain: [one.kind for one in noted(plain, None, "box", 9)])
    assert found == ["end key", "make key"]
    assert len(hash_of(box.said)) == 64


@pytest.mark.parametrize(
    ("other", "status", "says"),
    [
        ({"agents": ["9"]}, 422, "9, who is not in team-1"),
        ({"kind": "bribe"}, 422, "'bribe'; kinds of"),
        ({"seconds": 0}, 422, "greater than or equal to 1"),
        ({"reason": ""}, 422, "at least 1 character"),
        ({"name": "a/b"}, 422, "should match pattern"),
        ({"reason": "a\x00b"}, 422, "should match pattern"),
        ({"more": 1}, 422, "not permitted"),
    ],
)
async def test_what_can_not_be_is_said(box: Box, other: dict[str, Any], status: int, says: str) -> None:
    assert says in check_problem(await box.propose(**other), status)["detail"]
    check_problem(await box.stands("7"), 404)


async def test_a_name_that_stands_for_another_is_a_conflict(box: Box) -> None:
    await box.propose()
    assert "another seconds" in check_problem(await box.propose(seconds=601), 409)["detail"]


async def decided(client: httpx.AsyncClient, asked: dict[str, str], key: str = "") -> httpx.Response:
    named = key or ", ".join(f"{name} {said}" for name, said in asked.items())
    return await client.post(f"{WHERE}/decisions", json=asked, headers={"Idempotency-Key": named})


async def test_a_manager_sees_what_waits_and_confirms_or_declines_it(box: Box) -> None:
    client = box.office.client
    at = round(box.clock() * SECOND)
    known = (
        box.engine,
        lambda plain: declare_hours(plain, "team-1", "2026-11", 360_000, at, "lead", "known"),
        Patience(),
    )
    await take_turn_at_once(*known)
    for name in ("7", "8", "9"):
        await box.propose(name=name, seconds=3_500 if name == "9" else 600)
    check_problem(await client.get(WHERE), 401)
    await box.office.sign_in("boss")
    assert (await client.get(WHERE)).json() == {"proposals": [], "next": None}
    first = {"proposal": "box/7", "verdict": "confirmed"}
    assert "hotline_manager" in check_problem(await decided(client, first), 403)["detail"]
    await box.office.sign_in("lead")
    assert [one["proposal"] for one in (await client.get(WHERE)).json()["proposals"]] == ["box/9", "box/8", "box/7"]
    for key, replayed in (("a", None), ("a", "true"), ("b", None)):
        confirmed = await decided(client, first, key)
        assert (confirmed.status_code, confirmed.json()["verdict"]) == (200, "confirmed")
        assert confirmed.headers.get("idempotency-replayed") == replayed
    second = {"proposal": "box/8", "verdict": "declined"}
    check_problem(await decided(client, second), 422)
    declined = await decided(client, second | {"why": "known already"})
    assert (declined.json()["verdict"], declined.json()["why"]) == ("declined", "known already")
    check_problem(await decided(client, second | {"verdict": "confirmed"}), 409)
    third = {"proposal": "box/9", "verdict": "confirmed"}
    refused = check_problem(await decided(client, third), 409)
    assert "team-1 may give 3600 s in 2026-11, has given 600 s" in refused["detail"]
    check_problem(await decided(client, third | {"proposal": "box/1"}), 404)
    assert (await Ledger(box.engine, lambda: 1).balances("agent/1001"))["gift"] == 600
    assert [one["proposal"] for one in (await client.get(WHERE)).json()["proposals"]] == ["box/9"]


async def test_what_waits_for_a_manager_is_not_hidden_by_what_waits_for_others(box: Box) -> None:
    client, at = box.office.client, round(box.clock() * SECOND)
    for name in ("7", "8", "9"):
        await box.propose(name=name)

    def many(plain: Connection) -> None:
        for number in range(201):
            add(
                plain,
                Proposal("box", f"x{number}", "team-2", ("2001",), 60, "contest", "many", at + 9_000_000 + number),
            )

    async with box.engine.begin() as connection:
        await connection.run_sync(many)
    await box.office.sign_in("lead")
    found: list[str] = []
    after = None
    while not found or after:
        asked = {"limit": 2} | ({"next": after} if after else {})
        answer = (await client.get(WHERE, params=asked)).json()
        found += [one["proposal"] for one in answer["proposals"]]
        after = answer["next"]
    assert found == ["box/9", "box/8", "box/7"]
