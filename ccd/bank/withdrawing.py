"""Withdrawing: applications for days off, with seconds and places held, freed and spent in one transaction each.

Whoever acts on a day's applications has the day to themselves first, so that who has applied is known before it is
locked. The order of the other locks is the ledger's: the months, the agents, the quotas' caps. Whoever frees a place
locks those who wait for that day as well, so that the first whose balance covers it moves up in the same transaction.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from sqlalchemy import Connection

from ccd.bank.accounts import agent_owner
from ccd.bank.asking import Asking
from ccd.bank.at_desk import open_accounts
from ccd.bank.holds import Holds
from ccd.bank.policy import Policies
from ccd.bank.said import Said
from ccd.bank.withdrawal import (
    OPEN,
    WHOLE,
    Application,
    Hold,
    Part,
    State,
    check,
    check_in_time,
    check_next,
    planned_s,
    spent_s,
    work_us,
)
from ccd.bank.withdrawal_rows import Changed, add, change, of_run, on_days, open_days, take_days, with_id
from ccd.errors import WithdrawalError
from ccd.floor.days import SECOND, dates
from ccd.floor.expected import Shift
from ccd.ledger.books import Ledger
from ccd.ledger.desk import Desk
from ccd.ledger.model import Outcome
from ccd.org.acts import is_noted
from ccd.org.agent_days import AgentDays
from ccd.org.rights import may_apply, may_decide
from ccd.org.shift_rows import absences_of, shifts_from
from ccd.org.units import Units

NOBODY_DECIDED = "nobody had decided when the day was over"
NO_PLACE = "no place was freed before the day was over"
RUN_DAYS_MAX = 92


class Withdrawals:
    """Of one site."""

    def __init__(self, ledger: Ledger, units: Units, policies: Policies, days: AgentDays, site: str) -> None:
        self._ledger, self._units, self._policies, self._days, self._site = ledger, units, policies, days, site
        self.holds = Holds(units, policies, site, ledger.month_of)

    async def apply(self, name: str, agent: str, day: date, part: Part | int | None, said: Said) -> Application:
        """Holds what is asked for, or waits for a place; asked again, says how it stands. Without a part, or its
        seconds, the whole day. WithdrawalError where it can't be, and where the balance does not cover it."""
        asked = part if isinstance(part, Part) else Part(part)
        await open_accounts(self._ledger, self._site, [agent], said.by)

        def work(desk: Desk) -> Application:
            take_days(desk.connection, [day])
            desk.lock([(self._site, self._ledger.month_of(day))], [agent_owner(agent)])
            if known := with_id(desk.connection, name):
                same = (known.start, known.end) == asked[1:] and asked.seconds in (None, known.seconds)
                if (known.agent, known.day) != (agent, day) or not same:
                    raise WithdrawalError(agent, f"has applied as {name} for something else: choose another key")
                return known
            return self._apply_at(desk, name, agent, day, asked, said)

        return await self._ledger.at_desk(work)

    async def apply_for_run(self, name: str, agent: str, days: Sequence[date], said: Said) -> list[Application]:
        """For several whole days at once, or for none of them where one has no place (`run_of_days = "each"`: each as
        it can be had). Where the unit keeps schedules, days without a shift are passed over."""
        if not 0 < len(days) <= RUN_DAYS_MAX:
            raise WithdrawalError(agent, f"asks for {len(days)} days; ask for 1 to {RUN_DAYS_MAX} of them")
        await open_accounts(self._ledger, self._site, [agent], said.by)

        def work(desk: Desk) -> list[Application]:
            take_days(desk.connection, days)
            desk.lock({(self._site, self._ledger.month_of(day)) for day in days}, [agent_owner(agent)])
            if known := of_run(desk.connection, name):
                if {one.agent for one in known} != {agent} or not {one.day for one in known} <= set(days):
                    raise WithdrawalError(agent, f"has applied as {name} for something else: choose another key")
                return known
            wanted = [day for day in days if not self._is_free(desk.connection, agent, day)]
            if not wanted:
                raise WithdrawalError(agent, "has no shift on any of these days")
            for day in wanted:
                if other := with_id(desk.connection, f"{name}/{day}"):
                    raise WithdrawalError(
                        agent, f"can't apply as {name}: {other.id} is an application; choose another key"
                    )
            made = [self._apply_at(desk, f"{name}/{day}", agent, day, WHOLE, said, name) for day in wanted]
            full = [one for one in made if one.state is State.WAITING]
            terms = self._policies.policy_at(made[0].unit, made[0].day).days_off
            if full and terms.run_of_days == "all":
                named = ", ".join(str(one.day) for one in full)
                raise WithdrawalError(agent, f"can't have all of these days: the quota of {named} is full")
            return made

        return await self._ledger.at_desk(work)

    async def approve(self, name: str, said: Said) -> Application:
        """The same act again changes nothing, and says how it stands; so do those that end it."""

        def work(desk: Desk) -> Application:
            application = self._locked(desk, name)
            acting = self._under_right(application, said)
            if self._is_done(desk.connection, application, acting):
                return application
            check_next(application, State.APPROVED)
            if application.hold is None:
                raise WithdrawalError(application.agent, f"waits with {name} for a place: the quota is full")
            if application.awaits_allocation:
                raise WithdrawalError(application.agent, f"waits with {name} for the places to be allocated by rule")
            return self._became(desk, application, State.APPROVED, application.hold, acting)

        return await self._ledger.at_desk(work)

    async def end(self, name: str, state: State, said: Said) -> Application:
        """Refused, cancelled or withdrawn: what is held goes back, and who waits moves up."""

        def work(desk: Desk) -> Application:
            application = self._locked(desk, name)
            acting = self._under_right(application, said, cancels=state is State.CANCELLED)
            if self._is_done(desk.connection, application, acting):
                return application
            check_next(application, state)
            if state is State.CANCELLED:
                policy = self._policies.policy_at(application.unit, application.day)
                check_in_time(application, acting.today, policy.days_off.cancel_days_before)
            ended = self._became(desk, application, state, None, acting)
            if application.hold is not None:
                self.holds.end(desk, application, None, acting)
                self.holds.move_up(desk, application.day, acting)
            return ended

        return await self._ledger.at_desk(work)

    async def close(self, day: date, worked_s: Mapping[str, int], said: Said) -> list[Application]:
        """A day that is over: what was approved is spent, but for what its agents worked (seconds by agent) all the
        same; what nobody decided goes back."""

        def work(desk: Desk) -> list[Application]:
            self._lock(desk, day)
            ended = []
            for one in on_days(desk.connection, day, day):
                if one.state is State.APPROVED:
                    self.holds.end(desk, one, self._cost_s(desk.connection, one, worked_s.get(one.agent, 0)), said)
                    ended.append(self._became(desk, one, State.TAKEN, None, said))
                elif one.state is State.APPLIED:
                    self.holds.end(desk, one, None, said)
                    ended.append(self._became(desk, one, State.REFUSED, None, said._replace(why=NOBODY_DECIDED)))
                elif one.state is State.WAITING:
                    ended.append(self._became(desk, one, State.REFUSED, None, said._replace(why=NO_PLACE)))
            return ended

        return await self._ledger.at_desk(work)

    async def costs_s(self, day: date, worked_s: Mapping[str, int]) -> dict[str, int]:
        """What those of the day that were taken cost as things stand now, by their names: nothing where leave of a kind
        that comes first was told; of agents of whom it is known what they worked."""

        def read(desk: Desk) -> dict[str, int]:
            taken = [one for one in on_days(desk.connection, day, day) if one.state is State.TAKEN]
            return {
                one.id: 0 if self._beaten(desk.connection, one)
                else self._cost_s(desk.connection, one, worked_s[one.agent])
                for one in taken if one.agent in worked_s
            }  # fmt: skip

        return await self._ledger.at_desk(read, keep=False)

    async def beaten_days(self) -> list[date]:
        """The days for which somebody has applied who has leave that comes first, or has left."""

        def read(desk: Desk) -> list[date]:
            found = []
            for day in open_days(desk.connection, date.max):
                spans = {one: self._span(one) for one in on_days(desk.connection, day, day) if one.state in OPEN}
                start, end = min(span[0] for span in spans.values()), max(span[1] for span in spans.values())
                told = absences_of(desk.connection, [one.agent for one in spans], start, end)
                if any(
                    self._has_left(one) or (one.agent in told and self._beaten(desk.connection, one)) for one in spans
                ):
                    found.append(day)
            return found

        return await self._ledger.at_desk(read, keep=False)

    async def release(self, day: date, said: Said) -> list[Application]:
        """Those for the day whose agents have leave of a kind that comes first, as sick leave, or have left by then:
        what is held goes back, and who waits moves up."""

        def work(desk: Desk) -> list[Application]:
            self._lock(desk, day)
            ended = []
            for one in on_days(desk.connection, day, day):
                if one.state in OPEN and (why := self._beaten(desk.connection, one)):
                    state = State.REFUSED if one.hold is None else State.WITHDRAWN
                    ended.append(self._became(desk, one, state, None, said._replace(why=why)))
                    if one.hold is not None:
                        self.holds.end(desk, one, None, said)
            if ended:
                self.holds.move_up(desk, day, said)
            return ended

        return await self._ledger.at_desk(work)

    async def with_id(self, name: str) -> Application | None:
        return await self._ledger.at_desk(lambda desk: with_id(desk.connection, name), keep=False)

    async def calendar(self, first: date, last: date) -> list[Application]:
        """All applications for days from `first` to `last`, in the order in which they were made."""
        return await self._ledger.at_desk(lambda desk: on_days(desk.connection, first, last), keep=False)

    async def whole_days(self, agent: str, first: date, last: date) -> dict[date, tuple[int, date]]:
        """Of each day on which the agent is in a unit: what it costs to be off, in seconds, nothing where there is no
        shift; and the last day on which what is approved can be cancelled."""

        def read(desk: Desk) -> dict[date, tuple[int, date]]:
            found = {}
            for day in dates(first, last):
                if (unit := self._days.unit(agent, day)) is None:
                    continue
                policy = self._policies.policy_at(unit, day)
                planned_us = sum(shift.work_us for shift in self._shifts(desk.connection, agent, unit, day))
                costs_s = planned_us // SECOND or (0 if policy.schedules else policy.expected_base_s)
                found[day] = costs_s, day - timedelta(days=policy.days_off.cancel_days_before)
            return found

        return await self._ledger.at_desk(read, keep=False)

    async def open_days(self, last: date) -> list[date]:
        """The days up to `last` that are still to be closed."""
        return await self._ledger.at_desk(lambda desk: open_days(desk.connection, last), keep=False)

    def _apply_at(
        self, desk: Desk, name: str, agent: str, day: date, part: Part, said: Said, run: str = ""
    ) -> Application:
        unit = self._days.unit(agent, day)
        check(agent, day, unit, part, said.today)
        assert unit is not None
        if said.asking:
            duty = may_apply(said.asking.person, self._units.with_above(unit, day), agent)
            said = said._replace(asking=said.asking.under(duty))
        for other in on_days(desk.connection, day, day):
            if other.agent == agent and other.state in OPEN:
                raise WithdrawalError(agent, f"has {other.id} {other.state} for {day}: cancel that first")
        asked_s = part.seconds or self._seconds(desk.connection, agent, unit, day, part)
        asked = Application(
            name, agent, unit, day, asked_s, said.at, State.APPLIED, 1, None, part.start, part.end, run, part == WHOLE
        )
        made = self.holds.hold(desk, asked, said, revision=1)
        if isinstance(made, Outcome):
            assert made.refusal is not None
            raise WithdrawalError(agent, f"can't take {asked_s} s of {day}: {made.refusal.sentence}")
        add(desk.connection, made)
        self._say(desk, made, said)
        return made

    def _locked(self, desk: Desk, name: str) -> Application:
        found = with_id(desk.connection, name)
        if found is None:
            raise WithdrawalError(name, "is no application; `ccd bank withdraw list` names them")
        self._lock(desk, found.day)
        again = with_id(desk.connection, name)
        assert again is not None, "applications never go"
        return again

    def _lock(self, desk: Desk, day: date) -> None:
        """The day, its month, and everybody who has applied for it."""
        take_days(desk.connection, [day])
        owners = [agent_owner(one.agent) for one in on_days(desk.connection, day, day) if one.state in OPEN]
        desk.lock([(self._site, self._ledger.month_of(day))], owners)

    def _under_right(self, one: Application, said: Said, cancels: bool = False) -> Said:
        if said.asking is None:
            return said
        allowed = may_apply if cancels else may_decide
        duty = allowed(said.asking.person, self._units.with_above(one.unit, one.day), one.agent)
        return said._replace(asking=said.asking.under(duty))

    def _seconds(self, connection: Connection, agent: str, unit: str, day: date, part: Part) -> int:
        """What is planned of the part, less breaks; without a shift, the part itself, or what the policy expects of a
        whole day."""
        shifts = self._shifts(connection, agent, unit, day)
        if part.start is None or part.end is None:
            planned_us = sum(shift.work_us for shift in shifts)
            return planned_us // SECOND or self._policies.policy_at(unit, day).expected_base_s
        planned_us = work_us(shifts, part.start, part.end) if shifts else part.end - part.start
        if planned_us < SECOND:
            raise WithdrawalError(agent, f"is not planned for that part of {day}: nothing has to be taken for it")
        return planned_us // SECOND

    def _shifts(self, connection: Connection, agent: str, unit: str, day: date) -> list[Shift]:
        """Those that begin on the day."""
        return list(shifts_from(connection, [agent], self._units.days(unit).of_date(day)).get(agent, ()))

    def _cost_s(self, connection: Connection, one: Application, worked_s: int) -> int:
        """Of what it is for by now, where that is less than was held."""
        whole_s = self._seconds(connection, one.agent, one.unit, one.day, WHOLE)
        now_s = planned_s(one, self._shifts(connection, one.agent, one.unit, one.day)) or one.seconds
        return spent_s(one._replace(seconds=min(one.seconds, now_s)), worked_s, whole_s)

    def _beaten(self, connection: Connection, one: Application) -> str:
        """What comes before the day off: leave of some kinds, or that the agent has left; "" where nothing does."""
        if self._has_left(one):
            return "has left"
        kinds = self._policies.policy_at(one.unit, one.day).days_off.beaten_by
        told = absences_of(connection, [one.agent], *self._span(one)).get(one.agent, ())
        return next((f"{each.kind} leave comes first" for each in told if each.kind in kinds), "")

    def _has_left(self, one: Application) -> bool:
        """By the roster, which says until when the agent was there; of whom it says nothing at all, nobody knows."""
        if self._policies.policy_at(one.unit, one.day).days_off.on_leaving == "keep" or not self._days.knows(one.agent):
            return False
        return self._days.unit(one.agent, one.day) is None

    def _span(self, one: Application) -> tuple[int, int]:
        """Of the day, or of the part of it that was applied for, µs."""
        day = self._units.days(one.unit).of_date(one.day)
        return one.start or day.start, one.end or day.end

    def _is_free(self, connection: Connection, agent: str, day: date) -> bool:
        unit = self._days.unit(agent, day)
        if unit is None or not self._policies.policy_at(unit, day).schedules:
            return False
        return not self._shifts(connection, agent, unit, day)

    def _became(self, desk: Desk, one: Application, state: State, hold: Hold | None, said: Said) -> Application:
        now = one._replace(state=state, number=one.number + 1, hold=hold)
        self._say(desk, now, said)
        return now

    def _is_done(self, connection: Connection, one: Application, said: Said) -> bool:
        """Whether this very act has made it what it is, or was before."""
        asking = said.asking
        return asking is not None and any(
            is_noted(connection, _act(asking, one._replace(number=number))) for number in range(1, one.number + 1)
        )

    def _say(self, desk: Desk, one: Application, said: Said) -> None:
        change(desk.connection, Changed(one, said.at, said.by, said.why))
        if said.asking:
            asking = said.asking._replace(act=_act(said.asking, one))
            after = {"application": one.id, "day": one.day.isoformat(), "seconds": one.seconds, "state": one.state}
            asking.noted(desk.connection, "day off", one.agent, after, said.why or f"{one.state} as asked")


def _act(asking: Asking, one: Application) -> str:
    return f"{asking.act}/{one.id}/{one.number}"
