"""Months of the agents of `by_the_minute`, and what accounts and attendance come to of their minutes: the books of one
who can add and subtract (docs/time-bank.md 3.2, 3.4 to 3.6 and 4), by none of the bank's own rules."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from tests.cases.by_the_minute import MINUTE, PPM, RATE_PPM, Life, Place
from tests.cases.world import AGENTS
from tests.floor.floors import S

LENGTH, MOVES_ON, PART_TIME = 75, 41, 33
TIDY = ((0, 0, 0, -20), (0, 0, 90), 0.0)
NEARLY = ((0,) * 60 + (7, 45), (0, 0, 90) + (0,) * 50 + (-60,), 0.01)
ONE_DAY = timedelta(days=1)
ORIGINS = ("day", "idle")
FIGURES = ("scheduled", "signed_in", "late", "early_leave", "off_post", "on_leave")


class Emergency(NamedTuple):
    """Minutes; everybody below its unit is called out in it."""

    start: int
    end: int
    unit: str
    level: str
    ppm: int


@dataclass
class Item:
    """What a day owes by one origin, seconds."""

    made: int = 0
    offset: int = 0
    taken: int = 0

    @property
    def open(self) -> int:
        return self.made - self.offset - self.taken


@dataclass
class Books:
    """Of one agent. `reckoned` is what each day and origin was posted as, less what was `lost`: written off."""

    balance: int = 0
    reserved: int = 0
    items: defaultdict[tuple[date, str], Item] = field(default_factory=lambda: defaultdict(Item))
    reckoned: Counter[tuple[date, str]] = field(default_factory=Counter)
    lost: Counter[tuple[date, str]] = field(default_factory=Counter)

    def reckon(self, day: date, origin: str, worth: int, is_closed: bool) -> None:
        change, of = worth - self.reckoned[day, origin], (day, origin)
        self.reckoned[of] = worth
        if is_closed and change > 0:
            met = min(change, self.lost[of])
            self.lost[of] -= met
            self.balance += change - met
        elif change > 0:
            cancelled = min(change, self.items[of].open)
            self.items[of].made -= cancelled
            self.balance += change - cancelled
        else:
            is_lent = origin == "idle" and not is_closed
            covered = 0 if is_lent else min(-change, self.balance)
            self.balance -= covered
            if is_closed:
                self.lost[of] += -change - covered
            else:
                self.items[of].made += -change - covered

    def owing(self, days: list[date]) -> Iterator[tuple[date, str, Item]]:
        """What was made leave of these days, in their order."""
        for day in days:
            for origin in ORIGINS:
                if (item := self.items[day, origin]).made:
                    yield day, origin, item

    def offset(self, days: list[date], seconds: int, only: str | None = None) -> None:
        for day, origin, item in self.owing(days):
            if only in (None, f"{day}/{origin}"):
                paid = min(seconds, item.open, self.balance)
                item.offset += paid
                self.balance -= paid
                seconds -= paid

    @property
    def leave(self) -> int:
        return sum(item.open for item in self.items.values())


class Months(Life):
    """`begins`: the day on which attendance months do; `in_base`: whether overtime counts in the base. Who is tidy
    never comes late; all have leave now and then."""

    goes_out = 0.2

    def __init__(self, place: Place, seed: int, begins: int, in_base: bool, joins: date | None) -> None:
        self.begins, self.in_base, self.joins = begins, in_base, joins
        self.tidy: dict[str, tuple[tuple[int, ...], tuple[int, ...], float]] = {}
        self.off: set[tuple[str, date]] = set()
        self.emergencies: list[Emergency] = []
        self.paid_s = Counter[tuple[str, date]]()  # what was posted of overtime, without interest
        super().__init__(place, seed, LENGTH, MOVES_ON)
        self.books = {agent: Books() for agent in AGENTS}
        self.closed: set[str] = set()
        self.over: set[date] = set()  # days that were settled
        self._told: dict[tuple[str, date], Counter[str]] = {}

    # --- what they do -------------------------------------------------------------------------------------------------

    def habits(self, agent: str, day: date) -> tuple[tuple[int, ...], tuple[int, ...], float]:
        return self.tidy.setdefault(f"{agent} {day:%m}", self.chance.choice((TIDY, TIDY, NEARLY)))

    def _lives(self, agent: str, day: date) -> None:
        """With leave of a whole shift now and then, days off, and days on which a leader signs somebody out."""
        own, chance = self.agents[agent], self.chance
        if agent == "2001" and self.joins and day < self.joins:
            return
        if chance.random() < 0.2:
            return
        before = len(own.shifts), len(own.leave), len(own.here)
        super()._lives(agent, day)
        (shifts, leave, here), dice = before, chance.random()
        if len(own.shifts) == shifts:
            return
        start, end, _ = own.shifts[-1]
        if len(own.leave) > leave and dice < 0.9:
            own.leave.pop()
        if dice < 0.12 and len(own.here) > here:
            self._takes_back(agent, here)
        if len(own.here) == here:
            own.leave[leave:] = []
            if dice < 0.05 and day > self.place.first + 9 * ONE_DAY and self.keeps_schedules(agent, day):
                self.off.add((agent, day))
                own.leave.append((start, end, "day_off"))
            elif self.habits(agent, day) is TIDY or dice < 0.9:
                own.leave.append((start, end, chance.choice(("personal", "personal", "sick"))))
        elif len(own.here) == here + 2 and dice > 0.5:
            own.sent_off.add(own.here[-2][1])

    def _takes_back(self, agent: str, here: int) -> None:
        """What was done of the day: nobody came after all."""
        own, since = self.agents[agent], self.agents[agent].here[here][0]
        del own.here[here:]
        own.pauses = [each for each in own.pauses if each[0] < since]
        own.calls = [each for each in own.calls if each[0] < since]
        own.rings = [each for each in own.rings if each[0] < since]
        seat = f"PJSIP/{agent}"
        self.events = [one for one in self.events if getattr(one, "seat", "") != seat or one.at < since * MINUTE * S]

    def keeps_schedules(self, agent: str, day: date) -> bool:
        return True

    # --- what it comes to ---------------------------------------------------------------------------------------------

    def told(self, agent: str, day: date) -> Counter[str]:
        if (agent, day) not in self._told:
            self._told[agent, day] = self.of_day(agent, day)
        return self._told[agent, day]

    def month_of(self, day: date) -> str:
        first = day.replace(day=1)
        return f"{first + 31 * ONE_DAY if day.day >= self.begins > 1 else first:%Y-%m}"

    def days_of(self, month: str) -> list[date]:
        """All that there are, whether anybody lived then."""
        day = date.fromisoformat(f"{month}-01") - 31 * ONE_DAY
        return [each for number in range(70) if self.month_of(each := day + number * ONE_DAY) == month]

    def closes(self, month: str) -> date:
        """On which evening, at six."""
        return self.days_of(month)[-1] + 3 * ONE_DAY

    def is_busy(self, day: date) -> bool:
        return day.day <= 4 or (day + 2 * ONE_DAY).month != day.month

    def is_here(self, agent: str, day: date) -> bool:
        return agent != "2001" or self.joins is None or day >= self.joins

    def worth_s(self, agent: str, day: date, told: Counter[str]) -> int:
        base, aux = self.base_and_aux(agent, day, told)
        return RATE_PPM * (base + (self.paid_s[agent, day] if self.in_base else 0)) // PPM - aux

    def overtime_s(self, agent: str, day: date) -> tuple[int, int]:
        """Principal, and that with interest."""
        own, worked = self.agents[agent], Counter[int]()
        starts = self.place.day_starts_at.hour * 60
        first, until = self.minute(day, starts), self.minute(day + ONE_DAY, starts)
        for at in sorted(
            {at for each in self.emergencies for at in range(max(each.start, first), min(each.end, until))}
        ):
            state = own.states.get(at, "")
            pays = [(each.ppm, -n) for n, each in enumerate(self.emergencies) if each.start <= at < each.end
                    and each.unit in (self.unit(agent, self.day_of(each.start)), "centre")]  # fmt: skip
            if pays and state not in ("", "water", "meal") and not any(a <= at < b for a, b, _ in own.shifts):
                worked[-max(pays)[1]] += MINUTE
        interest = sum(self.emergencies[n].ppm * seconds // PPM for n, seconds in worked.items())
        return worked.total(), worked.total() + interest

    def idle_s(self, agent: str, day: date) -> int:
        return 0 if self.is_busy(day) else self.told(agent, day)["shift leave personal"]

    def day_off_s(self, agent: str, day: date) -> int:
        """What the shifts that begin on it are, less breaks."""
        starts = [each for each in self.agents[agent].shifts if self.day_of(each[0]) == day]
        return sum(b - a - sum(d - c for c, d in rests) for a, b, rests in starts) * MINUTE

    # --- nights -------------------------------------------------------------------------------------------------------

    def night(self, today: date) -> None:
        """The one before a day: what is over is reckoned, and a month closes."""
        over = today - ONE_DAY
        self.over.add(over)
        self.reckon(over)
        ending = [each for each in self.emergencies if self.day_of(each.end - 1) == over]
        paying = {self.day_of(at) for each in ending for at in (each.start, each.end - 1)}
        for agent, own in self.books.items():
            for day in paying:
                self.paid_s[agent, day], total = self.overtime_s(agent, day)
                extra = total - own.reckoned[day, "overtime"]
                own.reckoned[day, "overtime"] += extra
                own.balance += extra
        self.reckon(*paying)
        for agent, own in self.books.items():
            for day in [day for whose, day in self.off if whose == agent and self.spent_with(agent, day) == over]:
                own.reserved -= self.day_off_s(agent, day)
        for month in sorted({self.month_of(today), self.month_of(today - 15 * ONE_DAY)} - self.closed):
            if self.closes(month) < today and self.place.first <= self.days_of(month)[-1]:
                self.close(month)

    def spent_with(self, agent: str, day: date) -> date:
        return max(self.day_of(b - 1) for a, b, _ in self.agents[agent].shifts if self.day_of(a) == day)

    def reckon(self, *days: date) -> None:
        """What was told of them may be another now."""
        for day in sorted(days):
            for agent, own in self.books.items():
                self._told.pop((agent, day), None)
                if day in self.over:
                    told = self.told(agent, day)
                    own.reckon(day, "day", self.worth_s(agent, day, told), self.month_of(day) in self.closed)
        for day in sorted(days):
            for agent, own in self.books.items():
                if day in self.over:
                    own.reckon(day, "idle", -self.idle_s(agent, day), self.month_of(day) in self.closed)

    def close(self, month: str) -> None:
        for agent, own in self.books.items():
            if self.by_itself(agent, month):
                own.offset(self.days_of(month), own.balance)
            for _, _, item in own.owing(self.days_of(month)):
                item.taken += item.open
        self.closed.add(month)

    def by_itself(self, agent: str, month: str, until: date | None = None) -> bool:
        own = self.books[agent]
        items = [item for _, _, item in own.owing(self.days_of(month))]
        owed, taken = sum(item.open for item in items), sum(item.taken for item in items)
        return not taken and 0 < owed <= own.balance and not self.faults(agent, month, until)

    # --- full attendance ----------------------------------------------------------------------------------------------

    def faults(self, agent: str, month: str, until: date | None = None) -> list[tuple[str, date | None, int]]:
        """But for leave that is left, of the days of a month that are over."""
        days = self.days_of(month)
        missing = [day for day in days if not self.is_here(agent, day)]
        found: list[tuple[str, date | None, int]] = [("not_here", missing[0], 0)] if missing else []
        told = {day: self.told(agent, day) for day in days if day in self.over}
        if not any(each["scheduled"] for each in told.values()) and not self.has_a_shift(agent, until, days[-1]):
            return [*found, ("no_shifts", None, 0)]
        for day, each in told.items():
            off_post = each["shift off_post"]
            if off_post:
                found.append(("absent" if off_post == each["scheduled"] else "off_post", day, off_post))
            found += [(name, day, each[f"shift {name}"]) for name in ("late", "early_leave") if each[f"shift {name}"]]
            if self.is_busy(day) and each["shift leave personal"]:
                found.append(("busy_leave", day, each["shift leave personal"]))
        return found

    def has_a_shift(self, agent: str, first: date | None, last: date) -> bool:
        if first is None or not self.keeps_schedules(agent, last):
            return False
        return any(first <= self.day_of(b - 1) and self.day_of(a) <= last for a, b, _ in self.agents[agent].shifts)

    def attended(self, agent: str, month: str, until: date | None = None) -> dict[str, object]:
        """As attendance is given it; until a day in it, as it is foreseen."""
        days, own = self.days_of(month), self.books[agent]
        asked = [day for day in days if until is None or day <= until]
        items = [item for _, _, item in own.owing(days)]
        sums = {name: sum(getattr(item, name) for item in items) for name in ("offset", "taken", "open")}
        if until is not None and self.by_itself(agent, month, until):
            sums = {"offset": sums["offset"] + sums["open"], "taken": 0, "open": 0}
        faults = self.faults(agent, month, until)
        if left := sums["taken"] + sums["open"]:
            faults.append(("leave", None, left))
        told = [self.told(agent, day) for day in asked if day in self.over]
        figures = {name: sum(each[name if name in ("scheduled", "signed_in", "on_leave") else f"shift {name}"]
                             for each in told) for name in FIGURES}  # fmt: skip
        share = sum(self.share_ppm(agent, day) for day in days) // len(days)
        points = 0 if faults else 1_000 * share // PPM / 100
        return {"full": not faults, "points": points, "faults": faults} | figures | sums

    def share_ppm(self, agent: str, day: date) -> int:
        """Of a full contract."""
        return 800_000 if agent == "1001" and day >= self.days[PART_TIME] else PPM

    def moment(self, day: date, hours: int) -> datetime:
        return datetime.combine(day, time(hours)).replace(tzinfo=self.zone)
