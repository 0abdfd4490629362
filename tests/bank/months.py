"""A centre that lives through days which nobody chose, on one clock: everything that the daemon does by itself, done
each night, and what has to be true whatever happens."""

import json
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import UTC, date, datetime, time
from itertools import count
from types import MappingProxyType
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from structlog.testing import capture_logs

from ccd.bank.accounts import BALANCE_KINDS, agent_owner
from ccd.bank.attendance_calendar import month_before
from ccd.bank.budget_rows import budget_ends, budgets
from ccd.bank.loan import LoanOffer
from ccd.bank.offsetting import Choice
from ccd.bank.supply import NO_UNIT
from ccd.bank.withdrawal import ApplicationState
from ccd.bank.withdrawal_rows import withdrawal_states, withdrawals
from ccd.daemon.explained.resettling import Resettling
from ccd.daemon.services.budgets import OldBudgets
from ccd.daemon.services.supplying import Supplying
from ccd.errors import CcdError
from ccd.floor.days import SECOND as S
from ccd.ledger.balances import every_balance
from ccd.ledger.model import Close, Posting, month_of
from ccd.ledger.schema import caps, entries
from ccd.ledger.verify import verify
from ccd.org.acts import acts
from tests.bank.askers import asking
from tests.bank.reckoned import Reckoned
from tests.cases.late import World
from tests.cases.services import every_ruling
from tests.cases.story import MONTHS, Case, Line
from tests.cases.world import SITE

NAMES = {number: name for name, number in MONTHS.items()}
# What grows by an act, and what an act can change: two nights after each other leave all of it alike.
KEPT = ("transactions", "entries", "balances", "caps", "periods", "withdrawal_states", "day_records", "budget_ends")
HOLDS_TO_RESETTLE = 3  # to reckon months anew takes the longest of all


def said_day(day: date) -> str:
    return f"{day.day} {NAMES[day.month]}"


