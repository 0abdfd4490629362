"""docs/time-bank.md 4: a closed month takes no postings, and what comes for its days is not lost."""

import asyncio
import itertools
from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from ccd.bank.accounts import agent_owner
from ccd.bank.fate import Fate
from ccd.bank.measured import Measured
from ccd.bank.policy import Policies
from ccd.bank.settle import Settler
from ccd.bank.statement import agent_account, agent_statement
from ccd.ledger.books import Ledger
from ccd.ledger.model import Account, Close, Leg, Posting, month_of
from ccd.ledger.schema import transactions
from ccd.ledger.verify import verify
from ccd.sql.engine import open_engine
from tests.bank.days import DAY, POLICIES, TODAY, worth
from tests.bank.policies import policy
from tests.bank.test_settling import figures
from tests.ledger.accounts import open_guarded, open_house

OCTOBER, JANUARY = date(2026, 10, 31), date(2027, 1, 2)
NUMBERS = itertools.count()


async def close(ledger: Ledger, *months: str, book: str = "demo") -> None:
    """As `ccd ledger close-period` does."""
    for month in months:
        day = date.fromisoformat(f"{month}-01")
        posting = Posting(f"close/{book}/{month}", 1, book, day, (), asked_by="test", terms=(Close(),))
        (await ledger.post(posting)).or_raise()


async def move(ledger: Ledger, seconds: int) -> None:
    """To the agent's savings, or from there, in December, as another service would."""
    house, savings = Account("house/demo", "savings"), Account(agent_owner("1001"), "savings")
    debit, credit = (house, savings) if seconds > 0 else (savings, house)
    posting = Posting(
        f"move/{seconds}", 1, "demo", date(2026, 12, 1), (Leg(debit, credit, abs(seconds), "other"),), "test"
    )
    (await ledger.post(posting)).or_raise()


async def counted(ledger: Ledger, agent: str = "1001") -> list[tuple[str, str, str]]:
    """Of the agent's settlements, in their order: key with revision, in which month it counts, state."""
    kept = transactions.c
    query = select(kept.key, kept.revision, kept.month, kept.state).where(kept.key.like(f"settle/{agent}/%"))
    async with ledger.engine.connect() as connection:
        rows = await connection.execute(query.order_by(kept.id))
        return [(f"{row.key.removeprefix(f'settle/{agent}/')}/r{row.revision}", row.month, row.state) for row in rows]


async def facts(ledger: Ledger, agent: str = "1001") -> dict[str, Any]:
    """Of the newest line of the statement."""
    return dict((await agent_statement(ledger, agent)).lines[0].facts)


async def test_a_day_that_is_revised_after_its_month_was_closed_counts_in_the_month_that_runs(
    settler: Settler, ledger: Ledger
) -> None:
    await settler.settle([worth(465), worth(5, day=date(2026, 12, 1))])
    await close(ledger, "2026-11")
    assert (await settler.settle([worth(300, revision=2)])).fates == {Fate.POSTED: 1}
    assert await figures(ledger) == {"savings": 305}
    assert (await settler.settle([worth(310, revision=3)])).fates == {Fate.POSTED: 1}
    assert await figures(ledger) == {"savings": 315}
    assert await counted(ledger) == [
        ("2026-11-23/r1", "2026-11", "posted"),
        ("2026-12-01/r1", "2026-12", "posted"),
        ("2026-11-23/r2", "2026-12", "posted"),
        ("2026-11-23/r3", "2026-12", "posted"),
    ]
    lines = (await agent_statement(ledger, "1001")).lines
    assert [(line.day, line.amount_s) for line in lines[:2]] == [(DAY, 10), (DAY, -165)]


