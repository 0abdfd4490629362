"""Red packets (docs/time-bank.md 3.3): to one or many, within the cap of the unit and of each above it."""

import asyncio
from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.bank.accounts import agent_owner
from ccd.bank.branch import Branch
from ccd.bank.declared import declare_hours
from ccd.bank.giving import Giver
from ccd.bank.hours import hours_s
from ccd.bank.packets import Given, Packet
from ccd.bank.policy import Policies
from ccd.errors import CapPassedError, KeyTakenError, LedgerError, PacketError
from ccd.floor.days import SECOND
from ccd.ledger.books import Ledger
from ccd.ledger.model import Close, Posting
from ccd.ledger.verify import verify
from ccd.org.agent_days import AgentDays
from ccd.org.units import Unit, Units
from ccd.sql.engine import open_engine
from ccd.sql.turns import Patience, take_turn_at_once
from tests.bank.askers import asking
from tests.bank.policies import policy
from tests.bank.teams import planned, roster_of, shift

HOUR_S = 3_600
DAY, MONTH = date(2026, 12, 4), "2026-12"
UNITS = Units(
    "Asia/Shanghai",
    time(0),
    {"centre": Unit(), "east": Unit(parent="centre"), "west": Unit(parent="centre"), "team-1": Unit(parent="east"),
     "team-2": Unit(parent="east")},
)  # fmt: skip
TEAMS = {"team-1": ("1001", "1002"), "team-2": ("2001",), "west": ("3001",)}
POLICY = policy(date(2026, 1, 1), gift={"kinds": ["contest", "suggestion"]})
DAYS = AgentDays(roster_of(TEAMS), UNITS)


def giver(engine: AsyncEngine) -> Giver:
    return Giver(Branch(Ledger(engine, lambda: 1_796_000_000_000_000), UNITS, Policies((POLICY,)), DAYS, "demo"))


def packet(
    key: str, seconds: int, *agents: str, unit: str = "team-1", kind: str = "contest", reason: str = "won the quiz"
) -> Packet:
    return Packet(key, unit, agents or ("1001",), seconds, kind, reason, DAY)


async def declared(engine: AsyncEngine, **hours: int) -> None:
    def all_of_them(connection: Connection) -> None:
        for unit, each in hours.items():
            declare_hours(connection, unit, MONTH, each * HOUR_S, 7, "lead", "known")

    await take_turn_at_once(engine, all_of_them, Patience())


async def gifts(engine: AsyncEngine, *agents: str) -> list[int]:
    ledger = Ledger(engine, lambda: 0)
    return [(await ledger.balances(agent_owner(agent))).get("gift", 0) for agent in agents]


async def test_the_example_200_agents_may_be_given_352_hours_in_a_month_of_35_200(engine: AsyncEngine) -> None:
    await declared(engine, centre=200 * 22 * 8)
    one = giver(engine)
    assert await one.caps.stands(["centre"], DAY) == [Given("centre", MONTH, 352 * HOUR_S, 0)]
    await one.give(packet("all", 352 * HOUR_S, unit="centre"), asking())
    with pytest.raises(CapPassedError) as refused:
        await one.give(packet("more", 1, unit="centre"), asking())
    figures = refused.value.cap_s, refused.value.given_s, refused.value.asked_s
    assert figures == (352 * HOUR_S, 352 * HOUR_S, 1)
    assert "centre may give 1267200 s in 2026-12, has given 1267200 s, and 1 s are asked; 0 s are left" in str(
        refused.value
    )
    assert await one.caps.stands(["centre"], DAY) == [Given("centre", MONTH, 352 * HOUR_S, 352 * HOUR_S)]


async def test_hours_are_those_of_the_schedule_where_there_is_one_and_follow_it(engine: AsyncEngine) -> None:
    """Team 1 has ten shifts of 10 h in the month, team 2 has none, and 100 h are declared for it."""
    await planned(engine, *(shift(f"s{day}", "1001", f"2026-12-{day:02}T08:00", 10) for day in range(4, 14)))
    await declared(engine, **{"team-2": 100, "team-1": 1})
    stands = {each.unit: each.cap_s for each in await giver(engine).caps.stands(["team-1", "team-2", "east"], DAY)}
    assert stands == {"team-1": HOUR_S, "team-2": HOUR_S, "east": 2 * HOUR_S}
    await planned(engine, shift("s8", "1001", "2026-12-08T08:00", 5))
    assert (await giver(engine).caps.stands(["team-1"], DAY))[0].cap_s == 57 * 60


