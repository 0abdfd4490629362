"""What an agent sees of the loan of a month, and decides on it, from the own page."""

from collections.abc import Callable

from ccd.bank.asking import Asking
from ccd.bank.attendance import HUNDREDTHS, Month
from ccd.bank.expiry import Expiring
from ccd.bank.loan import LoanOffer
from ccd.bank.offsetting import Choice
from ccd.daemon.services.months import AttendanceMonths
from ccd.daemon.site import Current
from ccd.floor.days import SECOND
from ccd.ledger.books import Ledger
from ccd.web.loan_api import ChoiceAsked, ExpiresSaid, FaultSaid, ForecastSaid, ItemSaid, LoanDesk, LoanSaid


def loan_desk(current: Current, ledger: Ledger, now: Callable[[], int]) -> LoanDesk:
    """`now` gives µs since the epoch."""

    async def told(agent: str) -> LoanSaid:
        months = AttendanceMonths(ledger, current.site, now)
        month = months.loans.month_at(now())
        return await _said(months, agent, month, await months.loans.offer(agent, month))

    async def choose(asking: Asking, agent: str, asked: ChoiceAsked) -> LoanSaid:
        months = AttendanceMonths(ledger, current.site, now)
        month = months.loans.month_at(asking.at)
        if asked.keep:
            left = await months.loans.keep(asking, agent, month)
        elif asked.back:
            left = await months.loans.take_back(asking, agent, month, asked.item)
        else:
            left = await months.loans.choose(asking, agent, month, Choice(asked.item, asked.seconds))
        return await _said(months, agent, month, left)

    return LoanDesk(told, choose)


async def _said(months: AttendanceMonths, agent: str, month: str, offer: LoanOffer) -> LoanSaid:
    foreseen = await months.foreseen(agent, month, offer)
    items = [
        ItemSaid(item=one.name, made=one.made_s, offset=one.offset_s, taken=one.taken_s, open=one.open_s)
        for one in offer.items
    ]
    return LoanSaid(
        month=month, opens=months.calendar.opens_on(month), closes=months.loans.closes_at(month) / SECOND,
        owed=offer.owed_s, could=offer.could_s, balance=offer.balance_s, by_itself=offer.by_itself, items=items,
        forecast=_forecast(foreseen.month), expires=_expiring(foreseen.expires),
    )  # fmt: skip


def _expiring(one: Expiring | None) -> ExpiresSaid | None:
    if one is None:
        return None
    return ExpiresSaid(months=one.months, since=one.since, seconds=one.seconds, accounts=one.by_account)


def _forecast(month: Month | None) -> ForecastSaid | None:
    if month is None:
        return None
    faults = [FaultSaid(what=one.what.value, day=one.day, seconds=one.seconds) for one in month.faults]
    return ForecastSaid(full=month.full, points=month.points_100 / HUNDREDTHS, faults=faults)
