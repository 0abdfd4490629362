"""What an agent's overtime of a day comes to is posted, and whenever it is reckoned anew, the difference.

The key of a day is `overtime/AGENT/DAY`. Its next revision is found under the agent's lock, and what was posted before
is read from the ledger itself (docs/time-bank.md 3.2 and 4).
"""

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy import Connection

from ccd.bank.accounts import (
    AGENT_ACCOUNTS,
    BALANCE_KINDS,
    HOUSE_ACCOUNTS,
    INTEREST,
    OVERTIME,
    OVERTIME_ORIGIN,
    House,
    agent_owner,
)  # fmt: skip
from ccd.bank.at_desk import balances_at_desk, by_owner, facts_posted, late, open_agent_accounts, revision_after
from ccd.bank.attendance_calendar import span
from ccd.bank.difference import OriginSum, Posted, Purse, apply_legs, difference, difference_after_close, posted_by
from ccd.bank.facts import as_facts, written_off_s
from ccd.bank.overtime import Emergency, Paid
from ccd.bank.overtime_measured import measured_overtime_s, overtime_key
from ccd.bank.policy import Policies
from ccd.floor.days import dates
from ccd.ledger.books import Ledger
from ccd.ledger.desk import Desk
from ccd.ledger.model import Kept, Moved, Posting, month_of

# Where it is not all there any more, it is taken from overtime's own accounts before any other.
TAKEN_FIRST = (OVERTIME, INTEREST)
TAKES = (*TAKEN_FIRST, *(kind for kind in BALANCE_KINDS if kind not in TAKEN_FIRST))


class OvertimeDay(NamedTuple):
    """An agent's business day, as the emergencies of it that are over come to; `kind` is that of the day."""

    agent: str
    unit: str
    day: date
    kind: str
    schedules: bool  # whether the unit keeps them: without, nothing is measured
    paid: Mapping[Emergency, Paid]
    rulings: tuple[str, ...] = ()  # that say something of what is paid

    @property
    def due(self) -> OriginSum:
        return OriginSum(
            deposit_s=sum(each.principal_s for each in self.paid.values()),
            interest_s=sum(each.interest_s for each in self.paid.values()),
        )

    @property
    def measured_s(self) -> int:
        """Of what is paid, what nobody has entered."""
        return sum(each.principal_s - each.entered_s for each in self.paid.values())


class Deposited(NamedTuple):
    """What was posted, and what the agent's overtime comes to on the day and in its month, without interest."""

    agent: str
    unit: str
    day: date
    seconds: int
    day_s: int
    month_s: int


