"""Two processes at once, each with managers, holders of budgets and applicants who act at random: never beyond a cap or
a quota, and whatever the ledger holds is what the rows say (docs/time-bank.md 3.3 and 3.6)."""

import asyncio
import random
from collections import Counter
from datetime import date, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.bank.accounts import agent_owner
from ccd.bank.allocating import Allocations, Tenure
from ccd.bank.branch import Branch
from ccd.bank.budget_rows import of_month
from ccd.bank.budgeting import Budgets
from ccd.bank.budgets import Budget
from ccd.bank.declared import declare_hours
from ccd.bank.giving import Giver
from ccd.bank.packets import Packet
from ccd.bank.policy import Policies
from ccd.bank.quota import Quota
from ccd.bank.said import Said
from ccd.bank.withdrawal import HOLDING, Application, ApplicationState, PartOfDay
from ccd.bank.withdrawal_rows import on_days, set_quota
from ccd.bank.withdrawing import Withdrawals
from ccd.errors import BudgetError, CapPassedError, WithdrawalError
from ccd.ledger.books import Ledger
from ccd.ledger.verify import verify
from ccd.org.agent_days import AgentDays
from ccd.sql.engine import open_engine
from ccd.sql.turns import Patience, take_turn_at_once
from tests.bank.askers import asking
from tests.bank.policies import policy
from tests.bank.teams import roster_of
from tests.bank.test_withdrawals import AGENTS, DAY, TEAMS, TODAY, UNITS, have
from tests.forked import FORKED

HOUR_S, MONTH = 3_600, "2026-12"
DAYS = [DAY + timedelta(days=number) for number in range(3)]
ACTS = 60
PATIENCE_S = 100
REFUSED = (BudgetError, CapPassedError, WithdrawalError)


