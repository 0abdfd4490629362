"""An agent: the seats' time lines merged into one, and the day's clock that runs on it (docs/time-bank.md 2.1, 2.3).

The same fold runs over transitions as they come (live, replay) and over stored segments (the day record). What one
seat's transition says of the past, while another seat of the agent has already gone on, must not be folded out of
order: so the changes of an agent with several seats wait until their instant is confirmed on all of them, and a reading
folds what waits into a copy. An agent with one seat, nearly everybody, waits for nothing.
"""

from bisect import bisect_right, insort
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from datetime import date
from operator import itemgetter
from typing import Literal, NamedTuple

from ccd.floor.days import BusinessDay, BusinessDays
from ccd.floor.own_days import OwnDays
from ccd.floor.records import DayRecord, Tally
from ccd.floor.rules import ReasonRule, Reasons, SeatRules
from ccd.floor.seats import (
    PAUSED,
    PAUSED_IN_ALL,
    PAUSED_IN_SOME,
    PAUSED_NOWHERE,
    SIGNED_OUT,
    UNOBSERVED,
    Pause,
    State,
    View,
)
from ccd.floor.segments import Segment
from ccd.floor.stretches import Judged, Stretches
from ccd.floor.values import value


@dataclass(frozen=True, slots=True)
class AgentRules:
    """How views become a day: which reasons are exempt when, how many queues make a pause, whose days they are."""

    reasons: Reasons
    seats: SeatRules
    days: BusinessDays | OwnDays


class SeatChange(NamedTuple):
    """A seat's new view, None where the seat is this agent's no more. Orders by time, PBX and the PBX's own count."""

    at: int
    pbx: str
    number: int
    seat: Hashable
    view: View | None
    told: bool
    offered: int
    answered: int
    missed: int


order_of = itemgetter(0, 1, 2)  # of a change: by it alone, so that what is told later of the same comes after it


class Merged(NamedTuple):
    """What the views of an agent's seats mean together."""

    state: State
    member: bool
    pause: Pause
    reason: str

    def is_paused(self, paused_in: Literal["all", "any"]) -> bool:
        """Whatever the telephone does meanwhile."""
        return self.pause is PAUSED_IN_ALL or (self.pause is PAUSED_IN_SOME and paused_in == "any")


NO_DAY = BusinessDay(date.min, 0, 0)
# By state, of who is signed in, or is not, and pauses nowhere: what most changes mean, the same for all agents, so each
# is kept once, and whoever asks whether it is NOBODY compares nothing.
AT_WORK, NOT_THERE = (tuple(Merged(state, member, PAUSED_NOWHERE, "") for state in State) for member in (True, False))
NOBODY = NOT_THERE[SIGNED_OUT]


def change_of(segment: Segment, pbx: str) -> SeatChange:
    """The change that a segment's beginning is for the agent whose seat it is."""
    return SeatChange(
        segment.start, pbx, segment.number, (pbx, segment.seat), segment.view, segment.told,
        segment.offered, segment.answered, segment.missed,
    )  # fmt: skip


def merge(views: Mapping[Hashable, View]) -> Merged:
    """The agent's state from the seats' views."""
    if len(views) == 1:
        (view,) = views.values()
        _, state, member, pause, reason, _ = view
        if pause is PAUSED_NOWHERE and not reason:
            return (AT_WORK if member else NOT_THERE)[state]
        return Merged(state, member, pause, reason)
    members = [view for view in views.values() if view.member]
    state = min((view.state for view in views.values()), default=SIGNED_OUT)
    paused = [view for view in members if view.pause is not PAUSED_NOWHERE]
    if not paused:
        return (AT_WORK if members else NOT_THERE)[state]
    pause = PAUSED_IN_ALL if all(view.pause is PAUSED_IN_ALL for view in members) else PAUSED_IN_SOME
    return Merged(state, True, pause, max(paused, key=lambda view: view.reason_at).reason)


@value
class Reading:
    """An agent as of the last change: what the live board and the agent's own page count up from.

    `tally` is today's, up to `at`; from then on `merged.state` runs. Where an exempt pause runs, `exempt_left` says for
    how many µs more it is exempt, None without a limit; it counts after that, and `exempt` is False once it does.
    """

    merged: Merged
    since: int  # µs, of this state and reason
    tally: Tally
    at: int
    exempt: bool
    exempt_left: int | None


