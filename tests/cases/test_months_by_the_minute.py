"""What accounts, offsets, full attendance and corrections come to over months that are reckoned minute by minute: of
agents who move and join, with nights, leave, days off, emergencies, and rulings before and after the close."""

from collections import Counter
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.bank.attendance import Month
from ccd.bank.offsetting import Choice
from ccd.daemon.services.ruling import About, rule
from ccd.errors import RulingError
from ccd.floor.spans import Span
from ccd.org.acts import Act, note_act
from ccd.org.order_rows import End, ask, asked_by, end
from ccd.org.orders import OrderKind, OrderOutcome
from ccd.org.schema import leaves, shifts
from ccd.org.told import Told
from ccd.sql.turns import Patience, take_turn_at_once
from tests.bank.askers import asking
from tests.cases.by_the_minute import MINUTE, Place, Ruling
from tests.cases.months_by_the_minute import PART_TIME, Emergency, Months
from tests.cases.services import World
from tests.cases.story import MONTHS, Case, Line
from tests.cases.world import AGENTS, UNITS, hand_over
from tests.floor.floors import S

NAMES = {number: name for name, number in MONTHS.items()}
LIVES = [  # where, and since when; when attendance months begin; which random life; whether overtime counts in the base
    (Place("Europe/Berlin", time(3), date(2027, 2, 21)), 1, 2, False),
    (Place("America/New_York", time(0), date(2026, 10, 3)), 26, 1, False),
    (Place("Asia/Shanghai", time(4), date(2026, 11, 9)), 26, 1, True),
]
LEVELS = {"I": 300_000, "II": 450_000, "III": 600_000}
ONE_DAY = timedelta(days=1)


@pytest.mark.parametrize(("place", "begins", "seed", "in_base"), LIVES, ids=[place.zone for place, *_ in LIVES])
@pytest.mark.parametrize("new_database", ["sqlite"], indirect=True)
async def test_months_are_what_their_minutes_are(
    engine: AsyncEngine, place: Place, begins: int, seed: int, in_base: bool
) -> None:
    life = Months(place, seed, begins, in_base, None if seed % 2 else place.first + 12 * ONE_DAY)
    living = Living(engine, life)
    await living.begins()
    for day in life.days[1:-2]:
        await living.passes(day)
    happened = ("leave", "emergencies", "rulings of closed months", "late leave")
    assert [what for what in happened if not living.tally[what]] == []


