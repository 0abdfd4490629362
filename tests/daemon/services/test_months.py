"""The daemon owes leave of idle days once they are closed, and closes a month when its time has come."""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text, update
from structlog.testing import capture_logs

from ccd.bank.accounts import agent_owner
from ccd.bank.appeals import Appeal
from ccd.bank.asking import Asking, by_itself
from ccd.bank.emergency_rows import add_emergency
from ccd.bank.month_close import Attended
from ccd.bank.overtime import Emergency
from ccd.bank.overtime_entry_rows import OvertimeEntry, add_entry, approve_entry, decline_entry
from ccd.bank.settle import Settler
from ccd.daemon.explained.explaining import explained
from ccd.daemon.served.loans import loan_desk
from ccd.daemon.services.appealing import lodge_appeal, reject, uphold
from ccd.daemon.services.months import AttendanceMonths, MonthsDue
from ccd.daemon.services.ruling import About
from ccd.daemon.services.ruling import rule as rule_on
from ccd.daemon.site import Current, Site
from ccd.daemon.site_file import site_of
from ccd.daemon.stores import database, ledger_of
from ccd.errors import ActNotAllowedError, MonthOpenError
from ccd.floor.days import SECOND
from ccd.floor.spans import Span
from ccd.history.close import Closer
from ccd.history.schema import unit_days
from ccd.ledger.model import Transfer
from ccd.org.people import Person, Role
from ccd.web.loan_api import ChoiceAsked
from tests.commands import running
from tests.commands.recorded_months import MONTH, ccd, planned
from tests.databases import questions_of
from tests.org.planned import us

CLOSES = us("2026-09-03T18:00")
IDLE = date(2026, 8, 12)
DAY_US = 86_400 * SECOND


class World:
    def __init__(self, engine: Any, site: Site) -> None:
        self.now, self.told, self.engine, self.site = us("2026-08-13T01:00"), list[str](), engine, site
        self.ledger = ledger_of(engine, site.settings, lambda: self.now)
        self.due = MonthsDue(self.ledger, Current(site, site), lambda: self.now, self.tell)
        self.months = AttendanceMonths(self.ledger, site, lambda: self.now)

    def tell(self, agents: Iterable[str]) -> None:
        self.told += agents

    async def settle_the_rest(self) -> None:
        """The days on which nobody was seen."""
        settler = Settler(self.ledger, self.site.policies, "ccd", self.months.today)
        closer = Closer(
            self.engine, self.site.measured_by, ["pbx"], settler.settle,
            lambda: self.now, 0,
        )  # fmt: skip
        await closer.close_due()

    async def leave_s(self) -> int:
        return (await self.ledger.balances(agent_owner("1001")))["leave"]

    async def line_of(self, day: str) -> Transfer:
        """The newest for the day."""
        query = text("SELECT transaction_id, leg FROM entries WHERE day = :day ORDER BY transaction_id DESC LIMIT 1")
        async with self.engine.connect() as connection:
            return Transfer(*(await connection.execute(query, {"day": day})).one())

    async def lodge(self, line: Transfer) -> Appeal:
        """By 1001."""
        ann = Person("ann", Role.AGENT, agent="1001")
        return await lodge_appeal(
            self.engine, self.site, Asking(f"lodge {line}", ann, "here", self.now), "1001", line, "no"
        )

    async def reject(self, appeal: Appeal) -> None:
        asking = Asking(f"reject {appeal.ref}", by_itself("manager"), "here", self.now)
        await reject(self.engine, self.site, asking, appeal.ref, "it was told as personal")

    async def uphold(self, appeal: Appeal, counts: str) -> None:
        """With half an hour of its day."""
        within = datetime.combine(appeal.day, time(9)), datetime.combine(appeal.day, time(9, 30))
        asking = Asking(f"uphold {appeal.ref}", by_itself("manager"), "here", self.now)
        await uphold(self.engine, self.site, asking, appeal.ref, within, counts, "so it was")


async def test_leave_is_owed_when_its_day_is_closed_and_the_month_closes_by_itself(world: World) -> None:
    assert await world.due.look() == []
    assert (await world.leave_s(), world.told) == (1_800, ["1001"])
    assert await world.due.look() == []
    assert world.told == ["1001"], "and is told of once"
    foreseen = await world.months.forecast("1001", MONTH)
    assert (foreseen.full, foreseen.offset_s, foreseen.points_100) == (True, 1_800, 1_000)
    world.now = CLOSES - 1
    assert await world.due.look() == []
    world.now = CLOSES
    await world.settle_the_rest()
    assert await world.due.look() == [MONTH]
    assert await world.leave_s() == 0
    given = await world.months.closing.given(MONTH)
    assert {agent: one.month.full for agent, one in given.items()} == {"1001": True, "1002": False}
    assert await world.due.look() == [], "July had nothing, and August is closed"


