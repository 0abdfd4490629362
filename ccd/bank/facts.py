"""The facts that are kept with a posting. Of a settlement: the arithmetic for people, and the record for the next one.

`covered` is what this posting took from the balance, `leave` what it made of personal leave (cancelled, below zero),
`before` the worth that the day had been reckoned as until then. Microseconds in `base_us` and in `measured`. Once the
month was closed, `written_off` is what could not be taken; below zero, what a gain made up for of that.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, fields
from typing import Any

from ccd.bank.accounts import LEAVE
from ccd.bank.measured import Measured
from ccd.bank.policy import PPM, Policy
from ccd.bank.worth import Worth
from ccd.ledger.model import Leg


def as_facts(said: Mapping[str, object]) -> str:
    """JSON as every posting of the bank keeps it but a settlement's, which is spelled out: `facts_text`."""
    return json.dumps(said, ensure_ascii=False, separators=(",", ":"))


def shared_text(unit: str | None, policy: Policy, scheduled: bool = False) -> str:
    """The middle of the facts, the same for all of a unit that are settled under one policy."""
    against_shifts = ',"scheduled":true' if scheduled else ""
    return f'"policy_from":"{policy.holds_from}","measured":{{"unit":{json.dumps(unit)}{against_shifts}'


def facts_text(
    measured: Measured, worth: Worth, rate_ppm: int, shared: str, before_s: int, legs: Sequence[Leg], agent: str
) -> str:
    """JSON, spelled out for speed: the ledger keeps it, compares it and hashes it as it is."""
    covered_s = leave_s = 0
    for leg in legs:
        if leg.service == LEAVE:
            leave_s += leg.seconds if leg.credit.owner == agent else -leg.seconds
        elif leg.debit.owner == agent:
            covered_s += leg.seconds
    return (
        f'{{"revision":{measured.revision},"base_us":{worth.base},"rate_ppm":{rate_ppm},'
        f'"allowance":{worth.allowance_s},"protected":{worth.protected_s},"aux":{worth.aux_s},'
        f'"deposit":{worth.deposit_s},"overdraft":{worth.overdraft_s},"covered":{covered_s},"leave":{leave_s},'
        f'"before":{before_s},{shared},"signed_in":{measured.signed_in},"exempt":{measured.exempt},'
        f'"unreachable":{measured.unreachable},"aux":{measured.aux},"unobserved":{measured.unobserved},'
        f'"answered":{measured.answered},"pauses":{measured.pauses},"sign_ins":{measured.sign_ins},'
        f'"sign_outs":{measured.sign_outs}}}}}'
    )


def with_written_off(shared: str, seconds: int) -> str:
    """The middle of the facts of who could not be charged, or was before."""
    return f'"written_off":{seconds},{shared}' if seconds else shared


def with_told(shared: str, measured: Measured) -> str:
    """The middle of the facts of whose day somebody has ruled on, of who is entitled to more than others, of who works
    part of the time, and of whose overtime is base."""
    if measured.ruled:
        shared = f'{shared},"ruled":{measured.ruled}'
    if measured.entitlement is not None:
        shared = f'{shared},"entitlement":{json.dumps(measured.entitlement, separators=(",", ":"))}'
    if measured.share_ppm != PPM:
        shared = f'{shared},"share_ppm":{measured.share_ppm}'
    if measured.overtime:
        shared = f'{shared},"overtime":{measured.overtime}'
    return shared


def written_off_s(settled: Iterable[str]) -> int:
    """What is written off of a day, by the facts of all its settlements."""
    return sum(json.loads(facts).get("written_off", 0) for facts in settled)


def differing_fields(facts: str, measured: Measured) -> tuple[str, ...]:
    """In what the record differs from the one that was settled under the same revision; empty if it is the same.

    A field that a record of an earlier release lacks had its default then.
    """
    defaults = {field.name: field.default for field in fields(measured) if field.default is not MISSING}
    kept: dict[str, Any] = defaults | json.loads(facts)["measured"]
    now = defaults | measured.content()
    return tuple(sorted(name for name in kept.keys() | now.keys() if kept.get(name) != now.get(name)))
