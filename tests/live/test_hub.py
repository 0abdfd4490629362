"""Who is sent what, and what happens to those who can't keep up."""

from typing import Any
from unittest.mock import patch

from ccd.floor.seats import State
from ccd.live import frames
from ccd.live.batch import LiveBatch, QueueNow
from ccd.live.board import Board, Changes
from ccd.live.clients import Client
from ccd.live.frames import JsonCodec, MsgpackCodec
from ccd.live.hub import Hub, HubLimits
from ccd.org.people import Person, Role, Session
from tests.live.frame_reading import messages
from tests.live.limits import limited
from tests.live.readings import Agent, team
from tests.live.test_board import entry

LIMITS = limited(write_buffer_bytes_max=100, slow_s_max=10.0, snapshots_a_frame_max=2)


class FakeLine:
    """Takes what is written; `stuck` bytes are those that the client has not read."""

    def __init__(self) -> None:
        self.data = b""
        self.stuck = 0
        self.closed = ""
        self.aborted = False

    def write(self, data: bytes) -> None:
        self.data += data

    def buffered(self) -> int:
        return self.stuck

    def is_closing(self) -> bool:
        return bool(self.closed) or self.aborted

    def close(self, reason: str) -> None:
        self.closed = reason

    def abort(self) -> None:
        self.aborted = True

    def read(self) -> list[dict[str, Any]]:
        said, self.data = messages(self.data), b""
        return said


class Floor:
    """A hub with a board behind it, and a clock that tests turn."""

    def __init__(self, limits: HubLimits = LIMITS, is_told: bool = True) -> None:
        self.board = Board(lambda reason: reason == "toilet")
        self.hub = Hub(self.board, lambda: 1_000.0 + self.now, limits)
        self.now = 0.0
        if is_told:
            self.happens(LiveBatch())

    def happens(self, batch: LiveBatch) -> None:
        changes = Changes()
        self.board.apply(entry(batch), changes)
        self.hub.take(changes)

    def frame(self, after_s: float = 0.1) -> None:
        self.now += after_s
        self.hub.frame(self.now)

    def client(self, name: str = "lead", json: bool = False) -> tuple[Client, FakeLine]:
        line = FakeLine()
        session = Session(name, Person(name, Role.SUPERVISOR, None, ("team-1",)), 9e9)
        client = Client(session, JsonCodec() if json else MsgpackCodec(), line, self.now)
        self.hub.join(client, self.now)
        return client, line

    def looks_at(self, units: frozenset[str] | None = None, json: bool = False) -> tuple[Client, FakeLine]:
        client, line = self.client(json=json)
        self.hub.subscribe_floor(client, units)
        return client, line


def paused(agent: str, at_s: float = 60, unit: str = "team-1") -> LiveBatch:
    return LiveBatch([Agent(agent, unit).turns(0, State.AVAILABLE).turns(at_s, State.PAUSED, "toilet").now()])


def only_ops(said: list[dict[str, Any]]) -> list[str]:
    return [one["op"] for one in said]


def test_who_subscribes_gets_a_snapshot_of_the_units_asked_for() -> None:
    floor = Floor()
    floor.happens(LiveBatch(team(2, "team-1") + team(3, "team-2", first=2001)))
    _, line = floor.looks_at(frozenset({"team-2"}))
    floor.frame()
    (said,) = line.read()
    assert (said["op"], said["topic"], said["seq"], said["now"]) == ("snapshot", "floor", 1, 1_000.1)
    assert [agent["agent"] for agent in said["agents"]] == ["2001", "2002", "2003"]


def test_a_floor_that_nothing_is_known_of_yet_is_not_shown_as_an_empty_one() -> None:
    floor = Floor(is_told=False)
    _, line = floor.looks_at()
    floor.frame()
    assert line.read() == []
    floor.happens(LiveBatch(team(1)))
    floor.frame()
    assert [len(said["agents"]) for said in line.read()] == [1]


def test_that_redis_can_not_be_read_from_the_start_is_said_with_what_is_shown() -> None:
    floor = Floor(is_told=False)
    _, line = floor.looks_at()
    lost = {"pbx": "redis", "state": "lost", "since": 1_000.0}
    floor.hub.tell_health([lost])
    floor.frame()
    snapshot, health = line.read()
    assert (snapshot["op"], snapshot["agents"]) == ("snapshot", [])
    assert health == {"op": "health", "sources": [lost]}


def test_all_that_changes_between_two_frames_is_one_delta() -> None:
    floor = Floor()
    floor.happens(LiveBatch(team(3)))
    _, line = floor.looks_at()
    floor.frame()
    line.read()
    floor.happens(paused("1001"))
    floor.happens(paused("1002"))
    floor.happens(LiveBatch([Agent("1001").turns(0, State.ON_CALL).now()], queues=(QueueNow("q", 1, 0),)))
    floor.frame()
    (said,) = line.read()
    assert (said["op"], said["seq"]) == ("delta", 2)
    assert {agent["agent"]: agent["state"] for agent in said["changed"]} == {"1001": "on_call", "1002": "paused"}
    assert said["queues"] == [{"queue": "q", "waiting": 1, "oldest_since": 0.0}]
    floor.frame()
    assert line.read() == []


