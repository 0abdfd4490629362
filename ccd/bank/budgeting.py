"""Budgets handed out and taken back, each in one transaction with the caps that it is drawn on."""

from collections.abc import Callable

from ccd.bank.asking import Asking
from ccd.bank.at_desk import revision_after
from ccd.bank.budget_rows import add_budget, budget_with_id, end_budget, left_before, of_month
from ccd.bank.budgets import NO_BUDGET, Budget, BudgetStand, budget_cap, check_budget, handing, recall_key, recalling
from ccd.bank.gift_caps import GiftCaps
from ccd.bank.packets import gift_cap, passed
from ccd.errors import BudgetError, CapPassedError
from ccd.ledger.books import Ledger
from ccd.ledger.desk import Desk
from ccd.org.rights import may_hand_budget
from ccd.org.staff import anybody

MONTH_IS_OVER, LEFT_AGAIN = "its month is over", "a packet of it was taken back"


class Budgets:
    """Of one site. `knows` says whether there is a person of that name."""

    def __init__(self, ledger: Ledger, caps: GiftCaps, site: str, knows: Callable[[str], bool] = anybody) -> None:
        self._ledger, self._caps, self._site, self._knows = ledger, caps, site, knows

    async def hand(self, budget: Budget, asking: Asking) -> Budget:
        """As it was handed out, now or when it was asked for first. ActNotAllowedError, BudgetError,
        CapPassedError, PolicyError, RefusedError: then nothing was."""
        known = await self._caps.known(budget.line, budget.day)
        acting = asking.under(may_hand_budget(asking.person, budget.line, budget.holder))

        def work(desk: Desk) -> Budget:
            desk.lock([(self._site, desk.month_of(budget.day))], [])
            if before := budget_with_id(desk.connection, budget.id):
                if before._replace(ended=False) != budget._replace(day=before.day, line=before.line):
                    raise BudgetError(
                        budget.id, f"was handed out to {before.holder} before: choose another name", "key-taken"
                    )
                return before
            check_budget(budget, known[budget.unit][0], self._knows(budget.holder))
            limits = self._caps.limits(desk, known, budget.day, acting.signed)
            outcome = desk.post([*limits, handing(budget, self._site, acting.signed)])[-1]
            caps = {gift_cap(unit, budget.month): unit for unit in budget.line}
            if stands := passed(outcome, caps, budget.month, budget.seconds):
                raise CapPassedError(f"the budget {budget.id}", *stands, budget.seconds)
            outcome.or_raise()
            add_budget(desk.connection, budget, asking.at, asking.by)
            handed = {"budget": budget.id, "holder": budget.holder, "seconds": budget.seconds}
            acting.noted(desk.connection, "hand budget", budget.unit, handed, budget.why)
            return budget

        return await self._ledger.at_desk(work)

    async def recall(self, name: str, asking: Asking, why: str, running: str) -> BudgetStand:
        """What was given from it stays given; the rest can be given, or handed out, again, and so can what is left of
        it again later. `running` is the month that runs in its unit."""

        def work(desk: Desk) -> BudgetStand:
            budget = budget_with_id(desk.connection, name)
            if budget is None:
                raise BudgetError(name, NO_BUDGET, "not-found")
            acting = asking.under(may_hand_budget(asking.person, budget.line, budget.holder))
            month = desk.month_of(budget.day)
            desk.lock([(self._site, month)], [])
            counts_in = desk.open_month(self._site, max(running, month))
            caps = desk.caps([budget_cap(name), *(gift_cap(unit, budget.month) for unit in budget.line)])
            cap = caps[budget_cap(name)]
            again = budget_with_id(desk.connection, name)
            assert again is not None, "budgets never go"
            back_s = cap.limit_s - cap.drawn_s
            did = asking.did(desk.connection, "recall budget", budget.unit, budget=name)
            if not did and (back_s or not again.ended):
                revision = revision_after(desk.revisions([recall_key(budget)]).get(recall_key(budget), ()))
                desk.post([recalling(budget, cap, revision, self._site, acting.signed, counts_in)])[0].or_raise()
                if not again.ended:
                    end_budget(desk.connection, name, back_s, asking.at, asking.by, why)
                back = {"budget": name, "holder": budget.holder, "back": back_s}
                acting.noted(desk.connection, "recall budget", budget.unit, back, why)
            return BudgetStand(again._replace(ended=True), cap.drawn_s)

        return await self._ledger.at_desk(work)

    async def all_of(self, month: str) -> list[BudgetStand]:
        def work(desk: Desk) -> list[BudgetStand]:
            found = of_month(desk.connection, month)
            caps = desk.caps([budget_cap(one.id) for one in found])
            return [BudgetStand(one, caps[budget_cap(one.id)].drawn_s) for one in found]

        return await self._ledger.at_desk(work, keep=False)

    async def left_before(self, month: str) -> list[Budget]:
        """Those of earlier months that nobody has taken back, and of any those that were, and have something left."""
        return await self._ledger.at_desk(lambda desk: left_before(desk.connection, month), keep=False)
