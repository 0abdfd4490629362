"""Leave offset and the close of a month (docs/time-bank.md 3.5), on both engines: nothing twice, nothing half."""

import asyncio
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.bank.accounts import AGENT_ACCOUNTS, HOUSE_ACCOUNTS, House, agent_owner
from ccd.bank.asking import Asking, by_itself
from ccd.bank.attendance import AttendanceFault, AttendedDay, FaultKind
from ccd.bank.attendance_calendar import Calendar, months_that_begin
from ccd.bank.branch import Branch
from ccd.bank.expiry import Expiry
from ccd.bank.idle_leave import IdleLeave, OnLeave
from ccd.bank.month_close import Attended, MonthClose
from ccd.bank.month_rows import Result
from ccd.bank.offsetting import Choice, Loans
from ccd.bank.policy import Policies, Policy
from ccd.bank.settle import Settler
from ccd.errors import MonthOpenError, OffsetError
from ccd.ledger.books import Ledger
from ccd.ledger.model import Account, Leg, Posting
from ccd.ledger.verify import verify
from ccd.org.agent_days import AgentDays
from ccd.org.people import Person, Role
from ccd.org.units import Unit, Units
from ccd.sql.engine import open_engine
from ccd.sql.turns import Patience
from tests.bank.days import worth
from tests.bank.policies import policy
from tests.bank.teams import SHANGHAI, roster_of
from tests.databases import before_each_commit, before_each_statement

MONTH, IDLE, OTHER = "2026-11", date(2026, 11, 10), date(2026, 11, 12)
UNITS = Units("Asia/Shanghai", time(0), {"team-1": Unit()})
AGENTS = ("ann", "bob", "cy")
CALENDAR = Calendar(1, 25, 20, 3, time(18))
HOUSE = House.of("demo")


def at(written: str) -> int:
    return int(datetime.fromisoformat(written).replace(tzinfo=SHANGHAI).timestamp()) * 1_000_000


OFFERED, CLOSES = at("2026-11-25T00:00"), at("2026-12-03T18:00")


class Bank:
    """The shells of one site, on one database; `begins` is the day on which its months do, `later` what holds later."""

    def __init__(self, engine: AsyncEngine, begins: int = 1, later: tuple[Policy, ...] = (), **terms: Any) -> None:
        self.engine = engine
        self.policies = Policies((policy(date(2026, 1, 1), **terms), *later))
        patience = Patience(60, 0.001, 0.05)
        self.ledger = Ledger(engine, lambda: CLOSES, patience, months_that_begin(begins))
        self.calendar = CALENDAR._replace(month_begins=begins)
        days = AgentDays(roster_of({"team-1": AGENTS}), UNITS)
        branch = Branch(self.ledger, UNITS, self.policies, days, "demo")
        self.loans, self.expiry = Loans(branch, self.calendar), Expiry(branch, self.calendar)
        self.closing = MonthClose(self.ledger, self.policies, self.loans, self.expiry, "demo")
        self.idle = IdleLeave(self.ledger, self.policies, "demo", lambda: date(2026, 12, 3))
        self.settler = Settler(self.ledger, self.policies, "demo", lambda: date(2026, 12, 3))

    async def has(self, agent: str, seconds: int, day: date = IDLE) -> None:
        own = agent_owner(agent)
        await self.ledger.open_accounts([HOUSE.owner], HOUSE_ACCOUNTS, "demo", "test")
        await self.ledger.open_accounts([own], AGENT_ACCOUNTS, "demo", "test")
        legs = (Leg(HOUSE.gift, Account(own, "gift"), seconds, "gift"),)
        await self.ledger.post(Posting(f"has/{agent}/{day}", 1, "demo", day, legs, "test"))

    async def owes(self, agent: str, idle_s: int, overdraft_s: int) -> None:
        """Leave of an idle day, and of another the personal leave of what nothing was there to take for."""
        await self.settler.settle([worth(-overdraft_s, agent=agent, day=OTHER)] if overdraft_s else [])
        await self.idle.post([OnLeave(agent, "team-1", IDLE, idle_s, 1)])

    async def balances(self, agent: str) -> dict[str, int]:
        return {kind: s for kind, s in (await self.ledger.balances(agent_owner(agent))).items() if s}

    async def house(self) -> dict[str, int]:
        return {kind: s for kind, s in (await self.ledger.sums(HOUSE.owner)).items() if s}


def attended(agent: str, *faults: str, **figures: Any) -> Attended:
    first, last = date(2026, 11, 9), IDLE
    known = {"scheduled_s": 28_800} | dict.fromkeys(faults, 60)
    days = tuple(
        AttendedDay(day, "team-1", **{name: known.get(name, 0) for name in AttendedDay._fields[2:]})
        for day in (first, last)
    )
    return Attended(agent, "team-1", days, **figures)


