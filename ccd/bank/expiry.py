"""Unused time that expires as a month closes, where a unit's policy says so (docs/time-bank.md 4)."""

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from ccd.bank.accounts import BALANCE_KINDS, EXPIRY, LEAVE, House, agent_owner
from ccd.bank.at_desk import balances_at_desk
from ccd.bank.attendance_calendar import Calendar, month_before
from ccd.bank.branch import Branch
from ccd.bank.facts import as_facts
from ccd.bank.offsetting import BY_ITSELF
from ccd.bank.overdraft import taken, takes_all
from ccd.bank.policy import Policy
from ccd.ledger.desk import Desk
from ccd.ledger.model import Account, Late, Leg, Posting

Balances = Mapping[str, Mapping[str, int]]  # by owner and kind, with what is owed


class OnAccount(NamedTuple):
    """What is on an account, what has come in on it within the months for which it is kept, and what of it would go
    against leave that is still owed, in seconds."""

    balance_s: int
    came_in_s: int
    owed_s: int = 0

    @property
    def expires_s(self) -> int:
        """What was there first is used first: so what is left of what came in before is what is beyond that."""
        return max(0, self.balance_s - self.owed_s - self.came_in_s)


class Expiring(NamedTuple):
    """What of an agent's expires with a month: what came in before `since`, so many `months` until the month's end, on
    those accounts on which there is some."""

    months: int
    since: str
    accounts: Mapping[str, OnAccount]

    @property
    def seconds(self) -> int:
        return sum(self.by_account.values())

    @property
    def by_account(self) -> dict[str, int]:
        return {kind: on.expires_s for kind, on in self.accounts.items()}


class Expiry:
    """Of one site."""

    def __init__(self, branch: Branch, calendar: Calendar) -> None:
        self._ledger, self._units, self._policies, self._days, self._site = branch
        self._calendar = calendar
        self._house = House.of(branch.site)

    def may(self, agent: str, month: str) -> bool:
        """Whether anything of the agent's can expire with the month."""
        return self._policy(agent, month) is not None

    def foreseen(self, desk: Desk, agent: str, month: str, balances: Balances) -> Expiring | None:
        """What would expire with these balances, under lock; None where nothing of the agent's ever does."""
        return self._expiring(desk, month, [agent], balances).get(agent)

    async def expired(self, month: str, agents: Collection[str]) -> dict[str, int]:
        """What has, in seconds, by agent, less what somebody has taken back; of those of whom something has."""
        owners = {agent_owner(agent): agent for agent in agents}
        last = self._calendar.last_day(month)

        def work(desk: Desk) -> dict[str, int]:
            desk.lock([], owners)
            found: dict[str, int] = {}
            for one in desk.moved(owners, [last]):
                if one.service == EXPIRY:
                    lost = one.debit.owner in owners
                    agent = owners[one.debit.owner if lost else one.credit.owner]
                    found[agent] = found.get(agent, 0) + (one.seconds if lost else -one.seconds)
            return found

        return await self._ledger.at_desk(work, keep=False)

    def post(self, desk: Desk, month: str, agents: Collection[str], at: int) -> int:
        """Under lock, before the month is closed, or as well if it is; once for each agent and month. The seconds that
        are gone. Where the month closes later than it should, who has left by then, `at` µs, keeps it, too."""
        on = self._units.site_day(at)
        here = [agent for agent in agents if self._days.unit(agent, on) is not None]
        balances = balances_at_desk(desk, map(agent_owner, here))
        found = {agent: one for agent, one in self._expiring(desk, month, here, balances).items() if one.seconds}
        claimed = desk.revisions([expiry_key(agent, month) for agent in found])
        counts = desk.open_month(self._site, month)
        late = () if counts == month else (Late(counts),)
        postings = [
            self._posting(agent, month, one)._replace(terms=late)
            for agent, one in found.items()
            if expiry_key(agent, month) not in claimed
        ]
        for outcome in desk.post(postings) if postings else ():
            outcome.or_raise()
        return sum(leg.seconds for one in postings for leg in one.legs)

    def _expiring(self, desk: Desk, month: str, agents: Iterable[str], balances: Balances) -> dict[str, Expiring]:
        """By agent, under lock; of those of whom something can expire."""
        alike: dict[int, dict[str, Policy]] = {}
        for agent in agents:
            if (policy := self._policy(agent, month)) is not None:
                alike.setdefault(policy.expires_after_months, {})[agent] = policy
        found = {}
        for months, policies in alike.items():
            since = month_before(month, months - 1)
            came_in = desk.came_in(map(agent_owner, policies), since)
            for agent, policy in policies.items():
                owner = agent_owner(agent)
                own = balances[owner]
                owed = dict(taken(own.get(LEAVE, 0), own, takes_all(policy)))
                accounts = {
                    kind: OnAccount(own.get(kind, 0), came_in.get(Account(owner, kind), 0), owed.get(kind, 0))
                    for kind in BALANCE_KINDS
                }
                found[agent] = Expiring(months, since, {kind: on for kind, on in accounts.items() if on.expires_s})
        return found

    def _policy(self, agent: str, month: str) -> Policy | None:
        """That of the agent's unit on the last day. None where it lets nothing expire, or the agent is in no unit then,
        or on the day on which the month closes: who has left keeps what there is."""
        last = self._calendar.last_day(month)
        unit, then = (self._days.unit(agent, day) for day in (last, self._calendar.closes(month).date()))
        if unit is None or then is None:
            return None
        policy = self._policies.policy_at(unit, last)
        return policy if policy.expires_after_months else None

    def _posting(self, agent: str, month: str, one: Expiring) -> Posting:
        owner = agent_owner(agent)
        legs = tuple(
            Leg(Account(owner, kind), self._house.expiry, seconds, EXPIRY) for kind, seconds in one.by_account.items()
        )
        accounts = {kind: _said(on) for kind, on in one.accounts.items()}
        facts = as_facts({"months": one.months, "since": one.since, "accounts": accounts})
        last = self._calendar.last_day(month)
        return Posting(expiry_key(agent, month), 1, self._site, last, legs, BY_ITSELF, facts=facts, counts_in=month)


def _said(on: OnAccount) -> dict[str, int]:
    """What is owed where there is something."""
    return {name: seconds for name, seconds in on._asdict().items() if seconds or name != "owed_s"}


def expiry_key(agent: str, month: str) -> str:
    return f"expiry/{agent}/{month}"
