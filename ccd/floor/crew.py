"""All agents of a site: whose seat a transition was on, and the clocks of those it concerns.

Seats are what is observed; the roster says whose they were (docs/time-bank.md 2.1). A seat on no roster is its own
agent, under the interface's name, so that assigning it later loses nothing.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from ccd.floor.agents import AgentClock, AgentRules, change_of
from ccd.floor.own_days import OwnDays
from ccd.floor.owners import Owner, OwnerOf, let_go, owner_or_itself, owners, taken_over
from ccd.floor.records import DayRecord
from ccd.floor.seats import PAUSED_NOWHERE
from ccd.floor.segments import Segment

RulesOf = Callable[[str | None], AgentRules]  # the unit's
OwnDaysOf = Callable[[str], OwnDays | None]  # agent → None: days are the unit's, as nearly everybody's


def as_the_unit(agent: str) -> None:
    """Nobody moves."""


def with_own_days(rules: AgentRules, days: OwnDays | None) -> AgentRules:
    return rules if days is None else replace(rules, days=days)


@dataclass(slots=True)
class Seated:
    """Who is on a seat, with the agent's clock, and the seat's open segment."""

    agent: str
    clock: AgentClock
    segment: Segment


class Crew:
    """Live: transitions in, clocks kept. `changed` names the agents with a new reading; whoever publishes clears it."""

    def __init__(self, owner_of: OwnerOf, rules_of: RulesOf, own_days: OwnDaysOf = as_the_unit) -> None:
        self._owner_of = owner_of
        self._rules_of = rules_of
        self._own_days = own_days
        self._seated: dict[tuple[str, str], Seated] = {}  # by PBX and seat
        self._same_until = 0  # µs: before that, a seat of an unchanged name is its agent's still
        self.days: dict[str, AgentClock] = {}
        self.units: dict[str, str | None] = {}
        self.changed: set[str] = set()
        self._names: dict[str, str] = {}  # agent → the member name last seen
        self._confirmed_at = 0

    def know(self, owner: Owner) -> None:
        """Somebody is on the roster: known, and signed out, before any seat says so."""
        if owner.agent not in self.days:
            self._begin(owner, None)
            self.changed.add(owner.agent)

    def restaff(self, everybody: Iterable[Owner], at: int) -> list[str]:
        """Another roster, and other rules, from `at` on: each seat is whose it is now, everybody on the roster is known
        in the unit that it says. Who is on it no more, and sits nowhere, is gone: those are returned."""
        self.pass_midnight(at)
        rostered = {owner.agent: owner for owner in everybody}
        for owner in rostered.values():
            self._begin(owner, self.days.get(owner.agent))
        seated = {held.agent for held in self._seated.values()}
        gone = sorted(self.days.keys() - rostered.keys() - seated)
        for agent in gone:
            del self.days[agent], self.units[agent]
            self._names.pop(agent, None)
        for agent in self.days.keys() - rostered.keys():
            self.days[agent].follow(self._rules_of(self.units[agent]), self.days[agent].several)
        self.changed = set(self.days)
        return gone

    def member_name(self, agent: str) -> str:
        """The name under which the agent was last seen in a queue; empty if never."""
        return self._names.get(agent, "")

    def same_until(self, at: int) -> None:
        """No roster line begins or ends, and no business day, before `at`: until then nobody need be asked again."""
        self._same_until = at

    def take(self, pbx: str, opened: Segment) -> None:
        """A seat's next segment has begun."""
        key = (pbx, opened.seat)
        held = self._seated.get(key)
        if held is None or opened.start >= self._same_until or opened.view.name != held.segment.view.name:
            self._give(pbx, opened, opened.start, opened.told)
            return
        held.segment = opened
        held.clock.next_segment(pbx, key, opened)
        self.changed.add(held.agent)

    def turning(self, pbx: str, seat: str) -> AgentClock | None:
        """The clock of whoever is signed in on the seat and pauses in no queue, if that agent has no other seat: as
        long as this, and the name, stay so, the clock may be told by itself (`AgentClock.turn`)."""
        held = self._seated.get((pbx, seat))
        if held is None:
            return None
        day = held.clock
        plain = not day.several and day.merged.member and day.merged.pause is PAUSED_NOWHERE
        return day if plain and len(day.views) == 1 else None

    def turned(self, pbx: str, segment: Segment) -> None:
        """This is the seat's segment now; the clock has been told already."""
        key = (pbx, segment.seat)
        held = self._seated[key]
        held.segment = segment
        held.clock.views[key] = segment.view

    def confirm(self, at: int) -> None:
        """Nothing before `at` will come from any source any more. Asked after each batch, and most say nothing new."""
        if at <= self._confirmed_at:
            return
        self._confirmed_at = at
        for agent, day in self.days.items():
            if day.waiting and day.waiting[0].at <= at:
                day.confirm(at)
                self.changed.add(agent)

    def pass_midnight(self, at: int) -> None:
        """A business day of some unit has begun, and roster lines may have: give each seat to whose it is now."""
        for (pbx, _), held in list(self._seated.items()):
            self._give(pbx, held.segment, at, told=False)
        for agent, day in self.days.items():
            day.pass_midnight(at)
            day.forget_before(day.rules.days.at(at).day)
            self.changed.add(agent)

    def _give(self, pbx: str, segment: Segment, at: int, told: bool) -> None:
        owner = owner_or_itself(self._owner_of, pbx, segment.seat, segment.view.name, at)
        key = (pbx, segment.seat)
        before = self._seated.get(key)
        if segment.view.name:
            self._names[owner.agent] = segment.view.name
        is_same = before is not None and before.segment is segment
        if before is not None and before.agent == owner.agent and is_same:
            return
        if before is not None and before.agent != owner.agent:
            before.clock.change(let_go(pbx, segment, at, told))
            self.changed.add(before.agent)
        clock = self.days.get(owner.agent)
        if clock is None or self.units[owner.agent] != owner.unit:
            clock = self._begin(owner, clock)
        clock.change(taken_over(pbx, segment, at) if is_same else change_of(segment, pbx))
        self._seated[key] = Seated(owner.agent, clock, segment)
        self.changed.add(owner.agent)

    def _begin(self, owner: Owner, before: AgentClock | None) -> AgentClock:
        rules = with_own_days(self._rules_of(owner.unit), self._own_days(owner.agent))
        self.units[owner.agent] = owner.unit
        if before is None:
            day = self.days[owner.agent] = AgentClock(owner.agent, rules, owner.several)
            return day
        before.follow(rules, owner.several)
        return before


