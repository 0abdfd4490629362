"""Budgets for red packets (docs/time-bank.md 3.3): what is handed out and what is given never pass a cap together."""

import asyncio
import random
from collections import Counter
from datetime import date
from json import loads

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.bank.budgeting import Budgets
from ccd.bank.budgets import Budget, BudgetStand, budget_cap
from ccd.bank.packets import Given
from ccd.errors import ActNotAllowedError, BudgetError, CapPassedError, PacketError
from ccd.ledger.books import Ledger
from ccd.ledger.model import Close, Posting
from ccd.ledger.verify import verify
from ccd.org.acts import Act, noted
from ccd.org.people import Duty, Office
from ccd.sql.engine import open_engine
from tests.bank.askers import asking, manager_of
from tests.bank.test_packets import DAY, MONTH, UNITS, declared, gifts, giver, packet

NEXT_MONTH = "2027-01"


def budgets(engine: AsyncEngine) -> Budgets:
    return Budgets(Ledger(engine, lambda: 1_796_000_000_000_000), giver(engine).caps, "demo")


def budget(name: str, seconds: int, unit: str = "team-1", holder: str = "tina", why: str = "contests") -> Budget:
    return Budget(name, unit, holder, seconds, UNITS.with_above(unit, DAY), DAY, why)


async def stands(engine: AsyncEngine, *units: str) -> dict[str, tuple[int, int]]:
    return {one.unit: (one.cap_s, one.given_s) for one in await giver(engine).caps.stands(units, DAY)}


async def acts_of(engine: AsyncEngine) -> list[Act]:
    async with engine.connect() as connection:
        return await connection.run_sync(lambda plain: list(noted(plain, None, None, 99))[::-1])


async def test_what_is_handed_out_is_gone_for_others_is_given_by_its_holder_and_the_rest_comes_back(
    engine: AsyncEngine,
) -> None:
    await declared(engine, **{"team-1": 100})
    one, bank = giver(engine), budgets(engine)
    handed = await bank.hand(budget("b", 2_000), asking())
    assert await bank.hand(budget("b", 2_000), asking()) == handed
    assert await stands(engine, "team-1", "east", "centre") == dict.fromkeys(
        ("team-1", "east", "centre"), (3_600, 2_000)
    )
    with pytest.raises(CapPassedError, match="team-1 may give 3600 s in 2026-12, has given 2000 s, and 1601 s are"):
        await one.give(packet("too much", 1_601), asking())
    await one.give(packet("p", 700, "1001", "1002"), asking("tina"), "b")
    with pytest.raises(CapPassedError, match="budget b may give 2000 s in 2026-12, has given 1400 s, and 601 s are"):
        await one.give(packet("q", 601), asking(), "b")
    assert await bank.all_of(MONTH) == [BudgetStand(handed, 1_400)]
    assert await stands(engine, "team-1") == {"team-1": (3_600, 2_000)}, "what a budget gives was given before"
    recalled = await bank.recall("b", asking(), "she is on leave", MONTH)
    assert recalled == BudgetStand(handed._replace(ended=True), 1_400)
    assert await bank.recall("b", asking(), "again", MONTH) == recalled
    assert await stands(engine, "team-1", "centre") == {"team-1": (3_600, 1_400), "centre": (3_600, 1_400)}
    with pytest.raises(BudgetError, match="was taken back"):
        await one.give(packet("r", 1), asking(), "b")
    assert (await one.give(packet("p", 700, "1001", "1002"), asking("tina"), "b")).replayed
    await one.give(packet("s", 2_200), asking())
    assert await gifts(engine, "1001", "1002") == [2_900, 700]
    said = [(act.kind, act.by, act.subject, act.why) for act in await acts_of(engine)]
    assert said == [
        ("hand budget", "lead", "team-1", "contests"),
        ("give packet", "tina", "team-1", "won the quiz"),
        ("recall budget", "lead", "team-1", "she is on leave"),
        ("give packet", "lead", "team-1", "won the quiz"),
    ]
    assert (await verify(engine, lambda done, total: None)).findings == []


