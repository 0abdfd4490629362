"""Withdrawing: applications for days off, with seconds and places held, freed and spent in one transaction each.

Whoever acts on a day's applications has the day to themselves first, so that who has applied is known before it is
locked. The order of the other locks is the ledger's: the months, the agents, the quotas' caps. Whoever frees a place
locks those who wait for that day as well, so that the first whose balance covers it moves up in the same transaction.
"""

from collections.abc import Mapping, Sequence
from datetime import date

from sqlalchemy import Connection

from ccd.bank.asking import Asking
from ccd.bank.at_desk import open_agent_accounts
from ccd.bank.branch import Branch
from ccd.bank.comes_first import ComesFirst
from ccd.bank.day_off_costs import Costs, WholeDay
from ccd.bank.holds import ALLOCATION, WAITING_LIST, Holds
from ccd.bank.said import Said
from ccd.bank.withdrawal import (
    OPEN,
    WHOLE,
    Application,
    ApplicationState,
    Hold,
    PartOfDay,
    Run,
    check_application,
    check_approved_in_time,
    check_cancelled_in_time,
    check_next,
    check_taken_back_in_time,
    unit_by_now,
)
from ccd.bank.withdrawal_rows import (
    add_application,
    application_with_id,
    became,
    of_run,
    on_days,
    open_days,
    waiting_days,
)
from ccd.errors import WithdrawalError
from ccd.floor.days import dates
from ccd.ledger.desk import Desk
from ccd.ledger.model import Outcome, Refusal, Rule, month_of
from ccd.org.rights import may_apply, may_decide
from ccd.org.staff import ShareOf, whole_time

DAY_OFF = "day off"  # of acts
NOBODY_DECIDED = "nobody had decided when the day was over"
NO_PLACE = "no place was freed before the day was over"
RUN_DAYS_MAX = 92


