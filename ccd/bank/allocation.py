"""Places that are given out by rule at a deadline (docs/time-bank.md 3.6). Pure.

The order: who was granted fewest days in the 90 days before, for part-time in proportion; then who has been there
longest; then who applied first. What it follows from is kept as it was, so that everybody can reckon it again.

A run of days that is had together or not at all is decided on with the first of them. So that nobody loses a later day
to who comes after them in the order, who has asked for that day is reckoned with `besides`: nothing is theirs yet.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from itertools import chain
from types import MappingProxyType
from typing import Any, NamedTuple

from ccd.org.staff import WHOLE_PPM

LOOK_BACK = timedelta(days=90)


class Applicant(NamedTuple):
    """`line` are the units on whose quotas it would draw: the own, and those above that have one. `run` names the days
    that are had together or not at all; `day` is another one than that of the allocation."""

    application: str
    agent: str
    seconds: int
    granted_days: int  # in the 90 days before the day
    contract_ppm: int  # of full time
    joined_on: date
    applied_at: int  # microseconds since the epoch
    line: tuple[str, ...]
    run: str = ""
    day: date | None = None

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


NOTHING_LATER: Mapping[date, Mapping[str, Free]] = MappingProxyType({})


class Allocation(NamedTuple):
    """`unit` is the topmost that has a quota; `free` is what there was, by unit. `besides` are those who are reckoned
    with for later days of runs, and `later` what there was of these."""

    unit: str
    day: date
    at: int  # microseconds since the epoch
    applicants: tuple[Applicant, ...]
    free: Mapping[str, Free]
    besides: tuple[Applicant, ...] = ()
    later: Mapping[date, Mapping[str, Free]] = NOTHING_LATER

    @property
    def order(self) -> list[Applicant]:
        return sorted(self.applicants, key=lambda one: one.rank)

    @property
    def winners(self) -> list[Applicant]:
        """In that order, each for whom there is still room in all units of the own line, on all days of the run; where
        no unit has a quota any more there is none."""
        left = {day: dict(free) for day, free in chain([(self.day, self.free)], self.later.items())}
        won = []
        for days in self._had_together():
            drawn = [(left[one.day or self.day], unit, one.seconds) for one in days for unit in one.line]
            if all(one.line for one in days) and all(_room(free[unit], seconds) for free, unit, seconds in drawn):
                won += [one for one in days if one.day is None]
                for free, unit, each_s in drawn:
                    agents, seconds = free[unit]
                    free[unit] = Free(agents - 1, None if seconds is None else seconds - each_s)
        return won

    def _had_together(self) -> Iterator[list[Applicant]]:
        runs = {one.run for one in self.applicants if one.run}
        for one in sorted((*self.applicants, *self.besides), key=lambda one: one.rank):
            if one.day is None:
                yield [one, *(each for each in self.besides if one.run and each.run == one.run)]
            elif one.run not in runs:
                yield [one]


def _room(free: Free, seconds: int) -> bool:
    return free.agents >= 1 and (free.seconds is None or free.seconds >= seconds)


def allocation_spelled(allocation: Allocation) -> dict[str, Any]:
    """As it is published; of later days where it has to do with any."""
    later = {
        "besides": [_spelled(one) for one in allocation.besides],
        "later": {
            day.isoformat(): {unit: list(free) for unit, free in of.items()} for day, of in allocation.later.items()
        },
    }
    return {
        "unit": allocation.unit,
        "day": allocation.day.isoformat(),
        "at": allocation.at,
        "free": {unit: list(free) for unit, free in allocation.free.items()},
        "applicants": [_spelled(one) for one in allocation.order],
        "winners": [one.application for one in allocation.winners],
        **(later if allocation.besides else {}),
    }


def _spelled(one: Applicant) -> dict[str, Any]:
    day = one.day and one.day.isoformat()
    said = {**one._asdict(), "joined_on": one.joined_on.isoformat(), "line": list(one.line), "day": day}
    return {name: value for name, value in said.items() if name not in ("run", "day") or value}


def allocation_read(said: Mapping[str, Any]) -> Allocation:
    """From what was published, but for its order and its winners: these are reckoned again."""
    applicants: Sequence[Mapping[str, Any]] = said["applicants"]
    return Allocation(
        said["unit"],
        date.fromisoformat(said["day"]),
        said["at"],
        tuple(_read(one) for one in applicants),
        _free_read(said["free"]),
        tuple(_read(one) for one in said.get("besides", ())),
        {date.fromisoformat(day): _free_read(free) for day, free in said.get("later", {}).items()},
    )


def _read(said: Mapping[str, Any]) -> Applicant:
    day = date.fromisoformat(said["day"]) if "day" in said else None
    joined_on = date.fromisoformat(said["joined_on"])
    return Applicant(**{**said, "joined_on": joined_on, "line": tuple(said["line"]), "day": day})


def _free_read(said: Mapping[str, Sequence[Any]]) -> dict[str, Free]:
    return {unit: Free(*free) for unit, free in said.items()}