@pytest.fixture
def with_a_leaver(tmp_path: Path) -> Site:
    """1001 leaves on 29 August; 1003 works half as much from then on, and has one shift in the month, on the 30th."""
    file, roster, people, more = planned(tmp_path), *(tmp_path / f"{name}.csv" for name in ("roster", "people", "more"))
    roster.write_text(
        "agent,interface,member_name,unit,to\n1001,PJSIP/1001,,team-1,2026-08-29\n1003,PJSIP/3,,team-1,\n"
    )
    people.write_text(
        "person,name,agent,role,unit,from,to,deputy_of,contract_ppm,contract_from\n"
        "c,,1003,,,,,,1000000,\nc,,1003,,,,,,500000,2026-08-29\n"
    )
    more.write_text("agent,day,start,end,breaks,uid\n1003,2026-08-30,08:00,16:00,,x\n")
    for words in (("schedule", str(more), "--source", "more"), ("people", str(people), "--why", "half")):
        running.said(ccd(file, "import", *words))
    return site_of(file)


async def test_what_is_known_of_the_rest_of_the_month_is_foreseen(with_a_leaver: Site) -> None:
    async with database(with_a_leaver.settings) as engine:
        world = World(engine, with_a_leaver)
        await world.due.look()
        world.now = us("2026-08-26T12:00")
        leaves, begins = [await world.months.forecast(agent, MONTH) for agent in ("1001", "1003")]
    assert [(fault.what, fault.day) for fault in leaves.faults] == [("not_here", date(2026, 8, 29)), ("leave", None)]
    assert (begins.full, begins.points_100, begins.faults) == (True, 1_000 * (28 * 2 + 3) // (31 * 2), ())


async def test_everybody_is_told_once_when_full_attendance_is_foreseen_and_when_leave_can_be_offset(
    world: World,
) -> None:
    await world.due.look()  # of leave that is owed already
    everybody = ["1001", "1002"]
    for day, told in ((19, []), (20, everybody), (21, []), (24, []), (25, everybody), (26, [])):
        world.now = us(f"2026-08-{day}T01:00")
        world.told.clear()
        await world.due.look()
        assert sorted(world.told) == told, day


@pytest.mark.parametrize(
    "decide",
    [
        lambda plain: approve_entry(plain, "e", 2, "another"),
        lambda plain: decline_entry(plain, "e", 2, "another", "not in the log"),
    ],
    ids=["approved", "declined"],
)
async def test_a_month_waits_for_what_is_open_and_names_it(world: World, decide: Callable[[Connection], None]) -> None:
    world.now = CLOSES
    one = Emergency("rush", "team-1", "I", 300_000, 0, us("2026-08-20T18:00"), us("2026-08-20T19:00"), 1)
    entry = OvertimeEntry("e", "rush", "1001", IDLE, 9_000, True, 1, "lead", "stayed on")
    async with world.engine.begin() as connection:
        await connection.run_sync(add_emergency, one, "lead", "a rush")
        await connection.run_sync(add_entry, entry)
        await connection.execute(update(unit_days).where(unit_days.c.day == IDLE).values(settled_at=None))
    assert await world.due.look() == []
    asking = Asking("by hand", by_itself("clerk"), "here", world.now)
    with pytest.raises(MonthOpenError) as refused:
        await world.months.close(MONTH, asking)
    for said in (
        "2026-08-12 of team-1 is not settled",
        "2026-08-12 of team-2 is not settled",
        "the overtime e of 1001 waits for a second person",
        "the emergency rush of team-1 is not measured to its end",
    ):
        assert said in str(refused.value)
    async with world.engine.begin() as connection:
        await connection.run_sync(decide)
    with pytest.raises(MonthOpenError) as refused:
        await world.months.close(MONTH, asking)
    assert "waits for a second person" not in str(refused.value)


@pytest.mark.parametrize("gap", ["2026-08-13", "2026-08-12"], ids=["none since", "passed over"])
async def test_a_month_long_ago_waits_for_days_that_nobody_has_settled_all_the_same(world: World, gap: str) -> None:
    """After an outage of months, from which on the daemon closes the newest days alone."""
    world.now = us("2026-12-05T12:00")
    if gap == str(IDLE):
        async with world.engine.begin() as connection:
            await connection.execute(update(unit_days).where(unit_days.c.day == IDLE).values(day=date(2026, 12, 4)))
    with pytest.raises(MonthOpenError, match=f"{gap} of team-1 is not settled; {gap} of team-2 is not settled"):
        await world.months.close(MONTH, Asking("by hand", by_itself("clerk"), "here", world.now))


async def test_what_a_month_waits_for_is_looked_for_in_its_days_alone(world: World) -> None:
    asked = questions_of(world.engine)
    found = []
    for later in (0, 60):
        world.now = CLOSES + later * DAY_US
        asked.clear()
        with pytest.raises(MonthOpenError, match="2026-08-13 of team-1 is not settled"):
            await world.months.close(MONTH, Asking("by hand", by_itself("clerk"), "here", world.now))
        found.append(sum("DISTINCT segments.pbx" in statement for statement, _ in asked))
    assert found == [19, 19], "from the 13th on"


@pytest.fixture
def where_time_expires(tmp_path: Path) -> Site:
    file = planned(tmp_path)
    file.write_text(f"{file.read_text()}expires_after_months = 1\n")
    return site_of(file)


async def test_the_days_of_a_month_are_read_once_for_all_that_the_page_of_the_loan_tells(
    where_time_expires: Site,
) -> None:
    async with database(where_time_expires.settings) as engine:
        world = World(engine, where_time_expires)
        world.now = us("2026-08-26T12:00")
        asked = questions_of(engine)
        desk = loan_desk(Current(world.site, world.site), world.ledger, lambda: world.now)
        said = await desk.told("1001")
    assert said.forecast is not None
    assert said.expires is not None
    assert sum("FROM day_records" in statement for statement, _ in asked) == 26, "a day each"


async def test_an_agent_sees_the_loan_on_the_own_page_and_decides_there(world: World) -> None:
    await world.due.look()
    desk = loan_desk(Current(world.site, world.site), world.ledger, lambda: world.now)
    said = await desk.told("1001")
    assert (said.month, said.owed, said.forecast, said.opens) == (MONTH, 1_800, None, date(2026, 8, 25))
    world.now = us("2026-08-26T12:00")
    said = await desk.told("1001")
    assert said.forecast is not None
    assert (said.forecast.full, said.forecast.points, said.closes) == (True, 10.0, CLOSES / 1_000_000)
    ann = Person("ann", Role.AGENT, agent="1001")
    one = ChoiceAsked(item="2026-08-12/idle", seconds=600)
    back = ChoiceAsked(item=one.item, back=True)
    for act, asked, owed in (
        ("a", one, 1_200), ("a", one, 1_200), ("b", one, 600), ("back", back, 1_800), ("back", back, 1_800),
        ("e", one, 1_200), ("f", one, 600),
    ):  # fmt: skip
        assert (await desk.choose(Asking(act, ann, "here", world.now), "1001", asked)).owed == owed
    with pytest.raises(ActNotAllowedError):
        await desk.choose(Asking("c", ann, "here", world.now), "1002", one)
    assert (said.by_itself, said.forecast.full) == (True, True)
    kept = await desk.choose(Asking("d", ann, "here", world.now), "1001", ChoiceAsked(keep=True))
    assert kept.forecast is not None
    assert (kept.by_itself, kept.forecast.full, await desk.told("1001")) == (False, False, kept)
    first, *others = [(await explained(world.engine, world.site, one)).words for one in await transfers(world)]
    assert first == ("Leave was taken on an idle day: 30 min (1800 s), owed as a loan without interest.",)
    ended = Counter(words[-1].partition(" transfer")[0] for words in others)
    assert ended == {"ann decided it.": 8, "It takes back": 4}
    world.now = CLOSES
    await world.settle_the_rest()
    await world.due.look()
    *_, last = [(await explained(world.engine, world.site, one)).words for one in await transfers(world)]
    assert last[0].startswith("Attendance has closed, and takes over what was not offset of the leave of 2026-08-12")


async def test_what_is_ruled_while_a_month_is_being_closed_is_measured_before_it_closes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A month of thousands takes a while to be read; full attendance would not be reopened for what came meanwhile."""
    world.now = CLOSES
    await world.settle_the_rest()
    read, ruled = AttendanceMonths.attended, list[str]()

    async def meanwhile(months: AttendanceMonths, month: str, agents: Iterable[str] | None = None) -> list[Attended]:
        found = await read(months, month, agents)
        if not ruled:
            asking = Asking("while it closes", by_itself("manager"), "here", world.now)
            span = Span(us("2026-08-12T09:00"), us("2026-08-12T10:00"))
            ruled.append(
                (await rule_on(world.engine, world.site, asking, About("1001", None, span), "exempt", "x")).ref
            )
        return found

    monkeypatch.setattr(AttendanceMonths, "attended", meanwhile)
    asking = Asking("by hand", by_itself("clerk"), "here", world.now)
    owed = await world.leave_s()
    with pytest.raises(MonthOpenError, match="goes on being revised"):
        await world.months.close(MONTH, asking)
    assert await world.leave_s() >= owed, "and nothing is taken yet"
    with pytest.raises(MonthOpenError, match="2026-08-12 of team-1 is not settled"):
        await world.months.close(MONTH, asking)
    await world.settle_the_rest()
    assert await world.months.close(MONTH, asking)
    assert await world.months.differences(MONTH) == []


async def transfers(world: World) -> list[Transfer]:
    """Those that leave of idle days has made."""
    async with world.engine.connect() as connection:
        query = text("SELECT transaction_id, leg FROM entries WHERE service LIKE 'idle%' ORDER BY transaction_id, leg")
        return [Transfer(*row) for row in await connection.execute(query)]


@pytest.mark.parametrize(
    ("decided", "looked_at"),
    [(CLOSES, CLOSES), (us("2026-12-15T12:00"), us("2026-12-15T12:00")), (CLOSES, us("2027-06-15T12:00"))],
    ids=["soon", "months later", "soon, and looked at months later"],
)
async def test_what_is_under_appeal_is_named_and_waits_until_it_is_decided(
    world: World, decided: int, looked_at: int
) -> None:
    world.now = us("2026-08-13T12:00")
    await world.due.look()
    line, *_ = await transfers(world)
    appeal = await world.lodge(line)
    assert [one.ref for one in await world.months.under_appeal(MONTH)] == [appeal.ref]
    world.now = CLOSES
    await world.settle_the_rest()
    assert await world.due.look() == [MONTH]
    given = (await world.months.closing.given(MONTH))["1001"].month
    assert (given.full, given.owed_s, await world.leave_s()) == (False, 1_800, 1_800)
    await world.due.look()
    assert await world.leave_s() == 1_800
    world.now = decided
    await world.reject(appeal)
    world.told.clear()
    world.now = looked_at
    await world.due.look()
    assert (await world.leave_s(), "1001" in world.told) == (0, True)
    (one,) = await world.months.differences(MONTH)
    assert (one.now.agent, one.now.owed_s, one.now.offset_s, one.now.full) == ("1001", 0, 1_800, False)
    again = Asking("c", by_itself("clerk"), "here", world.now)
    corrected = await world.months.correct(again, MONTH, "1001", "the appeal is decided", reopens=True)
    assert corrected is not None
    assert (corrected.number, corrected.month.full, corrected.month.points_100) == (2, True, 1_000)


async def test_what_waited_for_an_appeal_that_is_upheld_waits_until_its_day_is_measured_anew(world: World) -> None:
    """What it gives back can be what the rest is offset with."""
    world.now = us("2026-08-13T12:00")
    await world.due.look()
    line, *_ = await transfers(world)
    appeal = await world.lodge(line)
    world.now = CLOSES
    await world.settle_the_rest()
    assert await world.due.look() == [MONTH]
    await world.uphold(appeal, "exempt")
    await world.due.look()
    assert await world.leave_s() == 1_800
    await world.settle_the_rest()
    await world.due.look()
    assert await world.leave_s() == 0


async def test_that_attendance_was_given_something_else_is_said_however_long_its_month_has_been_closed(
    world: World,
) -> None:
    """As of an upheld appeal by which nothing is owed."""
    appeal = await world.lodge(await world.line_of("2026-08-11"))
    world.now = CLOSES
    await world.settle_the_rest()
    async with world.engine.begin() as connection:  # some were settled when this test began
        await connection.execute(update(unit_days).values(settled_at=CLOSES))
    assert await world.due.look() == [MONTH]
    world.now = us("2026-12-15T12:00")
    await world.uphold(appeal, "left_out")
    for warned in ([], [["1001"]], []):
        with capture_logs() as said:
            await world.due.look()
        assert [one["agents"] for one in said if one["event"] == "attendance was given something else"] == warned
        await world.settle_the_rest()


async def test_what_waited_for_an_appeal_waits_for_other_days_of_the_month_that_are_measured_anew(world: World) -> None:
    """As long as they can be: of a unit that is there."""
    world.now = us("2026-08-13T12:00")
    await world.due.look()
    (line,) = await transfers(world)
    on_leave, given = await world.lodge(line), await world.lodge(await world.line_of("2026-08-11"))
    world.now = CLOSES
    await world.settle_the_rest()
    assert await world.due.look() == [MONTH]
    await world.uphold(given, "exempt")
    await world.reject(on_leave)
    await world.due.look()
    assert await world.leave_s() == 1_800
    roster = world.site.settings.roster
    assert roster is not None
    roster.write_text(roster.read_text().replace("team-1", "team-9"))
    moved = AttendanceMonths(world.ledger, Site(world.site.settings), lambda: world.now)
    assert (await moved.settle_appealed(MONTH), await world.leave_s()) == ({"1001"}, 0), "nobody measures it any more"
