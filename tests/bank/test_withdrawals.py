"""Withdrawals (docs/time-bank.md 3.6): seconds and places are held together, freed together, and spent once."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.bank import holds, withdrawing
from ccd.bank.accounts import AGENT_ACCOUNTS, HOUSE_ACCOUNTS, House, agent_owner
from ccd.bank.branch import Branch
from ccd.bank.policy import Policies
from ccd.bank.quota import ANY, Quota
from ccd.bank.said import Said
from ccd.bank.withdrawal import HOLDING, Application, ApplicationState, PartOfDay, quota_cap
from ccd.bank.withdrawal_rows import on_days, set_quota
from ccd.bank.withdrawing import Withdrawals
from ccd.errors import WithdrawalError
from ccd.ledger.books import Ledger
from ccd.ledger.model import Account, Leg, Posting
from ccd.ledger.verify import verify
from ccd.org.agent_days import AgentDays
from ccd.org.told import Told
from ccd.org.units import Unit, Units
from ccd.sql.engine import open_engine
from ccd.sql.turns import Patience, take_turn_at_once
from tests.bank.policies import policy
from tests.bank.teams import planned, roster_of, shift
from tests.databases import writing

TODAY, DAY = date(2026, 12, 1), date(2026, 12, 10)
WHOLE_S = 28_800
UNITS = Units(
    "Asia/Shanghai", time(0), {"centre": Unit(), "team-1": Unit(parent="centre"), "team-2": Unit(parent="centre")}
)
TEAMS = {"team-1": ("ann", "bob", "cy"), "team-2": ("dee",)}
AGENTS = [agent for team in TEAMS.values() for agent in team]
RICH_S = 100_000
NOBODY = Said("lead", TODAY, 7)


def withdrawals(engine: AsyncEngine, approve: str = "person") -> Withdrawals:
    ledger = Ledger(engine, lambda: 1_796_000_000_000_000, Patience(60, 0.001, 0.05))
    policies = Policies((policy(date(2026, 1, 1), overdraft_takes=["savings", "gift"], days_off={"approve": approve}),))
    return Withdrawals(Branch(ledger, UNITS, policies, AgentDays(roster_of(TEAMS), UNITS), "demo"))


async def have(engine: AsyncEngine, **seconds: int) -> None:
    """The agents have so much, half of it as gifts."""
    ledger = Ledger(engine, lambda: 1)
    house = House.of("demo")
    await ledger.open_accounts([house.owner], HOUSE_ACCOUNTS, "demo", "test")
    await ledger.open_accounts([agent_owner(agent) for agent in seconds], AGENT_ACCOUNTS, "demo", "test")
    for agent, each in seconds.items():
        own = agent_owner(agent)
        half = each // 2
        legs = (
            Leg(house.savings, Account(own, "savings"), each - half, "savings"),
            Leg(house.gift, Account(own, "gift"), half, "gift"),
        )
        await ledger.post(Posting(f"has/{agent}", 1, "demo", TODAY, legs, "test"))


async def quota(engine: AsyncEngine, unit: str, agents: int, on: date | int = DAY, load: str = ANY) -> None:
    said = Quota(unit, on, TODAY, agents, load=load)
    await take_turn_at_once(engine, lambda connection: set_quota(connection, said, 7, "lead"), Patience())


async def balances(engine: AsyncEngine, agent: str) -> tuple[int, int, int]:
    """Savings, gifts, and what is reserved."""
    found = await Ledger(engine, lambda: 0).balances(agent_owner(agent))
    return found["savings"], found["gift"], found["reserved"]


async def drawn(engine: AsyncEngine, unit: str, day: date = DAY) -> int:
    async with engine.connect() as connection:
        query = text("SELECT drawn_s FROM caps WHERE name = :name")
        return int((await connection.execute(query, {"name": quota_cap(unit, day)})).scalar() or 0)


async def test_a_day_is_held_with_its_place_approved_and_spent(engine: AsyncEngine) -> None:
    await have(engine, ann=50_000)
    await quota(engine, "team-1", 1)
    bank = withdrawals(engine)
    applied = await bank.apply("a", "ann", DAY, None, NOBODY)
    assert (applied.state, applied.seconds) == (ApplicationState.APPLIED, WHOLE_S)
    assert await balances(engine, "ann") == (0, 21_200, 28_800), "savings first, as an overdraft takes them"
    assert await drawn(engine, "team-1") == 1
    assert await bank.apply("a", "ann", DAY, None, NOBODY) == applied
    assert (await bank.approve("a", NOBODY)).state is ApplicationState.APPROVED
    (taken,) = await bank.close(DAY, {}, NOBODY._replace(today=DAY + timedelta(days=1)))
    assert taken.state is ApplicationState.TAKEN
    assert await balances(engine, "ann") == (0, 21_200, 0)
    assert (await Ledger(engine, lambda: 0).sums(House.of("demo").owner))["withdrawn"] == 28_800
    assert await drawn(engine, "team-1") == 1
    assert await bank.close(DAY, {}, NOBODY) == []


async def test_once_the_day_is_over_nothing_is_approved_any_more_nor_taken_back(engine: AsyncEngine) -> None:
    await have(engine, ann=50_000, bob=50_000)
    await quota(engine, "team-1", 2)
    bank = withdrawals(engine)
    for name, agent in (("a", "ann"), ("b", "bob")):
        await bank.apply(name, agent, DAY, None, NOBODY)
    assert (await bank.approve("a", NOBODY._replace(today=DAY))).state is ApplicationState.APPROVED
    after = NOBODY._replace(today=DAY + timedelta(days=1))
    with pytest.raises(WithdrawalError, match="by the end of") as refused:
        await bank.approve("b", after)
    assert refused.value.because == "day-off-over"
    with pytest.raises(WithdrawalError, match=f"has had a: {DAY} is over"):
        await bank.end("a", ApplicationState.WITHDRAWN, after)
    await bank.close(DAY, {}, after)
    assert await balances(engine, "bob") == (25_000, 25_000, 0)
    assert await balances(engine, "ann") == (0, 21_200, 0)


async def test_a_whole_day_is_the_shift_less_its_breaks(engine: AsyncEngine) -> None:
    await have(engine, ann=RICH_S)
    await quota(engine, "team-1", 1)
    noon = shift("", "ann", f"{DAY}T12:00", 0.75)
    await planned(engine, shift("day", "ann", f"{DAY}T08:00", 6, f"[[{noon.start},{noon.end}]]"))
    assert (await withdrawals(engine).apply("a", "ann", DAY, None, NOBODY)).seconds == 6 * 3_600 - 2_700


async def test_what_was_worked_all_the_same_is_given_back_to_where_it_came_from(engine: AsyncEngine) -> None:
    await have(engine, ann=50_000)
    await quota(engine, "team-1", 1)
    bank = withdrawals(engine, "rule")
    assert (await bank.apply("a", "ann", DAY, None, NOBODY)).state is ApplicationState.APPROVED
    await bank.close(DAY, {"ann": 10_000, "bob": 5}, NOBODY)
    assert await balances(engine, "ann") == (6_200, 25_000, 0), "what was drawn last comes back first"


async def test_who_finds_the_quota_full_waits_and_moves_up_when_a_place_is_freed(engine: AsyncEngine) -> None:
    """Bob's balance does not cover it any more by then, so Cy, who came later, moves up."""
    await have(engine, ann=RICH_S, bob=1_000, cy=RICH_S, dee=RICH_S)
    await quota(engine, "centre", 1)
    bank = withdrawals(engine)
    await bank.apply("a", "ann", DAY, 3_600, NOBODY)
    waiting = [await bank.apply(name, agent, DAY, 900, NOBODY._replace(at=8 + number))
               for number, (name, agent) in enumerate((("b", "bob"), ("c", "cy"), ("d", "dee")))]  # fmt: skip
    assert {one.state for one in waiting} == {ApplicationState.WAITING}
    assert await balances(engine, "cy") == (50_000, 50_000, 0)
    with pytest.raises(WithdrawalError, match="waits with b for a place: the quota is full"):
        await bank.approve("b", NOBODY)
    ledger = Ledger(engine, lambda: 0)
    legs = (Leg(Account(agent_owner("bob"), "savings"), House.of("demo").savings, 500, "correction"),)
    await ledger.post(Posting("spent", 1, "demo", TODAY, legs, "test"))
    ended = await bank.end("a", ApplicationState.CANCELLED, NOBODY)
    assert ended.state is ApplicationState.CANCELLED
    states = {one.id: one.state for one in await bank.calendar(DAY, DAY)}
    assert states == {
        "a": ApplicationState.CANCELLED,
        "b": ApplicationState.WAITING,
        "c": ApplicationState.APPLIED,
        "d": ApplicationState.WAITING,
    }
    assert await balances(engine, "ann") == (50_000, 50_000, 0)
    assert (await balances(engine, "cy"))[2] == 900
    assert await drawn(engine, "centre") == 1


