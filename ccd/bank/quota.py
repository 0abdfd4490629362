"""How many agents of a unit may be off on a day, and for how many hours together (docs/time-bank.md 3.6). Pure.

What is said of the day itself counts before the template of statutory holidays, that before the one of its weekday; of
templates those for the day's load before those for any; and what was said last before what was said first.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Literal, NamedTuple, get_args

from ccd.bank.policy import PPM

Template = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "holiday"]
TEMPLATES: tuple[Template, ...] = get_args(Template)
HOLIDAY = TEMPLATES.index("holiday")  # beside the weekdays, 0 to 6
ANY = ""  # load
PLACES_MAX = 1_000_000  # of a quota


class Quota(NamedTuple):
    """How many agents of a unit may be off by it, and for how many seconds together (None: for any): on a day, or on
    each day of the week (0: Monday; HOLIDAY) from a day on; for days of a `load` alone, or for any."""

    unit: str
    on: date | int
    holds_from: date
    agents: int
    seconds: int | None = None
    load: str = ANY

    @property
    def on_said(self) -> date | Template:
        """As people say it: the day, or which of the templates."""
        return TEMPLATES[self.on] if isinstance(self.on, int) else self.on


class Places(NamedTuple):
    agents: int
    seconds: int | None = None


class Busyness(NamedTuple):
    """Of a day, of all agents of a unit together, in seconds: signed in, and of that free for a call."""

    day: date
    agents: int
    signed_in_s: int
    available_s: int


def places_on(said: Iterable[Quota], day: date, load: str, is_holiday: bool) -> Places | None:
    """By what was said of a unit, in that order; None where nothing was that is for the day."""
    found, best = None, (0, False)
    for quota in said:
        rank = _rank(quota, day, load, is_holiday)
        if rank is not None and rank >= best:
            found, best = Places(quota.agents, quota.seconds), rank
    return found


def _rank(quota: Quota, day: date, load: str, is_holiday: bool) -> tuple[int, bool] | None:
    if quota.load not in (ANY, load):
        return None
    if quota.on == day:
        return 3, True
    if quota.holds_from > day:
        return None
    if is_holiday and quota.on == HOLIDAY:
        return 2, quota.load != ANY
    return (1, quota.load != ANY) if quota.on == day.weekday() else None


def suggestion(days: Sequence[Busyness], spare_ppm: int) -> int:
    """How many could have been away on each of these days, as whole days of an agent: so much of the time in which
    agents waited for a call, on the busiest of the days. 0 where nothing is known."""
    could = []
    for day in days:
        if day.agents and day.signed_in_s:
            spare_s = day.available_s * spare_ppm // PPM
            could.append(spare_s * day.agents // day.signed_in_s)
    return min(could, default=0)
