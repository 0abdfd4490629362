"""Settlement: measured days are posted, each exactly once, however often and by however many it is asked for.

The key of a day is `settle/AGENT/DAY` with the record's revision (docs/time-bank.md 4). Inside one transaction the
agents are locked, what was posted for the day is read from the ledger itself, and the difference is posted.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import NamedTuple
from urllib.parse import quote

from ccd.bank.accounts import AGENT_KINDS, BALANCE_KINDS, HOUSE_KINDS, House, agent_owner
from ccd.bank.difference import UNPOSTED, Posted, legs_of, posted_by
from ccd.bank.facts import facts_text
from ccd.bank.fate import Fate, SettledDay, Settlement, known_fate
from ccd.bank.measured import Measured
from ccd.bank.policy import Policies, Policy
from ccd.bank.settlement import Worth, worth_of
from ccd.ledger.books import Ledger
from ccd.ledger.desk import Desk
from ccd.ledger.model import Leg, Moved, Posting, month_of

BATCH_DAYS_MAX = 1_000  # agent-days in one transaction: long enough to make one commit cheap, short enough to wait for


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
        for unit, day in {(one.unit, one.day) for one in days}:
            self._policies.policy_at(unit, day)
        settlement = Settlement()
        if dry_run:
            for settled in await self._ledger.at_desk(lambda desk: self._rehearse(desk, days), keep=False):
                settlement.add(settled, named=True)
            return settlement
        await self._ledger.open_accounts([self._house.owner], HOUSE_KINDS, floor=None)
        for batch in batches(days, self._batch):
            for settled in await self._settle_batch([self._case(one) for one in batch]):
                settlement.add(settled, named=False)
        return settlement

    def _case(self, measured: Measured) -> Case:
        policy = self._policies.policy_at(measured.unit, measured.day)
        own = self._policies.accommodation_at(measured.agent, measured.day)
        key = settlement_key(measured.agent, measured.day)
        return Case(measured, key, policy, worth_of(measured, policy, own), agent_owner(measured.agent))

    async def _settle_batch(self, batch: list[Case]) -> list[SettledDay]:
        await self._ledger.open_accounts(owners_of(batch), AGENT_KINDS, floor=0)
        return await self._ledger.at_desk(lambda desk: self._at_desk(desk, batch, named=False))

    async def _rehearse(self, desk: Desk, days: list[Measured]) -> list[SettledDay]:
        """The same, all of it in one transaction: what a day takes is gone for the next, until everything is undone."""
        await desk.open_accounts([self._house.owner], HOUSE_KINDS, floor=None)
        settled: list[SettledDay] = []
        for batch in batches(days, self._batch):
            cases = [self._case(one) for one in batch]
            await desk.open_accounts(owners_of(cases), AGENT_KINDS, floor=0)
            settled += await self._at_desk(desk, cases, named=True)
        return settled

    async def _at_desk(self, desk: Desk, batch: list[Case], named: bool) -> list[SettledDay]:
        days = {case.measured.day for case in batch}
        await desk.lock({(self._centre, month_of(day)) for day in days}, [case.owner for case in batch])
        kept = await desk.revisions(case.key for case in batch)
        known = {case.key: known_fate(case.measured, kept.get(case.key, [])) for case in batch}
        new = [case for case in batch if known[case.key] is None]
        posted = await _posted_before(desk, [case for case in new if case.key in kept])
        postings = await self._postings(desk, new, posted)
        fates = {key: fate for key, fate in known.items() if fate is not None}
        for posting, outcome in zip(postings, await desk.write(postings), strict=True):
            if outcome.refusal is not None:
                fates[posting.key] = (Fate.REFUSED, outcome.refusal.sentence)
            else:
                fates[posting.key] = (Fate.POSTED, "") if posting.legs else (Fate.NOTHING, "")
        legs = {posting.key: posting.legs for posting in postings} if named else {}
        return [
            SettledDay(
                case.measured.agent, case.measured.day, case.measured.revision, *fates[case.key], legs.get(case.key, ())
            )
            for case in batch
        ]

    async def _postings(self, desk: Desk, cases: list[Case], posted: dict[str, Posted]) -> list[Posting]:
        """In the order of days: what one day takes is gone for the next."""
        before = {case.key: posted[case.key].net_s for case in cases if case.key in posted}
        # Only a loss looks at balances: the others' can only rise.
        losers = {case.owner for case in cases if case.worth.net_s < before.get(case.key, 0)}
        available: dict[str, dict[str, int]] = defaultdict(dict)
        for account, seconds in (await desk.balances(losers, BALANCE_KINDS)).items():
            available[account.owner][account.kind] = seconds
        postings = []
        for case in cases:
            own = available[case.owner]
            legs = legs_of(
                case.worth, posted.get(case.key, UNPOSTED), own, case.policy.overdraft_takes, case.owner, self._house
            )
            if case.owner in losers and desk.is_open((self._centre, month_of(case.measured.day))):
                apply(legs, case.owner, own)
            facts = facts_text(case.measured, case.worth, case.policy, before.get(case.key, 0), legs, case.owner)
            postings.append(
                Posting(
                    case.key, case.measured.revision, self._centre, case.measured.day, legs, self._asked_by, facts=facts
                )
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