async def test_a_packet_for_many_is_given_to_each_and_once(engine: AsyncEngine) -> None:
    await declared(engine, **{"team-1": 100, "team-2": 100})
    one = giver(engine)
    to_both = packet("a", 600, "1001", "1002", "2001", unit="east")
    assert not (await one.give(to_both, asking())).replayed
    assert (await one.give(to_both, asking())).replayed
    assert await gifts(engine, "1001", "1002", "2001") == [600, 600, 600]
    next_month = to_both._replace(day=date(2027, 1, 1))
    assert (await one.give(next_month, asking())).replayed, "whenever it is asked for again"
    with pytest.raises(KeyTakenError):
        await one.give(next_month._replace(seconds=601), asking())
    stands = {each.unit: each.given_s for each in await one.caps.stands(["team-1", "east", "centre"], DAY)}
    assert stands == {"team-1": 0, "east": 1_800, "centre": 1_800}


async def test_the_cap_of_a_unit_above_speaks_too_and_then_nothing_is_given(engine: AsyncEngine) -> None:
    await declared(engine, **{"team-1": 100, "team-2": 100})
    one = giver(engine)
    await one.give(packet("east", 2 * HOUR_S - 60, "1001", unit="east"), asking())
    with pytest.raises(CapPassedError, match="east may give 7200 s in 2026-12, has given 7140 s, and 61 s are asked"):
        await one.give(packet("team", 61), asking())
    assert await gifts(engine, "1001") == [2 * HOUR_S - 60]
    await one.give(packet("less", 60), asking())
    assert await gifts(engine, "1001") == [2 * HOUR_S]


