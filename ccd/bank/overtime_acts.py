"""What people do in an emergency: open, prolong and end it, call out, answer, enter time, approve; the strike team
(docs/time-bank.md 3.2). Each act stands in one transaction with its record; the same again changes nothing."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.bank.asking import Asking
from ccd.bank.call_out_rows import CallOut, add_answer, add_call_outs, calls_of, join_or_leave, strike_team_members
from ccd.bank.emergency_rows import add_emergency, emergencies_within, emergency_of, ends_said, say_end
from ccd.bank.overtime import Emergency
from ccd.bank.overtime_entry_rows import (
    OvertimeEntry,
    add_entry,
    approve_entry,
    decline_entry,
    entered_already,
    entries_of,
    entry_of,
    overtime_entries,
    unapproved,
)
from ccd.bank.policy import OvertimeTerms, Policies
from ccd.errors import OvertimeError, UnknownUnitError
from ccd.floor.days import SECOND
from ccd.org.agent_days import AgentDays
from ccd.org.rights import may_enter_overtime, may_open_emergency, may_speak_for
from ccd.org.units import Units
from ccd.sql.locks import wait_for_others
from ccd.sql.turns import Patience, take_turn_at_once

T = TypeVar("T")

MINUTE_US = 60 * SECOND

# Kinds of acts, which open pages are told of.
OPENS, PROLONGS, ENDS, CALLS = "overtime open", "overtime prolong", "overtime end", "overtime call"


class Emergencies:
    """Of one site, whose units are `known`."""

    def __init__(
        self, engine: AsyncEngine, units: Units, known: Sequence[str], policies: Policies, days: AgentDays
    ) -> None:
        self._engine, self._units, self._known, self._policies, self._days = engine, units, known, policies, days

    async def open(
        self, name: str, asking: Asking, unit: str, level: str, start: int | None, why: str, until: int | None = None
    ) -> Emergency:
        """From `start` on, µs; from now on where it is None. It ends by itself, at `until` where that is sooner than it
        would."""
        if unit not in self._known:
            raise UnknownUnitError(unit, tuple(self._known))
        begins = asking.at if start is None else start
        duty = may_open_emergency(asking.person, self._units.with_above(unit, self._day(unit, begins)))
        terms = self._terms(unit, asking.at)
        longest = begins + terms.emergency_max_s * SECOND
        end = longest if until is None else until

        def work(connection: Connection) -> Emergency:
            if known := emergency_of(connection, name):
                if (known.unit, known.level) != (unit, level) or start not in (None, known.start):
                    raise OvertimeError(name, "is the name of another emergency; choose another", "key-taken")
                return known
            _check_opening(name, level, begins, asking.at, terms, why)
            if not begins < end <= longest:
                raise OvertimeError(
                    name, f"would end {_in_s(end, begins)} s after it begins; 1 to {terms.emergency_max_s} s are"
                    " allowed: open it, and prolong it while it runs", "emergency-too-long",
                    most_s=terms.emergency_max_s,
                )  # fmt: skip
            interest_ppm, round_up_s = terms.levels[level], terms.interest_round_up_s
            made = Emergency(name, unit, level, interest_ppm, round_up_s, begins, end, asking.at)
            add_emergency(connection, made, asking.by, why)
            said = {"emergency": name, "level": level, "from": begins, "until": end}
            asking.under(duty).noted(connection, OPENS, unit, said, why)
            return made

        return await self._turn(work)

    async def prolong(self, name: str, asking: Asking, until: int, why: str) -> Emergency:
        """Until an instant, µs; to make it shorter is to end it."""

        def work(connection: Connection) -> Emergency:
            one, acting = self._own(connection, name, asking)
            if asking.did(connection, PROLONGS, one.unit, emergency=name, until=until) or one.end == until:
                return _known(connection, name)  # it may have been done just now
            _check_runs(one, asking.at)
            longest = asking.at + self._terms(one.unit, asking.at).emergency_max_s * SECOND
            if not one.end < until <= longest:
                raise OvertimeError(
                    name, f"ends in {_in_s(one.end, asking.at)} s, and can be prolonged to"
                    f" {_in_s(longest, asking.at)} s from now at most",
                    "emergency-too-long", most_s=_in_s(longest, asking.at),
                )  # fmt: skip
            return self._until(connection, one, until, acting, PROLONGS, why)

        return await self._turn(work)

    async def end(self, name: str, asking: Asking, why: str) -> Emergency:
        """Now; one that is over stays as it is."""

        def work(connection: Connection) -> Emergency:
            one, acting = self._own(connection, name, asking)
            if _is_over(one, asking.at):
                return one
            return self._until(connection, one, max(one.start, asking.at), acting, ENDS, why)

        return await self._turn(work)

    async def call(self, name: str, asking: Asking, agents: Sequence[str], why: str) -> list[CallOut]:
        """Calls agents out; without any, the strike team of the emergency's unit and those below. Who was called before
        is not called again."""

        def work(connection: Connection) -> list[CallOut]:
            one, acting = self._own(connection, name, asking)
            if asking.did(connection, CALLS, one.unit, emergency=name):
                return list(calls_of(connection, name).values())
            _check_runs(one, asking.at)
            wanted = set(agents) or self._team(connection, one.unit, asking.at)
            if not wanted:
                found = f"has nobody to call: no agent of {one.unit} has joined the strike team"
                raise OvertimeError(name, found, "emergency-nobody", unit=one.unit)
            for agent in sorted(wanted):
                self._check_member(one, agent, self._day(one.unit, asking.at))
            new = sorted(wanted - calls_of(connection, name).keys())
            if new:
                add_call_outs(connection, name, new, asking.at, asking.by)
                acting.noted(connection, CALLS, one.unit, {"emergency": name, "agents": new}, why)
            return list(calls_of(connection, name).values())

        return await self._turn(work)

    async def answer(
        self, name: str, asking: Asking, agent: str, comes: bool, arrived_at: int | None = None
    ) -> CallOut:
        """Of who was called, by the agent or by who calls. What was answered last holds; to decline is never scored."""

        def work(connection: Connection) -> CallOut:
            one = _known(connection, name)
            duty = may_speak_for(asking.person, self._line(one), agent)
            called = calls_of(connection, name).get(agent)
            if called is None:
                found = f"has not called {agent} out; `ccd bank overtime call {name} {agent}` does"
                raise OvertimeError(name, found, "emergency-not-called", agent=agent)
            _check_arrival(name, called, arrived_at, asking.at)
            said = {"emergency": name, "comes": comes, "arrived_at": arrived_at}
            if asking.did(connection, "overtime answer", agent, **said):
                return calls_of(connection, name)[agent]  # it may have been done just now
            if (called.comes, called.arrived_at) == (comes, arrived_at):
                return called
            add_answer(connection, name, agent, comes, arrived_at, asking.at, asking.by)
            asking.under(duty).noted(connection, "overtime answer", agent, said, "an answer to a call-out")
            return calls_of(connection, name)[agent]

        return await self._turn(work)

    async def enter(self, entry: OvertimeEntry, asking: Asking) -> OvertimeEntry:
        """Time that nobody measured; never one's own. Where all that is entered for the agent's day comes to more than
        the policy's `entry_second_s` a second person approves."""

        def work(connection: Connection) -> OvertimeEntry:
            wait_for_others(connection, overtime_entries)  # of two at once the second is held against the first, too
            one = _known(connection, entry.emergency)
            duty = may_enter_overtime(asking.person, self._line(one), (entry.agent,))
            if known := entry_of(connection, entry.id):
                same = (known.emergency, known.agent, known.day, known.seconds)
                if same != (entry.emergency, entry.agent, entry.day, entry.seconds):
                    raise OvertimeError(entry.id, "is the name of another entry; choose another", "key-taken")
                return self._with_figures(connection, one, known)
            before = (own.day.day for own in self._days.met(entry.agent, one.start, one.end) if own.day.day < entry.day)
            self._check_member(one, entry.agent, entry.day, *before)  # who moves meanwhile goes on in it
            self._check_entry(one, entry)
            (here_s, already_s), limit_s = entered_already(connection, entry), self._enters_alone_s(one)
            needs = entry.seconds > max(here_s, limit_s - already_s)  # who lowers what counts takes back
            made = entry._replace(needs_second=needs, at=asking.at, by=asking.by, already_s=already_s, limit_s=limit_s)
            add_entry(connection, made)
            said = {"emergency": one.id, "entry": made.id, "day": str(made.day), "seconds": made.seconds}
            asking.under(duty).noted(connection, "overtime enter", entry.agent, said, entry.why)
            return made

        return await self._turn(work)

    async def approve(self, name: str, asking: Asking) -> OvertimeEntry:
        """By another person than who has entered it, and never one's own."""

        def work(connection: Connection) -> OvertimeEntry:
            entry, acting = self._to_decide(connection, name, asking)
            if entry.counts:
                return entry
            if entry.declined_by is not None:
                found = f"was declined by {entry.declined_by}; what was worked all the same is entered anew"
                raise OvertimeError(name, found, "entry-decided", by=entry.declined_by)
            approve_entry(connection, name, asking.at, asking.by)
            acting.noted(connection, "overtime approve", entry.agent, _decided(entry), "a second person approves")
            return entry._replace(approved_by=asking.by)

        return await self._turn(work)

    async def decline(self, name: str, asking: Asking, why: str) -> OvertimeEntry:
        """What waits for a second person, by whoever could approve it: it waits for nobody then, and never counts."""
        if not why.strip():
            raise OvertimeError(name, "is declined without a reason; say in words why", "no-reason")

        def work(connection: Connection) -> OvertimeEntry:
            entry, acting = self._to_decide(connection, name, asking)
            if entry.declined_by is not None:
                return entry
            if entry.counts:
                found = "counts already, and can't be declined; an entry of 0 s for the day takes it back"
                raise OvertimeError(name, found, "entry-counts")
            decline_entry(connection, name, asking.at, asking.by, why)
            acting.noted(connection, "overtime decline", entry.agent, _decided(entry), why)
            return entry._replace(declined_by=asking.by, declined_why=why)

        return await self._turn(work)

    async def unapproved(self, may: Callable[[Sequence[str], OvertimeEntry], bool]) -> list[OvertimeEntry]:
        """What waits for a second person, as far as `may` says so of the line of its emergency."""

        def work(connection: Connection) -> list[OvertimeEntry]:
            found = unapproved(connection)
            of = {one.emergency: _known(connection, one.emergency) for one in found}
            told = [one for one in found if may(self._line(of[one.emergency]), one)]
            return [self._with_figures(connection, of[one.emergency], one) for one in told]

        return await self._turn(work)

    async def on_team(self, unit: str, agent: str, joins: bool, asking: Asking) -> frozenset[str]:
        """Joins or leaves the strike team; who is on it then."""
        day = self._day(unit, asking.at)
        duty = may_speak_for(asking.person, self._units.with_above(unit, day), agent)
        if joins and self._days.unit(agent, day) not in self._units.with_below([unit], day):
            found = f"is not in {unit} today, and can't join its strike team"
            raise OvertimeError(agent, found, "emergency-stranger", agent=agent, unit=unit)

        def work(connection: Connection) -> frozenset[str]:
            team = strike_team_members(connection, [unit], asking.at, asking.at + 1)
            kind = "overtime join" if joins else "overtime leave"
            if not asking.did(connection, kind, agent, unit=unit) and (agent in team) != joins:
                join_or_leave(connection, unit, agent, joins, asking.at, asking.by)
                asking.under(duty).noted(connection, kind, agent, {"unit": unit}, "a volunteer's own will")
            return frozenset(strike_team_members(connection, [unit], asking.at, asking.at + 1))

        return await self._turn(work)

    async def team(self, unit: str, at: int) -> list[str]:
        """Who is on the strike team of the unit, and of those below it."""
        return sorted(await self._turn(lambda connection: self._team(connection, unit, at)))

    async def all(self, start: int, end: int) -> list[Emergency]:
        """Those that reach into a span, µs."""
        return await self._turn(lambda connection: emergencies_within(connection, start, end))

    async def shown(self, name: str) -> tuple[Emergency, list[CallOut], list[OvertimeEntry]]:
        def work(connection: Connection) -> tuple[Emergency, list[CallOut], list[OvertimeEntry]]:
            one = _known(connection, name)
            entries = [self._with_figures(connection, one, entry) for entry in entries_of(connection, [name])]
            return one, list(calls_of(connection, name).values()), entries

        return await self._turn(work)

    def _to_decide(self, connection: Connection, name: str, asking: Asking) -> tuple[OvertimeEntry, Asking]:
        """An entry, for whom the right to decide it is there; told to nobody else."""
        entry = entry_of(connection, name)
        if entry is None:
            raise OvertimeError(name, "is no entry; `ccd bank overtime show EMERGENCY` names them", "not-found")
        line = self._line(_known(connection, entry.emergency))
        duty = may_enter_overtime(asking.person, line, (entry.agent,), entered_by=entry.by)
        return entry, asking.under(duty)

    async def _turn(self, work: Callable[[Connection], T]) -> T:
        return await take_turn_at_once(self._engine, work, Patience())

    def _own(self, connection: Connection, name: str, asking: Asking) -> tuple[Emergency, Asking]:
        one = _known(connection, name)
        return one, asking.under(may_open_emergency(asking.person, self._line(one)))

    def _until(
        self, connection: Connection, one: Emergency, end: int, asking: Asking, kind: str, why: str
    ) -> Emergency:
        if not why.strip():
            raise OvertimeError(one.id, "is given another end without a reason; say in words why", "no-reason")
        say_end(connection, one.id, ends_said(connection, one.id) + 1, end, asking.at, asking.by)
        asking.noted(connection, kind, one.unit, {"emergency": one.id, "until": end}, why, before=str(one.end))
        return one._replace(end=end)

    def _check_member(self, one: Emergency, agent: str, day: date, *or_on: date) -> None:
        if not any(self._days.unit(agent, each) in self._units.with_below([one.unit], each) for each in (day, *or_on)):
            found = f"is one of {one.unit}, and {agent} is not in it on {day}"
            raise OvertimeError(one.id, found, "emergency-stranger", agent=agent, unit=one.unit)

    def _check_entry(self, one: Emergency, entry: OvertimeEntry) -> None:
        lasts_s = (one.end - one.start) // SECOND
        if not 0 <= entry.seconds <= lasts_s:
            found = f"lasts {lasts_s} s, and {entry.seconds} s are entered; enter 0 to {lasts_s}"
            raise OvertimeError(one.id, found, "entry-too-long", lasts_s=lasts_s, entered_s=entry.seconds)
        days = [own.day.day for own in self._days.met(entry.agent, one.start, one.end)]
        if entry.day not in days:
            said = " and ".join(str(day) for day in days)
            found = f"is on {said} for {entry.agent}, and {entry.day} is entered"
            raise OvertimeError(one.id, found, "entry-other-day", day=str(entry.day))
        if not entry.why.strip():
            raise OvertimeError(
                one.id, "has an entry without a reason; say in words how the time is known", "no-reason"
            )

    def _with_figures(self, connection: Connection, one: Emergency, entry: OvertimeEntry) -> OvertimeEntry:
        """Of what waits, why it does."""
        if not entry.waits:
            return entry
        _, already_s = entered_already(connection, entry)
        return entry._replace(already_s=already_s, limit_s=self._enters_alone_s(one))

    def _enters_alone_s(self, one: Emergency) -> int:
        return self._terms(one.unit, one.start).entry_second_s

    def _line(self, one: Emergency) -> tuple[str, ...]:
        """As it stood when the emergency began, whatever became of the unit since."""
        return self._units.with_above(one.unit, self._day(one.unit, one.start))

    def _team(self, connection: Connection, unit: str, at: int) -> set[str]:
        """Who has joined, but for who has left the unit and those below it since."""
        below = self._units.with_below([unit], self._day(unit, at))
        return self._days.among(strike_team_members(connection, below, at, at + 1), below, at, at + 1)

    def _day(self, unit: str, at: int) -> date:
        return self._units.days(unit).at(at).day

    def _terms(self, unit: str, at: int) -> OvertimeTerms:
        return self._policies.policy_at(unit, self._day(unit, at)).overtime


