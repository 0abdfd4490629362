"""Days that are measured anew after their month is closed: attendance is told of them (docs/time-bank.md 3.5)."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from ccd.bank.month_rows import is_closed
from ccd.bank.outbox import OutboxItem, OutboxKind, tell
from ccd.daemon.services.attendance_rows import attendance_figures
from ccd.daemon.services.months import calendar_of
from ccd.daemon.site import Site
from ccd.history.close import HandOver
from ccd.history.day_rows import revision_of
from ccd.history.days import MeasuredDay


def handing_over(site: Callable[[], Site], now: Callable[[], int]) -> HandOver:
    """What becomes of records that are new; `now` gives µs since the epoch."""

    async def hand_over(connection: AsyncConnection, days: Sequence[tuple[MeasuredDay, int]]) -> None:
        of, at = site(), now()
        month = calendar_of(of.settings).month_of(days[0][0].record.day)  # they are of one day
        revised = [(each, number) for each, number in days if each.record.unit is not None]
        if not await connection.run_sync(is_closed, of.settings.site, month):
            if at < of.units.instant("", calendar_of(of.settings).closes(month)):
                return
            # It may be closing now, with what was known of the day before.
            revised = [(each, number) for each, number in revised if number > 1]
        items = []
        for each, number in revised:
            data = attendance_figures(of, each.record, number, each.expected)
            if await _differs(connection, of, data, number):
                subject = f"{of.settings.site}/{data['day']}/{each.record.agent}/{number}"
                said = {"site": of.settings.site, "month": month, **data, "day": data["day"].isoformat()}
                items.append(OutboxItem(OutboxKind.DAY, subject, at, said))
        await connection.run_sync(tell, items)

    return hand_over


async def _differs(connection: AsyncConnection, site: Site, data: dict[str, Any], number: int) -> bool:
    """From what attendance had before: what is measured anew may be nothing of its own."""
    before = await revision_of(connection, data["agent"], data["day"], number - 1) if number > 1 else None
    if before is None:
        return True
    kept = before.stored
    return attendance_figures(site, kept.record, number, kept.expected) != data
