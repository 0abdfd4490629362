"""Leave of idle days (docs/time-bank.md 3.5): what the personnel system tells of it is owed from the close of its day
on, as a loan; and what is told otherwise later makes the difference."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import partial
from typing import NamedTuple

from ccd.bank.accounts import IDLE_ORIGIN, House, agent_owner
from ccd.bank.at_desk import balances_at_desk, by_owner_and_day, facts_posted, late, open_agent_accounts, revision_after
from ccd.bank.difference import OriginSum, Posted, Purse, apply_legs, difference, difference_after_close, posted_by
from ccd.bank.facts import as_facts, written_off_s
from ccd.bank.loan import is_busy
from ccd.bank.policy import Policies, Policy
from ccd.ledger.books import Ledger
from ccd.ledger.desk import Desk
from ccd.ledger.model import Kept, Leg, Moved, Posting

AT_ONCE_MAX = 500  # days of agents in one transaction
ASKED_BY = "day close"


class OnLeave(NamedTuple):
    """How many seconds of an agent's day in a unit were leave that can be offset, if the day was idle; by the
    `revision`th measurement."""

    agent: str
    unit: str
    day: date
    seconds: int
    revision: int

    @property
    def key(self) -> str:
        return f"idle/{self.agent}/{self.day.isoformat()}"


class IdleLeave:
    """Of a site. `today` is the day that runs there."""

    def __init__(self, ledger: Ledger, policies: Policies, site: str, today: Callable[[], date]) -> None:
        self._ledger, self._policies, self._site, self._today = ledger, policies, site, today
        self._house = House.of(site)

    async def post(self, told: Sequence[OnLeave]) -> set[str]:
        """Whose accounts are others now. Told again, it changes nothing."""
        if agents := {one.agent for one in told if self._owed_s(one)}:
            await open_agent_accounts(self._ledger, self._site, agents, ASKED_BY)
        touched: set[str] = set()
        for first in range(0, len(told), AT_ONCE_MAX):
            some = told[first : first + AT_ONCE_MAX]
            touched |= await self._ledger.at_desk(partial(self._at_desk, told=some))
        return touched

    def _owed_s(self, one: OnLeave) -> int:
        """Leave of busy days is no loan: it costs full attendance."""
        return 0 if is_busy(one.day, self._policy(one).loan) else one.seconds

    def _policy(self, one: OnLeave) -> Policy:
        return self._policies.policy_at(one.unit, one.day)

    def _at_desk(self, desk: Desk, told: Sequence[OnLeave]) -> set[str]:
        known = desk.revisions([one.key for one in told])
        concerned = [one for one in told if one.key in known or self._owed_s(one)]
        if not concerned:
            return set()
        months = {desk.month_of(one.day) for one in concerned}
        owners = {agent_owner(one.agent) for one in concerned}
        desk.lock([(self._site, month) for month in months], owners)
        kept = desk.revisions([one.key for one in concerned])
        moved = by_owner_and_day(desk.moved(owners, {one.day for one in concerned}), owners)
        purses = balances_at_desk(desk, owners)
        postings = []
        touched = set()
        for one in sorted(concerned, key=lambda one: (one.day, one.agent)):
            posting = self._posting(desk, one, kept.get(one.key, ()), moved, purses[agent_owner(one.agent)])
            if posting is not None:
                postings.append(posting)
                touched.add(one.agent)
        for outcome in desk.post(postings) if postings else ():
            outcome.or_raise()
        return touched

    def _posting(
        self,
        desk: Desk,
        one: OnLeave,
        kept: Sequence[Kept],
        moved: Mapping[tuple[str, date], list[Moved]],
        own: dict[str, int],
    ) -> Posting | None:
        owner, policy, month = agent_owner(one.agent), self._policy(one), desk.month_of(one.day)
        written_off = written_off_s(facts_posted(kept))
        posted = posted_by(moved.get((owner, one.day), ()), owner, written_off, IDLE_ORIGIN)
        due = OriginSum(overdraft_s=self._owed_s(one))
        purse = Purse(owner, own, policy.overdraft_takes)
        if due.net_s == posted.net_s:
            return None
        terms = late(desk, self._site, month, desk.month_of(self._today()))
        legs, lost_s = self._legs(due, posted, purse, policy, not terms)
        apply_legs(legs, owner, own)
        facts = {"owed": due.overdraft_s, "before": -posted.net_s, "revision": one.revision, "unit": one.unit}
        return Posting(
            one.key, revision_after(kept), self._site, one.day, legs, ASKED_BY,
            facts=as_facts(facts | ({"written_off": lost_s} if lost_s else {})),
            terms=terms, counts_in=month,
        )  # fmt: skip

    def _legs(
        self, due: OriginSum, posted: Posted, purse: Purse, policy: Policy, is_open: bool
    ) -> tuple[tuple[Leg, ...], int]:
        if is_open:
            return difference(due, posted, purse, self._house, IDLE_ORIGIN), 0
        meets = policy.closed_gain_meets_write_off
        return difference_after_close(due, posted, purse, self._house, meets, IDLE_ORIGIN)
