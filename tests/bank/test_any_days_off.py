"""Days off in random weeks, of agents who apply, cancel and move, under quotas and policies that change: whatever
happens, in whatever order, places, seconds and runs are what docs/time-bank.md 3.6 says."""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.bank.agreeing import without_rows
from ccd.bank.allocating import Allocations, Tenure
from ccd.bank.allocation import allocation_read, allocation_spelled
from ccd.bank.branch import Branch
from ccd.bank.moving_along import MovingAlong
from ccd.bank.policy import Policies
from ccd.bank.quota import Quota
from ccd.bank.said import Said
from ccd.bank.withdrawal import HOLDING, Application, ApplicationState
from ccd.bank.withdrawal_rows import set_quota, states_of
from ccd.bank.withdrawing import Withdrawals
from ccd.errors import WithdrawalError
from ccd.ledger.books import Ledger
from ccd.ledger.verify import verify
from ccd.org.agent_days import AgentDays
from ccd.org.roster import AFTER_ALL, BEFORE_ALL, Roster, RosterLine
from ccd.sql.engine import open_engine
from ccd.sql.turns import read_in_turn
from tests.bank.policies import policy
from tests.bank.test_withdrawals import UNITS, balances, have

AGENTS, TEAMS = ("ann", "bob", "cy", "dee"), ("team-1", "team-2")
ALL_UNITS = ("centre", *TEAMS)
FIRST, DAYS = date(2026, 12, 10), 2
BEGINS = UNITS.days("").of_date(FIRST - timedelta(days=5)).start
HOUR_US, HOUR_S, RICH_S = 3_600_000_000, 3_600, 100_000
HANDS = {"approves": None, "refuses": "refused", "takes back": "withdrawn", "cancels": "cancelled"}
LONG = settings.get_current_profile_name() == "soak"
LIVES = 1_000 if LONG else 8

Act = tuple[Any, ...]
of_agents, of_days = st.sampled_from(AGENTS), st.integers(0, DAYS - 1)
asks = st.one_of(
    st.tuples(st.just("applies"), of_agents, of_days, st.sampled_from([None, 2 * HOUR_S])),
    st.tuples(st.just("applies for both"), of_agents),
)
acts = st.one_of(
    asks,
    st.tuples(st.sampled_from(sorted(HANDS)), of_agents, of_days),
    st.tuples(
        st.just("lets off"), st.sampled_from(("centre", *ALL_UNITS)), of_days, st.sampled_from([0, 1, 1, 2]),
        st.sampled_from([None, 8 * HOUR_S, 10 * HOUR_S]),
    ),
    st.tuples(st.just("moves"), of_agents, of_days, st.sampled_from(TEAMS)),
    st.tuples(st.just("hours go by"), st.sampled_from([1, 10, 30])),
)  # fmt: skip
terms = st.fixed_dictionaries(
    {
        "allocate": st.sampled_from(["first_come", "by_rule"]),
        "allocate_days_before": st.sampled_from([1, 3]),
        "run_of_days": st.sampled_from(["all", "all", "each"]),
        "approve": st.sampled_from(["person", "rule"]),
    }
)


