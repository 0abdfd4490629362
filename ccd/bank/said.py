"""Who says something of a day off, and when."""

from datetime import date
from typing import NamedTuple

from sqlalchemy import Connection

from ccd.bank.asking import Asking
from ccd.errors import ActTakenError
from ccd.org.acts import is_begun
from ccd.org.people import Duty


class Said(NamedTuple):
    """Who does it, on which day of the unit, when (microseconds since the epoch), and why. `asking` is the person with
    the own rights; without it, it is done by rule, or by whoever may do everything."""

    by: str
    today: date
    at: int
    why: str = ""
    asking: Asking | None = None

    def under(self, duty: Duty | None) -> "Said":
        """As it is done under a duty, and signed so."""
        if self.asking is None:
            return self
        acting = self.asking.under(duty)
        return self._replace(asking=acting, by=acting.signed)

    def check_new(self, connection: Connection) -> None:
        """ActTakenError where somebody's act, or a part of it, was done before: it was another."""
        if self.asking and is_begun(connection, self.asking.act):
            raise ActTakenError(self.asking.act)