class Desk:
    """Of one process. On the first of the days who comes first has a place, on the others places are allocated."""

    def __init__(self, engine: AsyncEngine, seed: int) -> None:
        self.engine, self.chance, self.seed = engine, random.Random(seed), seed
        ledger = Ledger(engine, lambda: 1_796_000_000_000_000, Patience(60, 0.001, 0.05))
        first = policy(date(2026, 1, 1), days_off={"approve": "rule"}, gift={"kinds": ["contest"]})
        later = policy(DAYS[1], days_off={"approve": "rule", "allocate": "by_rule"}, gift={"kinds": ["contest"]})
        policies, days = Policies((first, later)), AgentDays(roster_of(TEAMS), UNITS)
        self.withdrawals = Withdrawals(Branch(ledger, UNITS, policies, days, "demo"))
        self.allocations = Allocations(ledger, self.withdrawals.holds, "demo", lambda agent, day: Tenure())
        self.giver = Giver(Branch(ledger, UNITS, policies, days, "demo"))
        self.budgets = Budgets(ledger, self.giver.caps, "demo")
        self.known: list[str] = []
        self.handed: list[str] = []

    async def act(self, number: int) -> None:
        name, chance = f"{self.seed}-{number}", self.chance
        said = Said("lead", TODAY, 10 * number + self.seed)
        agent, day, seconds = chance.choice(AGENTS), chance.choice(DAYS), chance.randint(60, 2_000)
        unit = "team-2" if agent == "dee" else "team-1"
        packet = Packet(name, unit, (agent,), seconds // 4, "contest", "won", TODAY)
        match chance.choice(("apply", "apply", "run", "end", "quota", "allocate", "give", "hand", "spend", "recall")):
            case "apply":
                self.known.append(name)
                await self.withdrawals.apply(name, agent, day, PartOfDay(seconds), said)
            case "run":
                self.known += [f"{name}/{each}" for each in DAYS]
                await self.withdrawals.apply_for_run(name, agent, DAYS, said)
            case "end" if self.known:
                state = chance.choice(
                    (ApplicationState.CANCELLED, ApplicationState.WITHDRAWN, ApplicationState.REFUSED)
                )
                await self.withdrawals.end(chance.choice(self.known), state, said)
            case "quota":
                quota = Quota("team-1", day, TODAY, chance.randint(0, 3), chance.randint(0, 4_000))
                await take_turn_at_once(self.engine, lambda plain: set_quota(plain, quota, 7, "lead"), Patience())
            case "allocate" if not number % 10:
                await self.allocations.allocate("centre", chance.choice(DAYS[1:]), said)
            case "give":
                await self.giver.give(packet, self.asks(name))
            case "hand":
                line = UNITS.with_above(unit, TODAY)
                self.handed.append(name)
                await self.budgets.hand(Budget(name, unit, "tina", seconds, line, TODAY, "fun"), self.asks(name))
            case "spend" if self.handed:
                await self.giver.give(packet, self.asks(name), chance.choice(self.handed))
            case "recall" if self.handed:
                await self.budgets.recall(chance.choice(self.handed), self.asks(name), "enough", MONTH)

    def asks(self, name: str):
        """Each process numbers its acts from 1."""
        one = asking(f"lead-{name}")
        return one._replace(act=f"act-{name}")


def act_at_random(url: str, seed: int) -> None:
    """In a process of its own."""

    async def done() -> None:
        engine = open_engine(url)
        desk = Desk(engine, seed)
        for number in range(ACTS):
            try:
                await desk.act(number)
            except REFUSED:
                continue
        await engine.dispose()

    asyncio.run(done())


async def test_two_processes_never_pass_a_cap_or_a_quota_and_rows_and_ledger_agree(database_url: str) -> None:
    engine = open_engine(database_url)
    await have(engine, **dict.fromkeys(AGENTS, 70_000))
    desk = Desk(engine, 0)

    def prepared(plain) -> None:
        for unit, hours in (("team-1", 60), ("team-2", 60)):
            declare_hours(plain, unit, MONTH, hours * HOUR_S, 7, "lead", "known")
        for day in DAYS:
            set_quota(plain, Quota("centre", day, TODAY, 2), 7, "lead")
            set_quota(plain, Quota("team-1", day, TODAY, 3, 60_000), 7, "lead")

    await take_turn_at_once(engine, prepared, Patience())
    processes = [FORKED.Process(target=act_at_random, args=(database_url, seed)) for seed in (1, 2)]
    for process in processes:
        process.start()
    for process in processes:
        await asyncio.to_thread(process.join, PATIENCE_S)
        assert process.exitcode == 0
    async with engine.connect() as connection:
        found = await connection.run_sync(lambda plain: on_days(plain, DAYS[0], DAYS[-1]))
        budgets = await connection.run_sync(lambda plain: of_month(plain, MONTH))
        rows = (await connection.execute(text("SELECT name, limit_s, drawn_s FROM caps"))).all()
    caps = {row.name: (row.limit_s, row.drawn_s) for row in rows}
    assert all(0 <= drawn_s <= limit_s for limit_s, drawn_s in caps.values()), caps
    assert len(found) > 10
    assert budgets
    check_places(found, {name: drawn_s for name, (_, drawn_s) in caps.items() if name.startswith("quota/")})
    held = Counter[str]()
    for one in found:
        held[one.agent] += one.seconds if one.state in HOLDING else 0
    for agent in AGENTS:
        assert (await Ledger(engine, lambda: 0).balances(agent_owner(agent)))["reserved"] == held[agent]
    stands = {stand.budget.id: stand for stand in await desk.budgets.all_of(MONTH)}
    for name, (limit_s, drawn_s) in caps.items():
        if name.startswith("budget/"):
            stand = stands[name.removeprefix("budget/")]
            assert drawn_s == stand.given_s <= stand.budget.seconds
            assert limit_s == (stand.given_s if stand.budget.ended else stand.budget.seconds)
    assert caps[f"gift/centre/{MONTH}"][1] == caps[f"gift/team-1/{MONTH}"][1] + caps[f"gift/team-2/{MONTH}"][1]
    assert (await verify(engine, lambda done, total: None)).findings == []
    await engine.dispose()


def check_places(found: list[Application], drawn: dict[str, int]) -> None:
    """What is drawn on quotas is what those draw who hold a place."""
    wanted = Counter[str]()
    for one in found:
        if one.hold is not None:
            wanted.update({f"quota/{unit}/{one.day}": 1 for unit in one.hold.units})
            wanted.update({f"quota/{unit}/{one.day}/seconds": one.seconds for unit in one.hold.in_hours})
    assert {name: drawn_s for name, drawn_s in drawn.items() if drawn_s} == dict(wanted)