async def test_more_hours_raise_a_cap_and_fewer_leave_what_was_given(engine: AsyncEngine) -> None:
    await declared(engine, **{"team-1": 100})
    one = giver(engine)
    await one.give(packet("a", HOUR_S), asking())
    await declared(engine, **{"team-1": 50})
    assert await one.caps.stands(["team-1"], DAY) == [Given("team-1", MONTH, HOUR_S, HOUR_S)]
    with pytest.raises(CapPassedError):
        await one.give(packet("b", 1), asking())
    await declared(engine, **{"team-1": 150})
    await one.give(packet("c", HOUR_S // 2), asking())
    assert await gifts(engine, "1001") == [HOUR_S * 3 // 2]


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (packet("x", 60, "2001"), "2001, who is not in team-1 on 2026-12-04"),
        (packet("x", 60, "9", "8"), "8, 9, who are not in team-1"),
        (packet("x", 60, "1001", "1001"), "to each once"),
        (packet("x", 0), "gives 0 s to each"),
        (packet("x", 60, kind="bribe"), "'bribe'; kinds of team-1's policy: contest, suggestion"),
        (packet("x", 60, reason=" "), "has no reason"),
        (packet("x", 60, "3001", unit="west"), "nobody knows the hours of west in 2026-12. Import its schedule"),
    ],
)
async def test_what_no_cap_could_make_right_is_said_and_gives_nothing(
    engine: AsyncEngine, bad: Packet, says: str
) -> None:
    await declared(engine, **{"team-1": 100})
    with pytest.raises(PacketError, match=says):
        await giver(engine).give(bad, asking())
    assert await gifts(engine, *bad.agents) == [0] * len(bad.agents)
    assert await giver(engine).caps.stands(["team-1"], DAY) == [Given("team-1", MONTH, HOUR_S, 0)]


async def test_another_packet_under_the_same_key_is_an_error_and_a_closed_month_takes_none(engine: AsyncEngine) -> None:
    await declared(engine, **{"team-1": 100})
    one = giver(engine)
    await one.give(packet("a", 60), asking())
    with pytest.raises(LedgerError, match="another content"):
        await one.give(packet("a", 61), asking())
    ledger = Ledger(engine, lambda: 0)
    await ledger.post(Posting("close", 1, "demo", DAY, (), "test", terms=(Close(),)))
    with pytest.raises(LedgerError, match="is closed and takes no postings"):
        await one.give(packet("b", 60), asking())
    assert (await one.give(packet("a", 60), asking())).replayed


async def test_managers_who_press_the_button_at_once_never_give_more_than_the_caps(database_url: str) -> None:
    """Twenty of them, through connections of their own, in three units under one cap of 7 200 s."""
    engines = [open_engine(database_url) for _ in range(4)]
    await declared(engines[0], **{"team-1": 60, "team-2": 60, "west": 80})
    units = (("team-1", "1001"), ("team-2", "2001"), ("west", "3001"))
    acts = []
    for number in range(20):
        unit, agent = units[number % 3]
        acts.append(giver(engines[number % 4]).give(packet(f"p{number}", 500, agent, unit=unit), asking()))
    results = await asyncio.gather(*acts, return_exceptions=True)
    refused = [result for result in results if isinstance(result, BaseException)]
    assert all(isinstance(one, CapPassedError) for one in refused), refused
    stands = {
        each.unit: each for each in await giver(engines[0]).caps.stands(["team-1", "team-2", "west", "centre"], DAY)
    }
    assert [stands[unit].given_s for unit in ("team-1", "team-2", "west")] == [2_000, 2_000, 2_500]
    assert stands["centre"] == Given("centre", MONTH, 7_200, 6_500)
    assert len(refused) == 20 - 13
    assert await gifts(engines[0], "1001", "2001", "3001") == [2_000, 2_000, 2_500]
    assert (await verify(engines[0], lambda done, total: None)).findings == []
    for engine in engines:
        await engine.dispose()


async def test_what_was_declared_stays_as_it_was_said(engine: AsyncEngine) -> None:
    await declared(engine, **{"team-1": 100})
    for hand in ("UPDATE declared_hours SET seconds = 1", "DELETE FROM declared_hours"):
        with pytest.raises(DBAPIError, match="append-only"):
            async with engine.begin() as connection:
                await connection.execute(text(hand))


MOVED = date(2026, 12, 15)
MOVING = Units(
    "Asia/Shanghai",
    time(0),
    {"centre": Unit(), "east": Unit(parent="centre"), "west": Unit(parent="centre"),
     "team-1": (Unit(parent="east", ends=MOVED), Unit(parent="west", starts=MOVED)), "team-2": Unit(parent="east")},
)  # fmt: skip
OF_THE_MONTH = st.sampled_from([date(2026, 12, number) for number in (1, 14, 15, 31)])


@given(
    st.dictionaries(st.tuples(st.sampled_from(sorted(MOVING)), OF_THE_MONTH), st.integers(0, 100)),
    st.dictionaries(st.sampled_from(sorted(MOVING)), st.integers(0, 100)),
    OF_THE_MONTH,
)
def test_a_unit_s_hours_are_its_shifts_and_those_below_it_that_day_and_only_where_there_are_none_what_was_declared(
    scheduled: dict[tuple[str, date], int], declared: dict[str, int], day: date
) -> None:
    def shifts(unit: str) -> int:
        return sum(
            each for (own, worked_on), each in scheduled.items() if unit in MOVING.with_above(own, worked_on)
        )  # fmt: skip

    def said(unit: str) -> int:
        below = sum(said(one) for one in MOVING if MOVING.with_above(one, day)[1:2] == (unit,))
        return below if shifts(unit) + below > 0 else declared.get(unit, 0)

    known = hours_s(MOVING, day, {key: each * SECOND for key, each in scheduled.items()}, declared)
    assert {unit: known[unit] for unit in MOVING} == {unit: shifts(unit) + said(unit) for unit in MOVING}


async def test_a_team_that_moves_takes_the_hours_of_its_later_days_along_and_what_was_given_stays(
    engine: AsyncEngine,
) -> None:
    days = AgentDays(roster_of({"team-1": ("1001",)}), MOVING)
    ledger = Ledger(engine, lambda: 1_796_000_000_000_000)
    one = Giver(Branch(ledger, MOVING, Policies((POLICY,)), days, "demo"))
    await planned(engine, shift("a", "1001", "2026-12-04T08:00", 10), shift("b", "1001", "2026-12-16T08:00", 5))
    await one.give(packet("early", 300), asking())
    for moment in (DAY, MOVED):
        stands = {each.unit: each for each in await one.caps.stands(sorted(MOVING), moment)}
        assert {unit: (each.cap_s, each.given_s) for unit, each in stands.items()} == {
            "centre": (540, 300), "east": (360, 300), "team-1": (540, 300), "team-2": (0, 0), "west": (180, 0),
        }  # fmt: skip
    with pytest.raises(CapPassedError) as refused:
        await one.give(packet("late", 200)._replace(day=MOVED), asking())
    assert "west may give 180 s" in str(refused.value)
    await one.give(packet("later", 180)._replace(day=MOVED), asking())
