"""docs/time-bank.md 2.4 as a table: what a day is worth."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from ccd.bank.measured import Measured
from ccd.bank.policy import Policy
from ccd.bank.worth import worth_of
from ccd.floor.records import Counted, DayRecord, OnDuty, Tally
from ccd.org.entitlements import Entitlement
from tests.bank.days import POLICY, SECOND, measured
from tests.bank.policies import policy

IDLE: dict[str, Any] = {"answered": 0, "pauses": 0, "sign_ins": 0, "sign_outs": 0}

# name: the day, deposit, overdraft
DAYS: dict[str, tuple[Measured, int, int]] = {
    "the example of 3.1": (measured(28_800, 600), 465, 0),
    "the overdraft of 3.4": (measured(28_800, 2_000), 0, 935),
    "all of the allowance": (measured(28_800, 1_065), 0, 0),
    "one second below it": (measured(28_800, 1_064), 1, 0),
    "one second above it": (measured(28_800, 1_066), 0, 1),
    "aux is cut by floor": (measured(28_800, 1_064.999_999), 1, 0),
    "the product is cut by floor, once": (measured(27.027_027, 0), 0, 0),
    "and reaches a whole second": (measured(27.027_028, 0), 1, 0),
    "exempt time is no part of the base": (measured(32_400, 600, exempt=3_600 * SECOND), 465, 0),
    "unreachable time is none either": (measured(32_400, 600, unreachable=3_600 * SECOND), 465, 0),
    "the base is never below zero": (measured(100, 600, exempt=3_600 * SECOND), 0, 600),
    "the base is capped at twelve hours": (measured(60_000, 0), 1_598, 0),
    "a day on which nothing happened has no base": (measured(28_800, 0, **IDLE), 0, 0),
    "and its aux is charged in full": (measured(28_800, 100, **IDLE), 0, 100),
    "an answered call makes a day": (measured(28_800, 600, **{**IDLE, "answered": 1}), 465, 0),
    "a pause does": (measured(28_800, 600, **{**IDLE, "pauses": 1}), 465, 0),
    "a sign-in does": (measured(28_800, 600, **{**IDLE, "sign_ins": 1}), 465, 0),
    "a sign-out does": (measured(28_800, 600, **{**IDLE, "sign_outs": 1}), 465, 0),
    "unobserved time earns nothing": (measured(28_800, 600, unobserved=3_600 * SECOND), 465, 0),
    "but protects: nobody is charged for what was not seen": (measured(28_800, 1_100, unobserved=3_600 * SECOND), 0, 0),
    "as far as it goes": (measured(28_800, 1_200, unobserved=3_600 * SECOND), 0, 2),
    "capped like the base": (measured(43_000, 2_000, unobserved=9_000 * SECOND), 0, 402),
    "a shift is its own cap": (measured(60_000, 0, scheduled=True), 2_220, 0),
    "and what was not seen of it protects beyond twelve hours": (
        measured(43_000, 1_900, unobserved=9_000 * SECOND, scheduled=True),
        0,
        0,
    ),
    "against shifts no event need make a day": (measured(28_800, 600, **IDLE, scheduled=True), 465, 0),
    "overtime that is base has its allowance": (measured(28_800, 600, scheduled=True, overtime=3_600 * SECOND), 598, 0),
    "and protects": (measured(28_800, 1_200, scheduled=True, overtime=3_600 * SECOND), 0, 2),
    "with what was not seen": (
        measured(25_200, 1_300, scheduled=True, overtime=3_600 * SECOND, unobserved=3_600 * SECOND),
        0,
        102,
    ),
    "but what somebody has ruled does": (measured(28_800, 0, **IDLE, ruled=14_400 * SECOND), 532, 0),
    "an own minimum protects": (measured(28_800, 2_000, entitlement=Entitlement(None, 1_900)), 0, 100),
    "and so does an own rate": (measured(28_800, 2_000, entitlement=Entitlement(60_000, 1_000)), 0, 272),
    "of unseen time too": (
        measured(25_200, 2_000, entitlement=Entitlement(60_000, None), unobserved=3_600 * SECOND),
        0,
        272,
    ),
    "but neither earns": (measured(28_800, 600, entitlement=Entitlement(60_000, 9_000)), 465, 0),
    "nor does less than others have do harm": (measured(28_800, 2_000, entitlement=Entitlement(1, 1)), 0, 935),
    "who is on no roster is not settled": (measured(28_800, 2_000, unit=None), 0, 0),
}


@pytest.mark.parametrize("name", DAYS)
def test_a_day_is_worth_its_allowance_less_its_aux(name: str) -> None:
    day, deposit_s, overdraft_s = DAYS[name]
    worth = worth_of(day, POLICY)
    assert (worth.deposit_s, worth.overdraft_s) == (deposit_s, overdraft_s)


GENEROUS = policy(date(2026, 1, 1), allowance_min_s=1_500)

# name: aux in seconds of a base of 28,800, policy, deposit, overdraft
PROTECTED: dict[str, tuple[int, Policy, int, int]] = {
    "a minimum for all protects": (1_400, GENEROUS, 0, 0),
    "as far as it goes": (1_600, GENEROUS, 0, 100),
    "and earns nothing": (1_000, GENEROUS, 65, 0),
    "one below the allowance takes nothing away": (1_065, policy(date(2026, 1, 1), allowance_min_s=900), 0, 0),
}


@pytest.mark.parametrize("name", PROTECTED)
def test_what_protects_from_overdraft_earns_nothing(name: str) -> None:
    aux_s, terms, deposit_s, overdraft_s = PROTECTED[name]
    worth = worth_of(measured(28_800, aux_s), terms)
    assert (worth.deposit_s, worth.overdraft_s) == (deposit_s, overdraft_s)


def test_the_expected_day_has_the_allowance_that_meter_and_ring_show() -> None:
    assert POLICY.expected_allowance_s(27_000) == 1_065
    assert replace(POLICY, schedules=True).expected_allowance_s(27_000) == 999


def test_who_works_half_of_the_time_is_expected_to_have_half_a_day_where_no_shift_says_it() -> None:
    assert POLICY.expected_allowance_s(27_000, 500_000) == 532
    assert replace(POLICY, shorter_days=False).expected_allowance_s(27_000, 500_000) == 1_065
    assert replace(POLICY, schedules=True).expected_allowance_s(27_000, 500_000) == 999


def test_settlement_takes_from_a_day_record_what_it_needs() -> None:
    record = DayRecord(
        "1001", "team-1", date(2026, 11, 23), signed_in=1, available=2, ringing=3, on_call=4, other_call=5, wrap_up=6,
        paused={"toilet": 7}, partly_paused=8, unreachable=9, unobserved=10, aux=11, exempt=12, sign_ins=13,
        sign_outs=14, pauses=15, offered=16, answered=17, missed=18, first_sign_in=19, last_sign_out=20,
    )  # fmt: skip
    assert Measured.of(record, 3) == Measured(
        "1001", "team-1", date(2026, 11, 23), 3, signed_in=1, exempt=12, unreachable=9, aux=11, unobserved=10,
        answered=17, pauses=15, sign_ins=13, sign_outs=14,
    )  # fmt: skip


def test_overtime_is_added_to_the_base_of_shifts_alone() -> None:
    record = replace(Tally().record("1001", "team-1", date(2026, 11, 23)), signed_in=36_000 * SECOND, sign_ins=1)
    against = record.against(OnDuty(counted=Counted(signed_in=28_800 * SECOND)))
    assert Measured.of(against, 1, overtime=3_600 * SECOND).overtime == 3_600 * SECOND
    assert Measured.of(record, 1, overtime=3_600 * SECOND) == Measured.of(record, 1)
