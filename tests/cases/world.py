"""The world in which a worked case happens: the centre's two teams, the switch, the real bank, and a clock that the
case's lines move on. Each night what is over is closed, as the daemon does it."""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.bank.accounts import agent_owner
from ccd.bank.overtime_acts import Emergencies
from ccd.bank.said import Said
from ccd.bank.settle import Settler
from ccd.bank.withdrawing import Withdrawals
from ccd.daemon.judged_by.applied_shares import first_differing
from ccd.daemon.judged_by.importing import Importing, take_over_told
from ccd.daemon.services.months import AttendanceMonths, MonthsDue
from ccd.daemon.services.overtime import OvertimeClosing, emergencies_of
from ccd.daemon.services.withdrawals import DaysOff, withdrawals_of
from ccd.daemon.site import Current, Site
from ccd.daemon.stores import ledger_of
from ccd.errors import CcdError
from ccd.floor.events import PbxEvent
from ccd.history.close import Closer
from ccd.history.unit_days import note_stale
from ccd.org import told_rows
from ccd.org.acts import Act
from ccd.org.csv_faults import Written
from ccd.org.roster import changes_since
from ccd.org.schema import leaves, shifts
from ccd.org.told import Told
from ccd.settings import Settings
from ccd.sql.turns import Patience, take_turn
from tests.cases.story import Case, CaseError, Line, day_of, spans_of
from tests.floor.floors import S, added, heard, paused, removed, unpaused
from tests.history.observing import record

AGENTS = {"1001": "team-1", "1002": "team-1", "2001": "team-2"}
ROSTER = "agent,interface,member_name,unit,from,to\n" + "".join(
    f"{a},PJSIP/{a},,{unit},,\n" for a, unit in AGENTS.items()
)
SITE, HOUR_S = "demo", 3_600
UNITS = {"centre": {}, "team-1": {"parent": "centre"}, "team-2": {"parent": "centre"}}
Verb = Callable[["World", Line, re.Match[str]], Awaitable[None]]
VERBS: list[tuple[re.Pattern[str], Verb]] = []


def verb(pattern: str) -> Callable[[Verb], Verb]:
    def noted(done: Verb) -> Verb:
        VERBS.append((re.compile(pattern), done))
        return done

    return noted


def meant_by(said: str) -> tuple[Verb, re.Match[str]]:
    for pattern, done in VERBS:
        if match := pattern.fullmatch(said):
            return done, match
    raise CaseError(f"{said!r}: nobody knows how to do that; the head of each file says what can be told")


class World:
    def __init__(
        self, engine: AsyncEngine, case: Case, roster: str = ROSTER, more: Mapping[str, Any] = MappingProxyType({})
    ) -> None:
        """`more` of the configuration than a case says."""
        self.engine, self.now = engine, case.story[0].at
        policy = {"from": date(2026, 1, 1), "schedules": case.schedules} | case.policy
        settings = Settings.model_validate({"site": SITE, "policy": [policy], "units": UNITS} | dict(more))
        self.zone = ZoneInfo(settings.timezone)
        self.site = Site(settings, Written(Path("roster.csv"), roster))
        self.ledger = ledger_of(engine, settings, self.clock)
        self.settler = Settler(self.ledger, self.site.policies, SITE, lambda: self.now.date())
        self.closer = Closer(
            engine,
            self.site.measured_by,
            ("pbx",),
            self.settler.settle,
            self.clock,
            0,
        )
        self.current = current = Current(self.site, self.site)
        self.overtime = OvertimeClosing(self.ledger, current, self.clock, self.tell)
        self.days_off_due = DaysOff(self.ledger, current, self.clock, self.tell)
        self.months_due = MonthsDue(self.ledger, current, self.clock, self.tell)
        self.seen: list[PbxEvent] = []
        self.plan: dict[str, Told] = {}
        self.leave: dict[str, Told] = {}
        self._tick = 0

    def clock(self) -> int:
        self._tick += 1  # no two readings are the same
        return int(self.now.timestamp()) * S + self._tick

    def read(self, at: int) -> datetime:
        """An instant, µs, by the site's clock."""
        return datetime.fromtimestamp(at / S, self.zone)

    def today(self, unit: str = "") -> date:
        return self.site.units.days(unit).at(int(self.now.timestamp()) * S).day

    def tell(self, agents: Iterable[str]) -> None:
        """There are no pages here."""

    async def live_through(self, story: Iterable[Line]) -> None:
        for line in story:
            await self.until(line.day)
            self.now = line.at
            await self.do(line)
        last = max([self.now.date(), *(self.read(event.at).date() for event in self.seen)])
        await self.until(last + timedelta(days=1))

    async def do(self, line: Line) -> None:
        refusal = await self.refusal_of(line)
        if line.refused is None:
            assert not refusal, (line.written, refusal)
        else:
            assert line.refused in refusal, line.written

    async def refusal_of(self, line: Line) -> str:
        """Does it; why it can't be done, or nothing."""
        done, match = meant_by(line.said)
        try:
            await done(self, line, match)
        except CcdError as error:
            return str(error)
        return ""

    async def until(self, day: date) -> None:
        """The nights before it: the switch is heard, days are closed and settled, days off that are over are spent."""
        while self.now.date() < day:
            next_day = self.site.units.days("").of_date(self.now.date() + timedelta(days=1))
            end_s = next_day.start // S
            over = sorted((event for event in self.seen if event.at <= end_s * S), key=lambda event: event.at)
            self.seen = [event for event in self.seen if event.at > end_s * S]
            await record(self.engine, *over, heard(end_s), rules=self.site.seat_rules)
            self.now = self.read(next_day.start + S)
            await self.night()

    async def night(self) -> None:
        await self.closer.close_due()
        await self.days_off_due.look()
        while await self.overtime.close_due():
            await self.closer.close_due()  # where overtime is base
        await self.months_due.look()

    async def points(self) -> dict[str, float]:
        """Of each month that was closed, by agent; of who has some."""
        found = {}
        for month in sorted(await self.months.closed()):
            for agent, result in (await self.months.closing.given(month)).items():
                if result.month.points_100:
                    found[f"{agent} {month}"] = result.month.points_100 / 100
        return found

    @property
    def months(self) -> AttendanceMonths:
        return AttendanceMonths(self.ledger, self.site, self.clock)

    @property
    def emergencies(self) -> Emergencies:
        return emergencies_of(self.ledger, self.site)

    @property
    def days_off(self) -> Withdrawals:
        return withdrawals_of(self.ledger, self.site)

    def said(self, by: str, why: str = "") -> Said:
        return Said(by, self.now.date(), self.clock(), why)

    async def balances(self) -> dict[str, dict[str, int]]:
        """What is not nothing, by agent and account."""
        found = {}
        for agent in AGENTS:
            held = await self.ledger.balances(agent_owner(agent))
            if some := {kind: seconds for kind, seconds in held.items() if seconds}:
                found[agent] = some
        return found

    async def go_on_by(self, roster: Written, people: Written | None = None) -> None:
        """Another roster, or people, as the daemon applies it: what it says otherwise of days that are over is measured
        anew."""
        before, self.site = self.site, Site(self.site.settings, roster, None, people)
        self.current.site = self.current.shown = self.site
        self.closer.follow(self.site.measured_by)
        since = [changes_since(before.roster, self.site.roster)]
        if day := first_differing(before.staff.shares, self.site.staff.shares):
            since.append(self.site.first_start(day))
        if some := [at for at in since if at is not None]:
            await take_turn(self.engine, lambda connection: note_stale(connection, min(some)), Patience())
        await self.night()

    def told(self, agent: str, day: date, start: int, end: int, what: str) -> Told:
        return Told(f"{agent}/{day}/{start}", agent, day, start * S, end * S, what)


