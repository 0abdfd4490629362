"""The configured policies as what ccd.bank is given."""

from collections.abc import Iterable

from ccd.bank.policy import DaysOffTerms, GiftTerms, OvertimeTerms, Policies, Policy, RulingTerms
from ccd.settings import Policy as PolicySettings


def policies_of(given: Iterable[PolicySettings]) -> Policies:
    versions: dict[str | None, list[Policy]] = {}
    for one in sorted(given, key=lambda policy: policy.starts):
        policy = Policy(
            one.starts, one.rate_ppm, one.base_s_max, one.allowance_min_s, tuple(one.overdraft_takes),
            one.closed_gain_meets_write_off, one.expected_base_s, GiftTerms(one.gift.cap_ppm, one.gift.kinds),
            DaysOffTerms(one.days_off.approve, one.days_off.cancel_days_before), OvertimeTerms(**dict(one.overtime)),
            RulingTerms(**dict(one.rulings)),
            one.schedules, one.unscheduled_sign_out == "counts",
        )  # fmt: skip
        versions.setdefault(one.unit, []).append(policy)
    default = tuple(versions.pop(None, ()))
    return Policies(default, {unit: tuple(own) for unit, own in versions.items() if unit is not None})