@dataclass
class Week:
    engine: AsyncEngine
    policies: Policies
    at: int = BEGINS
    moves: dict[str, list[tuple[date, str]]] = field(default_factory=dict)  # by agent, from which day on where
    quotas: dict[tuple[str, date], Quota] = field(default_factory=dict)
    let: dict[tuple[str, date], tuple[int, int]] = field(
        default_factory=dict
    )  # most agents and seconds that may be off
    by_hand: set[str] = field(default_factory=set)  # runs of which a person has decided on a day
    asked: int = 0

    @property
    def branch(self) -> Branch:
        ledger = Ledger(self.engine, lambda: self.at)
        return Branch(ledger, UNITS, self.policies, AgentDays(self.roster, UNITS), "demo")

    @property
    def roster(self) -> Roster:
        lines: list[RosterLine] = []
        for number, agent in enumerate(AGENTS):
            moves = sorted(self.moves.get(agent, []))
            turns = [BEFORE_ALL, *(UNITS.days("").of_date(day).start for day, _ in moves), AFTER_ALL]
            units = [TEAMS[number % 2], *(unit for _, unit in moves)]
            for unit, (start, end) in zip(units, pairwise(turns), strict=True):
                lines.append(RosterLine(len(lines) + 2, agent, f"PJSIP/{agent}", "", unit, "", start, end))
        return Roster(lines)

    @property
    def bank(self) -> Withdrawals:
        return Withdrawals(self.branch)

    @property
    def allocations(self) -> Allocations:
        return Allocations(self.branch.ledger, self.bank.holds, "demo", lambda agent, day: Tenure())

    def said(self, by: str = "lead") -> Said:
        self.at += 1
        return Said(by, self.today, self.at)

    @property
    def today(self) -> date:
        return UNITS.days("").at(self.at).day

    async def every(self) -> list[Application]:
        return await self.bank.calendar(FIRST, FIRST + timedelta(days=DAYS))

    async def does(self, act: Act) -> None:
        kind, *said = act
        if kind == "hours go by":
            self.at += said[0] * HOUR_US
        elif kind == "lets off":
            unit, day, agents, seconds = said
            quota = Quota(unit, day_of(day), FIRST - timedelta(days=9), agents, seconds)
            self.quotas[unit, day_of(day)] = quota
            async with self.engine.begin() as connection:
                await connection.run_sync(set_quota, quota, self.at, "lead")
        elif kind == "moves":
            agent, day, unit = said
            if day_of(day) > self.today:
                self.moves[agent] = [*(one for one in self.moves.get(agent, []) if one[0] != day_of(day)),
                                     (day_of(day), unit)]  # fmt: skip
        else:
            with suppress(WithdrawalError):
                await self._asks(kind, *said)

    async def _asks(self, kind: str, agent: str, day: int = 0, what: Any = None) -> None:
        self.asked += 1
        if kind == "applies":
            await self.bank.apply(str(self.asked), agent, day_of(day), what, self.said(agent))
        elif kind == "applies for both":
            await self.bank.apply_for_run(str(self.asked), agent, list(map(day_of, range(DAYS))), self.said(agent))
        else:
            for one in [one for one in await self.every() if (one.agent, one.day) == (agent, day_of(day))]:
                if state := HANDS[kind]:
                    await self.bank.end(one.id, ApplicationState(state), self.said())
                else:
                    await self.bank.approve(one.id, self.said())
                self.by_hand.add(one.run)

    async def looks(self) -> None:
        """As the daemon does, of what it is to do with days off."""
        bank, along = self.bank, MovingAlong(self.branch)
        for day in await along.moved_days(self.at):
            await along.move(day, self.said("roster"))
        for top, day in await self.allocations.due(self.today, self.at):
            await self._check_allocated(top, day)
        for day in await self.allocations.decided_by_rule(self.today, self.at):
            await self.allocations.decide_by_rule(day, self.said("allocation"))
        for day in await bank.open_days(self.today - timedelta(days=1)):
            await bank.close(day, {}, self.said("settlement"))
        for day in await bank.days_with_room(self.today, self.at):
            await bank.move_up(day, self.said("waiting list"))

    async def _check_allocated(self, top: str, day: date) -> None:
        """From what is published who has a place can be reckoned again; and so it was done."""
        made = await self.allocations.allocate(top, day, self.said("allocation"))
        winners = {one.application for one in allocation_read(allocation_spelled(made)).winners}
        assert await self.allocations.published(top, day) == made
        for one in made.applicants:
            states = await read_in_turn(self.engine, partial(states_of, name=one.application))
            (became,) = [each["state"] for each in states if each["by"] == "allocation" and each["at"] == made.at]
            assert became in (("approved",) if one.application in winners else ("waiting", "refused"))

    async def check(self, is_quiet: bool) -> None:
        every = await self.every()
        for unit, day in self.quotas:
            self._check_quota(unit, day, [one for one in every if one.day == day])
        for agent in AGENTS:
            savings, gift, reserved = await balances(self.engine, agent)
            own = [one for one in every if one.agent == agent]
            assert reserved == sum(one.seconds for one in own if one.state in HOLDING)
            spent = sum(one.seconds for one in own if one.state is ApplicationState.TAKEN)
            assert savings + gift + reserved + spent == RICH_S
            if not reserved + spent:
                assert savings == gift, "it is where it came from"
        if is_quiet:
            self._check_nobody_lacks_a_free_place([one for one in every if one.day > self.today])
        if is_quiet and self.policies.policy_at("centre", FIRST).days_off.run_of_days == "all":
            self._check_runs(every)

    def _check_quota(self, unit: str, day: date, applied: list[Application]) -> None:
        """No more are off than the quota says, but for those who were before it was made smaller."""
        there = [one for one in applied if self._counts_on(one, unit)]
        quota = self.quotas[unit, day]
        most, most_s = self.let.get((unit, day), (RICH_S, 100 * RICH_S))
        seconds = sum(one.seconds for one in there)
        assert len(there) <= max(most, quota.agents), (unit, day, there)
        assert quota.seconds is None or seconds <= max(most_s, quota.seconds), (unit, day, there)
        self.let[unit, day] = len(there), seconds

    def _counts_on(self, one: Application, unit: str) -> bool:
        """Who has a place in a team has one in the centre; whichever team it was, who has moved is off."""
        if one.state not in HOLDING or not one.hold or not one.hold.units:
            return False
        return unit in UNITS.with_above(one.hold.units[0], one.day)

    def _check_nobody_lacks_a_free_place(self, to_come: list[Application]) -> None:
        """Neither who waits, for which everybody has enough, nor whose place is that of a unit where they were."""
        for one in to_come:
            line = UNITS.with_above(one.unit, one.day)
            left_behind = one.state is ApplicationState.APPROVED and one.hold and not set(one.hold.units) <= set(line)
            if left_behind or one.state is ApplicationState.WAITING:
                assert any(self._is_full(unit, one) for unit in line), one

    def _is_full(self, unit: str, one: Application) -> bool:
        """For who has not drawn on it."""
        if (quota := self.quotas.get((unit, one.day))) is None:
            return False
        agents, seconds = self.let[unit, one.day]
        if self._counts_on(one, unit):
            agents, seconds = agents - 1, seconds - one.seconds
        drawn, in_hours = one.hold[1:] if one.hold else ((), ())
        lacks_hours = quota.seconds is not None and seconds + one.seconds > quota.seconds
        return (unit not in drawn and agents >= quota.agents) or (unit not in in_hours and lacks_hours)

    def _check_runs(self, every: list[Application]) -> None:
        runs: dict[str, Counter[bool]] = {}
        for one in every:
            if one.run and one.run not in self.by_hand and one.day > self.today:
                runs.setdefault(one.run, Counter())[one.state in HOLDING] += 1
        assert all(len(had) == 1 for had in runs.values()), [one for one in every if one.run]


