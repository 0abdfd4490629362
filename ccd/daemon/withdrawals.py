"""Days off that have come and gone: spent, but for what the day's record says was worked all the same."""

from datetime import date

from sqlalchemy.ext.asyncio import AsyncConnection

from ccd.bank.withdrawal import OPEN, Application
from ccd.bank.withdrawing import Said, Withdrawals
from ccd.daemon.site import Site
from ccd.errors import DayWaitsError
from ccd.floor.days import SECOND
from ccd.history.day_rows import latest_days
from ccd.history.unit_days import settled_on
from ccd.ledger.books import Ledger
from ccd.sql.turns import Patience, take_turn


def withdrawals_of(ledger: Ledger, site: Site) -> Withdrawals:
    return Withdrawals(ledger, site.units, site.policies, site.agent_days, site.settings.site)


async def close_days_off(ledger: Ledger, site: Site, day: date, said: Said) -> list[Application]:
    """DayWaitsError where the day is not settled in a unit in which somebody has applied for it."""
    bank = withdrawals_of(ledger, site)
    waiting = [one for one in await bank.calendar(day, day) if one.state in OPEN]

    async def worked(connection: AsyncConnection) -> dict[str, int]:
        settled = await settled_on(connection, day)
        for unit in sorted({one.unit for one in waiting} - settled):
            raise DayWaitsError(unit, day, "days off are spent once the day is settled; see `ccd settle`")
        found = await latest_days(connection, day, agents={one.agent for one in waiting})
        return {agent: stored.record.signed_in // SECOND for agent, stored in found.items()}

    worked_s = await take_turn(ledger.engine, worked, Patience(), keep=False, writes=False)
    return await bank.close(day, worked_s, said)
