"""All agents of a site: whose seat a transition was on, and the clocks of those it concerns.

Seats are what is observed; the roster says whose they were (docs/time-bank.md 2.1). A seat on no roster is its own
agent, under the interface's name, so that assigning it later loses nothing.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from ccd.floor.agents import AgentClock, AgentRules, change_of, order_of
from ccd.floor.own_days import OwnDays
from ccd.floor.owners import Owner, OwnerOf, changes_of, let_go, owner_or_itself, taken_over
from ccd.floor.records import DayRecord
from ccd.floor.seats import PAUSED_NOWHERE
from ccd.floor.segments import Segment
from ccd.floor.stretches import Stretches

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
        # Between these, µs, a seat of an unchanged name is its agent's still; the second is not one of them.
        self._same_from = self._same_until = 0
        self.clocks: dict[str, AgentClock] = {}
        self._left: dict[str, AgentClock] = {}  # of who is gone, and may be back within the day
        self.units: dict[str, str | None] = {}
        self.changed: set[str] = set()
        self._names: dict[str, str] = {}  # agent → the member name last seen
        self._confirmed_at = 0

    def know(self, owner: Owner) -> None:
        """Somebody is on the roster: known, and signed out, before any seat says so."""
        if owner.agent not in self.clocks:
            self._begin(owner, None)
            self.changed.add(owner.agent)

    def restaff(self, everybody: Iterable[Owner], at: int) -> list[str]:
        """Another roster, and other rules, from `at` on: each seat is whose it is now, everybody on the roster is known
        in the unit that it says. Who is on it no more, and sits nowhere, is gone: those are returned. Who is back on
        the same day goes on with it."""
        self.cross(at)
        rostered = {owner.agent: owner for owner in everybody}
        for owner in rostered.values():
            self._begin(owner, self.clocks.get(owner.agent))
        seated = {held.agent for held in self._seated.values()}
        gone = sorted(self.clocks.keys() - rostered.keys() - seated)
        for agent in gone:
            self._left[agent] = self.clocks.pop(agent)
            del self.units[agent]
            self._names.pop(agent, None)
        for agent in self.clocks.keys() - rostered.keys():
            self.clocks[agent].follow(self._rules_of(self.units[agent]), self.clocks[agent].several)
        self.changed = set(self.clocks)
        return gone

    def member_name(self, agent: str) -> str:
        """The name under which the agent was last seen in a queue; empty if never."""
        return self._names.get(agent, "")

    def seats_of(self, agent: str) -> list[tuple[str, str]]:
        """PBX and seat of each that is the agent's now."""
        return [key for key, held in self._seated.items() if held.agent == agent]

    def same_between(self, start: int, until: int) -> None:
        """Each seat is whose it is at `start`, and no roster line begins or ends, and no business day, after that and
        before `until`: in between nobody need be asked again."""
        self._same_from, self._same_until = start, until

    def take(self, pbx: str, opened: Segment) -> None:
        """A seat's next segment has begun."""
        key = (pbx, opened.seat)
        held = self._seated.get(key)
        if (
            held is None
            or not self._same_from <= opened.start < self._same_until
            or opened.view.name != held.segment.view.name
        ):
            self._ask(pbx, opened, held)
            return
        held.segment = opened
        held.clock.next_segment(pbx, key, opened)
        self.changed.add(held.agent)

    def _ask(self, pbx: str, opened: Segment, held: Seated | None) -> None:
        """Whose is it? What is said late, of before the newest border, was perhaps another's; the seat stays whose it
        is now, in the state that it is now known to have been in at the border."""
        border = self._same_from
        if opened.start >= border:
            self._give(pbx, opened, opened.start, opened.told)
        elif held is None or opened.view.name != held.segment.view.name:
            self._give(pbx, opened, opened.start, opened.told)
            self._give(pbx, opened, border, told=False)
        else:
            then = owner_or_itself(self._owner_of, pbx, opened.seat, opened.view.name, opened.start)
            if then.agent == held.agent:
                held.clock.next_segment(pbx, (pbx, opened.seat), opened)
            else:
                self._tell_who_left(then.agent, pbx, opened, border)
                held.clock.change(taken_over(pbx, opened, border))
            held.segment = opened
            self.changed.add(held.agent)

    def _tell_who_left(self, agent: str, pbx: str, opened: Segment, border: int) -> None:
        """A segment that began before the agent's seat was handed on at the border. Whose clock has gone on, to another
        day or because it waits for nothing, can't be told any more: the day record will have it."""
        clock = self.clocks.get(agent) or self._left.get(agent)
        if clock is not None and clock.at <= opened.start:
            clock.change(change_of(opened, pbx))
            clock.change(let_go(pbx, opened, border, told=False))
            self.changed |= {agent} & self.clocks.keys()

    def lone_clock(self, pbx: str, seat: str) -> AgentClock | None:
        """The clock of whoever is signed in on the seat and pauses in no queue, if that agent has no other seat: as
        long as this, and the name, stay so, the clock may be told by itself (`AgentClock.retell`)."""
        held = self._seated.get((pbx, seat))
        if held is None:
            return None
        clock = held.clock
        plain = not (clock.several or clock.waiting) and clock.merged.member and clock.merged.pause is PAUSED_NOWHERE
        return clock if plain and len(clock.views) == 1 else None

    def retold(self, pbx: str, segment: Segment) -> None:
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
        for agent, clock in self.clocks.items():
            if clock.waiting and clock.waiting[0].at <= at:
                clock.confirm(at)
                self.changed.add(agent)

    def cross(self, at: int) -> None:
        """A business day of some unit has begun, and roster lines may have: give each seat to whose it is now."""
        for (pbx, _), held in list(self._seated.items()):
            self._give(pbx, held.segment, at, told=False)
        for agent, clock in self.clocks.items():
            clock.begin_day(at)
            clock.forget_before(clock.rules.days.at(at).day)
            self.changed.add(agent)
        for agent, clock in list(self._left.items()):
            clock.begin_day(at)
            clock.forget_before(clock.rules.days.at(at).day)
            if not clock.tallies and not clock.waiting:
                del self._left[agent]

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
        clock = self.clocks.get(owner.agent)
        if clock is None or self.units[owner.agent] != owner.unit:
            clock = self._begin(owner, clock)
        clock.change(taken_over(pbx, segment, at) if is_same else change_of(segment, pbx))
        self._seated[key] = Seated(owner.agent, clock, segment)
        self.changed.add(owner.agent)

    def _begin(self, owner: Owner, before: AgentClock | None) -> AgentClock:
        rules = with_own_days(self._rules_of(owner.unit), self._own_days(owner.agent))
        self.units[owner.agent] = owner.unit
        clock = before or self._left.pop(owner.agent, None)
        if clock is None:
            clock = AgentClock(owner.agent, rules, owner.several)
        else:
            clock.follow(rules, owner.several)
        self.clocks[owner.agent] = clock
        return clock


