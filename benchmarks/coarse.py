"""An agent's day as the seat's segments, some 24 of them: what the floor would have said, but for single calls.

Calls are told in blocks, each one segment on the telephone with as many answered as there would be: nobody rings, and
nobody waits in a queue. Signing in and out, pauses with their reasons, meals, coming late and staying on are as they
are.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from random import Random
from typing import NamedTuple

from ccd.floor.days import SECOND, BusinessDay
from ccd.floor.seats import PAUSED, SIGNED_OUT, Pause, State, View
from ccd.floor.segments import Segment
from ccd.floor.spans import Span
from ccd.pbx.simulator.day_plan import REASONS

BLOCKS, PAUSES_MAX = 6, 4
OF_A_BLOCK = ((State.AVAILABLE, 0.15), (State.ON_CALL, 0.75), (State.WRAP_UP, 0.10))
STATES = tuple(state for state, _ in OF_A_BLOCK)
CALL_S = 200
MEAL_S = (30 * 60, 44 * 60)
MEAL_FROM_S = 4 * 3600  # of work: who is there for less eats at home
AWAY_S = (60, 240)
LATE, LATE_S = 0.04, 420
EARLY_S = (30, 300)
UP_TO = tuple(accumulate(share for _, share, _ in REASONS))


class Life(NamedTuple):
    """What one agent makes of a day: the chances are those of the week."""

    ratio: float  # aux of what is worked
    away: float  # chance to sign out in between
    until: int = 0  # µs, when somebody stays on


class Change(NamedTuple):
    at: int  # µs
    state: State
    reason: str = ""
    answered: int = 0


def day_of(work: Sequence[Span], life: Life, chance: Random) -> list[Change]:
    """From the first sign-in to the last sign-out. `work` are the spans of the day's shift that are no leave."""
    changes: list[Change] = []
    for number, span in enumerate(work):
        late = chance.expovariate(1 / LATE_S) if chance.random() < LATE else -chance.uniform(*EARLY_S)
        start = span.start + int(late * SECOND) if number == 0 else span.start
        end = span.end + int(chance.uniform(5, 120) * SECOND)
        if number == len(work) - 1:
            end = max(end, life.until)
        if start < end - 600 * SECOND:
            changes += _spell(start, end, life, chance)
            changes.append(Change(end, State.SIGNED_OUT))
    return changes


def _spell(start: int, end: int, life: Life, chance: Random) -> Iterator[Change]:
    meal = chance.uniform(*MEAL_S) if end - start > MEAL_FROM_S * SECOND else 0.0
    worked_s = (end - start) / SECOND - meal
    aux = worked_s * life.ratio * max(0.1, chance.gauss(1, 0.2))
    parts = min(PAUSES_MAX, max(1, round(aux / 240)))
    away = chance.uniform(*AWAY_S) if chance.random() < life.away else 0.0
    block = int((worked_s - aux - away) / BLOCKS * SECOND)
    rests: list[tuple[State, str, float]] = [(State.PAUSED, _reason(chance), aux / parts) for _ in range(parts)]
    if away:
        rests.append((State.SIGNED_OUT, "", away))
    after: dict[int, list[tuple[State, str, float]]] = {BLOCKS // 2: [(State.PAUSED, "meal", meal)]} if meal else {}
    for rest in rests:
        after.setdefault(chance.randint(1, BLOCKS - 1), []).append(rest)
    at = start
    lengths = [(state, int(block * share)) for state, share in OF_A_BLOCK]
    parts_of_a_block = [(s, length, length // (CALL_S * SECOND) if s is State.ON_CALL else 0) for s, length in lengths]
    for number in range(1, BLOCKS + 1):
        for state, length, answered in parts_of_a_block:
            yield Change(at, state, "", answered)
            at += length
        for state, reason, length_s in after.get(number, ()):
            yield Change(at, state, reason)
            at += int(length_s * SECOND)


def _reason(chance: Random) -> str:
    ((reason, _, _),) = chance.choices(REASONS, cum_weights=UP_TO)
    return reason


def segments_of(seat: str, name: str, day: BusinessDay, changes: Iterable[Change], number: int) -> list[Segment]:
    """The seat's line from the day's start to its end: signed out, what happens, and signed out."""
    found: list[Segment] = []
    views = {state: View(name, state, state is not SIGNED_OUT, Pause.NONE, "", 0) for state in (SIGNED_OUT, *STATES)}
    begins, now, answers = day.start, views[SIGNED_OUT], 0
    for at, state, reason, answered in changes:
        found.append(Segment(seat, number, begins, at, now, bool(found), answers, answers, 0, 0, 0))
        number, begins, answers = number + 1, at, answered
        now = View(name, state, True, Pause.ALL, reason, at) if state is PAUSED else views[state]
    found.append(Segment(seat, number, begins, day.end, now, bool(found), answers, answers, 0, 0, 0))
    return found