async def test_every_unit_above_that_has_a_quota_has_a_place_or_nothing_is_held(engine: AsyncEngine) -> None:
    await have(engine, ann=RICH_S, bob=RICH_S, dee=RICH_S)
    await quota(engine, "team-1", 5)
    await quota(engine, "team-2", 5)
    await quota(engine, "centre", 2)
    bank = withdrawals(engine)
    for name, agent in (("a", "ann"), ("d", "dee")):
        assert (await bank.apply(name, agent, DAY, 900, NOBODY)).state is ApplicationState.APPLIED
    assert (await bank.apply("b", "bob", DAY, 900, NOBODY)).state is ApplicationState.WAITING
    assert [await drawn(engine, unit) for unit in ("team-1", "team-2", "centre")] == [1, 1, 2]
    await bank.end("d", ApplicationState.WITHDRAWN, NOBODY._replace(why="a storm"))
    assert [await drawn(engine, unit) for unit in ("team-1", "team-2", "centre")] == [2, 0, 2]


async def test_the_day_s_own_quota_comes_before_that_of_its_weekday_and_the_last_that_was_said_before_the_first(
    engine: AsyncEngine,
) -> None:
    await have(engine, ann=RICH_S, bob=RICH_S, cy=RICH_S)
    bank = withdrawals(engine)
    await quota(engine, "team-1", 0, DAY.weekday())
    await quota(engine, "team-1", 1, DAY.weekday())
    await quota(engine, "team-1", 2, DAY)
    await quota(engine, "team-1", 0, DAY.weekday())
    states = [(await bank.apply(name, name, DAY, 900, NOBODY)).state for name in ("ann", "bob", "cy")]
    assert states == [ApplicationState.APPLIED, ApplicationState.APPLIED, ApplicationState.WAITING]
    week_later = DAY + timedelta(days=7)
    assert (await bank.apply("next", "ann", week_later, 900, NOBODY)).state is ApplicationState.WAITING
    await quota(engine, "team-1", 1, DAY)  # fewer than are held: nobody loses a place
    assert {one.state for one in await bank.calendar(DAY, DAY)} == {ApplicationState.APPLIED, ApplicationState.WAITING}


