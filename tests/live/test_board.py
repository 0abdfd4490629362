"""What a process that serves pages makes of the stored state."""

from typing import Any

from ccd.floor.seats import State
from ccd.live.batch import LiveBatch, QueueNow, packed, unpack
from ccd.live.board import Board, Changes
from ccd.live.frames import JsonCodec
from ccd.live.store import StreamEntry, Whole
from tests.live.readings import Agent, floor, team


def board() -> Board:
    return Board(lambda reason: reason in {"toilet", "water"})


def entry(batch: LiveBatch) -> StreamEntry:
    made = packed(batch)
    return StreamEntry(
        "1-0", "e", 1, list(made.agents.values()), list(made.gone), list(made.queues.values()),
        list(made.sources.values()), [], [],
    )  # fmt: skip


def whole(batch: LiveBatch) -> Whole:
    made = packed(batch)
    return Whole("e", 0, list(made.agents.values()), list(made.queues.values()), list(made.sources.values()), "0-1")


def applied(to: Board, batch: LiveBatch) -> Changes:
    changes = Changes()
    to.apply(entry(batch), changes)
    return changes


def floor_of(shown: Board, agent: str) -> Any:
    return unpack(shown.agents[agent].floor)


def paused(reason: str) -> LiveBatch:
    return LiveBatch([Agent().turns(0, State.AVAILABLE).turns(60, State.PAUSED, reason).now()])


def test_others_see_a_personal_reason_as_personal_and_the_agent_sees_the_own() -> None:
    shown = board()
    applied(shown, paused("toilet"))
    assert floor_of(shown, "1001")["reason"] == "personal"
    assert unpack(shown.agents["1001"].own)["reason"] == "toilet"


def test_a_reason_that_becomes_personal_is_hidden_at_once_and_only_that_is_a_change() -> None:
    personal = set[str]()
    shown = Board(personal.__contains__)
    applied(shown, paused("ticket"))
    applied(shown, LiveBatch(team(3, first=1002)))
    assert shown.look_again().agents == {}
    personal.add("ticket")
    assert shown.look_again().agents == {"1001": ("team-1",)}
    assert floor_of(shown, "1001")["reason"] == "personal"
    assert unpack(shown.agents["1001"].own)["reason"] == "ticket"
    personal.clear()
    assert shown.look_again().agents == {"1001": ("team-1",)}
    assert floor_of(shown, "1001")["reason"] == "ticket"


def test_a_reason_that_is_not_personal_is_the_same_for_all() -> None:
    shown = board()
    applied(shown, paused("ticket"))
    assert floor_of(shown, "1001")["reason"] == "ticket"
    assert shown.agents["1001"].floor is shown.agents["1001"].own


def test_an_agent_who_changes_is_shown_anew_in_json_too() -> None:
    shown, codec = board(), JsonCodec()
    applied(shown, paused("toilet"))
    for reason in ("toilet", "ticket"):
        applied(shown, paused(reason))
        own, on_floors = (codec.read(codec.agent(shown.agents["1001"], own=own)) for own in (True, False))
        assert own["reason"] == reason
        assert on_floors["reason"] == ("personal" if reason == "toilet" else "ticket")


def test_who_changes_units_concerns_both() -> None:
    shown = board()
    applied(shown, LiveBatch(team(1, "team-1")))
    assert applied(shown, LiveBatch(team(1, "team-2"))).agents == {"1001": ("team-1", "team-2")}


def test_the_same_again_is_no_change() -> None:
    shown = board()
    shown.load(whole(floor(3)))
    again = shown.load(whole(floor(3)))
    assert (again.agents, again.queues) == ({}, set())
    assert applied(shown, LiveBatch(team(3))).agents == {}


def test_a_load_tells_what_is_new_what_is_other_and_what_is_gone() -> None:
    shown = board()
    shown.load(whole(floor(3)))
    other = Agent("1002").turns(10, State.PAUSED).now()
    changes = shown.load(whole(LiveBatch([team(1)[0], other, *team(1, first=1009)])))
    assert changes.agents.keys() == {"1002", "1003", "1009"}
    assert shown.agents.keys() == {"1001", "1002", "1009"}


def test_a_queue_that_a_load_does_not_name_has_nobody_waiting() -> None:
    shown = board()
    applied(shown, LiveBatch(queues=(QueueNow("support", 3, 5_000_000),)))
    changes = shown.load(whole(floor()))
    assert changes.queues == {"support"}
    assert shown.queues["support"] == {"queue": "support", "waiting": 0, "oldest_since": None}


def test_who_is_gone_is_gone_once() -> None:
    shown = board()
    applied(shown, LiveBatch(team(1)))
    assert applied(shown, LiveBatch(gone=("1001",))).agents == {"1001": ("team-1",)}
    assert applied(shown, LiveBatch(gone=("1001",))).agents == {}
