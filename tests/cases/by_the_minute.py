"""Days of three agents, made at random and reckoned minute by minute as docs/time-bank.md 2.3 and 2.4 say, by none of
the bank's own rules: each minute is looked at by itself, with its date by the clock on the wall."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cached_property
from random import Random
from typing import NamedTuple
from zoneinfo import ZoneInfo

from ccd.floor.events import PbxEvent
from tests.cases.world import AGENTS
from tests.floor.floors import added, connected, ended, joined, left, missed, offered, paused, removed, unpaused

MINUTE, RATE_PPM, PPM = 60, 37_000, 1_000_000
DAYS, MOVES = 9, 5  # how many there are, and on which of them 1002 goes to team-2
WITH_SCHEDULES = "team-1"
SHIFTS = ((480, 960), (1_320, 1_800), (540, 780), (1_260, 1_560))  # minutes of a day, some over its end
MEAL_S, MOST_S = 3_600, 43_200
WAITS_S, GIVEN_UP = (0, 5, 6, 30, 31, 90), 40

Spans = list[tuple[int, int]]  # minutes since the epoch
Reckoned = dict[tuple[str, date], Counter[str]]  # by agent and day, seconds and numbers


class Place(NamedTuple):
    zone: str
    day_starts_at: time
    first: date


class Caller(NamedTuple):
    """Seconds since the epoch; who answered, or nobody."""

    came: int
    gone: int
    agent: str


class Ruling(NamedTuple):
    start: int
    end: int
    counts: str
    whose: str


class PartOfShift(NamedTuple):
    """What of a shift is of one day: its minutes, whether they have the shift's own start and end, and those in which
    the agent was signed in."""

    minutes: range
    begins: bool
    ends: bool
    there: list[int]


@dataclass
class Agent:
    """What one does and is told."""

    here: Spans = field(default_factory=list)
    pauses: list[tuple[int, int, str]] = field(default_factory=list)
    calls: Spans = field(default_factory=list)
    rings: list[tuple[int, int, bool]] = field(default_factory=list)  # the last: it was missed
    shifts: list[tuple[int, int, Spans]] = field(default_factory=list)
    leave: list[tuple[int, int, str]] = field(default_factory=list)
    sent_off: set[int] = field(default_factory=set)  # the minutes at whose start a leader had them signed out

    @cached_property
    def states(self) -> dict[int, str]:
        """By minute in which the agent is signed in; what comes later here goes before. Wrap-up lasts a minute."""
        said = {at: "available" for a, b in self.here for at in range(a, b)}
        said |= {b: "wrap_up" for _, b in self.calls}
        said |= {at: reason for a, b, reason in self.pauses for at in range(a, b)}
        said |= {a: "ringing" for a, _, _ in self.rings}
        return said | {at: "on_call" for a, b in self.calls for at in range(a, b)}


class Life:
    """`DAYS` of the agents at a place."""

    goes_out = 0.5  # how often somebody signs out amid a shift, and in again

    def __init__(self, place: Place, seed: int, days: int = DAYS, moves: int = MOVES) -> None:
        self.place, self.zone, self.chance = place, ZoneInfo(place.zone), Random(seed)
        self.days = [place.first + timedelta(days=number) for number in range(days)]
        self.moves = self.days[moves]
        self.agents = {agent: Agent() for agent in AGENTS}
        self.events: list[PbxEvent] = []
        self.rulings: list[Ruling] = []
        self.callers: list[Caller] = []
        self._dates: dict[int, date] = {}
        self._parts: dict[tuple[str, int, date], PartOfShift] = {}
        for agent in AGENTS:
            for day in self.days[:-1]:
                self._lives(agent, day)
        for number in range(GIVEN_UP):
            came = self.minute(self.chance.choice(self.days[:-1]), self.chance.randrange(1_440)) * MINUTE
            self.callers.append(Caller(came, came + self.chance.choice(WAITS_S), ""))
            self.events += [joined(came, f"{number}"), left(self.callers[-1].gone, f"{number}", abandoned=True)]

    def minute(self, day: date, of_day: int) -> int:
        written = datetime.combine(day, time()) + timedelta(minutes=of_day)
        return int(written.replace(tzinfo=self.zone).timestamp()) // MINUTE

    def day_of(self, minute: int) -> date:
        if minute not in self._dates:
            wall, starts = datetime.fromtimestamp(minute * MINUTE, self.zone), self.place.day_starts_at
            self._dates[minute] = (wall.replace(tzinfo=None) - timedelta(hours=starts.hour)).date()
        return self._dates[minute]

    def unit(self, agent: str, day: date) -> str:
        return "team-2" if agent == "1002" and day >= self.moves else AGENTS[agent]

    def keeps_schedules(self, agent: str, day: date) -> bool:
        return self.unit(agent, day) == WITH_SCHEDULES

    # --- what they do -------------------------------------------------------------------------------------------------

    def habits(self, agent: str, day: date) -> tuple[tuple[int, ...], tuple[int, ...], float]:
        """By how many minutes one comes after the start of a shift and goes after its end; how often one stays away."""
        return (0, 0, -20, 7, 45), (0, 0, 90, -13, -60), 0.15

    def _lives(self, agent: str, day: date) -> None:
        own, chance = self.agents[agent], self.chance
        begins, ends = chance.choice(SHIFTS)
        start, end = self.minute(day, begins), self.minute(day, ends)
        last = max([0, *(b for _, b in own.here), *(b for _, b, _ in own.shifts)])
        if last + 60 >= start:
            return
        comes, goes, stays_away = self.habits(agent, day)
        if chance.random() < 0.8:
            rest = self.minute(day, begins + 120)
            own.shifts.append((start, end, [(rest, rest + 30)] if chance.random() < 0.7 else []))
            if chance.random() < 0.3:
                first, until = sorted(chance.sample(range(start - 60, end + 60), 2))
                own.leave.append((first, until, chance.choice(("personal", "sick"))))
        if chance.random() < stays_away:
            return
        first, until = start + chance.choice(comes), end + chance.choice(goes)
        parts = [(first, until)]
        if chance.random() < self.goes_out:
            out, back = sorted(chance.sample(range(first + 30, until - 30), 2))
            parts = [(first, out), (back, until)]
        for part in parts:
            self._works(agent, *part)

    def _works(self, agent: str, first: int, until: int) -> None:
        own, seat, chance = self.agents[agent], f"PJSIP/{agent}", self.chance
        own.here.append((first, until))
        self.events += [added(first * MINUTE, seat=seat), removed(until * MINUTE, seat=seat)]
        at = first + 5
        while at + 40 < until:
            what, ends, call = (
                chance.choice(("call", "call", "water", "meal", "miss")),
                at + chance.randint(2, 25),
                f"{seat}{at}",
            )
            if what == "call":
                rings = chance.randint(0, 1)
                self._takes(agent, call, at, at + rings, ends + rings)
            elif what == "miss":
                own.rings.append((at, at + 1, True))
                self.events += [offered(at * MINUTE, call, seat=seat), missed((at + 1) * MINUTE, call, seat=seat)]
            else:
                own.pauses.append((at, ends, what))
                self.events += [paused(at * MINUTE, what, seat=seat), unpaused(ends * MINUTE, seat=seat)]
            at = ends + chance.randint(3, 40)

    def _takes(self, agent: str, call: str, at: int, answers: int, ends: int) -> None:
        own, seat, gone = self.agents[agent], f"PJSIP/{agent}", answers * MINUTE
        came = min(at * MINUTE, gone - self.chance.choice(WAITS_S))
        self.callers.append(Caller(came, gone, agent))
        self.events.append(joined(came, call))
        if answers > at:
            own.rings.append((at, answers, False))
            self.events.append(offered(at * MINUTE, call, seat=seat))
        own.calls.append((answers, ends))
        self.events += [left(gone, call), connected(gone, call, seat=seat), ended(ends * MINUTE, call, seat=seat)]

    # --- what it comes to ---------------------------------------------------------------------------------------------

    def reckoned(self) -> Reckoned:
        every = {(agent, day): self.of_day(agent, day) for agent in self.agents for day in self.days}
        return {key: told for key, told in every.items() if told}

    def of_day(self, agent: str, day: date) -> Counter[str]:
        own, told, starts = self.agents[agent], Counter[str](), self.place.day_starts_at.hour * 60
        first, until = self.minute(day, starts), self.minute(day + timedelta(days=1), starts)
        spans = [*own.here, *(each[:2] for each in (*own.shifts, *own.leave))]
        spans += [(each.start, each.end) for each in self.rulings if each.whose == agent]
        for at in sorted({at for a, b in spans for at in range(max(a, first), min(b, until))}):
            self._count(told, agent, at)
        turns = [("sign_ins", a) for a, _ in own.here] + [("sign_outs", b) for _, b in own.here]
        turns += [("pauses", a) for a, _, _ in own.pauses] + [("answered", a) for a, _ in own.calls]
        turns += [("offered", a) for a, _, _ in own.rings] + [
            ("missed", b) for _, b, is_missed in own.rings if is_missed
        ]
        told.update(what for what, at in turns if first <= at < until)
        return told

    def _count(self, day: Counter[str], agent: str, at: int) -> None:
        own = self.agents[agent]
        state = own.states.get(at, "")
        seen = state and {"water": "aux", "meal": "exempt" if day["exempt"] < MEAL_S else "aux"}.get(state, "available")
        for name in ("signed_in", "paused" if seen != "available" else state, "" if seen == "available" else seen):
            day[name] += MINUTE if state and name else 0
        leave = next((kind for a, b, kind in own.leave if a <= at < b), "")
        day[f"free {self._ruled(agent, at, bool(state)) or seen}"] += MINUTE
        for start, end, rests in own.shifts:
            if not start <= at < end or any(a <= at < b for a, b in rests):
                continue
            day["planned"] += MINUTE
            part = self._part(agent, start, end, self.day_of(at))
            meets = bool(part.there) and part.there[0] <= at <= part.there[-1] and not (leave and not state)
            what = self._ruled(agent, at, meets)
            if not what:
                gone = max((b for _, b in own.here if start <= b <= at), default=None)
                away = "excused" if gone in own.sent_off else _away(part, at)
                what = seen or (f"leave {leave}" if leave else away)
                day["worked_on_leave"] += MINUTE if leave and state else 0
            day[f"shift {what}"] += MINUTE
            day["scheduled"] += MINUTE if what != "left_out" else 0
            day["on_leave"] += MINUTE if what.startswith("leave") else 0

    def _part(self, agent: str, start: int, end: int, day: date) -> PartOfShift:
        if (agent, start, day) not in self._parts:
            minutes = [at for at in range(start, end) if self.day_of(at) == day]
            there = [at for at in minutes if at in self.agents[agent].states]
            whole = range(minutes[0], minutes[-1] + 1)
            self._parts[agent, start, day] = PartOfShift(whole, whole.start == start, whole.stop == end, there)
        return self._parts[agent, start, day]

    def _ruled(self, agent: str, at: int, meets: bool) -> str:
        """The own before the unit's, and of these the newest; one of a unit is of whom it `meets`."""
        holding = [each for each in self.rulings if each.start <= at < each.end]
        own = [each.counts for each in holding if each.whose == agent]
        of_unit = [each.counts for each in holding if each.whose in (self.unit(agent, self.day_of(at)), "centre")]
        return (own or (of_unit if meets else []) or [""])[-1]

    def base_and_aux(self, agent: str, day: date, told: Counter[str]) -> tuple[int, int]:
        of = "shift" if self.keeps_schedules(agent, day) else "free"
        return told[f"{of} available"] + told[f"{of} aux"], told[f"{of} aux"]

    def worth_s(self, agent: str, day: date, told: Counter[str]) -> int:
        """Nobody is entitled to more than others here, and nothing is unseen: what is not saved is overdrawn."""
        base, aux = self.base_and_aux(agent, day, told)
        return RATE_PPM * (base if self.keeps_schedules(agent, day) else min(base, MOST_S)) // PPM - aux

    def due_s(self, agent: str, day: date, told: Counter[str]) -> int:
        """What was scheduled, or else from the first sign-in to the last sign-out; of who came into the day signed in
        the time in which they were."""
        if self.keeps_schedules(agent, day) and told["scheduled"]:
            return told["scheduled"]
        here = [at for at in self.agents[agent].states if self.day_of(at) == day]
        if any(self._came_into(a, b, day) for a, b in self.agents[agent].here):
            return told["signed_in"]
        return (max(here) + 1 - min(here)) * MINUTE if here else 0

    def _came_into(self, first: int, until: int, day: date) -> bool:
        """Whether somebody who was there for these minutes was so as the day began; who left then was, too."""
        return self.day_of(first) < day <= self.day_of(until)


def _away(part: PartOfShift, at: int) -> str:
    """Nobody is signed in then, and there is no leave."""
    if not part.there:
        return "off_post"
    if at < part.there[0]:
        return "late" if part.begins else "off_post"
    if at > part.there[-1]:
        return "early_leave" if part.ends else "off_post"
    return "aux"
