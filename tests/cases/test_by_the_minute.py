"""What days come to when they are reckoned minute by minute, and what records, attendance, reports and the plan say of
them: over changes of the clock, with nights and a mover, and once more when people have ruled."""

import csv
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from statistics import median
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ccd.daemon.served.reporting import Report, ReportWanted, report
from ccd.daemon.services.attendance_rows import AttendanceRows
from ccd.daemon.services.ruling import About, rule
from ccd.floor.spans import Span
from ccd.history.day_rows import latest_days
from ccd.history.reading import reading
from ccd.org.schema import leaves, shifts
from ccd.org.shift_rows import scheduled_us
from ccd.reports.periods import Each
from ccd.reports.report import By, ReportLine, Show
from tests.bank.askers import asking
from tests.cases.by_the_minute import MINUTE, Life, Place, Reckoned, Ruling
from tests.cases.services import World
from tests.cases.story import Case, Line
from tests.cases.world import AGENTS, UNITS, hand_over
from tests.floor.floors import S

PLACES = [
    Place("Europe/Berlin", time(3), date(2027, 3, 23)),  # at two o'clock of the 28th it is three
    Place("America/New_York", time(0), date(2026, 10, 28)),  # at two o'clock of 1 November it is one
]
TIMES = ("signed_in", "available", "ringing", "on_call", "wrap_up", "aux", "exempt")
COUNTS = ("sign_ins", "sign_outs", "pauses", "offered", "answered", "missed")
OF_SHIFTS = ("late", "early_leave", "off_post")
RULINGS = 5


