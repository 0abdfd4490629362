"""Pausing, unpausing and signing out over HTTP: by who leads the agent, once, and answered as the switch did."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.org import order_rows
from ccd.org.order_rows import End
from ccd.org.orders import Answered, OrderAnswer, outcome_of
from ccd.settings.tree import Orders
from ccd.sql.turns import Patience, take_turn_at_once
from tests.web.acting import Place
from tests.web.office import Clock
from tests.web.test_api import check_problem

WHY = {"reason": "a fire drill"}
DONE = OrderAnswer("north", "PJSIP/1001", "support", Answered.DONE, "Interface paused successfully")
STATIC = OrderAnswer("north", "PJSIP/1001", "static", Answered.STATIC, "Member not dynamic")
SILENT = OrderAnswer("north", "PJSIP/1001", "support", Answered.UNKNOWN, "no answer")


class Switches:
    """Whoever follows them: each order is answered as is said here."""

    def __init__(self, place: Place, *answers: OrderAnswer) -> None:
        self.place, self.answers, self.carried_out = place, answers, 0

    async def post(self, who: str, what: str, key: str = "a", agent: str = "1001") -> httpx.Response:
        async with asyncio.TaskGroup() as group:
            asked = group.create_task(self.place.post(who, f"/api/agents/{agent}/{what}", WHY, key))
            while not asked.done():
                await take_turn_at_once(self.place.engine, self._answer, Patience())
                await asyncio.sleep(0.02)
        return asked.result()

    def _answer(self, plain: Connection) -> None:
        for order in order_rows.open_since(plain, 0):
            assert order_rows.take(plain, order.number, "us", None)
            self.carried_out += 1
            end = End(f"end of {order.act}", order.until, outcome_of(self.answers), self.answers)
            order_rows.end(plain, order, end)


@pytest.fixture
async def place(engine: AsyncEngine, clock: Clock) -> AsyncIterator[Place]:
    opened = await Place(engine, clock).open()
    opened.site.settings = opened.site.settings.model_copy(update={"orders": Orders()})
    yield opened
    await opened.close()


async def test_an_agent_is_paused_once_by_a_leader_and_each_queue_answers(place: Place) -> None:
    switches = Switches(place, DONE)
    said = await switches.post("wang", "pause")
    expected: dict[str, Any] = {"agent": "1001", "what": "pause", "outcome": "done", "answers": [DONE._asdict()]}
    assert said.status_code == 200, said.text
    assert {name: value for name, value in said.json().items() if name != "order"} == expected
    again = await switches.post("wang", "pause")
    assert (again.headers["Idempotency-Replayed"], again.json()) == ("true", said.json())
    check_problem(await switches.post("wang", "unpause"), 422)
    assert switches.carried_out == 1
    switches.answers = (DONE, STATIC)
    assert (await switches.post("wang", "sign-out", "b")).json()["outcome"] == "partly"
    switches.answers = (SILENT,)
    assert (await switches.post("both", "unpause", "c")).json()["outcome"] == "unknown"


async def test_what_was_not_done_is_a_problem_that_says_why_queue_by_queue(place: Place) -> None:
    said = check_problem(await Switches(place, STATIC).post("wang", "sign-out"), 409)
    assert (said["facts"]["outcome"], said["facts"]["answers"]) == ("refused", [STATIC._asdict()])
    assert "QueueAdd and QueueRemove" in said["detail"]
    assert check_problem(await Switches(place).post("wang", "sign-out", "b"), 409)["facts"]["outcome"] == "not_there"
    place.site.settings = place.site.settings.model_copy(update={"orders": Orders(wait_s_max=0.01)})
    nobody = await place.post("wang", "/api/agents/1001/pause", WHY, "c")
    assert check_problem(nobody, 409)["facts"]["outcome"] == "not_asked"


@pytest.mark.parametrize(
    ("who", "agent", "status"),
    [("1001", "1002", 403), ("both", "1003", 403), ("zhao", "1001", 403), ("hr", "1001", 403), ("audit", "1001", 403),
     ("wang", "9999", 404)],
)  # fmt: skip
async def test_nobody_else_may_and_nobody_oneself(place: Place, who: str, agent: str, status: int) -> None:
    switches = Switches(place, DONE)
    for what in ("pause", "unpause", "sign-out"):
        check_problem(await switches.post(who, what, what, agent), status)
    assert switches.carried_out == 0


async def test_a_page_is_told_whose_agents_it_can_act_on(place: Place) -> None:
    for who, leads in (("wang", ["centre", "team-1", "team-2"]), ("both", ["team-1"]), ("hr", []), ("1001", [])):
        assert (await place.get(who, "/api/session")).json()["leads"] == leads, who
