"""Attendance months for whoever acts over HTTP."""

from collections.abc import Callable, Sequence

from ccd.bank.asking import Asking
from ccd.bank.month_close import Difference
from ccd.bank.month_rows import Result
from ccd.daemon.services.months import AttendanceMonths
from ccd.daemon.site import Current
from ccd.ledger.books import Ledger
from ccd.web.bank.months import ClosedMonth, MonthActs


def month_acts(current: Current, ledger: Ledger, now: Callable[[], int]) -> MonthActs:
    """`now` gives µs since the epoch."""

    def months() -> AttendanceMonths:
        return AttendanceMonths(ledger, current.site, now)

    async def close(asking: Asking, month: str) -> ClosedMonth:
        of = months()
        closed = await of.close(month, asking)
        appealed = [(one.agent, one.day) for one in await of.under_appeal(month)]
        return ClosedMonth(list(closed.values()), appealed, await of.expiry.expired(month, closed))

    async def given(month: str) -> Sequence[Result]:
        return list((await months().closing.given(month)).values())

    async def differences(month: str) -> list[Difference]:
        return await months().differences(month)

    async def correct(asking: Asking, month: str, agent: str, why: str, reopens: bool) -> Result | None:
        """The newest, whether this act has made it or one before."""
        of = months()
        made = await of.correct(asking, month, agent, why, reopens)
        return made or (await of.closing.given(month, agent)).get(agent)

    return MonthActs(close, given, differences, correct, lambda month: months().calendar.last_day(month))