@pytest.mark.parametrize("new_database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.zone)
async def test_days_are_what_their_minutes_are(engine: AsyncEngine, place: Place) -> None:
    life = Life(place, seed=7)
    world = await lived(engine, life)
    await check(engine, world, life)
    for number in range(RULINGS):
        await somebody_rules(world, life, f"ruling {number}")
    await check(engine, world, life)


async def lived(engine: AsyncEngine, life: Life) -> World:
    """A world in which it has happened."""
    kept = {"from": date(2026, 1, 1)}
    more = {
        "timezone": life.place.zone, "day_starts_at": life.place.day_starts_at, "units": UNITS,
        "policy": [kept, kept | {"unit": "team-1", "schedules": True}],
        "queues": {"support": {"wrap_up_s": MINUTE, "unit": "team-1"}},
    }  # fmt: skip
    roster = (
        "agent,interface,member_name,unit,from,to\n1001,PJSIP/1001,,team-1,,\n2001,PJSIP/2001,,team-2,,\n"
        f"1002,PJSIP/1002,,team-1,,{life.moves}\n1002,PJSIP/1002,,team-2,{life.moves},\n"
    )
    begins = datetime.combine(life.place.first - timedelta(days=1), time(12), UTC)
    line = Line("before it begins", begins.date(), begins, "", None)
    world = World(engine, Case("", (line,), {}, {}), roster, more)
    plan, leave = [], []
    for agent, own in life.agents.items():
        for start, end, rests in own.shifts:
            breaks = str([[a * MINUTE * S, b * MINUTE * S] for a, b in rests]).replace(" ", "")
            plan.append(world.told(agent, world.read(start * MINUTE * S).date(), start * MINUTE, end * MINUTE, breaks))
        for start, end, kind in own.leave:
            leave.append(world.told(agent, world.read(start * MINUTE * S).date(), start * MINUTE, end * MINUTE, kind))
    await hand_over(world, line, shifts, plan)
    await hand_over(world, line, leaves, leave)
    world.seen = sorted(life.events, key=lambda event: event.at)
    await world.until(life.days[-1] + timedelta(days=2))
    return world


async def somebody_rules(world: World, life: Life, why: str) -> None:
    chance = life.chance
    whose, counts = chance.choice((*AGENTS, *UNITS)), chance.choice(("available", "exempt", "aux", "left_out"))
    start = life.minute(chance.choice(life.days[1:-2]), chance.randrange(1_440))
    ruling = Ruling(start, start + chance.randint(10, 400), counts, whose)
    span = Span(ruling.start * MINUTE * S, ruling.end * MINUTE * S)
    about = About(whose if whose in AGENTS else None, None if whose in AGENTS else whose, span)
    await rule(world.engine, world.site, asking("boss", at=world.clock()), about, counts, why)
    await world.night()
    life.rulings.append(ruling)


async def check(engine: AsyncEngine, world: World, life: Life) -> None:
    told = life.reckoned()
    async with reading(engine) as connection:
        await records_say_so(connection, life, told)
        await attendance_is_handed(connection, world, life, told)
        await reports_say_so(connection, world, life, told)
        first, last = life.days[0], life.days[-1]
        planned = await connection.run_sync(lambda plain: scheduled_us(plain, world.site.agent_days, first, last))
    wanted: Counter[tuple[str, date]] = Counter()
    for (agent, day), mine in told.items():
        wanted[life.unit(agent, day), day] += mine["planned"] * S
    assert Counter(planned) == wanted


async def records_say_so(connection: AsyncConnection, life: Life, told: Reckoned) -> None:
    for day in life.days:
        records = await latest_days(connection, day)
        for agent in AGENTS:
            mine = told.get((agent, day), Counter())
            if agent not in records:
                assert not any(mine[name] for name in (*TIMES, *COUNTS))
                assert not (life.keeps_schedules(agent, day) and mine["planned"])
                continue
            record = records[agent].record
            said = {name: getattr(record, name) for name in ("unit", *TIMES, *COUNTS)}
            wanted = {"unit": life.unit(agent, day), **{name: mine[name] * S for name in TIMES}}
            wanted |= {name: mine[name] for name in COUNTS}
            assert said == wanted, (agent, day)
            assert (record.duty is not None) == life.keeps_schedules(agent, day)
            if record.duty is not None:
                assert record.duty.worked_on_leave == mine["worked_on_leave"] * S


async def attendance_is_handed(connection: AsyncConnection, world: World, life: Life, told: Reckoned) -> None:
    """With what is saved and owed in the end: that of the days, and leave of idle days."""
    found = AttendanceRows(connection, world.site, ["*"]).between(life.days[0], life.days[-1])
    rows = {(row.agent, row.day): row async for row in found}
    net, balance = Counter[str](), Counter[str]()
    for (agent, day), row in rows.items():
        mine, keeps = told.get((agent, day), Counter()), life.keeps_schedules(agent, day)
        kinds = {kind: mine[f"shift leave {kind}"] for kind in ("personal", "sick")}
        wanted = [mine["scheduled"], *(mine[f"shift {name}"] for name in OF_SHIFTS)] if keeps else [0] * 4
        said = [row.scheduled_s, row.late_s, row.early_leave_s, row.off_post_s]
        assert (row.signed_in_s, said) == (mine["signed_in"], wanted), (agent, day)
        assert row.leave_s == {kind: seconds for kind, seconds in kinds.items() if seconds and keeps}, (agent, day)
        worth_s = life.worth_s(agent, day, mine)
        if not life.rulings:  # or the order of days is not that of the postings
            assert row.personal_leave_s == max(0, -worth_s - balance[agent]), (agent, day)
        balance[agent] = max(0, balance[agent] + worth_s)
        is_busy = day.day <= 4 or (day + timedelta(days=2)).month != day.month
        net[agent] += worth_s - (kinds["personal"] if keeps and not is_busy else 0)
    if life.days[0].month == life.days[-1].month:  # or a month was closed meanwhile
        held = await world.balances()
        assert net == {agent: held[agent].get("savings", 0) - held[agent].get("leave", 0) for agent in AGENTS}


async def reports_say_so(connection: AsyncConnection, world: World, life: Life, told: Reckoned) -> None:
    """Of each agent in each unit, of units and of the centre; in days, weeks, months, and as a whole."""
    for each in Each:
        for by in (By.UNIT, By.AGENT):
            made = (await report(connection, world.site, ReportWanted(life.days[0], life.days[-1], each, by))).made
            for line, _ in made:
                days = [day for day in life.days if line.period.first <= day <= line.period.last]
                figures_say_so(life, line, days, told)
            if by is By.UNIT and each is Each.WHOLE:
                assert [line.unit for line, _ in made] == ["centre", "team-1", "team-2"]
    wanted = ReportWanted(life.days[0], life.days[-1], show=Show.HIDING)
    hiding = await report(connection, world.site, wanted)
    for line, _ in hiding.made:
        hiding_says_so(life, line, told)
    wanted = ReportWanted(life.days[3], life.days[7], by=By.QUEUE, against=life.days[1])
    service = await report(connection, world.site, wanted)
    for both in service.made:
        for one in both:
            assert one is not None
            service_says_so(life, one)
    for written in (hiding, service):
        written_as_made(written)
    wanted = ReportWanted(life.days[0], life.days[-1], show=Show.DISTRIBUTION)
    for line, _ in (await report(connection, world.site, wanted)).made:
        shares_say_so(life, line, told)


def figures_say_so(life: Life, line: ReportLine, days: list[date], told: Reckoned) -> None:
    def is_of_it(agent: str, day: date) -> bool:
        return day in days and line.agent in ("", agent) and line.unit in (life.unit(agent, day), "centre")

    own = {key: each for key, each in told.items() if is_of_it(*key)}
    sums = sum(own.values(), Counter[str]())
    there = sum(each["signed_in"] > 0 for each in own.values())
    busy = sums["ringing"] + sums["on_call"] + sums["wrap_up"]
    due_s = sum(life.due_s(*key, each) for key, each in own.items())
    counted = [life.base_and_aux(*key, each) for key, each in own.items()]
    here = [one for one in life.callers if life.day_of(one.gone // MINUTE) in days]
    answers = [one for one in here if one.agent and is_of_it(one.agent, life.day_of(one.gone // MINUTE))]
    of_queue = (
        [one for one in here if one.agent or one.gone - one.came > 5]
        if line.unit != "team-2" and not line.agent
        else []
    )
    assert (line.days, dict(line.figures)) == (there, {
        "utilisation": share(sums["signed_in"] - sums["paused"], due_s),
        "occupancy": share(busy, busy + sums["available"]),
        "aux_ratio": share(sum(aux for _, aux in counted), sum(base for base, _ in counted)),
        "pause_minutes_per_day": share(sums["paused"] / 60, there),
        "sign_ins_per_day": share(sums["sign_ins"], there),
        "answered_per_hour": share(sums["answered"] * 3_600, sums["signed_in"]),
        "service_level": share(sum(bool(one.agent) and one.gone - one.came <= 30 for one in of_queue), len(of_queue)),
        "own_in_time": share(sum(one.gone - one.came <= 30 for one in answers), len(answers)),
        "team_response": None,
    }), (line.period, line.whose)  # fmt: skip


def shares_say_so(life: Life, line: ReportLine, told: Reckoned) -> None:
    base, aux = Counter[str](), Counter[str]()
    for (agent, day), each in told.items():
        if line.unit in (life.unit(agent, day), "centre"):
            base[agent] += life.base_and_aux(agent, day, each)[0]
            aux[agent] += life.base_and_aux(agent, day, each)[1]
    ppm = [aux[agent] * 1_000_000 / base[agent] for agent in base if base[agent]]
    marks = [[one for one in ppm if one < 10_000], [one for one in ppm if 25_300 <= one <= 37_000],
             [one for one in ppm if one > 100_000]]  # fmt: skip
    said = [line.figures[name] for name in ("agents", "below_1", "reasonable", "above_10")]
    assert said == [len(ppm), *(share(len(one), len(ppm)) for one in marks)]


def hiding_says_so(life: Life, line: ReportLine, told: Reckoned) -> None:
    """Nothing is hidden in other calls, telephones that can't be reached or queues alone, here."""
    figures: dict[str, dict[str, float]] = {name: {} for name in ("wrap_up", "missed", "sign_outs")}
    for agent in AGENTS:
        own = [each for (whose, day), each in told.items() if whose == agent and life.unit(agent, day) == line.unit]
        sums = sum(own, Counter[str]())
        there = sum(each["signed_in"] > 0 for each in own)
        for name, below in (("wrap_up", sums["signed_in"]), ("missed", sums["offered"]), ("sign_outs", there)):
            if below:
                figures[name][agent] = sums[name] / below
    said = {name: line.figures[name] for name in figures}
    assert said == {name: pytest.approx(of[line.agent] - median(of.values())) for name, of in figures.items()}
    assert not any(line.figures[name] for name in ("other_call", "unreachable", "partly_paused"))


def service_says_so(life: Life, line: ReportLine) -> None:
    here = [one for one in life.callers if line.period.first <= life.day_of(one.gone // MINUTE) <= line.period.last]
    waited = [one.gone - one.came for one in here if one.agent]
    gave_up = [one.gone - one.came for one in here if not one.agent]
    offered = len(waited) + sum(wait > 5 for wait in gave_up)
    assert (line.queue, dict(line.figures)) == ("support", {
        "service_level": share(sum(wait <= 30 for wait in waited), offered), "offered": offered,
        "answered": len(waited), "given_up": sum(wait > 5 for wait in gave_up),
        "short": sum(wait <= 5 for wait in gave_up), "unknown": 0, "answered_after_s": share(sum(waited), len(waited)),
    })  # fmt: skip


def written_as_made(told: Report) -> None:
    """As JSON, and as CSV: of each line its figures, and those that they are held against."""
    rows, lines = told.as_json()["rows"], list(csv.DictReader(told.as_csv().splitlines()))
    assert len(rows) == len(lines) == len(told.made)
    for (line, other), row, written in zip(told.made, rows, lines, strict=True):
        for of, prefix, said in ((line, "", row), (other, "against_", row.get("against"))):
            if of is None:
                assert said is None
                continue
            for name, figure in of.figures.items():
                assert said[name] == figure
                assert written[f"{prefix}{name}"] == ("" if figure is None else str(figure))
            days = (written[f"{prefix}from"], written[f"{prefix}to"])
            assert days == (said["from"], said["to"]) == tuple(day.isoformat() for day in of.period)


def share(above: float, below: float) -> Any:
    return pytest.approx(above / below) if below else None
