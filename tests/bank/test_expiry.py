"""Unused time that expires as a month closes (docs/time-bank.md 4): oldest first, once, and nobody else's."""

import asyncio
import json
from collections import deque
from datetime import date, time
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.bank.accounts import AGENT_ACCOUNTS, BALANCE_KINDS, HOUSE_ACCOUNTS, agent_owner
from ccd.bank.attendance_calendar import month_before
from ccd.bank.branch import Branch
from ccd.bank.expiry import Expiring, Expiry, OnAccount, expiry_key
from ccd.bank.month_close import MonthClose
from ccd.bank.policy import Policies
from ccd.floor.days import SECOND
from ccd.ledger.model import Account, Late, Leg, Posting, Reserve, Resolve, Term
from ccd.ledger.verify import verify
from ccd.org.agent_days import AgentDays
from ccd.org.roster import Roster, RosterLine
from ccd.org.units import Unit, Units
from tests.bank.policies import policy
from tests.bank.test_month_close import AGENTS, CLOSING, HOUSE, IDLE, MONTH, OFFERED, OTHER, Bank, asking, attended
from tests.databases import questions_of

OCTOBER, NOVEMBER, DECEMBER = date(2026, 10, 10), date(2026, 11, 10), date(2026, 12, 1)


async def used(bank: Bank, agent: str, seconds: int, day: date = NOVEMBER) -> None:
    legs = (Leg(Account(agent_owner(agent), "gift"), HOUSE.withdrawn, seconds, "correction"),)
    (await bank.ledger.post(Posting(f"used/{agent}/{day}", 1, "demo", day, legs, "test"))).or_raise()


async def test_the_example_of_the_rules_once_however_often_the_month_is_closed(engine: AsyncEngine) -> None:
    bank = Bank(engine, expires_after_months=1)
    await bank.has("ann", 3_000, OCTOBER)
    await bank.has("ann", 500, NOVEMBER)
    await bank.has("ann", 70, DECEMBER)  # while nobody has closed November yet
    await used(bank, "ann", 1_000)
    foreseen = await bank.closing.expires(MONTH, attended("ann"))
    assert foreseen == Expiring(1, MONTH, {"gift": OnAccount(2_570, 570)})
    everybody = [attended(agent) for agent in (*AGENTS, "dee")]
    await asyncio.gather(
        *(Bank(engine, expires_after_months=1).closing.close(CLOSING, MONTH, everybody) for _ in range(3))
    )
    await bank.closing.close(CLOSING._replace(act="again"), MONTH, everybody)
    assert await bank.balances("ann") == {"gift": 570}
    assert (await bank.house())["expiry"] == 2_000
    assert await bank.expiry.expired(MONTH, [*AGENTS, "dee"]) == {"ann": 2_000}
    (line,) = [one for one in (await bank.ledger.statement(agent_owner("ann"))).lines if "expiry" in one.key]
    assert (line.key, line.revision, line.day) == (expiry_key("ann", MONTH), 1, date(2026, 11, 30))
    facts = {"months": 1, "since": MONTH, "accounts": {"gift": {"balance_s": 2_570, "came_in_s": 570}}}
    assert json.loads(line.facts) == facts
    assert (await verify(engine, lambda done, total: None)).findings == []


async def test_a_house_that_was_opened_before_there_was_such_an_account_gets_one(engine: AsyncEngine) -> None:
    before = tuple(kind for kind in HOUSE_ACCOUNTS if kind.name != "expiry")
    await Bank(engine).ledger.open_accounts([HOUSE.owner], before, "demo", "an earlier ccd")
    own = agent_owner("ann")
    await Bank(engine).ledger.open_accounts([own], AGENT_ACCOUNTS, "demo", "an earlier ccd")
    legs = (Leg(HOUSE.gift, Account(own, "gift"), 3_000, "gift"),)
    await Bank(engine).ledger.post(Posting("has", 1, "demo", OCTOBER, legs, "test"))
    bank = Bank(engine, expires_after_months=1)
    await bank.closing.close(CLOSING, MONTH, [attended("ann")])
    assert (await bank.balances("ann"), (await bank.house())["expiry"]) == ({}, 3_000)


