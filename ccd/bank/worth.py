"""What a measured day is worth (docs/time-bank.md 2.4). Pure.

Times come in microseconds and go on so; each product, and aux, is cut to whole seconds once, by floor.
"""

from typing import NamedTuple

from ccd.bank.measured import Measured
from ccd.bank.overdraft import overdraft_s
from ccd.bank.policy import PPM, Policy
from ccd.bank.savings import deposit_s
from ccd.floor.days import SECOND
from ccd.org.entitlements import Entitlement

PPM_SECONDS = PPM * SECOND


class Worth(NamedTuple):
    """At most one of deposit and overdraft is above zero; in between, nobody is charged for what was not seen."""

    base: int  # microseconds
    aux_s: int
    allowance_s: int  # of the base: what a deposit is made of
    protected_s: int  # of base and unobserved time, or the minimum: what aux may reach uncharged
    deposit_s: int
    overdraft_s: int

    @property
    def net_s(self) -> int:
        return self.deposit_s - self.overdraft_s


NOTHING = Worth(0, 0, 0, 0, 0, 0)


def worth_of(measured: Measured, policy: Policy) -> Worth:
    """The day against the allowance. A day that is on no roster is worth nothing: it is recorded, not settled."""
    if measured.unit is None:
        return NOTHING
    base = base_of(measured, policy)
    aux_s = measured.aux // SECOND
    allowance_s = policy.rate_ppm * base // PPM_SECONDS
    protected_s = max(allowance_s, policy.allowance_min_s)
    if measured.unobserved or measured.entitlement is not None:
        seen_or_not = base + measured.unobserved
        if not measured.scheduled:
            seen_or_not = min(seen_or_not, _most(measured, policy))
        protected_s = protected_of(seen_or_not, policy, measured.entitlement)
    return Worth(base, aux_s, allowance_s, protected_s, deposit_s(allowance_s, aux_s), overdraft_s(protected_s, aux_s))


def protected_of(seen_or_not: int, policy: Policy, own: Entitlement | None) -> int:
    """What aux may reach without a charge, in seconds, of base and unobserved time, µs; where the own rate and minimum
    are more, by these."""
    rate_ppm = policy.rate_ppm if own is None else max(policy.rate_ppm, own.rate_ppm or 0)
    own_minimum_s = 0 if own is None else own.minimum_s or 0
    return max(rate_ppm * seen_or_not // PPM_SECONDS, policy.allowance_min_s, own_minimum_s)


def base_of(measured: Measured, policy: Policy) -> int:
    """Microseconds. With schedules it is what was worked of the shift, which is its cap, and of overtime, where that
    counts; without, it is capped, and on a day on which nothing happened at all no more than somebody has ruled."""
    if measured.scheduled:
        return max(0, measured.signed_in - measured.exempt - measured.unreachable) + measured.overtime
    worked = max(0, measured.signed_in - measured.exempt - measured.unreachable)
    if not (measured.answered or measured.pauses or measured.sign_ins or measured.sign_outs):
        worked = measured.ruled
    return min(worked, _most(measured, policy))


def _most(measured: Measured, policy: Policy) -> int:
    """That a day's base can be without schedules."""
    whole = policy.base_s_max * SECOND
    return whole if measured.share_ppm == PPM else whole * measured.share_ppm // PPM
