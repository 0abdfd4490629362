"""A day off goes along with an agent who moves: it is decided on in the unit in which the agent is on that day, and its
place is drawn there (docs/time-bank.md 4)."""

from collections.abc import Iterator
from datetime import date

from sqlalchemy import Connection

from ccd.bank.accounts import agent_owner
from ccd.bank.branch import Branch
from ccd.bank.holds import Holds
from ccd.bank.said import Said
from ccd.bank.withdrawal import OPEN, Application, ApplicationState, Hold, moving_place
from ccd.bank.withdrawal_rows import Changed, change, on_days, open_days, take_days
from ccd.ledger.desk import Desk
from ccd.ledger.model import Rule


class MovingAlong:
    """Of one site."""

    def __init__(self, branch: Branch) -> None:
        self._ledger, self._units, self._policies, self._days, self._site = branch
        self._holds = Holds(branch.units, branch.policies, branch.site, branch.ledger.month_of)

    async def moved_days(self, at: int) -> list[date]:
        """Those that have not begun, and for which somebody has applied in another unit than where they are by now."""

        def read(desk: Desk) -> list[date]:
            if not (days := open_days(desk.connection, date.max)):
                return []
            return sorted({one.day for one, _ in self._moved(desk.connection, min(days), max(days), at)})

        return await self._ledger.at_desk(read, keep=False)

    async def move(self, day: date, said: Said) -> list[Application]:
        """Those of the day that have moved, and those that have a place since. Who waits comes first."""

        def work(desk: Desk) -> list[Application]:
            take_days(desk.connection, [day])
            owners = [agent_owner(one.agent) for one in on_days(desk.connection, day, day) if one.state in OPEN]
            desk.lock([(self._site, self._ledger.month_of(day))], owners)
            before = self._holds.move_up(desk, day, said)
            moved = [
                self._move(desk, one, unit, said) for one, unit in [*self._moved(desk.connection, day, day, said.at)]
            ]
            return [*before, *moved, *self._holds.move_up(desk, day, said)]

        return await self._ledger.at_desk(work)

    def _moved(self, connection: Connection, first: date, last: date, at: int) -> Iterator[tuple[Application, str]]:
        for one in on_days(connection, first, last):
            unit = self._days.unit(one.agent, one.day) if one.state in OPEN else None
            if unit not in (None, one.unit) and one.day > self._units.days(unit).at(at).day:
                yield one, unit

    def _move(self, desk: Desk, one: Application, unit: str, said: Said) -> Application:
        now = one._replace(unit=unit, number=one.number + 1)
        why = f"the agent is in {unit} on that day"
        if one.hold is not None:
            now, what = self._with_place(desk, one, now, one.hold, said)
            why += what
        change(desk.connection, Changed(now, said.at, said.by, why))
        return now

    def _with_place(
        self, desk: Desk, one: Application, now: Application, held: Hold, said: Said
    ) -> tuple[Application, str]:
        """And what became of its place, in words. What was approved stays; what was not has one in the new unit, takes
        part in its allocation, or waits."""
        places = self._holds.places(desk.connection, now.unit, one.day)
        is_approved = one.state is ApplicationState.APPROVED
        by_rule = self._holds.awaits(desk.connection, [*places][-1], one.day, said.at) if places else None
        if places and (is_approved or by_rule is not False):
            drawn = places if is_approved or not by_rule else {}
            in_hours = tuple(each for each in drawn if drawn[each].seconds is not None)
            there = now._replace(hold=Hold(held.revision, tuple(drawn), in_hours))
            posting = moving_place(one, there, said.by, self._site)
            if not posting.terms:
                return there, ""
            outcome = desk.post([*self._holds.limits(desk, drawn, one.day, said.by), posting])[-1]
            if outcome.refusal is None or outcome.refusal.rule is not Rule.CAP:
                outcome.or_raise()
                return there, ": its place is there now" if drawn else ", whose places are allocated by rule"
        if is_approved:
            return now, f", where there is no place: it keeps that of {', '.join(held.units)}"
        self._holds.end(desk, one, None, said)
        full = ", where it waits for a place" if places else ", and nobody has said how many may be off there"
        return now._replace(state=ApplicationState.WAITING, hold=None), full
