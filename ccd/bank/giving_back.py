"""What a day off cost, reckoned anew once its day is measured anew: what was worked all the same, or was leave of
another kind, comes back from what was withdrawn, and is taken again where that turns out not to have been so.

The key is `worked/APPLICATION`. What was spent, and what has come back since, is read from the ledger itself
(docs/time-bank.md 3.6 and 4).
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date

from ccd.bank.accounts import RESERVED, WORKED_ORIGIN, House, agent_owner
from ccd.bank.at_desk import balances_at_desk, facts_posted, late, revision_after
from ccd.bank.difference import OriginSum, Purse, difference, difference_after_close, posted_by
from ccd.bank.facts import as_facts, written_off_s
from ccd.bank.policy import Policies
from ccd.bank.said import Said
from ccd.bank.withdrawal import SERVICE, Application, ApplicationState
from ccd.bank.withdrawal_rows import on_days, take_days
from ccd.ledger.books import Ledger
from ccd.ledger.desk import Desk
from ccd.ledger.model import Account, Kept, Moved, Posting


class GivingBack:
    """Of one site."""

    def __init__(self, ledger: Ledger, policies: Policies, site: str) -> None:
        self._ledger, self._policies, self._site = ledger, policies, site
        self._house = House.of(site)

    async def revise(self, day: date, costs_s: Mapping[str, int], said: Said) -> list[Application]:
        """`costs_s` is what each application for the day, by its name, costs as it is measured now. Those whose agents'
        accounts were changed by that."""

        def work(desk: Desk) -> list[Application]:
            take_days(desk.connection, [day])
            taken = [
                one
                for one in on_days(desk.connection, day, day)
                if one.state is ApplicationState.TAKEN and one.id in costs_s
            ]
            owners = {agent_owner(one.agent) for one in taken}
            desk.lock([(self._site, desk.month_of(day))], owners)
            moved = desk.moved(owners, [day])
            before = desk.revisions([worked_key(one) for one in taken])
            return [
                one for one in taken
                if self._post(desk, one, costs_s[one.id], moved, before.get(worked_key(one), ()), said)
            ]  # fmt: skip

        return await self._ledger.at_desk(work)

    def _post(
        self,
        desk: Desk,
        one: Application,
        cost_s: int,
        moved: Collection[Moved],
        before: Sequence[Kept],
        said: Said,
    ) -> bool:
        """Whether anything was."""
        owner = agent_owner(one.agent)
        own = [each for each in moved if owner in (each.debit.owner, each.credit.owner)]
        change_s = self._spent_s(own, owner) - cost_s
        due = OriginSum(max(0, change_s), max(0, -change_s))
        posted = posted_by(own, owner, written_off_s(facts_posted(before)), WORKED_ORIGIN)
        if due.net_s == posted.net_s:
            return False
        policy, month = self._policies.policy_at(one.unit, one.day), desk.month_of(one.day)
        purse = Purse(owner, balances_at_desk(desk, [owner])[owner], policy.overdraft_takes)
        if terms := late(desk, self._site, month, desk.month_of(said.today)):
            meets = policy.closed_gain_meets_write_off
            legs, off_s = difference_after_close(due, posted, purse, self._house, meets, WORKED_ORIGIN)
        else:
            legs, off_s = difference(due, posted, purse, self._house, WORKED_ORIGIN), 0
        if not legs and not off_s:
            return False
        revision = revision_after(before)
        told = {"unit": one.unit, "agent": one.agent, "application": one.id, "costs": cost_s}
        spelled = as_facts(told | ({"written_off": off_s} if off_s else {}))
        posting = Posting(worked_key(one), revision, self._site, one.day, legs, said.by, facts=spelled, terms=terms)
        desk.post([posting])[0].or_raise()
        return True

    def _spent_s(self, moved: Collection[Moved], owner: str) -> int:
        """When the day was over."""
        held, spent = Account(owner, RESERVED), self._house.withdrawn
        return sum(each.seconds for each in moved if (each.service, each.debit, each.credit) == (SERVICE, held, spent))


def worked_key(application: Application) -> str:
    return f"worked/{application.id}"