def asking(act: str = "close", person: str = "clerk", moment: int = CLOSES) -> Asking:
    return Asking(act, Person(person, Role.AGENT, agent=person), "here", moment)


CLOSING = Asking("month", by_itself("month close"), "here", CLOSES)


async def test_the_example_of_the_rules(engine: AsyncEngine) -> None:
    bank = Bank(engine)
    await bank.owes("ann", 1_800, 435)
    await bank.has("ann", 3_000)
    assert await bank.balances("ann") == {"gift": 3_000, "leave": 2_235}
    offer = await bank.loans.offer("ann", MONTH)
    assert (offer.owed_s, offer.could_s, offer.balance_s) == (2_235, 2_235, 3_000)
    assert [(item.name, item.open_s) for item in offer.items] == [("2026-11-10/idle", 1_800), ("2026-11-12/day", 435)]
    result = (await bank.closing.close(CLOSING, MONTH, [attended("ann")]))["ann"]
    assert (result.month.full, result.month.points_100, result.month.faults) == (True, 1_000, ())
    assert (result.month.offset_s, result.month.taken_s) == (2_235, 0)
    assert await bank.balances("ann") == {"gift": 765}
    assert await bank.house() == {"gift": -3_000, "offset": 2_235}
    assert (await verify(engine, lambda done, total: None)).findings == []


@pytest.mark.parametrize(
    ("balance_s", "faults", "left"),
    [
        (2_234, (), {"gift": 2_234}),  # in full or not at all
        (3_000, ("late_s",), {"gift": 3_000}),  # it is lost anyhow
    ],
)
async def test_what_secures_nothing_is_kept_and_the_leave_is_attendance_s(
    engine: AsyncEngine, balance_s: int, faults: tuple[str, ...], left: dict[str, int]
) -> None:
    bank = Bank(engine)
    await bank.owes("ann", 1_800, 435)
    await bank.has("ann", balance_s)
    result = (await bank.closing.close(CLOSING, MONTH, [attended("ann", *faults)]))["ann"]
    assert (result.month.full, result.month.taken_s) == (False, 2_235)
    assert result.month.faults[-1] == AttendanceFault(FaultKind.LEAVE, None, 2_235)
    assert await bank.balances("ann") == left
    assert (await bank.house())["leave_taken"] == 2_235


async def test_the_agent_decides_per_item_or_in_all_while_it_is_open(engine: AsyncEngine) -> None:
    bank = Bank(engine)
    await bank.owes("ann", 1_800, 435)
    await bank.has("ann", 2_000)
    for moment, said in (
        (OFFERED - 1, "can't offset leave of 2026-11 yet: it opens on 2026-11-25"),
        (CLOSES, "can't offset leave of 2026-11 any more: it closed 2026-12-03 18:00"),
    ):
        with pytest.raises(OffsetError, match=said):
            await bank.loans.choose(asking("a", "ann", moment), "ann", MONTH, Choice())
    wrong = [
        (Choice("2026-11-11/idle"), "owes nothing of 2026-11-11/idle"),
        (Choice(), "has 2000 s to give, and 2235 s are asked"),
        (Choice("2026-11-12/day", 436), "owes 435 s, and 436 s are asked"),
    ]
    for choice, said in wrong:
        with pytest.raises(OffsetError, match=said):
            await bank.loans.choose(asking("a", "ann", OFFERED), "ann", MONTH, choice)
    for _ in range(2):
        await bank.loans.choose(asking("one", "ann", OFFERED), "ann", MONTH, Choice("2026-11-12/day"))
        assert await bank.balances("ann") == {"gift": 1_565, "leave": 1_800}, "the same act again changes nothing"
    with pytest.raises(OffsetError, match="has done something else as one"):
        await bank.loans.take_back(asking("one", "ann", OFFERED), "ann", MONTH, None)
    for other in (Choice(), Choice("2026-11-10/idle"), Choice("2026-11-12/day", 1)):
        with pytest.raises(OffsetError, match="has done something else as one"):
            await bank.loans.choose(asking("one", "ann", OFFERED), "ann", MONTH, other)
    with pytest.raises(OffsetError, match="has done something else as one"):
        await bank.loans.keep(asking("one", "ann", OFFERED), "ann", MONTH)
    left = await bank.loans.choose(asking("two", "ann", OFFERED), "ann", MONTH, Choice(seconds=100))
    assert (left.owed_s, left.balance_s) == (1_700, 1_465)
    await bank.has("ann", 235, OTHER)
    left = await bank.loans.choose(asking("three", "ann", CLOSES - 1), "ann", MONTH, Choice())
    assert (left.owed_s, left.balance_s) == (0, 0)
    assert (await verify(engine, lambda done, total: None)).findings == []


