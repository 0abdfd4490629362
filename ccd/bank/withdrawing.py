"""Withdrawing: applications for days off, with seconds and places held, freed and spent in one transaction each.

The order of locks is the ledger's: the month, the agents, the quotas' caps. Whoever frees a place locks those who wait
for that day as well, so that the first whose balance covers it moves up in the same transaction.
"""

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from sqlalchemy import Connection

from ccd.bank.accounts import AGENT_ACCOUNTS, HOUSE_ACCOUNTS, House, agent_owner
from ccd.bank.limits import Asked, limits
from ccd.bank.policy import Policies, Policy
from ccd.bank.withdrawal import (
    HOLDING,
    OPEN,
    Application,
    Hold,
    State,
    cap_name,
    check,
    check_in_time,
    check_next,
    ending,
    hold_key,
    holding,
    spent_s,
    wanted_of,
)
from ccd.bank.withdrawal_rows import Changed, add, change, on_days, open_days, quotas_of, with_id
from ccd.errors import WithdrawalError
from ccd.floor.days import SECOND
from ccd.ledger.books import Ledger
from ccd.ledger.desk import Desk
from ccd.ledger.model import Outcome, Rule, month_of
from ccd.org.agent_days import AgentDays
from ccd.org.shift_rows import shifts_of
from ccd.org.units import Units

NOBODY_DECIDED = "nobody had decided when the day was over"
NO_PLACE = "no place was freed before the day was over"


class Said(NamedTuple):
    """Who does it, on which day of the unit, when (microseconds since the epoch), and why."""

    by: str
    today: date
    at: int
    why: str = ""


