"""Places that are given out by rule at a deadline (docs/time-bank.md 3.6). Pure.

The order: who was granted fewest days in the 90 days before, for part-time in proportion; then who has been there
longest; then who applied first. What it follows from is kept as it was, so that everybody can reckon it again.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from typing import Any, NamedTuple

from ccd.org.staff import WHOLE_PPM

LOOK_BACK = timedelta(days=90)


class Applicant(NamedTuple):
    """`line` are the units on whose quotas it would draw: the own, and those above that have one."""

    application: str
    agent: str
    seconds: int
    granted_days: int  # in the 90 days before the day
    contract_ppm: int  # of full time
    joined_on: date
    applied_at: int  # microseconds since the epoch
    line: tuple[str, ...]

    @property
    def rank(self) -> tuple[Fraction, date, int, str]:
        return (
            Fraction(self.granted_days * WHOLE_PPM, self.contract_ppm),
            self.joined_on,
            self.applied_at,
            self.application,
        )


class Free(NamedTuple):
    """What a unit has to give out on the day: places, and seconds where its quota is in hours too."""

    agents: int
    seconds: int | None = None


class Allocation(NamedTuple):
    """`unit` is the topmost that has a quota; `free` is what there was, by unit."""

    unit: str
    day: date
    at: int  # microseconds since the epoch
    applicants: tuple[Applicant, ...]
    free: Mapping[str, Free]

    @property
    def order(self) -> list[Applicant]:
        return sorted(self.applicants, key=lambda one: one.rank)

    @property
    def winners(self) -> list[Applicant]:
        """In that order, each for whom there is still room in all units of the own line."""
        left = dict(self.free)
        won = []
        for one in self.order:
            if all(_room(left[unit], one.seconds) for unit in one.line):
                won.append(one)
                for unit in one.line:
                    agents, seconds = left[unit]
                    left[unit] = Free(agents - 1, None if seconds is None else seconds - one.seconds)
        return won


def _room(free: Free, seconds: int) -> bool:
    return free.agents >= 1 and (free.seconds is None or free.seconds >= seconds)


def allocation_spelled(allocation: Allocation) -> dict[str, Any]:
    """As it is published."""
    return {
        "unit": allocation.unit,
        "day": allocation.day.isoformat(),
        "at": allocation.at,
        "free": {unit: list(free) for unit, free in allocation.free.items()},
        "applicants": [
            {**one._asdict(), "joined_on": one.joined_on.isoformat(), "line": list(one.line)}
            for one in allocation.order
        ],
        "winners": [one.application for one in allocation.winners],
    }


def allocation_read(said: Mapping[str, Any]) -> Allocation:
    """From what was published, but for its order and its winners: these are reckoned again."""
    applicants: Sequence[Mapping[str, Any]] = said["applicants"]
    return Allocation(
        said["unit"],
        date.fromisoformat(said["day"]),
        said["at"],
        tuple(
            Applicant(**{**one, "joined_on": date.fromisoformat(one["joined_on"]), "line": tuple(one["line"])})
            for one in applicants
        ),
        {unit: Free(*free) for unit, free in said["free"].items()},
    )
