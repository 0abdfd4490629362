"""What the slow calculator is told of a site (tests/slow_calculator.py): nothing that `ccd` makes of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time

SECOND = 1_000_000


@dataclass(frozen=True)
class Reason:
    exempt: bool
    max_s: int | None = None
    max_s_day: int | None = None


@dataclass(frozen=True)
class RosterLine:
    agent: str
    interface: str | None = None
    member_name: str | None = None
    pbx: str | None = None
    starts: int | None = None  # µs, half-open
    ends: int | None = None


@dataclass(frozen=True)
class Rules:
    wrap_up_s: Mapping[str, int] = field(default_factory=dict)  # per queue
    not_counting: frozenset[str] = frozenset()
    reasons: Mapping[str, Reason] = field(default_factory=dict)
    reasons_later: Mapping[str, Mapping[str, Reason]] = field(default_factory=dict)  # by the ISO day they hold from
    paused_in: str = "all"
    other_call_while_paused: str = "paused"
    timezone: str = "UTC"
    day_starts_at: time = time(0)
    roster: tuple[RosterLine, ...] = ()
