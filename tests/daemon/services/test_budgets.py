"""The daemon takes back what is left of budgets once their month is over in their unit."""

from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from ccd.bank.budgets import Budget
from ccd.bank.declared import declare_hours
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


async def test_a_budget_comes_back_when_the_month_is_over_by_its_unit_s_clock_and_once(tmp_path: Path) -> None:
    site = site_of(configured(tmp_path))
    now = at("2099-11-30T23:59")
    async with database(site.settings) as engine:
        ledger = Ledger(engine, lambda: 1)
        child = OldBudgets(ledger, Current(site, site), lambda: now)
        await take_turn_at_once(
            engine,
            lambda connection: declare_hours(connection, "team-1", "2099-11", 360_000, 1, "lead", "known"),
            Patience(),
        )
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
