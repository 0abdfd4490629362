"""Day records as a table for a terminal."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from math import inf
from zoneinfo import ZoneInfo

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table

from ccd.floor.days import SECOND
from ccd.floor.records import DayRecord, OnDuty
from ccd.reports.plain_table import parted, table_width
from ccd.reports.words import on_a_clock

DURATIONS = (
    ("signed in", "signed_in"),
    ("available", "available"),
    ("ringing", "ringing"),
    ("on call", "on_call"),
    ("wrap-up", "wrap_up"),
    ("aux", "aux"),
    ("exempt", "exempt"),
    ("unreach.", "unreachable"),
    ("unobs.", "unobserved"),
)
OF_SCHEDULES = (
    ("sched.", "scheduled"),
    ("late", "late"),
    ("early", "early_leave"),
    ("off post", "off_post"),
    ("leave", "on_leave"),
)  # columns where some unit keeps schedules
COUNTS = (("ins", "sign_ins"), ("pauses", "pauses"), ("answ.", "answered"), ("missed", "missed"))


@dataclass(frozen=True)
class Column:
    heading: str
    cells: Sequence[str]

    @cached_property
    def narrowest(self) -> int:
        return max(cell_len(cell) for cell in (self.heading, *self.cells))


def show(records: Iterable[DayRecord], timezone: str, console: Console | None = None) -> None:
    """A table a day; times of day are in `timezone`, what lasted is in hours, minutes and seconds.

    What a terminal has no room for beside the agents follows below, in tables that name them again. A file or another
    program gets each agent in one line.
    """
    console = console or Console()
    room = console.width if console.is_terminal else inf
    days: dict[str, list[DayRecord]] = {}
    for record in sorted(records, key=lambda record: (record.day, record.agent)):
        days.setdefault(record.day.isoformat(), []).append(record)
    if not days:
        console.print("nothing was seen")
    for day, of_day in days.items():
        for columns in parted(_columns(of_day, ZoneInfo(timezone)), 1, room):
            console.print(_table(f"{day} {timezone}", columns), crop=False)


def _columns(records: Sequence[DayRecord], zone: ZoneInfo) -> list[Column]:
    return [
        Column("agent", [record.agent for record in records]),
        Column("from", [_time_of_day(record.first_sign_in, zone) for record in records]),
        Column("to", [_time_of_day(record.last_sign_out, zone) for record in records]),
        *(Column(heading, [duration(getattr(record, name)) for record in records]) for heading, name in DURATIONS),
        *(Column(heading, [str(getattr(record, name)) for record in records]) for heading, name in COUNTS),
        *_of_schedules([record.duty for record in records]),
    ]


def _of_schedules(duties: Sequence[OnDuty | None]) -> Iterator[Column]:
    if any(duties):
        for heading, name in OF_SCHEDULES:
            yield Column(heading, [duration(getattr(duty, name)) if duty else "" for duty in duties])


def _table(title: str, columns: Sequence[Column]) -> Table:
    # A width of its own: nothing is cut where even that is more than there is room for.
    width = table_width(column.narrowest for column in columns)
    table = Table(title=title, title_justify="left", width=width)
    for column in columns:
        table.add_column(column.heading, justify="left" if column is columns[0] else "right", no_wrap=True)
    for row in zip(*(column.cells for column in columns), strict=True):
        table.add_row(*row)
    return table


def duration(us: int) -> str:
    """`8:00:05`, and nothing at all for nothing: an empty cell is easier to pass over than a zero."""
    return on_a_clock(us // SECOND, signed=False) if us else ""


def _time_of_day(at: int | None, zone: ZoneInfo) -> str:
    return "" if at is None else datetime.fromtimestamp(at // SECOND, zone).strftime("%H:%M:%S")