def _known(connection: Connection, name: str) -> Emergency:
    found = emergency_of(connection, name)
    if found is None:
        raise OvertimeError(name, "is no emergency; `ccd bank overtime list` names them", "not-found")
    return found


def _decided(entry: OvertimeEntry) -> dict[str, object]:
    return {"emergency": entry.emergency, "entry": entry.id, "seconds": entry.seconds}


def _check_opening(name: str, level: str, start: int, at: int, terms: OvertimeTerms, why: str) -> None:
    if level not in terms.levels:
        found = f"has level {level!r}; levels of the unit's policy: {', '.join(terms.levels)}"
        raise OvertimeError(name, found, "emergency-level", levels=list(terms.levels))
    if start < at - terms.emergency_back_s_max * SECOND:
        back = _in_s(at, start)
        raise OvertimeError(
            name, f"would have begun {back} s ago; {terms.emergency_back_s_max} s are allowed. Open it from later on,"
            " and enter by hand what was worked before",
            "emergency-too-early", most_s=terms.emergency_back_s_max,
        )  # fmt: skip
    if start > at + terms.emergency_max_s * SECOND:
        found = f"would begin in {_in_s(start, at)} s; {terms.emergency_max_s} s are allowed"
        raise OvertimeError(name, found, "emergency-too-late", most_s=terms.emergency_max_s)
    if not why.strip():
        raise OvertimeError(name, "has no reason; say in words what the emergency is", "no-reason")


def _is_over(one: Emergency, at: int) -> bool:
    """Also of one that was ended before it began."""
    return one.end <= max(one.start, at)


def _check_runs(one: Emergency, at: int) -> None:
    if _is_over(one, at):
        raise OvertimeError(one.id, "is over; open another", "emergency-over")


def _check_arrival(name: str, called: CallOut, arrived_at: int | None, at: int) -> None:
    """People write times to the minute."""
    if arrived_at is None:
        return
    if arrived_at < called.called_at // MINUTE_US * MINUTE_US:
        early_s = _in_s(called.called_at, arrived_at)
        raise OvertimeError(
            name, f"called {called.agent} out {early_s} s after that arrival; say when they were there", "arrival-early"
        )
    if arrived_at > at:
        raise OvertimeError(
            name,
            f"has {called.agent} arrive in {_in_s(arrived_at, at)} s from now; say it once they are there",
            "arrival-to-come",
        )


def _in_s(at: int, since: int) -> int:
    return (at - since) // SECOND