@pytest.mark.parametrize(
    ("agent", "day", "seconds", "says"),
    [
        ("ann", TODAY, 900, "apply for a day that is to come"),
        ("ann", DAY, 0, "ask for 1 to"),
        ("ann", DAY, 1_001, "ann has 1000 s to give, and 1001 s are to be reserved"),
        ("nobody", DAY, 900, "is in no unit on 2026-12-10"),
        ("dee", DAY, 900, "ccd bank withdraw quota team-2 2026-12-10 AGENTS"),
    ],
)
async def test_what_can_not_be_is_said_and_changes_nothing(
    engine: AsyncEngine, agent: str, day: date, seconds: int, says: str
) -> None:
    await have(engine, ann=1_000)
    await quota(engine, "team-1", 1)
    bank = withdrawals(engine)
    with pytest.raises(WithdrawalError, match=says):
        await bank.apply("a", agent, day, seconds, NOBODY)
    assert await bank.calendar(TODAY, DAY) == []
    assert await balances(engine, "ann") == (500, 500, 0)
    assert (await bank.apply("a", "ann", DAY, 1_000, NOBODY)).state is ApplicationState.APPLIED


async def test_a_day_is_asked_for_once_and_an_end_stays_an_end(engine: AsyncEngine) -> None:
    await have(engine, ann=RICH_S)
    await quota(engine, "team-1", 3)
    bank = withdrawals(engine)
    await bank.apply("a", "ann", DAY, 900, NOBODY)
    with pytest.raises(WithdrawalError, match="has a applied for 2026-12-10: cancel that first"):
        await bank.apply("b", "ann", DAY, 900, NOBODY)
    with pytest.raises(WithdrawalError, match="has applied as a for something else"):
        await bank.apply("a", "ann", DAY, 901, NOBODY)
    with pytest.raises(WithdrawalError, match="has applied as a for something else"):
        await bank.apply("a", "ann", DAY, None, NOBODY)
    await bank.approve("a", NOBODY)
    with pytest.raises(WithdrawalError, match="could cancel a until 2026-12-09: ask the unit to take it back"):
        await bank.end("a", ApplicationState.CANCELLED, NOBODY._replace(today=DAY))
    await bank.end("a", ApplicationState.CANCELLED, NOBODY._replace(today=DAY - timedelta(days=1)))
    with pytest.raises(WithdrawalError, match="has a cancelled: it stays that"):
        await bank.approve("a", NOBODY)
    with pytest.raises(WithdrawalError, match="no application"):
        await bank.approve("x", NOBODY)
    assert (await bank.apply("c", "ann", DAY, 900, NOBODY)).state is ApplicationState.APPLIED


