"""Settlement: measured days are posted, each exactly once, however often and by however many it is asked for.

The key of a day is `settle/AGENT/DAY` with the record's revision (docs/time-bank.md 4). Inside one transaction the
agents are locked, what was posted for the day is read from the ledger itself, and the difference is posted.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple
from urllib.parse import quote

from ccd.bank.accounts import AGENT_KINDS, BALANCE_KINDS, HOUSE_KINDS, House, agent_owner
from ccd.bank.difference import UNPOSTED, Posted, legs_of, posted_by
from ccd.bank.facts import facts_text
from ccd.bank.fate import Fate, Settlement, known_fate
from ccd.bank.measured import Measured
from ccd.bank.policy import Policies, Policy
from ccd.bank.settlement import Worth, worth_of
from ccd.ledger.books import Ledger
from ccd.ledger.desk import Desk
from ccd.ledger.model import Leg, Moved, Posting, month_of

BATCH_DAYS_MAX = 1_000  # agent-days in one transaction: long enough to make one commit cheap, short enough to wait for


Held = Mapping[tuple[str | None, date], Policy]  # by unit and day, what holds there


class Case(NamedTuple):
    """A measured day with everything that is known about it before the database is asked."""

    measured: Measured
    key: str
    policy: Policy
    worth: Worth
    owner: str  # of the agent's accounts


class Settler:
    """Settles the agents of one centre."""

    def __init__(
        self, ledger: Ledger, policies: Policies, centre: str, asked_by: str = "settlement", batch: int = BATCH_DAYS_MAX
    ) -> None:
        self._ledger = ledger
        self._policies = policies
        self._centre = centre
        self._house = House.of(centre)
        self._asked_by = asked_by
        self._batch = batch

    async def settle(self, measured: Iterable[Measured], dry_run: bool = False) -> Settlement:
        """Posts what is not posted yet, in the order of days. A dry run says what would be posted, and posts nothing.

        PolicyError, before anything is posted, where no policy holds. An error of the database leaves whole batches
        posted and whole batches not: settling again goes on from there.
        """
        days = sorted(measured, key=lambda one: (one.day, one.agent, one.revision))
        held = {(one.unit, one.day): self._policies.policy_at(one.unit, one.day) for one in days}
        settlement = Settlement()
        if dry_run:
            settlement = await self._ledger.at_desk(lambda desk: self._rehearse(desk, days, held), keep=False)
        else:
            await self._ledger.open_accounts([self._house.owner], HOUSE_KINDS, floor=None)
            for batch in batches(days, self._batch):
                settlement.merge(await self._settle_batch([self._case(one, held) for one in batch]))
        return settlement

    def _case(self, measured: Measured, held: Held) -> Case:
        policy = held[measured.unit, measured.day]
        own = self._policies.accommodation_at(measured.agent, measured.day)
        key = settlement_key(measured.agent, measured.day)
        return Case(measured, key, policy, worth_of(measured, policy, own), agent_owner(measured.agent))

    async def _settle_batch(self, batch: list[Case]) -> Settlement:
        await self._ledger.open_accounts(owners_of(batch), AGENT_KINDS, floor=0)
        return await self._ledger.at_desk(lambda desk: self._at_desk(desk, batch, Settlement()))

    async def _rehearse(self, desk: Desk, days: list[Measured], held: Held) -> Settlement:
        """The same, all of it in one transaction: what a day takes is gone for the next, until everything is undone."""
        settlement = Settlement(named=True)
        await desk.open_accounts([self._house.owner], HOUSE_KINDS, floor=None)
        for batch in batches(days, self._batch):
            cases = [self._case(one, held) for one in batch]
            await desk.open_accounts(owners_of(cases), AGENT_KINDS, floor=0)
            await self._at_desk(desk, cases, settlement)
        return settlement

    async def _at_desk(self, desk: Desk, batch: list[Case], settlement: Settlement) -> Settlement:
        days = {case.measured.day for case in batch}
        await desk.lock({(self._centre, month_of(day)) for day in days}, [case.owner for case in batch])
        kept = await desk.revisions([case.key for case in batch])
        new = []
        for case in batch:
            known = known_fate(case.measured, kept.get(case.key, ()))
            if known is None:
                new.append(case)
            else:
                settlement.add(case.measured, *known)
        posted = await _posted_before(desk, [case for case in new if case.key in kept])
        postings = await self._postings(desk, new, posted)
        for case, posting, outcome in zip(new, postings, await desk.write(postings), strict=True):
            if outcome.refusal is not None:
                settlement.add(case.measured, Fate.REFUSED, outcome.refusal.sentence)
            else:
                settlement.add(case.measured, Fate.POSTED if posting.legs else Fate.NOTHING, "", posting.legs)
        return settlement

    async def _postings(self, desk: Desk, cases: list[Case], posted: dict[str, Posted]) -> list[Posting]:
        """In the order of days: what one day takes is gone for the next."""
        before = {case.key: posted[case.key].net_s for case in cases if case.key in posted}
        # Only a loss looks at balances: the others' can only rise.
        losers = {case.owner for case in cases if case.worth.net_s < before.get(case.key, 0)}
        available: dict[str, dict[str, int]] = defaultdict(dict)
        for account, seconds in (await desk.balances(losers, BALANCE_KINDS)).items():
            available[account.owner][account.kind] = seconds
        postings = []
        for measured, key, policy, worth, owner in cases:
            own = available[owner] if owner in losers else {}
            legs = legs_of(worth, posted.get(key, UNPOSTED), own, policy.overdraft_takes, owner, self._house)
            if own and desk.is_open((self._centre, month_of(measured.day))):
                apply(legs, owner, own)
            facts = facts_text(measured, worth, policy, before.get(key, 0), legs, owner)
            postings.append(
                Posting(key, measured.revision, self._centre, measured.day, legs, self._asked_by, facts=facts)
            )
        return postings


def owners_of(cases: Iterable[Case]) -> set[str]:
    """Who needs an account: not a telephone that stands on no roster."""
    return {case.owner for case in cases if case.measured.unit is not None}


def apply(legs: Iterable[Leg], agent: str, balances: dict[str, int]) -> None:
    """What the legs do to the balances of `agent` (the owner), by kind."""
    for leg in legs:
        for account, seconds in ((leg.debit, -leg.seconds), (leg.credit, leg.seconds)):
            if account.owner == agent:
                balances[account.kind] = balances.get(account.kind, 0) + seconds


def settlement_key(agent: str, day: date) -> str:
    """A name with a slash in it can't be taken for another's day."""
    name = agent if agent.isascii() and agent.isalnum() else quote(agent, safe="")
    return f"settle/{name}/{day.isoformat()}"


def batches(days: Iterable[Measured], size: int) -> Iterator[list[Measured]]:
    """At most `size` days each, and none of an agent twice: a revision has to find the one before it posted."""
    batch: list[Measured] = []
    seen: set[tuple[str, date]] = set()
    for one in days:
        if len(batch) == size or (one.agent, one.day) in seen:
            yield batch
            batch, seen = [], set()
        batch.append(one)
        seen.add((one.agent, one.day))
    if batch:
        yield batch


async def _posted_before(desk: Desk, cases: Sequence[Case]) -> dict[str, Posted]:
    """By key, what the ledger says was posted for the days that were settled before."""
    if not cases:
        return {}
    owners = {case.owner for case in cases}
    transfers: dict[tuple[str, date], list[Moved]] = defaultdict(list)
    for moved in await desk.moved(owners, {case.measured.day for case in cases}):
        for owner in {moved.debit.owner, moved.credit.owner} & owners:
            transfers[owner, moved.day].append(moved)
    return {case.key: posted_by(transfers[case.owner, case.measured.day], case.owner) for case in cases}
