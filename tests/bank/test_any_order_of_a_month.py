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
    AGENTS,
    AMPLE,
    LONG,
    PARTS,
    SPARE,
    TIMEOUT_S,
    Tally,
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
from tests.cases.world import meant_by

LIVES = 100 if LONG else 3
A_DAY = timedelta(days=1)
DAYS = [date(2026, 12, day) for day in range(25, 29)]  # when what is owed can be offset
RUSH = DAYS[2]  # and on it somebody is off
ROSTER = rosters([("1001", "team-1", None, None), ("1002", "team-1", None, None), ("2001", "team-2", None, None)])
OWING, OVERSPENT = "1002", "08:00-16:00, water 10:00-11:10"  # on the first of them, and has nothing yet that covers it
OFFSET = "offset"  # whether that can be depends on the order, and changes no net

Fact = tuple[str, ...]  # what is said, one after the other
dates = st.sampled_from(DAYS)


def each(
    words: st.SearchStrategy[str],
    whom: st.SearchStrategy[str] = agents,
    days: st.SearchStrategy[date] = dates,
    once: Callable[[tuple[str, date, str]], Any] = lambda one: one[:2],
) -> st.SearchStrategy[list[Fact]]:
    """Of each agent's day at most one: of two the newer holds, which is no order's fault."""
    told = st.lists(st.tuples(whom, days, words), max_size=2, unique_by=once)
    return told.map(
        lambda said: [
            tuple(all_words.format(whom=whom, day=said_day(day), after=said_day(day + A_DAY)).split("; "))
            for whom, day, all_words in said
        ]
    )


owns = st.sampled_from(["60000 ppm", "2400 s"])
rules = st.builds("boss rules {{whom}} {} {} on {{day}}".format, counts, hours)
facts = st.tuples(
    each(rules),
    each(rules, st.sampled_from(["team-1", "team-2", "centre"]), once=lambda one: one[1]),
    each(st.builds("HR says {{whom}} {} {} on {{day}}".format, st.sampled_from(["personal", "sick"]), hours)),
    each(st.builds("HR says {{whom}} works {} % of a contract from {{day}}".format, st.sampled_from(PARTS))),
    each(st.builds("the plan says {{whom}} {} on {{day}}".format, shifts.filter(bool))),
    each(st.builds("boss of centre gives {{whom}} {} s for contest".format, st.sampled_from([600, 900]))),
    each(st.sampled_from([
        "lead enters 900 s of {whom} in rush on {day}",
        "lead enters 1700 s of {whom} in rush on {day}; boss confirms what was entered of {whom} in rush",
    ]), days=st.just(RUSH)),
    each(
        st.just("lead enters 1800 s of {whom} in rush on {day}; boss declines what was entered of {whom} in rush"),
        days=st.just(RUSH),
    ),
    each(st.builds("HR entitles {{whom}} to {} from {{day}} to {{after}}".format, owns)),
    each(st.builds("another switch tells late that {{whom}} works {} on {{day}}".format, hours)),
    each(st.sampled_from([
        "{whom} offsets all of 2026-12",
        "{whom} offsets 300 s of all of 2026-12",
        "{whom} offsets 1 s of all of 2026-12; {whom} takes back what was offset of all of 2026-12",
        "{whom} takes back what was offset of all of 2026-12",
    ]), st.sampled_from([OWING, OWING, *AGENTS])),
    dates.map(lambda day: [(f"the seat {SPARE} is 2001's of team-2 from {said_day(day)}",)]),
).map(lambda kinds: [fact for kind in kinds for fact in kind])  # fmt: skip
off = st.dictionaries(
    st.sampled_from(["1001", "2001"]), st.sampled_from(["", "7200 s of ", "10:00-13:00 of ", "22:30-01:00 of "])
)


class Case(NamedTuple):
    policy: dict[str, Any]
    zone: str
    of: dict[str, tuple[str, str]]
    spare: str
    gap: str
    off: dict[str, str]
    one: list[Fact]
    other: list[Fact]


@st.composite
def orders(draw: Any) -> Case:
    said = draw(facts)
    zone = draw(st.sampled_from(["UTC", "Asia/Kathmandu"]))
    return Case(
        draw(terms), zone, draw(at_work), draw(works), draw(gaps), draw(off), draw(st.permutations(said)),
        draw(st.permutations(said)),
    )  # fmt: skip


async def is_accepted(world: Months, fact: Fact, tally: Tally) -> bool:
    """What comes after something that was refused is not said."""
    for said in fact:
        done = await world.attempt(said)
        tally.told(meant_by(said)[0].__name__, done)
        if not done:
            return False
    return True


async def days_of(case: Case, world: Months, tally: Tally) -> None:
    for team in ("team-1", "team-2"):
        await world.attempt(f"{team} declares 6000 h of 2026-12")
    await world.attempt("boss of centre gives 1001 and 2001 40000 s each for contest")
    await world.attempt(f"centre lets 2 off on {said_day(RUSH)}")
    for agent, part in case.off.items():
        tally.told("applies", await world.attempt(f"{agent} applies for {part}{said_day(RUSH)}"))
        await world.attempt(f"boss approves {agent}'s {said_day(RUSH)}")
    for day in DAYS:
        for agent, (shift, work) in case.of.items():
            if shift:
                await world.attempt(f"the plan says {agent} {shift} on {said_day(day)}")
            if agent == OWING and day == DAYS[0]:
                await world.attempt(f"{agent} works {OVERSPENT}")
            elif work:
                await world.attempt(f"{agent} works {work}")
        if case.spare:
            await world.attempt(f"{SPARE} works {case.spare}")
        if case.gap and day == DAYS[1]:
            await world.attempt(f"the switch is not heard {case.gap}")
        if day == RUSH:
            await world.attempt("lead of centre opens rush, level II", time(16, 30))
            await world.attempt("lead calls 1001 and 2001 to rush")
            await world.attempt("lead ends rush", time(17, 30))
        await world.until(day + timedelta(days=1))


@pytest.mark.timeout(TIMEOUT_S)
def test_no_order_of_what_is_accepted_within_an_open_month_makes_another_net(new_database: Callable[..., str]) -> None:
    """The days are lived through once; what is said of them then, in two orders, each on a copy of the database."""

    async def said_of(world: Months, said: list[Fact], url: str) -> tuple[dict[str, int], set[Fact]]:
        engine = open_engine(new_database(url))
        one = world.again(engine)
        accepted = {fact for fact in said if await is_accepted(one, fact, tally) and OFFSET not in fact[0]}
        await one.hold()
        net = await one.net()
        await one.proof()
        await engine.dispose()
        return net, accepted

    async def lives(case: Case) -> None:
        url = new_database()
        engine = open_engine(url)
        policy = [{"from": date(2026, 1, 1)} | AMPLE | case.policy | {"gift": {"cap_ppm": 1_000_000}}]
        more = {"timezone": case.zone, "policy": policy, "settle_wait_s_max": 0}
        world = Months(engine, ROSTER, DAYS[0], more=more)
        await days_of(case, world, tally)
        await engine.dispose()
        first, accepted = await said_of(world, case.one, url)
        second, also = await said_of(world, case.other, url)
        assert accepted == also
        assert first == second

    tally = Tally()

    @of_lives(lives_on(new_database(), LIVES))
    @given(orders())
    def check(case: Case) -> None:
        asyncio.run(lives(case))

    check()
    tally.show()