async def test_a_budget_is_for_its_holder_its_unit_and_its_month(engine: AsyncEngine) -> None:
    await declared(engine, **{"team-1": 100, "team-2": 100})
    one = giver(engine)
    await budgets(engine).hand(budget("b", 2_000), asking())
    tina = asking("tina", *manager_of("team-1"), agent="1002")
    with pytest.raises(ActNotAllowedError, match="mona may not give of the budget of tina"):
        await one.give(packet("x", 60), asking("mona", *manager_of("centre")), "b")
    with pytest.raises(ActNotAllowedError, match="on the own account"):
        await one.give(packet("x", 60, "1002"), tina, "b")
    with pytest.raises(BudgetError, match="is of team-1, and team-2 is not below it"):
        await one.give(packet("x", 60, "2001", unit="team-2"), asking(), "b")
    with pytest.raises(PacketError, match="'bribe'; kinds"):
        await one.give(packet("x", 60, kind="bribe"), tina, "b")
    with pytest.raises(BudgetError, match="is not there; `ccd bank red-packet budgets"):
        await one.give(packet("x", 60), tina, "c")
    with pytest.raises(BudgetError, match="is for 2026-12, and the packet would be of 2027-01"):
        await one.give(packet("x", 60)._replace(day=date(2027, 1, 1)), tina, "b")
    assert await gifts(engine, "1001", "1002") == [0, 0]
    assert (await one.give(packet("x", 60), tina, "b")).refusal is None


@pytest.mark.parametrize(
    ("bad", "error", "says"),
    [
        (budget("b", 0), BudgetError, "is of 0 s"),
        (budget("b", 10, why=" "), BudgetError, "has no reason"),
        (budget("b", 10, unit="west"), BudgetError, "nobody knows the hours of west in 2026-12"),
        (budget("b", 3_601), CapPassedError, "the budget b was refused: team-1 may give 3600 s in 2026-12"),
        (budget("a", 11), BudgetError, "was handed out to tina before"),
        (budget("b", 10, holder="lead"), ActNotAllowedError, "hand a budget to oneself"),
    ],
)
async def test_what_can_not_be_handed_out_is_said_and_leaves_nothing(
    engine: AsyncEngine, bad: Budget, error: type[Exception], says: str
) -> None:
    await declared(engine, **{"team-1": 100})
    bank = budgets(engine)
    await bank.hand(budget("a", 10), asking())
    with pytest.raises(error, match=says):
        await bank.hand(bad, asking())
    assert [stand.budget.id for stand in await bank.all_of(MONTH)] == ["a"]
    assert (await stands(engine, "team-1"))["team-1"] == (3_600, 10)
    assert len(await acts_of(engine)) == 1


async def test_the_holder_is_somebody_who_is_known_and_what_was_handed_out_before_stays(engine: AsyncEngine) -> None:
    await declared(engine, **{"team-1": 100})
    before = await budgets(engine).hand(budget("a", 10, holder="tinna"), asking())
    bank = Budgets(Ledger(engine, lambda: 1_796_000_000_000_000), giver(engine).caps, "demo", {"tina"}.__contains__)
    with pytest.raises(BudgetError, match="is for tinna, and nobody is known by that name") as refused:
        await bank.hand(budget("b", 10, holder="tinna"), asking())
    assert (refused.value.because, refused.value.facts) == ("no-such-person", {"person": "tinna"})
    await bank.hand(budget("c", 10), asking())
    assert await bank.hand(budget("a", 10, holder="tinna"), asking()) == before
    assert [stand.budget.holder for stand in await bank.all_of(MONTH)] == ["tinna", "tina"]
    assert (await bank.recall("a", asking(), "a slip of the pen", MONTH)).budget.ended


async def test_only_a_manager_of_the_unit_hands_out_and_takes_back(engine: AsyncEngine) -> None:
    await declared(engine, **{"team-1": 100})
    bank = budgets(engine)
    for duty in (Duty(Office.TEAM_LEADER, "team-1"), Duty(Office.HOTLINE_MANAGER, "west")):
        with pytest.raises(ActNotAllowedError, match="may not hand out budgets"):
            await bank.hand(budget("b", 10), asking("mona", duty))
    await bank.hand(budget("b", 10), asking("mona", *manager_of("east")))
    with pytest.raises(ActNotAllowedError):
        await bank.recall("b", asking("tina", Duty(Office.TEAM_LEADER, "team-1")), "no", MONTH)
    with pytest.raises(BudgetError, match="is not there"):
        await bank.recall("x", asking(), "no", MONTH)


async def test_what_is_left_of_a_closed_month_s_budget_comes_back_all_the_same(engine: AsyncEngine) -> None:
    await declared(engine, **{"team-1": 100})
    bank = budgets(engine)
    await bank.hand(budget("b", 2_000), asking())
    await Ledger(engine, lambda: 0).post(Posting("close", 1, "demo", DAY, (), "test", terms=(Close(),)))
    assert [one.id for one in await bank.left_before(NEXT_MONTH)] == ["b"]
    await bank.recall("b", asking(), "its month is over", NEXT_MONTH)
    assert await bank.left_before(NEXT_MONTH) == []
    assert await giver(engine).caps.stands(["team-1"], DAY) == [Given("team-1", MONTH, 3_600, 0)]


