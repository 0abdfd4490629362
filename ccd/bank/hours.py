"""The seconds that a unit is scheduled for in a month: what its red packets are measured by (docs/time-bank.md 3.3).

Pure. A unit's are those of its own agents' shifts and those of the units below it. Where there are none, those count
that were declared for it.
"""

from collections.abc import Mapping
from datetime import date

from ccd.org.units import Units


def hours_s(unit: str, units: Units, day: date, scheduled: Mapping[str, int], declared: Mapping[str, int]) -> int:
    """In seconds; 0 where nobody knows. `scheduled` are the shifts of each unit's own agents; below a unit is what
    stands there on the day."""
    below = [one for one in units.with_below([unit], day) if units.with_above(one, day)[1:2] == (unit,)]
    known = scheduled.get(unit, 0) + sum(hours_s(one, units, day, scheduled, declared) for one in below)
    return known or declared.get(unit, 0)