async def test_what_a_late_loss_does_not_find_is_written_off_once_and_for_all(settler: Settler, ledger: Ledger) -> None:
    await settler.settle([worth(465)])
    await move(ledger, -400)
    await close(ledger, "2026-11")
    rehearsed = await settler.settle([worth(-100, revision=2)], dry_run=True)
    assert [(day.fate, day.note) for day in rehearsed.days] == [(Fate.POSTED, "500 s are written off")]
    await settler.settle([worth(-100, revision=2)])
    assert await figures(ledger) == {}
    assert {name: (await facts(ledger))[name] for name in ("before", "covered", "leave", "written_off")} == {
        "before": 465, "covered": 65, "leave": 0, "written_off": 500
    }  # fmt: skip
    await move(ledger, 1_000)
    assert (await settler.settle([worth(-100, revision=3)])).fates == {Fate.NOTHING: 1}
    await settler.settle([worth(-130, revision=4)])
    assert await figures(ledger) == {"savings": 970}
    assert (await facts(ledger))["before"] == -100


async def test_a_late_gain_first_makes_up_for_what_was_written_off(settler: Settler, ledger: Ledger) -> None:
    await settler.settle([worth(465)])
    await move(ledger, -465)
    await close(ledger, "2026-11")
    await settler.settle([worth(-35, revision=2)])
    assert (await settler.settle([worth(265, revision=3)])).fates == {Fate.NOTHING: 1}
    assert await figures(ledger) == {}
    await settler.settle([worth(500, revision=4)])
    assert await figures(ledger) == {"savings": 35}
    assert (await facts(ledger))["written_off"] == -200
    await settler.settle([worth(540, revision=5)])
    assert await figures(ledger) == {"savings": 75}
    assert "written_off" not in await facts(ledger)


