"""What somebody has before them on one day: the shift, the meal, and everything that keeps them from the telephone.

A plan is drawn from the person's habits and a seed of the day; what comes of it depends on the calls.
"""

import math
from dataclasses import dataclass
from datetime import date
from random import Random
from typing import Literal

from ccd.floor.days import SECOND
from ccd.pbx.simulator.staff import Colleague, ShiftPattern

# What a pause is for, how often (of the pauses), and how long it usually is.
REASONS = (("toilet", 0.36, 230), ("water", 0.26, 110), ("ticket", 0.22, 200), ("transaction", 0.16, 290))
PAUSE_S_MIN, PAUSE_S_MAX = 25, 900
MEAL_S = (30 * 60, 44 * 60)
TRAINING_S = (30 * 60, 60 * 60)
FORGOTTEN_S = (10 * 60, 35 * 60)
OUTAGE_S = (90, 8 * 60)
PRIVATE_CALL_S = (40, 240)
AWAY_S = (60, 240)

# Chances a day
LATE, TRAINED, FORGETS, OUTAGE, PRIVATE_CALL, AWAY = 0.08, 0.03, 0.02, 0.04, 0.3, 0.12

DeedKind = Literal["pause", "outage", "private call", "away"]


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that somebody is going to do, or that happens to their telephone."""

    kind: DeedKind
    at: int  # µs
    length: int  # µs
    reason: str = ""  # of a pause
    then: str = ""  # another reason, for the second half of a pause


@dataclass(frozen=True, slots=True)
class DayPlan:
    signs_in: int  # µs
    signs_out: int
    deeds: tuple[Deed, ...]  # in the order of their times


def day_plan(person: Colleague, day: date, midnight: int, seed: int, stays_s: int = 0) -> DayPlan | None:
    """The person's day, None on the weekly day of rest. `midnight` is the day's start in µs since the epoch; who
    `stays_s` does so after the shift, or, below zero, goes home before its end."""
    if person.rests(day):
        return None
    rng = Random(f"day {seed} {day} {person.agent}")
    shift = person.shift
    early_s = rng.gauss(180, 90) if rng.random() >= LATE else -rng.expovariate(1 / 420)
    signs_in_s = shift.starts_s - early_s
    signs_out_s = shift.ends_s + rng.expovariate(1 / 60)
    meal = (rng.uniform(shift.meal_from_s, shift.meal_to_s - MEAL_S[1]), rng.uniform(*MEAL_S))
    deeds = [
        _pause(*meal, "meal"),
        *_training(shift, meal, rng),
        *_aux(person, signs_in_s, meal, signs_out_s, rng),
        *_incidents(shift, rng),
    ]
    return DayPlan(
        signs_in=midnight + int(signs_in_s * SECOND),
        signs_out=midnight + int((signs_out_s + stays_s) * SECOND),
        deeds=tuple(sorted((_from_midnight(deed, midnight) for deed in deeds), key=lambda deed: deed.at)),
    )


def _from_midnight(deed: Deed, midnight: int) -> Deed:
    return Deed(deed.kind, midnight + deed.at, deed.length, deed.reason, deed.then)


def _pause(at_s: float, length_s: float, reason: str, then: str = "") -> Deed:
    return Deed("pause", int(at_s * SECOND), int(length_s * SECOND), reason, then)


def _training(shift: ShiftPattern, meal: tuple[float, float], rng: Random) -> list[Deed]:
    if rng.random() >= TRAINED:
        return []
    return [_pause(rng.choice((shift.starts_s + 1800, sum(meal) + 3600)), rng.uniform(*TRAINING_S), "training")]


def _aux(person: Colleague, from_s: float, meal: tuple[float, float], to_s: float, rng: Random) -> list[Deed]:
    """Pauses until the day's share is used up, each of them at some time between sign-in and sign-out."""
    working_s = to_s - from_s - meal[1]
    left_s = working_s * person.aux_ratio * math.exp(rng.gauss(0, 0.22))
    pauses = []
    while left_s >= PAUSE_S_MIN:
        ((reason, _, usual_s),) = rng.choices(REASONS, [share for _, share, _ in REASONS])
        drawn_s = usual_s * math.exp(rng.gauss(0, 0.45))
        length_s = min(max(drawn_s, PAUSE_S_MIN), PAUSE_S_MAX, left_s)
        left_s -= length_s
        then = "ticket" if reason == "transaction" and rng.random() < 0.15 else ""
        pauses.append(_pause(_some_time(from_s, meal, to_s, rng), length_s, reason, then))
    if pauses and rng.random() < FORGETS:
        forgotten = pauses.pop()
        longer = forgotten.length + int(rng.uniform(*FORGOTTEN_S) * SECOND)
        pauses.append(Deed("pause", forgotten.at, longer, forgotten.reason))
    return pauses


def _some_time(from_s: float, meal: tuple[float, float], to_s: float, rng: Random) -> float:
    """Between five minutes after sign-in and ten before sign-out, but not at the meal."""
    at_s = rng.uniform(from_s + 300, to_s - 600 - meal[1])
    return at_s if at_s < meal[0] - 300 else at_s + meal[1]


def _incidents(shift: ShiftPattern, rng: Random) -> list[Deed]:
    chances: tuple[tuple[DeedKind, float, tuple[int, int]], ...] = (
        ("outage", OUTAGE, OUTAGE_S),
        ("private call", PRIVATE_CALL, PRIVATE_CALL_S),
        ("away", AWAY, AWAY_S),
    )
    return [
        Deed(kind, int(rng.uniform(shift.starts_s + 900, shift.ends_s - 1800) * SECOND), int(rng.uniform(*s) * SECOND))
        for kind, chance, s in chances
        if rng.random() < chance
    ]