async def test_what_nobody_decided_goes_back_when_the_day_is_over(engine: AsyncEngine) -> None:
    await have(engine, ann=RICH_S, bob=RICH_S)
    await quota(engine, "team-1", 1)
    bank = withdrawals(engine)
    await bank.apply("a", "ann", DAY, 900, NOBODY)
    await bank.apply("b", "bob", DAY, 900, NOBODY)
    ended = await bank.close(DAY, {}, NOBODY)
    assert {one.state for one in ended} == {ApplicationState.REFUSED}
    assert await balances(engine, "ann") == (50_000, 50_000, 0)
    assert await drawn(engine, "team-1") == 0


async def test_two_applicants_for_the_last_place_and_many_who_change_their_minds_at_once(database_url: str) -> None:
    """Whatever they do together: places are those of who holds, seconds those that are held, and no quota is passed."""
    chance = random.Random(7)
    engines = [open_engine(database_url) for _ in range(4)]
    await have(engines[0], **dict.fromkeys(AGENTS, 5_000))
    days = [DAY + timedelta(days=number) for number in range(3)]
    for day in days:
        await quota(engines[0], "team-1", 2, day)
        await quota(engines[0], "centre", 2, day)
    names: list[str] = []

    async def act(number: int) -> None:
        bank = withdrawals(engines[number % 4], chance.choice(("person", "rule")))
        try:
            if number % 3 or not names:
                names.append(f"n{number}")
                agent, seconds = chance.choice(AGENTS), chance.randint(1, 2_000)
                await bank.apply(f"n{number}", agent, chance.choice(days), seconds, NOBODY._replace(at=number))
            elif number % 2:
                await bank.approve(chance.choice(names), NOBODY)
            else:
                states = (ApplicationState.CANCELLED, ApplicationState.WITHDRAWN, ApplicationState.REFUSED)
                await bank.end(chance.choice(names), chance.choice(states), NOBODY)
        except WithdrawalError:
            pass

    for first in range(0, 60, 6):
        await asyncio.gather(*(act(number) for number in range(first, first + 6)))
        found = await withdrawals(engines[0]).calendar(days[0], days[-1])
        await check_held(engines[0], found, days)
    assert len({one.state for one in found}) >= 4, "much has happened"
    assert (await verify(engines[0], lambda done, total: None)).findings == []
    for engine in engines:
        await engine.dispose()


