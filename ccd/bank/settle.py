"""Settlement: measured days are posted, each exactly once, however often and by however many it is asked for.

The key of a day is `settle/AGENT/DAY` with the record's revision (docs/time-bank.md 4). Inside one transaction the
agents are locked, what was posted for the day is read from the ledger itself, and the difference is posted.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from operator import attrgetter
from typing import NamedTuple

from ccd.bank.accounts import AGENT_ACCOUNTS, BALANCE_KINDS, HOUSE_ACCOUNTS, LEAVE, House, agent_owner
from ccd.bank.at_desk import by_owner_and_day, facts_posted
from ccd.bank.difference import UNPOSTED, Posted, apply_legs, legs_after_close, legs_of, posted_by
from ccd.bank.facts import facts_text, shared_text, with_told, with_written_off, written_off_s
from ccd.bank.fate import Fate, Settlement, known_fate
from ccd.bank.measured import Measured, settlement_key
from ccd.bank.policy import PPM, Policies, Policy
from ccd.bank.worth import Worth, worth_of
from ccd.ledger.books import Ledger
from ccd.ledger.desk import Desk
from ccd.ledger.model import Account, Kept, Late, Posting

BATCH_DAYS_MAX = 1_000  # agent-days in one transaction: long enough to make one commit cheap, short enough to wait for
LOOKED_AT = (*BALANCE_KINDS, LEAVE)  # what a loss can take from, and what a gain can cancel

IN_TIME: tuple[Late, ...] = ()

# By unit and day, and whether measured against shifts: what holds there, and how facts say it.
Terms = Mapping[tuple[str | None, date, bool], tuple[Policy, str]]


class Case(NamedTuple):
    """A measured day with everything that is known about it before the database is asked."""

    measured: Measured
    key: str
    policy: Policy
    shared: str  # of its facts, what others have in common with it
    worth: Worth
    owner: str  # of the agent's accounts


class Settler:
    """Settles the agents of one centre. `today` is the day that runs there: what comes after the close of its month
    counts in today's."""

    def __init__(
        self,
        ledger: Ledger,
        policies: Policies,
        centre: str,
        today: Callable[[], date],
        asked_by: str = "settlement",
        batch: int = BATCH_DAYS_MAX,
    ) -> None:
        self._ledger = ledger
        self._policies = policies
        self._centre = centre
        self._today = today
        self._house = House.of(centre)
        self._asked_by = asked_by
        self._batch = batch

    async def settle(self, measured: Iterable[Measured], dry_run: bool = False) -> Settlement:
        """Posts what is not posted yet, in the order of days. A dry run says what would be posted, and posts nothing.

        PolicyError, before anything is posted, where no policy holds. An error of the database leaves whole batches
        posted and whole batches not: settling again goes on from there.
        """
        days = sorted(measured, key=attrgetter("day", "agent", "revision"))
        terms = {}
        for unit, day, scheduled in {(one.unit, one.day, one.scheduled) for one in days}:
            policy = self._policies.policy_at(unit, day)
            terms[unit, day, scheduled] = policy, shared_text(unit, policy, scheduled)
        settlement = Settlement()
        if dry_run and not days:
            return Settlement(named=True)
        if dry_run:
            settlement = await self._ledger.at_desk(lambda desk: self._rehearse(desk, days, terms), keep=False)
        else:
            await self._ledger.open_accounts([self._house.owner], HOUSE_ACCOUNTS, self._centre, self._asked_by)
            for batch in batches(days, self._batch):
                settlement.merge(await self._settle_batch([self._case(one, terms) for one in batch]))
        return settlement

    def _case(self, measured: Measured, terms: Terms) -> Case:
        agent, day = measured.agent, measured.day
        policy, shared = terms[measured.unit, day, measured.scheduled]
        if measured.ruled or measured.entitlement is not None or measured.share_ppm != PPM or measured.overtime:
            shared = with_told(shared, measured)
        worth = worth_of(measured, policy)
        return Case(measured, settlement_key(agent, day), policy, shared, worth, agent_owner(agent))

    async def _settle_batch(self, batch: list[Case]) -> Settlement:
        await self._ledger.open_accounts(owners_of(batch), AGENT_ACCOUNTS, self._centre, self._asked_by)
        return await self._ledger.at_desk(lambda desk: self._at_desk(desk, batch, Settlement()))

    def _rehearse(self, desk: Desk, days: list[Measured], terms: Terms) -> Settlement:
        """The same, all of it in one transaction: what a day takes is gone for the next, until everything is undone."""
        settlement = Settlement(named=True)
        desk.open_accounts([self._house.owner], HOUSE_ACCOUNTS, self._centre, self._asked_by)
        for batch in batches(days, self._batch):
            cases = [self._case(one, terms) for one in batch]
            desk.open_accounts(owners_of(cases), AGENT_ACCOUNTS, self._centre, self._asked_by)
            self._at_desk(desk, cases, settlement)
        return settlement

    def _at_desk(self, desk: Desk, batch: list[Case], settlement: Settlement) -> Settlement:
        counts_in = {day: desk.month_of(day) for day in {case.measured.day for case in batch}}
        months = set(counts_in.values())
        desk.lock({(self._centre, month) for month in months}, [case.owner for case in batch])
        kept = desk.revisions([case.key for case in batch])
        new = []
        for case in batch:
            before = kept.get(case.key)
            known = known_fate(case.measured, before or ()) if before or case.measured.unit is None else None
            if known is None:
                new.append(case)
            else:
                settlement.add(case.measured, *known)
        posted = _posted_before(desk, [case for case in new if case.key in kept], kept)
        self._post(desk, new, posted, self._late(desk, months), counts_in, settlement)
        return settlement

    def _late(self, desk: Desk, months: Iterable[str]) -> dict[str, tuple[Late, ...]]:
        """By closed month, where what comes for it counts: in the month that runs, or the first since that is open."""
        closed = [month for month in months if desk.open_month(self._centre, month) != month]
        runs = desk.month_of(self._today()) if closed else ""
        return {month: (Late(desk.open_month(self._centre, max(month, runs))),) for month in closed}

    def _post(
        self,
        desk: Desk,
        cases: list[Case],
        posted: dict[str, Posted],
        late: dict[str, tuple[Late, ...]],
        counts_in: Mapping[date, str],
        settlement: Settlement,
    ) -> None:
        """In the order of days: what one day takes is gone for the next."""
        available = _available(desk, cases, posted)
        sheet = desk.sheet(len(cases))
        centre, house, asked_by = self._centre, self._house, self._asked_by
        for measured, key, policy, shared, worth, owner in cases:
            month = counts_in[measured.day]
            before = posted.get(key, UNPOSTED)
            own = available.get(owner, {})
            if late and (terms := late.get(month, IN_TIME)):
                meets = policy.closed_gain_meets_write_off
                legs, written_off = legs_after_close(worth, before, own, policy.overdraft_takes, owner, house, meets)
                shared = with_written_off(shared, written_off)
                note = f"{written_off} s are written off" if written_off > 0 else ""
            else:
                terms, note = IN_TIME, ""
                legs = legs_of(worth, before, own, policy.overdraft_takes, owner, house)
            facts = facts_text(measured, worth, policy.rate_ppm, shared, before.net_s, legs, owner)
            posting = Posting(key, measured.revision, centre, measured.day, legs, asked_by, "", "", facts, terms, month)
            refusal = sheet.put(posting)
            if refusal is not None:
                settlement.add(measured, Fate.REFUSED, refusal.sentence)
                continue
            if own:
                apply_legs(legs, owner, own)
            settlement.add(measured, Fate.POSTED if legs else Fate.NOTHING, note, legs)
        desk.write(sheet)


