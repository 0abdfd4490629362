"""Places that are given out by rule (docs/time-bank.md 3.6): in an order that everybody can reckon again."""

import asyncio
import json
from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.bank.allocating import HAD_BEGUN, NOT_ALL_DAYS, NOT_THIS_TIME, Allocations, Tenure
from ccd.bank.allocation import Allocation, Applicant, Free, allocation_read, allocation_spelled
from ccd.bank.branch import Branch
from ccd.bank.policy import Policies
from ccd.bank.said import Said
from ccd.bank.withdrawal import Application, ApplicationState
from ccd.bank.withdrawal_rows import Changed, change, set_load, states_of
from ccd.bank.withdrawing import Withdrawals
from ccd.errors import WithdrawalError
from ccd.ledger.books import Ledger
from ccd.ledger.verify import verify
from ccd.org.agent_days import AgentDays
from ccd.sql.engine import open_engine
from ccd.sql.turns import Patience
from tests.bank.policies import policy
from tests.bank.teams import roster_of
from tests.bank.test_withdrawals import AGENTS, DAY, RICH_S, TEAMS, TODAY, UNITS, balances, drawn, have, quota

BY_RULE = policy(date(2026, 1, 1), days_off={"allocate": "by_rule"})
DEADLINE = UNITS.days("").of_date(DAY - timedelta(days=3)).start + 18 * 3_600_000_000
NEXT = DAY + timedelta(days=1)
TENURES = {"ann": Tenure(date(2020, 1, 1)), "bob": Tenure(date(2010, 1, 1)), "cy": Tenure(date(2010, 1, 1), 500_000)}


def policy_says(monkeypatch: pytest.MonkeyPatch, **days_off: object) -> None:
    """Of days off, beside that their places are allocated by rule."""
    says = policy(date(2026, 1, 1), days_off={"allocate": "by_rule", **days_off})
    monkeypatch.setitem(globals(), "BY_RULE", says)


async def said_of_day(engine: AsyncEngine, unit: str, load: str) -> None:
    async with engine.begin() as connection:
        await connection.run_sync(set_load, unit, DAY, load, 7, "lead")


def bank_of(engine: AsyncEngine) -> Withdrawals:
    ledger = Ledger(engine, lambda: 1_796_000_000_000_000, Patience(60, 0.001, 0.05))
    return Withdrawals(Branch(ledger, UNITS, Policies((BY_RULE,)), AgentDays(roster_of(TEAMS), UNITS), "demo"))


def allocations(engine: AsyncEngine) -> Allocations:
    bank = bank_of(engine)
    return Allocations(bank._ledger, bank.holds, "demo", lambda agent, day: TENURES.get(agent, Tenure()))


def at(moment: int) -> Said:
    return Said("lead", TODAY, moment)


async def states(engine: AsyncEngine) -> dict[str, ApplicationState]:
    return {one.id: one.state for one in await bank_of(engine).calendar(DAY, DAY)}


async def reasons(engine: AsyncEngine, name: str) -> list[str]:
    """Why an application has come into each of its states."""
    return await bank_of(engine)._ledger.at_desk(
        lambda desk: [each["why"] for each in states_of(desk.connection, name)], keep=False
    )


async def of_both(engine: AsyncEngine) -> dict[str, str]:
    return {one.id: one.state.value for one in await bank_of(engine).calendar(DAY, NEXT)}


async def test_seconds_are_held_at_once_and_places_given_out_at_the_deadline(engine: AsyncEngine) -> None:
    """Bob and Cy are there longest; Cy works half of the time, and was granted nothing either. Dee of another team has
    not said since when she is there."""
    await have(engine, **dict.fromkeys(AGENTS, RICH_S))
    await quota(engine, "team-1", 2)
    await quota(engine, "centre", 2)
    bank, desk = bank_of(engine), allocations(engine)
    await quota(engine, "team-2", 2)
    for number, agent in enumerate(("dee", "ann", "cy", "bob")):
        one = await bank.apply(agent, agent, DAY, 900, at(7 + number))
        assert (one.state, one.awaits_allocation) == (ApplicationState.APPLIED, True)
    assert [await drawn(engine, unit) for unit in ("team-1", "team-2", "centre")] == [0, 0, 0]
    assert (await balances(engine, "ann"))[2] == 900
    with pytest.raises(WithdrawalError, match="waits with ann for the places to be allocated by rule"):
        await bank.approve("ann", at(20))
    assert await desk.due(TODAY, DEADLINE - 1) == []
    assert await desk.due(TODAY, DEADLINE) == [("centre", DAY)]
    made = await desk.allocate("centre", DAY, at(DEADLINE))
    assert [one.agent for one in made.order] == ["cy", "bob", "ann", "dee"], "both never; first came Cy"
    assert [one.agent for one in made.winners] == ["cy", "bob"]
    assert await desk.allocate("centre", DAY, at(DEADLINE + 9)) == made
    assert await desk.due(TODAY, DEADLINE) == []
    found = await states(engine)
    assert found == {
        "cy": ApplicationState.APPROVED,
        "bob": ApplicationState.APPROVED,
        "ann": ApplicationState.WAITING,
        "dee": ApplicationState.WAITING,
    }
    assert [await drawn(engine, unit) for unit in ("team-1", "team-2", "centre")] == [2, 0, 2]
    assert await balances(engine, "ann") == (50_000, 50_000, 0)
    await bank.end("bob", ApplicationState.CANCELLED, at(DEADLINE))
    assert (await states(engine))["ann"] is ApplicationState.APPLIED, (
        "who waits moves up in the order that was published"
    )
    assert (await states(engine))["dee"] is ApplicationState.WAITING
    assert (await verify(engine, lambda done, total: None)).findings == []


