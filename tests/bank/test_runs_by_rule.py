"""Runs of days that are had together or not at all, and whose places are given out by rule (docs/time-bank.md 3.6)."""

from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.bank.allocation import Allocation
from ccd.bank.branch import Branch
from ccd.bank.holds import ALL_DAYS, BY_NOBODY
from ccd.bank.moving_along import MovingAlong
from ccd.bank.policy import Policies
from ccd.bank.withdrawal import ApplicationState
from ccd.bank.withdrawing import Withdrawals
from ccd.errors import WithdrawalError
from ccd.ledger.verify import verify
from ccd.org.agent_days import AgentDays
from ccd.org.roster import AFTER_ALL, BEFORE_ALL, Roster, RosterLine
from tests.bank import test_allocation
from tests.bank.policies import policy
from tests.bank.test_allocation import DEADLINE, NEXT, allocations, at, bank_of, of_both, policy_says, reasons
from tests.bank.test_withdrawals import AGENTS, DAY, RICH_S, UNITS, balances, drawn, have, quota


async def asked_for_both(engine: AsyncEngine, run: str, alone: str, places: int = 1) -> Allocation:
    """One asks for two days that are had together or not at all, another for the second alone, of which there are so
    many places; what is published of the first."""
    await have(engine, **dict.fromkeys(AGENTS, RICH_S))
    await quota(engine, "team-1", 1)
    await quota(engine, "team-1", places, NEXT)
    for one in await bank_of(engine).apply_for_run(run, run, [DAY, NEXT], at(7)):
        assert one.awaits_allocation
    await bank_of(engine).apply(alone, alone, NEXT, 900, at(8))
    return await allocations(engine).allocate("team-1", DAY, at(DEADLINE))


async def test_a_run_of_days_is_had_with_its_first_day_and_before_who_comes_after_it_in_the_order(
    engine: AsyncEngine,
) -> None:
    made = await asked_for_both(engine, "bob", "ann")
    assert [one.application for one in made.winners] == [f"bob/{DAY}"]
    assert [(one.application, one.day) for one in made.besides] == [(f"bob/{NEXT}", NEXT), ("ann", NEXT)]
    assert await of_both(engine) == {f"bob/{DAY}": "approved", f"bob/{NEXT}": "approved", "ann": "applied"}
    assert [await drawn(engine, "team-1", day) for day in (DAY, NEXT)] == [1, 1]
    assert await allocations(engine).published("team-1", DAY) == made
    await allocations(engine).allocate("team-1", NEXT, at(DEADLINE + 86_400_000_000))
    assert (await of_both(engine))["ann"] == "waiting"
    assert (await verify(engine, lambda done, total: None)).findings == []


async def test_a_run_ends_where_a_later_day_belongs_to_who_comes_before_it_in_the_order(engine: AsyncEngine) -> None:
    made = await asked_for_both(engine, "ann", "bob")
    assert made.winners == []
    assert await of_both(engine) == {f"ann/{DAY}": "refused", f"ann/{NEXT}": "refused", "bob": "applied"}
    assert await balances(engine, "ann") == (50_000, 50_000, 0)
    assert [await drawn(engine, "team-1", day) for day in (DAY, NEXT)] == [0, 0]
    await allocations(engine).allocate("team-1", NEXT, at(DEADLINE + 86_400_000_000))
    assert (await of_both(engine))["bob"] == "approved"
    assert (await verify(engine, lambda done, total: None)).findings == []


async def test_a_run_is_had_where_there_is_room_for_both_who_want_the_later_day(engine: AsyncEngine) -> None:
    await asked_for_both(engine, "ann", "bob", places=2)
    assert await of_both(engine) == {f"ann/{DAY}": "approved", f"ann/{NEXT}": "approved", "bob": "applied"}
    await allocations(engine).allocate("team-1", NEXT, at(DEADLINE + 86_400_000_000))
    assert (await of_both(engine))["bob"] == "approved"