async def test_who_keeps_the_balance_is_not_offset_by_itself(engine: AsyncEngine) -> None:
    bank = Bank(engine)
    await bank.owes("ann", 1_800, 0)
    await bank.has("ann", 3_000)
    for act in ("a", "a", "b"):
        await bank.loans.keep(asking(act, "ann", OFFERED), "ann", MONTH)
    with pytest.raises(OffsetError, match="has done something else as a"):
        await bank.loans.choose(asking("a", "ann", OFFERED), "ann", MONTH, Choice())
    result = (await bank.closing.close(CLOSING, MONTH, [attended("ann")]))["ann"]
    assert (result.month.full, await bank.balances("ann")) == (False, {"gift": 3_000})


async def test_a_unit_may_leave_it_to_the_agents_alone(engine: AsyncEngine) -> None:
    bank = Bank(engine, loan={"offset_default": "never"})
    await bank.owes("ann", 1_800, 0)
    await bank.has("ann", 3_000)
    await bank.closing.close(CLOSING, MONTH, [attended("ann")])
    assert await bank.balances("ann") == {"gift": 3_000}


async def test_leave_of_a_busy_day_is_no_loan_and_leave_told_anew_makes_the_difference(engine: AsyncEngine) -> None:
    bank = Bank(engine)
    busy = OnLeave("ann", "team-1", date(2026, 11, 2), 3_600, 1)
    assert await bank.idle.post([busy]) == set()
    one = OnLeave("ann", "team-1", IDLE, 1_800, 1)
    for told, owed in ((one, 1_800), (one, 1_800), (one._replace(seconds=600, revision=2), 600)):
        await bank.idle.post([told])
        assert await bank.balances("ann") == {"leave": owed}
    await bank.idle.post([one._replace(seconds=0, revision=3)])
    assert await bank.balances("ann") == {}


async def test_nothing_is_owed_twice_however_often_it_is_told_side_by_side(engine: AsyncEngine) -> None:
    bank = Bank(engine)
    told = [OnLeave(agent, "team-1", IDLE, 1_800, 1) for agent in AGENTS]
    await asyncio.gather(*(Bank(engine).idle.post(told) for _ in range(4)))
    assert [await bank.balances(agent) for agent in AGENTS] == [{"leave": 1_800}] * 3


async def several(bank: Bank) -> list[Attended]:
    """Who is secured, whose balance does not go so far, who was late, and of whom nothing was ever posted."""
    for agent in AGENTS:
        await bank.owes(agent, 1_800, 435)
        await bank.has(agent, 2_000 if agent == "bob" else 3_000)
    return [attended("ann"), attended("bob"), attended("cy", "late_s"), attended("dee")]


RESULTS = {"ann": (True, 2_235, 0), "bob": (False, 0, 2_235), "cy": (False, 0, 2_235), "dee": (True, 0, 0)}
BALANCES = [{"gift": 765}, {"gift": 2_000}, {"gift": 3_000}, {}]


def brief(results: dict[str, Result]) -> dict[str, tuple[bool, int, int]]:
    return {agent: (one.month.full, one.month.offset_s, one.month.taken_s) for agent, one in results.items()}


class KilledError(Exception):
    """As if the process were gone: what was not committed is undone."""


@pytest.mark.parametrize("before", [before_each_statement, before_each_commit])
async def test_a_close_that_is_killed_anywhere_is_done_again(
    database_url: str, before: Callable[[AsyncEngine, Callable[[], None]], None]
) -> None:
    mild = open_engine(database_url)
    bank = Bank(mild)
    everybody = await several(bank)
    for dies_at in range(1, 1_000):
        engine = open_engine(database_url)
        left = dies_at

        def die() -> None:
            nonlocal left
            left -= 1
            if left == 0:
                raise KilledError

        before(engine, die)
        try:
            results = await Bank(engine).closing.close(CLOSING, MONTH, everybody)
        except KilledError:
            continue
        finally:
            await engine.dispose()
        break
    assert dies_at > (2 if before is before_each_commit else 10)
    assert brief(results) == RESULTS
    assert [await bank.balances(agent) for agent in ("ann", "bob", "cy", "dee")] == BALANCES
    assert brief(await bank.closing.given(MONTH)) == RESULTS
    assert (await verify(mild, lambda done, total: None)).findings == []
    await mild.dispose()


async def test_two_who_close_a_month_at_once_close_it_once(engine: AsyncEngine) -> None:
    bank = Bank(engine)
    everybody = await several(bank)
    closed = await asyncio.gather(
        *(Bank(engine).closing.close(CLOSING._replace(act=f"close/{number}"), MONTH, everybody) for number in range(3))
    )
    assert [brief(each) for each in closed] == [RESULTS] * 3
    assert {one.number for one in (await bank.closing.given(MONTH)).values()} == {1}
    assert [await bank.balances(agent) for agent in ("ann", "bob", "cy", "dee")] == BALANCES
    with pytest.raises(OffsetError, match="the month is closed"):
        await bank.loans.choose(asking("x", "ann", OFFERED), "ann", MONTH, Choice())


