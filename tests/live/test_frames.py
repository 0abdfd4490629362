"""Frames are made once; only their number differs."""

import json
from typing import Any

import msgpack  # type: ignore[import-untyped] # it ships no types
import pytest

from ccd.live import frames
from ccd.live.board import AgentShown
from ccd.live.frames import Codec, JsonCodec, MsgpackCodec, Sealed
from tests.live.frame_reading import messages

AGENT = {"agent": "1001", "name": "陈静", "unit": "team-1", "reason": "toilet", "aux": 12.5, "aux_from": None}
SHOWN = AgentShown("team-1", msgpack.packb(AGENT), msgpack.packb(AGENT | {"reason": "personal"}))
QUEUE = {"queue": "support", "waiting": 2, "oldest_since": 17.5}


def numbered(codec: Codec, sealed: Sealed, seq: int) -> dict[str, Any]:
    (message,) = messages(sealed.before + codec.seq(seq) + sealed.after)
    return message


@pytest.mark.parametrize("codec", [MsgpackCodec(), JsonCodec()])
@pytest.mark.parametrize("seq", [1, 127, 65_536, 4_294_967_295])
def test_a_delta_is_whole_with_any_number(codec: Codec, seq: int) -> None:
    sealed = frames.delta(codec, False, 99.5, [SHOWN], [QUEUE], ["1002"])
    assert numbered(codec, sealed, seq) == {
        "op": "delta", "seq": seq, "now": 99.5, "changed": [AGENT | {"reason": "personal"}], "queues": [QUEUE],
        "gone": ["1002"],
    }  # fmt: skip


@pytest.mark.parametrize("codec", [MsgpackCodec(), JsonCodec()])
@pytest.mark.parametrize("count", [0, 1, 15, 16, 700, 70_000])
def test_a_snapshot_holds_however_many_agents(codec: Codec, count: int) -> None:
    sealed = frames.snapshot(codec, "me", 1.0, [SHOWN] * count, [QUEUE])
    said = numbered(codec, sealed, 7)
    assert said["agents"] == [AGENT] * count
    assert said == {"op": "snapshot", "seq": 7, "topic": "me", "now": 1.0, "agents": said["agents"], "queues": [QUEUE]}


@pytest.mark.parametrize("codec", [MsgpackCodec(), JsonCodec()])
def test_fields_stand_in_the_order_of_the_contract(codec: Codec) -> None:
    snapshot = numbered(codec, frames.snapshot(codec, "floor", 1.0, [SHOWN], [QUEUE]), 1)
    assert list(snapshot) == ["op", "topic", "seq", "now", "agents", "queues"]
    assert list(snapshot["queues"][0]) == ["queue", "waiting", "oldest_since"]
    delta = numbered(codec, frames.delta(codec, False, 1.0), 1)
    assert list(delta) == ["op", "seq", "now", "changed", "queues", "gone"]
    (health,) = messages(frames.health(codec, [{"pbx": "p", "state": "live", "since": 1.5}]))
    assert list(health) == ["op", "sources"]


@pytest.mark.parametrize("codec", [MsgpackCodec(), JsonCodec()])
def test_what_has_no_number_is_plain(codec: Codec) -> None:
    said = frames.health(codec, [{"pbx": "p", "state": "live", "since": 1.5}]) + frames.account(codec)
    said += frames.places(codec) + frames.error(codec, "Not allowed", "why")
    assert messages(said) == [
        {"op": "health", "sources": [{"pbx": "p", "state": "live", "since": 1.5}]},
        {"op": "account"},
        {"op": "places"},
        {"op": "error", "title": "Not allowed", "detail": "why"},
    ]


def test_an_agent_is_put_into_json_once() -> None:
    codec, shown = JsonCodec(), AgentShown(SHOWN.unit, SHOWN.own, SHOWN.floor)
    first = codec.agent(shown, own=False)
    assert json.loads(first)["reason"] == "personal"
    assert codec.agent(shown, own=False) is first
    assert json.loads(codec.agent(shown, own=True))["reason"] == "toilet"
