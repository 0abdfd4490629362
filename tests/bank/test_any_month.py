"""docs/time-bank.md 3 and 4, over random months of random floors: whatever people do, and in whichever order, the
ledger is sound and says what the days' records and the rows beside it say. `make soak` does it for longer."""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from datetime import date, time, timedelta
from itertools import product
from typing import Any, TypeVar

import pytest
from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from ccd.bank.appeal_rows import open_appeals
from ccd.bank.withdrawal import OPEN, ApplicationState
from ccd.ledger.model import month_of
from ccd.sql.engine import open_engine
from ccd.sql.turns import read_in_turn
from tests.bank.any_floor import (
    AGENTS,
    KINDS,
    LONG,
    PARTS,
    SPARE,
    TIMEOUT_S,
    AnyFloor,
    Tally,
    agents,
    at_work,
    counts,
    floors,
    gaps,
    hours,
    lives_on,
    of_lives,
    shifts,
    works,
)
from tests.bank.months import Months, said_day
from tests.cases.world import meant_by

T = TypeVar("T")

LIVES, STEPS, DAYS_MAX = (100, 40, 62) if LONG else (4, 16, 18)
LINES = 8  # of the newest days that are appealed against
UNITS = ("team-1", "team-2", "centre")
GRANTED = (ApplicationState.APPROVED, ApplicationState.TAKEN)

units, ruled = st.sampled_from(UNITS), st.sampled_from((*AGENTS, *UNITS))
back, ahead = st.integers(0, 8), st.integers(1, 6)
amounts = st.integers(1, 6_000)


