"""Whatever is asked of the API, by whom ever, is answered as its OpenAPI says: no defect, and nothing undocumented.

What is asked follows from the OpenAPI alone: its examples, by each until somebody may; then what is drawn of it, the
same each time, in turns by each role, by a key, and by nobody. It is asked of a site in which there is something of
everything, and of what has come to be on the way.
"""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, cycle
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from hypothesis.strategies import SearchStrategy
from prometheus_client import CollectorRegistry
from schemathesis import GenerationMode
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.daemon.judged_by.replacing import Replacing
from ccd.daemon.pages import Entrance, Watched, hub_limits, web_of
from ccd.daemon.site import Site
from ccd.floor.days import SECOND
from ccd.live.board import Board
from ccd.live.gate import Gate
from ccd.live.hub import Hub
from ccd.org.acts import Act
from ccd.web.app import create_app
from ccd.web.keys import ApiKey, ApiKeys, KeyScope
from ccd.web.organisation_api import ImportDesk
from ccd.web.session_api import COOKIE
from tests.web.acting import LOGINS, Place
from tests.web.office import Clock

EACH = {GenerationMode.POSITIVE: 5, GenerationMode.NEGATIVE: 2}
WHO = ("wang", "1001", "hr", "admin", "audit", "zhao", "both", "a key", "nobody")
KNOWN: Mapping[str, Any] = {
    "unit": "team-1", "month": "2026-11", "agent": "1001", "day": "2026-12-10", "transfer": "1.1", "name": "7",
}  # fmt: skip
EXAMPLES_MAX = 2  # of an operation
ANSWERED_WELL_MIN = 64  # of 81 operations; others wait for their day, for a switch, or for what nobody has done
ENDS = ("/end", "/recall", "/withdrawals", "/cancellations", "/reversals", "/decisions")  # asked last
NAMES = {"appeal", "application", "budget", "emergency", "entry", "leave", "packet", "proposal", "ruling"}
DAYS = {"from": "2026-11-20", "to": "2026-11-26"}
ASKED: dict[str, Any] = {**KNOWN, "source": "planner", "why": "as documented", "name": "lead"}
SAID: Mapping[str, Any] = {**KNOWN, "agents": ["1001"], "holder": "both", "kind": "contest"}
AnyCase = Any  # a schemathesis.Case, whose parts are typed as all that JSON can be
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

    async def tag(self, who: str, path: str) -> str:
        """Under which what is there is replaced."""
        return str((await self.browsers[who].get(path)).headers.get("ETag", '"0"'))


@pytest.fixture
async def everybody(engine: AsyncEngine, clock: Clock) -> AsyncIterator[Everybody]:
    place = await Place(engine, clock).open()
    await seeded(place)
    said = place.site.settings
    replacing = Replacing(engine, lambda kept: Site(said, *kept), place.now)
    hub = Hub(Board(lambda reason: False), clock, hub_limits(said.http))
    gate = Gate(hub, place.sessions.of_tokens, place.sessions.still_valid)
    web = web_of(
        place.current, place.now, place.ledger, Entrance(place.accounts, place.sessions, gate),
        Watched(dict, CollectorRegistry()), ImportDesk(replacing.newest, replacing.take),
    )  # fmt: skip
    until = place.now() + 86_400 * SECOND
    act = Act("make key", place.now(), "root", "desk-7", "make key", "box", "", "", "for a test")
    key = await ApiKeys(engine).make(ApiKey("box", tuple(KeyScope), ("*",), until), act)
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


@dataclass
class Asked:
    """What is asked of an operation: first what its documentation gives as examples, then what is drawn."""

    label: str
    path: str
    examples: list[AnyCase]
    drawn: list[AnyCase]


@pytest.fixture(scope="module")
def asked() -> list[Asked]:
    """Filled by the first who asks, and the same for both engines: to draw takes longer than to ask."""
    return []


def all_of(app: Any) -> Iterator[Asked]:
    for found in schemathesis.openapi.from_dict(app.openapi()).get_all_operations():
        assert isinstance(found, Ok), found
        operation = found.ok()
        if operation.label in NOT_ASKED:
            continue
        examples = [drawn(one, 1) for one in operation.get_strategies_from_examples()[:EXAMPLES_MAX]]
        # Of a name in a path nothing is wrong, which it takes schemathesis 10 s each to find out.
        takes = operation.query or operation.headers or operation.body
        drawn_of = [
            drawn(operation.as_strategy(mode, **fixed(operation, mode)), EACH[mode])
            for mode in EACH
            if takes or mode is GenerationMode.POSITIVE
        ]
        cases = [*chain(*drawn_of)]
        yield Asked(operation.label, operation.path, [*chain(*examples)] or drawn_of[0][:1], cases)


