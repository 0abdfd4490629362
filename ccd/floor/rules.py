"""The site's choices that the floor follows: what configuration is turned into before it gets here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

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
