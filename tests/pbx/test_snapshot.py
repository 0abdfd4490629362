"""An answer overtakes events that still wait inside Asterisk: what these say goes before what it says."""

import asyncio

import pytest

from ccd.floor.events import AgentLogged, Snapshot
from ccd.pbx.blocks import Blocks
from ccd.pbx.observation import Observation
from ccd.pbx.translate import Scope, Translator
from tests.pbx.eventually import eventually
from tests.pbx.fake_pbx import FakePbx
from tests.pbx.spoken import SEAT, answer, block, pause, pong, row, us
from tests.pbx.test_capture import config, following


@pytest.mark.parametrize(("status", "event"), [("AGENT_IDLE", "AgentLogoff"), ("AGENT_LOGGEDOFF", "AgentLogin")])
def test_who_logs_in_or_off_while_an_answer_is_on_its_way_is_as_the_event_says(status, event):
    observation = Observation(Translator(Scope()))
    observation.begin()
    observation.ask()
    observation.hear(Blocks().feed(pong(0) + answer(row())))
    observation.place(us(1))
    observation.ask()
    agents = block("Event: Agents", None, Agent=1009, Status=status) + block("Event: AgentsComplete")
    said = Blocks().feed(answer(row()) + agents + block(f"Event: {event}", 5.0, Agent=1009))
    assert [type(each) for each in observation.hear(said)] == [AgentLogged]
    [snapshot] = observation.place(us(6))
    assert isinstance(snapshot, Snapshot)
    assert snapshot.logged_in == ({"Agent/1009"} if event == "AgentLogin" else frozenset())


async def test_what_comes_soon_after_an_answer_may_have_been_overtaken_by_it():
    async with (
        FakePbx(rows=row()) as fake,
        following(config(fake.port, snapshot_interval_s=0.3, snapshot_settle_s=0.3)) as (pbx, events, _),
    ):
        await eventually(lambda: pbx.state == "live")

        def and_soon_a_pause() -> bytes:
            asyncio.get_running_loop().call_later(0.1, fake.say, pause(5.0, 1, "meal"))
            return b""

        fake.before_answers["Agents"] = and_soon_a_pause
        await eventually(lambda: len([event for event in events if isinstance(event, Snapshot)]) >= 2)
        second = [event for event in events if isinstance(event, Snapshot)][1]
        assert second.spoke == {(SEAT, "support")}
