"""Budgets for red packets that are taken back by themselves: as their month is over, and where a packet of one that was
taken back before is."""

from collections.abc import Callable
from socket import gethostname

from ccd.bank.asking import Asking, by_itself
from ccd.bank.budgeting import LEFT_AGAIN, MONTH_IS_OVER, Budgets
from ccd.bank.budgets import BudgetStand
from ccd.bank.giving import Giver
from ccd.bank.proposing import Proposals
from ccd.daemon.refusals import Refusals
from ccd.daemon.site import Current, Site
from ccd.ledger.books import Ledger
from ccd.ledger.model import month_of


def giver_of(ledger: Ledger, site: Site) -> Giver:
    return Giver(site.branch(ledger))


def budgets_of(ledger: Ledger, site: Site) -> Budgets:
    return Budgets(ledger, giver_of(ledger, site).caps, site.settings.site, site.staff.knows)


def proposals_of(ledger: Ledger, site: Site) -> Proposals:
    return Proposals(ledger, giver_of(ledger, site), site.units, site.policies)


class OldBudgets:
    """`now` gives µs since the epoch."""

    def __init__(self, ledger: Ledger, current: Current, now: Callable[[], int]) -> None:
        self._ledger, self._current, self._now = ledger, current, now
        self._refusals = Refusals()

    async def recall_due(self) -> list[BudgetStand]:
        """Those whose month is over in their unit, and those that have something left again."""
        site, at = self._current.site, self._now()
        budgets = budgets_of(self._ledger, site)
        recalled = []
        for budget in await budgets.left_before(month_of(site.newest_day(at))):
            running = month_of(site.units.days(budget.unit).at(at).day)
            if not budget.ended and budget.month >= running:
                continue
            by, why = ("packet taken back", LEFT_AGAIN) if budget.ended else ("month's end", MONTH_IS_OVER)
            asking = Asking(f"recall/{budget.id}/{at}", by_itself(by), gethostname(), at)
            with self._refusals.said_once("a budget can't be taken back", budget=budget.id):
                recalled.append(await budgets.recall(budget.id, asking, why, running))
        return recalled
