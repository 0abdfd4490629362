"""docs/time-bank.md 4: within an open month every order of the same accepted events leaves the same net."""

import asyncio
from collections.abc import Callable
from datetime import date, time, timedelta
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccd.sql.engine import open_engine
from tests.bank.any_floor import (
    LONG,
    SPARE,
    TIMEOUT_S,
    agents,
    at_work,
    counts,
    gaps,
    hours,
    lives_on,
    of_lives,
    shifts,
    terms,
    works,
)
from tests.bank.months import Months, rosters, said_day

LIVES = 100 if LONG else 3
DAYS = [date(2026, 12, day) for day in range(1, 5)]
ROSTER = rosters([("1001", "team-1", None, None), ("1002", "team-1", None, None), ("2001", "team-2", None, None)])
dates = st.sampled_from([said_day(day) for day in DAYS])
of_a_day = st.tuples(agents, dates)  # of each at most one of a kind: of two the newer holds, which is no order's fault


def each(words: str, *parts: st.SearchStrategy[str]) -> st.SearchStrategy[list[str]]:
    said = st.dictionaries(of_a_day, st.tuples(*parts), max_size=2)
    return said.map(lambda told: [words.format(*parts, agent=agent, day=day) for (agent, day), parts in told.items()])


facts = st.tuples(
    each("boss rules {agent} {0} {1} on {day}", counts, hours),
    each("HR says {agent} personal {0} on {day}", hours),
    each("the plan says {agent} {0} on {day}", shifts.filter(bool)),
    each("boss of centre gives {agent} {0} s for contest", st.sampled_from(["600", "900"])),
    each("lead enters {0} s of {agent} in rush on {day}", st.sampled_from(["900", "3000"])),
    each("HR entitles {agent} to {0} from {day} to {day}", st.sampled_from(["60000 ppm", "2400 s"])),
    each("another switch tells late that {agent} works {0} on {day}", hours),
    dates.map(lambda day: [f"the seat {SPARE} is 2001's of team-2 from {day}"]),
).map(lambda kinds: [fact for kind in kinds for fact in kind])


class Case(NamedTuple):
    policy: dict[str, Any]
    zone: str
    of: dict[str, tuple[str, str]]
    spare: str
    gap: str
    one: list[str]
    other: list[str]


@st.composite
def orders(draw: Any) -> Case:
    said = draw(facts)
    zone = draw(st.sampled_from(["UTC", "Asia/Kathmandu"]))
    return Case(
        draw(terms), zone, draw(at_work), draw(works), draw(gaps), draw(st.permutations(said)),
        draw(st.permutations(said)),
    )  # fmt: skip


async def days_of(case: Case, world: Months) -> None:
    for team in ("team-1", "team-2"):
        await world.attempt(f"{team} declares 6000 h of 2026-12")
    for day in DAYS:
        for agent, (shift, work) in case.of.items():
            if shift:
                await world.attempt(f"the plan says {agent} {shift} on {said_day(day)}")
            if work:
                await world.attempt(f"{agent} works {work}")
        if case.spare:
            await world.attempt(f"{SPARE} works {case.spare}")
        if case.gap and day == DAYS[1]:
            await world.attempt(f"the switch is not heard {case.gap}")
        if day == DAYS[2]:
            await world.attempt("lead of centre opens rush, level II", time(16, 30))
            await world.attempt("lead calls 1001 and 2001 to rush")
            await world.attempt("lead ends rush", time(17, 0))
        await world.until(day + timedelta(days=1))


@pytest.mark.timeout(TIMEOUT_S)
def test_no_order_of_what_is_accepted_within_an_open_month_makes_another_net(new_database: Callable[..., str]) -> None:
    """The days are lived through once; what is said of them then, in two orders, each on a copy of the database."""

    async def said_of(world: Months, said: list[str], url: str) -> tuple[dict[str, int], set[str]]:
        engine = open_engine(new_database(url))
        one = world.again(engine)
        accepted = {fact for fact in said if await one.attempt(fact)}
        await one.hold()
        net = await one.net()
        await one.proof()
        await engine.dispose()
        return net, accepted

    async def lives(case: Case) -> None:
        url = new_database()
        engine = open_engine(url)
        policy = [{"from": date(2026, 1, 1)} | case.policy | {"gift": {"cap_ppm": 1_000_000}}]  # no packet is refused
        more = {"timezone": case.zone, "policy": policy, "settle_wait_s_max": 0}
        world = Months(engine, ROSTER, DAYS[0], more=more)
        await days_of(case, world)
        await engine.dispose()
        first, accepted = await said_of(world, case.one, url)
        second, also = await said_of(world, case.other, url)
        assert accepted == also
        assert first == second

    @of_lives(lives_on(new_database(), LIVES))
    @given(orders())
    def check(case: Case) -> None:
        asyncio.run(lives(case))

    check()
