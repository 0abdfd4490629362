"""The services of the bank, put together of a site for whoever acts over HTTP."""

from collections.abc import Callable

from fastapi import APIRouter

from ccd.daemon.budgets import budgets_of, giver_of, proposals_of
from ccd.daemon.changes_served import change_desk
from ccd.daemon.leave_served import leave_acts
from ccd.daemon.loans_shown import loan_desk
from ccd.daemon.months_served import month_acts
from ccd.daemon.overtime import emergencies_of
from ccd.daemon.policies_served import policy_desk
from ccd.daemon.recorded_served import recorded_desk
from ccd.daemon.reports_served import report_desk
from ccd.daemon.rulings_served import ruling_acts
from ccd.daemon.site import Current, Site
from ccd.daemon.withdrawals import allocations_of, withdrawals_of
from ccd.ledger.books import Ledger
from ccd.web.bank.changes import changes_api
from ccd.web.bank.desk import Bank, Desk
from ccd.web.bank.leave import leave_api
from ccd.web.bank.months import months_api
from ccd.web.bank.overtime import overtime_acts_api
from ccd.web.bank.policies import policies_api
from ccd.web.bank.quotas import quotas_api
from ccd.web.bank.red_packets import red_packets_api
from ccd.web.bank.rulings import rulings_api
from ccd.web.bank.withdrawals import withdrawal_acts_api
from ccd.web.decisions_api import decisions_api
from ccd.web.loan_api import loan_api
from ccd.web.recorded_api import recorded_api
from ccd.web.reports_api import reports_api
from ccd.web.sessions import Sessions


def bank_routers(sessions: Sessions, current: Current, ledger: Ledger, now: Callable[[], int]) -> list[APIRouter]:
    """`now` gives µs since the epoch."""
    desk = Desk(sessions, ledger.engine, lambda: bank_of(ledger, current.site), now)
    return [
        red_packets_api(desk),
        decisions_api(desk, lambda: proposals_of(ledger, current.site)),
        quotas_api(desk),
        withdrawal_acts_api(desk),
        overtime_acts_api(desk),
        rulings_api(desk, ruling_acts(current, ledger.engine)),
        leave_api(desk, leave_acts(current, ledger.engine)),
        loan_api(desk, loan_desk(current, ledger, now)),
        months_api(desk, month_acts(current, ledger, now)),
        reports_api(desk, report_desk(current, ledger.engine, now)),
        changes_api(desk, change_desk(current, ledger.engine)),
        policies_api(desk, policy_desk(current, ledger.engine, now)),
        recorded_api(sessions, recorded_desk(current, ledger.engine)),
    ]


def bank_of(ledger: Ledger, site: Site) -> Bank:
    return Bank(
        units=site.units,
        known=site.all_units,
        days=site.agent_days,
        giver=giver_of(ledger, site),
        budgets=budgets_of(ledger, site),
        withdrawals=withdrawals_of(ledger, site),
        allocations=allocations_of(ledger, site),
        emergencies=emergencies_of(ledger, site),
    )
