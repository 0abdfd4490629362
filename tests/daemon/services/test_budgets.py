"""The daemon takes back what is left of budgets once their month is over in their unit, and what is left again."""

from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.bank.budgets import Budget
from ccd.bank.declared import declare_hours
from ccd.bank.packets import Packet
from ccd.daemon.services.budgets import OldBudgets, budgets_of, giver_of
from ccd.daemon.site import Current
from ccd.daemon.site_file import site_of
from ccd.daemon.stores import database
from ccd.floor.days import SECOND
from ccd.ledger.books import Ledger
from ccd.sql.turns import Patience, take_turn_at_once
from tests.bank.askers import asking
from tests.commands.recorded_days import configured

DAY = date(2099, 11, 30)


def at(moment: str) -> int:
    return int(datetime.fromisoformat(moment).replace(tzinfo=ZoneInfo("Asia/Shanghai")).timestamp()) * SECOND


async def declare_a_hundred_hours(engine: AsyncEngine) -> None:
    await take_turn_at_once(
        engine,
        lambda connection: declare_hours(connection, "team-1", "2099-11", 360_000, 1, "lead", "known"),
        Patience(),
    )


async def test_a_budget_comes_back_when_the_month_is_over_by_its_unit_s_clock_and_once(tmp_path: Path) -> None:
    site = site_of(configured(tmp_path))
    now = at("2099-11-30T23:59")
    async with database(site.settings) as engine:
        ledger = Ledger(engine, lambda: 1)
        child = OldBudgets(ledger, Current(site, site), lambda: now)
        await declare_a_hundred_hours(engine)
        bank = budgets_of(ledger, site)
        await bank.hand(Budget("b", "team-1", "tina", 900, ("team-1",), DAY, "contests"), asking())
        assert await child.recall_due() == []
        now = at("2099-12-01T00:01")
        (recalled,) = await child.recall_due()
        assert (recalled.budget.id, recalled.given_s) == ("b", 0)
        assert await child.recall_due() == []
        (stand,) = await bank.all_of("2099-11")
        assert stand.budget.ended
        (one,) = await giver_of(ledger, site).caps.stands(["team-1"], DAY)
        assert one.given_s == 0


async def test_what_a_packet_gives_back_to_a_budget_that_was_taken_back_goes_on_to_the_caps(tmp_path: Path) -> None:
    site = site_of(configured(tmp_path))
    now = at("2099-11-30T12:00")
    async with database(site.settings) as engine:
        ledger = Ledger(engine, lambda: 1)
        child = OldBudgets(ledger, Current(site, site), lambda: now)
        await declare_a_hundred_hours(engine)
        bank, giver = budgets_of(ledger, site), giver_of(ledger, site)
        await bank.hand(Budget("b", "team-1", "tina", 900, ("team-1",), DAY, "contests"), asking())
        given = await giver.give(
            Packet("p", "team-1", ("1001",), 600, "contest", "well done", DAY), asking("tina"), "b"
        )
        await bank.recall("b", asking(), "enough", "2099-11")
        assert await child.recall_due() == []
        for moment in ("2099-11-30T12:01", "2099-11-30T12:02"):
            now = at(moment)
            await ledger.reverse(given.transaction, "back", "lead")
            assert [one.given_s for one in await child.recall_due()] == ([0] if moment.endswith("01") else [])
            (one,) = await giver.caps.stands(["team-1"], DAY)
            assert one.given_s == 0