class AnyMonth(RuleBasedStateMachine):
    """A rule is a day at work, or what somebody asks for between the days; after each the night is lived through."""

    tally: Tally

    @staticmethod
    def database() -> str:
        """A new one; each engine says its own."""
        raise NotImplementedError

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.engine = open_engine(self.database())
        self.world: Months
        self.first = ""  # the month in which it begins
        self.closed = self.assigned = False
        self.rushes: list[date] = []
        self.entered: list[str] = []  # of whom in which emergency time was entered, and nobody said anything of it
        self.handed: list[str] = []  # whom a budget was

    def does(self, said: str, at: time | None = None) -> bool:
        done = self.of(self.world.attempt(said, at))
        return self.told(said, meant_by(said)[0].__name__, done)

    def told(self, said: str, verb: str, done: bool) -> bool:
        note(f"  {self.world.now:%d %b %H:%M} {said}: {'done' if done else 'refused'}")
        self.tally.told(verb, done)
        return done

    def of(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    @property
    def today(self) -> date:
        return self.world.now.date()

    def past(self, days: int) -> date:
        return max(self.world.begins, self.today - timedelta(days=days))

    @initialize(floor=floors())
    def opens(self, floor: AnyFloor) -> None:
        self.world = Months(self.engine, floor.roster, floor.begins, more=floor.more)
        self.first = month_of(floor.begins)
        for team, month in product(("team-1", "team-2"), (self.first, month_of(floor.begins + timedelta(days=31)))):
            self.does(f"{team} declares 6000 h of {month}")
        self.does("boss of centre gives 1001 and 2001 40000 s each for contest")

    # --- days ---------------------------------------------------------------------------------------------------------

    @rule(of=at_work, rush=st.booleans(), level=st.sampled_from(["I", "III"]), gap=gaps, spare=works)
    def a_day(self, of: dict[str, tuple[str, str]], rush: bool, level: str, gap: str, spare: str) -> None:
        for agent, (shift, work) in of.items():
            if shift:
                self.does(f"the plan says {agent} {shift} on {said_day(self.today)}")
            if work:
                self.does(f"{agent} works {work}")
        if spare:
            self.does(f"{SPARE} works {spare}")
        if gap:
            self.does(f"the switch is not heard {gap}")
        if rush:
            name = f"rush{self.today:%m%d}"
            if self.does(f"lead of centre opens {name}, level {level}", time(16, 30)):
                self.rushes.append(self.today)
            self.does(f"lead calls 1001 and 1002 and 2001 to {name}")
            self.does(f"lead of team-1 opens {name}b, level II", time(17, 0))
            self.does(f"lead calls 1001 to {name}b")
            self.does(f"lead ends {name}", time(17, 30))
        self._until(1)

    @rule(of=at_work, days=st.integers(2, 4))
    def days_alike(self, of: dict[str, tuple[str, str]], days: int) -> None:
        for _ in range(days):
            self.a_day(of, False, "", "", "")

    @rule(days=st.integers(1, 5))
    def days_off_for_all(self, days: int) -> None:
        self._until(days)

    def _until(self, days: int) -> None:
        until = self.today + timedelta(days=days)
        if (until - self.world.begins).days <= DAYS_MAX:
            self.of(self.world.until(until))
            self.of(self.world.hold())

    # --- what is said later -------------------------------------------------------------------------------------------

    @rule(whom=ruled, how=counts, when=hours, days=back)
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

    @rule(whom=agents, own=st.sampled_from(["60000 ppm", "2400 s", "nothing"]), days=back, lasts=st.integers(0, 4))
    def is_entitled(self, whom: str, own: str, days: int, lasts: int) -> None:
        first = self.past(days)
        until = f" to {said_day(first + timedelta(days=lasts))}" if lasts else ""
        if self.does(f"HR entitles {whom} to {own} from {said_day(first)}{until}"):
            self.of(self.world.hold())

    @rule(whom=agents, percent=st.sampled_from(PARTS), days=st.integers(-8, 5))
    def works_a_part(self, whom: str, percent: int, days: int) -> None:
        day = max(self.world.begins, self.today + timedelta(days=days))
        if self.does(f"HR says {whom} works {percent} % of a contract from {said_day(day)}"):
            self.of(self.world.hold())

    @precondition(lambda self: self.rushes)
    @rule(
        data=st.data(), whom=agents, which=st.sampled_from(["", "b"]), seconds=st.integers(0, 3_600),
        act=st.sampled_from(["confirms", "declines", ""]),
    )  # fmt: skip
    def overtime_is_entered(self, data: st.DataObject, whom: str, which: str, seconds: int, act: str) -> None:
        day = data.draw(st.sampled_from(self.rushes))
        what, before = f"{whom} in rush{day:%m%d}{which}", self.of(self.world.kept())
        if self.does(f"lead enters {seconds} s of {what} on {said_day(day)}"):
            if not act:
                self.entered.append(what)
            elif self.does(f"boss {act} what was entered of {what}") and act == "declines":
                self.of(self.world.hold())
                assert self.of(self.world.kept()) == before, "what was declined never counts"
            self.of(self.world.hold())

    @precondition(lambda self: self.entered)
    @rule(data=st.data(), act=st.sampled_from(["confirms", "declines"]))
    def an_entry_is_decided(self, data: st.DataObject, act: str) -> None:
        what = data.draw(st.sampled_from(self.entered))
        self.entered.remove(what)
        if self.does(f"boss {act} what was entered of {what}"):
            self.of(self.world.hold())

    @rule(data=st.data(), who=st.sampled_from(["the plan", "HR"]))
    def is_withdrawn(self, data: st.DataObject, who: str) -> None:
        told = (self.world.plan if who == "the plan" else self.world.leave).values()
        if held := sorted({(one.agent, one.day) for one in told if not one.withdrawn}):
            whom, day = data.draw(st.sampled_from(held))
            if self.does(f"{who} withdraws what it said of {whom} on {said_day(day)}"):
                self.of(self.world.hold())

    @rule(data=st.data())
    def a_ruling_is_reversed(self, data: st.DataObject) -> None:
        ruled = self.of(self.world.ruled())
        if ruled and self.does(f"boss reverses the ruling on {data.draw(st.sampled_from(ruled))}"):
            self.of(self.world.hold())

    @rule(whom=agents, when=hours, days=st.integers(1, 8))
    def is_told_late(self, whom: str, when: str, days: int) -> None:
        day = self.past(days)
        if day < self.today and self.does(f"another switch tells late that {whom} works {when} on {said_day(day)}"):
            self.of(self.world.hold())

    @precondition(lambda self: not self.assigned)
    @rule(whose=st.sampled_from([("1001", "team-1"), ("2001", "team-2")]), days=back)
    def a_seat_is_assigned(self, whose: tuple[str, str], days: int) -> None:
        self.assigned = True
        self.does(f"the seat {SPARE} is {whose[0]}'s of {whose[1]} from {said_day(self.past(days))}")
        self.of(self.world.hold())

    # --- what is given, and taken -------------------------------------------------------------------------------------

    @rule(unit=units, whom=agents, seconds=st.sampled_from([900, 5_000, 40_000]), kind=st.sampled_from(KINDS))
    def is_given(self, unit: str, whom: str, seconds: int, kind: str) -> None:
        if self.does(f"boss of {unit} gives {whom} {seconds} s for {kind}"):
            self.of(self.world.hold())

    @rule(unit=units, seconds=st.sampled_from([10_000, 60_000]), whom=agents)
    def a_budget(self, unit: str, seconds: int, whom: str) -> None:
        if self.does(f"boss of {unit} hands lead{self.today:%m%d} {seconds} s"):
            self.handed.append(f"lead{self.today:%m%d}")
            self.does(f"lead{self.today:%m%d} gives {whom} 4000 s of the budget of {unit} for contest")
            self.of(self.world.hold())

    @precondition(lambda self: self.handed)
    @rule(data=st.data())
    def a_budget_is_recalled(self, data: st.DataObject) -> None:
        holder = data.draw(st.sampled_from(self.handed))
        if self.does(f"boss recalls the budget of {holder}"):
            self.handed.remove(holder)
            self.of(self.world.hold())

    @rule(unit=units, whom=agents, seconds=amounts, act=st.sampled_from(["confirms", "declines"]))
    def is_proposed(self, unit: str, whom: str, seconds: int, act: str) -> None:
        self.does(f"wiki proposes {seconds} s for {whom} of {unit} for suggestion")
        if self.does(f"boss {act} what wiki proposed"):
            self.of(self.world.hold())

    @rule(unit=units, places=st.integers(0, 2), hours=st.sampled_from(["", " for 9 h"]), days=ahead)
    def places_are_set(self, unit: str, places: int, hours: str, days: int) -> None:
        day = self.today + timedelta(days=days)
        self.does(f"{unit} lets {places} off{hours} on {said_day(day)}")

    @rule(
        whom=agents, days=ahead, granted=st.booleans(),
        places=st.sampled_from(["2 off", "2 off for 9 h", "1 off for 3 h"]),
        part=st.sampled_from(["", "3600 s of ", "9000 s of ", "09:00-12:00 of ", "22:30-01:00 of "]),
    )  # fmt: skip
    def asks_for_a_day(self, whom: str, days: int, places: str, granted: bool, part: str) -> None:
        day = said_day(self.today + timedelta(days=days))
        self.does(f"centre lets {places} on {day}")
        if self.does(f"{whom} applies for {part}{day}"):
            if granted:
                self.does(f"boss approves {whom}'s {day}")
            self.of(self.world.hold())

    @rule(data=st.data(), kind=st.sampled_from(["sick", "personal"]), when=hours)
    def is_on_leave_on_a_day_off(self, data: st.DataObject, kind: str, when: str) -> None:
        off = self.of(self.world.days_off.calendar(self.world.begins, self.today + timedelta(days=30)))
        if granted := [one for one in off if one.state in GRANTED]:
            one = data.draw(st.sampled_from(granted))
            if self.does(f"HR says {one.agent} {kind} {when} on {said_day(one.day)}"):
                self.of(self.world.hold())

    @rule(whom=agents, days=ahead, run=st.integers(1, 2))
    def asks_for_days(self, whom: str, days: int, run: int) -> None:
        first = self.today + timedelta(days=days)
        last = first + timedelta(days=run)
        for day in (first, last):
            self.does(f"centre lets 2 off on {said_day(day)}")
        if self.does(f"{whom} applies for {said_day(first)} to {said_day(last)}"):
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

    @rule(data=st.data(), part=st.sampled_from([1, 2, 3]), again=st.booleans())
    def offsets(self, data: st.DataObject, part: int, again: bool) -> None:
        """Who thinks again has all as it was: balance where it came from, and owed."""
        offers = self.of(self.world.loans())
        if could_s := {agent: offer.could_s for agent, offer in offers.items() if offer.could_s}:
            whom = data.draw(st.sampled_from(sorted(could_s)))
            before, seconds = self.of(self.world.balances()), -(-could_s[whom] // part)
            done = self.of(self.world.offsets(whom, seconds))
            if self.told(f"{whom} offsets {seconds}", "offsets", done):
                self.of(self.world.hold())
                if again and not any(item.offset_s for item in offers[whom].items):
                    assert self.takes_all_back(whom)
                    assert self.of(self.world.balances()) == before

    def takes_all_back(self, whom: str) -> bool:
        done = self.told(f"{whom} takes back all", "takes_back", self.of(self.world.takes_back(whom, None)))
        self.of(self.world.hold())
        return done

    @rule(data=st.data(), of_one=st.booleans())
    def takes_back(self, data: st.DataObject, of_one: bool) -> None:
        offers = self.of(self.world.loans())
        offset = [(agent, item.name) for agent, offer in offers.items() for item in offer.items if item.offset_s]
        if offset:
            whom, item = data.draw(st.sampled_from(offset))
            if not of_one:
                self.takes_all_back(whom)
            elif self.told(f"{whom} takes back {item}", "takes_back", self.of(self.world.takes_back(whom, item))):
                self.of(self.world.hold())

    @rule(whom=agents)
    def keeps(self, whom: str) -> None:
        self.told(f"{whom} keeps", "keeps", self.of(self.world.keeps(whom)))

    @rule(data=st.data())
    def appeals(self, data: st.DataObject) -> None:
        if charged := self.of(self.world.reckoned()).charged:
            whom, day = data.draw(st.sampled_from(charged[-LINES:]))
            if self.does(f"{whom} appeals against {said_day(day)}"):
                self.of(self.world.hold())

    @rule(uphold=st.booleans(), how=counts, data=st.data())
    def an_appeal_is_decided(self, uphold: bool, how: str, data: st.DataObject) -> None:
        found = self.of(read_in_turn(self.engine, lambda plain: open_appeals(plain, self.world.begins, self.today)))
        if found:
            one = data.draw(st.sampled_from(found))
            about = f"the appeal of {one.agent} against {said_day(one.day)}"
            self.does(f"boss upholds {about} as {how} 10:00-11:00" if uphold else f"boss rejects {about}")
            self.of(self.world.hold())

    @precondition(lambda self: month_of(self.today) != self.first and not self.closed)
    @rule()
    def the_month_is_closed_in_the_ledger(self) -> None:
        """By hand; the daemon closes attendance months, and those stay open for postings."""
        self.closed = self.told("the month is closed", "closes", self.of(self.world.closes(self.first)))
        self.of(self.world.hold())

    def teardown(self) -> None:
        try:
            if hasattr(self, "world"):
                self.of(self.world.proof())
        finally:
            self.of(self.engine.dispose())
            self.runner.close()


@pytest.mark.timeout(TIMEOUT_S)
def test_in_any_month_of_any_floor_the_ledger_says_what_records_and_rows_say(new_database: Callable[[], str]) -> None:
    class Here(AnyMonth):
        database = staticmethod(new_database)
        tally = Tally()

    chosen = of_lives(lives_on(new_database(), LIVES), stateful_step_count=STEPS)
    run_state_machine_as_test(Here, settings=chosen)
    Here.tally.show()
