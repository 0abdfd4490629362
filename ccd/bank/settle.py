"""Settlement: measured days are posted, each exactly once, however often and by however many it is asked for.

The key of a day is `settle/AGENT/DAY` with the record's revision (docs/time-bank.md 4). Inside one transaction the
agents are locked, what was posted for the day is read from the ledger itself, and the difference is posted.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import quote

from ccd.bank.accounts import AGENT_KINDS, HOUSE_KINDS, Parties, agent_owner, house_owner
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


@dataclass(frozen=True, slots=True)
class Case:
    """A measured day with everything that is known about it before the database is asked."""

    measured: Measured
    key: str
    policy: Policy
    worth: Worth
    parties: Parties


class Settler:
    """Settles the agents of one centre."""

    def __init__(
        self, ledger: Ledger, policies: Policies, centre: str, asked_by: str = "settlement", batch: int = BATCH_DAYS_MAX
    ) -> None:
        self._ledger = ledger
        self._policies = policies
        self._centre = centre
        self._house = house_owner(centre)
        self._asked_by = asked_by
        self._batch = batch

    async def settle(self, measured: Iterable[Measured], dry_run: bool = False) -> Settlement:
        """Posts what is not posted yet, in the order of days. A dry run says what would be posted, and posts nothing.

        PolicyError, before anything is posted, where no policy holds. An error of the database leaves whole batches
        posted and whole batches not: settling again goes on from there.
        """
        cases = [self._case(one) for one in sorted(measured, key=lambda one: (one.day, one.agent, one.revision))]
        if dry_run:
            return Settlement(tuple(await self._ledger.at_desk(lambda desk: self._rehearse(desk, cases), keep=False)))
        await self._ledger.open_accounts([self._house], HOUSE_KINDS, floor=None)
        settled: list[SettledDay] = []
        for batch in batches(cases, self._batch):
            settled += await self._settle_batch(batch)
        return Settlement(tuple(settled))

    def _case(self, measured: Measured) -> Case:
        policy = self._policies.policy_at(measured.unit, measured.day)
        own = self._policies.accommodation_at(measured.agent, measured.day)
        parties = Parties(agent_owner(measured.agent), self._house)
        return Case(
            measured, settlement_key(measured.agent, measured.day), policy, worth_of(measured, policy, own), parties
        )

    async def _settle_batch(self, batch: list[Case]) -> list[SettledDay]:
        await self._ledger.open_accounts(owners_of(batch), AGENT_KINDS, floor=0)
        return await self._ledger.at_desk(lambda desk: self._at_desk(desk, batch))

    async def _rehearse(self, desk: Desk, cases: list[Case]) -> list[SettledDay]:
        """The same, all of it in one transaction: what a day takes is gone for the next, until everything is undone."""
        await desk.open_accounts([self._house], HOUSE_KINDS, floor=None)
        settled: list[SettledDay] = []
        for batch in batches(cases, self._batch):
            await desk.open_accounts(owners_of(batch), AGENT_KINDS, floor=0)
            settled += await self._at_desk(desk, batch)
        return settled

    async def _at_desk(self, desk: Desk, batch: list[Case]) -> list[SettledDay]:
        months = {(self._centre, month_of(case.measured.day)) for case in batch}
        await desk.lock(months, [case.parties.agent for case in batch])
        kept = await desk.revisions(case.key for case in batch)
        known = {case.key: known_fate(case.measured, kept.get(case.key, [])) for case in batch}
        new = [case for case in batch if known[case.key] is None]
        posted = await _posted_before(desk, [case for case in new if case.key in kept])
        postings = await self._postings(desk, new, posted)
        written = {outcome.key: outcome for outcome in await desk.write(postings)}
        legs = {posting.key: posting.legs for posting in postings}
        settled = []
        for case in batch:
            fate = known[case.key] or (Fate.POSTED if legs[case.key] else Fate.NOTHING, "")
            outcome = written.get(case.key)
            if outcome is not None and outcome.refusal is not None:
                fate = (Fate.REFUSED, outcome.refusal.sentence)
            one = case.measured
            moved = legs.get(case.key, ()) if fate[0] is Fate.POSTED else ()
            settled.append(SettledDay(one.agent, one.day, one.revision, fate[0], moved, fate[1]))
        return settled

    async def _postings(self, desk: Desk, cases: list[Case], posted: dict[str, Posted]) -> list[Posting]:
        """In the order of days: what one day takes is gone for the next."""
        losers = {
            case.parties.agent for case in cases if case.worth.net_s < posted.get(case.key, UNPOSTED).net_s
        }  # only these need their balances read: the others' can only rise
        available: dict[str, dict[str, int]] = defaultdict(dict)
        for account, seconds in (await desk.balances(losers)).items():
            available[account.owner][account.kind] = seconds
        postings = []
        for case in cases:
            own, before = available[case.parties.agent], posted.get(case.key, UNPOSTED)
            legs = legs_of(case.worth, before, own, case.policy.overdraft_takes, case.parties)
            if desk.is_open((self._centre, month_of(case.measured.day))):
                apply(legs, case.parties.agent, own)
            facts = facts_text(case.measured, case.worth, case.policy, before.net_s, legs, case.parties)
            postings.append(
                Posting(
                    case.key, case.measured.revision, self._centre, case.measured.day, legs, self._asked_by, facts=facts
                )
            )
        return postings


def owners_of(cases: Iterable[Case]) -> set[str]:
    """Who needs an account: not a telephone that stands on no roster."""
    return {case.parties.agent for case in cases if case.measured.unit is not None}


def apply(legs: Iterable[Leg], agent: str, balances: dict[str, int]) -> None:
    """What the legs do to the balances of `agent` (the owner), by kind."""
    for leg in legs:
        for account, seconds in ((leg.debit, -leg.seconds), (leg.credit, leg.seconds)):
            if account.owner == agent:
                balances[account.kind] = balances.get(account.kind, 0) + seconds


def settlement_key(agent: str, day: date) -> str:
    return f"settle/{quote(agent, safe='')}/{day.isoformat()}"


def batches(cases: Sequence[Case], size: int) -> Iterator[list[Case]]:
    """At most `size` cases each, and no day of an agent twice: a revision has to find the one before it posted."""
    batch: list[Case] = []
    keys: set[str] = set()
    for case in cases:
        if len(batch) == size or case.key in keys:
            yield batch
            batch, keys = [], set()
        batch.append(case)
        keys.add(case.key)
    if batch:
        yield batch


async def _posted_before(desk: Desk, cases: Sequence[Case]) -> dict[str, Posted]:
    """By key, what the ledger says was posted for the days that were settled before."""
    if not cases:
        return {}
    owners = {case.parties.agent for case in cases}
    transfers: dict[tuple[str, date], list[Moved]] = defaultdict(list)
    for moved in await desk.moved(owners, {case.measured.day for case in cases}):
        for owner in {moved.debit.owner, moved.credit.owner} & owners:
            transfers[owner, moved.day].append(moved)
    return {case.key: posted_by(transfers[case.parties.agent, case.measured.day], case.parties.agent) for case in cases}