async def test_what_an_earlier_release_refused_for_its_month_is_posted_as_a_new_revision(
    settler: Settler, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    await settler.settle([worth(465)])
    await close(ledger, "2026-11")
    monkeypatch.setattr(Settler, "_late", lambda *_: {})
    assert (await settler.settle([worth(300, revision=2)])).fates == {Fate.REFUSED: 1}
    monkeypatch.undo()
    again = await settler.settle([worth(300, revision=2)])
    assert again.revisions_of(Fate.MONTH_WAS_CLOSED) == {"1001": 2}
    assert await figures(ledger) == {"savings": 465}
    await settler.settle([worth(300, revision=3)])
    assert await figures(ledger) == {"savings": 300}
    assert (await settler.settle([worth(300, revision=3)])).fates == {Fate.REPLAYED: 1}


async def test_a_policy_can_credit_a_late_gain_whole(ledger: Ledger) -> None:
    policies = Policies((policy(date(2026, 1, 1), closed_gain_meets_write_off=False),))
    settler = Settler(ledger, policies, "demo", lambda: TODAY)
    await close(ledger, "2026-11")
    await settler.settle([worth(-500)])
    await settler.settle([worth(0, revision=2)])
    assert await figures(ledger) == {"savings": 500}
    await settler.settle([worth(-100, revision=3)])
    assert await figures(ledger) == {"savings": 400}


async def test_leave_that_attendance_was_told_of_is_as_it_was(settler: Settler, ledger: Ledger) -> None:
    await settler.settle([worth(-435)])
    await close(ledger, "2026-11")
    await settler.settle([worth(-100, revision=2)])
    assert await figures(ledger) == {"leave": 435, "savings": 335}
    await settler.settle([worth(-935, revision=3)])
    assert await figures(ledger) == {"leave": 435}
    assert (await facts(ledger))["written_off"] == 500


async def test_a_day_that_was_never_settled_when_its_month_was_closed(settler: Settler, ledger: Ledger) -> None:
    await close(ledger, "2026-11")
    await settler.settle([worth(465)])
    await settler.settle([worth(-600, day=date(2026, 11, 24)), worth(-50, day=date(2026, 12, 1))])
    assert await figures(ledger) == {"leave": 50}
    assert {month for _, month, _ in await counted(ledger)} == {"2026-12"}


async def test_several_closed_months_and_an_open_one_at_once(settler: Settler, ledger: Ledger) -> None:
    await close(ledger, "2026-10", "2026-11")
    days = [worth(10, day=OCTOBER), worth(20), worth(30, day=date(2026, 12, 2))]
    assert (await settler.settle(days, dry_run=True)).fates == {Fate.POSTED: 3}
    assert await counted(ledger) == []
    assert (await settler.settle(days)).fates == {Fate.POSTED: 3}
    assert [month for _, month, _ in await counted(ledger)] == ["2026-12"] * 3
    assert await figures(ledger) == {"savings": 60}
    assert (await settler.settle(days)).fates == {Fate.REPLAYED: 3}


async def test_it_counts_in_the_first_open_month_from_the_one_that_runs_on(ledger: Ledger) -> None:
    """By the centre's calendar, which is not the ledger's clock: in Shanghai a month begins while UTC has the last."""
    january = Settler(ledger, POLICIES, "demo", lambda: JANUARY)
    await close(ledger, "2026-10")
    await january.settle([worth(10, day=OCTOBER)])
    await close(ledger, "2027-01", "2027-02")
    await january.settle([worth(20, day=OCTOBER, revision=2)])
    behind = Settler(ledger, POLICIES, "demo", lambda: date(2026, 9, 1))
    await behind.settle([worth(30, day=OCTOBER, revision=3)])
    assert [month for _, month, _ in await counted(ledger)] == ["2027-01", "2027-03", "2026-11"]


async def test_a_month_that_is_closed_while_its_days_are_settled_loses_none_of_them(
    settler: Settler, ledger: Ledger
) -> None:
    await settler.settle([worth(10, agent=str(number)) for number in range(8)])
    late = [worth(10 + number, agent=str(number), revision=2) for number in range(8)]
    await asyncio.gather(*(settler.settle([one]) for one in late[:4]), close(ledger, "2026-11"),
                         *(settler.settle([one]) for one in late[4:]))  # fmt: skip
    assert (await settler.settle(late)).fates == {Fate.REPLAYED: 8}
    assert [(await agent_account(ledger, str(number))).balance_s for number in range(8)] == list(range(10, 18))
    assert (await verify(ledger.engine, lambda done, total: None)).findings == []


async def test_a_ledger_with_late_settlements_is_verified(settler: Settler, ledger: Ledger) -> None:
    await settler.settle([worth(465)])
    await close(ledger, "2026-11")
    await settler.settle([worth(-600, revision=2), worth(40, agent="1002")])
    assert (await verify(ledger.engine, lambda done, total: None)).findings == []


# --- any order of the same revisions around a close -------------------------------------------------------------------

Gift = tuple[str, int, int]  # agent, seconds, its number
Closing = str  # the month
Event = Measured | Gift | Closing

agents = st.sampled_from(("ann", "bob"))
days = st.sampled_from((OCTOBER, DAY, date(2026, 12, 1)))
measured_days = st.dictionaries(
    st.tuples(agents, days), st.lists(st.integers(-1_500, 1_065), min_size=1, max_size=4), min_size=1, max_size=4
)


@st.composite
def orders(draw, gifts_max: int, gift: st.SearchStrategy[int]) -> tuple[list[Event], list[Event]]:
    """The same events twice, in two orders: measured days, gifts, and the close of two months."""
    events: list[Event] = ["2026-10", "2026-11"]
    for (agent, day), nets in draw(measured_days).items():
        events += [worth(net_s, agent=agent, day=day, revision=number) for number, net_s in enumerate(nets, 1)]
    gifts = draw(st.lists(st.tuples(agents, gift), max_size=gifts_max))
    events += [(agent, seconds, number) for number, (agent, seconds) in enumerate(gifts)]
    return draw(st.permutations(events)), draw(st.permutations(events))


@dataclass
class Told:
    """What the domain says of one agent, in its own words: a balance, and of each day what it was reckoned as, its
    leave and what was written off of it."""

    balance: int = 0
    reckoned: dict[date, int] = field(default_factory=lambda: defaultdict(int))
    leave: dict[date, int] = field(default_factory=lambda: defaultdict(int))
    written_off: dict[date, int] = field(default_factory=lambda: defaultdict(int))

    def measured(self, day: date, net_s: int, closed: bool) -> None:
        change, self.reckoned[day] = net_s - self.reckoned[day], net_s
        if change < 0:
            taken = min(self.balance, -change)
            self.balance -= taken
            (self.written_off if closed else self.leave)[day] += -change - taken
        else:
            first = self.written_off if closed else self.leave
            met = min(change, first[day])
            first[day] -= met
            self.balance += change - met


class Run:
    """One order of the events, under names of its own; beside it what the domain says."""

    def __init__(self, ledger: Ledger) -> None:
        self.name = f"closed{next(NUMBERS)}"
        self.ledger = ledger
        self.settler = Settler(ledger, POLICIES, self.name, lambda: TODAY)
        self.told = {"ann": Told(), "bob": Told()}
        self.settled: dict[tuple[str, date], int] = {}
        self.closed: set[str] = set()

    def agent(self, name: str) -> str:
        return f"{self.name}-{name}"

    async def take(self, event: Event) -> None:
        match event:
            case str(month):
                await close(self.ledger, month, book=self.name)
                self.closed.add(month)
            case Measured(agent=agent, day=day, revision=revision):
                await self.settler.settle([replace(event, agent=self.agent(agent))])
                if self.settled.get((agent, day), 0) < revision:
                    self.settled[agent, day] = revision
                    self.told[agent].measured(day, 1_065 - event.aux // 1_000_000, month_of(day) in self.closed)
            case (agent, seconds, number):
                await self.give(agent, seconds, number)
                self.told[agent].balance += seconds

    async def give(self, agent: str, seconds: int, number: int) -> None:
        owner, house = agent_owner(self.agent(agent)), f"house/{self.name}"
        await open_guarded(self.ledger, [owner], ("gift",))
        await open_house(self.ledger, house, ("gift",))
        leg = Leg(Account(house, "gift"), Account(owner, "gift"), seconds, "gift")
        key = f"gift/{self.name}/{number}"
        (await self.ledger.post(Posting(key, 1, self.name, TODAY, (leg,), asked_by="test"))).or_raise()

    async def check(self) -> None:
        for name, told in self.told.items():
            account = await agent_account(self.ledger, self.agent(name))
            assert account.balance_s == told.balance
            assert account.kinds["leave"] == sum(told.leave.values())

    async def net(self) -> dict[str, int]:
        found = {name: await agent_account(self.ledger, self.agent(name)) for name in self.told}
        return {name: account.balance_s - account.kinds["leave"] for name, account in found.items()}


def check_in_order(database_url: str, work: Any) -> None:
    async def check() -> None:
        engine = open_engine(database_url)
        await work(Ledger(engine, lambda: 1))
        await engine.dispose()

    asyncio.run(check())


quietly = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])