async def test_days_that_are_had_each_as_it_can_be_are_allocated_each_by_itself(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy_says(monkeypatch, run_of_days="each")
    made = await asked_for_both(engine, "ann", "bob")
    assert (made.besides, made.later) == ((), {})
    assert await of_both(engine) == {f"ann/{DAY}": "approved", f"ann/{NEXT}": "applied", "bob": "applied"}


async def test_a_run_of_which_a_day_is_allocated_when_it_has_begun_is_refused(engine: AsyncEngine) -> None:
    await have(engine, ann=2 * RICH_S)
    days = [DAY + timedelta(days=number) for number in range(4)]
    for day in days:
        await quota(engine, "team-1", 1, day)
    late = at(DEADLINE + 2 * 86_400_000_000 + 1)
    with pytest.raises(WithdrawalError, match=f"the places of {days[3]} are allocated when the first has begun"):
        await bank_of(engine).apply_for_run("ann", "ann", days, late)
    made = await bank_of(engine).apply_for_run("ann", "ann", days[:3], late)
    assert [one.awaits_allocation for one in made] == [False, False, False]


async def with_a_place_for_the_first_day(engine: AsyncEngine) -> Withdrawals:
    """Ann has applied for both, when nobody had asked for the first by its deadline, and Bob for the second."""
    await have(engine, ann=RICH_S, bob=RICH_S)
    for day in (DAY, NEXT):
        await quota(engine, "team-1", 1, day)
    bank = bank_of(engine)
    await bank.apply("bob", "bob", NEXT, 900, at(7))
    found = await bank.apply_for_run("ann", "ann", [DAY, NEXT], at(DEADLINE))
    assert [len(one.hold.units) for one in found if one.hold is not None] == [1, 0]
    return bank


@pytest.mark.parametrize("approve", ["person", "rule"])
async def test_a_run_that_has_a_place_for_its_first_day_already_loses_that_with_the_others(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch, approve: str
) -> None:
    """Nobody was told that it is approved."""
    policy_says(monkeypatch, approve=approve)
    await with_a_place_for_the_first_day(engine)
    assert await of_both(engine) == {f"ann/{DAY}": "applied", f"ann/{NEXT}": "applied", "bob": "applied"}
    assert await allocations(engine).decided_by_rule(DAY, DEADLINE) == []
    waiting = await allocations(engine).undecided(DAY, DAY, lambda one: one, lambda one: True)
    assert [one.application.id for one in waiting] == ([f"ann/{DAY}"] if approve == "person" else [])
    await allocations(engine).allocate("team-1", NEXT, at(DEADLINE + 86_400_000_000))
    assert await of_both(engine) == {f"ann/{DAY}": "refused", f"ann/{NEXT}": "refused", "bob": "approved"}
    assert [await drawn(engine, "team-1", day) for day in (DAY, NEXT)] == [0, 1]
    assert await balances(engine, "ann") == (50_000, 50_000, 0)


@pytest.mark.parametrize("ends", [None, ApplicationState.CANCELLED, ApplicationState.REFUSED])
async def test_what_nobody_has_to_approve_is_once_no_other_day_of_its_run_is_to_be_allocated(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch, ends: ApplicationState | None
) -> None:
    """In the same turn in which the others are had with it, or end: at the next look it can have begun."""
    policy_says(monkeypatch, approve="rule")
    bank, later = await with_a_place_for_the_first_day(engine), at(UNITS.days("team-1").of_date(DAY).start - 1)
    await bank.end(f"ann/{NEXT}" if ends else "bob", ends or ApplicationState.CANCELLED, later)
    if ends is None:
        await allocations(engine).allocate("team-1", NEXT, later)
    assert await of_both(engine) == {
        f"ann/{DAY}": "approved",
        f"ann/{NEXT}": ends.value if ends else "approved",
        "bob": "applied" if ends else "cancelled",
    }
    assert await allocations(engine).decided_by_rule(DAY, later.at) == []
    assert await allocations(engine).decide_by_rule(DAY, later) == []
    assert await drawn(engine, "team-1", DAY) == 1
    assert await reasons(engine, f"ann/{DAY}") == ["", ALL_DAYS]


async def test_what_waits_for_somebody_is_approved_where_nobody_has_to_any_more(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Since another policy holds for the day."""
    await have(engine, ann=RICH_S)
    await quota(engine, "team-1", 1)
    await bank_of(engine).apply("ann", "ann", DAY, 900, at(DEADLINE))
    assert await allocations(engine).decided_by_rule(DAY, DEADLINE) == []
    policy_says(monkeypatch, approve="rule")
    assert await allocations(engine).decided_by_rule(DAY, DEADLINE) == [DAY]
    assert [one.state for one in await allocations(engine).decide_by_rule(DAY, at(DEADLINE))] == [
        ApplicationState.APPROVED
    ]
    assert await reasons(engine, "ann") == ["", BY_NOBODY]


async def test_a_day_of_a_run_that_somebody_has_approved_is_kept_though_a_later_one_is_not_had(
    engine: AsyncEngine,
) -> None:
    bank = await with_a_place_for_the_first_day(engine)
    await bank.approve(f"ann/{DAY}", at(DEADLINE + 1))
    await allocations(engine).allocate("team-1", NEXT, at(DEADLINE + 86_400_000_000))
    assert await of_both(engine) == {f"ann/{DAY}": "approved", f"ann/{NEXT}": "waiting", "bob": "approved"}
    assert [await drawn(engine, "team-1", day) for day in (DAY, NEXT)] == [1, 1]
    assert (await verify(engine, lambda done, total: None)).findings == []


@pytest.mark.parametrize("run", [False, True])
async def test_nobody_is_given_a_day_that_has_begun_when_it_comes_to_be_allocated(
    engine: AsyncEngine, run: bool
) -> None:
    """As where nothing ran at its deadline. What is published says that no quota was drawn on."""
    await have(engine, ann=RICH_S)
    for day in (DAY, NEXT):
        await quota(engine, "team-1", 1, day)
    for one in await bank_of(engine).apply_for_run("ann", "ann", [DAY, NEXT][: 1 + run], at(7)):
        assert one.awaits_allocation
    begun = UNITS.days("team-1").of_date(DAY).start
    assert await allocations(engine).due(DAY, begun) == [("team-1", each) for each in (DAY, NEXT)[: 1 + run]]
    made = await allocations(engine).allocate("team-1", DAY, at(begun))
    assert ([one.line for one in made.applicants], made.winners) == ([()], [])
    ends = {f"ann/{DAY}": "refused", f"ann/{NEXT}": "refused"}
    assert await of_both(engine) == (ends if run else {f"ann/{DAY}": "waiting"})
    assert await bank_of(engine).days_with_room(DAY, begun) == []
    assert await balances(engine, "ann") == (50_000, 50_000, 0)


@pytest.mark.parametrize("approve", ["person", "rule"])
@pytest.mark.parametrize("is_free", [False, True])
async def test_a_day_of_a_run_that_has_begun_waits_for_somebody_or_ends_with_the_later_one(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch, approve: str, is_free: bool
) -> None:
    """As where the later one was to be allocated before, and nothing ran then. Where nobody would have to approve the
    first, it can't be had any more: so none of them is, also where there is a place."""
    policy_says(monkeypatch, approve=approve)
    bank, begun = await with_a_place_for_the_first_day(engine), UNITS.days("team-1").of_date(DAY).start
    if is_free:
        await bank.end("bob", ApplicationState.CANCELLED, at(DEADLINE))
    made = await allocations(engine).allocate("team-1", NEXT, at(begun))
    assert [one.line for one in made.order if one.application.startswith("ann")] == [
        ("team-1",) * (approve == "person")
    ]
    found = await of_both(engine)
    if approve == "rule":
        assert (found[f"ann/{DAY}"], found[f"ann/{NEXT}"]) == ("refused", "refused")
        assert await balances(engine, "ann") == (50_000, 50_000, 0)
    else:
        assert (found[f"ann/{DAY}"], found[f"ann/{NEXT}"]) == ("applied", "approved" if is_free else "waiting")
    assert found["bob"] == ("cancelled" if is_free else "approved")
    assert await drawn(engine, "team-1", DAY) == (approve == "person")
    assert (await verify(engine, lambda done, total: None)).findings == []


async def test_a_run_ends_as_its_first_day_begins_before_the_next_is_allocated(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where that was put off by another policy: the first would go back when it is over, and the next be had."""
    policy_says(monkeypatch, approve="rule")
    await with_a_place_for_the_first_day(engine)
    policy_says(monkeypatch, approve="rule", allocate_days_before=0)
    begun = at(UNITS.days("team-1").of_date(DAY).start)
    assert await allocations(engine).due(DAY, begun.at) == []
    assert await allocations(engine).decided_by_rule(DAY, begun.at - 1) == []
    assert await allocations(engine).decided_by_rule(DAY, begun.at) == [DAY]
    ended = await allocations(engine).decide_by_rule(DAY, begun)
    assert [(one.id, one.state.value) for one in ended] == [(f"ann/{DAY}", "refused"), (f"ann/{NEXT}", "refused")]
    assert (await of_both(engine))["bob"] == "applied"
    assert await balances(engine, "ann") == (50_000, 50_000, 0)
    assert await allocations(engine).decided_by_rule(DAY, begun.at) == []
    assert (await verify(engine, lambda done, total: None)).findings == []


async def test_a_run_of_which_a_day_has_begun_ends_where_its_agent_moves_before_the_next(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where nothing ran at the deadline: in the new unit there is a place, but the first can't be had any more."""
    policy_says(monkeypatch, approve="rule")
    bank, moves_at = await with_a_place_for_the_first_day(engine), UNITS.days("").of_date(NEXT).start
    await quota(engine, "team-2", 1, NEXT)
    roster = Roster([
        RosterLine(2, "ann", "PJSIP/ann", "", "team-1", "", BEFORE_ALL, moves_at),
        RosterLine(3, "ann", "PJSIP/ann", "", "team-2", "", moves_at, AFTER_ALL),
    ])  # fmt: skip
    policies, days = Policies((test_allocation.BY_RULE,)), AgentDays(roster, UNITS)
    along, begun = MovingAlong(Branch(bank._ledger, UNITS, policies, days, "demo")), at(moves_at - 86_400_000_000)
    assert await along.moved_days(begun.at) == [NEXT]
    await along.move(NEXT, begun)
    found = await of_both(engine)
    assert (found[f"ann/{DAY}"], found[f"ann/{NEXT}"]) == ("refused", "refused")
    assert await balances(engine, "ann") == (50_000, 50_000, 0)
    assert await drawn(engine, "team-1", DAY) == 0
    assert (await verify(engine, lambda done, total: None)).findings == []


async def test_a_run_of_who_is_in_no_unit_is_refused_before_any_policy_is_asked(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(test_allocation, "BY_RULE", policy(DAY + timedelta(days=9)))
    with pytest.raises(WithdrawalError, match=f"is in no unit on {DAY}"):
        await bank_of(engine).apply_for_run("zoe", "zoe", [DAY, NEXT], at(7))
