"""What attendance is handed of each agent's day, as rows, as CSV and as JSON (docs/time-bank.md 3.5)."""

import csv
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from typing import IO, Any, Final, NamedTuple

from ccd.reports.spreadsheet import harmless

DAY_OFF = "day_off"  # leave that was paid for with time of the bank
OTHER = "other"  # leave of a kind that is configured no more

Write = Callable[["Row"], None]


class Row(NamedTuple):
    """An agent's day, in seconds. `revision` counts the measurements of the day. `leave_s` is by kind, as far as the
    agent was away; `personal_leave_s` is what else was made leave (3.4), and `offset_s` what of all that was offset.

    Of the day's attendance month what was given last: `given` is its number, None while the month is open.
    """

    agent: str
    day: date
    unit: str
    revision: int
    scheduled_s: int
    signed_in_s: int
    late_s: int
    early_leave_s: int
    off_post_s: int
    leave_s: Mapping[str, int]
    personal_leave_s: int
    offset_s: int
    month: str
    full_attendance: bool | None
    points: float | None
    given: int | None


BEFORE_LEAVE: Final = Row._fields[: Row._fields.index("leave_s")]
AFTER_LEAVE: Final = Row._fields[Row._fields.index("leave_s") + 1 :]


def kinds_of(configured: Sequence[str]) -> tuple[str, ...]:
    """The kinds that have a column each."""
    return (*dict.fromkeys((*configured, DAY_OFF, OTHER)),)


def attendance_columns(kinds: Sequence[str]) -> list[str]:
    return [*BEFORE_LEAVE, *(f"leave_{kind}_s" for kind in kinds), *AFTER_LEAVE]


def cells_of(row: Row, kinds: Sequence[str]) -> list[str | int | float | None]:
    """In the order of the columns; days as 2026-11-23, yes and no in words."""
    said = row._asdict() | {"day": row.day.isoformat()}
    if row.full_attendance is not None:
        said["full_attendance"] = "yes" if row.full_attendance else "no"
    leave = [row.leave_s.get(kind, 0) for kind in kinds]
    return [*(said[name] for name in BEFORE_LEAVE), *leave, *(said[name] for name in AFTER_LEAVE)]


def as_object(row: Row) -> dict[str, Any]:
    return row._asdict() | {"day": row.day.isoformat(), "leave_s": dict(row.leave_s)}


@contextmanager
def csv_into(file: IO[str], kinds: Sequence[str]) -> Iterator[Write]:
    lines = csv.writer(file, lineterminator="\n")
    lines.writerow(attendance_columns(kinds))
    yield lambda row: lines.writerow(harmless(cell) for cell in cells_of(row, kinds))


@contextmanager
def json_into(file: IO[str]) -> Iterator[Write]:
    """An array, a line an object."""
    before = "["

    def write(row: Row) -> None:
        nonlocal before
        file.write(f"{before}\n{json.dumps(as_object(row), ensure_ascii=False)}")
        before = ","

    yield write
    file.write("[]\n" if before == "[" else "\n]\n")
