"""Giving red packets: a packet's caps are brought up to date and drawn on in the transaction that posts it."""

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import date, timedelta

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
from ccd.floor.days import SECOND
from ccd.ledger.books import Ledger
from ccd.ledger.desk import Desk
from ccd.ledger.model import Outcome, Posting, month_of
from ccd.org.agent_days import AgentDays
from ccd.org.shift_rows import scheduled_us
from ccd.org.units import Units
from ccd.sql.engine import seeing_one_state
from ccd.sql.turns import Patience, take_turn

Known = Mapping[str, tuple[int, GiftTerms]]  # by unit, the seconds that it is scheduled for in a month, and its terms


class Giver:
    """Gives packets in the units of one site."""

    def __init__(self, ledger: Ledger, units: Units, policies: Policies, days: AgentDays, site: str) -> None:
        self._ledger, self._units, self._policies, self._days = ledger, units, policies, days
        self._site, self._house = site, House.of(site)

    async def give(self, packet: Packet) -> Outcome:
        """What became of it, at the first time it was asked for. PacketError, CapPassedError, PolicyError."""
        line = self._units.with_above(packet.unit, packet.day)
        posting = posting_of(packet, self._house, self._site, line)
        known = await self._known(line, packet.day)
        below = self._units.with_below([packet.unit], packet.day)
        members = {agent for agent in packet.agents if self._days.unit(agent, packet.day) in below}
        await self._ledger.open_accounts([self._house.owner], HOUSE_ACCOUNTS, self._site, packet.giver)
        owners = [agent_owner(agent) for agent in members]
        await self._ledger.open_accounts(owners, AGENT_ACCOUNTS, self._site, packet.giver)

        def work(desk: Desk) -> Outcome:
            desk.lock([(self._site, month_of(packet.day))], owners)
            if not desk.revisions([posting.key]):
                known_s, terms = known[packet.unit]
                check(packet, terms, members, known_s)
                return desk.post([*self._limits(desk, packet, known), posting])[-1]
            return desk.post([posting])[0]

        outcome = await self._ledger.at_desk(work)
        if stands := passed(outcome, packet, line):
            raise CapPassedError(packet.key, *stands, packet.total_s)
        return outcome.or_raise()

    async def stands(self, units: Collection[str], day: date) -> list[Given]:
        """What each unit may give in the month of the day, and what it has given."""
        month, known = month_of(day), await self._known(units, day)
        names = [cap_name(unit, month) for unit in units]
        caps = await self._ledger.at_desk(lambda desk: desk.caps(names), keep=False)
        found = []
        for unit, name in zip(units, names, strict=True):
            given_s = caps[name].drawn_s if name in caps else 0
            found.append(Given(unit, month, max(wanted_of(*known[unit]).limit, given_s), given_s))
        return found

    def _limits(self, desk: Desk, packet: Packet, known: Known) -> list[Posting]:
        month = month_of(packet.day)
        wanted = {cap_name(unit, month): wanted_of(*each) for unit, each in known.items()}
        return limits(desk, wanted, Asked(self._site, packet.day, packet.giver))

    async def _known(self, units: Collection[str], day: date) -> Known:
        first = day.replace(day=1)
        last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)

        def read(connection: Connection) -> tuple[Counter[str], dict[str, int]]:
            scheduled: Counter[str] = Counter()
            for (unit, _), worked in scheduled_us(connection, self._days, first, last).items():
                scheduled[unit] += worked
            return scheduled, declared_for(connection, month_of(day))

        scheduled, declared = await take_turn(
            seeing_one_state(self._ledger.engine),
            lambda connection: connection.run_sync(read),
            Patience(),
            keep=False,
            writes=False,
        )
        own_s = {unit: worked // SECOND for unit, worked in scheduled.items()}
        return {
            unit: (hours_s(unit, self._units, day, own_s, declared), self._policies.policy_at(unit, day).gift)
            for unit in units
        }
