"""docs/time-bank.md 3 and 4, over random months of random floors: whatever people do, and in whichever order, the
ledger is sound and says what the days' records and the rows beside it say. `make soak` does it for longer."""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from datetime import date, time, timedelta
from itertools import product
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from sqlalchemy import func, select

from ccd.bank.accounts import agent_owner
from ccd.bank.appeal_rows import open_appeals
from ccd.bank.withdrawal import OPEN
from ccd.daemon.ruling import look
from ccd.ledger.schema import SIDES, accounts, entries, owners
from ccd.sql.engine import open_engine
from tests.bank.months import Months, rosters, said_day

T = TypeVar("T")

BEGINS = st.dates(date(2026, 11, 17), date(2026, 11, 29))  # so that November closes soon
LONG = settings.get_current_profile_name() == "soak"
LIVES, STEPS, DAYS_MAX = (100, 40, 62) if LONG else (5, 20, 18)
TIMEOUT_S = 7_200 if LONG else 600
PHASES = tuple(Phase) if LONG else (Phase.reuse, Phase.generate)  # to make smaller what is found takes its time
AGENTS = ("1001", "1002", "2001")
UNITS = ("team-1", "team-2", "centre")
KINDS = ("contest", "suggestion")
UNHURRIED = list(HealthCheck)  # a life takes seconds

agents, units = st.sampled_from(AGENTS), st.sampled_from(UNITS)
back, ahead = st.integers(0, 8), st.integers(0, 9)
hours = st.sampled_from(["08:00-16:00", "09:30-12:00", "13:00-16:00", "10:00-10:30"])
counts = st.sampled_from(["available", "exempt", "aux", "left_out"])
amounts = st.integers(1, 6_000)
shifts = st.sampled_from(
    ["", "08:00-16:00", "08:00-12:00", "08:00-16:00 less 12:00-13:00", "08:00-16:00 less 12:00-12:30"]
)
works = st.sampled_from([
    "", "08:00-16:00", "08:20-15:45", "08:00-18:00", "08:00-11:00 and 11:30-16:00", "08:00-16:00, water 10:00-10:40",
    "08:00-18:00, water 10:00-11:10, meal 12:00-12:30", "08:00-16:00, water 09:00-09:03",
])  # fmt: skip
at_work = st.fixed_dictionaries({agent: st.tuples(shifts, works) for agent in AGENTS})


@st.composite
def floors(draw: Any) -> tuple[str, date, bool]:
    """Who is where, and who moves, leaves or joins when."""
    begins = draw(BEGINS)
    moves = begins + timedelta(days=draw(st.integers(2, 9)))
    fate = draw(st.sampled_from(["stays", "moves", "leaves", "joins"]))
    second = {
        "stays": [("1002", "team-1", None, None)],
        "moves": [("1002", "team-1", None, moves), ("1002", "team-2", moves, None)],
        "leaves": [("1002", "team-1", None, moves)],
        "joins": [("1002", "team-1", moves, None)],
    }[fate]
    note(f"1002 {fate} on {moves}")
    return (
        rosters([("1001", "team-1", None, None), *second, ("2001", "team-2", None, None)]),
        begins,
        draw(st.booleans()),
    )


