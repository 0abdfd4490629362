"""Measured days and policies for the bank's tests."""

from dataclasses import replace
from datetime import date

from ccd.bank.measured import Measured
from ccd.bank.policy import Policies
from tests.bank.policies import policy

SECOND = 1_000_000
DAY = date(2026, 11, 23)
TODAY = date(2026, 12, 4)
POLICY = policy(date(2026, 1, 1))
POLICIES = Policies((POLICY,))

A_DAY = Measured(
    agent="1001",
    unit="team-1",
    day=DAY,
    revision=1,
    signed_in=0,
    exempt=0,
    unreachable=0,
    aux=0,
    unobserved=0,
    answered=1,
    pauses=1,
    sign_ins=1,
    sign_outs=1,
)


def measured(
    base_s: float = 28_800, aux_s: float = 600, agent: str = "1001", day: date = DAY, revision: int = 1, **other
) -> Measured:
    """A day that is worth its allowance of `base_s` less `aux_s`; at 28,800 s the allowance is 1,065 s."""
    return replace(
        A_DAY,
        agent=agent,
        day=day,
        revision=revision,
        signed_in=round(base_s * SECOND),
        aux=round(aux_s * SECOND),
        **other,
    )


def worth(net_s: int, **other) -> Measured:
    """A day that is worth exactly this: a deposit above zero, an overdraft below."""
    return measured(aux_s=1_065 - net_s, **other)
