"""What comes before a day off: leave of some kinds, for what it covers, or that its agent has left by then
(docs/time-bank.md 3.6)."""

from collections.abc import Collection

from sqlalchemy import Connection

from ccd.bank.policy import Policies
from ccd.bank.withdrawal import Application
from ccd.floor.expected import Absence
from ccd.org.agent_days import AgentDays
from ccd.org.shift_rows import SHIFT_US_MAX, absences_of
from ccd.org.units import Units


class ComesFirst:
    """By the policies of each application's unit."""

    def __init__(self, units: Units, policies: Policies, days: AgentDays) -> None:
        self._units, self._policies, self._days = units, policies, days

    def leave(self, connection: Connection, of: Collection[Application]) -> dict[str, tuple[Absence, ...]]:
        """Such leave, by the names of those of these applications whose agents have any about that time; whether it
        covers some of it or not. A shift of the day may end in the next."""
        spans = [self._units.days(one.unit).of_date(one.day) for one in of]
        start = min((span.start for span in spans), default=0)
        end = max((span.end for span in spans), default=0) + SHIFT_US_MAX
        told = absences_of(connection, {one.agent for one in of}, start, end) if of else {}
        found = {}
        for one in of:
            kinds = self._policies.policy_at(one.unit, one.day).days_off.beaten_by if one.agent in told else ()
            if own := tuple(each for each in told.get(one.agent, ()) if each.kind in kinds):
                found[one.id] = own
        return found

    def has_left(self, one: Application) -> bool:
        """By the roster, which says until when the agent was there; of whom it says nothing at all, nobody knows."""
        if self._policies.policy_at(one.unit, one.day).days_off.on_leaving == "keep" or not self._days.knows(one.agent):
            return False
        return self._days.unit(one.agent, one.day) is None