def day_of(number: int) -> date:
    return FIRST + timedelta(days=number)


async def lives(engine: AsyncEngine, said: dict[str, str], places: int, story: list[tuple[Act, bool]]) -> None:
    week = Week(engine, Policies((policy(date(2026, 1, 1), overdraft_takes=["savings", "gift"], days_off=said),)))
    await have(engine, **dict.fromkeys(AGENTS, RICH_S))
    for unit in TEAMS:
        for day in range(DAYS):
            await week.does(("lets off", unit, day, places, None))
    for act, looks in story:
        await week.does(act)
        if looks:
            await week.looks()
            await week.check(is_quiet=True)
            before = await week.every()
            await week.looks()
            assert await week.every() == before, "another look finds nothing to do"
        else:
            await week.check(is_quiet=False)
    last = FIRST + timedelta(days=DAYS + 2)
    week.at = UNITS.days("").of_date(last).start
    await week.looks()
    await week.check(is_quiet=True)
    assert not [one for one in await week.every() if one.hold]
    assert await read_in_turn(engine, lambda plain: list(without_rows(plain, FIRST, last))) == []
    assert (await verify(engine, lambda done, of: None)).findings == []


async def test_the_place_that_one_gives_up_by_moving_another_has_at_the_same_look(engine: AsyncEngine) -> None:
    """ann was left behind before bob went."""
    asks = [(("applies", agent, 1, None), False) for agent in ("ann", "bob", "dee")]
    moves = [(("moves", "ann", 1, "team-2"), True), (("moves", "bob", 1, "team-1"), True)]
    await lives(engine, {"approve": "rule"}, 2, [*asks, *moves])


async def test_who_keeps_the_place_of_a_team_after_a_move_counts_on_the_centre_s_quota_that_was_set_later(
    engine: AsyncEngine,
) -> None:
    """ann waits in team-2 for a place and goes back: the centre has not let two more off meanwhile."""
    asks = [(("applies", agent, 1, 2 * HOUR_S), True) for agent in ("ann", "bob")]
    await lives(engine, {"approve": "rule"}, 1, [
        *asks, (("moves", "ann", 1, "team-2"), True), (("lets off", "team-1", 1, 2, None), True),
        (("lets off", "centre", 1, 2, None), True), (("applies", "cy", 1, None), True),
        (("moves", "ann", 1, "team-1"), True),
    ])  # fmt: skip


async def test_hours_that_one_counts_with_already_keep_nobody_from_a_place_where_they_are(engine: AsyncEngine) -> None:
    """ann has drawn on the centre's quota when it was not in hours yet."""
    asks = [(("applies", agent, 1, None), True) for agent in ("ann", "bob")]
    await lives(engine, {"approve": "rule"}, 1, [
        (("lets off", "centre", 1, 2, None), True), *asks, (("moves", "ann", 1, "team-2"), True),
        (("lets off", "centre", 1, 2, 8 * HOUR_S), True), (("cancels", "bob", 1), True),
    ])  # fmt: skip


@pytest.mark.timeout(14_400 if LONG else 60)
def test_places_seconds_and_runs_are_as_the_rules_say_whatever_happens(new_database: Callable[..., str]) -> None:
    @settings(max_examples=LIVES, suppress_health_check=list(HealthCheck), phases=(Phase.generate,))
    @given(
        terms,
        st.integers(1, 2),
        st.lists(asks, min_size=3, max_size=6),
        st.lists(st.tuples(acts, st.booleans()), min_size=10, max_size=20),
    )
    def check(said: dict[str, str], places: int, asked: list[Act], story: list[tuple[Act, bool]]) -> None:
        async def one() -> None:
            engine = open_engine(new_database())
            try:
                await lives(engine, said, places, [*((act, False) for act in asked), *story])
            finally:
                await engine.dispose()

        asyncio.run(one())

    check()