class Living:
    """Both of them: the bank, and who reckons beside it."""

    def __init__(self, engine: AsyncEngine, life: Months) -> None:
        self.life, self.chance = life, life.chance
        kept = {
            "from": date(2026, 1, 1), "schedules": True, "gift": {"cap_ppm": 1_000_000},
            "overtime": {"counts_in_base": life.in_base},
        }  # fmt: skip
        more = {
            "timezone": life.place.zone, "day_starts_at": life.place.day_starts_at, "units": UNITS, "policy": [kept],
            "queues": {"support": {"wrap_up_s": MINUTE, "unit": "team-1"}},
            "attendance": {"month_begins": life.begins},
        }  # fmt: skip
        roster = (
            f"agent,interface,member_name,unit,from,to\n1001,PJSIP/1001,,team-1,,\n"
            f"2001,PJSIP/2001,,team-2,{life.joins or ''},\n"
            f"1002,PJSIP/1002,,team-1,,{life.moves}\n1002,PJSIP/1002,,team-2,{life.moves},\n"
        )
        starts = datetime.combine(life.place.first - ONE_DAY, time(12), UTC)
        self.world = World(engine, Case("", (Line("", starts.date(), starts, "", None),), {}, {}), roster, more)
        self.acts = 0
        self.tally: Counter[str] = Counter()

    async def begins(self) -> None:
        world, life = self.world, self.life
        plan, leave = [], []
        for agent, own in life.agents.items():
            for start, ends, rests in own.shifts:
                breaks = str([[a * MINUTE * S, b * MINUTE * S] for a, b in rests]).replace(" ", "")
                day = world.read(start * MINUTE * S).date()
                plan.append(world.told(agent, day, start * MINUTE, ends * MINUTE, breaks))
            leave += [self.leave(agent, *each) for each in own.leave if each[2] != "day_off"]
            for at in own.sent_off:
                await self.sends_off(agent, at)
        line = Line("before it begins", world.now.date(), world.now, "", None)
        await hand_over(world, line, shifts, plan)
        await hand_over(world, line, leaves, leave)
        world.seen = sorted(life.events, key=lambda event: event.at)
        await world.until(life.place.first)
        for agent in AGENTS:
            if life.is_here(agent, life.place.first):
                await self.gives(agent, life.place.first)

    def leave(self, agent: str, start: int, ends: int, kind: str) -> Told:
        return self.world.told(agent, self.world.read(start * MINUTE * S).date(), start * MINUTE, ends * MINUTE, kind)

    async def sends_off(self, agent: str, minute: int) -> None:
        at = minute * MINUTE * S

        def work(plain: Connection) -> None:
            act = Act(f"off/{agent}/{minute}", at, "lead", "here", "sign_out", agent, "", "", "go home")
            note_act(plain, act)
            ask(plain, act.id, agent, OrderKind.SIGN_OUT, at + 3 * S)
            order = asked_by(plain, act.id)
            assert order is not None
            end(plain, order, End(f"{act.id}/end", at + S, OrderOutcome.DONE, span=Span(at - S, at + 3 * S)))

        await take_turn_at_once(self.world.engine, work, Patience())

    # --- days -------------------------------------------------------------------------------------------------------

    async def passes(self, day: date) -> None:
        life, world = self.life, self.world
        before = set(life.closed)
        await world.until(day)
        life.night(day)
        await self.check(day)
        for month in life.closed - before:
            await self.month_is_given(month)
        world.now = life.moment(day, 8)
        if day == life.place.first + ONE_DAY:
            first = life.days[PART_TIME]
            await self.does(day, f"HR says 1001 works 80 % of a contract from {first.day} {NAMES[first.month]}")
        await self.forecast(day)
        for act in (self.applies, self.rules, self.is_on_leave, self.offsets, self.opens):
            await act(day)
            await self.check(day, act.__name__)
        await self.corrects(day)
        await self.gives_more(day)
        await self.check(day)

    async def check(self, day: date, after: str = "") -> None:
        held = await self.world.balances()
        for agent, own in self.life.books.items():
            mine = held.get(agent, {})
            balance = sum(mine.get(kind, 0) for kind in ("savings", "gift", "interest", "overtime"))
            said = (balance, mine.get("reserved", 0), mine.get("leave", 0))
            assert said == (own.balance, own.reserved, own.leave), (agent, day, after)

    async def does(self, day: date, said: str) -> None:
        self.acts += 1
        at = self.world.now.replace(microsecond=0)
        await self.world.do(Line(f"{self.acts}: {said}", day, at, said, None))

    async def gives(self, agent: str, day: date) -> None:
        unit, seconds = self.life.unit(agent, day), self.chance.choice((0, 9_000, 60_000))
        if seconds:
            await self.does(day, f"{unit} declares 6000 h of {day:%Y-%m}")
            await self.does(day, f"lead of {unit} gives {agent} {seconds} s for contest")
            self.life.books[agent].balance += seconds

    async def gives_more(self, day: date) -> None:
        if self.chance.random() < 0.1:
            agent = self.chance.choice([*AGENTS])
            if self.life.is_here(agent, day):
                await self.gives(agent, day)

    async def opens(self, day: date) -> None:
        if self.chance.random() > 0.1:
            return
        unit, level = self.chance.choice((*UNITS,)), self.chance.choice((*LEVELS,))
        name = f"rush{len(self.life.emergencies)}"
        self.world.now = self.life.moment(
            day, self.chance.choice((9, 15, 19 if not self.life.place.day_starts_at.hour else 22))
        )
        start = int(self.world.now.timestamp()) // MINUTE
        await self.does(day, f"lead of {unit} opens {name}, level {level}")
        here = [agent for agent in AGENTS if self.life.is_here(agent, day)]
        called = [agent for agent in here if unit in (self.life.unit(agent, day), "centre")]
        if called:
            await self.does(day, f"lead calls {' and '.join(called)} to {name}")
        self.tally["emergencies"] += 1
        self.life.emergencies.append(Emergency(start, start + 240, unit, level, LEVELS[level]))

    async def applies(self, day: date) -> None:
        off = sorted((whose, one) for whose, one in self.life.off if one == day + 4 * ONE_DAY)
        for agent, one in off:
            own, cost, said = self.life.books[agent], self.life.day_off_s(agent, one), f"{one.day} {NAMES[one.month]}"
            if own.balance >= cost:
                await self.does(day, f"centre lets 3 off on {said}")
                await self.does(day, f"{agent} applies for {said}")
                await self.does(day, f"boss approves {agent}'s {said}")
                own.balance -= cost
                own.reserved += cost
                self.tally["days off"] += 1
            else:
                await self.is_sick(agent, one)

    async def is_sick(self, agent: str, day: date) -> None:
        """In place of a day off that nobody can pay for."""
        self.life.off.discard((agent, day))
        spans = self.life.agents[agent].leave
        (number,) = [n for n, each in enumerate(spans) if each[2] == "day_off" and self.life.day_of(each[0]) == day]
        start, ends, _ = spans[number]
        spans[number] = start, ends, "sick"
        line = Line("sick", self.world.now.date(), self.world.now, "", None)
        await hand_over(self.world, line, leaves, [self.leave(agent, start, ends, "sick")])

    async def rules(self, day: date) -> None:
        life, chance = self.life, self.chance
        if chance.random() > 0.35:
            return
        on = chance.choice(life.days[max(0, life.days.index(day) - 45) : life.days.index(day)])
        whose, counts = chance.choice((*AGENTS, *UNITS)), chance.choice(("available", "exempt", "aux", "left_out"))
        start = life.minute(on, chance.randrange(1_440))
        ruling = Ruling(start, start + chance.randint(10, 400), counts, whose)
        if life.rulings and chance.random() < 0.4:  # or somebody thinks again, often of a month that is closed by now
            ruling = life.rulings[-1]._replace(counts=counts)
        if any(ruling.start < each.end and each.start < ruling.end for each in life.emergencies):
            return
        if any(life.day_of(at) in (one, one + ONE_DAY) for _, one in life.off for at in (ruling.start, ruling.end)):
            return
        if life.day_of(ruling.end) >= day:
            return
        whose = ruling.whose
        about = About(whose if whose in AGENTS else None, None if whose in AGENTS else whose,
                      Span(ruling.start * MINUTE * S, ruling.end * MINUTE * S))  # fmt: skip
        asks = asking("boss", at=self.world.clock())
        with suppress(RulingError):  # nobody was on the roster then: it is done to nobody in either book
            await rule(self.world.engine, self.world.site, asks, about, counts, f"on {on}")
        await self.world.night()
        life.rulings.append(ruling)
        self.tally["rulings"] += 1
        self.tally["rulings of closed months"] += life.month_of(life.day_of(ruling.start)) in life.closed
        life.reckon(*{life.day_of(at) for at in range(ruling.start, ruling.end)})

    async def is_on_leave(self, day: date) -> None:
        """It is told late."""
        life, chance = self.life, self.chance
        if chance.random() > 0.1:
            return
        agent = chance.choice([*AGENTS])
        own = life.agents[agent]
        since = life.minute(day, 0) - 40 * 1_440
        past = [each for each in own.shifts if life.day_of(each[1]) < day and each[0] > since]
        if not past:
            return
        start, ends, _ = chance.choice(past)
        if any(a < ends and start < b for a, b, _ in own.leave):
            return
        kind = chance.choice(("personal", "sick"))
        line = Line(f"{agent} {kind} {start}", day, self.world.now, "", None)
        own.leave.append((start, ends, kind))
        await hand_over(self.world, line, leaves, [self.leave(agent, start, ends, kind)])
        life.reckon(*{life.day_of(at) for at in range(start, ends)})
        self.tally["late leave"] += 1

    # --- months -----------------------------------------------------------------------------------------------------

    async def offsets(self, day: date) -> None:
        life, chance, months = self.life, self.chance, self.world.months
        month = months.loans.month_at(self.world.clock())
        days = life.days_of(month)
        assert day in days or (days[-1] < day <= life.closes(month))
        agent = chance.choice([*AGENTS])
        own = life.books[agent]
        offer = await months.loans.offer(agent, month)
        said = [(item.name, item.made_s, item.open_s, item.offset_s, item.taken_s) for item in offer.items]
        owing = [(f"{on}/{of}", one.made, one.open, one.offset, one.taken) for on, of, one in own.owing(days)]
        assert said == owing, (agent, day)
        assert offer.balance_s == own.balance
        opens = days[min(24, len(days) - 1)]
        if day < opens or chance.random() < 0.7 or not offer.could_s:
            return
        item = chance.choice([None, *(one.name for one in offer.items if one.open_s)])
        owed = sum(one.open_s for one in offer.items if item in (None, one.name))
        seconds = min(owed, own.balance) // chance.choice((1, 1, 2, 3))
        if seconds:
            who = asking(agent, agent=agent, at=self.world.clock())
            await months.loans.choose(who, agent, month, Choice(item, seconds))
            own.offset(days, seconds, item)
            self.tally["offsets"] += 1

    async def forecast(self, day: date) -> None:
        if self.chance.random() < 0.2:
            month = self.life.month_of(day)
            for agent in AGENTS:
                if self.life.is_here(agent, day):
                    found = await self.world.months.forecast(agent, month)
                    assert said_of(found) == self.life.attended(agent, month, day), (agent, day)

    async def month_is_given(self, month: str) -> None:
        given = await self.world.months.closing.given(month)
        for agent in AGENTS:
            if any(self.life.is_here(agent, on) for on in self.life.days_of(month)):
                assert said_of(given[agent].month) == self.life.attended(agent, month), (agent, month)
                self.tally["full"] += given[agent].month.full
                self.tally.update(each.what.value for each in given[agent].month.faults)
            else:
                assert agent not in given

    async def corrects(self, day: date) -> None:
        """What attendance would be given otherwise now; sometimes it is, and now and then all anew."""
        life, months = self.life, self.world.months
        if self.chance.random() > 0.3:
            return
        for month in sorted(life.closed):
            given = await months.closing.given(month)
            differences = {one.now.agent: one.now for one in await months.differences(month)}
            for agent, result in given.items():
                before, now = said_of(result.month), life.attended(agent, month)
                kept = {name: before[name] for name in ("full", "points", "faults")}
                assert (agent in differences) == (before != now | kept), (agent, month, before, now)
                if agent in differences:
                    assert said_of(differences[agent]) == now | kept, (agent, month)
                reopens = self.chance.random() < 0.2
                if agent in differences or reopens:
                    who = asking("hr", at=self.world.clock())
                    done = await months.correct(who, month, agent, "as it is now", reopens)
                    wanted = now if reopens else now | kept
                    assert (done is not None) == (before != wanted)
                    if done is not None:
                        assert done.number == result.number + 1
                        assert said_of(done.month) == wanted
                        self.tally["corrections"] += 1
                        self.tally["reopened"] += done.month.full != result.month.full


def said_of(month: Month) -> dict[str, object]:
    faults = [(one.what.value, one.day, one.seconds) for one in month.faults]
    figures = {"scheduled": month.scheduled_s, "signed_in": month.signed_in_s, "late": month.late_s,
               "early_leave": month.early_s, "off_post": month.off_post_s, "on_leave": month.on_leave_s}  # fmt: skip
    sums = {"offset": month.offset_s, "taken": month.taken_s, "open": month.owed_s}
    return {"full": month.full, "points": month.points_100 / 100, "faults": faults} | figures | sums
