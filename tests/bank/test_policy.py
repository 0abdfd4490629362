"""Policies by date and unit."""

from dataclasses import replace
from datetime import date

import pytest

from ccd.bank.policy import Policies, Policy
from ccd.errors import PolicyError
from tests.bank.policies import policy

OLD = policy(date(2026, 1, 1), rate_ppm=40_000)
NEW = policy(date(2026, 11, 1), rate_ppm=37_000)
OWN = policy(date(2026, 11, 15), rate_ppm=30_000)
POLICIES = Policies((OLD, NEW), {"team-2": (OWN,)})


@pytest.mark.parametrize(
    ("unit", "day", "policy"),
    [
        ("team-1", date(2026, 10, 31), OLD),
        ("team-1", date(2026, 11, 1), NEW),
        (None, date(2026, 11, 1), NEW),
        ("team-2", date(2026, 11, 14), NEW),
        ("team-2", date(2026, 11, 15), OWN),
        ("team-2", date(2027, 11, 15), OWN),
    ],
)
def test_the_newest_policy_that_holds_on_the_day_holds(unit: str | None, day: date, policy: Policy) -> None:
    assert POLICIES.policy_at(unit, day) is policy


def test_a_day_before_every_policy_is_an_error_that_says_so() -> None:
    with pytest.raises(PolicyError, match="policy of team-1: none holds on 2025-12-31"):
        POLICIES.policy_at("team-1", date(2025, 12, 31))


@pytest.mark.parametrize(
    ("versions", "problem"),
    [
        ((replace(NEW, rate_ppm=1_000_001),), "rate_ppm is 1000001; allowed: 0 to 1000000"),
        ((replace(NEW, base_s_max=-1),), "base_s_max is -1; allowed: 0 or more seconds"),
        ((replace(NEW, overdraft_takes=("savings", "savings")),), "overdraft_takes is savings, savings"),
        ((replace(NEW, overdraft_takes=("reserved",)),), "overdraft_takes is reserved"),
        ((NEW, OLD), "in the order of their dates"),
        ((OLD, OLD), "each date once"),
    ],
)
def test_a_policy_that_can_not_hold_is_refused(versions: tuple[Policy, ...], problem: str) -> None:
    with pytest.raises(PolicyError, match=problem):
        Policies(versions)