@quietly
@given(orders(gifts_max=3, gift=st.integers(1, 900)))
def test_around_a_close_every_order_leaves_what_the_domain_says(database_url: str, case) -> None:
    async def work(ledger: Ledger) -> None:
        for events in case:
            run = Run(ledger)
            for event in events:
                await run.take(event)
                await run.check()
            again = await run.settler.settle(
                [replace(event, agent=run.agent(event.agent)) for event in events if isinstance(event, Measured)]
            )
            assert set(again.fates) <= {Fate.REPLAYED, Fate.STALE}

    check_in_order(database_url, work)


@quietly
@given(orders(gifts_max=0, gift=st.nothing()))
def test_who_always_has_enough_is_left_the_same_by_every_order_and_every_close(database_url: str, case) -> None:
    async def work(ledger: Ledger) -> None:
        nets = []
        for events in case:
            run = Run(ledger)
            for number, agent in enumerate(run.told):
                await run.give(agent, 100_000, number)
            for event in events:
                await run.take(event)
            nets.append(await run.net())
        last = {
            (one.agent, one.day): one
            for one in sorted((e for e in case[0] if isinstance(e, Measured)), key=lambda one: one.revision)
        }
        expected = dict.fromkeys(("ann", "bob"), 100_000)
        for one in last.values():
            expected[one.agent] += 1_065 - one.aux // 1_000_000
        assert nets == [expected, expected]

    check_in_order(database_url, work)


@pytest.mark.parametrize("closes", [(), ("2026-11",)])
async def test_open_or_closed_a_settlement_again_changes_nothing(
    settler: Settler, ledger: Ledger, closes: tuple[str, ...]
) -> None:
    await settler.settle([worth(465)])
    await close(ledger, *closes)
    for _ in range(2):
        await settler.settle([worth(-600, revision=2)])
    assert len(await counted(ledger)) == 2
