"""Whatever is asked of the API, by whom ever, is answered as its OpenAPI says: no defect, and nothing undocumented.

What is asked follows from the OpenAPI alone, drawn the same each time, and is asked of a site in which there is
something of everything, in turns by each role, by a key, and by nobody.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from itertools import cycle
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from prometheus_client import CollectorRegistry
from schemathesis import Case, GenerationMode
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.daemon.pages import hub_limits, web_of
from ccd.daemon.replacing import Replacing
from ccd.daemon.site import Site
from ccd.floor.days import SECOND
from ccd.live.board import Board
from ccd.live.gate import Gate
from ccd.live.hub import Hub
from ccd.org.acts import Act
from ccd.web.app import create_app
from ccd.web.keys import ApiKey, ApiKeys, Scope
from ccd.web.organisation_api import ImportDesk
from ccd.web.session_api import COOKIE
from tests.web.acting import LOGINS, Place
from tests.web.office import Clock

EACH = {GenerationMode.POSITIVE: 3, GenerationMode.NEGATIVE: 1}
WHO = ("wang", "1001", "hr", "admin", "audit", "zhao", "both", "a key", "nobody")
KNOWN: Mapping[str, Any] = {
    "unit": "team-1", "month": "2026-11", "agent": "1001", "day": "2026-12-10", "transfer": "1.1", "name": "7",
}  # fmt: skip
DAYS = {"from": "2026-11-20", "to": "2026-11-26"}
SAID: Mapping[str, Any] = {**KNOWN, "agents": ["1001"], "holder": "both", "kind": "contest"}
AnyCase = Case[Any]
CHECKS = [status_code_conformance, content_type_conformance, response_schema_conformance]
NOT_ASKED = {"DELETE /api/session", "POST /api/session"}  # they end, and begin, what is asked with


class Everybody:
    """Who asks, in turns: each with the own browser, or with a key, or with nothing."""

    def __init__(self, app: Any, tokens: Mapping[str, str]) -> None:
        """`tokens` are what the browsers of those who are signed in send, or a key."""
        self.app = app
        transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=("10.0.0.1", 1))
        self.browsers = {
            who: httpx.AsyncClient(transport=transport, base_url="http://floor:8080", headers=said_by(who, tokens))
            for who in WHO
        }

    async def ask(self, who: str, case: AnyCase) -> httpx.Response:
        sent = case.as_transport_kwargs(base_url="http://floor:8080")
        del sent["cookies"]
        headers = {name: value for name, value in sent.pop("headers").items() if name.lower() != "cookie"}
        browser = self.browsers[who]
        data = sent.pop("data", None)
        return await browser.request(sent.pop("method"), sent.pop("url"), headers=headers, content=data, **sent)


@pytest.fixture
async def everybody(engine: AsyncEngine, clock: Clock) -> AsyncIterator[Everybody]:
    place = await Place(engine, clock).open()
    await seeded(place)
    said = place.site.settings
    replacing = Replacing(engine, lambda kept: Site(said, *kept), place.now)
    hub = Hub(Board(lambda reason: False), clock, hub_limits(said.http))
    gate = Gate(hub, place.sessions.of_tokens, place.sessions.still_valid)
    web = web_of(
        place.current, place.now, place.ledger, place.accounts, place.sessions, gate, dict, CollectorRegistry(),
        ImportDesk(replacing.newest, replacing.take),
    )  # fmt: skip
    until = place.now() + 86_400 * SECOND
    act = Act("make key", place.now(), "root", "desk-7", "make key", "box", "", "", "for a test")
    key = await ApiKeys(engine).make(ApiKey("box", tuple(Scope), ("*",), until), act)
    signed_in = {one.name: (await place.sessions.begin(one))[0] for one in LOGINS if one.name in WHO}
    opened = Everybody(create_app(web), signed_in | {"a key": key})
    yield opened
    for browser in opened.browsers.values():
        await browser.aclose()
    await place.close()


def said_by(who: str, tokens: Mapping[str, str]) -> dict[str, str]:
    if who == "nobody":
        return {}
    return {"Authorization": f"Bearer {tokens[who]}"} if who == "a key" else {"Cookie": f"{COOKIE}={tokens[who]}"}


async def seeded(place: Place) -> None:
    """Something of everything."""
    for agent in ("1001", "1002", "2001"):
        await place.saved(agent, 90_000)
    for unit in ("team-1", "team-2"):
        where = f"/api/declared-hours/{unit}/2026-11"
        tag = (await place.get("wang", where)).headers["etag"]
        await place.put("wang", where, {"seconds": 9_000_000, "reason": "as on paper"}, tag)
        tag = (await place.get("wang", f"/api/quotas/{unit}")).headers["etag"]
        await place.put("wang", f"/api/quotas/{unit}", {"on": "2026-12-10", "agents": 2}, tag)


def drawn(operation: APIOperation[Any, Any, Any, Any], mode: GenerationMode) -> list[AnyCase]:
    """The same each time; of what is documented, paths lead to what is there."""
    found: list[AnyCase] = []
    known = {name: KNOWN[name] for name in _in_path(operation) if name in KNOWN}
    fixed: dict[str, Any] = {}
    if mode is GenerationMode.POSITIVE:
        named = {parameter.name for parameter in operation.query}
        fixed = {"path_parameters": known} if known else {}
        fixed |= {"query": DAYS} if named >= DAYS.keys() and "source" not in named else {}

    @seed(1)
    @settings(
        max_examples=EACH[mode], database=None, deadline=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy(mode, **fixed))
    def draw(case: AnyCase) -> None:
        if mode is GenerationMode.POSITIVE and isinstance(case.body, dict) and len(found) % 2:
            case.body = {name: SAID.get(name, value) for name, value in case.body.items()}
        found.append(case)

    with suppress(Unsatisfiable):  # of what takes nothing there is nothing wrong to ask
        draw()
    return found


def _in_path(operation: APIOperation[Any, Any, Any, Any]) -> list[str]:
    return [parameter.name for parameter in operation.path_parameters]


@pytest.mark.timeout(300)  # each time it draws some 300 requests
async def test_every_request_finds_a_documented_answer(everybody: Everybody) -> None:
    schema = schemathesis.openapi.from_dict(everybody.app.openapi())
    wrong: list[str] = []
    turns, asked, answered = cycle(WHO), 0, set()
    for found in schema.get_all_operations():
        assert isinstance(found, Ok), found
        operation = found.ok()
        if operation.label in NOT_ASKED:
            continue
        for mode in EACH:
            for case in drawn(operation, mode):
                who = next(turns)
                answer = await everybody.ask(who, case)
                asked += 1
                answered.add(answer.status_code)
                try:
                    assert answer.status_code < 500, answer.text
                    case.validate_response(answer, checks=CHECKS)
                except (AssertionError, BaseExceptionGroup, Exception) as error:
                    wrong.append(f"{who}: {operation.label} {answer.status_code}: {error}\n{case.as_curl_command()}")
    assert not wrong, f"{len(wrong)} of {asked}\n" + "\n\n".join(wrong[:12])
    assert answered >= {200, 401, 403, 404, 422}