class AnyMonth(RuleBasedStateMachine):
    """A rule is a day at work, or what somebody asks for between the days; after each the night is lived through."""

    @staticmethod
    def database() -> str:
        """A new one; each engine says its own."""
        raise NotImplementedError

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.engine = open_engine(self.database())
        self.world: Months
        self.closed = False

    def does(self, said: str, at: time | None = None) -> bool:
        done = self.of(self.world.attempt(said, at))
        note(f"  {self.world.now:%d %b %H:%M} {said}: {'done' if done else 'refused'}")
        return done

    def of(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    @property
    def today(self) -> date:
        return self.world.now.date()

    def past(self, days: int) -> date:
        return max(self.world.begins, self.today - timedelta(days=days))

    @initialize(floor=floors())
    def opens(self, floor: tuple[str, date, bool]) -> None:
        roster, begins, schedules = floor
        self.world = Months(self.engine, roster, begins, schedules)
        for team, month in product(("team-1", "team-2"), ("2026-11", "2026-12")):
            self.does(f"{team} declares 6000 h of {month}")
        self.does("boss of centre gives 1001 and 2001 40000 s each for contest")

    # --- days ---------------------------------------------------------------------------------------------------------

    @rule(of=at_work, rush=st.booleans(), level=st.sampled_from(["I", "III"]))
    def a_day(self, of: dict[str, tuple[str, str]], rush: bool, level: str) -> None:
        for agent, (shift, work) in of.items():
            if shift:
                self.does(f"the plan says {agent} {shift} on {said_day(self.today)}")
            if work:
                self.does(f"{agent} works {work}")
        if rush:
            name = f"rush{self.today:%m%d}"
            self.does(f"lead of centre opens {name}, level {level}", time(16, 30))
            self.does(f"lead calls 1001 and 2001 to {name}")
            self.does(f"lead ends {name}", time(17, 30))
        self._until(1)

    @rule(of=at_work, days=st.integers(2, 4))
    def days_alike(self, of: dict[str, tuple[str, str]], days: int) -> None:
        for _ in range(days):
            self.a_day(of, False, "")

    @rule(days=st.integers(1, 5))
    def days_off_for_all(self, days: int) -> None:
        self._until(days)

    def _until(self, days: int) -> None:
        until = self.today + timedelta(days=days)
        if (until - self.world.begins).days <= DAYS_MAX:
            self.of(self.world.until(until))
            self.of(self.world.hold())

    # --- what is said later -------------------------------------------------------------------------------------------

    @rule(whom=st.sampled_from((*AGENTS, "team-1")), how=counts, when=hours, days=back)
    def is_ruled(self, whom: str, how: str, when: str, days: int) -> None:
        if self.does(f"boss rules {whom} {how} {when} on {said_day(self.past(days))}"):
            self.of(self.world.hold())

    @rule(whom=agents, kind=st.sampled_from(["personal", "sick"]), when=hours, days=st.integers(-8, 8))
    def is_on_leave(self, whom: str, kind: str, when: str, days: int) -> None:
        day = max(self.world.begins, self.today + timedelta(days=days))
        if self.does(f"HR says {whom} {kind} {when} on {said_day(day)}"):
            self.of(self.world.hold())

    @rule(whom=agents, shift=shifts.filter(bool), days=st.integers(-5, 5))
    def is_planned(self, whom: str, shift: str, days: int) -> None:
        day = max(self.world.begins, self.today + timedelta(days=days))
        if self.does(f"the plan says {whom} {shift} on {said_day(day)}"):
            self.of(self.world.hold())

    @rule(whom=agents, own=st.sampled_from(["60000 ppm", "2400 s", "nothing"]), days=back)
    def is_entitled(self, whom: str, own: str, days: int) -> None:
        if self.does(f"HR entitles {whom} to {own} from {said_day(self.past(days))}"):
            self.of(self.world.hold())

    @rule(whom=agents, seconds=amounts, days=back)
    def overtime_is_entered(self, whom: str, seconds: int, days: int) -> None:
        day = self.past(days)
        if self.does(f"lead enters {seconds} s of {whom} in rush{day:%m%d} on {said_day(day)}"):
            self.does(f"boss confirms what was entered of {whom} in rush{day:%m%d}")
            self.of(self.world.hold())

    # --- what is given, and taken -------------------------------------------------------------------------------------

    @rule(unit=units, whom=agents, seconds=st.sampled_from([900, 5_000, 40_000]), kind=st.sampled_from(KINDS))
    def is_given(self, unit: str, whom: str, seconds: int, kind: str) -> None:
        if self.does(f"boss of {unit} gives {whom} {seconds} s for {kind}"):
            self.of(self.world.hold())

    @rule(unit=units, seconds=st.sampled_from([10_000, 60_000]), whom=agents)
    def a_budget(self, unit: str, seconds: int, whom: str) -> None:
        if self.does(f"boss of {unit} hands lead{self.today:%m%d} {seconds} s"):
            self.does(f"lead{self.today:%m%d} gives {whom} 4000 s of the budget of {unit} for contest")
            self.of(self.world.hold())

    @rule(days=back)
    def a_budget_is_recalled(self, days: int) -> None:
        if self.does(f"boss recalls the budget of lead{self.past(days):%m%d}"):
            self.of(self.world.hold())

    @rule(unit=units, places=st.integers(0, 2), hours=st.sampled_from(["", " for 9 h"]), days=ahead)
    def places_are_set(self, unit: str, places: int, hours: str, days: int) -> None:
        day = self.today + timedelta(days=days)
        self.does(f"{unit} lets {places} off{hours} on {said_day(day)}")

    @rule(whom=agents, part=st.sampled_from(["", "3600 s of ", "9000 s of "]), days=ahead)
    def asks_for_a_day(self, whom: str, part: str, days: int) -> None:
        day = said_day(self.today + timedelta(days=days))
        self.does(f"centre lets 2 off on {day}")
        if self.does(f"{whom} applies for {part}{day}"):
            self.of(self.world.hold())

    @rule(data=st.data(), act=st.sampled_from(["approves", "approves", "refuses", "takes back", "cancels"]))
    def is_decided(self, data: st.DataObject, act: str) -> None:
        first, last = self.world.begins, self.today + timedelta(days=30)
        asked = [one for one in self.of(self.world.days_off.calendar(first, last)) if one.state in OPEN]
        per_day = Counter((one.agent, one.day) for one in asked)
        if alone := [one for one in asked if per_day[one.agent, one.day] == 1]:
            one = data.draw(st.sampled_from(alone))
            whom = f"{one.agent} cancels" if act == "cancels" else f"boss {act} {one.agent}'s"
            if self.does(f"{whom} {said_day(one.day)}"):
                self.of(self.world.hold())

    # --- leave, and what is settled with it ---------------------------------------------------------------------------

    @rule(whom=agents, seconds=st.one_of(st.none(), amounts))
    def offsets(self, whom: str, seconds: int | None) -> None:
        if self.of(self.world.offsets(whom, seconds)):
            note(f"  {whom} offsets {seconds}")
            self.of(self.world.hold())

    @rule(whom=agents)
    def keeps(self, whom: str) -> None:
        self.of(self.world.keeps(whom))

    @rule(whom=agents, days=back)
    def appeals(self, whom: str, days: int) -> None:
        day = self.past(days)
        if self.of(self.lines(whom, day)) and self.does(f"{whom} appeals against {said_day(day)}"):
            self.of(self.world.hold())

    @rule(uphold=st.booleans(), how=counts, data=st.data())
    def an_appeal_is_decided(self, uphold: bool, how: str, data: st.DataObject) -> None:
        found = self.of(look(self.engine, lambda plain: open_appeals(plain, self.world.begins, self.today)))
        if found:
            one = data.draw(st.sampled_from(found))
            about = f"the appeal of {one.agent} against {said_day(one.day)}"
            self.does(f"boss upholds {about} as {how} 10:00-11:00" if uphold else f"boss rejects {about}")
            self.of(self.world.hold())

    @precondition(lambda self: self.today.month != 11 and not self.closed)
    @rule()
    def the_month_is_closed_in_the_ledger(self) -> None:
        """By hand; the daemon closes attendance months, and those stay open for postings."""
        self.closed = self.of(self.world.closes("2026-11"))
        self.of(self.world.hold())

    async def lines(self, agent: str, day: date) -> int:
        mine = (entries.c.day == day, entries.c.service == "leave", owners.c.name == agent_owner(agent))
        found = 0
        async with self.engine.connect() as connection:
            for side, _, _ in SIDES:
                query = select(func.count()).select_from(entries).join(accounts, accounts.c.id == side).join(owners)
                found += (await connection.execute(query.where(*mine))).scalar_one()
        return found

    def teardown(self) -> None:
        try:
            if hasattr(self, "world"):
                self.of(self.world.proof())
        finally:
            self.of(self.engine.dispose())
            self.runner.close()


def lives_on(url: str) -> int:
    """Fewer where a day takes longer."""
    return LIVES if url.startswith("sqlite") else max(2, LIVES // 4)


@pytest.mark.timeout(TIMEOUT_S)
def test_in_any_month_of_any_floor_the_ledger_says_what_records_and_rows_say(new_database: Callable[[], str]) -> None:
    class Here(AnyMonth):
        database = staticmethod(new_database)

    lives = lives_on(new_database())
    chosen = settings(
        deadline=None, phases=PHASES, max_examples=lives, stateful_step_count=STEPS, suppress_health_check=UNHURRIED
    )
    run_state_machine_as_test(Here, settings=chosen)


# --- the order of what is said ----------------------------------------------------------------------------------------

DAYS = [date(2026, 12, day) for day in range(1, 7)]
dates = st.sampled_from([said_day(day) for day in DAYS])
of_a_day = st.tuples(agents, dates)  # of each at most one of a kind: of two the newer holds, which is no order's fault


def each(words: str, *parts: st.SearchStrategy[str]) -> st.SearchStrategy[list[str]]:
    said = st.dictionaries(of_a_day, st.tuples(*parts), max_size=2)
    return said.map(lambda told: [words.format(*parts, agent=agent, day=day) for (agent, day), parts in told.items()])


facts = st.tuples(
    each("boss rules {agent} {0} {1} on {day}", counts, hours),
    each("HR says {agent} personal {0} on {day}", hours),
    each("the plan says {agent} {0} on {day}", shifts.filter(bool)),
    each("boss of centre gives {agent} {0} s for contest", st.sampled_from(["600", "4000"])),
    each("lead enters {0} s of {agent} in rush on {day}", st.sampled_from(["900", "3000"])),
    each("HR entitles {agent} to {0} from {day} to {day}", st.sampled_from(["60000 ppm", "2400 s"])),
).map(lambda kinds: [fact for kind in kinds for fact in kind])


@st.composite
def orders(draw: Any) -> tuple[dict[str, tuple[str, str]], bool, list[str], list[str]]:
    said = draw(facts)
    return draw(at_work), draw(st.booleans()), draw(st.permutations(said)), draw(st.permutations(said))


@pytest.mark.timeout(TIMEOUT_S)
def test_no_order_of_what_is_accepted_within_an_open_month_makes_another_net(new_database: Callable[[], str]) -> None:
    roster = rosters([("1001", "team-1", None, None), ("1002", "team-1", None, None), ("2001", "team-2", None, None)])

    async def life(of: dict[str, tuple[str, str]], schedules: bool, said: list[str]) -> tuple[dict[str, int], set[str]]:
        engine = open_engine(new_database())
        world = Months(engine, roster, DAYS[0], schedules)
        for team in ("team-1", "team-2"):
            await world.attempt(f"{team} declares 6000 h of 2026-12")
        for day in DAYS:
            for agent, (shift, work) in of.items():
                if shift:
                    await world.attempt(f"the plan says {agent} {shift} on {said_day(day)}")
                if work:
                    await world.attempt(f"{agent} works {work}")
            if day == DAYS[2]:
                await world.attempt("lead of centre opens rush, level II", time(16, 30))
                await world.attempt("lead calls 1001 and 2001 to rush")
                await world.attempt("lead ends rush", time(17, 30))
            await world.until(day + timedelta(days=1))
        accepted = {fact for fact in said if await world.attempt(fact)}
        await world.hold()
        net = await world.net()
        await world.proof()
        await engine.dispose()
        return net, accepted

    @settings(deadline=None, phases=PHASES, max_examples=lives_on(new_database()), suppress_health_check=UNHURRIED)
    @given(orders())
    def check(case: tuple[dict[str, tuple[str, str]], bool, list[str], list[str]]) -> None:
        of, schedules, one, other = case
        first, accepted = asyncio.run(life(of, schedules, one))
        second, also = asyncio.run(life(of, schedules, other))
        assert accepted == also
        assert first == second

    check()