class Months(World):
    def __init__(
        self,
        engine: AsyncEngine,
        roster: str,
        begins: date,
        schedules: bool = False,
        more: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        first = Line("", begins, datetime.combine(begins, time(), UTC), "", None)
        super().__init__(engine, Case("", (first,), points={}, then={}, schedules=schedules), roster, more)
        self.now = self.read(self.site.units.days("").of_date(begins).start + S)
        self.begins, self.more = begins, more
        self.old_budgets = OldBudgets(self.ledger, self.current, self.clock)
        self.numbers, self.holds = count(1), count(1)
        self.given: set[tuple[str, str]] = set()  # the agents and months of which attendance was told

    def again(self, engine: AsyncEngine) -> "Months":
        """The same, and as it is now, on a copy of the database."""
        copy = Months(engine, self.site.roster_said.text, self.begins, more=self.more)
        copy.now, copy.seen, copy._tick = self.now, [*self.seen], self._tick
        copy.plan, copy.leave = {**self.plan}, {**self.leave}
        return copy

    async def ruled(self) -> list[str]:
        """The agents and units of which a ruling holds."""
        every = await every_ruling(self)
        gone = {one.reverses for one in every}
        return sorted({one.agent or one.unit or "" for one in every if not one.reverses and one.ref not in gone})

    async def reckoned(self) -> Reckoned:
        async with self.engine.connect() as connection:
            return await Reckoned.of(connection, self)

    async def attempt(self, said: str, at: time | None = None) -> bool:
        """Whether it was accepted; it is asked for now, or at a time of the day that runs."""
        if at is not None:
            self.now = max(self.now, datetime.combine(self.now.date(), at, self.zone))
        written = f"{next(self.numbers)}: {said}"
        return not await self.refusal_of(Line(written, self.now.date(), self.now, said, None))

    async def tries(self, act: Callable[[], Awaitable[object]]) -> bool:
        try:
            await act()
        except CcdError:
            return False
        return True

    async def closes(self, month: str) -> bool:
        """In the ledger, by hand."""
        close = Posting(f"close/{month}", 1, SITE, date.fromisoformat(f"{month}-01"), (), "hr", terms=(Close(),))
        return (await self.ledger.post(close)).refusal is None

    async def loans(self) -> dict[str, LoanOffer]:
        """By agent, what the month that is decided on now owes."""
        loans = self.months.loans
        month = loans.month_at(self.clock())
        return {agent: await loans.offer(agent, month) for agent in self.site.roster.agents}

    async def offsets(self, agent: str, seconds: int) -> bool:
        loans = self.months.loans
        month, who = loans.month_at(self.clock()), asking(agent, agent=agent, at=self.clock())
        return await self.tries(lambda: loans.choose(who, agent, month, Choice(seconds=seconds)))

    async def takes_back(self, agent: str, item: str | None) -> bool:
        loans = self.months.loans
        month, who = loans.month_at(self.clock()), asking(agent, agent=agent, at=self.clock())
        return await self.tries(lambda: loans.take_back(who, agent, month, item))

    async def keeps(self, agent: str) -> bool:
        months = self.months
        month, who = months.loans.month_at(self.clock()), asking(agent, agent=agent, at=self.clock())
        return await self.tries(lambda: months.loans.keep(who, agent, month))

    async def night(self) -> None:
        """All that the daemon does by itself; it has nothing to complain of."""
        with capture_logs() as logs:
            await self.closer.close_due()
            await self.days_off_due.look()
            await self.old_budgets.recall_due()
            while await self.overtime.close_due():
                await self.closer.close_due()  # where overtime is base
            await self.months_due.look()
        assert [line for line in logs if line["log_level"] == "error"] == []

    async def hold(self) -> None:
        """What has to be true after each night."""
        await self.night()
        before = await self.kept()
        await self.night()
        assert await self.kept() == before, "another night finds nothing to do"
        async with self.engine.connect() as connection:
            balances = await every_balance(connection)
            assert sum(balances.values()) == 0
            lowest = (await connection.execute(text("SELECT min(seconds) FROM balances"))).scalar() or 0
            assert lowest >= 0
            await self._caps_are_as_rows(connection)
        (await self.reckoned()).hold(self.given)
        if next(self.holds) % HOLDS_TO_RESETTLE == 0:
            await self.days_are_as_recorded()
            await self.balance_is_the_ledgers()

    async def kept(self) -> list[Any]:
        found: list[Any] = []
        async with self.engine.connect() as connection:
            for table in KEPT:
                found.append((table, (await connection.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one()))
            for query in ("SELECT name, limit_s, drawn_s FROM caps ORDER BY name", "SELECT * FROM balances"):
                found.append(sorted(tuple(row) for row in await connection.execute(text(query))))
        return found

    async def net(self) -> dict[str, int]:
        """Balance and reserved less leave."""
        found = {}
        for agent in self.site.roster.agents:
            held = await self.ledger.balances(agent_owner(agent))
            found[agent] = sum(held.get(kind, 0) for kind in (*BALANCE_KINDS, "reserved")) - held.get("leave", 0)
        return found

    # --- what must hold -----------------------------------------------------------------------------------------------

    async def _caps_are_as_rows(self, connection: AsyncConnection) -> None:
        """What is drawn on each is what rows beside the ledger say is given, handed out, and held or taken."""
        drawn: Counter[str] = Counter()
        given_s = 0
        asked = select(acts.c.subject, acts.c.at, acts.c.after).where(acts.c.kind == "give packet")
        for unit, at, after in (await connection.execute(asked)).all():
            told = json.loads(after)
            total_s = told["seconds"] * len(told["agents"])
            given_s += total_s
            day = self.site.units.days(unit).at(at).day
            paid = {f"budget/{told['budget']}": total_s} if told["budget"] else self._gift_caps(unit, day, total_s)
            drawn.update(paid)
        handed = select(budgets.c.unit, budgets.c.day, budgets.c.seconds, budget_ends.c.back_s).join(
            budget_ends, isouter=True
        )
        for unit, day, seconds, back_s in (await connection.execute(handed)).all():
            drawn.update(self._gift_caps(unit, day, seconds - (back_s or 0)))
        for places in (await self._places(connection)).values():
            drawn.update(places)
        kept = {row.name: row.drawn_s for row in await connection.execute(select(caps)) if row.drawn_s}
        assert kept == {name: seconds for name, seconds in drawn.items() if seconds}
        moved_s = await connection.scalar(select(func.sum(entries.c.seconds)).where(entries.c.service == "gift"))
        assert (moved_s or 0) == given_s

    async def _places(self, connection: AsyncConnection) -> dict[str, dict[str, int]]:
        """By application, what it draws on quotas; who has taken the day has had the place."""
        said, of = withdrawal_states.c, withdrawals.c
        query = select(of.id, of.day, of.seconds, said.state, said.quotas).join(withdrawal_states)
        found: dict[str, dict[str, int]] = {}
        for name, day, seconds, state, quotas in await connection.execute(query.order_by(of.id, said.number)):
            told = json.loads(quotas)
            units, in_hours = (told["units"], told["in_hours"]) if isinstance(told, dict) else (told, ())
            if state in (ApplicationState.APPLIED, ApplicationState.APPROVED):
                found[name] = {f"quota/{unit}/{day}": 1 for unit in units}
                found[name] |= {f"quota/{unit}/{day}/seconds": seconds for unit in in_hours}
            elif state != ApplicationState.TAKEN:
                found.pop(name, None)
        return found

    def _gift_caps(self, unit: str, day: date, seconds: int) -> dict[str, int]:
        return {f"gift/{each}/{month_of(day)}": seconds for each in self.site.units.with_above(unit, day)}

    async def days_are_as_recorded(self) -> None:
        """The ledger says of each day what its newest record is worth."""
        month, last = month_of(self.begins), month_of(self.now.date())
        months = [last]
        while months[-1] > month:
            months.append(month_before(months[-1]))
        for each in months:
            found = await Resettling(self.engine, self.site, self.clock).month(each)
            assert found.differs == []
            assert found.waiting == []
            posted = found.held["savings"] + found.held["overdraft"] - found.held["leave"]
            assert found.worth_s == posted - found.written_off_s

    async def balance_is_the_ledgers(self) -> None:
        """What is said of all units, and of who is in none, is what the ledger's trial balance has."""
        found = await Supplying(self.ledger, self.site, self.clock).of()
        trial = await self.ledger.trial_balance(SITE, found.month)
        told = [one for one in trial if one.guarded and one.kind != "leave"]
        whole = [one for one in found.units if one.unit in ("centre", NO_UNIT)]
        assert sum(one.outstanding_s for one in whole) == sum(one.closing_s for one in told)
        moved_s = sum(one.deposited.total() - one.taken.total() for one in whole)
        assert moved_s == sum(one.credits_s - one.debits_s for one in told)

    async def proof(self) -> None:
        await self.days_are_as_recorded()
        assert (await verify(self.engine, lambda done, of: None)).findings == []


def rosters(lines: Iterable[tuple[str, str, date | None, date | None]]) -> str:
    rows = [f"{a},PJSIP/{a},,{unit},{since or ''},{until or ''}\n" for a, unit, since, until in lines]
    return "agent,interface,member_name,unit,from,to\n" + "".join(rows)
