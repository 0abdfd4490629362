"""Overdraft, 超支还款 (docs/time-bank.md 3.4): what was used beyond that is taken, down to zero."""

from collections.abc import Mapping

from ccd.bank.accounts import BALANCE_KINDS
from ccd.bank.policy import Policy


def overdraft_s(protected_s: int, aux_s: int) -> int:
    """Seconds beyond what the own allowance, and time that nobody saw, protect from."""
    return max(0, aux_s - protected_s)


def takes_all(policy: Policy) -> tuple[str, ...]:
    """The order in which the balance goes where all of it can: that of an overdraft, and then what it leaves out."""
    return (*policy.overdraft_takes, *(kind for kind in BALANCE_KINDS if kind not in policy.overdraft_takes))


def taken(seconds: int, available: Mapping[str, int], order: tuple[str, ...]) -> list[tuple[str, int]]:
    """From which accounts, in the policy's order, and how much of each. What is reserved is never touched.

    Less than `seconds` in all where the balance does not suffice: the rest is personal leave.
    """
    draws = []
    for kind in order:
        draw = min(seconds, available.get(kind, 0))
        if draw > 0:
            draws.append((kind, draw))
            seconds -= draw
    return draws
