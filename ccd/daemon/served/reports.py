"""Reports for whoever asks over HTTP."""

import asyncio
from collections.abc import Callable, Collection
from io import BytesIO
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.bank.asking import Asking
from ccd.daemon.served.reporting import Report, ReportWanted, report
from ccd.daemon.site import Current
from ccd.errors import ReportError
from ccd.history.reading import reading
from ccd.org.rights import floor_units
from ccd.reports.periods import Each
from ccd.reports.report import By, Show
from ccd.web.reports_api import Kind, ReportAsked, ReportDesk

PERIODS_MAX = 92
LINES_MAX = 20_000


def report_desk(current: Current, engine: AsyncEngine, now: Callable[[], int]) -> ReportDesk:
    """`now` in µs since the epoch."""
    drawing = asyncio.Lock()  # matplotlib draws one picture at a time, beside the loop

    async def found(asking: Asking, asked: ReportAsked) -> Report:
        site = current.site
        named = None if asked.unit is None else [asked.unit]
        units = floor_units(asking.person, named, lambda units: site.with_below(units, now()))
        wanted = _wanted(asked, units)
        async with reading(engine) as connection:
            return await report(connection, site, wanted, PERIODS_MAX)

    async def told(asking: Asking, asked: ReportAsked) -> dict[str, Any]:
        one = await found(asking, asked)
        _check_size(one)
        return one.as_json()

    async def written(asking: Asking, asked: ReportAsked, kind: Kind) -> bytes:
        one = await found(asking, asked)
        if kind == "csv":
            _check_size(one)
            return one.as_csv().encode()
        file = BytesIO()
        async with drawing:
            await asyncio.to_thread(one.draw, file, "png" if kind == "png" else "svg")
        return file.getvalue()

    return ReportDesk(lambda: current.site.all_units, told, written)


def _wanted(asked: ReportAsked, units: Collection[str] | None) -> ReportWanted:
    show = None if asked.show is None else Show(asked.show)
    return ReportWanted(asked.first, asked.last, Each(asked.each), By(asked.by), show, units, asked.against)


def _check_size(one: Report) -> None:
    if len(one.made) > LINES_MAX:
        raise ReportError(
            f"it would have more than {LINES_MAX} rows: ask for fewer days or units, or for longer ones",
            "report-too-long",
            most=LINES_MAX,
        )