def test_a_floor_is_told_nothing_of_other_units() -> None:
    floor = Floor()
    floor.happens(LiveBatch(team(1)))
    _, line = floor.looks_at(frozenset({"team-1"}))
    floor.frame()
    line.read()
    floor.happens(paused("2001", unit="team-2"))
    floor.frame()
    assert line.read() == []


def test_json_says_what_msgpack_says() -> None:
    floor = Floor()
    floor.happens(LiveBatch(team(3), queues=(QueueNow("q", 2, 1_500_000),)))
    floor.hub.tell_health([{"pbx": "p", "state": "live", "since": 1.25}])
    _, packed = floor.looks_at()
    _, readable = floor.looks_at(json=True)
    floor.frame()
    floor.happens(paused("1001"))
    floor.happens(LiveBatch(gone=("1002",), queues=(QueueNow("q", 0, None),)))
    floor.frame()
    floor.frame(5.1)
    said = packed.read()
    assert only_ops(said) == ["snapshot", "health", "delta", "delta"]
    assert readable.read() == said


def test_who_leaves_the_unit_is_gone_from_its_floor() -> None:
    floor = Floor()
    floor.happens(LiveBatch(team(2)))
    _, line = floor.looks_at(frozenset({"team-1"}))
    floor.frame()
    line.read()
    floor.happens(LiveBatch(team(1, "team-2")))
    floor.happens(LiveBatch(gone=("1002",)))
    floor.frame()
    (said,) = line.read()
    assert (said["changed"], sorted(said["gone"])) == ([], ["1001", "1002"])


def test_an_agent_sees_the_own_state_with_its_reason_and_nobody_else() -> None:
    floor = Floor()
    floor.happens(LiveBatch(team(3), queues=(QueueNow("q", 1, 0),)))
    client, line = floor.client("1001")
    floor.hub.subscribe_own(client, "1001")
    floor.frame()
    (snapshot,) = line.read()
    assert [agent["agent"] for agent in snapshot["agents"]] == ["1001"]
    assert snapshot["queues"] == []
    floor.happens(paused("1002"))
    floor.happens(paused("1001"))
    floor.frame()
    (delta,) = line.read()
    assert [(agent["agent"], agent["reason"]) for agent in delta["changed"]] == [("1001", "toilet")]


def test_an_agents_page_may_be_open_before_the_agent_is_known() -> None:
    floor = Floor()
    client, line = floor.client("1001")
    floor.hub.subscribe_own(client, "1001")
    floor.frame()
    floor.happens(paused("1001"))
    floor.frame()
    snapshot, delta = line.read()
    assert (snapshot["agents"], len(delta["changed"])) == ([], 1)


def test_a_slow_client_gets_one_newer_frame_without_a_hole() -> None:
    floor = Floor()
    floor.happens(LiveBatch(team(3)))
    _, line = floor.looks_at()
    _, quick = floor.looks_at()
    floor.frame()
    line.read()
    line.stuck = 101
    for second in range(40):
        floor.happens(paused("1001", 60 + second))
        floor.happens(paused("1002", 60 + second))
        floor.frame()
    assert line.read() == []
    assert len(quick.read()) == 41
    line.stuck = 0
    floor.frame()
    (said,) = line.read()
    assert (said["op"], said["seq"]) == ("delta", 2)
    assert {agent["agent"]: agent["since"] % 86_400 for agent in said["changed"]} == {"1001": 99, "1002": 99}


def test_who_takes_nothing_for_too_long_is_closed() -> None:
    floor = Floor()
    floor.happens(LiveBatch(team(1)))
    _, line = floor.looks_at()
    floor.frame()
    line.stuck = 101
    floor.happens(paused("1001"))
    floor.frame()
    aborted = []
    for after_s in (9.0, 2.0):
        floor.frame(after_s)
        aborted.append(line.aborted)
    assert aborted == [False, True]
    assert floor.hub.closed_as_slow == 1


def test_a_resync_is_answered_with_a_snapshot_but_not_more_often_than_allowed() -> None:
    floor = Floor()
    floor.happens(LiveBatch(team(1)))
    client, line = floor.looks_at()
    floor.frame()
    for _ in range(5):
        floor.hub.resync(client)
        floor.frame()
    floor.frame(1.0)
    said = line.read()
    assert [(one["op"], one["seq"]) for one in said] == [("snapshot", 1), ("snapshot", 2)]