async def test_what_is_under_appeal_waits(engine: AsyncEngine) -> None:
    bank = Bank(engine)
    await bank.owes("ann", 1_800, 435)
    waits = attended("ann", disputed=frozenset({OTHER}))
    result = (await bank.closing.close(CLOSING, MONTH, [waits, attended("bea")]))["ann"]
    assert (result.month.taken_s, result.month.owed_s, result.month.full) == (1_800, 435, False)
    assert await bank.closing.owing(MONTH) == ["ann"]
    assert await bank.balances("ann") == {"leave": 435}
    assert await bank.loans.settle(MONTH, [bank.closing.undecided(MONTH, waits)]) == set()
    over = attended("ann")
    assert await bank.loans.settle(MONTH, [bank.closing.undecided(MONTH, over)]) == {"ann"}
    assert await bank.balances("ann") == {}
    (difference,) = await bank.closing.differences(MONTH, [over])
    assert (difference.now.taken_s, difference.now.owed_s) == (2_235, 0)
    assert (await verify(engine, lambda done, total: None)).findings == []


async def test_what_waited_is_not_offset_where_what_was_taken_over_has_lost_full_attendance(
    engine: AsyncEngine,
) -> None:
    bank = Bank(engine)
    await bank.owes("ann", 1_800, 435)
    await bank.has("ann", 500)
    waits = attended("ann", disputed=frozenset({OTHER}))
    result = (await bank.closing.close(CLOSING, MONTH, [waits]))["ann"]
    assert (result.month.taken_s, result.month.owed_s) == (1_800, 435)
    assert await bank.loans.settle(MONTH, [bank.closing.undecided(MONTH, attended("ann"))]) == {"ann"}
    assert await bank.balances("ann") == {"gift": 500}


async def test_a_correction_is_the_next_number_and_full_attendance_stays_as_it_was(engine: AsyncEngine) -> None:
    bank = Bank(engine)
    with pytest.raises(MonthOpenError, match="is not closed"):
        await bank.closing.correct(CLOSING, MONTH, attended("ann"), "late queue_log")
    await bank.closing.close(CLOSING, MONTH, [attended("ann", "late_s")])
    assert await bank.closing.differences(MONTH, [attended("ann", "late_s")]) == []
    (difference,) = await bank.closing.differences(MONTH, [attended("ann")])
    assert difference.given is not None
    assert (difference.given.month.late_s, difference.now.late_s) == (120, 0)
    for number, reopens, full in ((2, False, False), (3, True, True)):
        act = CLOSING._replace(act=f"correct/{number}")
        corrected = await bank.closing.correct(act, MONTH, attended("ann"), "late queue_log", reopens)
        assert corrected is not None
        assert (corrected.number, corrected.month.full, corrected.month.late_s) == (number, full, 0)
        assert await bank.closing.correct(act, MONTH, attended("ann"), "late queue_log", reopens) is None
    assert await bank.closing.differences(MONTH, [attended("ann")]) == []


async def test_months_from_the_26th_on_take_their_own_days(engine: AsyncEngine) -> None:
    bank = Bank(engine, begins=26)
    before, after = date(2026, 11, 24), date(2026, 11, 26)
    for day in (before, after):
        await bank.idle.post([OnLeave("ann", "team-1", day, 600, 1)])
    assert bank.loans.month_at(at("2026-11-28T17:59")) == "2026-11"
    assert bank.loans.month_at(at("2026-11-28T18:00")) == "2026-12"
    assert bank.calendar.opens_on("2026-12") == date(2026, 12, 20)
    assert [item.day for item in (await bank.loans.offer("ann", "2026-11")).items] == [before]
    await bank.closing.close(CLOSING, "2026-11", [attended("ann")])
    assert await bank.balances("ann") == {"leave": 600}, "what is of December's month is still owed"
    await bank.settler.settle([worth(100, agent="bob", day=after + timedelta(days=1))])
    assert await bank.balances("bob") == {"savings": 100}
    await bank.settler.settle([worth(50, agent="bob", day=before)])
    async with engine.connect() as connection:
        rows = await connection.exec_driver_sql("SELECT key, month FROM transactions WHERE key LIKE 'settle/bob/%'")
        assert dict(tuple(row) for row in rows) == {
            "settle/bob/2026-11-27": "2026-12",
            "settle/bob/2026-11-24": "2026-12",  # late, and so in the month that runs
        }
