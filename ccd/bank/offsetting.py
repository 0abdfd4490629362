"""Leave offset at the ledger: what an agent is offered, what the agent decides, and what is offset by itself when the
month closes (docs/time-bank.md 3.5)."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from json import loads
from typing import NamedTuple

from ccd.bank.accounts import BALANCE_KINDS, LEAVE, House, agent_owner, owning_agent
from ccd.bank.appeal_rows import open_appeals
from ccd.bank.asking import Asking
from ccd.bank.at_desk import balances_at_desk, by_owner, open_agent_accounts, revision_after
from ccd.bank.attendance import LoanFigures
from ccd.bank.attendance_calendar import Calendar, month_before
from ccd.bank.branch import Branch
from ccd.bank.difference import apply_legs
from ccd.bank.facts import as_facts
from ccd.bank.loan import (
    Item,
    LoanOffer,
    costs_less_since,
    items_of,
    keeps_key,
    offset_key,
    offset_legs,
    secures,
    taken_back_key,
    taken_key,
    taken_leg,
    taking_back,
)
from ccd.bank.overdraft import takes_all
from ccd.errors import OffsetError
from ccd.ledger.desk import Desk
from ccd.ledger.model import Late, Leg, Posting, PostingState, key_spelled
from ccd.org.acts import act_with_id
from ccd.org.rights import may_choose_offset

BY_ITSELF = "month close"
OFFSETS, TAKES_BACK = "offset", "take back an offset"  # the kinds of the acts


class Choice(NamedTuple):
    """Of one item, or of all in the order of days; `seconds` at most, or all that is open."""

    item: str | None = None
    seconds: int | None = None


class AgentAtClose(NamedTuple):
    """Of an agent, when a month closes: how many faults there are but for leave, which days are under appeal, and in
    which unit the agent was last."""

    agent: str
    unit: str
    faults: int
    disputed: frozenset[date]


class Loans:
    """Of one site."""

    def __init__(self, branch: Branch, calendar: Calendar) -> None:
        self.calendar = calendar
        self._ledger, self._units, self._policies, self._days, self._site = branch
        self._house = House.of(branch.site)

    def closes_at(self, month: str) -> int:
        """µs since the epoch."""
        return self._units.instant("", self.calendar.closes(month))

    def month_at(self, at: int) -> str:
        """The month that agents decide on at a moment, µs: the last one, until it closes, and then the running one."""
        running = self.calendar.month_of(self._units.site_day(at))
        last = month_before(running)
        return last if at < self.closes_at(last) else running

    async def offer(self, agent: str, month: str) -> LoanOffer:
        return await self._ledger.at_desk(lambda desk: self._offer(desk, agent, month), keep=False)

    async def choose(self, asking: Asking, agent: str, month: str, choice: Choice) -> LoanOffer:
        """Sets the balance against what is owed, and tells what is left; the same act again changes nothing.
        OffsetError where it can't be."""
        may_choose_offset(asking.person, agent)
        self._check_time(agent, month, asking.at)
        await open_agent_accounts(self._ledger, self._site, [agent], asking.by)

        def work(desk: Desk) -> LoanOffer:
            offer = self._offer(desk, agent, month)
            asked = {"month": month, "asked": choice._asdict()}
            if _is_done(desk, asking, OFFSETS, agent, asked):
                return offer
            self._check_open(desk, agent, month)
            items = [item for item in offer.items if item.open_s and choice.item in (None, item.name)]
            if not items:
                found = f"owes nothing of {choice.item}" if choice.item else f"owes nothing for {month}"
                raise OffsetError(agent, f"{found}; `ccd bank offset offer` says what there is", "offset-nothing")
            wanted_s = sum(item.open_s for item in items)
            if choice.seconds is not None and choice.seconds > wanted_s:
                raise OffsetError(
                    agent, f"owes {wanted_s} s, and {choice.seconds} s are asked", "offset-beyond-owed",
                    owed_s=wanted_s, asked_s=choice.seconds,
                )  # fmt: skip
            wanted_s = wanted_s if choice.seconds is None else choice.seconds
            if wanted_s > offer.balance_s:
                raise OffsetError(
                    agent, f"has {offer.balance_s} s to give, and {wanted_s} s are asked", "offset-beyond-balance",
                    balance_s=offer.balance_s, asked_s=wanted_s,
                )  # fmt: skip
            postings = self._offset(desk, agent, items, wanted_s, asking.by, {"act": asking.act})
            self._post(desk, postings)
            said = asked | {"offset": asking.act, "items": [item.name for item in items], "seconds": wanted_s}
            asking.noted(desk.connection, OFFSETS, agent, said, "as the agent decided")
            return self._offer(desk, agent, month)

        return await self._ledger.at_desk(work)

    async def take_back(self, asking: Asking, agent: str, month: str, name: str | None) -> LoanOffer:
        """What was offset of an item, or of all of the month, is balance again, and owed, but for what stays since its
        day has come to cost less; the same act again changes nothing. OffsetError where it can't be."""
        may_choose_offset(asking.person, agent)
        self._check_time(agent, month, asking.at)

        def work(desk: Desk) -> LoanOffer:
            offer = self._offer(desk, agent, month)
            asked = {"month": month, "asked": {"item": name}}
            if _is_done(desk, asking, TAKES_BACK, agent, asked):
                return offer
            self._check_open(desk, agent, month)
            items = [item for item in offer.items if item.offset_s and name in (None, item.name)]
            if not items:
                found = f"has offset nothing of {name or month}; `ccd bank offset offer` says what was"
                raise OffsetError(agent, found, "offset-nothing-back")
            postings = [posting for item in items for posting in self._taken_back(desk, agent, item, asking)]
            if not postings:
                day = items[0].day
                found = f"owes less for {day} since what was offset of {items[0].name}: it stays so"
                raise OffsetError(agent, found, "offset-stays", day=str(day))
            self._post(desk, postings)
            back_s = sum(leg.seconds for one in postings for leg in one.legs if leg.credit.kind == LEAVE)
            said = asked | {"offset": asking.act, "items": [item.name for item in items], "back": back_s}
            asking.noted(desk.connection, TAKES_BACK, agent, said, "as the agent decided")
            return self._offer(desk, agent, month)

        return await self._ledger.at_desk(work)

    async def keep(self, asking: Asking, agent: str, month: str) -> LoanOffer:
        """Nothing more of the month is offset by itself: the agent keeps the balance."""
        may_choose_offset(asking.person, agent)
        self._check_time(agent, month, asking.at)
        await open_agent_accounts(self._ledger, self._site, [agent], asking.by)

        def work(desk: Desk) -> LoanOffer:
            offer = self._offer(desk, agent, month)
            self._check_open(desk, agent, month)
            key, asked = keeps_key(agent, month), {"month": month, "keeps": True}
            if _is_done(desk, asking, OFFSETS, agent, asked):
                return offer._replace(by_itself=False)
            if key not in desk.revisions([key]):
                last = self.calendar.last_day(month)
                self._post(desk, [Posting(key, 1, self._site, last, (), asking.by, counts_in=month)])
                asking.noted(desk.connection, OFFSETS, agent, asked, "as the agent decided")
            return offer._replace(by_itself=False)

        return await self._ledger.at_desk(work)

    async def settle(self, month: str, undecided: Sequence[AgentAtClose]) -> set[str]:
        """What nobody decided on: offset where that secures full attendance, and the rest is attendance's. What is
        under appeal waits. Whose accounts are others now."""
        await open_agent_accounts(self._ledger, self._site, (), BY_ITSELF)
        return await self._ledger.at_desk(lambda desk: self._settle(desk, month, undecided))

    def loans(self, desk: Desk, month: str, agents: Iterable[str]) -> dict[str, LoanFigures]:
        """What has become of the month's leave, by agent, under lock."""
        found = {}
        for agent, items in self._items(desk, month, agents).items():
            found[agent] = LoanFigures(
                sum(item.offset_s for item in items),
                sum(item.taken_s for item in items),
                sum(item.open_s for item in items),
            )
        return found

    def open_items(self, desk: Desk, month: str, undecided: Sequence[AgentAtClose]) -> list[str]:
        """Whose leave of the month is open, and under no appeal."""
        agents = [one.agent for one in undecided]
        found, disputed = self._items(desk, month, agents), self._disputed(desk, month, agents)
        return [one.agent for one in undecided if _undisputed(found[one.agent], one.disputed | disputed[one.agent])]

    def left_at_close(self, desk: Desk, month: str, undecided: Sequence[AgentAtClose]) -> dict[str, dict[str, int]]:
        """By owner and kind, what is on accounts once what nobody decides on is decided."""
        desk.lock([(self._site, month)], [agent_owner(one.agent) for one in undecided])
        return self._decided(desk, month, undecided)[1]

    # --- at the desk -------------------------------------------------------------------------------------------------

    def _settle(self, desk: Desk, month: str, undecided: Sequence[AgentAtClose]) -> set[str]:
        desk.lock([(self._site, month)], [agent_owner(one.agent) for one in undecided])
        postings, _ = self._decided(desk, month, undecided)
        self._post(desk, postings, late=month)
        return {owning_agent(leg.debit.owner) for posting in postings for leg in posting.legs}

    def _decided(
        self, desk: Desk, month: str, undecided: Sequence[AgentAtClose]
    ) -> tuple[list[Posting], dict[str, dict[str, int]]]:
        """What is posted for it, and the balances after that, by owner and kind; under lock."""
        items_of_all = self._items(desk, month, [one.agent for one in undecided])
        disputed = self._disputed(desk, month, items_of_all.keys())
        keeping = desk.revisions([keeps_key(one.agent, month) for one in undecided])
        balances = balances_at_desk(desk, [agent_owner(one.agent) for one in undecided])
        postings: list[Posting] = []
        _, last = self.calendar.span(month)
        for one in undecided:
            items = items_of_all[one.agent]
            open_items = _undisputed(items, one.disputed | disputed[one.agent])
            if not open_items:
                continue
            owner, policy = agent_owner(one.agent), self._policies.policy_at(one.unit or None, last)
            own = balances[owner]
            offer = LoanOffer(items, sum(own.get(kind, 0) for kind in BALANCE_KINDS))
            asked = policy.loan.by_default and keeps_key(one.agent, month) not in keeping
            if asked and secures(offer, one.faults, policy.full.leave_grace_s):
                postings += self._offset(desk, one.agent, open_items, offer.owed_s, BY_ITSELF, {"by": "rule"}, own)
            else:
                postings += self._taken(desk, one.agent, open_items, own)
        return postings, balances

    def _disputed(self, desk: Desk, month: str, agents: Collection[str]) -> Mapping[str, frozenset[date]]:
        """The days of which a line is under appeal by now: an appeal may have been lodged since somebody looked."""
        appeals = open_appeals(desk.connection, *self.calendar.span(month), agents)
        return {agent: frozenset(one.day for one in appeals if one.agent == agent) for agent in agents}

    def _offer(self, desk: Desk, agent: str, month: str) -> LoanOffer:
        desk.lock([(self._site, month)], [agent_owner(agent)])
        own = balances_at_desk(desk, [agent_owner(agent)])[agent_owner(agent)]
        items = self._items(desk, month, [agent])[agent]
        return LoanOffer(items, sum(own.get(kind, 0) for kind in BALANCE_KINDS), self._by_itself(desk, agent, month))

    def _by_itself(self, desk: Desk, agent: str, month: str) -> bool:
        last, key = self.calendar.last_day(month), keeps_key(agent, month)
        policy = self._policies.policy_at(self._days.unit(agent, last), last)
        return policy.loan.by_default and key not in desk.revisions([key])

    def _items(self, desk: Desk, month: str, agents: Iterable[str]) -> dict[str, tuple[Item, ...]]:
        owners = {agent_owner(agent): agent for agent in agents}
        moved = by_owner(desk.moved(owners, self.calendar.days(month), LEAVE), owners)
        return {agent: items_of(moved[owner], owner) for owner, agent in owners.items()}

    def _offset(
        self,
        desk: Desk,
        agent: str,
        items: Sequence[Item],
        seconds: int,
        by: str,
        said: dict[str, str],
        own: dict[str, int] | None = None,
    ) -> list[Posting]:
        owner = agent_owner(agent)
        own = balances_at_desk(desk, [owner])[owner] if own is None else own
        numbers = _next_revisions(desk, [offset_key(agent, item) for item in items])
        postings = []
        for item in items:
            policy = self._policies.policy_at(self._days.unit(agent, item.day), item.day)
            legs = offset_legs(item, seconds, own, takes_all(policy), owner, self._house)
            if not legs:
                continue
            apply_legs(legs, owner, own)
            seconds -= legs[-1].seconds
            key = offset_key(agent, item)
            postings.append(_posting_of(key, numbers[key], self._site, item, legs, by, said))
        return postings

    def _taken_back(self, desk: Desk, agent: str, item: Item, asking: Asking) -> Iterator[Posting]:
        """Each offset of an item that was not taken back yet, mirrored; none since which the day costs less."""
        owner, key, back = agent_owner(agent), offset_key(agent, item), taken_back_key(agent, item)
        moved = desk.moved([owner], [item.day])
        kept = desk.revisions([key, back])
        before = {one.revision for one in kept.get(back, ())}
        for one in kept.get(key, ()):
            if one.state is PostingState.REFUSED or one.revision in before:
                continue
            if costs_less_since(moved, owner, item.origin, one.transaction):
                continue
            legs = taking_back(moved, one.transaction)
            posting = _posting_of(back, one.revision, self._site, item, legs, asking.by, {"act": asking.act})
            yield posting._replace(reference=key_spelled(key, one.revision))

    def _taken(self, desk: Desk, agent: str, items: Sequence[Item], own: dict[str, int]) -> list[Posting]:
        owner = agent_owner(agent)
        numbers = _next_revisions(desk, [taken_key(agent, item) for item in items])
        postings = []
        for item in items:
            key, leg = taken_key(agent, item), taken_leg(item, owner, self._house)
            apply_legs((leg,), owner, own)
            postings.append(_posting_of(key, numbers[key], self._site, item, (leg,), BY_ITSELF, {}))
        return postings

    def _post(self, desk: Desk, postings: Sequence[Posting], late: str = "") -> None:
        """`late`: the month may have been closed, and then it counts in the first since that is open."""
        counts = desk.open_month(self._site, late) if late and postings else late
        if counts != late:
            postings = [one._replace(terms=(Late(counts),)) for one in postings]
        for outcome in desk.post(postings) if postings else ():
            outcome.or_raise()

    def _check_time(self, agent: str, month: str, at: int) -> None:
        opens = self._units.days("").of_date(self.calendar.opens_on(month)).start
        if at < opens:
            on = self.calendar.opens_on(month)
            raise OffsetError(
                agent, f"can't offset leave of {month} yet: it opens on {on}", "offset-not-yet", opens=str(on)
            )
        if at >= self.closes_at(month):
            raise OffsetError(
                agent,
                f"can't offset leave of {month} any more: it closed {_said(self.calendar.closes(month))}",
                "offset-closed",
            )

    def _check_open(self, desk: Desk, agent: str, month: str) -> None:
        if desk.open_month(self._site, month) != month:
            raise OffsetError(agent, f"can't offset leave of {month} any more: the month is closed", "offset-closed")


def _posting_of(
    key: str, revision: int, book: str, item: Item, legs: Sequence[Leg], by: str, said: Mapping[str, object]
) -> Posting:
    facts = as_facts({"item": item.name, **said})
    return Posting(key, revision, book, item.day, tuple(legs), by, facts=facts)


def _is_done(desk: Desk, asking: Asking, kind: str, agent: str, asked: Mapping[str, object]) -> bool:
    """Whether it is an act that was done before. OffsetError where that was another, or asked for something else."""
    known = act_with_id(desk.connection, asking.act)
    if known is None:
        return False
    said = loads(known.after)
    if (known.kind, known.subject) != (kind, agent) or any(said.get(name) != what for name, what in asked.items()):
        raise OffsetError(agent, f"has done something else as {asking.act}: choose another key", "key-taken")
    return True


def _undisputed(items: Iterable[Item], disputed: frozenset[date]) -> list[Item]:
    return [item for item in items if item.open_s and item.day not in disputed]


def _next_revisions(desk: Desk, keys: Sequence[str]) -> dict[str, int]:
    kept = desk.revisions(keys)
    return {key: revision_after(kept.get(key, ())) for key in keys}


def _said(moment: datetime) -> str:
    return moment.isoformat(" ", "minutes")