def test_who_waits_for_a_snapshot_gets_no_delta_before_it() -> None:
    floor = Floor()
    floor.happens(LiveBatch(team(1)))
    client, line = floor.looks_at()
    floor.frame()
    floor.hub.resync(client)
    floor.happens(paused("1001"))
    floor.frame()
    floor.frame(1.0)
    first, second = line.read()
    assert (first["op"], second["op"]) == ("snapshot", "snapshot")
    assert second["agents"][0]["state"] == "paused"


def test_snapshots_are_spread_over_frames() -> None:
    floor = Floor()
    floor.happens(LiveBatch(team(1)))
    lines = [floor.looks_at()[1] for _ in range(5)]
    served = []
    for _ in range(3):
        floor.frame()
        served.append(sum(bool(line.read()) for line in lines))
    assert served == [2, 2, 1]


def test_everybody_hears_something_every_heartbeat() -> None:
    floor = Floor()
    floor.happens(LiveBatch(team(1)))
    _, line = floor.looks_at()
    _, other = floor.looks_at(json=True)
    floor.frame()
    assert line.read()
    assert other.read()
    floor.frame(4.9)
    assert line.read() == []
    floor.frame(0.2)
    for heard in (line, other):
        (said,) = heard.read()
        assert (said["op"], said["seq"], said["changed"], said["now"]) == ("delta", 2, [], 1_005.2)


def test_health_is_told_on_subscribing_and_when_it_changes() -> None:
    floor = Floor()
    live = [{"pbx": "p", "state": "live", "since": 1.0}]
    lost = [{"pbx": "p", "state": "lost", "since": 2.0}]
    floor.hub.tell_health(list(live))
    _, line = floor.looks_at()
    floor.frame()
    assert line.read()[1] == {"op": "health", "sources": live}
    floor.hub.tell_health(list(live))
    floor.frame()
    assert line.read() == []
    floor.hub.tell_health(list(lost))
    floor.frame()
    assert line.read() == [{"op": "health", "sources": lost}]


def test_whoever_looks_is_told_once_that_the_site_is_another() -> None:
    floor = Floor()
    _, board = floor.looks_at()
    client, page = floor.client("1001")
    floor.hub.subscribe_own(client, "1001")
    floor.frame()
    for line in (board, page):
        line.read()
    floor.hub.tell_site()
    floor.frame()
    assert [line.read() for line in (board, page)] == [[{"op": "site"}], [{"op": "site"}]]
    floor.frame()
    assert board.read() == []


def test_a_settled_agent_is_told_to_look_at_the_account() -> None:
    floor = Floor()
    client, line = floor.client("1001")
    floor.hub.subscribe_own(client, "1001")
    _, board = floor.looks_at()
    floor.frame()
    line.read()
    board.read()
    changes = Changes(accounts=["1001", "1002"])
    floor.hub.take(changes)
    floor.frame()
    assert line.read() == [{"op": "account"}]
    assert board.read() == []
    floor.hub.take(Changes(places=["1001", "1002"]))
    floor.frame()
    assert line.read() == [{"op": "places"}], "which changes nothing of the account"
    assert board.read() == []


def test_who_does_not_say_what_to_see_is_shown_the_door() -> None:
    floor = Floor()
    _, line = floor.client()
    closed = []
    for _ in range(2):
        floor.frame(5.1)
        closed.append(line.closed)
    assert only_ops(line.read()) == ["error"]
    assert closed == ["", "No subscription"]


def test_the_same_frame_is_made_once_for_all() -> None:
    floor = Floor()
    floor.happens(LiveBatch(team(50)))
    lines = [floor.looks_at()[1] for _ in range(2)]
    floor.frame()
    for line in lines:
        line.data = b""
    floor.happens(paused("1001"))
    with patch.object(frames, "delta", wraps=frames.delta) as made:
        floor.frame()
    assert made.call_count == 1
    assert lines[0].data == lines[1].data != b""


def test_nobody_and_nothing_is_kept_of_who_has_left() -> None:
    floor = Floor()
    floor.happens(LiveBatch(team(2)))
    board, _ = floor.looks_at(frozenset({"team-1"}))
    own, _ = floor.client("1001")
    floor.hub.subscribe_own(own, "1001")
    floor.happens(paused("1001"))
    floor.hub.leave(board)
    floor.hub.leave(own)
    floor.frame()
    hub = floor.hub
    assert hub.connections == 0
    kept: list[Any] = [hub._floors, hub._owns, hub._touched, hub._behind, hub._of_person]
    assert not any(kept)


def test_connections_are_limited_in_all_and_a_person() -> None:
    floor = Floor(limited(connections_max=3, connections_a_person_max=2))
    assert not floor.hub.is_full_for("lead")
    floor.client("lead")
    floor.client("lead")
    assert floor.hub.is_full_for("lead")
    assert not floor.hub.is_full_for("other")
    floor.client("other")
    assert floor.hub.is_full_for("third")