async def test_what_is_left_again_of_a_budget_that_was_taken_back_can_be_given_again(engine: AsyncEngine) -> None:
    """A packet of it was taken back later, by hand in the ledger."""
    await declared(engine, **{"team-1": 100})
    one, bank, ledger = giver(engine), budgets(engine), Ledger(engine, lambda: 1_796_000_000_000_000)
    await bank.hand(budget("b", 2_000), asking())
    given = await one.give(packet("p", 700, "1001", "1002"), asking("tina"), "b")
    await one.give(packet("q", 100), asking("tina"), "b")
    first = asking()
    for _ in range(2):
        await bank.recall("b", first, "she is on leave", MONTH)
    assert await bank.left_before(MONTH) == []
    await ledger.reverse(given.transaction, "back", "lead")
    assert await stands(engine, "team-1", "centre") == {"team-1": (3_600, 1_500), "centre": (3_600, 1_500)}
    assert (await bank.recall("b", first, "she is on leave", MONTH)).given_s == 100, "that was done before the packet"
    assert [left.id for left in await bank.left_before(MONTH)] == ["b"]
    for _ in range(2):
        assert (await bank.recall("b", asking(), "the rest as well", MONTH)).given_s == 100
        assert await stands(engine, "team-1", "centre") == {"team-1": (3_600, 100), "centre": (3_600, 100)}
    assert await bank.left_before(MONTH) == []
    backs = [loads(act.after)["back"] for act in await acts_of(engine) if act.kind == "recall budget"]
    assert backs == [500, 1_400]
    with pytest.raises(BudgetError, match="was taken back"):
        await one.give(packet("r", 1), asking(), "b")
    assert (await verify(engine, lambda done, total: None)).findings == []


async def test_managers_and_holders_at_once_never_pass_a_cap_at_any_level(database_url: str) -> None:
    """Random acts through connections of their own; afterwards each cap is what was given and what is held in
    budgets, and each budget what its packets were."""
    chance = random.Random(5)
    engines = [open_engine(database_url) for _ in range(4)]
    await declared(engines[0], **{"team-1": 60, "team-2": 60, "west": 80})
    agents = {"team-1": "1001", "team-2": "2001", "west": "3001", "east": "1002"}
    handed: list[Budget] = []
    given: Counter[str] = Counter()  # by unit, from what is left
    refused = 0

    async def act(number: int) -> None:
        nonlocal refused
        engine, unit, seconds = engines[number % 4], chance.choice(sorted(agents)), chance.randint(100, 900)
        try:
            if number % 3 == 0:
                handed.append(await budgets(engine).hand(budget(f"b{number}", seconds, unit), asking()))
            elif number % 7 == 1 and handed:
                await budgets(engine).recall(chance.choice(handed).id, asking(), "enough", MONTH)
            elif number % 3 == 1 and handed:
                of = chance.choice(handed)
                asked = packet(f"p{number}", seconds // 3, agents[of.unit], unit=of.unit)
                await giver(engine).give(asked, asking(), of.id)
            else:
                await giver(engine).give(packet(f"p{number}", seconds, agents[unit], unit=unit), asking())
                given[unit] += seconds
        except (CapPassedError, BudgetError):
            refused += 1

    for first in range(0, 72, 8):
        await asyncio.gather(*(act(number) for number in range(first, first + 8)))
    found = await budgets(engines[0]).all_of(MONTH)
    assert {one.id for one in handed} == {stand.budget.id for stand in found}
    drawn: Counter[str] = Counter()
    for unit, seconds in given.items():
        drawn.update(dict.fromkeys(UNITS.with_above(unit, DAY), seconds))
    for one, given_s in found:
        drawn.update(dict.fromkeys(one.line, given_s if one.ended else one.seconds))
        assert given_s <= one.seconds
    caps = await stands(engines[0], "team-1", "team-2", "west", "east", "centre")
    assert {unit: given_s for unit, (_, given_s) in caps.items()} == {unit: drawn[unit] for unit in caps}
    assert all(given_s <= cap_s for cap_s, given_s in caps.values())
    assert refused, "some were too many"
    assert any(stand.budget.ended for stand in found)
    total = sum(await gifts(engines[0], "1001", "1002", "2001", "3001"))
    assert total == sum(given.values()) + sum(given_s for _, given_s in found)
    assert (await verify(engines[0], lambda done, total: None)).findings == []
    for engine in engines:
        await engine.dispose()


async def test_what_was_handed_out_stays_as_it_was_said(engine: AsyncEngine) -> None:
    await declared(engine, **{"team-1": 100})
    await budgets(engine).hand(budget("b", 10), asking())
    await budgets(engine).recall("b", asking(), "enough", MONTH)
    for hand in ("UPDATE budgets SET seconds = 9", "DELETE FROM budget_ends"):
        with pytest.raises(DBAPIError, match="append-only"):
            async with engine.begin() as connection:
                await connection.execute(text(hand))
    assert budget_cap("b") == "budget/b"