def owners_of(cases: Iterable[Case]) -> set[str]:
    """Who needs an account: not a telephone that stands on no roster."""
    return {case.owner for case in cases if case.measured.unit is not None}


def batches(days: Iterable[Measured], size: int) -> Iterator[list[Measured]]:
    """At most `size` days each, and none of an agent twice: a revision has to find the one before it posted.

    The days come sorted, so that a day's revisions stand side by side.
    """
    batch: list[Measured] = []
    for one in days:
        if len(batch) == size or (batch and (one.agent, one.day) == (batch[-1].agent, batch[-1].day)):
            yield batch
            batch = []
        batch.append(one)
    if batch:
        yield batch


def _available(desk: Desk, cases: list[Case], posted: dict[str, Posted]) -> dict[str, dict[str, int]]:
    """The balances, by owner and kind, of those that lose or were settled before: the others' can only rise."""
    accounts = []
    for case in cases:
        if case.key in posted:
            accounts += [Account(case.owner, kind) for kind in LOOKED_AT]
        elif case.worth.overdraft_s:
            accounts += [Account(case.owner, kind) for kind in case.policy.overdraft_takes]
    available: dict[str, dict[str, int]] = defaultdict(dict)
    for (owner, kind), seconds in desk.balances(accounts).items():
        available[owner][kind] = seconds
    return available


def _posted_before(desk: Desk, cases: Sequence[Case], kept: Mapping[str, Sequence[Kept]]) -> dict[str, Posted]:
    """By key, what the ledger says was posted for the days that were settled before."""
    if not cases:
        return {}
    owners = {case.owner for case in cases}
    transfers = by_owner_and_day(desk.moved(owners, {case.measured.day for case in cases}), owners)
    posted = {}
    for case in cases:
        moved_then = transfers[case.owner, case.measured.day]
        posted[case.key] = posted_by(moved_then, case.owner, written_off_s(facts_posted(kept[case.key])))
    return posted
