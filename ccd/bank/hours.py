"""The seconds that units are scheduled for in a month: what their red packets are measured by (docs/time-bank.md 3.3).

Pure. A unit's are those of its own agents' shifts and those of the units that stood below it on each day: a unit that
moves takes its later days along, and no others. Where there are none, those count that were declared for it; of these
nobody has said on which days they are worked, so they count where the unit stands on the day of the packet.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import date

from ccd.floor.days import SECOND
from ccd.org.units import Units


def hours_s(
    units: Units, day: date, scheduled: Mapping[tuple[str, date], int], declared: Mapping[str, int]
) -> Counter[str]:
    """By unit, in seconds; 0 where nobody knows. `scheduled` in µs, by the agents' own unit and day."""
    shifts: Counter[str] = Counter()
    for (unit, worked_on), worked in scheduled.items():
        for above in units.with_above(unit, worked_on):
            shifts[above] += worked
    known = Counter({unit: worked // SECOND for unit, worked in shifts.items()})
    # From below: what is declared for a unit counts only where nothing is known of it, nor of those below it.
    for unit in sorted(declared, key=lambda unit: -len(units.with_above(unit, day))):
        if not known[unit]:
            for above in units.with_above(unit, day):
                known[above] += declared[unit]
    return known
