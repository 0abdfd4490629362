"""Indicators of an agent, a unit or a centre over a time, out of sums of day records (docs/time-bank.md 5). Pure.

A ratio of many is the ratio of their sums, never a mean of their ratios: a day of one hour weighs an hour. Where
nothing is below the line there is no figure.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from statistics import median
from types import MappingProxyType
from typing import Final, NamedTuple

SECOND_US = 1_000_000
HOUR_US = 3_600_000_000
MINUTE_US = 60_000_000

# The source's marks of an agent's aux ratio.
THRIFTY, REASONABLE_MIN, REASONABLE_MAX, LAVISH = 0.01, 0.0253, 0.037, 0.10
STEP, LAST_STEP = 0.005, 0.15  # of the distribution: agents above the last are counted in one


@dataclass(frozen=True, slots=True)
class Sums:
    """Times in µs. `aux` and `base` are of what counts; `due` is the scheduled time, or the span where none was.

    Calls are those of a unit's queues: answered, of them in time; given up, of them so soon that they count for
    nothing; and of unknown wait. `own_…` are those that an agent answered. `called_out` are call-outs in emergencies
    that nobody declined, `called_here` those who signed in within the time of them.
    """

    days: int = 0
    signed_in: int = 0
    available: int = 0
    ringing: int = 0
    on_call: int = 0
    other_call: int = 0
    wrap_up: int = 0
    paused: int = 0
    partly_paused: int = 0
    unreachable: int = 0
    unobserved: int = 0
    aux: int = 0
    exempt: int = 0
    sign_ins: int = 0
    sign_outs: int = 0
    pauses: int = 0
    offered: int = 0
    answered: int = 0
    missed: int = 0
    base: int = 0
    due: int = 0
    calls_answered: int = 0
    calls_in_time: int = 0
    calls_given_up: int = 0
    calls_short: int = 0
    calls_unknown: int = 0
    waited: int = 0
    own_answered: int = 0
    own_in_time: int = 0
    called_out: int = 0
    called_here: int = 0

    @property
    def calls_offered(self) -> int:
        return self.calls_answered + self.calls_given_up - self.calls_short

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(*(getattr(self, name) + getattr(other, name) for name in NAMES))


NAMES = tuple(field.name for field in fields(Sums))


@dataclass(frozen=True, slots=True)
class OfAgent:
    """What one agent's days in one unit come to, while it stood below the same ones: `line` is the unit and they."""

    agent: str
    line: tuple[str, ...]
    sums: Sums

    @property
    def unit(self) -> str:
        return self.line[0]


@dataclass(frozen=True, slots=True)
class OfQueue:
    """What became of the callers of one queue: `line` is its unit and those above, empty where it is of no unit."""

    queue: str
    line: tuple[str, ...]
    sums: Sums

    @property
    def unit(self) -> str:
        return self.line[0] if self.line else ""


class Waits(NamedTuple):
    """How long a caller may wait, in seconds, to be answered in time; who gives up as soon as this is not offered."""

    in_time_s: int = 30
    short_s: int = 5


@dataclass(frozen=True, slots=True)
class Indicator:
    """One figure: what is above the line and below it, and by which it is multiplied for a person; a count has nothing
    below it. The formula can name the fields of Waits."""

    formula: str
    above: Callable[[Sums], int]
    below: Callable[[Sums], int] | None = None
    per: float = 1.0

    def of(self, sums: Sums) -> float | None:
        if self.below is None:
            return self.above(sums)
        below = self.below(sums)
        return self.above(sums) * self.per / below if below else None


INDICATORS: Final[Mapping[str, Indicator]] = MappingProxyType(
    {
        "utilisation": Indicator(
            "(signed in - paused - unreachable) / scheduled time, on days without from first sign-in to last sign-out,"
            " or the time signed in where it began the day before",
            lambda s: s.signed_in - s.paused - s.unreachable,
            lambda s: s.due,
        ),
        "occupancy": Indicator(
            "(ringing + on call + wrap-up) / (ringing + on call + wrap-up + available)",
            lambda s: s.ringing + s.on_call + s.wrap_up,
            lambda s: s.ringing + s.on_call + s.wrap_up + s.available,
        ),
        "aux_ratio": Indicator(
            "aux / (signed in - exempt - unreachable), with schedules of the shift alone",
            lambda s: s.aux,
            lambda s: s.base,
        ),
        "pause_minutes_per_day": Indicator(
            "paused minutes / agent-days", lambda s: s.paused, lambda s: s.days, 1 / MINUTE_US
        ),
        "sign_ins_per_day": Indicator("sign-ins / agent-days", lambda s: s.sign_ins, lambda s: s.days),
        "answered_per_hour": Indicator(
            "calls answered / hours signed in", lambda s: s.answered, lambda s: s.signed_in, HOUR_US
        ),
        "service_level": Indicator(
            "calls of the unit's queues answered within {in_time_s} s / offered (not: given up within {short_s} s)",
            lambda s: s.calls_in_time,
            lambda s: s.calls_offered,
        ),
        "own_in_time": Indicator(
            "of the calls that the agents answered, share answered within {in_time_s} s",
            lambda s: s.own_in_time,
            lambda s: s.own_answered,
        ),
        "team_response": Indicator(
            "of who was called out in an emergency and came or said so, share signed in within the policy's time",
            lambda s: s.called_here,
            lambda s: s.called_out,
        ),
    }
)

