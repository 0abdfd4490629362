"""The configured policies as what ccd.bank is given."""

from collections.abc import Iterable

from ccd.bank.policy import DaysOffTerms, FullTerms, GiftTerms, LoanTerms, OvertimeTerms, Policies, Policy, RulingTerms
from ccd.settings import Policy as PolicySettings
from ccd.settings.tree import Loan


def policies_of(given: Iterable[PolicySettings]) -> Policies:
    versions: dict[str | None, list[Policy]] = {}
    for one in sorted(given, key=lambda policy: policy.starts):
        policy = Policy(
            one.starts, one.rate_ppm, one.base_s_max, one.allowance_min_s, tuple(one.overdraft_takes),
            one.closed_gain_meets_write_off, one.expected_base_s,
            loan_of(one.loan), FullTerms(**dict(one.full_attendance)), GiftTerms(one.gift.cap_ppm, one.gift.kinds),
            DaysOffTerms(**dict(one.days_off)), OvertimeTerms(**dict(one.overtime)),
            RulingTerms(**dict(one.rulings)),
            one.schedules, one.unscheduled_sign_out == "counts", one.part_time == "shorter_days",
            one.expires_after_months,
        )  # fmt: skip
        versions.setdefault(one.unit, []).append(policy)
    default = tuple(versions.pop(None, ()))
    return Policies(default, {unit: tuple(own) for unit, own in versions.items() if unit is not None})


def loan_of(said: Loan) -> LoanTerms:
    by_default = said.offset_default != "never"
    return LoanTerms(said.busy_first, said.busy_last, said.busy_days, said.idle_days, said.offset_kinds, by_default)
