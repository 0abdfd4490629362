"""Places and seconds of days off at the desk: held, given back, and given to the next who waits."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection

from ccd.bank.accounts import House
from ccd.bank.allocation_rows import allocation_of
from ccd.bank.at_desk import revision_after
from ccd.bank.limits import Asked, limits
from ccd.bank.policy import Policies
from ccd.bank.quota import ANY, HOLIDAY, Places, Quota, places_on
from ccd.bank.said import Said
from ccd.bank.withdrawal import HOLDING, Application, Hold, State, ending, hold_key, holding, wanted_of
from ccd.bank.withdrawal_rows import Changed, change, loads_of, on_days, quotas_of
from ccd.errors import WithdrawalError
from ccd.ledger.desk import Desk
from ccd.ledger.model import Outcome, Posting, Rule
from ccd.org.holidays import DayKind, Holidays, parse
from ccd.org.store import HOLIDAYS, newest
from ccd.org.units import Units


class Holds:
    """Of one site. `month_of` says in which month a day counts."""

    def __init__(self, units: Units, policies: Policies, site: str, month_of: Callable[[date], str]) -> None:
        self._units, self._policies, self._site, self._month_of = units, policies, site, month_of
        self._house = House.of(site)

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

    def deadline(self, unit: str, day: date) -> int | None:
        """When the places of a day are allocated, µs, by the policy of the topmost unit that has a quota; None where
        who comes first has them."""
        terms = self._policies.policy_at(unit, day).days_off
        if terms.allocate != "by_rule":
            return None
        written = datetime.combine(day - timedelta(days=terms.allocate_days_before), terms.allocate_at)
        return self._units.instant(unit, written)

    def hold(self, desk: Desk, asked: Application, said: Said, revision: int) -> Application | Outcome:
        """As it stands then: held, or waiting for a place; the outcome where the balance does not cover it."""
        places = self.places(desk.connection, asked.unit, asked.day)
        if not places:
            raise WithdrawalError(
                asked.agent,
                f"can't take {asked.day}: nobody has said how many of {asked.unit} may. Set a quota:"
                f" ccd bank withdraw quota {asked.unit} {asked.day} AGENTS",
            )
        by_rule = self._awaits(desk.connection, list(places)[-1], asked.day, said.at)
        if by_rule is False:
            return asked._replace(state=State.WAITING, hold=None)
        if by_rule:
            places = {}
        hold = Hold(revision, tuple(places), tuple(unit for unit in places if places[unit].seconds is not None))
        policy = self._policies.policy_at(asked.unit, asked.day)
        posting = holding(asked, hold, policy, said.by, self._site)
        outcome = desk.post([*self.limits(desk, places, asked.day, said.by), posting])[-1]
        if outcome.refusal and outcome.refusal.rule is not Rule.CAP:
            return outcome
        if outcome.refusal:
            return asked._replace(state=State.WAITING, hold=None)
        at_once = places and policy.days_off.approve == "rule"
        return asked._replace(state=State.APPROVED if at_once else State.APPLIED, hold=hold)

    def limits(self, desk: Desk, places: dict[str, Places], day: date, by: str) -> list[Posting]:
        """What brings the caps to what the quotas say; months and owners have to be under lock."""
        return limits(desk, wanted_of(places, day), Asked(self._site, day, by))

    def end(self, desk: Desk, one: Application, spent: int | None, said: Said) -> None:
        """See ccd.bank.withdrawal.ending."""
        running = desk.open_month(self._site, self._month_of(max(said.today, one.day)))
        desk.post([ending(one, spent, self._house, said.by, self._site, running)])[0].or_raise()

    def move_up(self, desk: Desk, day: date, said: Said) -> None:
        """The first who wait and whose balance covers it, as far as there are places; nobody once the day has begun in
        the own unit."""
        for one in self.waiting(desk.connection, day):
            if day <= self._units.days(one.unit).at(said.at).day or not self.places(desk.connection, one.unit, day):
                continue  # or its unit stands below others now, none of which has a quota
            revision = revision_after(desk.revisions([hold_key(one)]).get(hold_key(one), ()))
            moved = self.hold(desk, one._replace(number=one.number + 1), said, revision)
            if isinstance(moved, Application) and moved.state in HOLDING:
                change(desk.connection, Changed(moved, said.at, said.by, "a place was freed"))

    def waiting(self, connection: Connection, day: date) -> list[Application]:
        """Who was part of an allocation first, in its order; then in that of their applications."""
        waiting = [one for one in on_days(connection, day, day) if one.state is State.WAITING]
        ranks: dict[str, int] = {}
        for top in {self.top(connection, one.unit, day) for one in waiting}:
            if top and (allocated := allocation_of(connection, top, day)):
                ranks.update((each.application, rank) for rank, each in enumerate(allocated.order))
        return sorted(waiting, key=lambda one: ranks.get(one.id, len(ranks)))

    def top(self, connection: Connection, unit: str, day: date) -> str:
        """The topmost unit that has a quota for the day; "" where none has."""
        return next(reversed(self.places(connection, unit, day)), "")

    def _awaits(self, connection: Connection, top: str, day: date, at: int) -> bool | None:
        """None: who comes first has a place. Until the deadline, seconds alone are held; from then on until the places
        are allocated (False), nothing is."""
        deadline = self.deadline(top, day)
        if deadline is None or allocation_of(connection, top, day):
            return None
        return at < deadline

    def _is_holiday(self, connection: Connection, said: list[Quota], unit: str, day: date) -> bool:
        """Asked only where it makes a difference: what the library knows of a country takes a moment to be read."""
        country = self._units.country(unit, day)
        if country is None or all(quota.on != HOLIDAY for quota in said):
            return False
        kept = newest(connection, HOLIDAYS)
        corrected = parse(kept.text, Path(HOLIDAYS)).get(country, {}) if kept else {}
        return Holidays(country, corrected).of(day).kind is DayKind.STATUTORY_HOLIDAY
