"""A reading of an agent as the AGENT object of the live channel. Pure.

Pages get no ticks: each clock is a value and the instant from which it runs. `aux_from` may lie ahead: an exempt pause
with a limit counts from then on, and leaves the base alone until then (docs/time-bank.md 2.3, 2.4).
"""

import msgspec

from ccd.floor.agents import Reading
from ccd.floor.days import SECOND
from ccd.floor.seats import PAUSED, SIGNED_OUT, UNOBSERVED, State

SHOWN_AS = {
    State.ON_CALL: "on_call",
    State.OTHER_CALL: "on_call",
    State.RINGING: "ringing",
    State.WRAP_UP: "wrap_up",
    State.AVAILABLE: "available",
    State.UNOBSERVED: "unobserved",
    State.PAUSED: "paused",
    State.UNREACHABLE: "unreachable",
    State.SIGNED_OUT: "signed_out",
}

OTHER_CALL = State.OTHER_CALL  # kept at hand, as those in ccd.floor.seats
NOT_SIGNED_IN = (SIGNED_OUT, UNOBSERVED)
NO_BASE = (*NOT_SIGNED_IN, State.UNREACHABLE)


class Counters(msgspec.Struct, gc=False):
    """Today's; `signed_in` in seconds, and the instant from which it runs on, None where it doesn't."""

    sign_ins: int
    sign_outs: int
    pauses: int
    offered: int
    answered: int
    missed: int
    signed_in: float
    signed_in_from: float | None
    unobserved: float


class AgentState(msgspec.Struct, gc=False):
    """The AGENT object: seconds and epoch seconds as numbers, the reason as the switch has it."""

    agent: str
    name: str
    unit: str
    state: str
    since: float
    reason: str
    exempt: bool
    other_call: bool
    aux: float
    aux_from: float | None
    base: float
    base_from: float | None
    allowance: int
    counters: Counters


def agent_state(agent: str, name: str, unit: str, reading: Reading, allowance_s: int) -> AgentState:
    state, tally = reading.merged.state, reading.tally
    signed_in, at_s = tally.signed_in, reading.at / SECOND
    return AgentState(
        agent,
        name,
        unit,
        SHOWN_AS[state],
        reading.since / SECOND,
        reading.merged.reason if state is PAUSED else "",
        reading.exempt,
        state is OTHER_CALL,
        tally.aux / SECOND,
        _seconds(_aux_from(reading)),
        tally.base_of(signed_in) / SECOND,
        _seconds(_base_from(reading)),
        allowance_s,
        Counters(
            tally.sign_ins,
            tally.sign_outs,
            tally.pauses,
            tally.offered,
            tally.answered,
            tally.missed,
            signed_in / SECOND,
            None if state in NOT_SIGNED_IN else at_s,
            tally.in_state[UNOBSERVED] / SECOND,
        ),
    )


def _aux_from(reading: Reading) -> int | None:
    """From when on aux runs, in µs; None while it doesn't."""
    if reading.merged.state is not PAUSED:
        return None
    return _counts_from(reading)


def _base_from(reading: Reading) -> int | None:
    """The base runs while signed in and reachable; in an exempt pause from where its limit ends."""
    if reading.merged.state in NO_BASE:
        return None
    return _counts_from(reading)


def _counts_from(reading: Reading) -> int | None:
    if not reading.exempt:
        return reading.at
    return None if reading.exempt_left is None else reading.at + reading.exempt_left


def _seconds(at: int | None) -> float | None:
    return None if at is None else at / SECOND