class Withdrawals:
    """Of one site."""

    def __init__(self, ledger: Ledger, units: Units, policies: Policies, days: AgentDays, site: str) -> None:
        self._ledger, self._units, self._policies, self._days = ledger, units, policies, days
        self._site, self._house = site, House.of(site)

    async def apply(self, name: str, agent: str, day: date, seconds: int | None, said: Said) -> Application:
        """Holds what is asked for, or waits for a place; asked again, says how it stands. Without `seconds`, the whole
        day. WithdrawalError where it can't be, and where the balance does not cover it."""
        unit = self._days.unit(agent, day)
        check(agent, day, unit, seconds, said.today)
        assert unit is not None
        policy = self._policies.policy_at(unit, day)
        await self._ledger.open_accounts([self._house.owner], HOUSE_ACCOUNTS, self._site, said.by)
        await self._ledger.open_accounts([agent_owner(agent)], AGENT_ACCOUNTS, self._site, said.by)

        def work(desk: Desk) -> Application:
            desk.lock([(self._site, month_of(day))], [agent_owner(agent)])
            if known := with_id(desk.connection, name):
                if (known.agent, known.day) != (agent, day) or seconds not in (None, known.seconds):
                    raise WithdrawalError(agent, f"has applied as {name} for something else: choose another key")
                return known
            for other in on_days(desk.connection, day, day):
                if other.agent == agent and other.state in OPEN:
                    raise WithdrawalError(agent, f"has {other.id} {other.state} for {day}: cancel that first")
            asked_s = seconds or self._whole_s(desk.connection, agent, unit, day)
            asked = Application(name, agent, unit, day, asked_s, said.at, State.APPLIED, 1, None)
            made = self._hold(desk, asked, policy, said, revision=1)
            if isinstance(made, Outcome):
                assert made.refusal is not None
                raise WithdrawalError(agent, f"can't take {asked_s} s of {day}: {made.refusal.sentence}")
            add(desk.connection, made)
            change(desk.connection, Changed(made, said.at, said.by, said.why))
            return made

        return await self._ledger.at_desk(work)

    async def approve(self, name: str, said: Said) -> Application:
        def work(desk: Desk) -> Application:
            application = self._locked(desk, name)
            check_next(application, State.APPROVED)
            if application.hold is None:
                raise WithdrawalError(application.agent, f"waits with {name} for a place: the quota is full")
            return self._became(desk, application, State.APPROVED, application.hold, said)

        return await self._ledger.at_desk(work)

    async def end(self, name: str, state: State, said: Said) -> Application:
        """Refused, cancelled or withdrawn: what is held goes back, and who waits moves up."""

        def work(desk: Desk) -> Application:
            application = self._locked(desk, name)
            check_next(application, state)
            if state is State.CANCELLED:
                policy = self._policies.policy_at(application.unit, application.day)
                check_in_time(application, said.today, policy.days_off.cancel_days_before)
            ended = self._became(desk, application, state, None, said)
            if application.hold is not None:
                self._end_hold(desk, application, None, said)
                self._move_up(desk, application.day, said)
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
                    self._end_hold(desk, one, spent_s(one, worked_s.get(one.agent, 0)), said)
                    ended.append(self._became(desk, one, State.TAKEN, None, said))
                elif one.state is State.APPLIED:
                    self._end_hold(desk, one, None, said)
                    ended.append(self._became(desk, one, State.REFUSED, None, said._replace(why=NOBODY_DECIDED)))
                elif one.state is State.WAITING:
                    ended.append(self._became(desk, one, State.REFUSED, None, said._replace(why=NO_PLACE)))
            return ended

        return await self._ledger.at_desk(work)

    async def calendar(self, first: date, last: date) -> list[Application]:
        """All applications for days from `first` to `last`, in the order in which they were made."""
        return await self._ledger.at_desk(lambda desk: on_days(desk.connection, first, last), keep=False)

    async def open_days(self, last: date) -> list[date]:
        """The days up to `last` that are still to be closed."""
        return await self._ledger.at_desk(lambda desk: open_days(desk.connection, last), keep=False)

    def _locked(self, desk: Desk, name: str) -> Application:
        found = with_id(desk.connection, name)
        if found is None:
            raise WithdrawalError(name, "is no application; `ccd bank withdraw list` names them")
        self._lock(desk, found.day)
        again = with_id(desk.connection, name)
        assert again is not None, "applications never go"
        return again

    def _lock(self, desk: Desk, day: date) -> None:
        """The month and everybody who has applied for the day."""
        owners = [agent_owner(one.agent) for one in on_days(desk.connection, day, day) if one.state in OPEN]
        desk.lock([(self._site, month_of(day))], owners)

    def _whole_s(self, connection: Connection, agent: str, unit: str, day: date) -> int:
        """The shifts that begin on the day, less their breaks; without any, what the policy expects."""
        span = self._units.days(unit).of_date(day)
        shifts = shifts_of(connection, [agent], span.start, span.end).get(agent, ())
        planned_us = sum(shift.work_us for shift in shifts if span.start <= shift.start)
        return planned_us // SECOND or self._policies.policy_at(unit, day).expected_base_s

    def _hold(self, desk: Desk, asked: Application, policy: Policy, said: Said, revision: int) -> Application | Outcome:
        """As it stands then: held, or waiting for a place; the outcome where the balance does not cover it."""
        quotas = quotas_of(desk.connection, self._units.with_above(asked.unit, asked.day), [asked.day])
        if not quotas:
            raise WithdrawalError(
                asked.agent,
                f"can't take {asked.day}: nobody has said how many of {asked.unit} may. Set a quota:"
                f" ccd bank withdraw quota {asked.unit} {asked.day} AGENTS",
            )
        wanted = {cap_name(*of): wanted_of(agents) for of, agents in quotas.items()}
        hold = Hold(revision, tuple(unit for unit, _ in quotas))
        posting = holding(asked, hold, policy, said.by, self._site)
        outcome = desk.post([*limits(desk, wanted, Asked(self._site, asked.day, said.by)), posting])[-1]
        if outcome.refusal and outcome.refusal.rule is not Rule.CAP:
            return outcome
        if outcome.refusal:
            return asked._replace(state=State.WAITING, hold=None)
        return asked._replace(state=State.APPROVED if policy.days_off.approve == "rule" else State.APPLIED, hold=hold)

    def _move_up(self, desk: Desk, day: date, said: Said) -> None:
        """The first who wait and whose balance covers it, as far as there are places."""
        for one in on_days(desk.connection, day, day):
            if one.state is not State.WAITING:
                continue
            kept = desk.revisions([hold_key(one)])[hold_key(one)]
            policy = self._policies.policy_at(one.unit, day)
            moved = self._hold(desk, one._replace(number=one.number + 1), policy, said, kept[-1].revision + 1)
            if isinstance(moved, Application) and moved.state in HOLDING:
                change(desk.connection, Changed(moved, said.at, said.by, "a place was freed"))

    def _end_hold(self, desk: Desk, one: Application, spent: int | None, said: Said) -> None:
        running = desk.open_month(self._site, month_of(max(said.today, one.day)))
        desk.post([ending(one, spent, self._house, said.by, self._site, running)])[0].or_raise()

    def _became(self, desk: Desk, one: Application, state: State, hold: Hold | None, said: Said) -> Application:
        now = one._replace(state=state, number=one.number + 1, hold=hold)
        change(desk.connection, Changed(now, said.at, said.by, said.why))
        return now