async def test_what_others_do_meanwhile_waits_until_a_day_is_closed(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each time that who has applied is read, somebody applies, or cancels, in another process."""
    engine = open_engine(database_url)
    await have(engine, ann=RICH_S, bob=RICH_S)
    await quota(engine, "team-1", 2)
    bank = withdrawals(engine)
    await bank.apply("a", "ann", DAY, 900, NOBODY)
    acts = [
        lambda other: other.apply("b", "bob", DAY, 900, NOBODY),
        lambda other: other.end("b", ApplicationState.CANCELLED, NOBODY),
    ]
    done: list[Future[None]] = []

    async def elsewhere(act: Callable[[Withdrawals], Awaitable[Application]]) -> None:
        other = open_engine(database_url)
        await act(withdrawals(other))
        await other.dispose()

    with ThreadPoolExecutor(1) as pool:

        def read_meanwhile(*asked: Any) -> list[Application]:
            found = on_days(*asked)
            if acts and asked[0].engine is writing(engine):
                done.append(pool.submit(asyncio.run, elsewhere(acts.pop(0))))
                wait(done, 0.7)
            return found

        for reads in (holds, withdrawing):
            monkeypatch.setattr(reads, "on_days", read_meanwhile)
        (closed,) = await bank.close(DAY, {}, NOBODY)
        await asyncio.to_thread(wait, done)
    assert closed.id == "a"
    assert [one.exception() for one in done] == [None, None]
    assert (await verify(engine, lambda done, total: None)).findings == []
    await engine.dispose()


async def test_the_daemon_and_a_command_at_the_same_day_off_end_it_once(database_url: str) -> None:
    engines = [open_engine(database_url) for _ in range(3)]
    await have(engines[0], ann=RICH_S, bob=RICH_S)
    await quota(engines[0], "team-1", 1)
    by_rule, other, third = (withdrawals(engine, "rule") for engine in engines)
    await by_rule.apply("a", "ann", DAY, 900, NOBODY)
    await by_rule.apply("b", "bob", DAY, 900, NOBODY)
    acts = (
        by_rule.close(DAY, {}, NOBODY), other.close(DAY, {}, NOBODY),
        third.end("a", ApplicationState.WITHDRAWN, NOBODY),
        other.end("b", ApplicationState.CANCELLED, NOBODY),
    )  # fmt: skip
    done = await asyncio.gather(*acts, return_exceptions=True)
    assert not [one for one in done if isinstance(one, BaseException) and not isinstance(one, WithdrawalError)]
    ended = await by_rule.calendar(DAY, DAY)
    assert not [one for one in ended if one.state in HOLDING and one.agent == "ann"]
    spent = (await Ledger(engines[0], lambda: 0).sums(House.of("demo").owner))["withdrawn"]
    assert spent == 900 * sum(one.state is ApplicationState.TAKEN for one in ended)
    assert (await verify(engines[0], lambda done, total: None)).findings == []
    for engine in engines:
        await engine.dispose()


async def test_a_night_off_over_a_clock_change_has_the_hours_that_it_has(engine: AsyncEngine) -> None:
    """On 28 March 2027 Berlin's clock goes from 02:00 to 03:00: the night from 22:00 to 06:00 has seven hours."""
    night = date(2027, 3, 27)
    berlin = Units("Europe/Berlin", time(0), {"team-1": Unit()})
    start, end = (
        berlin.instant("team-1", datetime.fromisoformat(at)) for at in ("2027-03-27T22:00", "2027-03-28T06:00")
    )
    one = (berlin.instant("team-1", datetime.combine(night + timedelta(days=1), time(hour))) for hour in (1, 4))
    await have(engine, ann=RICH_S)
    await planned(engine, Told("night", "ann", night, start, end, "[]"))
    await quota(engine, "team-1", 1, night)
    await quota(engine, "team-1", 1, night + timedelta(days=1))
    policies = Policies((policy(date(2026, 1, 1)),))
    bank = Withdrawals(Branch(Ledger(engine, lambda: 1), berlin, policies, AgentDays(roster_of(TEAMS), berlin), "demo"))
    assert (await bank.apply("a", "ann", night, None, NOBODY)).seconds == 7 * 3_600
    part = await bank.apply("b", "ann", night + timedelta(days=1), PartOfDay(None, *one), NOBODY)
    assert part.seconds == 2 * 3_600


async def check_held(engine: AsyncEngine, found: list[Application], days: list[date]) -> None:
    places, held = Counter(), Counter()  # type: Counter[tuple[str, date]], Counter[str]
    for one in found:
        if one.state in HOLDING:
            held[one.agent] += one.seconds
            assert one.hold is not None
            places.update((unit, one.day) for unit in one.hold.units)
    for unit in ("team-1", "centre"):
        for day in days:
            assert await drawn(engine, unit, day) == places[unit, day] <= 2
    for agent in AGENTS:
        assert sum(await balances(engine, agent)) == 5_000
        assert (await balances(engine, agent))[2] == held[agent]


async def test_what_was_said_stays_as_it_was_said(engine: AsyncEngine) -> None:
    await have(engine, ann=RICH_S)
    await quota(engine, "team-1", 1)
    await withdrawals(engine).apply("a", "ann", DAY, 900, NOBODY)
    for hand in ("UPDATE withdrawals SET seconds = 1", "DELETE FROM withdrawal_states", "UPDATE quotas SET agents = 9"):
        with pytest.raises(DBAPIError, match="append-only"):
            async with engine.begin() as connection:
                await connection.execute(text(hand))
