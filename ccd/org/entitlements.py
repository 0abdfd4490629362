"""Accommodation: what an agent is entitled to without anybody being told why (docs/time-bank.md 2.4). Pure.

An entitlement protects from overdraft, and earns nothing. It is never unsaid: one that ends is followed by none.
"""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from ccd.errors import EntitlementError

PPM = 1_000_000
DAY_S = 86_400


class Entitlement(NamedTuple):
    """An own rate in parts per million, an own minimum in seconds, or both: each where it is more than the policy's."""

    rate_ppm: int | None
    minimum_s: int | None


class Entitled(NamedTuple):
    """What holds of an agent from a day until before another, if that is known: nothing, where it is None. `number`
    counts what was said: what was said last holds. `act` is by which it was."""

    number: int
    act: str
    agent: str
    first: date
    until: date | None
    entitlement: Entitlement | None

    def covers(self, day: date) -> bool:
        return self.first <= day and (self.until is None or day < self.until)


def entitlements_held_on(day: date, said: Iterable[Entitled]) -> dict[str, Entitlement]:
    """By agent, in the order in which it was said."""
    found: dict[str, Entitlement | None] = {one.agent: one.entitlement for one in said if one.covers(day)}
    return {agent: one for agent, one in found.items() if one is not None}


def check_entitlement(one: Entitled) -> None:
    """EntitlementError where nothing could be so."""
    if one.until is not None and one.until <= one.first:
        raise EntitlementError(
            one.agent,
            f"ends on {one.until}, and begins on {one.first}: `to` is the first day without",
            "entitlement-backwards",
        )
    if one.entitlement is None:
        return
    rate_ppm, minimum_s = one.entitlement
    if rate_ppm is None and minimum_s is None:
        raise EntitlementError(one.agent, "says neither a rate nor a minimum", "entitlement-empty")
    if rate_ppm is not None and not 0 < rate_ppm <= PPM:
        raise EntitlementError(one.agent, f"has a rate of {rate_ppm} ppm; allowed: 1 to {PPM}", "entitlement-rate")
    if minimum_s is not None and not 0 < minimum_s <= DAY_S:
        raise EntitlementError(
            one.agent, f"has a minimum of {minimum_s} s; allowed: 1 to {DAY_S}", "too-much-time", most_s=DAY_S
        )