async def test_who_was_granted_fewest_days_comes_first_in_proportion_to_the_hours_worked(engine: AsyncEngine) -> None:
    await have(engine, **dict.fromkeys(AGENTS, RICH_S))
    bank, desk = bank_of(engine), allocations(engine)
    before = [DAY - timedelta(days=2), DAY - timedelta(days=1)]
    for day in (*before, DAY):
        await quota(engine, "team-1", 3, day)
    for number, (agent, day) in enumerate((("bob", before[0]), ("bob", before[1]), ("cy", before[0]))):
        await bank.apply(f"old-{number}", agent, day, 900, at(7))
    for day in before:
        await desk.allocate("team-1", day, at(8))
    await quota(engine, "team-1", 1)
    for agent in ("bob", "cy", "ann"):
        await bank.apply(agent, agent, DAY, 900, at(9))
    made = await desk.allocate("team-1", DAY, at(DEADLINE))
    assert [(one.agent, one.granted_days) for one in made.order] == [("ann", 0), ("bob", 2), ("cy", 1)]
    assert [one.agent for one in made.winners] == ["ann"]


async def test_between_the_deadline_and_the_allocation_who_applies_waits_and_then_who_comes_first_has_a_place(
    engine: AsyncEngine,
) -> None:
    await have(engine, **dict.fromkeys(AGENTS, RICH_S))
    await quota(engine, "team-1", 2)
    bank, desk = bank_of(engine), allocations(engine)
    await bank.apply("a", "ann", DAY, 900, at(7))
    waits = await bank.apply("b", "bob", DAY, 900, at(DEADLINE))
    assert (waits.state, waits.hold) == (ApplicationState.WAITING, None)
    await desk.allocate("team-1", DAY, at(DEADLINE + 1))
    late = await bank.apply("c", "cy", DAY, 900, at(DEADLINE + 2))
    assert (late.state, late.hold) == (ApplicationState.WAITING, None), "bob asked before"
    first = await bank.with_id("b")
    assert first is not None
    assert (first.state, first.awaits_allocation) == (ApplicationState.APPLIED, False)
    assert await drawn(engine, "team-1") == 2


async def test_where_nobody_had_asked_by_the_deadline_who_comes_first_has_a_place(engine: AsyncEngine) -> None:
    """Nothing is ever allocated then, and nobody is to wait for it."""
    await have(engine, **dict.fromkeys(AGENTS, RICH_S))
    await quota(engine, "team-1", 1)
    bank, desk = bank_of(engine), allocations(engine)
    first = await bank.apply("a", "ann", DAY, 900, at(DEADLINE))
    assert (first.state, first.awaits_allocation) == (ApplicationState.APPLIED, False)
    assert (await bank.apply("b", "bob", DAY, 900, at(DEADLINE + 1))).state is ApplicationState.WAITING
    assert await desk.due(TODAY, DEADLINE + 1) == []
    assert await drawn(engine, "team-1") == 1


async def test_what_a_team_has_allocated_already_goes_to_who_comes_first_once_a_unit_above_has_a_quota_too(
    engine: AsyncEngine,
) -> None:
    await have(engine, **dict.fromkeys(AGENTS, RICH_S))
    await quota(engine, "team-1", 2)
    bank, desk = bank_of(engine), allocations(engine)
    await bank.apply("a", "ann", DAY, 900, at(7))
    await desk.allocate("team-1", DAY, at(DEADLINE))
    await quota(engine, "centre", 2)
    late = await bank.apply("b", "bob", DAY, 900, at(DEADLINE + 1))
    assert (late.state, late.hold and late.hold.units) == (ApplicationState.APPLIED, ("team-1", "centre"))