class OvertimeDesk:
    """Of one site. `today` is the day that runs there."""

    def __init__(self, ledger: Ledger, policies: Policies, site: str, today: Callable[[], date]) -> None:
        self._ledger, self._policies, self._site, self._today = ledger, policies, site, today
        self._house = House.of(site)

    async def months_s(self, days: Collection[OvertimeDay]) -> dict[tuple[str, str], int]:
        """By agent and calendar month of these days, its overtime without interest, in seconds: these days as they are
        reckoned, the others as they were posted. A question, for which no posting waits."""
        owners = {agent_owner(one.agent): one.agent for one in days}
        reckoned = {(one.agent, one.day): one.due.deposit_s for one in days}
        found = Counter[tuple[str, str]]()
        for (agent, day), seconds in reckoned.items():
            found[agent, month_of(day)] += seconds
        within = [day for month in {month_of(one.day) for one in days} for day in dates(*span(month))]
        moved = await self._ledger.moved(owners, within) if days else []
        for owner, theirs in by_owner(moved, owners).items():
            for each in _overtime(theirs):
                if (owners[owner], each.day) not in reckoned:
                    found[owners[owner], month_of(each.day)] += _net_s([each], owner)
        return dict(found)

    async def post(
        self,
        days: Sequence[OvertimeDay],
        by: str,
        noting: Callable[[Desk, Sequence[Deposited]], None] | None = None,
        holds: Callable[[Connection], bool] = lambda connection: True,
    ) -> list[Deposited] | None:
        """All days or none, in one transaction, with what is `noting` it; those that come to what was posted before are
        left as they are, unless what was measured counts as base and is another part of it. None, and nothing is done,
        where what they follow from `holds` no more once the agents are under lock: somebody else has posted what
        follows from more than that."""
        if days:
            await open_agent_accounts(self._ledger, self._site, {one.agent for one in days}, by)

        def work(desk: Desk) -> list[Deposited] | None:
            self._lock(desk, days)
            if not holds(desk.connection):
                return None
            posted = self._post(desk, days, by) if days else []
            if noting is not None:
                noting(desk, posted)
            return posted

        return await self._ledger.at_desk(work)

    async def rehearse(self, days: Sequence[OvertimeDay]) -> list[Deposited]:
        """What `post` would post, if anything; nothing of it is kept."""
        by = "rehearsal"

        def work(desk: Desk) -> list[Deposited]:
            desk.open_accounts([self._house.owner], HOUSE_ACCOUNTS, self._site, by)
            desk.open_accounts([agent_owner(one.agent) for one in days], AGENT_ACCOUNTS, self._site, by)
            return self._post(desk, days, by)

        return await self._ledger.at_desk(work, keep=False) if days else []

    def _post(self, desk: Desk, found_days: Sequence[OvertimeDay], by: str) -> list[Deposited]:
        days = sorted(found_days, key=lambda one: (one.day, one.agent))
        owners = self._lock(desk, days)
        kept = desk.revisions([overtime_key(one.agent, one.day) for one in days])
        months = {month_of(one.day) for one in days}
        moved = by_owner(desk.moved(owners, [day for month in months for day in dates(*span(month))]), owners)
        balances = balances_at_desk(desk, owners)
        found = []
        for one in days:
            owner = agent_owner(one.agent)
            posting = self._posting(desk, one, kept, moved[owner], balances[owner], by)
            if posting is None:
                continue
            desk.post([posting])[0].or_raise()
            apply_legs(posting.legs, owner, balances[owner])
            moved[owner] += [Moved(one.day, leg.service, leg.debit, leg.credit, leg.seconds) for leg in posting.legs]
            own = [each for each in _overtime(moved[owner]) if month_of(each.day) == month_of(one.day)]
            found.append(
                Deposited(
                    one.agent, one.unit, one.day, one.due.net_s,
                    _net_s([each for each in own if each.day == one.day], owner), _net_s(own, owner),
                )
            )  # fmt: skip
        return found

    def _lock(self, desk: Desk, days: Sequence[OvertimeDay]) -> set[str]:
        owners = {agent_owner(one.agent) for one in days}
        desk.lock({(self._site, desk.month_of(one.day)) for one in days}, owners)
        return owners

    def _posting(
        self,
        desk: Desk,
        one: OvertimeDay,
        kept: Mapping[str, Sequence[Kept]],
        moved: Sequence[Moved],
        available: Mapping[str, int],
        by: str,
    ) -> Posting | None:
        """None where nothing is to be posted."""
        key, owner, month = overtime_key(one.agent, one.day), agent_owner(one.agent), desk.month_of(one.day)
        before = kept.get(key, ())
        transfers = [each for each in moved if each.day == one.day]
        told, policy = facts_posted(before), self._policies.policy_at(one.unit, one.day)
        posted = posted_by(transfers, owner, written_off_s(told), OVERTIME_ORIGIN)
        purse = _purse(owner, one.due, posted, available)
        if terms := late(desk, self._site, month, desk.month_of(self._today())):
            meets = policy.closed_gain_meets_write_off
            legs, off_s = difference_after_close(one.due, posted, purse, self._house, meets, OVERTIME_ORIGIN)
        else:
            legs, off_s = difference(one.due, posted, purse, self._house, OVERTIME_ORIGIN), 0
        counts_otherwise = policy.overtime.counts_in_base and one.measured_s != measured_overtime_s(told)
        if not legs and not off_s and not counts_otherwise:
            return None
        legs = tuple(sorted(legs, key=lambda leg: leg.service == INTEREST))  # the line is that of the first
        revision, facts = revision_after(before), _facts(one, off_s, _unruled(one, told))
        return Posting(key, revision, self._site, one.day, legs, by, facts=facts, terms=terms)


def _purse(owner: str, due: OriginSum, posted: Posted, available: Mapping[str, int]) -> Purse:
    """What was paid for nothing goes back from where it was paid to, as long as all of it is still there."""
    back = {
        INTEREST: max(0, posted.interest_s - due.interest_s),
        OVERTIME: max(0, posted.deposited_s - due.deposit_s),
    }
    if all(available.get(kind, 0) >= seconds for kind, seconds in back.items()):
        return Purse(owner, {**available, **back}, (INTEREST, OVERTIME))
    return Purse(owner, available, TAKES)


def _unruled(one: OvertimeDay, facts: Sequence[str]) -> list[str]:
    """The rulings by which it was reckoned last, and which hold no more."""
    before = json.loads(facts[-1]).get("rulings", ()) if facts else ()
    return [ref for ref in before if ref not in one.rulings]


def _facts(one: OvertimeDay, written_off: int, unruled: Sequence[str]) -> str:
    """What each emergency pays, as the statement shows it and the next difference finds it; by which rulings, and what
    was ruled before and is no more."""
    paid = [
        {
            "emergency": emergency.id,
            "level": emergency.level,
            "interest_ppm": emergency.interest_ppm,
            "principal": each.principal_s,
            "entered": each.entered_s,
            "interest": each.interest_s,
        }
        for emergency, each in sorted(one.paid.items(), key=lambda item: (item[0].start, item[0].id))
    ]
    said = {
        "unit": one.unit,
        "kind": one.kind,
        "schedules": one.schedules,
        "principal": one.due.deposit_s,
        "interest": one.due.interest_s,
        "paid": paid,
        **({"rulings": one.rulings} if one.rulings else {}),
        **({"unruled": unruled} if unruled else {}),
        **({"written_off": written_off} if written_off else {}),
    }
    return as_facts(said)


def _overtime(moved: Iterable[Moved]) -> list[Moved]:
    return [each for each in moved if each.service == OVERTIME]


def _net_s(moved: Sequence[Moved], owner: str) -> int:
    return sum(each.seconds if each.credit.owner == owner else -each.seconds for each in moved)
