"""Proposing red packets, and deciding: what is confirmed is given in the transaction that says so."""

from sqlalchemy import Connection

from ccd.bank import proposal_rows
from ccd.bank.asking import Asking
from ccd.bank.giving import Giver
from ccd.bank.packets import check_packet
from ccd.bank.policy import Policies
from ccd.bank.proposals import Proposal, ProposalState, check_proposal_open, check_same
from ccd.errors import ActNotAllowedError, ProposalError
from ccd.floor.days import BusinessDay
from ccd.ledger.books import Ledger
from ccd.ledger.desk import Desk
from ccd.org.people import Person
from ccd.org.rights import may_give, may_see_waiting
from ccd.org.units import Units

OPEN_MAX = 1_000  # of one system: more than people look through
NOT_THERE = "is not there; `ccd bank red-packet proposals` names those that wait"


class Proposals:
    """Of one site."""

    def __init__(self, ledger: Ledger, giver: Giver, units: Units, policies: Policies) -> None:
        self._ledger, self._giver, self._units, self._policies = ledger, giver, units, policies

    async def propose(self, asked: Proposal, asking: Asking) -> Proposal:
        """As it stands, now or when it was asked for first. PacketError where it could never be given, ProposalError
        where its name stands for another."""
        packet = asked.packet(self._today(asked.unit, asking.at).day)
        members = self._giver.members(packet)

        def work(desk: Desk) -> Proposal:
            if before := proposal_rows.with_id(desk.connection, asked.id):
                check_same(before, asked)
                return before
            check_packet(packet, self._policies.policy_at(packet.unit, packet.day).gift, members)
            if proposal_rows.count_open(desk.connection, asked.source) >= OPEN_MAX:
                raise ProposalError(
                    asked.id,
                    f"has {OPEN_MAX} before it that nobody has decided: propose it later",
                    "proposals-too-many",
                    most=OPEN_MAX,
                )
            kept = proposal_rows.add(desk.connection, asked)
            said = {"proposal": asked.id, **asked.said}
            asking.noted(desk.connection, "propose packet", asked.unit, said, asked.reason)
            return kept

        return await self._ledger.at_desk(work)

    async def confirm(self, name: str, asking: Asking, budget: str = "") -> Proposal:
        """Gives it, on this day of its unit. What Giver.give raises leaves it open."""
        found = await self._read(name)
        packet = found.packet(self._today(found.unit, asking.at).day)
        known = await self._giver.known(packet, budget)
        await self._giver.open_accounts(packet, asking)

        def work(desk: Desk) -> Proposal:
            self._giver.lock(desk, packet)  # so that whoever confirms at the same time finds it confirmed
            one = self._open(desk.connection, name, ProposalState.CONFIRMED)
            if one.verdict is ProposalState.OPEN:
                self._giver.give_at(desk, packet, asking, known, budget)
                proposal_rows.decide(desk.connection, name, ProposalState.CONFIRMED, asking.at, asking.by, "")
                return one._replace(verdict=ProposalState.CONFIRMED, decided_by=asking.by)
            return one

        return await self._ledger.at_desk(work)

    async def decline(self, name: str, asking: Asking, why: str) -> Proposal:
        if not why.strip():
            raise ProposalError(name, "is declined for a reason: say it in words", "no-reason")
        found = await self._read(name)
        today = self._today(found.unit, asking.at).day
        duty = may_give(asking.person, self._units.with_above(found.unit, today), found.agents)

        def work(desk: Desk) -> Proposal:
            one = self._open(desk.connection, name, ProposalState.DECLINED)
            if one.verdict is ProposalState.OPEN:
                proposal_rows.decide(desk.connection, name, ProposalState.DECLINED, asking.at, asking.by, why)
                asking.under(duty).noted(desk.connection, "decline packet", one.unit, {"proposal": name}, why)
                return one._replace(verdict=ProposalState.DECLINED, decided_by=asking.by, why=why)
            return one

        return await self._ledger.at_desk(work)

    async def newest(self, last: int | None, decided: bool) -> list[Proposal]:
        """The last ones, or all: those alone that wait for somebody, or what was decided with them."""
        return await self._ledger.at_desk(lambda desk: proposal_rows.newest(desk.connection, last, decided), keep=False)

    def is_shown(self, one: Proposal, person: Person, at: int) -> bool:
        line = self._units.with_above(one.unit, self._today(one.unit, at).day)
        try:
            may_see_waiting(person, lambda: may_give(person, line, one.agents))
        except ActNotAllowedError:
            return False
        return True

    async def with_id(self, name: str) -> Proposal | None:
        return await self._ledger.at_desk(lambda desk: proposal_rows.with_id(desk.connection, name), keep=False)

    async def _read(self, name: str) -> Proposal:
        found = await self.with_id(name)
        if found is None:
            raise ProposalError(name, NOT_THERE, "not-found")
        return found

    def _open(self, connection: Connection, name: str, wanted: ProposalState) -> Proposal:
        found = proposal_rows.with_id(connection, name)
        assert found is not None, "proposals never go"
        check_proposal_open(found, wanted)
        return found

    def _today(self, unit: str, at: int) -> BusinessDay:
        return self._units.days(unit).at(at)
