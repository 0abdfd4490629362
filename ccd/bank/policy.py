"""Policies with the date from which they hold (docs/time-bank.md 2.4 and 7)."""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from typing import NamedTuple

from ccd.bank.accounts import BALANCE_KINDS
from ccd.errors import PolicyError

PPM = 1_000_000


class GiftTerms(NamedTuple):
    """What red packets may come to in a month, in parts per million of the scheduled seconds; what they are for."""

    cap_ppm: int
    kinds: tuple[str, ...]


Days = tuple[date, date]  # the first and the last of them


class LoanTerms(NamedTuple):
    """Of leave offset: which days are busy, by the calendar's month or by name; which kinds of leave can be offset on
    idle days; whether what nobody has said anything of is, where that secures full attendance."""

    busy_first: int
    busy_last: int
    busy_days: tuple[Days, ...]
    idle_days: tuple[Days, ...]
    kinds: tuple[str, ...]
    by_default: bool


class FullTerms(NamedTuple):
    """What full attendance is worth in a month, and what does not cost it."""

    points: int
    late_grace_s: int
    early_grace_s: int
    off_post_grace_s: int
    leave_grace_s: int


class DaysOffTerms(NamedTuple):
    """Of withdrawals: who approves what is covered and has a place, "person" or "rule", and until how many days before
    an agent can cancel what was approved; whether who comes first has a place ("first_come"), or all are allocated
    "by_rule", so many days before, at which time; whether several days are had "all" together or "each" for itself;
    which kinds of leave come before a day off; whether what is held for days after an agent has left is given back
    ("release") or stays held ("keep"); how much of the time in which agents wait for calls is suggested as a
    quota, in parts per million."""

    approve: str
    cancel_days_before: int
    allocate: str
    allocate_days_before: int
    allocate_at: time
    run_of_days: str
    beaten_by: tuple[str, ...]
    on_leaving: str
    spare_ppm: int


class OvertimeTerms(NamedTuple):
    """Of emergencies: their levels with the interest, how long they last, from when on somebody is warned, and whether
    what was measured in them is base of the day, too. An emergency keeps the interest with which it was opened."""

    levels: Mapping[str, int]  # parts per million
    interest_round_up_s: int
    emergency_max_s: int
    emergency_back_s_max: int
    entry_second_s: int  # where more is entered by hand for an agent's day, a second person is needed
    call_out_wait_s: int
    warn_day_s: int
    warn_month_s: int
    counts_in_base: bool


class RulingTerms(NamedTuple):
    """How many days a ruling can be about at most; how long what nobody saw, or other calls, have to last at least to
    wait for one; for how many days after a line was recorded it can be appealed against."""

    days_max: int
    waits_min_s: int
    appeal_days: int


@dataclass(frozen=True, slots=True)
class Policy:
    """What holds in a unit from a date on. Seconds, and parts per million. Its terms are settings, and have their
    defaults there (ccd.settings.tree)."""

    holds_from: date
    rate_ppm: int
    base_s_max: int
    allowance_min_s: int
    overdraft_takes: tuple[str, ...]
    closed_gain_meets_write_off: bool
    expected_base_s: int
    loan: LoanTerms
    full: FullTerms
    gift: GiftTerms
    days_off: DaysOffTerms
    overtime: OvertimeTerms
    rulings: RulingTerms
    schedules: bool  # whether the unit keeps them: then what is outside of shifts counts nothing
    sign_outs_count: bool  # in a unit that does, time signed out amid a shift
    shorter_days: bool  # of who works part of the time: each day is shorter by it, and not that there are fewer
    expires_after_months: int  # in which time was not used; 0: never

    def expected_allowance_s(self, scheduled_s: int, share_ppm: int = PPM) -> int:
        """What meter, ring and nudge measure against while the day runs: of what an agent is scheduled for, in a unit
        that keeps schedules."""
        expected_s = scheduled_s if self.schedules else self.of_a_day(self.expected_base_s, share_ppm)
        return self.rate_ppm * expected_s // PPM

    def of_a_day(self, whole: int, share_ppm: int) -> int:
        """What is said of a whole day, of who works that share of a full contract."""
        return whole * share_ppm // PPM if self.shorter_days else whole


@dataclass(frozen=True, slots=True)
class Policies:
    """All versions: those of a unit, and `default` for units, and days, that have none of their own."""

    default: tuple[Policy, ...]
    units: Mapping[str, tuple[Policy, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for unit, versions in (("every unit", self.default), *self.units.items()):
            _check(unit, versions)

    @property
    def any_keeps_schedules(self) -> bool:
        return any(policy.schedules for versions in (self.default, *self.units.values()) for policy in versions)

    @property
    def any_goes_by_shares(self) -> bool:
        """Whether a day can be worth something else for who works part of the time."""
        every = (policy for versions in (self.default, *self.units.values()) for policy in versions)
        return any(policy.shorter_days and not policy.schedules for policy in every)

    def policy_at(self, unit: str | None, day: date) -> Policy:
        """The newest version that holds on the day, the unit's own before the default. PolicyError if none does."""
        return self.held_at(unit, day)[1]

    def held_at(self, unit: str | None, day: date) -> tuple[str, Policy]:
        """The same, and whose it is: the unit, or "" where it is that of all units."""
        for whose, versions in ((unit or "", self.units.get(unit or "", ())), ("", self.default)):
            held = bisect_right(versions, day, key=lambda policy: policy.holds_from)
            if held:
                return whose, versions[held - 1]
        name = unit or "every unit"
        raise PolicyError(
            name, f"none holds on {day}; add one that holds from that day or before", "no-policy", day=str(day)
        )


def _check(unit: str, versions: tuple[Policy, ...]) -> None:
    _check_dates(unit, [policy.holds_from for policy in versions])
    for policy in versions:
        if not 0 <= policy.rate_ppm <= PPM:
            raise PolicyError(unit, f"rate_ppm is {policy.rate_ppm}; allowed: 0 to {PPM}")
        for name in ("base_s_max", "allowance_min_s", "expected_base_s"):
            if getattr(policy, name) < 0:
                raise PolicyError(unit, f"{name} is {getattr(policy, name)}; allowed: 0 or more seconds")
        takes = policy.overdraft_takes
        if len(set(takes)) < len(takes) or not set(takes) <= set(BALANCE_KINDS):
            allowed = ", ".join(BALANCE_KINDS)
            raise PolicyError(unit, f"overdraft_takes is {', '.join(takes)}; allowed: each of {allowed} at most once")


def _check_dates(whose: str, dates: list[date]) -> None:
    if dates != sorted(set(dates)):
        raise PolicyError(whose, "its versions have to stand in the order of their dates, each date once")
