"""Every PBX's floor, and the crew that works on them: what the daemon knows now, and what has changed since.

A sign-in takes three stops: parsed (ccd.pbx), applied (here), performed (ccd.history and ccd.live take what is new).
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from operator import attrgetter
from types import MappingProxyType

from ccd.bank.policy import Policy
from ccd.daemon.site import Site
from ccd.floor.agents import AgentRules
from ccd.floor.crew import Crew
from ccd.floor.events import Found, Heard, Lost, PbxEvent
from ccd.floor.floor import Floor
from ccd.floor.floor_state import FloorState
from ccd.floor.own_days import OwnDays
from ccd.floor.owners import Owner
from ccd.floor.seats import STATE_WORDS
from ccd.floor.segments import Segment, Transition
from ccd.history.batch import Batch, batch_of
from ccd.live.batch import AgentReading, LiveBatch, QueueNow, SourceNow, pack

# So long after a day's start by our clock it begins although no PBX has said so. While one is live it says so itself,
# and a clock of ours that is set in between begins nothing.
SILENT_CLOCK_US = 60_000_000
EVENTS_AT_ONCE_MAX = 2_000  # applied before the loop turns to others


class Floors:
    """`take` is called with what a PBX said, `apply` by who records nothing of it; `changes` and `everything` by the
    writer of the live store.

    `sources` says how each PBX is followed, `now` is the site's clock in µs.
    """

    def __init__(self, site: Site, sources: Callable[[], Iterable[SourceNow]], now: Callable[[], int]) -> None:
        self.site = site
        self.floors: dict[str, Floor] = {}
        self.crew = Crew(self._owner_of, self._rules_of, self._own_days)
        self._sources = sources
        self._now = now
        self._said: list[tuple[str, str, str, int, str, str]] = []
        self._gone: list[str] = []  # agents whom a reload left without a line and without a seat
        self._queues: dict[str, QueueNow] = {}
        self._told_sources: dict[str, SourceNow] = {}
        # µs: the last and the next instant at which a business day begins, or a roster line does; 0 before anything was
        # said.
        self._last_border = self._next_border = 0
        self._planned: Mapping[tuple[str, date], int] = MappingProxyType({})  # seconds by agent and day

    # --- from the PBX ------------------------------------------------------------------------------------------------

    def resume(self, pbx: str, state: FloorState) -> None:
        """Go on where this PBX's floor stood."""
        self.floors[pbx] = Floor(self.site.seat_rules, state)
        self._stand_as_refilled()

    def begin_gap(self, pbx: str) -> Batch | None:
        """What happened since the floor's last word was not observed, as after a lost connection: since a seat's event,
        a Ping's answer or a snapshot, whichever came last (docs/time-bank.md 2.2). What is to be recorded of that."""
        state = self.floors[pbx].state
        words = [state.heard_at, state.confirmed_at, *(seat.at for seat in state.seats.values())]
        last_at = max(filter(None, words), default=None)
        if last_at is None or state.gap_since is not None:
            return None
        return self.take(pbx, [Lost(last_at)])

    def take(self, pbx: str, events: Sequence[PbxEvent]) -> Batch:
        """Apply the events; what of it is to be recorded, in one step."""
        return self._recorded(pbx, events, self._apply(pbx, events))

    async def take_as_one(self, pbx: str, events: Sequence[PbxEvent]) -> Batch:
        """The same for more of them than others would wait for."""
        transitions: list[Transition] = []
        for start in range(0, len(events), EVENTS_AT_ONCE_MAX):
            transitions += self._apply(pbx, events[start : start + EVENTS_AT_ONCE_MAX])
            await asyncio.sleep(0)
        return self._recorded(pbx, events, transitions)

    def record(self, pbx: str, events: Sequence[PbxEvent]) -> Batch:
        """The same of days that are over and that nobody looks at: the clocks of agents stand."""
        floor = self.floors[pbx]
        return self._recorded(pbx, events, [each for event in events for each in floor.apply(event)])

    def _recorded(self, pbx: str, events: Sequence[PbxEvent], transitions: Sequence[Transition]) -> Batch:
        told = (event for event in reversed(events) if not isinstance(event, Heard | Lost | Found))
        newest = next(told, None)
        return self._batch(pbx, transitions, newest.ref if newest else 0)

    def apply(self, pbx: str, events: Iterable[PbxEvent]) -> list[Transition]:
        """Floor and crew go on to where these events lead; what is new waits for `changes`."""
        self.floors[pbx].callers.gone = []  # of who records nothing
        return self._apply(pbx, events)

    def _apply(self, pbx: str, events: Iterable[PbxEvent]) -> list[Transition]:
        floor = self.floors[pbx]
        transitions: list[Transition] = []
        for event in events:
            if happened := floor.apply(event):
                transitions += happened
        self._happened(pbx, transitions)
        self._go_on()
        return transitions

    def has_passed(self, at: int) -> bool:
        """Whether agents' clocks may have gone on without what a PBX said of `at` too late: to another day or another
        roster, or to where another PBX was."""
        return len(self.floors) > 1 or at < self._last_border

    def _happened(self, pbx: str, transitions: Sequence[Transition]) -> None:
        """A day that begins, or a roster line, between two of them begins there, not after the last."""
        opened = [transition.opened for transition in transitions]
        if any(segment.start >= self._next_border for segment in opened):
            opened.sort(key=attrgetter("start"))  # of each seat they are in order already
        for segment in opened:
            if segment.start >= self._next_border:
                self._cross(segment.start)
            self.crew.take(pbx, segment)
        self._said += [_said(pbx, transition.opened) for transition in transitions]

    def _batch(self, pbx: str, transitions: Sequence[Transition], ref: int) -> Batch:
        floor = self.floors[pbx]
        touched, floor.touched = floor.touched, set()
        calls, floor.callers.gone = floor.callers.gone, []
        waiting = floor.callers.waits() if floor.callers.changed else None
        floor.callers.changed = False
        return batch_of(pbx, transitions, touched, floor.state, ref, calls, waiting)

    def _go_on(self) -> None:
        """What all who can speak have confirmed is folded for good; a new day, or another roster line, is begun.

        A PBX in a gap says nothing of the time before its next snapshot, and is not waited for.
        """
        states = [floor.state for floor in self.floors.values()]
        confirmed = [state.confirmed_at for state in states if state.confirmed_at and state.gap_since is None]
        if confirmed:
            self.crew.confirm(min(confirmed))
        heard = max(max(state.heard_at or 0, state.confirmed_at or 0) for state in states)
        if heard:
            self._cross(heard)

    def _cross(self, at: int) -> None:
        """Begin the days, and the roster lines, that begin by `at`: one PBX that says so is enough."""
        while self._next_border and at >= self._next_border:
            self._gone += self.crew.restaff(self.site.everybody(self._next_border), self._next_border)
            self._last_border, self._next_border = self._next_border, self.site.next_border(self._next_border)
        if not self._next_border:
            self._last_border, self._next_border = self.site.last_border(at), self.site.next_border(at)
        self.crew.same_between(self._last_border, self._next_border)

    def _stand_as_refilled(self) -> None:
        """Behind the border up to which `refill` has brought a crew; the next that begins is that after it."""
        states = [floor.state for floor in self.floors.values()]
        heard = [state.heard_at for state in states if state.heard_at is not None]
        if heard:
            at = max([*heard, *(segment.start for state in states for segment in state.open.values())])
            self._last_border, self._next_border = self.site.last_border(at), self.site.next_border(at)

    def reload(self, site: Site) -> list[Batch]:
        """Another roster, other reasons or queues: from where the switches are. What was measured before stays as it
        was. What is to be recorded: the seats whose state is another by the new rules."""
        self.site = site
        words = [word for floor in self.floors.values() for word in (floor.state.heard_at, floor.state.confirmed_at)]
        at = max([self._last_border, *filter(None, words)]) or self._now()
        self._last_border, self._next_border = site.last_border(at), site.next_border(at)
        self._gone += self.crew.restaff(site.everybody(at), at)
        self.crew.same_between(self._last_border, self._next_border)
        batches: list[Batch] = []
        for pbx, floor in self.floors.items():
            if transitions := floor.follow(site.seat_rules):
                self._happened(pbx, transitions)
                batches.append(self._batch(pbx, transitions, 0))
        return batches

    async def recount(self, refill: Callable[[Crew], Awaitable[None]]) -> None:
        """Have another crew take what is stored of today, for a roster that sees it otherwise. Nothing is taken
        meanwhile, and everything that was taken is stored."""
        crew = Crew(self._owner_of, self._rules_of, self._own_days)
        await refill(crew)
        before, self.crew = self.crew.clocks.keys(), crew
        passed = self._last_border
        self._stand_as_refilled()
        self._cross(passed)
        self._know_everybody()
        crew.changed = set(crew.clocks)
        self._gone += sorted(before - crew.clocks.keys())

    def plan(self, planned: Mapping[tuple[str, date], int]) -> None:
        """For how many seconds agents are scheduled, by agent and business day; whose plan is another is changed."""
        before, self._planned = self._planned, planned
        differs = {agent for agent, _ in dict(before.items() ^ planned.items())}
        self.crew.changed |= differs & self.crew.clocks.keys()

    def _rules_of(self, unit: str | None) -> AgentRules:
        return self.site.rules_of(unit)

    def _own_days(self, agent: str) -> OwnDays | None:
        return self.site.own_days(agent)

    def _owner_of(self, pbx: str, seat: str, name: str, at: int) -> Owner | None:
        return self.site.owner_of(pbx, seat, name, at)

    def _know_everybody(self) -> None:
        for owner in self.site.everybody(self._now()):
            self.crew.know(owner)

    # --- to the live store -------------------------------------------------------------------------------------------

    def changes(self) -> LiveBatch:
        """What is new since this was last asked."""
        if self._next_border and not any(source.state == "live" for source in self._sources()):
            self._cross(self._now() - SILENT_CLOCK_US)
        changed, self.crew.changed = self.crew.changed, set()
        said, self._said = self._said, []
        gone, self._gone = [agent for agent in self._gone if agent not in self.crew.clocks], []  # who left may be back
        new_queues = tuple(queue for queue in self._queues_now() if self._queues.get(queue.queue) != queue)
        self._queues |= {queue.queue: queue for queue in new_queues}
        sources = {source.pbx: source for source in self._sources()}
        new_sources = tuple(source for name, source in sources.items() if self._told_sources.get(name) != source)
        self._told_sources = sources
        return LiveBatch(
            self._readings(changed),
            tuple(gone),
            new_queues,
            new_sources,
            self._watermarks(),
            pack(said),
        )

    def everything(self) -> LiveBatch:
        """All there is; what is new since `changes` was asked is in it."""
        self._know_everybody()
        self.crew.changed, self._said, self._gone = set(), [], []
        self._queues |= {queue.queue: queue for queue in self._queues_now()}
        self._told_sources = {source.pbx: source for source in self._sources()}
        return LiveBatch(
            self._readings(list(self.crew.clocks)),
            (),
            tuple(self._queues.values()),
            tuple(self._told_sources.values()),
            self._watermarks(),
        )

    def _readings(self, agents: Iterable[str]) -> Iterator[AgentReading]:
        now = self._now()
        running: dict[str | None, tuple[date, Policy]] = {}
        for agent in agents:
            unit = self.crew.units[agent]
            if unit not in running:
                running[unit] = self.site.running(unit, now)
            day, policy = running[unit]
            share_ppm = self.site.staff.contract_ppm(agent, day)
            allowance_s = policy.expected_allowance_s(self._planned.get((agent, day), 0), share_ppm)
            name = self.site.name_of(agent) or self.crew.member_name(agent) or agent
            yield AgentReading(agent, name, unit or "", self.crew.clocks[agent].read(), allowance_s)

    def _queues_now(self) -> Iterator[QueueNow]:
        """The queues whose callers have changed since this was last asked."""
        states = [floor.state for floor in self.floors.values()]
        touched = {queue for floor in self.floors.values() for queue in floor.queues_touched}
        for floor in self.floors.values():
            floor.queues_touched = set()
        for queue in sorted(touched):
            lines = [callers for state in states if (callers := state.waiting.get(queue))]
            first = min((next(iter(callers.values())) for callers in lines), default=None)
            yield QueueNow(queue, sum(map(len, lines)), first)

    def _watermarks(self) -> dict[str, int]:
        return {pbx: floor.state.heard_at for pbx, floor in self.floors.items() if floor.state.heard_at is not None}


def _said(pbx: str, opened: Segment) -> tuple[str, str, str, int, str, str]:
    """A transition as the stream's readers get it: PBX, seat, member name, µs, state, reason."""
    view = opened.view
    return pbx, opened.seat, view.name, opened.start, STATE_WORDS[view.state], view.reason
