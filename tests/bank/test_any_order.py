"""docs/time-bank.md 4: within an open month every order of the same accepted events leaves the same net."""

import asyncio
import itertools
from dataclasses import replace
from datetime import date

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from ccd.bank.accounts import BALANCE_KINDS, agent_owner
from ccd.bank.fate import Fate
from ccd.bank.measured import Measured
from ccd.bank.settle import Settler
from ccd.bank.statement import agent_account
from ccd.ledger.books import Ledger
from ccd.ledger.model import Account, Leg, Posting
from ccd.sql.engine import open_engine
from tests.bank.days import DAY, POLICIES, TODAY, worth
from tests.ledger.accounts import open_guarded, open_house

NUMBERS = itertools.count()  # every run has agents and a centre of its own in the one database

Gift = tuple[str, str, int, int]  # agent, kind, seconds, its number
Event = Measured | Gift

worths = st.integers(-1_500, 1_065)
agents = st.sampled_from(("ann", "bob"))
days = st.integers(1, 3)
# An agent's day has a worth a revision; gifts come in between, to be taken.
measured_days = st.dictionaries(
    st.tuples(agents, days), st.lists(worths, min_size=1, max_size=3), min_size=1, max_size=5
)
gifts = st.lists(st.tuples(agents, st.sampled_from(BALANCE_KINDS), st.integers(1, 900)), max_size=3)


@st.composite
def orders(draw) -> tuple[list[Event], list[Event], list[int]]:
    """The same events twice, in two orders, and how many of them are settled at once."""
    events: list[Event] = [
        worth(net_s, agent=agent, day=date(2026, 11, day), revision=revision)
        for (agent, day), revisions in draw(measured_days).items()
        for revision, net_s in enumerate(revisions, 1)
    ]
    events += [(*gift, number) for number, gift in enumerate(draw(gifts))]
    lengths = draw(st.lists(st.integers(1, 4), min_size=len(events), max_size=len(events)))
    return draw(st.permutations(events)), draw(st.permutations(events)), lengths


class Run:
    """One order of the events, under names of its own."""

    def __init__(self, ledger: Ledger) -> None:
        self.name = f"run{next(NUMBERS)}"
        self.ledger = ledger
        self.settler = Settler(ledger, POLICIES, self.name, lambda: TODAY, batch=3)

    def agent(self, name: str) -> str:
        return f"{self.name}-{name}"

    async def take(self, events: list[Event], lengths: list[int]) -> None:
        rest = iter(events)
        for length in lengths:
            piece = list(itertools.islice(rest, length))
            for event in piece:
                if not isinstance(event, Measured):
                    await self.give(event)
            await self.settle([event for event in piece if isinstance(event, Measured)])

    async def settle(self, measured: list[Measured]) -> dict[Fate, int]:
        renamed = [replace(one, agent=self.agent(one.agent)) for one in measured]
        return (await self.settler.settle(renamed)).fates

    async def give(self, gift: Gift) -> None:
        agent, kind, seconds, number = gift
        owner, house = agent_owner(self.agent(agent)), f"house/{self.name}"
        await open_guarded(self.ledger, [owner], (kind,))
        await open_house(self.ledger, house, ("gift",))
        leg = Leg(Account(house, "gift"), Account(owner, kind), seconds, "gift")
        await self.ledger.post(Posting(f"gift/{self.name}/{number}", 1, self.name, DAY, (leg,), asked_by="test"))

    async def figures(self) -> dict[str, dict[str, int]]:
        return {name: dict((await agent_account(self.ledger, self.agent(name))).kinds) for name in ("ann", "bob")}

    async def net(self) -> dict[str, int]:
        """Balance and reserved less leave."""
        return {
            name: sum(seconds for kind, seconds in kinds.items() if kind != "leave") - kinds["leave"]
            for name, kinds in (await self.figures()).items()
        }


def expected_net(events: list[Event]) -> dict[str, int]:
    """Of each agent's day the last revision, and the gifts: computed without the bank."""
    last: dict[tuple[str, date], Measured] = {}
    net = {"ann": 0, "bob": 0}
    for event in events:
        if isinstance(event, Measured):
            key = (event.agent, event.day)
            if key not in last or last[key].revision < event.revision:
                last[key] = event
        else:
            net[event[0]] += event[2]
    for (agent, _), one in last.items():
        net[agent] += 1_065 - one.aux // 1_000_000
    return net


async def rows(ledger: Ledger) -> list[int]:
    tables = ("transactions", "entries", "balances", "accounts")
    async with ledger.engine.connect() as connection:
        return [(await connection.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one() for table in tables]


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(orders())
def test_any_order_of_the_same_events_leaves_the_same_net(database_url: str, case) -> None:
    async def check() -> None:
        engine = open_engine(database_url)
        ledger = Ledger(engine, lambda: 1)
        for events in case[:2]:
            run = Run(ledger)
            await run.take(events, case[2])
            figures = await run.figures()
            assert await run.net() == expected_net(events)
            assert min(seconds for kinds in figures.values() for seconds in kinds.values()) >= 0
            house = await ledger.sums(f"house/{run.name}")
            assert sum(house.values()) + sum(sum(kinds.values()) for kinds in figures.values()) == 0

            before = await rows(ledger)
            again = await run.settle([event for event in events if isinstance(event, Measured)])
            assert set(again) <= {Fate.REPLAYED, Fate.STALE}
            assert await rows(ledger) == before
            assert await run.figures() == figures
        await engine.dispose()

    asyncio.run(check())
