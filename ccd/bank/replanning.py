"""What is held for a day off follows the plan of its day until the day is spent (docs/time-bank.md 3.6): what is
planned less goes back, what is planned more is held too where the balance covers it; where it does not, that is said.
"""

from collections.abc import Iterator
from datetime import date

from sqlalchemy import Connection

from ccd.bank.accounts import House, agent_owner
from ccd.bank.at_desk import balances_at_desk, revision_after
from ccd.bank.holds import Holds
from ccd.bank.overdraft import takes_all
from ccd.bank.policy import Policies
from ccd.bank.room import left_of
from ccd.bank.said import Said
from ccd.bank.withdrawal import OPEN, Application, Hold, hold_key, hours_cap_name, planned_s, replacing
from ccd.bank.withdrawal_rows import became, on_days, open_days
from ccd.ledger.books import Ledger
from ccd.ledger.desk import Desk
from ccd.org.shift_rows import shifts_from
from ccd.org.units import Units

PLAN_CHANGED = "the plan of the day was changed"


class Replanning:
    """Of one site."""

    def __init__(self, ledger: Ledger, units: Units, policies: Policies, site: str) -> None:
        self._ledger, self._units, self._policies, self._site = ledger, units, policies, site
        self._house = House.of(site)
        self._holds = Holds(units, policies, site, ledger.month_of)

    async def changed_days(self) -> list[date]:
        """Those that are not spent yet, and for which something else is planned than is held."""

        def read(desk: Desk) -> list[date]:
            days = open_days(desk.connection, date.max)
            return [day for day in days if any(True for _ in self._changed(desk.connection, day))]

        return await self._ledger.at_desk(read, keep=False)

    async def replan(self, day: date, said: Said) -> list[Application]:
        """Those of the day that are other ones now."""

        def work(desk: Desk) -> list[Application]:
            self._holds.lock(desk, [day])
            changed = list(self._changed(desk.connection, day))
            return [now for one, wanted_s in changed if (now := self._replan(desk, one, wanted_s, said))]

        return await self._ledger.at_desk(work)

    def _changed(self, connection: Connection, day: date) -> Iterator[tuple[Application, int]]:
        by_unit: dict[str, list[Application]] = {}
        for one in on_days(connection, day, day):
            if one.state in OPEN:
                by_unit.setdefault(one.unit, []).append(one)
        for unit, theirs in by_unit.items():
            begun = shifts_from(connection, [one.agent for one in theirs], self._units.days(unit).of_date(day))
            for one in theirs:
                wanted_s = planned_s(one, begun.get(one.agent, ()))
                if wanted_s is not None and wanted_s != one.seconds:
                    yield one, wanted_s

    def _replan(self, desk: Desk, one: Application, wanted_s: int, said: Said) -> Application | None:
        """None where it is known already that more is planned than the balance covers."""
        now = one._replace(seconds=wanted_s, missing_s=0)
        if one.hold is not None and not self._covers(desk, one, wanted_s - one.seconds, said.by):
            now = now._replace(seconds=one.seconds, missing_s=wanted_s - one.seconds)
            if now.missing_s == one.missing_s:
                return None
        elif one.hold is not None:
            revision = revision_after(desk.revisions([hold_key(one)]).get(hold_key(one), ()))
            now = now._replace(hold=Hold(revision, one.hold.units, self._in_hours_still(desk.connection, one)))
            policy = self._policies.policy_at(one.unit, one.day)
            running = desk.open_month(self._site, self._ledger.month_of(max(said.today, one.day)))
            for outcome in desk.post(replacing(one, now, policy, said.by, self._site, running)):
                outcome.or_raise()
        return became(desk.connection, now, said, PLAN_CHANGED)

    def _covers(self, desk: Desk, one: Application, more_s: int, by: str) -> bool:
        """The balance, and the quotas that are in hours by now."""
        if more_s <= 0 or one.hold is None:
            return True
        owner = agent_owner(one.agent)
        balances = balances_at_desk(desk, [owner])[owner]
        if more_s > sum(balances.get(kind, 0) for kind in takes_all(self._policies.policy_at(one.unit, one.day))):
            return False
        (counted,) = self._holds.counted([one])
        line = counted.hold.units if counted.hold else ()
        places = {unit: self._holds.places(desk.connection, unit, one.day).get(unit) for unit in line}
        in_hours = {unit: of for unit, of in places.items() if of is not None and of.seconds is not None}
        desk.post(self._holds.limits(desk, in_hours, one.day, by))
        applied = self._holds.counted(on_days(desk.connection, one.day, one.day))
        left = [left_of(unit, of, applied).seconds or 0 for unit, of in in_hours.items()]
        caps = desk.caps([hours_cap_name(unit, one.day) for unit in self._in_hours_still(desk.connection, one)])
        return min([*left, *(cap.limit_s - cap.drawn_s for cap in caps.values())], default=more_s) >= more_s

    def _in_hours_still(self, connection: Connection, one: Application) -> tuple[str, ...]:
        """Of the units on whose quotas its seconds were drawn, those whose quota is in hours by now as well."""
        drawn = one.hold.in_hours if one.hold else ()
        places = {unit: self._holds.places(connection, unit, one.day).get(unit) for unit in drawn}
        return tuple(unit for unit, of in places.items() if of is not None and of.seconds is not None)
