"""What other people would change of days that were measured, and of who administers all units (docs/time-bank.md 6)."""

import time
from datetime import date
from typing import NamedTuple

from ccd.daemon.judged_by.applied_shares import first_differing
from ccd.daemon.site import Site
from ccd.errors import ImportFaultsError
from ccd.floor.days import SECOND
from ccd.org import people_file
from ccd.org.csv_faults import Written
from ccd.org.staff import Staff


class OtherPeople(NamedTuple):
    """`since`: from when somebody has another share of a contract, µs, where days go by it; of these `agents`.
    `taken_out`: who would administer all units for less time than until now. `needs_second`: of who holds until now."""

    since: int | None
    agents: tuple[str, ...]
    taken_out: tuple[str, ...]
    needs_second: bool


def other_people(site: Site, held: Written | None) -> OtherPeople:
    """By the people of whom `site` is made, in place of those that are held."""
    before, now = staff_of_text(site, held), round(time.time() * SECOND)
    shares, after = before.shares, site.staff.shares
    agents = [one for one in sorted({*shares, *after}) if shares.get(one, ()) != after.get(one, ())]
    first = first_differing(shares, after) if site.policies.any_goes_by_shares else None
    since = None if first is None else 0 if first == date.min else site.first_start(first)
    taken_out = before.administers_longer_than(site.staff, now)
    needs_second = site.settings.second_person == "always" or len(before.administrators(now)) > 1
    return OtherPeople(since, tuple(agents), tuple(sorted(taken_out)), needs_second)


def staff_of_text(site: Site, held: Written | None) -> Staff:
    """Nobody, where nobody is held, or by faults since units are others."""
    try:
        return Staff() if held is None else people_file.parse(held.text, held.file, site.units, site.all_units)
    except ImportFaultsError:
        return Staff()
