"""A reading of an agent as the AGENT object of the live channel. Pure.

Pages get no ticks: each clock is a value and the instant from which it runs. `aux_from` may lie ahead: an exempt pause
with a limit counts from then on, and leaves the base alone until then (docs/time-bank.md 2.3, 2.4).
"""

from typing import Any

from ccd.floor.agents import Reading
from ccd.floor.seats import State

SECOND = 1_000_000

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

NOT_SIGNED_IN = (State.SIGNED_OUT, State.UNOBSERVED)


def agent_state(agent: str, name: str, unit: str, reading: Reading, allowance_s: int) -> dict[str, Any]:
    """The AGENT object: seconds and epoch seconds as numbers, the reason as the switch has it."""
    state, tally = reading.merged.state, reading.tally
    signed_in = tally.signed_in
    return {
        "agent": agent,
        "name": name,
        "unit": unit,
        "state": SHOWN_AS[state],
        "since": reading.since / SECOND,
        "reason": reading.merged.reason if state is State.PAUSED else "",
        "exempt": reading.exempt,
        "other_call": state is State.OTHER_CALL,
        "aux": tally.aux / SECOND,
        "aux_from": _seconds(_aux_from(reading)),
        "base": tally.base / SECOND,
        "base_from": _seconds(_base_from(reading)),
        "allowance": allowance_s,
        "counters": {
            "sign_ins": tally.sign_ins,
            "sign_outs": tally.sign_outs,
            "pauses": tally.pauses,
            "offered": tally.offered,
            "answered": tally.answered,
            "missed": tally.missed,
            "signed_in": signed_in / SECOND,
            "signed_in_from": None if state in NOT_SIGNED_IN else reading.at / SECOND,
            "unobserved": tally.in_state[State.UNOBSERVED] / SECOND,
        },
    }


def _aux_from(reading: Reading) -> int | None:
    """From when on aux runs, in µs; None while it doesn't."""
    if reading.merged.state is not State.PAUSED:
        return None
    return _counts_from(reading)


def _base_from(reading: Reading) -> int | None:
    """The base runs while signed in and reachable; in an exempt pause from where its limit ends."""
    if reading.merged.state in (*NOT_SIGNED_IN, State.UNREACHABLE):
        return None
    return _counts_from(reading)


def _counts_from(reading: Reading) -> int | None:
    if not reading.exempt:
        return reading.at
    return None if reading.exempt_left is None else reading.at + reading.exempt_left


def _seconds(at: int | None) -> float | None:
    return None if at is None else at / SECOND
