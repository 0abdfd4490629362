"""Whatever happens on a floor and to the lines, a page that hears all it is sent shows what the board has."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccd.floor.seats import State
from ccd.live.batch import LiveBatch, QueueNow
from ccd.live.clients import Client
from tests.live.limits import limited
from tests.live.readings import Agent, team
from tests.live.test_board import whole
from tests.live.test_hub import FakeLine, Floor, only_ops, paused

AGENTS = ("1001", "1002", "1003", "1004")
UNITS = ("team-1", "team-2")
STATES = (State.AVAILABLE, State.ON_CALL, State.PAUSED, State.SIGNED_OUT)
LIMITS = limited(
    frame_interval_s=0.1, write_buffer_bytes_max=100, slow_s_max=1e9, snapshots_a_frame_max=1, resync_interval_s_min=0.3
)
VIEWS: tuple[frozenset[str] | None, ...] = (None, frozenset({"team-1"}), frozenset({"team-1", "team-2"}))


class Page:
    """What the page's reducer does, and no more: `misses`: a numbered frame that it never sees."""

    def __init__(self, client: Client, line: FakeLine) -> None:
        self.client, self.line = client, line
        self.seq = 0
        self.agents: dict[str, Any] = {}
        self.queues: dict[str, Any] = {}
        self.health: list[Any] = []

    def hear(self, floor: Floor, misses: bool = False) -> None:
        for one in self.line.read():
            if misses and "seq" in one:
                misses = False
                continue
            match one["op"]:
                case "snapshot":
                    self.agents = {agent["agent"]: agent for agent in one["agents"]}
                    self.queues = {queue["queue"]: queue for queue in one["queues"]}
                    self.seq = one["seq"]
                case "delta" if one["seq"] == self.seq + 1:
                    self.agents |= {agent["agent"]: agent for agent in one["changed"]}
                    self.agents = {agent: held for agent, held in self.agents.items() if agent not in one["gone"]}
                    self.queues |= {queue["queue"]: queue for queue in one["queues"]}
                    self.seq = one["seq"]
                case "delta":
                    floor.hub.resync(self.client)
                case "health":
                    self.health = one["sources"]


agents = st.builds(
    lambda agent, unit, state, at: Agent(agent, unit).turns(0, State.AVAILABLE).turns(1 + at, state, "toilet").now(),
    st.sampled_from(AGENTS), st.sampled_from(UNITS), st.sampled_from(STATES), st.integers(0, 5),
)  # fmt: skip
queues = st.builds(QueueNow, st.sampled_from(("support", "sales")), st.integers(1, 3), st.integers(0, 9))
batches = st.builds(
    lambda changed, gone, waiting: LiveBatch(changed, gone, (waiting,) if waiting else ()),
    st.lists(agents, max_size=3), st.lists(st.sampled_from(AGENTS), max_size=1).map(tuple), st.none() | queues,
)  # fmt: skip
steps = st.one_of(
    st.tuples(st.just("happens"), batches),
    st.tuples(st.just("loads"), st.lists(agents, max_size=4, unique_by=lambda one: one.agent)),
    st.tuples(st.just("frame"), st.none()),
    st.tuples(st.just("stuck"), st.tuples(st.integers(0, 2), st.booleans())),
    st.tuples(st.just("misses"), st.integers(0, 2)),
    st.tuples(st.just("looks elsewhere"), st.tuples(st.integers(0, 2), st.sampled_from(VIEWS))),
    st.tuples(st.just("health"), st.integers(0, 3)),
)


def shown(floor: Floor, units: frozenset[str] | None) -> dict[str, Any]:
    """By a page that is opened just now."""
    fresh = Page(*floor.looks_at(units))
    for _ in range(12):
        floor.frame()
    fresh.hear(floor)
    floor.hub.leave(fresh.client)
    return {"agents": fresh.agents, "queues": fresh.queues, "health": fresh.health}


@settings(max_examples=150)
@given(st.lists(steps, max_size=40))
def test_a_page_that_hears_all_it_is_sent_shows_what_the_board_has(taken: list[tuple[str, Any]]) -> None:
    floor = Floor(LIMITS)
    views = list(VIEWS)
    pages = [Page(*floor.looks_at(units)) for units in views]
    for act, what in taken:
        match act:
            case "happens":
                floor.happens(what)
            case "loads":
                floor.hub.take(floor.board.load(whole(LiveBatch(what))))
            case "frame":
                floor.frame()
            case "stuck":
                pages[what[0]].line.stuck = 1_000 if what[1] else 0
            case "misses":
                pages[what].hear(floor, misses=True)
            case "looks elsewhere":
                views[what[0]] = what[1]
                floor.hub.subscribe_floor(pages[what[0]].client, what[1])
            case "health":
                floor.hub.tell_health([{"pbx": "p", "state": "live", "since": what}])
    for page in pages:
        page.line.stuck = 0
    for _ in range(40):  # until nothing is owed, and a hole that was met late has been mended
        floor.frame(LIMITS.heartbeat_s / 8)
        for page in pages:
            page.hear(floor)
    for page, units in zip(pages, views, strict=True):
        assert {"agents": page.agents, "queues": page.queues, "health": page.health} == shown(floor, units)


@pytest.mark.parametrize("topic", ["floor", "me"])
def test_who_asks_for_the_same_again_is_told_of_what_changes_as_before(topic: str) -> None:
    floor = Floor(limited(resync_interval_s_min=0.0))
    floor.happens(LiveBatch(team(1)))
    client, line = floor.client()
    for _ in range(2):
        if topic == "floor":
            floor.hub.subscribe_floor(client, None)
        else:
            floor.hub.subscribe_own(client, "1001")
        floor.frame()
    assert only_ops(line.read()) == ["snapshot", "snapshot"]
    floor.happens(paused("1001"))
    floor.frame()
    assert only_ops(line.read()) == ["delta"]