async def test_a_month_before_the_policy_held_takes_nothing(engine: AsyncEngine) -> None:
    bank = Bank(engine, later=(policy(date(2026, 12, 1), expires_after_months=1),))
    await bank.has("ann", 3_000, OCTOBER)
    assert await bank.closing.expires(MONTH, attended("ann")) is None
    await bank.closing.close(CLOSING, MONTH, [attended("ann")])
    assert await bank.balances("ann") == {"gift": 3_000}
    foreseen = await bank.closing.expires("2026-12", attended("ann"))
    assert foreseen is not None
    assert foreseen.by_account == {"gift": 3_000}


async def test_who_is_in_no_unit_on_the_last_day_keeps_what_there_is(engine: AsyncEngine) -> None:
    bank = Bank(engine, expires_after_months=1)
    await bank.has("gone", 3_000, OCTOBER)
    await bank.closing.close(CLOSING, MONTH, [attended("ann"), attended("gone")])
    assert await bank.balances("gone") == {"gift": 3_000}


@pytest.mark.parametrize("days_late", [0, 7])
async def test_the_policy_is_that_of_the_unit_on_the_last_day_and_who_left_by_the_close_keeps_it(
    engine: AsyncEngine, days_late: int
) -> None:
    """ann goes to team-2 on that day, bob a day later: there nothing expires. cy's last day is that before the close,
    and dee's the one on which the month is to close: where it closes later, she has left, too."""
    bank = Bank(engine)
    units = Units("Asia/Shanghai", time(0), {"team-1": Unit(), "team-2": Unit()})
    goes = {"ann": date(2026, 11, 30), "bob": date(2026, 12, 1), "cy": date(2026, 12, 3), "dee": date(2026, 12, 4)}
    lines = []
    for agent, day in goes.items():
        then = units.days("").of_date(day).start
        lines.append(RosterLine(2, agent, f"PJSIP/{agent}", "", "team-1", end=then))
        if agent in ("ann", "bob"):
            lines.append(RosterLine(3, agent, f"PJSIP/{agent}", "", "team-2", start=then))
        await bank.has(agent, 3_000, OCTOBER)
    policies = Policies(bank.policies.default, {"team-1": (policy(date(2026, 1, 1), expires_after_months=1),)})
    branch = Branch(bank.ledger, units, policies, AgentDays(Roster(lines), units), "demo")
    closing = MonthClose(bank.ledger, policies, bank.loans, Expiry(branch, bank.calendar), "demo")
    expires = Expiring(1, MONTH, {"gift": OnAccount(3_000, 0)})
    foreseen = [await closing.expires(MONTH, attended(agent)) for agent in goes]
    assert foreseen == [None, expires, None, expires]
    at = CLOSING.at + days_late * 86_400 * SECOND
    await closing.close(CLOSING._replace(at=at), MONTH, [attended(agent) for agent in goes])
    assert [bool(await bank.balances(agent)) for agent in goes] == [True, False, True, days_late > 0]


async def test_what_is_offset_by_itself_does_not_expire_nor_is_it_foreseen_so(engine: AsyncEngine) -> None:
    """ann's 2,235 s are; bob has a fault, and cy keeps the balance: what they owe is attendance's."""
    bank = Bank(engine, expires_after_months=1)
    people = {agent: attended(agent, *(("late_s",) if agent == "bob" else ())) for agent in AGENTS}
    for agent in AGENTS:
        await bank.owes(agent, 1_800, 435)
        await bank.has(agent, 3_000, OCTOBER)
        await bank.has(agent, 300)
    await bank.loans.keep(asking("k", "cy", OFFERED), "cy", MONTH)
    foreseen = {agent: await bank.closing.expires(MONTH, one) for agent, one in people.items()}
    assert foreseen == {
        "ann": Expiring(1, MONTH, {"gift": OnAccount(1_065, 300)}),
        "bob": Expiring(1, MONTH, {"gift": OnAccount(3_300, 300)}),
        "cy": Expiring(1, MONTH, {"gift": OnAccount(3_300, 300)}),
    }
    assert (await bank.balances("ann"))["leave"] == 2_235, "nothing of it is done"
    await bank.closing.close(CLOSING, MONTH, [*people.values()])
    assert await bank.expiry.expired(MONTH, AGENTS) == {agent: one.seconds for agent, one in foreseen.items() if one}
    asked = questions_of(engine)
    assert await bank.closing.expires(MONTH, people["ann"]) is None, "nothing any more"
    assert not [statement for statement, _ in asked if "attendance_results.figures" in statement], "it reads nobody's"


