"""What is expected of an agent on a day: shifts with their breaks, and absences; and what somebody ruled. Each lasts as
a span does (ccd.floor.spans)."""

from collections.abc import Iterable
from typing import Literal, NamedTuple

from ccd.floor.spans import Lasting, Span, common_us, length_us


class Shift(NamedTuple):
    start: int
    end: int
    breaks: tuple[Span, ...] = ()

    @property
    def work_us(self) -> int:
        return self.end - self.start - length_us(self.breaks)


class Absence(NamedTuple):
    """`away` is how long the agent was away for it, µs, where the day was measured."""

    start: int
    end: int
    kind: str
    origin: Literal["leave", "withdrawal"]
    ref: str
    away: int | None = None


Counts = Literal["available", "exempt", "aux", "left_out"]


class Ruled(NamedTuple):
    """What a span counts as, by whoever has the right to say so: about the agent, or about all `of_unit` who were
    there. `ref` names the ruling."""

    start: int
    end: int
    counts: Counts
    ref: str
    of_unit: bool


class Expected(NamedTuple):
    """Of an agent on a day: whole shifts and absences that reach into it, in the order of time. `sign_outs_count`: time
    signed out amid a shift is aux, or else off post. Of rulings those that hold, no two at a time; without `schedules`
    they are all there is. Within each span of `sent_off` somebody who leads the agent had them signed out."""

    shifts: tuple[Shift, ...] = ()
    absences: tuple[Absence, ...] = ()
    sign_outs_count: bool = True
    ruled: tuple[Ruled, ...] = ()
    schedules: bool = True
    sent_off: tuple[Span, ...] = ()


def all_work_us(shifts: Iterable[Shift]) -> int:
    """What of shifts is not their breaks."""
    return sum(shift.work_us for shift in shifts)


def work_within_us(shifts: Iterable[Shift], bounds: Lasting) -> int:
    """What of shifts, less their breaks, lies in the bounds."""
    return sum(common_us(shift, bounds) - sum(common_us(rest, bounds) for rest in shift.breaks) for shift in shifts)
