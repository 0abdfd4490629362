"""What a site's bank stands on."""

from typing import NamedTuple

from ccd.bank.policy import Policies
from ccd.ledger.books import Ledger
from ccd.org.agent_days import AgentDays
from ccd.org.units import Units


class Branch(NamedTuple):
    """Its ledger and the book in it (`site`), its units, what holds in them, and whose day in which unit is which."""

    ledger: Ledger
    units: Units
    policies: Policies
    days: AgentDays
    site: str
