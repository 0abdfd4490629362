"""Whole days told coarsely: the people's plans as they are, and their calls in blocks of talk.

For days that lie far back: each second is spent as on a day that is lived call by call, sign-ins, pauses and meals are
the same, and there is a tenth of the events.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from itertools import pairwise
from random import Random
from zoneinfo import ZoneInfo

from ccd.floor.days import SECOND
from ccd.floor.events import (
    CallConnected,
    CallEnded,
    CallerJoined,
    CallerLeft,
    CallOffered,
    Device,
    MemberAdded,
    MemberPaused,
    MemberRemoved,
    PbxEvent,
)
from ccd.pbx.simulator.day_plan import DayPlan, day_plan
from ccd.pbx.simulator.life import midnight_of
from ccd.pbx.simulator.queues import QUEUES
from ccd.pbx.simulator.staff import Colleague

WRAP_UP_S = {kind.name: kind.wrap_up_s for kind in QUEUES}
TALK_S, IDLE_S = (1_500, 2_700), (120, 480)
RING_S, SETTLE_S = 3, 5  # SETTLE_S: between two deeds, so that one is over before the next begins
WAIT_S_MEAN, PATIENCE_S_MEAN = 11, 60
GIVES_UP = 0.04  # of the callers

Span = tuple[int, int]


def coarse_day(
    people: Iterable[Colleague], day: date, zone: ZoneInfo, seed: int, stays_s: Mapping[str, int]
) -> list[PbxEvent]:
    """The day as the floor's events, in their order. `stays_s`, by agent: see `day_plan`."""
    midnight = midnight_of(day, zone)
    events: list[PbxEvent] = []
    for person in people:
        plan = day_plan(person, day, midnight, seed, stays_s.get(person.agent, 0))
        if plan is not None:
            events += _of_person(person, plan, Random(f"coarse {seed} {day} {person.agent}"))
    return sorted(events, key=lambda event: event.at)


def _of_person(person: Colleague, plan: DayPlan, rng: Random) -> Iterator[PbxEvent]:
    seat, name = person.phone.interface, person.phone.name
    pauses = list(_pauses(plan))
    for queue in person.queues:
        yield MemberAdded(plan.signs_in, 0, seat, name, queue, False, "", Device.FREE, wrap_up_s=0)
    for start, end, reason in pauses:
        for queue in person.queues:
            yield MemberPaused(start, 0, seat, name, queue, True, reason)
            yield MemberPaused(end, 0, seat, name, queue, False, "")
    borders = [plan.signs_in, *(at for start, end, _ in pauses for at in (start, end)), plan.signs_out]
    for start, end in list(pairwise(borders))[::2]:
        yield from _calls(person, start, end, rng)
    for queue in person.queues:
        yield MemberRemoved(plan.signs_out, 0, seat, name, queue)


def _pauses(plan: DayPlan) -> Iterator[tuple[int, int, str]]:
    """One after the other; a pause whose time comes during another begins after it."""
    free = plan.signs_in + SETTLE_S * SECOND
    for deed in plan.deeds:
        start = max(free, deed.at)
        if deed.kind == "pause" and start + deed.length < plan.signs_out:
            yield start, start + deed.length, deed.reason
            free = start + deed.length + SETTLE_S * SECOND


def _calls(person: Colleague, start: int, end: int, rng: Random) -> Iterator[PbxEvent]:
    """Calls of the person's queue, each over before `end`."""
    seat, name, queue = person.phone.interface, person.phone.name, person.queues[0]
    at = start + _some(IDLE_S, rng)
    while (ends := at + _some(TALK_S, rng)) + (WRAP_UP_S[queue] + SETTLE_S) * SECOND < end:
        call = f"coarse-{person.agent}-{at}"
        rings = at - RING_S * SECOND
        yield CallerJoined(rings - int(rng.expovariate(1 / WAIT_S_MEAN) * SECOND), 0, queue, call)
        yield CallOffered(rings, 0, seat, name, queue, call)
        yield CallerLeft(at, 0, queue, call, abandoned=False)
        yield CallConnected(at, 0, seat, name, queue, call)
        yield CallEnded(ends, 0, seat, name, queue, call)
        if rng.random() < GIVES_UP:
            gives_up = int(rng.expovariate(1 / PATIENCE_S_MEAN) * SECOND)
            yield CallerJoined(at, 0, queue, f"{call}-in-vain")
            yield CallerLeft(at + gives_up, 0, queue, f"{call}-in-vain", abandoned=True)
        at = ends + WRAP_UP_S[queue] * SECOND + _some(IDLE_S, rng)


def _some(span_s: tuple[int, int], rng: Random) -> int:
    return int(rng.uniform(*span_s) * SECOND)