def day_records(
    segments: Iterable[tuple[str, Segment]],
    owner_of: OwnerOf,
    roster_borders: Sequence[int],
    rules_of: RulesOf,
    until: int,
    own_days: OwnDaysOf = as_the_unit,
    lines: Mapping[str, Stretches] = MappingProxyType({}),
) -> list[DayRecord]:
    """The day records that stored segments amount to, open ones closed at `until`.

    `segments` are (pbx, segment) in any order; `roster_borders` the instants (µs, ascending) at which roster lines
    begin or end. `lines`, by agent, are filled with what those agents were seen in.
    """
    clocks: dict[str, AgentClock] = {}
    units: dict[str, str | None] = {}
    for owner, change in changes_of(segments, owner_of, roster_borders, until):
        agent = owner.agent
        if agent not in clocks:
            rules = with_own_days(rules_of(owner.unit), own_days(agent))
            clocks[agent] = AgentClock(agent, rules, several=True, line=lines.get(agent))
        if change.view is not None:
            units[agent] = owner.unit
        clocks[agent].waiting.append(change)
    for clock in clocks.values():
        clock.waiting.sort(key=order_of)  # they come so, but for handovers amid a segment
    records = [
        _of_own_unit(record, own_days(agent))
        for agent, clock in clocks.items()
        for record in clock.end(until, units[agent])
    ]
    return sorted(records, key=lambda record: (record.day, record.agent))


def _of_own_unit(record: DayRecord, days: OwnDays | None) -> DayRecord:
    own = None if days is None else days.own_day(record.day)
    return record if own is None else replace(record, unit=own.unit)
