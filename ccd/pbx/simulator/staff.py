"""Who works on the simulated floor: phones, names, teams, queues, shifts and habits.

Aux habits follow the source's distribution (docs/time-bank.md 1): a few under 1 % of their time, most around 3 %, a
long tail over 10 %. They are dealt out by rank, so that a floor of any size has that shape.
"""

import csv
import io
import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from random import Random

from ccd.pbx.simulator.names import names

FIRST_AGENT = 1001
AGENTS_MAX = 50_000
THRIFTY_SHARE, SPENDING_SHARE = 0.08, 0.10  # of the agents; the rest is around the median
THRIFTY_RATIO = (0.002, 0.007)
USUAL_RATIO_MEDIAN, USUAL_RATIO_SIGMA = 0.032, 0.25
SPENDING_RATIO = (0.115, 0.175)
EARLY_SHARE = 0.55
DAYS_OF_WEEK = 7


@dataclass(frozen=True, slots=True)
class Team:
    unit: str
    title: str
    queue: str  # what each of the team takes
    helps: str  # the queue in which half of the team sit as well


TEAMS = (
    Team("team-1", "一班 · 国内", "support", "sales"),
    Team("team-2", "二班 · 国际", "sales", "support"),
    Team("team-3", "三班 · 宽带", "broadband", "support"),
)


@dataclass(frozen=True, slots=True)
class ShiftPattern:
    """Seconds after the day's midnight."""

    name: str
    starts_s: int
    ends_s: int
    meal_from_s: int
    meal_to_s: int
    planned: str  # as a planner's line says it: start, end and break


EARLY = ShiftPattern("early", 8 * 3600 + 1800, 17 * 3600, 11 * 3600, 13 * 3600, "08:30,17:00,12:00-12:40")
LATE = ShiftPattern("late", 12 * 3600 + 1800, 21 * 3600, 16 * 3600 + 1800, 18 * 3600 + 1800, "12:30,21:00,17:00-17:40")


@dataclass(frozen=True, slots=True)
class Phone:
    """A telephone and the name that its member has in the queues."""

    interface: str
    name: str

    @property
    def endpoint(self) -> str:
        """`1001` of `PJSIP/1001`."""
        return self.interface.partition("/")[2]


@dataclass(frozen=True, slots=True)
class Colleague:
    agent: str
    phone: Phone
    unit: str
    queues: tuple[str, ...]
    shift: ShiftPattern
    aux_ratio: float  # of a day's working time, on average
    misses: float  # share of the calls that ring out
    rests_on: int  # of the seven days

    def rests(self, day: date) -> bool:
        return day.toordinal() % DAYS_OF_WEEK == self.rests_on


def staff(agents: int, seed: int) -> tuple[Colleague, ...]:
    """The people of a floor of `agents`, in the order of their numbers."""
    rng = Random(f"staff {seed} {agents}")
    ratios = [_aux_ratio((rank + 0.5) / agents, rng) for rank in range(agents)]
    rng.shuffle(ratios)
    return tuple(_person(n, name, ratios[n], rng) for n, name in enumerate(names(agents, seed)))


def _person(n: int, name: str, aux_ratio: float, rng: Random) -> Colleague:
    agent = str(FIRST_AGENT + n)
    team = TEAMS[n % len(TEAMS)]
    within = n // len(TEAMS)
    return Colleague(
        agent=agent,
        phone=Phone(f"PJSIP/{agent}", name),
        unit=team.unit,
        queues=(team.queue, team.helps) if within % 2 else (team.queue,),
        shift=EARLY if (within * 0.618034) % 1 < EARLY_SHARE else LATE,
        aux_ratio=aux_ratio,
        misses=min(0.03, 0.15 * aux_ratio * rng.uniform(0.5, 1.5)),
        rests_on=within % DAYS_OF_WEEK,
    )


def _aux_ratio(rank: float, rng: Random) -> float:
    if rank < THRIFTY_SHARE:
        return rng.uniform(*THRIFTY_RATIO)
    if rank < 1 - SPENDING_SHARE:
        return USUAL_RATIO_MEDIAN * math.exp(rng.gauss(0, USUAL_RATIO_SIGMA))
    return rng.uniform(*SPENDING_RATIO)


def roster_csv(people: tuple[Colleague, ...]) -> str:
    """The roster that belongs to the floor: `agent,interface,member_name,unit`, a line a seat."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(("agent", "interface", "member_name", "unit"))
    lines.writerows((person.agent, person.phone.interface, person.phone.name, person.unit) for person in people)
    return text.getvalue()


def schedule_csv(people: Iterable[Colleague], days: Iterable[date]) -> str:
    """What a planner tells of these days: `agent,day,start,end,breaks`, a line a shift."""
    lines = ["agent,day,start,end,breaks"]
    lines += [f"{one.agent},{day},{one.shift.planned}" for day in days for one in people if not one.rests(day)]
    return "\n".join(lines) + "\n"
