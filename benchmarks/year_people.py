"""What people do in a simulated year: planners, managers, the personnel office, and agents, by the real bank's acts."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from random import Random

from sqlalchemy import Connection, select
from sqlalchemy.ext.asyncio import AsyncEngine

from benchmarks.reacting import Habit, Standing, asks_for_a_day, drift, habit, stays
from benchmarks.year_site import SITE, Place, people_of, shifts_csv, site_of, works_on
from ccd.bank.accounts import BALANCE_KINDS, agent_owner
from ccd.bank.asking import Asking, by_itself
from ccd.bank.packets import Packet
from ccd.bank.policy import PPM
from ccd.bank.quota import Quota
from ccd.bank.said import Said
from ccd.bank.withdrawal_rows import set_quota
from ccd.daemon.judged_by.importing import Importing, take_over_told
from ccd.daemon.services.budgets import giver_of
from ccd.daemon.services.overtime import emergencies_of
from ccd.daemon.services.withdrawals import withdrawals_of
from ccd.daemon.stores import ledger_of
from ccd.errors import WithdrawalError
from ccd.floor.days import SECOND, BusinessDays
from ccd.history.reading import reading
from ccd.ledger.schema import accounts, balances, owners
from ccd.org import schedule_file, told_rows
from ccd.org.acts import Act
from ccd.org.schema import leaves, shifts
from ccd.org.told import Told, window_of
from ccd.pbx.simulator.staff import EARLY
from ccd.sql.turns import Patience, take_turn_at_once

AHEAD_DAYS = (12, 26)  # a day off is asked for
OFF_A_DAY_PPM = 40_000  # of the agents, who can be off from their balance
LEAVE_A_WEEK, LEAVE_S = 0.01, 7_200  # of the agents; personal, at the end of a shift
EMERGENCY_S = 3 * 3600
BEST_PERCENT, PACKET_S = 15, 1_800  # of a team who are given a red packet each month
ONE_DAY = timedelta(days=1)


def following(first: date) -> date:
    """The first day of the month after."""
    return (first.replace(day=1) + timedelta(days=32)).replace(day=1)


class Clock:
    """µs; no two readings are the same."""

    def __init__(self, at: int) -> None:
        self.at = at

    def __call__(self) -> int:
        self.at += 1
        return self.at


class People:
    """Of one site, on a hand-set clock."""

    def __init__(self, engine: AsyncEngine, place: Place) -> None:
        self.place, self.engine = place, engine
        self.site = site_of(place)
        self.clock = Clock(self.start(place.first))
        self.people = {person.agent: person for person in people_of(place)}
        self.ledger = ledger_of(engine, self.site.settings, self.clock)
        self.off = withdrawals_of(self.ledger, self.site)
        self.chance = Random(f"year {place.seed}")
        self.habits: dict[str, Habit] = {a: habit(p.aux_ratio, self.chance) for a, p in self.people.items()}
        self.standing: dict[str, Standing] = {}
        self.counts = Counter[str]()
        self.phases, self.cpu = Counter[str](), Counter[str]()  # ms, by the clock and of this process
        self.stay: dict[tuple[date, str], int] = {}  # who stays on that day, and until when
        self.called: dict[date, tuple[str, list[str]]] = {}  # of which sub-centre, and who

    def start(self, day: date) -> int:
        return self.days.of_date(day).start

    @property
    def days(self) -> BusinessDays:
        return self.site.units.days(SITE)

    def today(self) -> date:
        return self.days.at(self.clock.at).day

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        began = time.perf_counter(), time.process_time()
        yield
        for phases, since, now in zip(
            (self.phases, self.cpu), began, (time.perf_counter(), time.process_time()), strict=True
        ):
            phases[name] += round((now - since) * 1e3)

    def asking(self) -> Asking:
        self.counts["acts"] += 1
        return Asking(f"act-{self.counts['acts']}", by_itself("manager"), "desk", self.clock())

    def said(self, by: str) -> Said:
        return Said(by, self.today(), self.clock())

    async def monday(self, day: date) -> None:
        if day < self.place.opens:
            return
        with self.phase("reacting"):
            await self._look_at_accounts()
            for agent, own in self.habits.items():
                drift(own, self.standing[agent])
        with self.phase("leave"):
            await self._leave(day)
        with self.phase("applying"):
            for agent, own in self.habits.items():
                if asks_for_a_day(own, self.standing[agent], self.chance):
                    await self._apply(agent, day)

    async def _look_at_accounts(self) -> None:
        async with reading(self.engine) as connection:
            rows = await connection.execute(
                select(owners.c.name, accounts.c.kind, balances.c.seconds)
                .join(accounts, accounts.c.owner_id == owners.c.id)
                .join(balances, balances.c.account_id == accounts.c.id)
            )
        balance, charged = Counter[str](), Counter[str]()
        for owner, kind, seconds in rows:
            if kind == "leave":
                charged[owner] += seconds
            elif kind in BALANCE_KINDS:
                balance[owner] += seconds
        for agent, person in self.people.items():
            owner, day_s = agent_owner(agent), person.shift.ends_s - person.shift.starts_s
            self.standing[agent] = Standing(balance[owner], charged[owner], day_s)

    async def _apply(self, agent: str, today: date) -> None:
        day = today + timedelta(days=self.chance.randint(*AHEAD_DAYS))
        person = self.people[agent]
        if not works_on(person, day) or self.place.is_heard(day) or day > self.place.last:
            return
        self.counts["applications"] += 1
        try:
            one = await self.off.apply(f"{agent}/{day}", agent, day, None, self.said(agent))
        except WithdrawalError:  # leave, or a day that is theirs already
            self.counts["applications_refused"] += 1
        else:
            self.counts[f"applications_{one.state.value}"] += 1

    async def _leave(self, today: date) -> None:
        told = []
        for agent, person in self.people.items():
            day = today + timedelta(days=self.chance.randint(3, 9))
            if self.chance.random() < LEAVE_A_WEEK and works_on(person, day) and not self.place.is_heard(day):
                end = self.start(day) + person.shift.ends_s * SECOND
                told.append(Told(f"{agent}/{day}", agent, day, end - LEAVE_S * SECOND, end, "personal"))
        if told:
            importing = Importing(leaves, told_rows.Teller("hr", Path("leave.csv")), told, None)
            await take_over_told(self.engine, self.site.agent_days, importing, self._act("leave"))
            self.counts["leaves"] += len(told)

    def _act(self, what: str) -> Act:
        name = f"{what}-{self.today()}"
        return Act(name, self.clock(), "planner", "desk", f"import {what}", what, "", "", "as every time")

    async def month(self, first: date) -> None:
        """On its eve: what is planned for the next, red packets, an emergency in the month's second week."""
        await self.plan(following(first))
        if first < self.place.opens:
            return
        if first == self.place.opens:
            await self._quotas(first)
        with self.phase("red packets"):
            await self._packets()
        day = first + timedelta(days=self.chance.randint(8, 14))
        if day <= self.place.last and not self.place.is_heard(day):
            self._call(day)

    async def plan(self, first: date) -> None:
        """Shifts of a month."""
        last = following(first) - ONE_DAY
        if first > self.place.last:
            return
        with self.phase("importing shifts"):
            text = shifts_csv(self.people.values(), first, min(last, self.place.last))
            told = schedule_file.parse(text, Path("shifts.csv"), self.site.agent_days)
            said = told_rows.Teller("planner", Path("shifts.csv"))
            importing = Importing(shifts, said, told, window_of(told))
            await take_over_told(self.engine, self.site.agent_days, importing, self._act(f"shifts of {first}"))
        self.counts["shifts"] += len(told)

    async def _quotas(self, day: date) -> None:
        per_sub_centre = max(2, len(self.people) * OFF_A_DAY_PPM // PPM // len(self.place.sub_centres))
        said = [Quota(sub, on, day, per_sub_centre) for sub in self.place.sub_centres for on in range(7)]

        def say(connection: Connection) -> None:
            for quota in said:
                set_quota(connection, quota, self.clock(), "lead")

        await take_turn_at_once(self.engine, say, Patience())

    async def _packets(self) -> None:
        giver = giver_of(self.ledger, self.site)
        for team in self.place.teams:
            own = [agent for agent, person in self.people.items() if person.unit == team]
            best = tuple(sorted(self.chance.sample(own, max(1, len(own) * BEST_PERCENT // 100))))
            packet = Packet(f"{team}/{self.today()}", team, best, PACKET_S, "contest", "the month's best", self.today())
            await giver.give(packet, self.asking())
            self.counts["red_packets"] += 1

    def _call(self, day: date) -> None:
        """Who stays on after the early shift, in a sub-centre by turns."""
        sub = self.place.sub_centres[day.month % len(self.place.sub_centres)]
        there = [
            agent
            for agent, person in self.people.items()
            if person.shift is EARLY and works_on(person, day) and self.place.sub_centre(person.unit) == sub
        ]
        self.called[day] = sub, there
        start = self.start(day) + EARLY.ends_s * SECOND
        for agent in there:
            if stays(self.habits[agent], self.standing.get(agent, Standing(0, 0, 30_600)), self.chance):
                self.stay[day, agent] = start + int(self.chance.uniform(0.5, 1) * EMERGENCY_S) * SECOND

    async def emergency(self, day: date) -> None:
        """Everybody of the early shift is called out; it ends by itself."""
        sub, there = self.called[day]
        self.clock.at = max(self.clock.at, self.start(day) + EARLY.ends_s * SECOND)
        people, name = emergencies_of(self.ledger, self.site), f"rush-{day}"
        await people.open(name, self.asking(), sub, "II", None, "more calls than people")
        await people.call(name, self.asking(), there, "whoever can stay")
