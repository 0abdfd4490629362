"""What attendance is handed, for whoever reads it over HTTP."""

from contextlib import aclosing
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.bank.asking import Asking
from ccd.daemon.services.attendance_rows import AttendanceRows, LastRead, note_attendance_read, readable
from ccd.daemon.site import Current
from ccd.history.reading import reading
from ccd.web.attendance_api import AttendanceAsked, AttendanceDesk


def attendance_desk(current: Current, engine: AsyncEngine) -> AttendanceDesk:
    async def days(asks: Asking, asked: AttendanceAsked) -> list[dict[str, Any]]:
        own, unit, first, last, after, limit = asked
        site = current.site
        units = readable(site, asks.by, own, unit, last)
        await note_attendance_read(engine, asks, units, first, last)
        found: list[dict[str, Any]] = []
        async with reading(engine) as connection:
            place = LastRead(*after) if after else None
            rows = AttendanceRows(connection, site, units).between(first, last, place, at_once=limit)
            async with aclosing(rows):
                async for row in rows:
                    found.append(row._asdict())
                    if len(found) == limit:
                        break
        return found

    return AttendanceDesk(lambda: current.site.all_units, days)
