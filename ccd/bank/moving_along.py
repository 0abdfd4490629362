"""A day off goes along with an agent who moves: it is decided on in the unit in which the agent is on that day, and its
place is drawn there (docs/time-bank.md 3.6). Days that are had together or not at all go along together."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date
from functools import partial
from typing import NamedTuple

from sqlalchemy import Connection

from ccd.bank.branch import Branch
from ccd.bank.holds import GivenOut, Holds, LockToo, topmost
from ccd.bank.room import left_of
from ccd.bank.said import Said
from ccd.bank.withdrawal import OPEN, Application, ApplicationState, Hold, moving_place, unit_by_now
from ccd.bank.withdrawal_rows import became, of_run, on_days, open_days
from ccd.ledger.desk import Desk
from ccd.ledger.model import Rule

NOT_ALL_DAYS = "the agent has moved: not all of these days can be had any more"


class Move(NamedTuple):
    """An application, and the unit in which its agent is on the day; the same, of a day that stays where it is."""

    one: Application
    unit: str

    @property
    def there(self) -> Application:
        return self.one._replace(unit=self.unit)

    @property
    def why(self) -> str:
        return f"the agent is in {self.unit} on that day"


class MovingAlong:
    """Of one site."""

    def __init__(self, branch: Branch) -> None:
        self._ledger, self._units, _, self._days, self._site = branch
        self._holds = Holds(branch.units, branch.policies, branch.site, branch.ledger.month_of)

    async def moved_days(self, at: int) -> list[date]:
        """Those that have not begun, and for which somebody has applied in another unit than where they are by now, or
        has a place in another, and there is one where they are."""

        def read(desk: Desk) -> list[date]:
            if not (days := open_days(desk.connection, date.max)):
                return []
            return sorted({move.one.day for move in self._moved(desk.connection, min(days), max(days), at)})

        return await self._ledger.at_desk(read, keep=False)

    async def move(self, day: date, said: Said) -> list[Application]:
        """Those of the day that have moved, with the days that are had together with them, and those that have a place
        since. Who waits comes first; what one gives up another may have, who was looked at before."""
        done: list[Application] = []
        once = partial(self._move_day, day=day, said=said)
        while changed := await self._holds.under_lock(self._ledger, day, once):
            done += changed
            if all(self._keeps_its_place(one) for one in changed):
                break
        return done

    def _move_day(self, desk: Desk, days: Collection[date], day: date, said: Said) -> list[Application] | LockToo:
        """With these days under lock."""
        connection = desk.connection
        moved = list(self._moved(connection, day, day, said.at))
        runs = self._runs(connection, moved, said.at)
        if more := {move.one.day for run in runs for move in run}.difference(days):
            return LockToo(more)
        done = [became(connection, move.there, said, move.why) for move in moved if move.one.hold is None]
        done += self._holds.move_up(desk, day, said)
        together = {move.one.id for run in runs for move in run}
        for move in list(self._moved(connection, day, day, said.at)):
            if move.one.id not in together:
                done.append(self._move(desk, move, said))
        for run in runs:
            done += self._move_run(desk, run, said)
        for each in sorted(days):
            done += self._holds.move_up(desk, each, said)
        return done

    def _moved(self, connection: Connection, first: date, last: date, at: int) -> Iterator[Move]:
        for one in on_days(connection, first, last):
            if one.state in OPEN:
                move = Move(one, unit_by_now(one, self._days))
                has_moved = move.unit != one.unit or self._has_place_by_now(connection, move)
                if has_moved and not self._holds.has_begun(move.there, at):
                    yield move

    def _has_place_by_now(self, connection: Connection, move: Move) -> bool:
        """Where the agent is, of what was approved and has that of another unit still."""
        one, held = move.one, move.one.hold
        if held is None or not self._keeps_its_place(move.there):
            return False
        places = self._holds.places(connection, move.unit, one.day)
        counted = self._holds.counted(each for each in on_days(connection, one.day, one.day) if each.id != one.id)
        left = {unit: left_of(unit, of, counted) for unit, of in places.items()}
        return bool(places) and all(
            (unit in held.units or of.agents > 0)
            and (unit in held.in_hours or of.seconds is None or of.seconds >= one.seconds)
            for unit, of in left.items()
        )

    def _keeps_its_place(self, one: Application) -> bool:
        """That of a unit where the agent is no more: it was approved, and there is none where they are."""
        line = self._units.with_above(one.unit, one.day)
        return one.state is ApplicationState.APPROVED and one.hold is not None and not set(one.hold.units) <= set(line)

    def _runs(self, connection: Connection, moved: Iterable[Move], at: int) -> list[list[Move]]:
        """Of what has moved, and is had together or not at all in both units: the days of it that nobody has decided on
        yet, but for those that have begun, and that somebody can approve still."""
        found: dict[str, list[Move]] = {}
        for move in moved:
            one = move.one
            together = all(self._holds.has_runs_together(each) for each in (one, move.there))
            if one.run and one.state is ApplicationState.APPLIED and together:
                every = [Move(each, unit_by_now(each, self._days)) for each in of_run(connection, one.run)]
                undecided = [each for each in every if each.one.state is ApplicationState.APPLIED]
                found[one.run] = [each for each in undecided if not self._holds.is_of_its_own(each.there, at)]
        return [run for run in found.values() if len(run) > 1]

    def _move(self, desk: Desk, move: Move, said: Said) -> Application:
        """By itself. What was approved stays; what was not waits where there is no place."""
        one = move.one
        assert one.hold is not None, "who waits has moved already"
        if there := self._there(desk, move, one.hold, said):
            return became(desk.connection, there, said, move.why + _place_of(there))
        if one.state is ApplicationState.APPROVED:
            keeps = f", where there is no place yet: it keeps that of {', '.join(one.hold.units)} until then"
            return became(desk.connection, move.there, said, move.why + keeps)
        self._holds.end(desk, one, None, said)
        waits = ", where it waits for a place"
        if not self._holds.places(desk.connection, move.unit, one.day):
            waits = ", and nobody has said how many may be off there"
        there = move.there._replace(state=ApplicationState.WAITING, hold=None)
        return became(desk.connection, there, said, move.why + waits)

    def _move_run(self, desk: Desk, run: Sequence[Move], said: Said) -> list[Application]:
        """Each of its days has a place, or is to be allocated, where the agent is on it; or all of them end, as
        where one has begun."""
        now: list[Application] = []
        for move in run:
            assert move.one.hold is not None, "nobody has decided on it"
            if self._holds.has_begun(move.there, said.at):
                break
            there = self._there(desk, move, move.one.hold, said) if move.unit != move.one.unit else move.one
            if there is None:
                break
            now.append(there)
        awaits = any(one.awaits_allocation for one in now)
        now = [one._replace(state=self._state_in_run(one, awaits)) for one in now]
        if len(now) == len(run) and self._holds.allocated_too_late(desk.connection, now) is None:
            pairs = zip(run, now, strict=True)
            return [
                became(desk.connection, there, said, move.why + _place_of(there))
                for move, there in pairs
                if there != move.one
            ]
        held = {move.one.id: move.one for move in run} | {one.id: one for one in now}
        for one in held.values():
            self._holds.end(desk, one, None, said)
        ended = [move.there._replace(state=ApplicationState.REFUSED, hold=None) for move in run]
        return [became(desk.connection, one, said, NOT_ALL_DAYS) for one in ended]

    def _state_in_run(self, one: Application, awaits: bool) -> ApplicationState:
        """Of one of the days that has something; whether one of them `awaits` its allocation."""
        is_approved = not awaits and not self._holds.has_to_be_approved(one)
        return ApplicationState.APPROVED if is_approved else ApplicationState.APPLIED

    def _there(self, desk: Desk, move: Move, held: Hold, said: Said) -> Application | None:
        """With its place in the new unit, or taking part in its allocation; None where neither can be. What was
        approved takes part in none: it has one of the places."""
        one = move.one
        places = self._holds.places(desk.connection, move.unit, one.day)
        if not places:
            return None
        given_out = self._holds.given_out(desk.connection, topmost(places), one.day, said.at)
        if one.state is ApplicationState.APPROVED:
            given_out = GivenOut.FIRST_COME
        if given_out is GivenOut.NOT_NOW:
            return None
        drawn = {} if given_out is GivenOut.AT_DEADLINE else places
        now = move.there._replace(hold=Hold.on(drawn, held.revision))
        if drawn and not self._holds.has_to_be_approved(move.there):
            now = now._replace(state=ApplicationState.APPROVED)
        posting = moving_place(one, now, said.by, self._site)
        if posting.terms:
            outcome = desk.post([*self._holds.limits(desk, drawn, one.day, said.by, one), posting])[-1]
            if outcome.refusal is not None and outcome.refusal.rule is Rule.CAP:
                return None
            outcome.or_raise()
        return now


def _place_of(there: Application) -> str:
    assert there.hold is not None, "it holds something"
    return ": its place is there now" if there.hold.units else ", whose places are allocated by rule"
