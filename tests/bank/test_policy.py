"""Policies by date and unit."""

from dataclasses import replace
from datetime import date

import pytest

from ccd.bank.policy import NO_ACCOMMODATION, Accommodation, Policies, Policy
from ccd.errors import PolicyError

OLD = Policy(date(2026, 1, 1), rate_ppm=40_000)
NEW = Policy(date(2026, 11, 1), rate_ppm=37_000)
OWN = Policy(date(2026, 11, 15), rate_ppm=30_000)
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


def test_an_accommodation_holds_from_its_date() -> None:
    own = (Accommodation(date(2026, 11, 1), 50_000), Accommodation(date(2026, 12, 1), 60_000))
    policies = replace(POLICIES, accommodations={"1001": own})
    assert policies.accommodation_at("1001", date(2026, 10, 31)) == NO_ACCOMMODATION
    assert policies.accommodation_at("1001", date(2026, 11, 30)) == own[0]
    assert policies.accommodation_at("1001", date(2026, 12, 1)) == own[1]
    assert policies.accommodation_at("1002", date(2026, 12, 1)) == NO_ACCOMMODATION


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


def test_accommodations_stand_in_the_order_of_their_dates() -> None:
    with pytest.raises(PolicyError, match="agent 1001"):
        Policies((OLD,), accommodations={"1001": (Accommodation(date(2026, 2, 1)), Accommodation(date(2026, 1, 1)))})
