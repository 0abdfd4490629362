"""An agent as pages see it: which clock runs from when."""

from typing import Any

import msgspec

from ccd.floor.seats import State
from ccd.live.agent_state import agent_state
from tests.live.readings import AUTO_PAUSE_S, DAY, Agent


def shown(agent: Agent) -> dict[str, Any]:
    state: dict[str, Any] = msgspec.to_builtins(agent_state(*agent.now()))
    return state


def check(agent: Agent, **expected: Any) -> None:
    state = shown(agent)
    for name in ("since", "aux_from", "base_from"):
        if state[name] is not None:
            state[name] -= DAY
    assert {name: state[name] for name in expected} == expected


def test_an_available_agent_earns_base_from_the_sign_in_on() -> None:
    check(
        Agent().turns(100, State.AVAILABLE),
        state="available", since=100, reason="", exempt=False, other_call=False, aux=0, aux_from=None, base=0,
        base_from=100, allowance=1_065,
    )  # fmt: skip


def test_a_pause_that_counts_runs_aux_and_base() -> None:
    check(
        Agent().turns(100, State.AVAILABLE).turns(400, State.PAUSED, "toilet"),
        state="paused", since=400, reason="toilet", exempt=False, aux=0, aux_from=400, base=300, base_from=400,
    )  # fmt: skip


def test_aux_stands_still_after_the_pause() -> None:
    paused = Agent().turns(100, State.AVAILABLE).turns(400, State.PAUSED, "toilet").turns(460, State.AVAILABLE)
    check(paused, state="available", reason="", aux=60, aux_from=None, base=360, base_from=460)


def test_an_exempt_pause_without_a_limit_runs_neither() -> None:
    check(
        Agent().turns(100, State.AVAILABLE).turns(400, State.PAUSED, "training"),
        exempt=True, aux=0, aux_from=None, base=300, base_from=None,
    )  # fmt: skip


def test_an_exempt_pause_with_a_limit_counts_from_where_the_limit_ends() -> None:
    check(
        Agent().turns(100, State.AVAILABLE).turns(400, State.PAUSED, "Auto-Pause"),
        exempt=True, aux=0, aux_from=400 + AUTO_PAUSE_S, base=300, base_from=400 + AUTO_PAUSE_S,
    )  # fmt: skip


def test_a_used_up_limit_counts_at_once() -> None:
    agent = Agent().turns(0, State.PAUSED, "meal").turns(3_600, State.AVAILABLE).turns(4_000, State.PAUSED, "meal")
    check(agent, exempt=False, aux=0, aux_from=4_000, base=400, base_from=4_000)


def test_an_unreachable_telephone_stops_the_base() -> None:
    agent = Agent().turns(100, State.AVAILABLE).turns(200, State.UNREACHABLE)
    check(agent, state="unreachable", base=100, base_from=None, aux_from=None)


def test_nothing_runs_for_who_is_signed_out_or_was_not_seen() -> None:
    for state, name in ((State.SIGNED_OUT, "signed_out"), (State.UNOBSERVED, "unobserved")):
        agent = Agent().turns(100, State.AVAILABLE).turns(200, state)
        check(agent, state=name, base=100, base_from=None, aux_from=None)
        assert shown(agent)["counters"]["signed_in_from"] is None
        assert shown(agent)["counters"]["signed_in"] == 100


def test_time_that_was_not_seen_is_counted_since_it_protects_from_overdraft() -> None:
    agent = Agent().turns(100, State.AVAILABLE).turns(200, State.UNOBSERVED).turns(260, State.AVAILABLE)
    assert shown(agent)["counters"]["unobserved"] == 60


def test_a_call_that_no_queue_knows_of_is_a_call_and_says_so() -> None:
    agent = Agent().turns(100, State.AVAILABLE).turns(200, State.OTHER_CALL)
    check(agent, state="on_call", other_call=True, base=100, base_from=200)


def test_a_reason_is_said_only_of_who_is_paused() -> None:
    check(Agent().turns(100, State.ON_CALL, "toilet"), state="on_call", reason="")


def test_the_days_counters_are_there() -> None:
    agent = Agent().turns(100, State.AVAILABLE).turns(400, State.PAUSED, "toilet").turns(460, State.SIGNED_OUT)
    counters = shown(agent)["counters"]
    assert (counters["sign_ins"], counters["sign_outs"], counters["pauses"]) == (1, 1, 1)
    assert counters["signed_in"] == 360
