"""The site's choices that the floor follows: what configuration is turned into before it gets here."""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Literal

ALWAYS = date(1970, 1, 1)  # the day from which holds what holds from no day on: no business day is before it
NOTHING: Mapping[str, "QueueRule"] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class QueueRule:
    """One queue: its wrap-up time in seconds, and whether it counts for sign-in and pause (docs/time-bank.md 2.1)."""

    wrap_up_s: int = 0
    counts: bool = True


@dataclass(frozen=True, slots=True)
class SeatRules:
    """How a seat's facts become a state."""

    paused_in: Literal["all", "any"] = "all"
    other_call_while_paused: Literal["paused", "on_call"] = "paused"
    queues: Mapping[str, QueueRule] = field(default_factory=lambda: NOTHING)
    uncounted: frozenset[str] = field(init=False)  # queues that don't count

    def __post_init__(self) -> None:
        uncounted = frozenset(queue for queue, rule in self.queues.items() if not rule.counts)
        object.__setattr__(self, "uncounted", uncounted)

    def wrap_up_s(self, queue: str) -> int:
        rule = self.queues.get(queue)
        return 0 if rule is None else rule.wrap_up_s


@dataclass(frozen=True, slots=True)
class ReasonRule:
    """An exempt pause reason and its limits in µs; a reason without a rule counts (docs/time-bank.md 2.3)."""

    max_us: int | None = None  # within one unbroken pause
    max_day_us: int | None = None  # within one business day


@dataclass(frozen=True, slots=True)
class Reasons:
    """The exempt reasons of every business day, past and to come: `always`, until the first of the `changes`.

    A change names the day from which the reasons are those beside it, all of them. In the order of days, each day once.
    """

    always: Mapping[str, ReasonRule]
    changes: tuple[tuple[date, Mapping[str, ReasonRule]], ...] = ()

    def on(self, day: date) -> Mapping[str, ReasonRule]:
        """What a unit's business day is judged by."""
        return self.changes[held - 1][1] if (held := self._held(day)) else self.always

    def holds_from(self, day: date) -> date:
        """Since which business day what holds on that day has held."""
        return self.changes[held - 1][0] if (held := self._held(day)) else ALWAYS

    def _held(self, day: date) -> int:
        """How many changes have taken hold."""
        return bisect_right(self.changes, day, key=_from) if self.changes else 0


def _from(change: tuple[date, Mapping[str, ReasonRule]]) -> date:
    return change[0]