@dataclass(slots=True)
class AgentClock:
    """The clock of one agent. It never goes back; with `several` seats, changes wait for `confirm`. Where a day is
    measured against shifts, the time `line` is kept; copies go on with the same."""

    agent: str
    rules: AgentRules
    several: bool
    at: int = 0
    merged: Merged = NOBODY
    since: int = 0
    views: dict[Hashable, View] = field(default_factory=dict)
    tallies: dict[date, Tally] = field(default_factory=dict)
    exempt_in_pause: dict[str, int] = field(default_factory=dict)  # by reason, within the pause that runs
    waiting: list[SeatChange] = field(default_factory=list)
    line: Stretches | None = None
    # The business day that was last looked at, and its tally at hand: asked for with every change.
    _day: BusinessDay = NO_DAY
    _today: Tally = field(default_factory=Tally)

    def follow(self, rules: AgentRules, several: bool) -> None:
        """Other rules, or another number of seats, from now on. What waits goes on waiting, and what comes after it."""
        self.rules, self.several, self._day = rules, several, NO_DAY

    def change(self, change: SeatChange) -> None:
        if self.several or self.waiting:
            insort(self.waiting, change, key=order_of)
        else:
            self._fold(change.at, *change[3:])  # PBX and number only order it

    def next_segment(self, pbx: str, key: Hashable, opened: Segment) -> None:
        """The seat `key`, the agent's already, has begun its next segment: what `change` makes of it, sooner."""
        if self.several or self.waiting:
            self.change(change_of(opened, pbx))
        else:
            self._fold(opened.start, key, opened.view, opened.told, opened.offered, opened.answered, opened.missed)

    def retell(self, at: int, state: State, offered: int, answered: int, missed: int) -> None:
        """The only seat is in another state from `at` on: most changes of a day, told again in great numbers after a
        restart, and so without a segment and a view of each. Only for an agent with one seat who is signed in, and
        pauses in no queue, before the change and after: here nothing is checked. `Crew.lone_clock` asks it of the
        agent; whoever calls this, of the change."""
        at = max(at, self.at)
        merged, tally = self.merged, self._tally(self.at)
        if at < self._day.end:
            tally.in_state[merged.state] += at - self.at  # of a state without pause there is no more to be said
            self.at = at
        else:
            self._advance(at)
            tally = self._tally(at)
        if offered or answered or missed:
            tally.count_calls(offered, answered, missed)
        if state is not merged.state:
            self.since = at
            self.merged = AT_WORK[state]

    def confirm(self, at: int) -> None:
        """Fold what waits, up to and including `at`: nothing older will come."""
        ready = bisect_right(self.waiting, at, key=itemgetter(0))
        for begins, _, _, seat, view, told, offered, answered, missed in self.waiting[:ready]:
            self._fold(begins, seat, view, told, offered, answered, missed)
        del self.waiting[:ready]

    def begin_day(self, at: int) -> None:
        """Let the clock run to the start of the business day that `at` lies in, so that today's figures are today's."""
        start = self.rules.days.at(at).start
        self.confirm(start)
        self._advance(start)

    def read(self) -> Reading:
        clock = self
        if self.waiting:
            clock = self._copy()
            clock.confirm(clock.waiting[-1].at)
        tally = clock._tally(clock.at)
        rule = clock._rule(clock.at) if clock.merged.state is PAUSED else None
        if rule is None:
            return Reading(clock.merged, clock.since, tally, clock.at, False, None)
        left = clock._exempt_left(clock.merged.reason, rule, tally)
        return Reading(clock.merged, clock.since, tally, clock.at, left is None or left > 0, left)

    def records(self, until: int, unit: str | None) -> list[DayRecord]:
        """The records of all days that the clock has seen something in, open states closed at `until`."""
        return self._copy().end(until, unit)

    def end(self, until: int, unit: str | None) -> list[DayRecord]:
        """The same of a clock that is not needed any longer."""
        self.confirm(until)
        self._advance(until)
        if self.merged.member:
            self._tally(self.at).last_sign_out = self.at
        days = sorted(day for day, tally in self.tallies.items() if not tally.is_empty())
        return [self.tallies[day].record(self.agent, unit, day) for day in days]

    def forget_before(self, day: date) -> None:
        """Let go of the days before; they are in the store."""
        for past in [past for past in self.tallies if past < day]:
            del self.tallies[past]
            self._day = NO_DAY

    # --- the fold ----------------------------------------------------------------------------------------------------

    def _fold(
        self, at: int, seat: Hashable, view: View | None, told: bool, offered: int, answered: int, missed: int
    ) -> None:
        """A change, by its parts: up to it the clock runs as before, from then on as the seats' views mean."""
        if self.at < at:
            self._advance(at)
        if view is None:
            self.views.pop(seat, None)
        else:
            self.views[seat] = view
        at, before, day = self.at, self.merged, self._day
        after = merge(self.views)
        tally = self._today if day.start <= at < day.end else self._tally(at)
        if offered or answered or missed:
            tally.count_calls(offered, answered, missed)
        if after is before or after == before:
            return
        if after.member != before.member or after.pause is not before.pause:
            self._count(before, after, tally, at, told)
        if after.state is not before.state or (after.state is PAUSED and after.reason != before.reason):
            self.since = at
        self.merged = after

    def _count(self, before: Merged, after: Merged, tally: Tally, at: int, told: bool) -> None:
        """Sign-ins, sign-outs and pauses: by membership and pause alone, whatever the telephone does meanwhile."""
        if after.member and not before.member:
            tally.sign_ins += told
            if tally.first_sign_in is None:
                tally.first_sign_in = at
        if before.member and not after.member:
            tally.sign_outs += told
            if self.line is not None:
                self.line.sign_outs.append((at, told))
            if told or at != self.rules.days.at(at).start:
                tally.last_sign_out = at
            else:  # a seat that is somebody else's from the day's start on was not brought into the day
                tally.first_sign_in = None
        if after.is_paused(self.rules.seats.paused_in) and not before.is_paused(self.rules.seats.paused_in):
            tally.pauses += told
            self.exempt_in_pause = {}
        if after.pause is PAUSED_NOWHERE:
            self.exempt_in_pause = {}

    def _advance(self, to: int) -> None:
        """Let the clock run to `to` in the present state, day by day."""
        while (at := self.at) < to:
            if self.merged is NOBODY:
                self.at = to
                return
            tally = self._today if self._day.start <= at < self._day.end else self._tally(at)
            ends = self._day.end
            end = to if to < ends else ends
            self._spend(tally, at, end - at)
            self.at = end
            if end == ends and self.merged.member:
                tally.last_sign_out = end
                self._tally(end).first_sign_in = end

    def _spend(self, tally: Tally, start: int, span: int) -> None:
        state, _, pause, reason = self.merged
        tally.in_state[state] += span
        if pause is PAUSED_IN_SOME and state not in (UNOBSERVED, SIGNED_OUT):
            tally.partly_paused += span
        if state is not PAUSED:
            if self.line is not None:
                self.line.spent(start, span, state)
            return
        tally.paused[reason] = tally.paused.get(reason, 0) + span
        rule = self._rule(start)
        if rule is None:
            tally.aux += span
            if self.line is not None:
                self.line.spent(start, span, PAUSED, Judged.AUX)
            return
        left = self._exempt_left(reason, rule, tally)
        exempt = span if left is None else min(span, left)
        tally.exempt += exempt
        tally.aux += span - exempt
        tally.exempt_of[reason] = tally.exempt_of.get(reason, 0) + exempt
        self.exempt_in_pause[reason] = self.exempt_in_pause.get(reason, 0) + exempt
        if self.line is not None:
            self.line.spent(start, exempt, PAUSED, Judged.EXEMPT)
            self.line.spent(start + exempt, span - exempt, PAUSED, Judged.AUX)

    def _rule(self, at: int) -> ReasonRule | None:
        """What the business day of that instant says of the reason of the pause that runs; None: it counts."""
        return self.rules.reasons.on(self.rules.days.at(at).day).get(self.merged.reason)

    def _exempt_left(self, reason: str, rule: ReasonRule, tally: Tally) -> int | None:
        lefts = []
        if rule.max_us is not None:
            lefts.append(rule.max_us - self.exempt_in_pause.get(reason, 0))
        if rule.max_day_us is not None:
            lefts.append(rule.max_day_us - tally.exempt_of.get(reason, 0))
        return max(0, min(lefts)) if lefts else None

    def _tally(self, at: int) -> Tally:
        day = self._day
        if not day.start <= at < day.end:
            self._day = self.rules.days.at(at)
            self._today = self.tallies.setdefault(self._day.day, Tally())
        return self._today

    def _copy(self) -> "AgentClock":
        return AgentClock(
            self.agent, self.rules, self.several, self.at, self.merged, self.since, self.views.copy(),
            {day: tally.copy() for day, tally in self.tallies.items()},
            self.exempt_in_pause.copy(), self.waiting.copy(), self.line,
        )  # fmt: skip
