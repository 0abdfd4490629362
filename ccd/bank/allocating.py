"""Places of a day, allocated by rule: in one transaction what it follows from is read under lock and published, who has
a place is approved, and who has none waits and has the seconds back."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import NamedTuple

from sqlalchemy import Connection

from ccd.bank.accounts import BALANCE_KINDS, agent_owner
from ccd.bank.allocation import LOOK_BACK, Allocation, Applicant, Free
from ccd.bank.allocation_rows import add_allocation, allocation_of
from ccd.bank.days_off_calendar import Below, PlacesOfDay, by_day, unit_days
from ccd.bank.holds import Holds
from ccd.bank.quota import Places
from ccd.bank.room import places_left
from ccd.bank.said import Said
from ccd.bank.withdrawal import (
    OPEN,
    Application,
    ApplicationState,
    Hold,
    hours_cap_name,
    placing,
    quota_cap,
    quota_caps_wanted,
)
from ccd.bank.withdrawal_rows import Changed, awaiting_days, change, granted_days, on_days, take_days
from ccd.ledger.books import Ledger
from ccd.ledger.desk import Desk
from ccd.org.staff import WHOLE_PPM

ALLOCATED = "allocated by rule"
NOT_THIS_TIME = "allocated by rule: others came before"


class Tenure(NamedTuple):
    """Since when somebody is there; None where nobody has said it. How much of full time, in parts per million."""

    joined_on: date | None = None
    contract_ppm: int = WHOLE_PPM


class Undecided(NamedTuple):
    """An application that somebody has to decide: what is left of the day, None where it has no quota any more;
    what the agent has besides what is held; the numbers of the order, and where its applicant stands in it (`place`,
    from 1) of those who are undecided for the day."""

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
                if deadline is None or deadline <= at:  # None: the unit has come to give them to who comes first
                    over.append((top, day))
            return over

        return await self._ledger.at_desk(work, keep=False)

    async def allocate(self, top: str, day: date, said: Said) -> Allocation:
        """As it was published, now or before."""

        def work(desk: Desk) -> Allocation:
            take_days(desk.connection, [day])
            owners = [agent_owner(one.agent) for one in on_days(desk.connection, day, day) if one.state in OPEN]
            desk.lock([(self._site, self._ledger.month_of(day))], owners)
            if before := allocation_of(desk.connection, top, day):
                return before
            asked = {
                one.id: one
                for one in on_days(desk.connection, day, day)
                if one.awaits_allocation and self._holds.top(desk.connection, one.unit, day) == top
            }
            places = {one.id: self._holds.places(desk.connection, one.unit, day) for one in asked.values()}
            free = self._free(desk, {unit: of for own in places.values() for unit, of in own.items()}, day, said)
            made = Allocation(
                top, day, said.at, self._applicants(desk.connection, asked, places, day, said.today), free
            )
            winners = {one.application for one in made.winners}
            for one in asked.values():
                if one.id in winners:
                    self._place(desk, one, places[one.id], said)
                else:
                    self._holds.end(desk, one, None, said)
                    self._became(desk, one, ApplicationState.WAITING, None, said, NOT_THIS_TIME)
            add_allocation(desk.connection, made)
            return made

        return await self._ledger.at_desk(work)

    async def published(self, top: str, day: date) -> Allocation | None:
        return await self._ledger.at_desk(lambda desk: allocation_of(desk.connection, top, day), keep=False)

    async def undecided(self, first: date, last: date, is_shown: Callable[[Application], bool]) -> list[Undecided]:
        """The applications for these days that hold seconds and a place, and wait for somebody's word: by day, in the
        published order."""

        def read(desk: Desk) -> list[Undecided]:
            found = []
            for day, applied in by_day(on_days(desk.connection, first, last)).items():
                asked = {
                    one.id: one
                    for one in applied
                    if one.state is ApplicationState.APPLIED and not one.awaits_allocation
                }
                places = {one.id: self._holds.places(desk.connection, one.unit, day) for one in asked.values()}
                ranked = self._applicants(desk.connection, asked, places, day, day)
                for place, each in enumerate(ranked, start=1):
                    one = asked[each.application]
                    if is_shown(one):
                        found.append(Undecided(one, places_left(places[one.id], applied), 0, each, place))
            return found

        waiting = await self._ledger.at_desk(read, keep=False)
        has = {agent: await self._balance_s(agent) for agent in {one.application.agent for one in waiting}}
        return [one._replace(balance_s=has[one.application.agent]) for one in waiting]

    async def unit_days(self, unit: str, below: Below, first: date, last: date) -> list[PlacesOfDay]:
        """The calendar of a unit, with those `below` it on each day."""
        return await unit_days(self._ledger, self._holds, unit, below, first, last)

    async def _balance_s(self, agent: str) -> int:
        kinds = await self._ledger.balances(agent_owner(agent))
        return sum(kinds.get(kind, 0) for kind in BALANCE_KINDS)

    def _free(self, desk: Desk, places: dict[str, Places], day: date, said: Said) -> dict[str, Free]:
        """What is left of each unit's quota, under lock and with the limits as the quotas say."""
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
    ) -> tuple[Applicant, ...]:
        """In their order; of whom nobody has said since when they are there, they are since `today`."""
        granted = granted_days(connection, [one.agent for one in asked.values()], day - LOOK_BACK, day)
        found = []
        for one in asked.values():
            joined_on, contract_ppm = self._tenure_of(one.agent, day)
            found.append(
                Applicant(
                    one.id, one.agent, one.seconds, granted.get(one.agent, 0), contract_ppm, joined_on or today,
                    one.applied_at, tuple(places[one.id]),
                )
            )  # fmt: skip
        return tuple(sorted(found, key=lambda one: one.rank))

    def _place(self, desk: Desk, one: Application, places: Mapping[str, Places], said: Said) -> None:
        assert one.hold is not None, "its seconds are held"
        in_hours = tuple(unit for unit, of in places.items() if of.seconds is not None)
        hold = Hold(one.hold.revision, tuple(places), in_hours)
        desk.post([placing(one, hold, said.by, self._site)])[0].or_raise()
        self._became(desk, one, ApplicationState.APPROVED, hold, said, ALLOCATED)

    def _became(
        self, desk: Desk, one: Application, state: ApplicationState, hold: Hold | None, said: Said, why: str
    ) -> None:
        now = one._replace(state=state, number=one.number + 1, hold=hold)
        change(desk.connection, Changed(now, said.at, said.by, why))