# --- what the switch sees -----------------------------------------------------------------------------------------


@verb(r"(?P<agent>\d+) works (?P<when>[\d:]+-[\d:]+(?: and [\d:]+-[\d:]+)*)(?P<pauses>(?:, \w+ [\d:]+-[\d:]+)*)")
async def works(world: World, line: Line, said: re.Match[str]) -> None:
    seat = f"PJSIP/{said['agent']}"
    for start, end in spans_of(said["when"], line.day, world.zone):
        world.seen += [added(start, seat=seat), removed(end, seat=seat)]
    for pause in re.findall(r", (\w+ [\d:]+-[\d:]+)", said["pauses"]):
        ((start, end),) = spans_of(pause, line.day, world.zone)
        world.seen += [paused(start, pause.split()[0], seat=seat), unpaused(end, seat=seat)]


# --- what other systems tell --------------------------------------------------------------------------------------


@verb(r"the plan says (?P<agent>\d+) (?P<shift>[\d:]+-[\d:]+)(?: less (?P<breaks>.+?))? on (?P<days>.+)")
async def plans(world: World, line: Line, said: re.Match[str]) -> None:
    told = []
    for each in said["days"].split(", "):
        day = day_of(each)
        ((start, end),) = spans_of(said["shift"], day, world.zone)
        breaks = [[first * S, last * S] for first, last in spans_of(said["breaks"] or "", day, world.zone)]
        told.append(world.told(said["agent"], day, start, end, str(breaks).replace(" ", "")))
    await hand_over(world, line, shifts, told)


@verb(r"HR says (?P<agent>\d+) (?P<kind>\w+) (?P<when>[\d:]+-[\d:]+) on (?P<day>.+)")
async def leaves_(world: World, line: Line, said: re.Match[str]) -> None:
    day = day_of(said["day"])
    ((start, end),) = spans_of(said["when"], day, world.zone)
    await hand_over(world, line, leaves, [world.told(said["agent"], day, start, end, said["kind"])])


@verb(r"HR says (?P<agent>\d+) works (?P<percent>\d+) % of a contract from (?P<day>.+)")
async def works_a_part(world: World, line: Line, said: re.Match[str]) -> None:
    """And says again what was said before."""
    agent, share = said["agent"], f"{said['percent']}0000,{day_of(said['day'])}"
    header = "person,name,agent,role,unit,from,to,deputy_of,contract_ppm,contract_from"
    before = world.site.people_said.text.splitlines()[1:] if world.site.people_said else []
    people = "\n".join((header, *before, f"{agent},,{agent},,,,,,{share}"))
    await world.go_on_by(world.site.roster_said, Written(Path("people.csv"), people))


async def hand_over(world: World, line: Line, table: Table, told: Iterable[Told]) -> None:
    """With all that was said before, and not refused."""
    held, source = (world.plan, "plan") if table is shifts else (world.leave, "hr")
    said, now = held | {each.uid: each for each in told}, world.clock()
    act = Act(f"{now}", now, "hr", "here", table.name, source, "", "", line.written)
    importing = Importing(table, told_rows.Teller(source, Path(source)), said.values(), None)
    await take_over_told(world.engine, world.site.agent_days, importing, act)
    held.update(said)
    await world.night()