async def test_what_is_owed_and_under_appeal_is_set_aside(engine: AsyncEngine) -> None:
    bank = Bank(engine, expires_after_months=1)
    await bank.owes("ann", 1_800, 435)
    await bank.has("ann", 3_000, OCTOBER)
    await bank.has("ann", 300)
    ann = attended("ann", disputed=frozenset([IDLE, OTHER]))
    expires = Expiring(1, MONTH, {"gift": OnAccount(3_300, 300, 2_235)})
    assert await bank.closing.expires(MONTH, ann) == expires
    await bank.closing.close(CLOSING, MONTH, [ann])
    assert await bank.balances("ann") == {"gift": 2_535, "leave": 2_235}
    (line,) = [one for one in (await bank.ledger.statement(agent_owner("ann"))).lines if "expiry" in one.key]
    assert json.loads(line.facts)["accounts"] == {"gift": {"balance_s": 3_300, "came_in_s": 300, "owed_s": 2_235}}
    await bank.closing.settle_appealed(MONTH, [attended("ann")])
    assert (await bank.balances("ann"), (await bank.house())["offset"]) == ({"gift": 300}, 2_235)


async def test_what_is_taken_back_by_hand_is_no_younger_than_it_was(engine: AsyncEngine) -> None:
    bank = Bank(engine, expires_after_months=1)
    await bank.has("ann", 3_000, OCTOBER)
    await bank.closing.close(CLOSING, MONTH, [attended("ann")])
    (line,) = [one for one in (await bank.ledger.statement(agent_owner("ann"))).lines if "expiry" in one.key]
    (await bank.ledger.reverse(line.transaction, "back", "lead", "meant otherwise", "2026-12")).or_raise()
    assert await bank.balances("ann") == {"gift": 3_000}
    assert await bank.expiry.expired(MONTH, ["ann"]) == {"ann": 0}
    foreseen = await bank.closing.expires("2026-12", attended("ann"))
    assert foreseen == Expiring(1, "2026-12", {"gift": OnAccount(3_000, 0)})


async def test_months_that_begin_on_the_26th_are_those_in_which_it_counts(engine: AsyncEngine) -> None:
    bank = Bank(engine, begins=26, expires_after_months=1)
    await bank.has("ann", 3_000, date(2026, 10, 25))  # the last day of October's
    await bank.has("ann", 500, date(2026, 10, 26))
    await bank.closing.close(CLOSING, MONTH, [attended("ann")])
    assert await bank.balances("ann") == {"gift": 500}


MOVES = st.lists(st.tuples(st.integers(0, 3), st.integers(-400, 400)), max_size=30)


@given(MOVES, st.integers(1, 4))
def test_what_expires_is_what_is_left_of_the_lots_that_came_in_before(moves: list[tuple[int, int]], kept: int) -> None:
    """Against a pile of lots, each with the month in which it came in, of which the oldest is used first."""
    month, lots, came_in = 0, deque[list[int]](), dict[int, int]()
    for months_later, seconds in moves:
        for closes in range(month, month + months_later):
            first = closes - kept + 1
            balance_s = sum(lot_s for _, lot_s in lots)
            recent_s = sum(s for each, s in came_in.items() if each >= first)
            expires_s = OnAccount(balance_s, recent_s).expires_s
            assert expires_s == sum(lot_s for each, lot_s in lots if each < first)
            _use(lots, expires_s)
        month += months_later
        if seconds > 0:
            lots.append([month, seconds])
            came_in[month] = came_in.get(month, 0) + seconds
        else:
            _use(lots, min(-seconds, sum(lot_s for _, lot_s in lots)))


