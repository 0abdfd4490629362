"""Giving red packets: a packet's caps are brought up to date and drawn on in the transaction that posts it."""

from collections.abc import Callable, Collection, Sequence
from datetime import date

from sqlalchemy import Connection

from ccd.bank.accounts import AGENT_ACCOUNTS, HOUSE_ACCOUNTS, House, agent_owner
from ccd.bank.declared import declared_for
from ccd.bank.hours import hours_s
from ccd.bank.limits import Asked, limits
from ccd.bank.packets import (
    Given,
    Packet,
    cap_name,
    check,
    passed,
    posting_of,
    wanted_of,
)  # fmt: skip
from ccd.bank.policy import GiftTerms, Policies
from ccd.errors import CapPassedError
from ccd.ledger.books import Ledger
from ccd.ledger.desk import Desk
from ccd.ledger.model import Outcome, Posting, month_of
from ccd.org.units import Units

Members = Callable[[str, date], Collection[str]]  # the agents of a unit, and of those below it, on a business day


class Giver:
    """Gives packets in the units of one site."""

    def __init__(self, ledger: Ledger, units: Units, policies: Policies, members: Members, site: str) -> None:
        self._ledger, self._units, self._policies, self._members = ledger, units, policies, members
        self._site, self._house = site, House.of(site)

    async def give(self, packet: Packet) -> Outcome:
        """What became of it, at the first time it was asked for. PacketError, CapPassedError, PolicyError."""
        line = self._units.with_above(packet.unit)
        posting = posting_of(packet, self._house, self._site, line)
        await self._ledger.open_accounts([self._house.owner], HOUSE_ACCOUNTS, self._site, packet.giver)
        members = self._members(packet.unit, packet.day)
        owners = [agent_owner(agent) for agent in packet.agents if agent in members]
        await self._ledger.open_accounts(owners, AGENT_ACCOUNTS, self._site, packet.giver)
        outcome = await self._ledger.at_desk(lambda desk: self._at_desk(desk, packet, posting, line))
        if stands := passed(outcome, packet, line):
            raise CapPassedError(packet.key, *stands, packet.total_s)
        return outcome.or_raise()

    async def stands(self, units: Collection[str], day: date) -> list[Given]:
        """What each unit may give in the month of the day, and what it has given."""

        def read(desk: Desk) -> list[Given]:
            month = month_of(day)
            caps = desk.caps([cap_name(unit, month) for unit in units])
            found = []
            for unit, known_s, terms in self._known(desk.connection, units, day):
                cap = caps.get(cap_name(unit, month))
                given_s = cap.drawn_s if cap else 0
                found.append(Given(unit, month, max(wanted_of(known_s, terms).limit, given_s), given_s))
            return found

        return await self._ledger.at_desk(read, keep=False)

    def _at_desk(self, desk: Desk, packet: Packet, posting: Posting, line: Sequence[str]) -> Outcome:
        desk.lock([(self._site, month_of(packet.day))], [agent_owner(agent) for agent in packet.agents])
        if desk.revisions([posting.key]):
            return desk.post([posting])[0]
        known = self._known(desk.connection, line, packet.day)
        _, known_s, terms = known[0]
        check(packet, terms, self._members(packet.unit, packet.day), known_s)
        month = month_of(packet.day)
        wanted = {cap_name(unit, month): wanted_of(hours, terms) for unit, hours, terms in known}
        return desk.post([*limits(desk, wanted, Asked(self._site, packet.day, packet.giver)), posting])[-1]

    def _known(self, connection: Connection, units: Collection[str], day: date) -> list[tuple[str, int, GiftTerms]]:
        """Of each unit the seconds that it is scheduled for in the month, and its terms."""
        declared = declared_for(connection, month_of(day))
        return [
            (unit, hours_s(unit, self._units, {}, declared), self._policies.policy_at(unit, day).gift) for unit in units
        ]
