"""The balance of the system: what each unit's agents were given of time and have taken, what is outstanding, and
whether it can be staffed (docs/time-bank.md 4). Pure. All in seconds."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ccd.bank.accounts import LEAVE, OVERTIME, WORKED
from ccd.bank.quota import Places
from ccd.bank.withdrawal import SERVICE as WITHDRAWAL

NO_UNIT = ""  # of whom the roster gives no unit on the day


@dataclass(slots=True)
class Supply:
    """Of a unit, with those below it, in a month. `deposited` and `taken` are by service, and say nothing of what is
    owed to attendance: that is `owed_s`. What is `held` is for days off, and part of what is outstanding."""

    unit: str
    deposited: Counter[str] = field(default_factory=Counter)
    taken: Counter[str] = field(default_factory=Counter)
    outstanding_s: int = 0
    held_s: int = 0
    owed_s: int = 0
    scheduled_s: int = 0  # by the shifts that begin in the month
    scheduled_days: int = 0  # of agents, on which one begins
    gift_cap_s: int = 0
    gifts_s: int = 0  # given, and handed out
    day_s: int = 0  # how long a day of an agent is
    payable_s: int = 0  # what the quotas of the days to come leave room for
    runs: bool = True  # the month; of another, what is outstanding is not what the days to come have to pay out

    @property
    def free_s(self) -> int:
        """Outstanding, and held for no day yet."""
        return self.outstanding_s - self.held_s

    @property
    def days(self) -> float | None:
        """Of leave, that are outstanding."""
        return self.outstanding_s / self.day_s if self.day_s else None

    @property
    def rush_s(self) -> int:
        """Earned in emergencies."""
        return self.deposited[OVERTIME] - self.taken[OVERTIME]

    @property
    def idle_s(self) -> int:
        """Spent on days off, but for what turned out to have been worked all the same."""
        return sum(self.taken[service] - self.deposited[service] for service in (WITHDRAWAL, WORKED))

    @property
    def can_be_staffed(self) -> bool | None:
        """None where it is not asked: of who is in no unit, and of another month than the one that runs."""
        return self.free_s <= self.payable_s if self.runs and self.unit != NO_UNIT else None

    def said(self, rush_worth: float) -> dict[str, Any]:
        """As reports tell it; `rush_worth`: how many idle hours an hour worked in a rush is worth."""
        return {
            "unit": self.unit,
            "deposited": {service: seconds for service, seconds in sorted(self.deposited.items()) if seconds},
            "taken": {service: seconds for service, seconds in sorted(self.taken.items()) if seconds},
            "outstanding": self.outstanding_s,
            "held": self.held_s,
            "outstanding_days": None if self.days is None else round(self.days, 1),
            "owed_to_attendance": self.owed_s,
            "gift_cap": self.gift_cap_s,
            "gifts": self.gifts_s,
            "rush": self.rush_s,
            "rush_worth": self.rush_s * rush_worth,
            "idle": self.idle_s,
            "payable": self.payable_s,
            "can_be_staffed": self.can_be_staffed,
        }


def warning(one: Supply, days: int) -> str:
    """What is said of a unit whose outstanding time can't be staffed."""
    return (
        f"{one.free_s} s are outstanding and held for no day, and the quotas of the next {days} days leave room for"
        f" {one.payable_s} s"
    )


def count_moved(
    found: Mapping[str, Supply], line: Iterable[str], kind: str, service: str, given_s: int, taken_s: int
) -> None:
    """To and from accounts of an agent of the first unit of the line."""
    for unit in line:
        one = found[unit]
        if kind == LEAVE:
            one.owed_s += given_s - taken_s
        else:
            one.deposited[service] += given_s
            one.taken[service] += taken_s


def payable_s(
    unit: str,
    above: Iterable[str],
    places: Mapping[str, Places],
    below: Callable[[str], Collection[str]],
    own: Collection[str],
    day_s: int,
) -> int:
    """What a day's places that are left pay out in a unit. `below` are the units directly below one, `own` those that
    have agents of their own; what no quota is set for can't be had."""

    def of(one: str, covered: bool) -> int | None:
        """None: as much as those above let, which have a quota."""
        covered = covered or one in places
        under = [of(each, covered) for each in below(one)]
        if one in own or not under:
            under.append(None if covered else 0)
        room = None if None in under else sum(each or 0 for each in under)
        return _least([room, _worth(places.get(one), day_s)])

    line = list(above)
    inside = of(unit, any(each in places for each in line))
    return _least([inside, *(_worth(places.get(each), day_s) for each in line)]) or 0


def _worth(places: Places | None, day_s: int) -> int | None:
    if places is None:
        return None
    whole_s = places.agents * day_s
    return whole_s if places.seconds is None else min(whole_s, places.seconds)


def _least(rooms: Sequence[int | None]) -> int | None:
    return min((room for room in rooms if room is not None), default=None)
