"""A bank that closes days: two agents in a team, a clock that is set by hand, the real ledger."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ccd.bank.fate import Settlement
from ccd.bank.measured import Measured
from ccd.bank.policy import Policies
from ccd.bank.settle import Settler
from ccd.bank.statement import agent_account
from ccd.floor.agents import AgentRules
from ccd.floor.days import BusinessDays
from ccd.floor.owners import Owner
from ccd.floor.rules import ReasonRule, Reasons
from ccd.history.close import Closer, MeasuredBy
from ccd.history.day_rows import COLUMNS, StoredDay, latest_days
from ccd.history.reading import reading
from ccd.history.schema import day_records, unit_days
from ccd.history.whose import Measuring
from ccd.ledger.books import Ledger
from ccd.sql.turns import Patience
from tests.bank.policies import policy
from tests.floor.floors import RULES, S, added, paused, removed, unpaused
from tests.history.observing import IMPATIENT

DAY_S = 86_400
FIRST, SECOND = date(1970, 1, 1), date(1970, 1, 2)
ANN, BEN = "PJSIP/1001", "PJSIP/2001"
WAIT_S = 14_400
POLICIES = Policies((policy(date(1970, 1, 1)),))
RECOVERY = {"recovery": ReasonRule(max_us=600 * S)}
SHIFT = (
    added(1_000, seat=ANN), added(1_000, seat=BEN), paused(5_000, "toilet", seat=ANN), unpaused(5_600, seat=ANN),
    paused(9_000, "water", seat=BEN), unpaused(12_000, seat=BEN), removed(29_800, seat=ANN), removed(29_800, seat=BEN),
)  # fmt: skip
DEPOSIT_S = 28_800 * 37_000 // 1_000_000 - 600
OVERDRAFT_S = 3_000 - 28_800 * 37_000 // 1_000_000
OWNERS = {ANN: Owner("ann", "team", True), BEN: Owner("ben", "team", True)}


def of_desk(pbx: str, seat: str, name: str, at: int) -> Owner | None:
    return OWNERS.get(seat)


def measuring(owner=of_desk, turns: Sequence[int] = (), **zones: str) -> Measuring:
    def rules(unit: str | None) -> AgentRules:
        return AgentRules(Reasons(RECOVERY), RULES, BusinessDays(zones.get(unit or "", "UTC")))

    return Measuring(owner, turns, rules)


@dataclass
class Bank:
    """`now_s` is the clock's; `asked` what was settled so far; `fails` makes the next settlements fail."""

    engine: AsyncEngine
    now_s: float = 0.0
    asked: list[Measured] = field(default_factory=list)
    fails: int = 0
    units: Sequence[str] = ("team",)
    pbxs: Sequence[str] = ("pbx",)
    site: Measuring = field(default_factory=measuring)
    settled: asyncio.Event = field(default_factory=asyncio.Event)
    holds: bool = True

    def __post_init__(self) -> None:
        self.ledger = Ledger(self.engine, self.now, Patience())
        self.settler = Settler(self.ledger, POLICIES, "centre", self.today)
        self.closer = Closer(
            self.engine, MeasuredBy(self.units, self.site, POLICIES), self.pbxs, self.settle, self.now, WAIT_S,
            IMPATIENT, still_holds=self.still_holds,
        )  # fmt: skip

    def now(self) -> int:
        self.now_s += 1e-6  # no two readings are the same
        return round(self.now_s * S)

    def today(self) -> date:
        return FIRST + timedelta(days=int(self.now_s // DAY_S))

    async def still_holds(self, _: AsyncConnection) -> bool:
        return self.holds

    async def settle(self, measured: Iterable[Measured], dry_run: bool) -> Settlement:
        if self.fails:
            self.fails -= 1
            raise ConnectionResetError("as if the process had died here")
        measured = list(measured)
        self.asked += measured
        settlement = await self.settler.settle(measured, dry_run)
        self.settled.set()
        return settlement

    async def net_s(self, agent: str) -> int:
        account = await agent_account(self.ledger, agent)
        return account.balance_s + account.kinds["reserved"] - account.kinds["leave"]

    async def due(self) -> list[tuple[str, date]]:
        """The units' days that can be closed, in date order."""
        return [(each.unit, each.day.day) for each in (await self.closer.outlook(self.now())).due]

    def follow(self, measuring: Measuring, policies: Policies = POLICIES) -> None:
        """Another configuration from now on."""
        self.settler = Settler(self.ledger, policies, "centre", self.today)
        self.closer.follow(MeasuredBy(self.units, measuring, policies))

    async def day(self, agent: str, day: date = FIRST) -> StoredDay:
        async with reading(self.engine) as connection:
            return (await latest_days(connection, day))[agent]

    async def revisions(self) -> list[tuple[str, date, int]]:
        """Every record there is."""
        columns = day_records.c
        async with self.engine.connect() as connection:
            rows = await connection.execute(
                select(columns.agent, columns.day, columns.revision).order_by(
                    columns.day, columns.agent, columns.revision
                )
            )
            return [tuple(row) for row in rows]

    async def unfinished(self) -> list[date]:
        async with self.engine.connect() as connection:
            rows = await connection.execute(
                select(unit_days.c.day).where(unit_days.c.settled_at.is_(None) | unit_days.c.stale)
            )
            return [row.day for row in rows]


async def everything(engine: AsyncEngine) -> list[tuple[object, ...]]:
    """The records, but for when they were made and what follows from that."""
    async with engine.connect() as connection:
        kept = [day_records.c[name] for name in COLUMNS if name not in ("made_at", "digest", "sources")]
        rows = await connection.execute(select(*kept).order_by(*kept[:3]))
        return [tuple(row) for row in rows]
