"""docs/time-bank.md 3.5 and 4: what is owed is the sum of its items, whatever happens; and in an open month no order of
revisions, leave and offsets makes another net."""

import asyncio
import itertools
from contextlib import suppress
from datetime import date
from typing import Any, NamedTuple

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ccd.bank.accounts import AGENT_KINDS, agent_owner
from ccd.bank.branch import Branch
from ccd.bank.idle_leave import IdleLeave, OnLeave
from ccd.bank.offsetting import Choice, Loans
from ccd.bank.policy import Policies
from ccd.bank.settle import Settler
from ccd.errors import OffsetError
from ccd.ledger.books import Ledger
from ccd.org.agent_days import AgentDays
from ccd.sql.engine import open_engine
from tests.bank.days import worth
from tests.bank.policies import policy
from tests.bank.teams import roster_of
from tests.bank.test_month_close import CALENDAR, MONTH, OFFERED, UNITS, asking

NUMBERS = itertools.count()  # every run has agents and a site of its own in the one database
POLICIES = Policies((policy(date(2026, 1, 1)),))
DAYS = (date(2026, 11, 9), date(2026, 11, 10), date(2026, 11, 30))  # the last of them is busy


class Measure(NamedTuple):
    """A day is worth so much, by its `revision`th measurement."""

    day: date
    worth_s: int
    revision: int


class Leave(NamedTuple):
    """So much of a day was leave, as it was told then."""

    day: date
    seconds: int


class Offset(NamedTuple):
    """The agent sets so much against what is owed, as far as both go."""

    seconds: int


class TakenBack(NamedTuple):
    """What was offset, where it may be; else nothing happens."""


Event = Measure | Leave | Offset | TakenBack

measures = st.dictionaries(st.sampled_from(DAYS), st.lists(st.integers(-1_500, 1_065), min_size=1, max_size=3))
leaves = st.lists(st.builds(Leave, st.sampled_from(DAYS), st.integers(0, 2_000)), max_size=4)
offsets = st.lists(st.builds(Offset, st.integers(1, 1_500)) | st.builds(TakenBack), max_size=4)


@st.composite
def orders(draw: Any) -> tuple[list[Event], list[Event]]:
    """The same events in two orders; of one day's leave what was told last holds, so that is told last in both."""
    events: list[Event] = [
        Measure(day, seconds, number)
        for day, revisions in draw(measures).items()
        for number, seconds in enumerate(revisions, 1)
    ]
    told = draw(leaves)
    last = list({leave.day: leave for leave in told}.values())
    events += [*told, *draw(offsets)]
    return [*draw(st.permutations(events)), *last], [*draw(st.permutations(events)), *last]


class Run:
    def __init__(self, ledger: Ledger) -> None:
        number = next(NUMBERS)
        self.agent, self.ledger, self.acts = f"ann{number}", ledger, itertools.count()
        site = f"site{number}"
        days = AgentDays(roster_of({"team-1": [self.agent]}), UNITS)
        self.settler = Settler(ledger, POLICIES, site, lambda: DAYS[0])
        self.idle = IdleLeave(ledger, POLICIES, site, lambda: DAYS[0])
        self.loans = Loans(Branch(ledger, UNITS, POLICIES, days, site), CALENDAR)

    async def take(self, event: Event) -> None:
        match event:
            case Measure(day, seconds, revision):
                await self.settler.settle([worth(seconds, agent=self.agent, day=day, revision=revision)])
            case Leave(day, seconds):
                await self.idle.post([OnLeave(self.agent, "team-1", day, seconds, 1)])
            case Offset(seconds):
                offer = await self.loans.offer(self.agent, MONTH)
                if could_s := min(seconds, offer.could_s):
                    act = asking(f"{self.agent}/{next(self.acts)}", self.agent, OFFERED)
                    await self.loans.choose(act, self.agent, MONTH, Choice(seconds=could_s))

            case TakenBack():
                act = asking(f"{self.agent}/{next(self.acts)}", self.agent, OFFERED)
                with suppress(OffsetError):
                    await self.loans.take_back(act, self.agent, MONTH, None)

    async def balances(self) -> dict[str, int]:
        return dict.fromkeys(AGENT_KINDS, 0) | await self.ledger.balances(agent_owner(self.agent))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(orders())
def test_the_items_are_what_is_owed_and_no_order_makes_another_net(
    database_url: str, both: tuple[list[Event], list[Event]]
) -> None:
    async def run(events: list[Event]) -> int:
        engine = open_engine(database_url)
        one = Run(Ledger(engine, lambda: OFFERED))
        for event in events:
            await one.take(event)
            balances = await one.balances()
            items = (await one.loans.offer(one.agent, MONTH)).items
            assert sum(item.open_s for item in items) == balances["leave"]
            assert all(item.made_s == item.open_s + item.offset_s for item in items)
        await engine.dispose()
        return sum(balances.values()) - 2 * balances["leave"] if events else 0

    first, second = (asyncio.run(run(events)) for events in both)
    assert first == second == _reckoned(both[0])


def _reckoned(events: list[Event]) -> int:
    """What days are worth by their newest measurement that was taken in its turn, less leave of idle days."""
    worths: dict[date, tuple[int, int]] = {}
    for event in events:
        if isinstance(event, Measure):
            worths[event.day] = max(worths.get(event.day, (0, 0)), (event.revision, event.worth_s))
    leave = {event.day: event.seconds for event in events if isinstance(event, Leave) and event.day != DAYS[-1]}
    return sum(seconds for _, seconds in worths.values()) - sum(leave.values())
