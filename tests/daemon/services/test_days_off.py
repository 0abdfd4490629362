"""The daemon closes days off once their day is settled, and tells the pages of those it concerns."""

from collections.abc import AsyncIterator, Iterable
from datetime import date
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Table, update

from ccd.bank.allocation import Allocation
from ccd.bank.allocation_rows import add_allocation
from ccd.bank.giving_back import GivingBack
from ccd.bank.quota import Places, Quota
from ccd.bank.said import Said
from ccd.bank.withdrawal import ApplicationState
from ccd.bank.withdrawal_rows import set_quota
from ccd.daemon.services import withdrawals
from ccd.daemon.services.withdrawals import DaysOff, outlook_of, withdrawals_of
from ccd.daemon.site import Current, Site
from ccd.daemon.site_file import site_of
from ccd.daemon.stores import database
from ccd.errors import DatabaseBusyError, LedgerBrokenError
from ccd.floor.days import SECOND
from ccd.history.schema import unit_days
from ccd.ledger.books import Ledger
from ccd.org.schema import leaves, shifts
from ccd.org.told import Told
from ccd.org.told_rows import Teller, take_told
from ccd.sql.turns import Patience, take_turn_at_once
from tests.commands.recorded_days import at, settled

DAY, NEXT, LATER = date(2099, 11, 24), date(2099, 11, 25), date(2099, 11, 28)
APPLYING = Said("1001", date(2099, 11, 20), 1)


class World:
    """Agent 1001 has 465 s."""

    def __init__(self, ledger: Ledger, current: Current) -> None:
        self.told: list[str] = []
        self.days_off = DaysOff(ledger, current, lambda: int(at(200_000)) * SECOND, self.tell)
        self.bank = withdrawals_of(ledger, current.site)
        self.ledger = ledger

    async def asked(self, name: str, day: date) -> None:
        """1001 for 100 s of a day that one of the team can be off."""
        quota = Quota("team-1", day, DAY, 1)
        await take_turn_at_once(self.ledger.engine, partial(set_quota, quota=quota, at=1, by="lead"), Patience())
        await self.bank.apply(name, "1001", day, 100, APPLYING)

    async def told_of(self, table: Table, day: date, what: str) -> None:
        """Of 1001, and of almost all of the day."""
        span = self.days_off._current.site.units.days("team-1").of_date(day)
        said = Told(table.name, "1001", day, span.start, span.end - SECOND, what)
        telling = Teller("hr", Path("said.csv"))
        engine = self.ledger.engine
        await take_turn_at_once(
            engine, lambda connection: take_told(connection, table, telling, [said], None, 7), Patience()
        )

    async def settled_anew(self) -> None:
        async with self.ledger.engine.begin() as connection:
            await connection.execute(update(unit_days).values(settled_at=unit_days.c.settled_at + 7_200 * SECOND))

    async def savings(self) -> int:
        return (await self.ledger.balances("agent/1001"))["savings"]

    def tell(self, agents: Iterable[str]) -> None:
        self.told += agents


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return site_of(settled(tmp_path))


@pytest.fixture
async def world(site: Site) -> AsyncIterator[World]:
    """1001 has 100 s off of a day that is settled, and of the next, which is not."""
    async with database(site.settings) as engine:
        made = World(Ledger(engine, lambda: 1), Current(site, site))
        for day in (DAY, NEXT):
            await made.asked(f"off-{day}", day)
            await made.bank.approve(f"off-{day}", APPLYING)
        yield made


async def test_a_settled_day_is_closed_once_and_one_that_is_not_waits(world: World) -> None:
    (closed,) = await world.days_off.close_due()
    assert (closed.id, closed.state) == (f"off-{DAY}", ApplicationState.TAKEN)
    assert world.told == ["1001"]
    assert await world.days_off.close_due() == []
    assert world.told == ["1001"]
    states = {one.id: one.state for one in await world.bank.calendar(DAY, NEXT)}
    assert states == {f"off-{DAY}": ApplicationState.TAKEN, f"off-{NEXT}": ApplicationState.APPROVED}
    assert await world.ledger.balances("agent/1001") == {
        "savings": 365, "gift": 0, "interest": 0, "overtime": 0, "reserved": 100, "leave": 0,
    }  # fmt: skip


@pytest.fixture
def site_by_rule(tmp_path: Path) -> Site:
    config = settled(tmp_path)
    terms = 'days_off.allocate = "by_rule"\ndays_off.allocate_days_before = 1\n'
    config.write_text(config.read_text() + f"\n[[policy]]\n{terms}")
    return site_of(config)


