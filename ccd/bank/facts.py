"""The facts of a settlement, kept with its posting: the arithmetic for people, and the record for the next settlement.

`covered` is what this posting took from the balance, `leave` what it made of personal leave (cancelled, below zero),
`before` the worth that had been posted for the day until then. Microseconds in `base_us` and in `measured`.
"""

import json
from collections.abc import Sequence
from typing import Any

from ccd.bank.accounts import BALANCE_KINDS, LEAVE, Parties
from ccd.bank.measured import Measured
from ccd.bank.policy import Policy
from ccd.bank.settlement import Worth
from ccd.ledger.model import Leg


def facts_text(
    measured: Measured, worth: Worth, policy: Policy, before_s: int, legs: Sequence[Leg], parties: Parties
) -> str:
    """JSON in a fixed order: the ledger keeps it, compares it and hashes it as it is."""
    covered_s = sum(leg.seconds for leg in legs if leg.debit.owner == parties.agent and leg.debit.kind in BALANCE_KINDS)
    leave = parties.own(LEAVE)
    leave_s = sum(leg.seconds * (1 if leg.credit == leave else -1) for leg in legs if leave in (leg.credit, leg.debit))
    facts = {
        "revision": measured.revision,
        "base_us": worth.base,
        "rate_ppm": policy.rate_ppm,
        "allowance": worth.allowance_s,
        "protected": worth.protected_s,
        "aux": worth.aux_s,
        "deposit": worth.deposit_s,
        "overdraft": worth.overdraft_s,
        "covered": covered_s,
        "leave": leave_s,
        "before": before_s,
        "policy_from": policy.holds_from.isoformat(),
        "measured": measured.content(),
    }
    return json.dumps(facts, ensure_ascii=False, separators=(",", ":"))


def differing_fields(facts: str, measured: Measured) -> tuple[str, ...]:
    """In what the record differs from the one that was settled under the same revision; empty if it is the same."""
    kept: dict[str, Any] = json.loads(facts)["measured"]
    now = measured.content()
    return tuple(sorted(name for name in kept.keys() | now.keys() if kept.get(name) != now.get(name)))