def day_records(
    segments: Iterable[tuple[str, Segment]],
    owner_of: OwnerOf,
    roster_turns: Sequence[int],
    rules_of: RulesOf,
    until: int,
    own_days: OwnDaysOf = as_the_unit,
) -> list[DayRecord]:
    """The day records that stored segments amount to, open ones closed at `until`.

    `segments` are (pbx, segment) in any order; `roster_turns` the instants (µs, ascending) at which roster lines begin
    or end: a segment over one of them is split there.
    """
    days: dict[str, AgentClock] = {}
    units: dict[str, str | None] = {}
    holders: dict[tuple[str, str], str] = {}
    for pbx, segment in sorted(segments, key=lambda each: (each[1].start, each[0], each[1].number)):
        key = (pbx, segment.seat)
        end = until if segment.end is None else segment.end
        for at, owner in owners(owner_of, roster_turns, pbx, segment.seat, segment.view.name, segment.start, end):
            holder = holders.get(key)
            if holder == owner.agent and at != segment.start:
                continue
            if holder is not None and holder != owner.agent:
                told = segment.told and at == segment.start
                days[holder].change(let_go(pbx, segment, at, told))
            holders[key], units[owner.agent] = owner.agent, owner.unit
            day = days.get(owner.agent)
            if day is None:
                rules = with_own_days(rules_of(owner.unit), own_days(owner.agent))
                day = days[owner.agent] = AgentClock(owner.agent, rules, several=True)
            if at == segment.start:
                day.change(change_of(segment, pbx))
            else:
                day.change(taken_over(pbx, segment, at))
    records = [
        _of_own_unit(record, own_days(agent))
        for agent, day in days.items()
        for record in day.records(until, units[agent])
    ]
    return sorted(records, key=lambda record: (record.day, record.agent))


def _of_own_unit(record: DayRecord, days: OwnDays | None) -> DayRecord:
    own = None if days is None else days.own_day(record.day)
    return record if own is None else replace(record, unit=own.unit)
