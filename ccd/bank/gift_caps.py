"""What units may give in a month, brought up to date from the hours that are known, and how it stands."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date

from sqlalchemy import Connection

from ccd.bank.attendance_calendar import span
from ccd.bank.branch import Branch
from ccd.bank.declared import declared_for
from ccd.bank.hours import hours_s
from ccd.bank.limits import CapChange, limits
from ccd.bank.packets import Given, gift_cap, gift_cap_wanted
from ccd.bank.policy import GiftTerms
from ccd.ledger.desk import Desk
from ccd.ledger.model import Posting, month_of
from ccd.org.shift_rows import scheduled_us
from ccd.sql.engine import seeing_one_state
from ccd.sql.turns import Patience, take_turn

Known = Mapping[str, tuple[int, GiftTerms]]  # by unit, the seconds that it is scheduled for in a month, and its terms


class GiftCaps:
    """Of one site."""

    def __init__(self, branch: Branch) -> None:
        self._ledger, self._units, self._policies, self._days, self._site = branch

    async def known(self, units: Collection[str], day: date) -> Known:
        """For the month of the day."""
        first, last = span(month_of(day))

        def read(connection: Connection) -> tuple[dict[tuple[str, date], int], dict[str, int]]:
            return scheduled_us(connection, self._days, first, last), declared_for(connection, month_of(day))

        scheduled, declared = await take_turn(
            seeing_one_state(self._ledger.engine),
            lambda connection: connection.run_sync(read),
            Patience(),
            keep=False,
            writes=False,
        )
        known_s = hours_s(self._units, day, scheduled, declared)
        return {unit: (known_s[unit], self._policies.policy_at(unit, day).gift) for unit in units}

    def limits(self, desk: Desk, known: Known, day: date, by: str) -> list[Posting]:
        """What brings the caps of these units to where they should be; months and owners have to be under lock."""
        wanted = {gift_cap(unit, month_of(day)): gift_cap_wanted(*each) for unit, each in known.items()}
        return limits(desk, wanted, CapChange(self._site, day, by))

    async def stands(self, units: Sequence[str], day: date) -> list[Given]:
        """What each unit may give in the month of the day, and what it has given or handed out."""
        month, known = month_of(day), await self.known(units, day)
        names = [gift_cap(unit, month) for unit in units]
        caps = await self._ledger.at_desk(lambda desk: desk.caps(names), keep=False)
        found = []
        for unit, name in zip(units, names, strict=True):
            given_s = caps[name].drawn_s if name in caps else 0
            found.append(Given(unit, month, max(gift_cap_wanted(*known[unit]).limit, given_s), given_s))
        return found