class Withdrawals:
    """Of one site. `share_of` says what share of a full contract an agent works on a day, in parts per million."""

    def __init__(self, branch: Branch, share_of: ShareOf = whole_time) -> None:
        self._ledger, self._units, self._policies, self._days, self._site = branch
        self._costs = Costs(branch.units, branch.policies, share_of)
        self._comes_first = ComesFirst(branch.units, branch.policies, branch.days)
        self.holds = Holds(branch.units, branch.policies, branch.site, branch.ledger.month_of)

    async def apply(self, name: str, agent: str, day: date, part: PartOfDay | int | None, said: Said) -> Application:
        """Holds what is asked for, or waits for a place; asked again, says how it stands. Without a part, or its
        seconds, the whole day. WithdrawalError where it can't be, and where the balance does not cover it."""
        asked = part if isinstance(part, PartOfDay) else PartOfDay(part)
        self._check_right(agent, [day], said)
        await self._open_accounts(agent, [day], said)

        def work(desk: Desk) -> Application:
            self.holds.lock(desk, [day], agent)
            if known := application_with_id(desk.connection, name):
                part = known.start, known.end, known.whole
                same = part == (*asked[1:], asked == WHOLE) and asked.seconds in (None, known.seconds)
                if (known.agent, known.day) != (agent, day) or not same:
                    raise WithdrawalError(
                        agent, f"has applied as {name} for something else: choose another key", "key-taken"
                    )
                return known
            said.check_new(desk.connection)
            return self._apply_at(desk, name, agent, day, asked, said)

        return await self._ledger.at_desk(work)

    async def apply_for_run(self, name: str, agent: str, days: Sequence[date], said: Said) -> list[Application]:
        """For several whole days at once, or for none of them where one has no place (`run_of_days = "each"`: each as
        it can be had). Where the unit keeps schedules, days without a shift are passed over."""
        if not 0 < len(days) <= RUN_DAYS_MAX:
            found = f"asks for {len(days)} days; ask for 1 to {RUN_DAYS_MAX} of them"
            raise WithdrawalError(agent, found, "day-off-run-too-long", most=RUN_DAYS_MAX)
        self._check_right(agent, days, said)
        await self._open_accounts(agent, days, said)

        def work(desk: Desk) -> list[Application]:
            self.holds.lock(desk, days, agent)
            if known := of_run(desk.connection, name):
                if {one.agent for one in known} != {agent} or not {one.day for one in known} <= set(days):
                    raise WithdrawalError(
                        agent, f"has applied as {name} for something else: choose another key", "key-taken"
                    )
                return known
            said.check_new(desk.connection)
            wanted = [day for day in days if not self._is_free(desk.connection, agent, day)]
            if not wanted:
                raise WithdrawalError(agent, "has no shift on any of these days", "day-off-no-shift")
            for day in wanted:
                if other := application_with_id(desk.connection, f"{name}/{day}"):
                    raise WithdrawalError(
                        agent, f"can't apply as {name}: {other.id} is an application; choose another key", "key-taken"
                    )
            units = ((self._days.unit(agent, day) or "", day) for day in wanted)
            by_rule = any(self.holds.is_allocated_later(desk.connection, *each, said.at) for each in units)
            run = Run(name, by_rule)
            made = [self._apply_at(desk, f"{name}/{day}", agent, day, WHOLE, said, run) for day in wanted]
            if self.holds.has_runs_together(made[0]):
                self._check_run(desk.connection, agent, made)
            return made

        return await self._ledger.at_desk(work)

    async def approve(self, name: str, said: Said) -> Application:
        """The same act again changes nothing, and says how it stands; so do those that end it."""

        def work(desk: Desk) -> Application:
            application = self._locked(desk, name)
            acting = self._under_right(application, said)
            if self._is_done(desk.connection, application, ApplicationState.APPROVED, acting):
                return application
            check_next(application, ApplicationState.APPROVED)
            check_approved_in_time(application, acting.today)
            if application.hold is None:
                raise WithdrawalError(
                    application.agent, f"waits with {name} for a place: the quota is full", "day-off-waits"
                )
            if application.awaits_allocation:
                raise WithdrawalError(
                    application.agent, f"waits with {name} for the places to be allocated by rule", "day-off-by-rule"
                )
            return self._became(desk, application, ApplicationState.APPROVED, application.hold, acting)

        return await self._ledger.at_desk(work)

    async def end(self, name: str, state: ApplicationState, said: Said) -> Application:
        """Refused, cancelled or withdrawn: what is held goes back, and who waits moves up."""

        def work(desk: Desk) -> Application:
            application = self._locked(desk, name)
            acting = self._under_right(application, said, cancels=state is ApplicationState.CANCELLED)
            if self._is_done(desk.connection, application, state, acting):
                return application
            check_next(application, state)
            if state is ApplicationState.CANCELLED:
                policy = self._policies.policy_at(unit_by_now(application, self._days), application.day)
                check_cancelled_in_time(application, acting.today, policy.days_off.cancel_days_before)
            else:
                check_taken_back_in_time(application, acting.today)
            ended = self._became(desk, application, state, None, acting)
            if application.hold is not None:
                self.holds.end(desk, application, None, acting)
                self.holds.move_up(desk, application.day, acting)
            if application.run:  # others of it may have waited for this one alone
                run = of_run(desk.connection, application.run)
                self.holds.approve_by_rule(desk, run, acting._replace(by=ALLOCATION))
            return ended

        return await self._ledger.at_desk(work)

    async def close(self, day: date, worked_s: Mapping[str, int], said: Said) -> list[Application]:
        """A day that is over: what was approved is spent, but for what its agents worked (seconds by agent) all the
        same, and for what leave covers that comes first; what nobody decided goes back."""

        def work(desk: Desk) -> list[Application]:
            self.holds.lock(desk, [day])
            ended = []
            every = on_days(desk.connection, day, day)
            approved = [one for one in every if one.state is ApplicationState.APPROVED]
            costs_s = self._costs_s(desk.connection, day, approved, worked_s)
            for one in every:
                if one.state is ApplicationState.APPROVED:
                    self.holds.end(desk, one, costs_s[one.id], said)
                    ended.append(self._became(desk, one, ApplicationState.TAKEN, None, said))
                elif one.state is ApplicationState.APPLIED:
                    self.holds.end(desk, one, None, said)
                    ended.append(
                        self._became(desk, one, ApplicationState.REFUSED, None, said._replace(why=NOBODY_DECIDED))
                    )
                elif one.state is ApplicationState.WAITING:
                    ended.append(self._became(desk, one, ApplicationState.REFUSED, None, said._replace(why=NO_PLACE)))
            return ended

        return await self._ledger.at_desk(work)

    async def costs_s(self, day: date, worked_s: Mapping[str, int]) -> dict[str, int]:
        """What those of the day that were taken cost as things stand now, by their names: nothing where the agent had
        left; of agents of whom it is known what they worked."""

        def read(desk: Desk) -> dict[str, int]:
            every = on_days(desk.connection, day, day)
            taken = [one for one in every if one.state is ApplicationState.TAKEN and one.agent in worked_s]
            costs_s = self._costs_s(desk.connection, day, taken, worked_s)
            return costs_s | {one.id: 0 for one in taken if self._comes_first.has_left(one)}

        return await self._ledger.at_desk(read, keep=False)

    async def beaten_days(self) -> list[date]:
        """The days for which somebody has applied who has leave that comes first, for all of it, or has left."""

        def read(desk: Desk) -> list[date]:
            days = open_days(desk.connection, date.max)
            every = on_days(desk.connection, days[0], days[-1]) if days else []
            beaten = self._beaten(desk.connection, [one for one in every if one.state in OPEN])
            return sorted({one.day for one in every if one.id in beaten})

        return await self._ledger.at_desk(read, keep=False)

    async def release(self, day: date, said: Said) -> list[Application]:
        """Those for the day of which nothing is left: leave that comes first, as sick leave, covers all of it, or the
        agent has left by then. What is held goes back, and who waits moves up."""

        def work(desk: Desk) -> list[Application]:
            self.holds.lock(desk, [day])
            ended = []
            every = [one for one in on_days(desk.connection, day, day) if one.state in OPEN]
            beaten = self._beaten(desk.connection, every)
            for one in (one for one in every if one.id in beaten):
                state = ApplicationState.REFUSED if one.hold is None else ApplicationState.WITHDRAWN
                ended.append(self._became(desk, one, state, None, said._replace(why=beaten[one.id])))
                if one.hold is not None:
                    self.holds.end(desk, one, None, said)
            if ended:
                self.holds.move_up(desk, day, said)
            return ended

        return await self._ledger.at_desk(work)

    async def days_with_room(self, first: date, at: int) -> list[date]:
        """Those from `first` on of which somebody waits for a place that there is by now, whose ever it was, or as a
        quota lets more off."""

        def read(desk: Desk) -> list[date]:
            days = waiting_days(desk.connection, first)
            return [day for day in days if self.holds.room_for_some(desk.connection, day, at)]

        return await self._ledger.at_desk(read, keep=False)

    async def move_up(self, day: date, said: Said) -> list[Application]:
        """Those who wait for the day and have a place now."""

        def work(desk: Desk) -> list[Application]:
            self.holds.lock(desk, [day])
            return self.holds.move_up(desk, day, said)

        return await self._ledger.at_desk(work)

    async def with_id(self, name: str) -> Application | None:
        return await self._ledger.at_desk(lambda desk: application_with_id(desk.connection, name), keep=False)

    async def calendar(self, first: date, last: date) -> list[Application]:
        """All applications for days from `first` to `last`, in the order in which they were made."""
        return await self._ledger.at_desk(lambda desk: on_days(desk.connection, first, last), keep=False)

    async def whole_days(self, agent: str, first: date, last: date) -> dict[date, WholeDay]:
        """Of each day on which the agent is in a unit."""

        def read(desk: Desk) -> dict[date, WholeDay]:
            units = {day: unit for day in dates(first, last) if (unit := self._days.unit(agent, day)) is not None}
            return {day: self._costs.whole_day(desk.connection, agent, unit, day) for day, unit in units.items()}

        return await self._ledger.at_desk(read, keep=False)

    async def open_days(self, last: date) -> list[date]:
        """The days up to `last` that are still to be closed."""
        return await self._ledger.at_desk(lambda desk: open_days(desk.connection, last), keep=False)

    def _check_right(self, agent: str, days: Sequence[date], said: Said) -> None:
        """Asked first of all: whether an agent is anywhere is said to nobody who may not apply for them."""
        for day in days:
            self._under_right_to_apply(agent, day, said)

    async def _open_accounts(self, agent: str, days: Sequence[date], said: Said) -> None:
        """Of who is nowhere on these days none."""
        if any(self._days.unit(agent, day) for day in days):
            await open_agent_accounts(self._ledger, self._site, [agent], said.by)

    def _under_right_to_apply(self, agent: str, day: date, said: Said) -> Said:
        unit = self._days.unit(agent, day)
        line = self._units.with_above(unit, day) if unit else tuple(self._units)
        return said.under(may_apply(said.asking.person, line, agent)) if said.asking else said

    def _apply_at(
        self, desk: Desk, name: str, agent: str, day: date, part: PartOfDay, said: Said, run: Run | None = None
    ) -> Application:
        unit, said = self._days.unit(agent, day), self._under_right_to_apply(agent, day, said)
        check_application(agent, day, unit, part, said.today)
        assert unit is not None
        for other in on_days(desk.connection, day, day):
            if other.agent == agent and other.state in OPEN:
                raise WithdrawalError(
                    agent, f"has {other.id} {other.state} for {day}: cancel that first", "day-off-already", day=str(day)
                )
        asked_s = self._costs.seconds(desk.connection, agent, unit, day, part)
        asked = Application(
            name, agent, unit, day, asked_s, said.at, ApplicationState.APPLIED, 0, None, part.start, part.end,
            run.name if run else "", part == WHOLE, asked_of=unit,
        )  # fmt: skip
        self.holds.move_up(desk, day, said._replace(by=WAITING_LIST))  # who waits comes first
        together = run is not None and run.is_allocated_later and self.holds.has_runs_together(asked)
        made = self.holds.hold(desk, asked, said, 1, together)
        if isinstance(made, Outcome):
            assert made.refusal is not None
            raise _refused(asked, made.refusal)
        add_application(desk.connection, made)
        return self._became(desk, made, made.state, made.hold, said)

    def _check_run(self, connection: Connection, agent: str, made: Sequence[Application]) -> None:
        """All can be had together, or it can be decided in time whether they are."""
        if full := [one.day for one in made if one.state is ApplicationState.WAITING]:
            found = f"can't have all of these days: the quota of {', '.join(map(str, full))} is full"
            raise WithdrawalError(agent, found, "day-off-run-full", days=[str(day) for day in full])
        if later := self.holds.allocated_too_late(connection, made):
            found = f"can't have all of these days: the places of {later} are allocated when the first has begun"
            raise WithdrawalError(agent, f"{found}; apply for them apart", "day-off-run-split", day=str(later))

    def _locked(self, desk: Desk, name: str) -> Application:
        found = application_with_id(desk.connection, name)
        if found is None:
            raise WithdrawalError(name, "is no application; `ccd bank withdraw list` names them", "not-found")
        days = [each.day for each in of_run(desk.connection, found.run)] if found.run else [found.day]
        self.holds.lock(desk, days)
        again = application_with_id(desk.connection, name)
        assert again is not None, "applications never go"
        return again

    def _under_right(self, one: Application, said: Said, cancels: bool = False) -> Said:
        if said.asking is None:
            return said
        allowed = may_apply if cancels else may_decide
        line = self._units.with_above(unit_by_now(one, self._days), one.day)
        duty = allowed(said.asking.person, line, one.agent)
        return said.under(duty)

    def _costs_s(
        self, connection: Connection, day: date, of: Sequence[Application], worked_s: Mapping[str, int]
    ) -> dict[str, int]:
        told, leave = self._costs.reaching(connection, day, of), self._comes_first.leave(connection, of)
        return {one.id: self._costs.cost_s(one, told, worked_s.get(one.agent, 0), leave.get(one.id, ())) for one in of}

    def _beaten(self, connection: Connection, of: Sequence[Application]) -> dict[str, str]:
        """By name, those of which nothing is left, and what comes before them: the agent has left, or has leave."""
        found = {one.id: "has left" for one in of if self._comes_first.has_left(one)}
        leave = self._comes_first.leave(connection, of)
        for one in of:
            if one.id in leave and one.id not in found and not self._costs_s(connection, one.day, [one], {})[one.id]:
                found[one.id] = f"{leave[one.id][0].kind} leave comes first"
        return found

    def _is_free(self, connection: Connection, agent: str, day: date) -> bool:
        unit = self._days.unit(agent, day)
        if unit is None or not self._policies.policy_at(unit, day).schedules:
            return False
        return not self._costs.shifts(connection, agent, unit, day)

    def _became(
        self, desk: Desk, one: Application, state: ApplicationState, hold: Hold | None, said: Said
    ) -> Application:
        """That somebody has made it so is noted beside it."""
        now = became(desk.connection, one._replace(state=state, hold=hold), said, said.why)
        if said.asking:
            asking = said.asking._replace(act=_act(said.asking, now))
            after = {"application": now.id, "day": now.day.isoformat(), "seconds": now.seconds, "state": now.state}
            asking.noted(desk.connection, DAY_OFF, now.agent, after, said.why or f"{now.state} as asked")
        return now

    def _is_done(self, connection: Connection, one: Application, state: ApplicationState, said: Said) -> bool:
        """Whether this very act has made it so, whatever it is now. ActTakenError where it has done something else."""
        if asking := said.asking:
            acts = (asking._replace(act=_act(asking, one._replace(number=n + 1))) for n in range(one.number))
            if any(each.did(connection, DAY_OFF, one.agent, state=state) for each in acts):
                return True
        said.check_new(connection)
        return False


def _act(asking: Asking, one: Application) -> str:
    return f"{asking.act}/{one.id}/{one.number}"


def _refused(asked: Application, refusal: Refusal) -> WithdrawalError:
    found = f"can't take {asked.seconds} s of {asked.day}: {refusal.sentence}"
    if refusal.rule is Rule.BALANCE:
        return WithdrawalError(
            asked.agent, found, "day-off-beyond-balance", asked_s=asked.seconds, balance_s=refusal.limit_s
        )
    return WithdrawalError(asked.agent, found, "month-closed", month=month_of(asked.day))
