"""An auditor reads everything, which is noted, and writes nothing: of each route that there is."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from prometheus_client import CollectorRegistry
from sqlalchemy import func, select

from ccd.daemon.judged_by.replacing import Replacing
from ccd.daemon.pages import Entrance, Watched, hub_limits, web_of
from ccd.daemon.site import Site
from ccd.live.board import Board
from ccd.live.gate import Gate
from ccd.live.hub import Hub
from ccd.org.acts import Act, acts, noted
from ccd.web.app import create_app
from ccd.web.organisation_api import ImportDesk
from ccd.web.session_api import COOKIE
from tests.web.acting import LOGINS, Place

KNOWN = defaultdict(
    lambda: "7",
    unit="team-1",
    month="2026-11",
    agent="1001",
    day="2026-12-10",
    transfer="1.1",
    country="CN",
    year="2026",
)
OWN = ("/api/me", "/api/session", "/api/site")
NOTED_FOR_ANYBODY = "/api/attendance/"
AGENTS_OWN = "/api/withdrawals/calendar"  # the page of the agent who is signed in


@pytest.fixture
def app(place: Place) -> FastAPI:
    said = place.site.settings
    replacing = Replacing(place.engine, lambda kept: Site(said, *kept), place.now)
    gate = Gate(
        Hub(Board(lambda reason: False), place.clock, hub_limits(said.http)), place.sessions.of_tokens,
        place.sessions.still_valid,
    )  # fmt: skip
    imports = ImportDesk(replacing.newest, replacing.take)
    return create_app(
        web_of(
            place.current, place.now, place.ledger, Entrance(place.accounts, place.sessions, gate),
            Watched(dict, CollectorRegistry()), imports,
        )
    )  # fmt: skip


async def signed_in(place: Place, app: FastAPI, name: str) -> httpx.AsyncClient:
    token, _ = await place.sessions.begin(next(one for one in LOGINS if one.name == name))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=("10.0.0.1", 1))
    headers = {"Cookie": f"{COOKIE}={token}"}
    return httpx.AsyncClient(transport=transport, base_url="http://floor:8080", headers=headers)


def operations(app: FastAPI) -> Iterator[tuple[str, str]]:
    """Method and path of whatever there is under /api that is not only one's own."""
    paths: dict[str, dict[str, Any]] = app.openapi()["paths"]
    for path, methods in paths.items():
        if path.startswith("/api/") and not path.startswith(OWN):
            yield from ((method, path.format_map(KNOWN)) for method in methods)


async def done(place: Place) -> int:
    async with place.engine.connect() as connection:
        return await connection.scalar(select(func.count()).select_from(acts)) or 0


async def found(place: Place, kind: str) -> list[Act]:
    async with place.engine.connect() as connection:
        return await connection.run_sync(lambda plain: list(noted(plain, kind, None, 9)))


async def test_whatever_writes_refuses_an_auditor_and_whatever_reads_is_noted_once(place: Place, app: FastAPI) -> None:
    await place.saved("1001", 60)
    browser = await signed_in(place, app, "audit")
    wrote, read = 0, 0
    for method, path in operations(app):
        before = await done(place)
        if method == "get":
            refused = (await browser.get(path)).status_code == 403
            assert (refused, path) in ((False, path), (True, AGENTS_OWN)), "everything"
            read += 1
            at_most_once = await done(place) - before
            assert at_most_once == (0 if path.startswith(NOTED_FOR_ANYBODY) else 1), path
            await browser.head(path)
            assert await done(place) - before == 2 * at_most_once, path
            continue
        wrote += 1
        answer = await browser.request(method, path, json={}, headers={"Idempotency-Key": path, "If-Match": '"1"'})
        assert (answer.status_code, "reads and writes nothing" in answer.text) == (403, True), f"{method} {path}"
        assert await done(place) == before
    assert wrote > 25
    assert read > 20
    await browser.aclose()


async def test_it_is_noted_of_whom_and_what_and_the_agent_is_told(place: Place, app: FastAPI) -> None:
    await place.saved("2001", 60)
    await place.saved("1001", 60)
    auditor, agent, manager = [await signed_in(place, app, name) for name in ("audit", "1001", "wang")]
    assert (await auditor.get("/api/explain/2.1")).status_code == 200
    asked = {"agent": "1001", "from": "2026-11-01", "to": "2026-11-30"}
    for browser in (auditor, manager):
        assert (await browser.get("/api/rulings", params=asked)).status_code == 200
    (explained,) = await found(place, "read explain")
    assert (explained.by, explained.address, explained.subject) == ("audit", "10.0.0.1", "1001")
    assert explained.after == '{"transfer":"2.1"}'
    told = (await agent.get("/api/me/recorded/readings")).json()["lines"]
    assert [(line["what"]["by"], line["what"]["kind"]) for line in told] == [
        ("audit", "read rulings"), ("audit", "read explain"),
    ]  # fmt: skip
    for browser in (auditor, agent, manager):
        await browser.aclose()