# What became of callers.
SERVICE: Final[Mapping[str, Indicator]] = MappingProxyType(
    {
        "service_level": Indicator(
            "answered within {in_time_s} s / offered", lambda s: s.calls_in_time, lambda s: s.calls_offered
        ),
        "offered": Indicator("answered + given up after {short_s} s", lambda s: s.calls_offered),
        "answered": Indicator("by an agent", lambda s: s.calls_answered),
        "given_up": Indicator(
            "abandoned, timed out or left after {short_s} s", lambda s: s.calls_given_up - s.calls_short
        ),
        "short": Indicator("the same within {short_s} s: not offered", lambda s: s.calls_short),
        "unknown": Indicator(
            "waited while ccd was not listening: in no other figure", lambda s: s.calls_unknown
        ),
        "answered_after_s": Indicator(
            "waited until they were answered / answered, seconds", lambda s: s.waited, lambda s: s.calls_answered,
            1 / SECOND_US,
        ),
    }
)  # fmt: skip

# Where time could hide, each as a share of what it is a part of.
HIDING: Final[Mapping[str, Indicator]] = MappingProxyType(
    {
        "wrap_up": Indicator("wrap-up / signed in", lambda s: s.wrap_up, lambda s: s.signed_in),
        "missed": Indicator("calls missed / offered", lambda s: s.missed, lambda s: s.offered),
        "other_call": Indicator("other calls / signed in", lambda s: s.other_call, lambda s: s.signed_in),
        "unreachable": Indicator("unreachable / signed in", lambda s: s.unreachable, lambda s: s.signed_in),
        "partly_paused": Indicator("partly paused / signed in", lambda s: s.partly_paused, lambda s: s.signed_in),
        "sign_outs": Indicator("sign-outs / agent-days", lambda s: s.sign_outs, lambda s: s.days),
    }
)


@dataclass(frozen=True, slots=True)
class Distribution:
    """How many agents have an aux ratio below 1 %, in the reasonable interval, above 10 %, and between these; who has
    no base has none. `steps`: how many in each half of a percent, and in the last of them whoever is above 15 %."""

    thrifty: int
    reasonable: int
    lavish: int
    between: int
    steps: tuple[int, ...]

    @property
    def counts(self) -> tuple[int, int, int, int]:
        return self.thrifty, self.reasonable, self.lavish, self.between

    @property
    def agents(self) -> int:
        return sum(self.counts)


def figures(sums: Sums, of: Mapping[str, Indicator] = INDICATORS) -> dict[str, float | None]:
    return {name: indicator.of(sums) for name, indicator in of.items()}


def total(found: Iterable[OfAgent | OfQueue]) -> Sums:
    return sum((each.sums for each in found), Sums())


def by_agent(found: Iterable[OfAgent]) -> dict[str, Sums]:
    """Of who was in several units, all of them together."""
    sums: dict[str, Sums] = {}
    for each in found:
        sums[each.agent] = sums.get(each.agent, Sums()) + each.sums
    return sums


def distribution(found: Iterable[OfAgent]) -> Distribution:
    ratios = [ratio for sums in by_agent(found).values() if (ratio := INDICATORS["aux_ratio"].of(sums)) is not None]
    thrifty = sum(ratio < THRIFTY for ratio in ratios)
    reasonable = sum(REASONABLE_MIN <= ratio <= REASONABLE_MAX for ratio in ratios)
    lavish = sum(ratio > LAVISH for ratio in ratios)
    last = round(LAST_STEP / STEP)
    counted = Counter(min(last, int(round(ratio / STEP, 9))) for ratio in ratios)
    steps = tuple(counted[number] for number in range(last + 1))
    return Distribution(thrifty, reasonable, lavish, len(ratios) - thrifty - reasonable - lavish, steps)


def against_median(found: Sequence[OfAgent]) -> dict[str, dict[str, float]]:
    """By agent, each of HIDING less the median of the agents here; who has no figure is left out of it."""
    sums = by_agent(found)
    said: dict[str, dict[str, float]] = {agent: {} for agent in sums}
    for name, indicator in HIDING.items():
        known = {agent: figure for agent, own in sums.items() if (figure := indicator.of(own)) is not None}
        middle = median(known.values()) if known else 0.0
        for agent, figure in known.items():
            said[agent][name] = figure - middle
    return said
