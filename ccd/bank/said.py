"""Who says something of a day off, and when."""

from datetime import date
from typing import NamedTuple

from ccd.bank.asking import Asking


class Said(NamedTuple):
    """Who does it, on which day of the unit, when (microseconds since the epoch), and why. `asking` is the person with
    the own rights; without it, it is done by rule, or by whoever may do everything."""

    by: str
    today: date
    at: int
    why: str = ""
    asking: Asking | None = None
