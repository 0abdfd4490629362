"""Two teams of a centre with a day or two behind them, on which somebody rules; and a bank that closes these days."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.bank.asking import Asking
from ccd.daemon.judged_by.importing import Importing, take_over_told
from ccd.daemon.services.ruling import About, rule
from ccd.daemon.site import Site
from ccd.daemon.switches.past import live_through
from ccd.floor.events import Heard, PbxEvent
from ccd.floor.spans import Span
from ccd.history.day_rows import COLUMNS, StoredDay, latest_days
from ccd.history.reading import reading
from ccd.history.schema import day_records
from ccd.history.unit_days import note_stale
from ccd.org.acts import Act
from ccd.org.csv_faults import Written
from ccd.org.people import Duty, Office, Person, Role
from ccd.org.rulings import Ruling
from ccd.org.schema import shifts
from ccd.org.told import Told
from ccd.org.told_rows import Teller
from ccd.settings import Settings
from tests.floor.floors import S, added, paused, removed, unpaused
from tests.history.closing import Bank

HOUR = 3_600
DAY_S = 86_400
MONDAY, TUESDAY = date(2026, 11, 2), date(2026, 11, 3)
MIDNIGHT_S = int(datetime(2026, 11, 2, tzinfo=UTC).timestamp())
ANN, BEN, CID = "PJSIP/1001", "PJSIP/2001", "PJSIP/3001"
ROSTER = (
    "agent,interface,member_name,unit,from,to\n"
    f"ann,{ANN},,team-1,,\n"
    f"ben,{BEN},,team-2,,\n"
    f"cid,{CID},,team-1,,2026-11-03\n"
    f"cid,{CID},,team-2,2026-11-03,\n"
    "dan,PJSIP/4001,,alone,,\n"
)
MANAGER = Person("mia", Role.SUPERVISOR, agent="mia", duties=(Duty(Office.HOTLINE_MANAGER, "centre"),))


def at(hours: float, day: int = 0) -> float:
    """Seconds since the epoch, of a day from Monday on."""
    return MIDNIGHT_S + day * DAY_S + hours * HOUR


# Ann's two days, of each of which half an hour is paused.
WORKED = tuple(
    event
    for day in (0, 1)
    for event in (
        added(at(8, day), seat=ANN), paused(at(9, day), "toilet", seat=ANN), unpaused(at(9.5, day), seat=ANN),
        removed(at(16, day), seat=ANN),
    )
)  # fmt: skip


def us(hours: float, day: int = 0) -> int:
    return round(at(hours, day) * S)


def span(start: float, end: float, day: int = 0) -> Span:
    return Span(us(start, day), us(end, day))


def moments(start: float, end: float) -> tuple[datetime, datetime]:
    """As a person writes them, hours from Monday on."""
    begins, ends = (datetime.fromisoformat("2026-11-02") + timedelta(hours=hours) for hours in (start, end))
    return begins, ends


def settings(folder: Path, *, schedules: bool) -> Settings:
    units = {
        "centre": {},
        "team-1": {"parent": "centre"},
        "team-2": {"parent": "centre"},
        "alone": {"parent": "centre"},
    }
    return Settings.model_validate(
        {"units": units, "state_directory": folder, "policy": [{"schedules": schedules}], "pbx": []}
    )


class Centre:
    def __init__(self, engine: AsyncEngine, folder: Path, *, schedules: bool = False) -> None:
        self.engine = engine
        self.site = Site(settings(folder, schedules=schedules), Written(Path("roster.csv"), ROSTER))
        self.bank = Bank(engine, units=("alone", "team-1", "team-2"), site=self.site.measuring)
        self.bank.now_s = at(12, 3)
        self.bank.follow(self.site.measuring, self.site.policies)

    async def follows(self, roster: str) -> None:
        """Another roster, also of the past."""
        self.site = Site(self.site.settings, Written(Path("roster.csv"), roster))
        self.bank.follow(self.site.measuring, self.site.policies)
        async with self.engine.begin() as connection:
            await note_stale(connection, 0)

    async def lives(self, *events: PbxEvent, until: float = 48) -> None:
        await live_through(self.engine, self.site, "pbx", [*events, Heard(us(until))])

    async def close(self) -> None:
        await self.bank.closer.close_due()

    def asking(self, person: Person = MANAGER, act: str | None = None) -> Asking:
        return Asking(act or uuid4().hex, person, "desk-1", self.bank.now())

    async def rules(
        self, counts: str, on: Span, *, agent: str | None = None, unit: str | None = None, act: str | None = None
    ) -> Ruling:
        return await rule(
            self.engine, self.site, self.asking(act=act), About(agent, unit, on), counts, "the CRM was down"
        )

    async def plans(self, *told: Told) -> None:
        act = Act(uuid4().hex, 1, "pat", "desk", "import shifts", "plan", "", "", "as told")
        asked = Importing(shifts, Teller("plan", Path("plan.csv")), told, None)
        await take_over_told(self.engine, self.site.agent_days, asked, act)

    async def day(self, agent: str, day: date = MONDAY) -> StoredDay:
        async with reading(self.engine) as connection:
            return (await latest_days(connection, day))[agent]

    async def revisions(self) -> dict[tuple[str, int], int]:
        """By agent and day of the month."""
        return {(agent, day.day): revision for agent, day, revision in await self.bank.revisions()}

    async def record(self, agent: str) -> Sequence[Any]:
        """All of Monday's newest record but which one it is, and when it was made."""
        left_out = ("revision", "made_at", "digest")
        columns = [day_records.c[name] for name in COLUMNS if name not in left_out]
        wanted = select(*columns).where(day_records.c.agent == agent, day_records.c.day == MONDAY)
        async with self.engine.connect() as connection:
            rows = await connection.execute(wanted.order_by(day_records.c.revision.desc()))
            found: Sequence[Any] = rows.first() or ()
            return found


def shift(agent: str, start: float, end: float, breaks: str = "[]") -> Told:
    return Told(f"{agent}/{start}", agent, MONDAY, us(start), us(end), breaks)
