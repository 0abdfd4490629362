"""Giving red packets: a packet's caps are brought up to date and drawn on in the transaction that posts it; what is
given from a budget draws on that alone. What is refused leaves nothing, and can be asked for again."""

from ccd.bank.accounts import House, agent_owner
from ccd.bank.asking import Asking
from ccd.bank.at_desk import day_of, open_accounts
from ccd.bank.budget_rows import with_id
from ccd.bank.budgets import NO_BUDGET, budget_cap, check_packet
from ccd.bank.gift_caps import GiftCaps, Known
from ccd.bank.packets import Packet, cap_name, check, check_hours, key_of, passed, posting_of
from ccd.bank.policy import Policies
from ccd.errors import BudgetError, CapPassedError
from ccd.ledger.books import Ledger
from ccd.ledger.desk import Desk
from ccd.ledger.model import Outcome, month_of
from ccd.org.agent_days import AgentDays
from ccd.org.people import Duty
from ccd.org.rights import may_give, may_give_of_budget
from ccd.org.units import Units


class Giver:
    """Gives packets in the units of one site."""

    def __init__(self, ledger: Ledger, units: Units, policies: Policies, days: AgentDays, site: str) -> None:
        self._ledger, self._units, self._policies, self._days = ledger, units, policies, days
        self._site, self._house = site, House.of(site)
        self.caps = GiftCaps(ledger, units, policies, days, site)

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
        await open_accounts(self._ledger, self._site, self.members(packet), asking.by)

    def give_at(self, desk: Desk, packet: Packet, asking: Asking, known: Known, budget: str) -> Outcome:
        """In a transaction that others write in, too; see `give`."""
        month, members = month_of(packet.day), self.members(packet)
        self.lock(desk, packet)
        if before := desk.revisions([key_of(packet)]).get(key_of(packet)):
            return self._given_before(desk, packet._replace(day=day_of(desk, before[0])), asking, budget)
        caps = {cap_name(unit, month): unit for unit in known}
        if budget:
            caps = {budget_cap(budget): f"budget {budget}"}
        posting = posting_of(packet, self._house, self._site, list(caps), asking.by, budget)
        check(packet, self._policies.policy_at(packet.unit, packet.day).gift, members)
        if budget:
            duty = self._check_budget(desk, budget, packet, asking)
            limits = []
        else:
            duty = may_give(asking.person, self._units.with_above(packet.unit, packet.day), packet.agents)
            check_hours(packet, known[packet.unit][0])
            limits = self.caps.limits(desk, known, packet.day, asking.by)
        outcome = desk.post([*limits, posting])[-1]
        if stands := passed(outcome, caps, month, packet.total_s):
            raise CapPassedError(f"the packet {packet.key}", *stands, packet.total_s)
        given = {"packet": packet.key, "agents": packet.agents, "seconds": packet.seconds, "kind": packet.kind}
        asking.under(duty).noted(desk.connection, "give packet", packet.unit, given | {"budget": budget}, packet.reason)
        return outcome.or_raise()

    def _given_before(self, desk: Desk, packet: Packet, asking: Asking, budget: str) -> Outcome:
        """Asked for again, on whichever day: the first outcome. KeyTakenError where it is another packet."""
        line, month = self._units.with_above(packet.unit, packet.day), month_of(packet.day)
        caps = [budget_cap(budget)] if budget else [cap_name(unit, month) for unit in line]
        return desk.post([posting_of(packet, self._house, self._site, caps, asking.by, budget)])[0].or_raise()

    def _check_budget(self, desk: Desk, name: str, packet: Packet, asking: Asking) -> Duty | None:
        """Once its cap is under lock, so that it is not taken back meanwhile."""
        desk.caps([budget_cap(name)])
        found = with_id(desk.connection, name)
        if found is None:
            raise BudgetError(name, NO_BUDGET)
        duty = may_give_of_budget(asking.person, found.holder, packet.agents)
        check_packet(found, packet, self._units.with_below([found.unit], packet.day))
        return duty

    def lock(self, desk: Desk, packet: Packet) -> None:
        desk.lock([(self._site, desk.month_of(packet.day))], [agent_owner(agent) for agent in self.members(packet)])

    def members(self, packet: Packet) -> set[str]:
        below = self._units.with_below([packet.unit], packet.day)
        return {agent for agent in packet.agents if self._days.unit(agent, packet.day) in below}