async def test_where_the_quota_is_gone_by_the_deadline_nobody_has_a_place(engine: AsyncEngine) -> None:
    await have(engine, ann=RICH_S, bob=RICH_S)
    await quota(engine, "team-1", 1, NEXT)
    await quota(engine, "team-1", 2, load="quiet")
    await said_of_day(engine, "team-1", "quiet")
    await bank_of(engine).apply("bob", "bob", DAY, 900, at(8))
    await bank_of(engine).apply_for_run("ann", "ann", [DAY, NEXT], at(9))
    await said_of_day(engine, "team-1", "rush")
    due = await allocations(engine).due(TODAY, DEADLINE)
    assert [(await allocations(engine).allocate(*one, at(DEADLINE))).winners for one in due] == [[]]
    assert await of_both(engine) == {"bob": "waiting", f"ann/{DAY}": "refused", f"ann/{NEXT}": "refused"}
    assert await balances(engine, "ann") == (50_000, 50_000, 0)


@pytest.mark.parametrize(
    ("days", "looked_at", "bob", "cy", "why"),
    [
        ([DAY], DEADLINE + 2, "applied", "waiting", NOT_THIS_TIME),
        ([DAY, NEXT], DEADLINE + 2, "applied", "refused", NOT_ALL_DAYS),
        ([DAY], UNITS.days("").of_date(DAY).start, "waiting", "waiting", HAD_BEGUN),
    ],
    ids=["a day", "two together", "a day that has begun"],
)
async def test_whose_unit_comes_to_be_below_one_that_has_given_its_places_out_has_what_is_left(
    engine: AsyncEngine,
    monkeypatch: pytest.MonkeyPatch,
    days: list[date],
    looked_at: int,
    bob: str,
    cy: str,
    why: str,
) -> None:
    """As it was before for a while: it allocates nothing again."""
    await have(engine, **dict.fromkeys(AGENTS, RICH_S))
    for day in days:
        await quota(engine, "team-1", 2, day)
    await quota(engine, "centre", 2, load="quiet")
    await said_of_day(engine, "centre", "quiet")
    await bank_of(engine).apply("ann", "ann", DAY, 900, at(7))
    made = await allocations(engine).allocate("centre", DAY, at(DEADLINE))
    with monkeypatch.context() as later:
        policy_says(later, allocate_days_before=1)
        await said_of_day(engine, "centre", "rush")
        for agent in ("bob", "cy"):
            for one in await bank_of(engine).apply_for_run(agent, agent, days, at(DEADLINE + 1)):
                assert one.awaits_allocation
    await said_of_day(engine, "centre", "quiet")
    assert await allocations(engine).due(TODAY, looked_at) == [("centre", DAY)]
    assert await allocations(engine).allocate("centre", DAY, at(looked_at)) == made
    assert await allocations(engine).due(TODAY, looked_at) == []
    theirs = {f"{agent}/{day}": state for agent, state in (("bob", bob), ("cy", cy)) for day in days}
    assert await of_both(engine) == {"ann": "approved", **theirs}
    assert await balances(engine, "cy") == (50_000, 50_000, 0)
    assert [await drawn(engine, unit) for unit in ("centre", "team-1")] == [2 if bob == "applied" else 1] * 2
    assert (await reasons(engine, f"cy/{DAY}"))[-1] == why
    assert (await verify(engine, lambda done, total: None)).findings == []


async def test_who_moved_after_an_allocation_waits_after_those_who_were_part_of_that_of_the_new_unit(
    engine: AsyncEngine,
) -> None:
    """Whatever their places in the order of the old one, and whoever else still waits there."""
    await have(engine, **dict.fromkeys(AGENTS, RICH_S))
    bank = bank_of(engine)
    for number, (unit, agent) in enumerate((("team-1", "ann"), ("team-1", "bob"), ("team-2", "dee"))):
        await quota(engine, unit, 0)
        await bank.apply(agent, agent, DAY, 900, at(7 + number))
    for unit in ("team-1", "team-2"):
        await allocations(engine).allocate(unit, DAY, at(DEADLINE))
    bob = await bank.with_id("bob")
    assert bob is not None
    moved = Changed(bob._replace(unit="team-2", number=3), DEADLINE, "roster", "")
    async with engine.begin() as connection:
        await connection.run_sync(change, moved)
        waiting = await connection.run_sync(bank.holds.waiting, DAY)
    assert [one.id for one in waiting if one.unit == "team-2"] == ["dee", "bob"]


