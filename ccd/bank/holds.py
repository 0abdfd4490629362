"""Places and seconds of days off at the desk: held, given back, and given to the next who waits."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from enum import Enum, auto
from typing import NamedTuple, TypeVar

from sqlalchemy import Connection

from ccd.bank.accounts import House, agent_owner
from ccd.bank.allocation_rows import allocation_of
from ccd.bank.at_desk import balances_at_desk, revision_after
from ccd.bank.limits import CapChange, limits
from ccd.bank.overdraft import takes_all
from ccd.bank.policy import Policies
from ccd.bank.quota import ANY, HOLIDAY, Places, Quota, places_on
from ccd.bank.room import beside_what_counts, is_room, places_left
from ccd.bank.said import Said
from ccd.bank.withdrawal import (
    HOLDING,
    OPEN,
    Application,
    ApplicationState,
    Hold,
    ending,
    hold_key,
    holding_posting,
    quota_caps_wanted,
)
from ccd.bank.withdrawal_rows import became, loads_of, of_run, on_days, quotas_of, take_days, waits_since
from ccd.errors import WithdrawalError
from ccd.ledger.books import Ledger
from ccd.ledger.desk import Desk
from ccd.ledger.model import Outcome, Posting, Rule
from ccd.org.holiday_rows import corrected_days
from ccd.org.holidays import DayKind, Holidays
from ccd.org.units import Units

T = TypeVar("T")

PLACE_FREED = "a place was freed"
ALL_DAYS = "nothing of these days is still to be allocated"
BY_NOBODY = "nobody has to approve it by now"

WAITING_LIST = "waiting list"  # who moves up by it
ALLOCATION = "allocation"  # who gives places out by rule, and approves by it


class GivenOut(Enum):
    """How the places of a day are given out to who asks for one at a moment."""

    FIRST_COME = auto()  # who comes first has one
    AT_DEADLINE = auto()  # by rule: until then seconds alone are held
    NOT_NOW = auto()  # the deadline has passed, and they are not allocated yet: nothing is held


class LockToo(NamedTuple):
    """In place of an act, of which nothing is done: runs of days that it touches have these as well."""

    days: Collection[date]


def topmost(places: Iterable[str]) -> str:
    """Of a unit and those above it that have a quota for a day, the one by whose policy places are given out; "" of
    none."""
    return next(reversed([*places]), "")


class Holds:
    """Of one site. `month_of` says in which month a day counts."""

    def __init__(self, units: Units, policies: Policies, site: str, month_of: Callable[[date], str]) -> None:
        self._units, self._policies, self._site, self._month_of = units, policies, site, month_of
        self._house = House.of(site)

    def lock(self, desk: Desk, days: Collection[date], *more: str) -> None:
        """The days, their months, everybody who has applied for them, and the agents who are named besides."""
        take_days(desk.connection, days)
        every = (one for day in days for one in on_days(desk.connection, day, day) if one.state in OPEN)
        owners = {agent_owner(agent) for agent in (*more, *(one.agent for one in every))}
        desk.lock({(self._site, self._month_of(day)) for day in days}, owners)

    async def under_lock(self, ledger: Ledger, day: date, work: Callable[[Desk, Collection[date]], T | LockToo]) -> T:
        """Works on a day with all days under lock that it takes: which these are is seen once the first ones are."""
        days = {day}

        def locked(desk: Desk) -> T | LockToo:
            self.lock(desk, days)
            return work(desk, days)

        while isinstance(done := await ledger.at_desk(locked), LockToo):
            days |= {*done.days}
        return done

    def places(self, connection: Connection, unit: str, day: date) -> dict[str, Places]:
        """Of the unit and of each above it, of those that have a quota, in that order."""
        line = self._units.with_above(unit, day)
        said = quotas_of(connection, line)
        loads = loads_of(connection, line, day, day) if said else {}
        found = {}
        for number, each in enumerate(line):
            load = next((loads[above, day] for above in line[number:] if (above, day) in loads), ANY)
            own = said.get(each, [])
            if places := places_on(own, day, load, self._is_holiday(connection, own, each, day)):
                found[each] = places
        return found

    def load(self, connection: Connection, unit: str, day: date) -> str:
        """What was said of the unit's day last, or of that of the nearest unit above of which anything was."""
        line = self._units.with_above(unit, day)
        loads = loads_of(connection, line, day, day)
        return next((loads[above, day] for above in line if (above, day) in loads), ANY)

    def deadline(self, unit: str, day: date) -> int | None:
        """When the places of a day are allocated, µs, by the policy of the topmost unit that has a quota; None where
        who comes first has them, or there is none."""
        if not unit:
            return None
        terms = self._policies.policy_at(unit, day).days_off
        if terms.allocate != "by_rule":
            return None
        written = datetime.combine(day - timedelta(days=terms.allocate_days_before), terms.allocate_at)
        return self._units.instant(unit, written)

    def has_runs_together(self, one: Application) -> bool:
        """Several days that were applied for together are had together or not at all, by the policy of the unit."""
        return self._policies.policy_at(one.unit, one.day).days_off.run_of_days == "all"

    def has_to_be_approved(self, one: Application) -> bool:
        """By somebody, by the policy of the unit; where nobody has to, what has a place is approved with it."""
        return self._policies.policy_at(one.unit, one.day).days_off.approve == "person"

    def has_begun(self, one: Application, at: int) -> bool:
        """The day, in the own unit."""
        return one.day <= self._units.days(one.unit).at(at).day

    def is_of_its_own(self, one: Application, at: int) -> bool:
        """It has a place, and has begun, and waits for somebody's word whatever becomes of the rest of its run."""
        waits = not one.awaits_allocation and self.has_to_be_approved(one)
        return waits and self.has_begun(one, at)

    def allocated_too_late(self, connection: Connection, run: Sequence[Application]) -> date | None:
        """Of days that are had together, the one with which they are allocated, where the first has begun by then."""
        begins = self._units.days(run[0].unit).of_date(run[0].day).start
        awaiting = (one for one in run if one.awaits_allocation)
        deadlines = [
            (self.deadline(self.top(connection, one.unit, one.day), one.day) or 0, one.day) for one in awaiting
        ]
        first, day = min(deadlines, default=(0, None))
        return day if first >= begins else None

    def waits_for_its_run(self, connection: Connection, one: Application) -> bool:
        """For nobody's word, but for other days that are had with it, of which one is still to be allocated."""
        if self.has_to_be_approved(one) or not one.run or not self.has_runs_together(one):
            return False
        return any(each.awaits_allocation for each in of_run(connection, one.run))

    def is_approved_by_rule(self, connection: Connection, one: Application, at: int) -> bool:
        """Of what nobody has approved: that it has a place, and nobody has to."""
        if not one.awaits_approval or self.has_to_be_approved(one) or self.has_begun(one, at):
            return False
        return not self.waits_for_its_run(connection, one)

    def approve_by_rule(self, desk: Desk, of: Iterable[Application], said: Said) -> list[Application]:
        """Those of them that nobody has to approve; their days are under lock."""
        found = []
        for one in of:
            if self.is_approved_by_rule(desk.connection, one, said.at):
                why = ALL_DAYS if one.run and self.has_runs_together(one) else BY_NOBODY
                approved = one._replace(state=ApplicationState.APPROVED)
                found.append(became(desk.connection, approved, said, why))
        return found

    def is_lost_with_its_run(self, connection: Connection, one: Application, at: int) -> bool:
        """Of what nobody has to approve: it has a place, and has begun before other days of its run are allocated."""
        return one.awaits_approval and self.has_begun(one, at) and self.waits_for_its_run(connection, one)

    def hold(
        self, desk: Desk, asked: Application, said: Said, revision: int, together: bool = False
    ) -> Application | Outcome:
        """As it stands then: held, or waiting for a place; the outcome where the balance does not cover it. What is
        decided on `together` with other days is not approved before these."""
        places = self.places(desk.connection, asked.unit, asked.day)
        if not places:
            raise WithdrawalError(
                asked.agent,
                f"can't take {asked.day}: nobody has said how many of {asked.unit} may. Set a quota:"
                f" ccd bank withdraw quota {asked.unit} {asked.day} AGENTS",
                "day-off-no-quota",
                day=str(asked.day),
            )
        given_out = self.given_out(desk.connection, topmost(places), asked.day, said.at)
        if given_out is GivenOut.NOT_NOW:
            return asked._replace(state=ApplicationState.WAITING, hold=None)
        if given_out is GivenOut.AT_DEADLINE and not self._waits_as_first_to_come(desk.connection, asked):
            places = {}
        hold = Hold.on(places, revision)
        posting = holding_posting(asked, hold, self._policies.policy_at(asked.unit, asked.day), said.by, self._site)
        outcome = desk.post([*self.limits(desk, places, asked.day, said.by), posting])[-1]
        if outcome.refusal and outcome.refusal.rule is not Rule.CAP:
            return outcome
        if outcome.refusal:
            return asked._replace(state=ApplicationState.WAITING, hold=None)
        at_once = places and not together and not self.has_to_be_approved(asked)
        return asked._replace(state=ApplicationState.APPROVED if at_once else ApplicationState.APPLIED, hold=hold)

    def limits(
        self, desk: Desk, places: Mapping[str, Places], day: date, by: str, moving: Application | None = None
    ) -> list[Posting]:
        """What brings the caps to what the quotas say, less what counts on them and was never drawn; of that nothing
        is whose place is `moving`. Months and owners have to be under lock."""
        raw = {one.id: one for one in on_days(desk.connection, day, day) if moving is None or one.id != moving.id}
        counted = self.counted(raw.values())
        wanted = {unit: beside_what_counts(unit, of, raw, counted) for unit, of in places.items()}
        return limits(desk, quota_caps_wanted(wanted, day), CapChange(self._site, day, by))

    def counted(self, applied: Iterable[Application]) -> list[Application]:
        """As they count on quotas: who has a place in a unit has one in each above, also where that had no quota, or
        none in hours, when it was drawn. It is the own unit; of who keeps the place of another since a move, that."""
        found = []
        for one in applied:
            if one.hold and one.hold.units:
                line = self._units.with_above(one.unit, one.day)
                if not set(one.hold.units) <= set(line):
                    above = self._units.with_above(one.hold.units[0], one.day)
                    line = tuple(dict.fromkeys((*one.hold.units, *above)))
                found.append(one._replace(hold=Hold(one.hold.revision, line, line)))
            else:
                found.append(one)
        return found

    def end(self, desk: Desk, one: Application, spent: int | None, said: Said) -> None:
        """See ccd.bank.withdrawal.ending."""
        running = desk.open_month(self._site, self._month_of(max(said.today, one.day)))
        desk.post([ending(one, spent, self._house, said.by, self._site, running)])[0].or_raise()

    def move_up(self, desk: Desk, day: date, said: Said) -> list[Application]:
        """The first who wait and whose balance covers it, as far as there are places; nobody once the day has begun in
        the own unit. Whoever waits has to be under lock."""
        applied = {one.id: one for one in self.counted(on_days(desk.connection, day, day))}
        waiting = self.waiting(desk.connection, day)
        balances = balances_at_desk(desk, {agent_owner(one.agent) for one in waiting})
        found = []
        for one in waiting:
            own = balances[agent_owner(one.agent)]
            covers = sum(own[kind] for kind in takes_all(self._policies.policy_at(one.unit, day)) if kind in own)
            if covers < one.seconds or not self._has_room(desk.connection, one, applied.values(), said.at):
                continue
            revision = revision_after(desk.revisions([hold_key(one)]).get(hold_key(one), ()))
            moved = self.hold(desk, one, said, revision)
            if isinstance(moved, Application) and moved.state in HOLDING:
                applied[one.id] = became(desk.connection, moved, said, PLACE_FREED)
                found.append(applied[one.id])
        return found

    def room_for_some(self, connection: Connection, day: date, at: int) -> bool:
        """Whether there is a place for somebody who waits, if the balance covers it."""
        applied = self.counted(on_days(connection, day, day))
        waiting = (one for one in applied if one.state is ApplicationState.WAITING)
        return any(self._has_room(connection, one, applied, at) for one in waiting)

    def _has_room(self, connection: Connection, one: Application, counted: Collection[Application], at: int) -> bool:
        """On the own quota, and on those of the units above, by now; none once the day has begun in the own unit."""
        if self.has_begun(one, at):
            return False
        return is_room(places_left(self.places(connection, one.unit, one.day), counted), one.seconds)

    def waiting(self, connection: Connection, day: date) -> list[Application]:
        """Who waited before the deadline, as where who came first had the places until another policy held; then who
        was part of the allocation of the own unit, in its order; then the others, as the first in that of their
        applications."""
        waiting = [one for one in on_days(connection, day, day) if one.state is ApplicationState.WAITING]
        tops = {one.id: self.top(connection, one.unit, day) for one in waiting}
        ranks: dict[str, int] = {}
        for top in filter(None, set(tops.values())):
            if allocated := allocation_of(connection, top, day):
                order = {each.application: rank for rank, each in enumerate(allocated.order)}
                before = min(self.deadline(top, day) or allocated.at, allocated.at)  # a policy may have moved it
                for one in (each for each in waiting if tops[each.id] == top):
                    waited = one.id not in order and waits_since(connection, one.id) < before
                    ranks[one.id] = -1 if waited else order.get(one.id, len(order))
        last = max(ranks.values(), default=0)
        return sorted(waiting, key=lambda one: ranks.get(one.id, last))

    def _waits_as_first_to_come(self, connection: Connection, one: Application) -> bool:
        """In its unit ever since it was applied for: until a deadline nobody comes to wait who applies by its rules."""
        waits = one.state is ApplicationState.WAITING and one.moved_to is None
        return waits and waits_since(connection, one.id) == one.applied_at

    def top(self, connection: Connection, unit: str, day: date) -> str:
        """`topmost` for the day."""
        return topmost(self.places(connection, unit, day))

    def given_out(self, connection: Connection, top: str, day: date, at: int) -> GivenOut:
        """By the topmost unit that has a quota. Where nobody had asked by the deadline, nothing is allocated."""
        deadline = self.deadline(top, day)
        if deadline is None or allocation_of(connection, top, day):
            return GivenOut.FIRST_COME
        if at < deadline:
            return GivenOut.AT_DEADLINE
        asked = (one for one in on_days(connection, day, day) if one.awaits_allocation)
        is_awaited = any(self.top(connection, one.unit, day) == top for one in asked)
        return GivenOut.NOT_NOW if is_awaited else GivenOut.FIRST_COME

    def is_allocated_later(self, connection: Connection, unit: str, day: date, at: int) -> bool:
        return self.given_out(connection, self.top(connection, unit, day), day, at) is GivenOut.AT_DEADLINE

    def _is_holiday(self, connection: Connection, said: list[Quota], unit: str, day: date) -> bool:
        """Asked only where it makes a difference: what the library knows of a country takes a moment to be read."""
        country = self._units.country(unit, day)
        if country is None or all(quota.on != HOLIDAY for quota in said):
            return False
        return Holidays(country, corrected_days(connection).get(country, {})).of(day).kind is DayKind.STATUTORY_HOLIDAY
