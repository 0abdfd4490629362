"""What a day off costs: what is planned of it, less what was worked all the same, or leave covers (docs/time-bank.md
3.6)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from sqlalchemy import Connection

from ccd.bank.policy import Policies
from ccd.bank.withdrawal import Application, PartOfDay, planned_s, planned_shifts, spent_s
from ccd.errors import WithdrawalError
from ccd.floor.days import SECOND
from ccd.floor.expected import Absence, Shift, all_work_us, work_within_us
from ccd.floor.spans import Span, less
from ccd.org.shift_rows import SHIFT_US_MAX, shifts_from, shifts_of
from ccd.org.staff import ShareOf
from ccd.org.units import Units


class WholeDay(NamedTuple):
    """Off, it `costs_s`: nothing where there is no shift. What is approved can be cancelled until the end of
    `cancel_until`. `span`: from the first of its shifts to the end of the last; without any, the business day; None of
    who is in no unit then."""

    costs_s: int
    cancel_until: date
    span: Span | None


class Costs:
    """Of one site. `share_of` says which share of a contract an agent works on a day, in parts per million."""

    def __init__(self, units: Units, policies: Policies, share_of: ShareOf) -> None:
        self._units, self._policies, self._share_of = units, policies, share_of

    def whole_day(self, connection: Connection, agent: str, unit: str, day: date) -> WholeDay:
        policy, span = self._policies.policy_at(unit, day), self._units.days(unit).of_date(day)
        shifts = self.shifts(connection, agent, unit, day)
        costs_s = all_work_us(shifts) // SECOND
        if not costs_s and not policy.schedules:
            costs_s = self.expected_s(agent, unit, day)
        begins = min((shift.start for shift in shifts), default=span.start)
        ends = max((shift.end for shift in shifts), default=span.end)
        return WholeDay(costs_s, day - timedelta(days=policy.days_off.cancel_days_before), Span(begins, ends))

    def seconds(self, connection: Connection, agent: str, unit: str, day: date, part: PartOfDay) -> int:
        """What is planned of the part, less breaks; without a shift, the part itself, if it begins on the day and ends
        within 24 hours, or what the policy expects of a whole day of who works that share of a contract. So many
        seconds are what they are, and no more than the day has."""
        shifts, span = self.shifts(connection, agent, unit, day), self._units.days(unit).of_date(day)
        if part.seconds is not None:
            most_s = (all_work_us(shifts) or span.end - span.start) // SECOND
            if part.seconds > most_s:
                found = f"asks for {part.seconds} s of {day}, which has {most_s} s: ask for no more"
                raise WithdrawalError(agent, found, "too-much-time", most_s=most_s)
            return part.seconds
        if part.start is None or part.end is None:
            return self._whole_s(shifts, agent, unit, day)
        is_of_it = span.start <= part.start < span.end and part.end - part.start <= SHIFT_US_MAX
        planned_us = (
            work_within_us(shifts, Span(part.start, part.end)) if shifts else (part.end - part.start) * is_of_it
        )
        if planned_us < SECOND:
            raise WithdrawalError(
                agent, f"is not planned for that part of {day}: nothing has to be taken for it", "day-off-no-shift"
            )
        return planned_us // SECOND

    def expected_s(self, agent: str, unit: str, day: date) -> int:
        """Of a whole day without a shift."""
        policy = self._policies.policy_at(unit, day)
        return policy.of_a_day(policy.expected_base_s, self._share_of(agent, day))

    def shifts(self, connection: Connection, agent: str, unit: str, day: date) -> list[Shift]:
        """Those that begin on the day."""
        return list(shifts_from(connection, [agent], self._units.days(unit).of_date(day)).get(agent, ()))

    def reaching(self, connection: Connection, day: date, of: Iterable[Application]) -> dict[str, tuple[Shift, ...]]:
        """By agent, of all these applications for the day: those, and what is left of the night before."""
        agents: dict[str, list[str]] = {}
        for one in of:
            agents.setdefault(one.unit, []).append(one.agent)
        found: dict[str, tuple[Shift, ...]] = {}
        for unit, theirs in agents.items():
            span = self._units.days(unit).of_date(day)
            found |= shifts_of(connection, theirs, span.start, span.end)
        return found

    def cost_s(
        self, one: Application, reaching: Mapping[str, Sequence[Shift]], worked_s: int, leave: Iterable[Absence] = ()
    ) -> int:
        """Of what it is for by now, where that is less than was held. Of a part from when to when `worked_s` are of
        that part; else of the day, of which what is planned besides comes first. What `leave` covers that comes before
        the day off is none of it either; of that time `worked_s` are none. What is left of the night before is no part
        of the day. Nor is a part for anything by now in which no shift lies any more, or nothing of one but a break."""
        day, told = self._units.days(one.unit).of_date(one.day), reaching.get(one.agent, ())
        shifts = [each for each in told if day.start <= each.start]
        night = (each for each in told if each.start < day.start)
        own = planned_shifts(one, shifts, less([day], night))
        now_s = planned_s(one, shifts) or (one.seconds if all_work_us(own) else 0)
        now = one._replace(seconds=min(one.seconds, now_s))
        planned = now.seconds if one.start is not None else self._whole_s(shifts, one.agent, one.unit, one.day)
        covered_us = sum(work_within_us(own, each) for each in leave)
        return spent_s(now, worked_s + covered_us // SECOND, planned)

    def _whole_s(self, begun: Iterable[Shift], agent: str, unit: str, day: date) -> int:
        return all_work_us(begun) // SECOND or self.expected_s(agent, unit, day)