async def test_who_gives_places_out_on_the_day_itself_does_so(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy_says(monkeypatch, allocate_days_before=0)
    await have(engine, ann=RICH_S)
    await quota(engine, "team-1", 1)
    await bank_of(engine).apply("ann", "ann", DAY, 900, at(7))
    deadline = DEADLINE + 3 * 86_400_000_000
    assert await allocations(engine).due(DAY, deadline) == [("team-1", DAY)]
    made = await allocations(engine).allocate("team-1", DAY, at(deadline))
    assert [one.agent for one in made.winners] == ["ann"]


async def test_two_who_allocate_at_once_and_many_who_change_their_minds(database_url: str) -> None:
    engines = [open_engine(database_url) for _ in range(4)]
    await have(engines[0], **dict.fromkeys(AGENTS, RICH_S))
    await quota(engines[0], "centre", 2)
    for agent in AGENTS:
        await bank_of(engines[0]).apply(agent, agent, DAY, 900, at(7))
    acts = [allocations(engines[number % 4]).allocate("centre", DAY, at(DEADLINE)) for number in range(4)]
    results = await asyncio.gather(
        *acts,
        bank_of(engines[1]).end("ann", ApplicationState.CANCELLED, at(9)),
        bank_of(engines[2]).end("bob", ApplicationState.REFUSED, at(9)),
        return_exceptions=True,
    )
    assert not [one for one in results if isinstance(one, BaseException) and not isinstance(one, WithdrawalError)]
    assert len({json.dumps(allocation_spelled(one)) for one in results if isinstance(one, Allocation)}) == 1
    found = await bank_of(engines[0]).calendar(DAY, DAY)
    places = Counter(unit for one in found if one.hold for unit in one.hold.units)
    assert await drawn(engines[0], "centre") == places["centre"] == 2
    for agent in AGENTS:
        held = sum(one.seconds for one in found if one.agent == agent and one.hold)
        assert (await balances(engines[0], agent))[2] == held
    assert (await verify(engines[0], lambda done, total: None)).findings == []
    for engine in engines:
        await engine.dispose()


async def test_what_was_published_stays(engine: AsyncEngine) -> None:
    await quota(engine, "team-1", 2)
    made = await allocations(engine).allocate("team-1", DAY, at(DEADLINE))
    assert made.applicants == ()
    assert await allocations(engine).published("team-1", DAY) == made
    with pytest.raises(DBAPIError, match="append-only"):
        async with engine.begin() as connection:
            await connection.execute(text("DELETE FROM allocations"))


applicants = st.builds(
    Applicant, st.uuids().map(str), st.sampled_from(AGENTS), st.integers(1, 9_000), st.integers(0, 5),
    st.sampled_from([250_000, 500_000, 1_000_000]), st.dates(date(2000, 1, 1), date(2026, 1, 1)), st.integers(0, 3),
    st.sampled_from([("team-1", "centre"), ("team-2", "centre"), ("centre",)]), st.just(""), st.none(),
)  # fmt: skip
frees = st.builds(Free, st.integers(0, 4), st.none() | st.integers(0, 20_000))


@given(
    st.lists(applicants, max_size=8, unique_by=lambda one: one.application),
    st.fixed_dictionaries(dict.fromkeys(("team-1", "team-2", "centre"), frees)),
)
def test_from_what_is_published_alone_everybody_reckons_the_same_and_no_quota_is_passed(
    asked: list[Applicant], free: dict[str, Free]
) -> None:
    made = Allocation("centre", DAY, 7, tuple(asked), free)
    published = json.loads(json.dumps(allocation_spelled(made)))
    again = allocation_read(published)
    assert [one.application for one in again.order] == [one["application"] for one in published["applicants"]]
    assert [one.application for one in again.winners] == published["winners"]
    for one, after in zip(made.order, made.order[1:], strict=False):
        fewer = one.granted_days / one.contract_ppm - after.granted_days / after.contract_ppm
        assert fewer < 1e-12
    for unit, (agents, seconds) in free.items():
        won = [one for one in made.winners if unit in one.line]
        assert len(won) <= agents
        assert seconds is None or sum(one.seconds for one in won) <= seconds
    for one in made.order:
        if one not in made.winners:
            ahead = [each for each in made.winners if each.rank < one.rank]
            assert any(_is_full(unit, free[unit], ahead, one) for unit in one.line), (
                "there was no room when it was its turn"
            )


def _is_full(unit: str, free: Free, ahead: list[Applicant], one: Applicant) -> bool:
    taken = [each for each in ahead if unit in each.line]
    if len(taken) >= free.agents:
        return True
    return free.seconds is not None and sum(each.seconds for each in taken) + one.seconds > free.seconds


def test_an_application_awaits_its_allocation_only_while_it_holds_seconds_without_a_place() -> None:
    one = Application("a", "ann", "team-1", DAY, 900, 7, ApplicationState.WAITING, 1, None)
    assert not one.awaits_allocation
