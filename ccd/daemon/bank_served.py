"""The services of the bank, put together of a site for whoever acts over HTTP."""

from ccd.daemon.budgets import budgets_of, giver_of
from ccd.daemon.overtime import emergencies_of
from ccd.daemon.site import Site
from ccd.daemon.withdrawals import allocations_of, withdrawals_of
from ccd.ledger.books import Ledger
from ccd.web.bank.desk import Bank


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