def _use(lots: deque[list[int]], seconds: int) -> None:
    while seconds:
        drawn = min(seconds, lots[0][1])
        lots[0][1] -= drawn
        seconds -= drawn
        if not lots[0][1]:
            lots.popleft()


class Life:
    """An agent's account in a notebook: what came in and went out of each kind, in order; a use that was taken back is
    as if it had never been. `held` are the draws of each reservation, `owed` is leave, by month."""

    def __init__(self) -> None:
        self.came_and_went: dict[str, list[tuple[str, int, int]]] = {kind: [] for kind in BALANCE_KINDS}
        self.held: dict[int, list[tuple[str, int]]] = {}
        self.owed: dict[str, int] = {}

    def lots(self, kind: str) -> deque[list[Any]]:
        found = deque[list[Any]]()
        for month, seconds, _ in self.came_and_went[kind]:
            if month:
                found.append([month, seconds])
            else:
                _use(found, seconds)
        return found

    def free(self) -> dict[str, int]:
        return {kind: sum(s for _, s in self.lots(kind)) - self.held_of(kind) for kind in BALANCE_KINDS}

    def held_of(self, kind: str) -> int:
        return sum(s for draws in self.held.values() for of, s in draws if of == kind)

    def draws(self, seconds: int) -> list[tuple[str, int]]:
        found = []
        for kind, free in self.free().items():
            if draw := min(seconds, free):
                found.append((kind, draw))
                seconds -= draw
        return found

    def goes(self, draws: list[tuple[str, int]], number: int = 0) -> None:
        for kind, seconds in draws:
            self.came_and_went[kind].append(("", seconds, number))

    def never_was(self, number: int) -> None:
        for kind, moves in self.came_and_went.items():
            self.came_and_went[kind] = [one for one in moves if not number or one[2] != number]

    def closes(self, month: str, months: int) -> int:
        """What expires."""
        owed_s = self.owed.pop(month, 0)
        if owed_s <= sum(self.free().values()):
            self.goes(self.draws(owed_s))
        since, aside, lost = month_before(month, months - 1), dict(self.draws(sum(self.owed.values()))), []
        for kind in BALANCE_KINDS if months else ():
            old_s = sum(s for each, s in self.lots(kind) if each < since)
            lost.append((kind, max(0, old_s - self.held_of(kind) - aside.get(kind, 0))))
        self.goes(lost)
        return sum(s for _, s in lost)