@pytest.fixture
async def by_rule(site_by_rule: Site) -> AsyncIterator[World]:
    """1001 has applied for a later day, whose places are allocated on the day before."""
    async with database(site_by_rule.settings) as engine:
        made = World(Ledger(engine, lambda: 1), Current(site_by_rule, site_by_rule))
        await made.asked("off", LATER)
        yield made


def after_the_deadline() -> int:
    return int(at(3 * 86_400 + 18 * 3_600)) * SECOND


async def test_places_are_allocated_once_their_deadline_has_passed_and_who_applied_is_told(
    by_rule: World, site_by_rule: Site
) -> None:
    """Nobody has said since when 1001 is there."""
    assert await by_rule.days_off.allocate_due() == []
    by_rule.days_off._now = after_the_deadline
    (made,) = await by_rule.days_off.allocate_due()
    assert [(one.agent, one.joined_on) for one in made.winners] == [("1001", date(2099, 11, 27))]
    assert by_rule.told == ["1001"]
    assert await by_rule.days_off.allocate_due() == []
    (kept,) = await by_rule.bank.calendar(LATER, LATER)
    assert kept.state is ApplicationState.APPROVED
    (shown,) = await outlook_of(by_rule.ledger, site_by_rule, "1001", LATER, LATER)
    assert (shown.outlook.left, [one.id for one in shown.outlook.own]) == (Places(0), ["off"])
    assert (shown.whole.costs_s, shown.whole.cancel_until) == (28_800, date(2099, 11, 27))


async def test_who_has_what_is_left_of_places_that_were_allocated_before_is_told(by_rule: World) -> None:
    before = Allocation("team-1", LATER, 1, (), {})
    await take_turn_at_once(by_rule.ledger.engine, partial(add_allocation, allocation=before), Patience())
    by_rule.days_off._now = after_the_deadline
    assert await by_rule.days_off.allocate_due() == [before]
    (kept,) = await by_rule.bank.calendar(LATER, LATER)
    assert (kept.state, kept.hold and kept.hold.units) == (ApplicationState.APPLIED, ("team-1",))
    assert by_rule.told == ["1001"]


async def test_leave_that_comes_first_releases_what_is_held(world: World) -> None:
    assert await world.days_off.release_due() == []
    await world.told_of(leaves, NEXT, "sick")
    (released,) = await world.days_off.release_due()
    assert (released.id, released.state) == (f"off-{NEXT}", ApplicationState.WITHDRAWN)
    assert await world.days_off.release_due() == []
    assert world.told == ["1001"]


async def test_what_a_day_off_cost_is_reckoned_anew_when_its_day_is_settled_anew(world: World) -> None:
    """1001 worked eight hours of the first day: of eight that are expected 100 s off were worked all the same, of a
    shift all day long they were not. Sick leave gives them back."""
    await world.days_off.close_due()
    assert await world.days_off.revise_due() == []
    assert await world.savings() == 365, "beside what is held of the next day"
    for table, what, left in ((shifts, "[]", 265), (leaves, "sick", 365)):
        await world.told_of(table, DAY, what)
        await world.settled_anew()
        assert [one.id for one in await world.days_off.revise_due()] == [f"off-{DAY}"]
        assert await world.savings() == left
        assert await world.days_off.revise_due() == []


async def test_what_the_ledger_would_not_reckon_anew_is_asked_for_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.days_off.close_due()
    await world.days_off.revise_due()
    await world.told_of(shifts, DAY, "[]")
    await world.settled_anew()
    with monkeypatch.context() as patched:

        async def refuses(*asked: object) -> None:
            raise LedgerBrokenError("a balance", "below nothing")

        patched.setattr(GivingBack, "revise", refuses)
        assert await world.days_off.revise_due() == []
    world.days_off._looked_until += 3_600 * SECOND  # others were settled since
    with monkeypatch.context() as patched:

        async def is_away(*asked: object) -> None:
            raise DatabaseBusyError(6, 1.0, "gone", ambiguous=False)

        patched.setattr(withdrawals, "worked_on", is_away)
        with pytest.raises(DatabaseBusyError):
            await world.days_off.revise_due()
    assert [one.id for one in await world.days_off.revise_due()] == [f"off-{DAY}"]
    assert await world.days_off.revise_due() == []
