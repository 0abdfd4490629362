"""A whole daemon, and pages that are open over a real websocket: they are told of an account within a second."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from time import monotonic
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from ccd.bank.accounts import AGENT_ACCOUNTS, HOUSE_ACCOUNTS, House, agent_owner
from ccd.daemon.stores import database, ledger_of
from ccd.ledger.model import Account, Leg, Posting
from ccd.org.people import Person, Role
from ccd.web.session_api import COOKIE
from tests.daemon.test_reloading import Site, living, site

__all__ = ["site"]

PASSWORD = "correct horse"
WITHIN_S = 1.0


async def signed_in(site: Site, person: Person) -> httpx.AsyncClient:
    assert site.made.server is not None
    await site.made.accounts.add(person, PASSWORD)
    browser = httpx.AsyncClient(base_url=site.made.server.url)
    answer = await browser.post("/api/session", json={"name": person.name, "password": PASSWORD})
    assert answer.status_code == 200
    return browser


@asynccontextmanager
async def looking(browser: httpx.AsyncClient, topic: str) -> AsyncIterator[ClientConnection]:
    url = str(browser.base_url).rstrip("/")
    line = await connect(
        f"{url.replace('http', 'ws')}/live", subprotocols=[Subprotocol("ccd.v1.json")], origin=Origin(url),
        additional_headers={"Cookie": f"{COOKIE}={browser.cookies[COOKIE]}"},
    )  # fmt: skip
    await line.send(json.dumps({"op": "subscribe", "topic": topic}))
    assert json.loads(await line.recv())["op"] == "snapshot"
    yield line
    await line.close()
    await browser.aclose()


async def told(page: ClientConnection, board: ClientConnection) -> float:
    """Once both have heard of the agent's account; how long that took, in seconds."""
    began = monotonic()
    async with asyncio.timeout(10):
        while json.loads(await page.recv())["op"] != "account":
            pass
        while said(await board.recv()).get("accounts") != ["1001"]:
            pass
    return monotonic() - began


def said(frame: str | bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(frame)
    return found


async def posted_by_a_command(site: Site) -> None:
    """On a connection of its own, as another process does it."""
    async with database(site.made.current.site.settings) as engine:
        ledger, house = ledger_of(engine, site.made.current.site.settings, lambda: 7), House.of("ccd")
        await ledger.open_accounts([house.owner], HOUSE_ACCOUNTS, "ccd", "test")
        await ledger.open_accounts([agent_owner("1001")], AGENT_ACCOUNTS, "ccd", "test")
        leg = Leg(house.gift, Account(agent_owner("1001"), "gift"), 600, "gift")
        outcome = await ledger.post(Posting("gift/1", 1, "ccd", date(2026, 11, 1), (leg,), "test"))
        outcome.or_raise()


async def test_pages_and_boards_hear_within_a_second_of_what_commands_and_people_do(site: Site) -> None:
    site.write()
    async with living(site):
        agent = await signed_in(site, Person("1001", Role.AGENT, "1001"))
        boss = await signed_in(site, Person("boss", Role.SUPERVISOR, None, ("*",)))
        async with looking(agent, "me") as page, looking(boss, "floor") as board:
            await asyncio.sleep(WITHIN_S)  # what was settled of yesterday has been told
            await posted_by_a_command(site)
            by_command_s = await told(page, board)
            answer = await agent.post(
                "/api/strike-team", json={"unit": "team-1", "joins": True}, headers={"Idempotency-Key": "a1"}
            )
            assert answer.status_code == 200, answer.text
            by_page_s = await told(page, board)
            assert min(by_command_s, by_page_s) < WITHIN_S  # one of them may meet a machine that is busy
