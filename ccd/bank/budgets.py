"""Budgets: a part of what a unit may give in a month, handed to somebody who gives it (docs/time-bank.md 3.3). Pure.

What is handed out is drawn on the caps of the unit, and of each unit above it, at once: so what was given and what was
handed out never come to more than a cap together. A budget is a cap of its own, on which its packets draw, and on no
other. What is left of it goes back to the caps that it was drawn on, and so does what is left again of one that was
taken back, where a packet of it is taken back later.
"""

from collections.abc import Collection
from datetime import date
from typing import NamedTuple

from ccd.bank.facts import as_facts
from ccd.bank.packets import Packet, gift_cap
from ccd.errors import BudgetError
from ccd.ledger.model import SECONDS_MAX, Draw, Late, Limit, Posting, month_of
from ccd.ledger.rules import Cap

NO_BUDGET = "is not there; `ccd bank red-packet budgets MONTH` names those there are"


class Budget(NamedTuple):
    """`line` is the unit with those above it, as they stood on the day on which it was handed out."""

    id: str
    unit: str
    holder: str
    seconds: int
    line: tuple[str, ...]
    day: date
    why: str
    ended: bool = False

    @property
    def month(self) -> str:
        return month_of(self.day)


class BudgetStand(NamedTuple):
    """What has become of a budget, in seconds."""

    budget: Budget
    given_s: int


def check_budget(budget: Budget, known_s: int, is_person: bool) -> None:
    """BudgetError where no cap could make it right; `is_person`: somebody has the holder's name."""
    if not is_person:
        found = (
            f"is for {budget.holder}, and nobody is known by that name. Write it as they sign in, and as"
            " `ccd export people` has it"
        )
        raise BudgetError(budget.id, found, "no-such-person", person=budget.holder)
    if not 0 < budget.seconds <= SECONDS_MAX:
        raise BudgetError(
            budget.id, f"is of {budget.seconds} s; hand out 1 to {SECONDS_MAX} s", "too-much-time", most_s=SECONDS_MAX
        )
    if not budget.why.strip():
        raise BudgetError(budget.id, "has no reason; say in words what it is for", "no-reason")
    if not known_s:
        raise BudgetError(
            budget.id,
            f"has no cap: nobody knows the hours of {budget.unit} in {budget.month}. Import its schedule, or declare"
            f" them: ccd bank red-packet declare {budget.unit} {budget.month} HOURS",
            "packet-no-hours",
            unit=budget.unit,
            month=budget.month,
        )


def check_packet_of_budget(budget: Budget, packet: Packet, below: Collection[str]) -> None:
    """BudgetError where a packet can't be given from it. `below` are the budget's unit and all below it."""
    if budget.ended:
        raise BudgetError(budget.id, "was taken back: ask whoever handed it out for another", "budget-recalled")
    if budget.month != month_of(packet.day):
        found = f"is for {budget.month}, and the packet would be of {month_of(packet.day)}"
        raise BudgetError(budget.id, found, "budget-other-month", month=budget.month)
    if packet.unit not in below:
        found = f"is of {budget.unit}, and {packet.unit} is not below it"
        raise BudgetError(budget.id, found, "budget-other-unit", unit=budget.unit)


def handing(budget: Budget, book: str, by: str) -> Posting:
    draws = (Draw(gift_cap(unit, budget.month), budget.seconds) for unit in budget.line)
    return Posting(
        f"hand/{budget.id}", 1, book, budget.day, (), by, text=budget.why, facts=_facts(budget),
        terms=(*draws, Limit(budget_cap(budget.id), budget.seconds)),
    )  # fmt: skip


def recall_key(budget: Budget) -> str:
    return f"recall/{budget.id}"


def recalling(budget: Budget, cap: Cap, revision: int, book: str, by: str, running: str) -> Posting:
    """`cap` is the budget's own, under lock; `running` the month in which it counts where the budget's is closed."""
    rest = cap.limit_s - cap.drawn_s
    backs = [Draw(gift_cap(unit, budget.month), -rest) for unit in budget.line] if rest else []
    return Posting(
        recall_key(budget), revision, book, budget.day, (), by, facts=_facts(budget),
        terms=(*backs, Limit(budget_cap(budget.id), cap.drawn_s), Late(running)),
    )  # fmt: skip


def budget_cap(name: str) -> str:
    return f"budget/{name}"


def _facts(budget: Budget) -> str:
    return as_facts({"unit": budget.unit, "holder": budget.holder, "seconds": budget.seconds})