class Lives:
    """Of agents, in the ledger and in a notebook."""

    def __init__(self, bank: Bank, seed: int) -> None:
        self.bank, self.chance, self.number = bank, Random(seed), 0
        self.books = {agent: Life() for agent in AGENTS}

    async def posts(self, day: date, *legs: Leg, terms: tuple[Term, ...] = ()) -> int:
        self.number += 1
        posting = Posting(f"life/{self.number}", 1, "demo", day, legs, "test", terms=terms)
        outcome = await self.bank.ledger.post(posting)
        outcome.or_raise()
        return outcome.transaction

    async def act(self, month: str, closed: str) -> None:
        """In a month that is open; what is for one that is closed counts in it."""
        chance, bank = self.chance, self.bank
        agent = chance.choice(AGENTS)
        one, own, seconds = self.books[agent], agent_owner(agent), chance.randint(1, 1_000)
        day, late = date.fromisoformat(f"{month}-{chance.randint(1, 20):02d}"), (Late(month),)
        if closed and chance.random() < 0.2:
            day = date.fromisoformat(f"{closed}-05")
        free = {kind: s for kind, s in one.free().items() if s}
        match chance.choice(("in", "in", "in", "out", "out", "hold", "end", "back", "owe")):
            case "in":
                kind = chance.choice(BALANCE_KINDS)
                await self.posts(day, Leg(HOUSE.gift, Account(own, kind), seconds, "correction"), terms=late)
                one.came_and_went[kind].append((month, seconds, 0))
            case "out" if free:
                kind = chance.choice([*free])
                gone = min(seconds, free[kind])
                leg = Leg(Account(own, kind), HOUSE.withdrawn, gone, "correction")
                one.goes([(kind, gone)], await self.posts(day, leg, terms=late))
            case "hold" if free:
                draws = one.draws(seconds)
                accounts, total = tuple(Account(own, kind) for kind in BALANCE_KINDS), sum(s for _, s in draws)
                await self.posts(day, terms=(Reserve(accounts, Account(own, "reserved"), total, "withdrawal"), *late))
                one.held[self.number] = draws
            case "end" if one.held:
                number = chance.choice([*one.held])
                draws = one.held.pop(number)
                spent = chance.choice((0, sum(s for _, s in draws)))
                to = HOUSE.withdrawn if spent else None
                await self.posts(day, terms=(Resolve((f"life/{number}", 1), "withdrawal", spent, to), *late))
                one.goes(draws if spent else [])
            case "back":
                if numbers := sorted({n for moves in one.came_and_went.values() for _, _, n in moves if n}):
                    number = chance.choice(numbers)
                    (await bank.ledger.reverse(number, f"back/{number}", "lead", "", month)).or_raise()
                    one.never_was(number)
            case "owe" if day.isoformat().startswith(month):
                await self.posts(day, Leg(HOUSE.leave, Account(own, "leave"), seconds, "leave"))
                one.owed[month] = one.owed.get(month, 0) + seconds


async def test_two_years_are_as_in_a_notebook_and_what_is_foreseen_is_what_is_taken(engine: AsyncEngine) -> None:
    """How long time is kept changes, months are closed late, and some acts are for days of closed ones."""
    begins = {date(2026, 9, 10): 1, date(2027, 1, 31): 0, date(2027, 3, 1): 2, date(2027, 10, 1): 1}
    later = tuple(policy(day, expires_after_months=months) for day, months in begins.items())
    bank = Bank(engine, later=later, expires_after_months=3)
    await bank.ledger.open_accounts([HOUSE.owner], HOUSE_ACCOUNTS, "demo", "test")
    await bank.ledger.open_accounts([agent_owner(agent) for agent in AGENTS], AGENT_ACCOUNTS, "demo", "test")
    lives = Lives(bank, 1)
    open_months, closed = [month_before("2028-01", back) for back in range(24, 0, -1)], ""
    expired_s = 0
    for running, following in pairwise(open_months):
        for _ in range(6):
            await lives.act(running, closed)
        for _ in range(lives.chance.randint(0, 3)):
            await lives.act(following, closed)
        months = bank.policies.policy_at(None, bank.calendar.span(running)[1]).expires_after_months
        foreseen = {agent: await bank.closing.expires(running, attended(agent)) for agent in AGENTS}
        await bank.closing.close(CLOSING._replace(act=running), running, [attended(agent) for agent in AGENTS])
        taken = await bank.expiry.expired(running, AGENTS)
        for agent, one in lives.books.items():
            expects_s, told = one.closes(running, months), foreseen[agent]
            assert (taken.get(agent, 0), told.seconds if told else 0) == (expects_s, expects_s), (running, agent)
            free = {kind: s for kind, s in one.free().items() if s}
            reserved_s, owed_s = sum(map(one.held_of, BALANCE_KINDS)), sum(one.owed.values())
            held = {kind: s for kind, s in (("reserved", reserved_s), ("leave", owed_s)) if s}
            assert await bank.balances(agent) == free | held, (running, agent)
            expired_s += expects_s
        closed = running
    assert expired_s > 5_000
    assert (await verify(engine, lambda done, total: None)).findings == []
