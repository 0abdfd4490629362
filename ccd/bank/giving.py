"""Giving red packets: a packet's caps are brought up to date and drawn on in the transaction that posts it; what is
given from a budget draws on that alone. What is refused leaves nothing, and can be asked for again."""

from ccd.bank.accounts import House, agent_owner
from ccd.bank.asking import Asking
from ccd.bank.at_desk import as_signed, day_posted_for, open_agent_accounts
from ccd.bank.branch import Branch
from ccd.bank.budget_rows import budget_with_id
from ccd.bank.budgets import NO_BUDGET, budget_cap, check_packet_of_budget
from ccd.bank.gift_caps import GiftCaps, Known
from ccd.bank.packets import Packet, check_hours, check_packet, gift_cap, packet_key, passed, posting_of
from ccd.errors import BudgetError, CapPassedError
from ccd.ledger.desk import Desk
from ccd.ledger.model import Kept, Outcome, month_of
from ccd.org.people import Duty
from ccd.org.rights import may_give, may_give_of_budget


class Giver:
    """Gives packets in the units of one site."""

    def __init__(self, branch: Branch) -> None:
        self._ledger, self._units, self._policies, self._days, self._site = branch
        self._house = House.of(branch.site)
        self.caps = GiftCaps(branch)

    async def give(self, packet: Packet, asking: Asking, budget: str = "") -> Outcome:
        """What was posted, now or when it was asked for first; from a budget, where one is named. PacketError,
        BudgetError, CapPassedError, PolicyError, RefusedError."""
        known = await self.known(packet, budget)
        await self.open_accounts(packet, asking)
        return await self._ledger.at_desk(lambda desk: self.give_at(desk, packet, asking, known, budget))

    async def known(self, packet: Packet, budget: str) -> Known:
        """What its caps follow from; of a budget's packet there is nothing to be known."""
        return {} if budget else await self.caps.known(self._units.with_above(packet.unit, packet.day), packet.day)

    async def open_accounts(self, packet: Packet, asking: Asking) -> None:
        await open_agent_accounts(self._ledger, self._site, self.members(packet), asking.by)

    def give_at(self, desk: Desk, packet: Packet, asking: Asking, known: Known, budget: str) -> Outcome:
        """In a transaction that others write in, too; see `give`."""
        month, members = month_of(packet.day), self.members(packet)
        self.lock(desk, packet)
        if before := desk.revisions([packet_key(packet)]).get(packet_key(packet)):
            return self._given_before(
                desk, packet._replace(day=day_posted_for(desk, before[0])), before[0], asking, budget
            )
        caps = {gift_cap(unit, month): unit for unit in known}
        if budget:
            caps = {budget_cap(budget): f"budget {budget}"}
        if budget:
            acting = asking.under(self._check_budget(desk, budget, packet, asking))
        else:  # first of all: whoever may not is not told who is in the unit either
            line = self._units.with_above(packet.unit, packet.day)
            acting = asking.under(may_give(asking.person, line, packet.agents))
        check_packet(packet, self._policies.policy_at(packet.unit, packet.day).gift, members)
        limits = []
        if not budget:
            check_hours(packet, known[packet.unit][0])
            limits = self.caps.limits(desk, known, packet.day, acting.signed)
        posting = posting_of(packet, self._house, self._site, list(caps), acting.signed, budget)
        outcome = desk.post([*limits, posting])[-1]
        if stands := passed(outcome, caps, month, packet.total_s):
            raise CapPassedError(f"the packet {packet.key}", *stands, packet.total_s)
        given = {"packet": packet.key, "agents": packet.agents, "seconds": packet.seconds, "kind": packet.kind}
        acting.noted(desk.connection, "give packet", packet.unit, given | {"budget": budget}, packet.reason)
        return outcome.or_raise()

    def _given_before(self, desk: Desk, packet: Packet, kept: Kept, asking: Asking, budget: str) -> Outcome:
        """Asked for again, on whichever day and under whatever duty: the first outcome. KeyTakenError where it is
        another packet."""
        line, month = self._units.with_above(packet.unit, packet.day), month_of(packet.day)
        caps = [budget_cap(budget)] if budget else [gift_cap(unit, month) for unit in line]
        by = as_signed(desk, kept, asking)
        return desk.post([posting_of(packet, self._house, self._site, caps, by, budget)])[0].or_raise()

    def _check_budget(self, desk: Desk, name: str, packet: Packet, asking: Asking) -> Duty | None:
        """Once its cap is under lock, so that it is not taken back meanwhile."""
        desk.caps([budget_cap(name)])
        found = budget_with_id(desk.connection, name)
        if found is None:
            raise BudgetError(name, NO_BUDGET, "not-found")
        duty = may_give_of_budget(asking.person, found.holder, packet.agents)
        check_packet_of_budget(found, packet, self._units.with_below([found.unit], packet.day))
        return duty

    def lock(self, desk: Desk, packet: Packet) -> None:
        desk.lock([(self._site, desk.month_of(packet.day))], [agent_owner(agent) for agent in self.members(packet)])

    def members(self, packet: Packet) -> set[str]:
        below = self._units.with_below([packet.unit], packet.day)
        return {agent for agent in packet.agents if self._days.unit(agent, packet.day) in below}