def drawn(strategy: SearchStrategy[AnyCase], examples_max: int) -> list[AnyCase]:
    """The same each time."""
    found: list[AnyCase] = []

    @seed(1)
    @settings(
        max_examples=examples_max, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=strategy)
    def draw(case: AnyCase) -> None:
        found.append(case)

    with suppress(Unsatisfiable):  # there may be nothing wrong to ask
        draw()
    return found


def fixed(operation: APIOperation[Any, Any, Any, Any], mode: GenerationMode) -> dict[str, Any]:
    """Of what is documented, days are those of which something is known."""
    named = {parameter.name for parameter in operation.query}
    days = mode is GenerationMode.POSITIVE and named >= DAYS.keys() and "source" not in named
    return {"query": DAYS} if days else {}


class Asking:
    """`known` has the names of what is there, and of what comes to be on the way. `well`: what was answered so."""

    def __init__(self, everybody: Everybody) -> None:
        self.everybody = everybody
        self.known: dict[str, Any] = dict(KNOWN)
        self.turns, self.number = cycle(WHO), 0
        self.statuses, self.well, self.wrong = set[int](), set[str](), list[str]()

    async def examples(self, one: Asked) -> None:
        """By each until it is done: whoever may."""
        for case in one.examples:
            case.path_parameters = {name: self.known.get(name, value) for name, value in case.path_parameters.items()}
            body = (
                {name: self.known.get(name, value) for name, value in case.body.items()} if _is_object(case) else None
            )
            days = {} if "source" in case.query else DAYS  # a file says itself of which days it tells
            case.query = {name: said for name, said in (ASKED | days).items() if name in case.query}
            for who in WHO:
                if body is not None:
                    case.body = body
                if case.method == "POST":
                    case.headers["Idempotency-Key"] = f"example {self.number}"
                if case.method == "PUT":
                    case.headers["If-Match"] = await self.everybody.tag(who, case.formatted_path)
                if await self.ask(one.label, who, case) < 300:
                    break

    async def drawn(self, one: Asked) -> None:
        for number, case in enumerate(one.drawn):
            if number < EACH[GenerationMode.POSITIVE]:
                case.path_parameters = {name: KNOWN.get(name, said) for name, said in case.path_parameters.items()}
                if number % 2 and _is_object(case):
                    case.body = {name: SAID.get(name, value) for name, value in case.body.items()}
            await self.ask(one.label, next(self.turns), case)

    async def ask(self, label: str, who: str, case: AnyCase) -> int:
        self.number += 1
        answer = await self.everybody.ask(who, case)
        self.statuses.add(answer.status_code)
        if answer.status_code < 300:
            self.well.add(label)
            if answer.headers["content-type"] == "application/json":
                self.known |= _names(answer.json())
        try:
            assert answer.status_code < 500, answer.text
            case.validate_response(answer, checks=CHECKS)
        except (AssertionError, BaseExceptionGroup, Exception) as error:
            self.wrong.append(f"{who}: {label} {answer.status_code}: {error}\n{case.as_curl_command()}")
        return answer.status_code


def _is_object(case: AnyCase) -> bool:
    return isinstance(case.body, dict)


def _names(said: Any) -> dict[str, Any]:
    """Of what an answer tells of, by which it can be asked for again."""
    if isinstance(said, list):
        return {name: known for one in said for name, known in _names(one).items()}
    if not isinstance(said, dict):
        return {}
    inner = {name: known for one in said.values() for name, known in _names(one).items()}
    return inner | {name: said[name] for name in NAMES & said.keys() if isinstance(said[name], str)}


@pytest.mark.timeout(300)
async def test_every_request_finds_a_documented_answer_and_examples_are_done(
    everybody: Everybody, asked: list[Asked]
) -> None:
    asked += all_of(everybody.app) if not asked else ()
    asking = Asking(everybody)
    for one in sorted(asked, key=lambda one: (one.label.endswith(ENDS), one.label.startswith("GET"))):
        await asking.examples(one)
    for one in asked:
        await asking.drawn(one)
    assert not asking.wrong, f"{len(asking.wrong)} of {asking.number}\n" + "\n\n".join(asking.wrong[:12])
    assert asking.statuses >= {200, 201, 401, 403, 404, 409, 422}
    assert len(asking.well) >= ANSWERED_WELL_MIN, sorted({one.label for one in asked} - asking.well)
