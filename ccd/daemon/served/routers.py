"""The routers of the bank's services, put together of a site for whoever acts over HTTP."""

from collections.abc import Callable

from fastapi import APIRouter

from ccd.daemon.served.changes import change_desk
from ccd.daemon.served.leave import leave_acts
from ccd.daemon.served.leavers import leaver_acts
from ccd.daemon.served.loans import loan_desk
from ccd.daemon.served.months import month_acts
from ccd.daemon.served.overtime import OvertimeShown
from ccd.daemon.served.policies import policy_desk
from ccd.daemon.served.recorded import recorded_desk
from ccd.daemon.served.reports import report_desk
from ccd.daemon.served.rulings import ruling_acts
from ccd.daemon.services.budgets import budgets_of, giver_of, proposals_of
from ccd.daemon.services.ordering import order
from ccd.daemon.services.overtime import emergencies_of
from ccd.daemon.services.withdrawals import allocations_of, withdrawals_of
from ccd.daemon.site import Current, Site
from ccd.ledger.books import Ledger
from ccd.web.bank.changes import changes_api
from ccd.web.bank.desk import BankDesk, Services
from ccd.web.bank.leave import leave_api
from ccd.web.bank.leavers import leavers_api
from ccd.web.bank.months import months_api
from ccd.web.bank.office import office_api
from ccd.web.bank.overtime import overtime_acts_api
from ccd.web.bank.policies import policies_api
from ccd.web.bank.quotas import quotas_api
from ccd.web.bank.red_packets import red_packets_api
from ccd.web.bank.rulings import rulings_api
from ccd.web.bank.withdrawals import withdrawal_acts_api
from ccd.web.decisions_api import decisions_api
from ccd.web.loan_api import loan_api
from ccd.web.orders_api import orders_api
from ccd.web.recorded_api import recorded_api
from ccd.web.reports_api import reports_api
from ccd.web.sessions import Sessions


def bank_routers(
    sessions: Sessions, current: Current, ledger: Ledger, overtime: OvertimeShown, now: Callable[[], int]
) -> list[APIRouter]:
    """`now` gives µs since the epoch."""
    desk = BankDesk(sessions, ledger.engine, lambda: services_of(ledger, current.site), now)
    return [
        red_packets_api(desk),
        decisions_api(desk, lambda: proposals_of(ledger, current.site)),
        quotas_api(desk),
        withdrawal_acts_api(desk),
        overtime_acts_api(desk, overtime.so_far),
        orders_api(desk, lambda asking, *asked: order(ledger.engine, current.site, asking, *asked)),
        rulings_api(desk, ruling_acts(current, ledger.engine)),
        leave_api(desk, leave_acts(current, ledger.engine)),
        leavers_api(desk, leaver_acts(current, ledger, now)),
        loan_api(desk, loan_desk(current, ledger, now)),
        months_api(desk, month_acts(current, ledger, now)),
        reports_api(desk, report_desk(current, ledger.engine, now)),
        changes_api(desk, change_desk(current, ledger, now)),
        policies_api(desk, policy_desk(current, ledger.engine, now)),
        recorded_api(sessions, recorded_desk(current, ledger.engine)),
        office_api(desk, lambda: current.site.policies),
    ]


def services_of(ledger: Ledger, site: Site) -> Services:
    return Services(
        units=site.units,
        known=site.all_units,
        days=site.agent_days,
        giver=giver_of(ledger, site),
        budgets=budgets_of(ledger, site),
        withdrawals=withdrawals_of(ledger, site),
        allocations=allocations_of(ledger, site),
        emergencies=emergencies_of(ledger, site),
    )
