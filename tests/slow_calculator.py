"""A slow, obvious calculator of day records, to hold against the floor's (docs/time-bank.md 2.1 to 2.3).

It shares nothing with `ccd` but the vocabulary of events. It cuts time wherever anything could change, looks at every
seat in the middle of each piece (tests/slow_seats.py), and adds the piece to what the agent's seats say together.
What is counted instead of measured is found by looking at the agent just before and just after each event.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from ccd.floor import events as said
from tests.slow_lines import TimeLine, listen
from tests.slow_rules import SECOND, Reason, Rules
from tests.slow_seats import Item, facts, level

ORDER = ("on_call", "ringing", "wrap_up", "available", "unobserved", "paused", "unreachable", "signed_out")
TIMES = ("signed_in", "available", "ringing", "on_call", "other_call", "wrap_up", "unreachable", "unobserved")
TIMES_OF_PAUSES = ("partly_paused", "aux", "exempt")
EXEMPT = "exempt per reason"  # not shown; for the limits of a day
COUNTS = ("sign_ins", "sign_outs", "pauses", "offered", "answered", "missed")
Record = dict[str, object]


def day_records(
    streams: Mapping[str, Iterable[said.PbxEvent]], rules: Rules, until: int
) -> dict[tuple[str, str], Record]:
    """(ISO day, agent) → the day record of docs/time-bank.md 2.3, times in µs. `until` (µs) closes what is open."""
    lines = [
        TimeLine(pbx, seat, tuple((item, facts(seat, items[: n + 1], rules)) for n, item in enumerate(items)))
        for pbx, stream in streams.items()
        for seat, items in listen(stream, rules).items()
    ]
    lines_of: dict[str, list[TimeLine]] = {}
    for line in lines:
        moments = [item.at for item, _ in line.frames] + [r.starts or 0 for r in rules.roster]
        for agent in {owner(line, known.name, moment, rules) for _, known in line.frames for moment in moments}:
            lines_of.setdefault(agent, []).append(line)
    starts = day_starts(min((item.at for line in lines for item, _ in line.frames), default=until), until, rules)
    records: dict[tuple[str, str], Record] = {}
    for agent, its_lines in sorted(lines_of.items()):
        story = Story(agent, its_lines, rules, starts, until)
        records |= {(day, agent): record for day, record in story.days().items()}
    return records


def owner(line: TimeLine, name: str, moment: float, rules: Rules) -> str:
    """The agent of the most specific roster line that matches; without one the seat stands for itself."""
    matching = [
        ((r.interface is not None) * 2 + (r.member_name is not None) + (r.pbx is not None) * 0.5, r.agent)
        for r in rules.roster
        if r.interface in (None, line.seat) and r.member_name in (None, name) and r.pbx in (None, line.pbx)
        if (r.starts is None or r.starts <= moment) and (r.ends is None or moment < r.ends)
    ]
    return max(matching, key=lambda match: match[0])[1] if matching else line.seat


def day_starts(first: int, until: int, rules: Rules) -> list[tuple[int, str]]:
    """The business days from `first` to `until`; each starts when the clock first shows that time, or a later one."""
    zone = ZoneInfo(rules.timezone)
    starts: list[tuple[int, str]] = []
    day = datetime.fromtimestamp(first / SECOND, zone).date() - timedelta(days=1)
    while not starts or starts[-1][0] <= until:
        starts.append((first_shown(datetime.combine(day, rules.day_starts_at), zone), day.isoformat()))
        day += timedelta(days=1)
    return starts


@cache
def first_shown(wanted: datetime, zone: ZoneInfo) -> int:
    """When (µs) the clock first shows the wanted time, or a later one."""
    moment = wanted.replace(tzinfo=UTC) - timedelta(hours=26)
    while moment.astimezone(zone).replace(tzinfo=None) < wanted:
        moment += timedelta(minutes=1)
    return int(moment.timestamp()) * SECOND


@dataclass(frozen=True)
class Story:
    """One agent, through all days."""

    agent: str
    lines: Sequence[TimeLine]
    rules: Rules
    starts: Sequence[tuple[int, str]]
    until: int

    def days(self) -> dict[str, Record]:
        happenings = sorted(
            (item.at, line.pbx, item.number, line.seat, n)
            for line in self.lines
            for n, (item, _) in enumerate(line.frames)
        )
        cuts = {at for at, *_ in happenings} | {at for at, _ in self.starts} | {self.until}
        cuts |= {end for line in self.lines for _, known in line.frames for _, end in known.wrap_ups}
        cuts |= {start for line in self.lines for start, *_ in line.frames[-1][1].unobserved}
        roster_borders = {at for r in self.rules.roster for at in (r.starts, r.ends) if at is not None}
        cuts |= roster_borders
        days: dict[str, Record] = {}
        used: dict[str, int] = {}  # exempt µs per reason, within this unbroken pause
        for start, end in pairwise([*sorted(cut for cut in cuts if cut <= self.until), self.until]):
            record = days.setdefault(self.day(start), new_record())
            if start in roster_borders - {self.until, *(at for at, _ in self.starts)}:
                by_roster = [self.mine(start, start - 1), self.mine(start, start)]
                before, after = [level([line.at(start) for line in lines], self.rules) for lines in by_roster]
                self.turn(record, start, before, after, False, used)
            for at, pbx, _, seat, n in happenings:
                if at == start:
                    self.count(record, pbx, seat, n, used)
            if start < end:
                self.add(record, (start + end) / 2, end - start, used)
        nothing = new_record()
        days = {day: record for day, record in days.items() if record != nothing | bounds(record)}
        self.see_bounds(days)
        return {day: {name: each for name, each in days[day].items() if name != EXEMPT} for day in days}

    def day(self, moment: float) -> str:
        return next(day for start, day in reversed(self.starts) if start <= moment)

    def mine(self, moment: float, by: float | None = None) -> list[TimeLine]:
        """The agent's seats at a moment, by the roster of that moment or of another."""
        by = moment if by is None else by
        return [line for line in self.lines if owner(line, line.name(moment), by, self.rules) == self.agent]

    def add(self, record: Record, middle: float, length: int, used: dict[str, int]) -> None:
        lines = self.mine(middle)
        seen = [line.state(middle, self.rules) for line in lines]
        merged = min((name.replace("other", "on") for name in seen), key=ORDER.index, default="signed_out")
        known = [line.at(middle) for line in lines]
        if merged == "signed_out":
            return
        if merged == "paused":
            paused = [[row for row in each.counting(self.rules) if row.paused] for each in known]
            newest = [max(rows, key=lambda row: row.newest) for rows in paused if rows]
            reason = max(newest, key=lambda row: row.paused_at).reason
            self.add_pause(record, reason, self.policy(reason, self.day(middle)), length, used)
        else:
            add(record, merged, length)
        if merged == "on_call" and "on_call" not in seen:
            add(record, "other_call", length)
        if merged != "unobserved":
            add(record, "signed_in", length)
            if level(known, self.rules) == "some":
                add(record, "partly_paused", length)

    def policy(self, reason: str, day: str) -> Reason:
        """What the reasons of that day say of the reason."""
        reasons = self.rules.reasons
        for since, others in sorted(self.rules.reasons_later.items()):
            reasons = others if since <= day else reasons
        return reasons.get(reason, Reason(exempt=False))

    def add_pause(self, record: Record, reason: str, policy: Reason, length: int, used: dict[str, int]) -> None:
        paused, exempt_today = record["paused"], record[EXEMPT]
        assert isinstance(paused, dict)
        assert isinstance(exempt_today, dict)
        left = [length if policy.exempt else 0]
        left += [policy.max_s * SECOND - used.get(reason, 0)] if policy.max_s is not None else []
        left += [policy.max_s_day * SECOND - exempt_today.get(reason, 0)] if policy.max_s_day is not None else []
        exempt = max(0, min(left))
        used[reason] = used.get(reason, 0) + exempt
        exempt_today[reason] = exempt_today.get(reason, 0) + exempt
        paused[reason] = paused.get(reason, 0) + length
        add(record, "exempt", exempt)
        add(record, "aux", length - exempt)

    def count(self, record: Record, pbx: str, seat: str, n: int, used: dict[str, int]) -> None:
        """One item's effect on what is counted: the agent just before it and just after it."""
        line = next(line for line in self.lines if (line.pbx, line.seat) == (pbx, seat))
        item, known = line.frames[n]
        if not item.alters:
            return
        told = not isinstance(item.event, said.Snapshot | said.Lost)
        self.turn(record, item.at, self.level_around(item, line, n - 1), self.level_around(item, line, n), told, used)
        if owner(line, known.name, item.at, self.rules) == self.agent:
            calls_before = line.frames[n - 1][1].calls if n else []
            answers = isinstance(item.event, said.CallConnected) and item.event.seat == seat
            add(record, "offered", isinstance(item.event, said.CallOffered))
            add(record, "answered", answers and len(known.calls) > len(calls_before))
            add(record, "missed", isinstance(item.event, said.OfferEnded) and item.event.missed)

    def turn(self, record: Record, at: int, before: str, after: str, told: bool, used: dict[str, int]) -> None:
        """The agent's level changes; only where an event said so is it counted."""
        if before == "out" != after:
            add(record, "sign_ins", told)
            record["first_sign_in"] = record["first_sign_in"] or at
        if before != "out" == after:
            add(record, "sign_outs", told)
            record["last_sign_out"] = at
        begins = self.is_pause(after) and not self.is_pause(before)
        add(record, "pauses", told and begins)
        if begins or after in ("none", "out"):
            used.clear()

    def is_pause(self, level: str) -> bool:
        return level == "all" or (level == "some" and self.rules.paused_in == "any")

    def level_around(self, item: Item, line: TimeLine, n: int) -> str:
        """The level when `line` stands at its frame n, and the others at what they heard before the item."""
        here = (item.at, line.pbx, item.number, line.seat)
        known = []
        for other in self.lines:
            heard = [facts for each, facts in other.frames if (each.at, other.pbx, each.number, other.seat) < here]
            if other is line:
                heard = [facts for _, facts in line.frames[: n + 1]]
            if heard and owner(other, heard[-1].name, item.at, self.rules) == self.agent:
                known.append(heard[-1])
        return level(known, self.rules)

    def see_bounds(self, days: Mapping[str, Record]) -> None:
        """Where the agent was carried over a day's bounds, they are its first sign-in and last sign-out."""
        for (start, day), (next_start, _) in pairwise(self.starts):
            end = min(next_start, self.until)
            # What happens at the day's start is of this day; what happens at the observation's end still counts.
            until = end + 0.5 if end == self.until else end
            for name, edge, moment, by in (
                ("first_sign_in", start, start, start),
                ("last_sign_out", end, until, end - 1),
            ):
                inside = level([line.at(moment) for line in self.mine(moment, by)], self.rules) != "out"
                if day in days and inside:
                    days[day][name] = edge


def new_record() -> Record:
    figures: Record = dict.fromkeys((*TIMES, *TIMES_OF_PAUSES, *COUNTS), 0)
    return figures | {"paused": {}, EXEMPT: {}, "first_sign_in": None, "last_sign_out": None}


def add(record: Record, figure: str, amount: int) -> None:
    so_far = record[figure]
    assert isinstance(so_far, int)
    record[figure] = so_far + amount


def bounds(record: Record) -> Record:
    return {name: record[name] for name in ("first_sign_in", "last_sign_out")}
