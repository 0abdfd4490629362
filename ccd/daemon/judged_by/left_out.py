"""Who is left out of a file of people, and signs in as if nothing had ever been said (docs/time-bank.md 2.6). Pure."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

from ccd.floor.days import SECOND
from ccd.org.csv_faults import Row
from ccd.org.people import ALL_UNITS, Person, Role
from ccd.org.people_file import HEADER
from ccd.org.staff import HeldDuty, Staff
from ccd.org.units import Units


def left_out(
    logins: Iterable[Person], before: Staff, after: Staff, rows: Mapping[int, Row], units: Units, now: int
) -> Iterator[str]:
    """Whose login is again what it was made with, since nobody says any more what they are there for; and what ends
    that. `rows` are those of `before`, by their lines; `now` in µs."""
    for login in logins:
        held = before.held_by(login.name)
        if not held or after.held_by(login.name) or login.role is not Role.SUPERVISOR:
            continue
        ended = "; ".join(_ended(rows[each.line], each, units, now) for each in held)
        yield (
            f"{login.name} is there for nothing by these lines, and so the login {login.name} is again what it was "
            f"made with: a supervisor of {', '.join(login.units) or 'nothing'}. To end that, let the lines say until "
            f"when, instead of leaving them out: {ended}; or let nobody sign in so: ccd user remove {login.name}"
        )


def _ended(row: Row, duty: HeldDuty, units: Units, now: int) -> str:
    """A line as it is to stand in the file; one that has ended, or only is to begin, as it was."""
    row = dict(row)
    if duty.start < now < duty.end:
        today = units.days("" if duty.unit == ALL_UNITS else duty.unit).at(now)
        row["to"] = str(today.day) if duty.start < today.start else _moment(now)
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(row.get(column, "") for column in HEADER.needed)
    return out.getvalue()


def _moment(at: int) -> str:
    return datetime.fromtimestamp(at // SECOND, UTC).isoformat()
