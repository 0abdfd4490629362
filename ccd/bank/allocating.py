"""Places of a day, allocated by rule: in one transaction what it follows from is read under lock and published, who has
a place is approved, and who has none waits and has the seconds back. A run of days that is had together or not at all
is decided on with its first."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date
from functools import partial
from typing import NamedTuple

from sqlalchemy import Connection

from ccd.bank.accounts import BALANCE_KINDS, agent_owner
from ccd.bank.allocation import LOOK_BACK, Allocation, Applicant, Free
from ccd.bank.allocation_rows import add_allocation, allocation_of
from ccd.bank.days_off_calendar import Below, PlacesOfDay, by_day, unit_days
from ccd.bank.holds import Holds, LockToo
from ccd.bank.quota import Places
from ccd.bank.room import is_room, places_left
from ccd.bank.said import Said
from ccd.bank.withdrawal import (
    HOLDING,
    OPEN,
    Application,
    ApplicationState,
    Hold,
    hours_cap_name,
    placing,
    quota_cap,
    quota_caps_wanted,
)
from ccd.bank.withdrawal_rows import awaiting_days, became, granted_days, of_run, on_days, open_days
from ccd.ledger.books import Ledger
from ccd.ledger.desk import Desk
from ccd.org.staff import WHOLE_PPM

ALLOCATED = "allocated by rule"
NOT_THIS_TIME = "allocated by rule: others came before"
HAD_BEGUN = "allocated by rule: the day had begun by then"
WHAT_IS_LEFT = "allocated by rule before: who comes first has what is left"
NOT_ALL_DAYS = "allocated by rule: not all of these days could be had"

Runs = Mapping[str, Sequence[Application]]  # by name, those of other days, in their order


class Tenure(NamedTuple):
    """Since when somebody is there; None where nobody has said it. How much of full time, in parts per million."""

    joined_on: date | None = None
    contract_ppm: int = WHOLE_PPM


class Undecided(NamedTuple):
    """An application that somebody has to decide: what is left of the day, None where it has no quota any more;
    what the agent has besides what is held; the numbers of the order, and where its applicant stands in it (`place`,
    from 1) of those who are undecided for the day on the same quotas."""

    application: Application
    left: Places | None
    balance_s: int
    applicant: Applicant
    place: int


class Allocations:
    """Of one site. `tenure_of` answers for an agent and a day."""

    def __init__(self, ledger: Ledger, holds: Holds, site: str, tenure_of: Callable[[str, date], Tenure]) -> None:
        self._ledger, self._holds, self._site, self._tenure_of = ledger, holds, site, tenure_of

    async def due(self, first: date, at: int) -> list[tuple[str, date]]:
        """By topmost unit with a quota, the days from `first` on whose deadline has passed and which somebody waits
        for."""

        def work(desk: Desk) -> list[tuple[str, date]]:
            found = set()
            for day in awaiting_days(desk.connection, first):
                for one in on_days(desk.connection, day, day):
                    if one.awaits_allocation:
                        found.add((self._holds.top(desk.connection, one.unit, day), day))
            over = []
            for top, day in sorted(found):
                deadline = self._holds.deadline(top, day)
                if deadline is None or deadline <= at:  # None: who comes first has them by now, or there are none
                    over.append((top, day))
            return over

        return await self._ledger.at_desk(work, keep=False)

    async def allocate(self, top: str, day: date, said: Said) -> Allocation:
        """As it was published, now or before."""
        return await self._holds.under_lock(self._ledger, day, partial(self._allocate, top=top, day=day, said=said))

    async def decided_by_rule(self, first: date, at: int) -> list[date]:
        """Those from `first` on of which something has a place, and nobody has to approve it: it waited for other days
        of its run, of which the last has gone with leave that comes first, or by an older policy for a person; or it
        has begun, and so nothing of its run can be had any more."""

        def read(desk: Desk) -> list[date]:
            days = [day for day in open_days(desk.connection, date.max) if day >= first]
            every = on_days(desk.connection, days[0], days[-1]) if days else []
            tests = self._holds.is_approved_by_rule, self._holds.is_lost_with_its_run
            return sorted({one.day for one in every if any(test(desk.connection, one, at) for test in tests)})

        return await self._ledger.at_desk(read, keep=False)

    async def decide_by_rule(self, day: date, said: Said) -> list[Application]:
        """What of the day nobody has to approve is; or it ends, with its run."""
        work = partial(self._decide_by_rule, day=day, said=said)
        return await self._holds.under_lock(self._ledger, day, work)

    async def published(self, top: str, day: date) -> Allocation | None:
        return await self._ledger.at_desk(lambda desk: allocation_of(desk.connection, top, day), keep=False)

    async def undecided(
        self,
        first: date,
        last: date,
        now_as: Callable[[Application], Application],
        is_shown: Callable[[Application], bool],
    ) -> list[Undecided]:
        """The applications for these days that hold seconds and a place, and wait for somebody's word: by day, in the
        published order; each `now_as` it is decided on, in the unit in which its agent is on that day."""

        def read(desk: Desk) -> list[Undecided]:
            found = []
            for day, applied in by_day(on_days(desk.connection, first, last)).items():
                asked = {
                    one.id: now_as(one)
                    for one in applied
                    if one.awaits_approval and not self._holds.waits_for_its_run(desk.connection, one)
                }
                places = {one.id: self._holds.places(desk.connection, one.unit, day) for one in asked.values()}
                counted = self._holds.counted(applied)
                before: Counter[str] = Counter()  # by the unit whose quota the topmost is of those they draw on
                for each in self._applicants(desk.connection, asked, places, day, day):
                    one = asked[each.application]
                    top = next(reversed(each.line), one.unit)
                    before[top] += 1
                    place = before[top]
                    if is_shown(one):
                        left = places_left(places[one.id], counted)
                        found.append(Undecided(one, left, 0, each, place))
            return found

        waiting = await self._ledger.at_desk(read, keep=False)
        has = {agent: await self._balance_s(agent) for agent in {one.application.agent for one in waiting}}
        return [one._replace(balance_s=has[one.application.agent]) for one in waiting]

    async def unit_days(self, unit: str, below: Below, first: date, last: date) -> list[PlacesOfDay]:
        """The calendar of a unit, with those `below` it on each day."""
        return await unit_days(self._ledger, self._holds, unit, below, first, last)

    def _allocate(self, desk: Desk, days: Collection[date], top: str, day: date, said: Said) -> Allocation | LockToo:
        """With these days under lock."""
        connection = desk.connection
        awaiting = {each: [one for one in on_days(connection, each, each) if one.awaits_allocation] for each in days}
        asked = {one.id: one for one in awaiting[day] if self._holds.top(connection, one.unit, day) == top}
        runs = self._runs(connection, asked.values(), said.at)
        if more := {one.day for others in runs.values() for one in others}.difference(days):
            return LockToo(more)
        if before := allocation_of(connection, top, day):
            self._give_what_is_left(desk, asked.values(), runs, said)
            return before
        lost = {name for name, others in runs.items() if any(self._holds.has_begun(one, said.at) for one in others)}
        late = {one.id for one in asked.values() if one.run in lost or self._is_late(top, one, said.at)}
        places = {
            one.id: {} if one.id in late else self._holds.places(connection, one.unit, day) for one in asked.values()
        }
        made = Allocation(
            top, day, said.at, self._applicants(connection, asked, places, day, said.today, runs),
            self._free(desk, places.values(), day, said),
        )  # fmt: skip
        for later, theirs in _later_days(runs).items():
            made = self._with_later(desk, made, later, theirs, awaiting[later], runs, said)
        winners = {one.application for one in made.winners}
        for one in asked.values():
            others = runs.get(one.run, ())
            if one.id in winners:
                for each in (one, *(other for other in others if other.awaits_allocation)):
                    own = self._holds.places(connection, each.unit, each.day)
                    self._place(desk, each, own, ApplicationState.APPROVED, said, ALLOCATED)
                self._holds.approve_by_rule(desk, (other for other in others if not other.awaits_allocation), said)
            else:
                self._give_nothing(desk, one, others, said, HAD_BEGUN if one.id in late else NOT_THIS_TIME)
        add_allocation(connection, made)
        return made

    def _give_what_is_left(self, desk: Desk, asked: Iterable[Application], runs: Runs, said: Said) -> None:
        """To who comes first, as whoever asks for it after the allocation: these have come to ask this unit since."""
        for one in asked:
            self._holds.move_up(desk, one.day, said)  # who waits comes first
            places, others = self._holds.places(desk.connection, one.unit, one.day), runs.get(one.run, ())
            left = places_left(places, self._holds.counted(on_days(desk.connection, one.day, one.day)))
            has_begun = any(self._holds.has_begun(each, said.at) for each in (one, *others))
            if is_room(left, one.seconds) and not has_begun:
                desk.post(self._holds.limits(desk, places, one.day, said.by))
                placed = self._place(desk, one, places, ApplicationState.APPLIED, said, WHAT_IS_LEFT)
                self._holds.approve_by_rule(desk, [placed, *others], said)
            else:
                self._give_nothing(desk, one, others, said, HAD_BEGUN if has_begun else NOT_THIS_TIME)

    def _decide_by_rule(self, desk: Desk, days: Collection[date], day: date, said: Said) -> list[Application] | LockToo:
        """With these days under lock."""
        every = on_days(desk.connection, day, day)
        lost = [one for one in every if self._holds.is_lost_with_its_run(desk.connection, one, said.at)]
        runs = self._runs(desk.connection, lost, said.at)
        if more := {one.day for others in runs.values() for one in others}.difference(days):
            return LockToo(more)
        ended = [self._end_of_run(desk, each, said) for one in lost for each in (one, *runs.get(one.run, ()))]
        return [*ended, *self._holds.approve_by_rule(desk, every, said)]

    def _is_late(self, top: str, one: Application, at: int) -> bool:
        """Its day has begun, and was to be given out before: who knew of no day off is at work."""
        deadline = self._holds.deadline(top, one.day)
        in_time = deadline is not None and self._holds.has_begun(one, deadline)
        return self._holds.has_begun(one, at) and not in_time

    def _runs(self, connection: Connection, asked: Iterable[Application], at: int) -> Runs:
        """Of these applications, where they are part of such, the other days of the run that are open, and that nobody
        has approved; but for those that have begun, and that somebody can approve still."""
        found = {}
        for one in asked:
            if one.run and self._holds.has_runs_together(one):
                every = [each for each in of_run(connection, one.run) if each.state in OPEN and each.id != one.id]
                undecided = [each for each in every if each.state is not ApplicationState.APPROVED]
                if others := [each for each in undecided if not self._holds.is_of_its_own(each, at)]:
                    found[one.run] = others
        return found

    def _with_later(
        self,
        desk: Desk,
        made: Allocation,
        day: date,
        theirs: Sequence[Application],
        awaiting: Sequence[Application],
        runs: Runs,
        said: Said,
    ) -> Allocation:
        """And who is reckoned with of a later day: those of the runs, and who asked for it on the same quotas."""
        places = {one.id: self._holds.places(desk.connection, one.unit, day) for one in (*theirs, *awaiting)}
        drawn = {unit for one in theirs for unit in places[one.id]}
        asked = {one.id: one for one in awaiting if drawn & places[one.id].keys()}
        besides = self._applicants(desk.connection, asked, places, made.day, said.today, runs)
        free = self._free(desk, (places[name] for name in asked), day, said)
        return made._replace(
            besides=(*made.besides, *(one._replace(day=day) for one in besides)), later={**made.later, day: free}
        )

    def _give_nothing(self, desk: Desk, one: Application, others: Sequence[Application], said: Said, why: str) -> None:
        """Who asked for the day alone waits; with others of a run, all of it ends."""
        if others:
            for each in (one, *others):
                self._end_of_run(desk, each, said)
        else:
            self._holds.end(desk, one, None, said)
            became(desk.connection, one._replace(state=ApplicationState.WAITING, hold=None), said, why)

    def _end_of_run(self, desk: Desk, one: Application, said: Said) -> Application:
        if one.state in HOLDING:
            self._holds.end(desk, one, None, said)
        ended = one._replace(state=ApplicationState.REFUSED, hold=None)
        return became(desk.connection, ended, said, NOT_ALL_DAYS)

    async def _balance_s(self, agent: str) -> int:
        kinds = await self._ledger.balances(agent_owner(agent))
        return sum(kinds.get(kind, 0) for kind in BALANCE_KINDS)

    def _free(self, desk: Desk, of: Iterable[Mapping[str, Places]], day: date, said: Said) -> dict[str, Free]:
        """What is left of each unit's quota, under lock and with the limits as the quotas say."""
        places = {unit: own for line in of for unit, own in line.items()}
        desk.post(self._holds.limits(desk, places, day, said.by))
        caps = desk.caps(quota_caps_wanted(places, day))
        left = {name: max(0, cap.limit_s - cap.drawn_s) for name, cap in caps.items()}
        return {
            unit: Free(left[quota_cap(unit, day)], None if of.seconds is None else left[hours_cap_name(unit, day)])
            for unit, of in places.items()
        }

    def _applicants(
        self,
        connection: Connection,
        asked: Mapping[str, Application],
        places: Mapping[str, Mapping[str, Places]],
        day: date,
        today: date,
        runs: Collection[str] = (),
    ) -> tuple[Applicant, ...]:
        """In their order; of whom nobody has said since when they are there, they are since `today`."""
        granted = granted_days(connection, [one.agent for one in asked.values()], day - LOOK_BACK, day)
        found = []
        for one in asked.values():
            joined_on, contract_ppm = self._tenure_of(one.agent, day)
            found.append(
                Applicant(
                    one.id, one.agent, one.seconds, granted.get(one.agent, 0), contract_ppm, joined_on or today,
                    one.applied_at, tuple(places[one.id]), one.run if one.run in runs else "",
                )
            )  # fmt: skip
        return tuple(sorted(found, key=lambda one: one.rank))

    def _place(
        self,
        desk: Desk,
        one: Application,
        places: Mapping[str, Places],
        state: ApplicationState,
        said: Said,
        why: str,
    ) -> Application:
        """Where the limits are as the quotas say."""
        assert one.hold is not None, "its seconds are held"
        hold = Hold.on(places, one.hold.revision)
        desk.post([placing(one, hold, said.by, self._site)])[0].or_raise()
        return became(desk.connection, one._replace(state=state, hold=hold), said, why)


def _later_days(runs: Runs) -> dict[date, list[Application]]:
    """What is to be allocated with the runs' first day."""
    return by_day(
        sorted((one for own in runs.values() for one in own if one.awaits_allocation), key=lambda one: one.day)
    )
