"""Day records as a table for a terminal."""

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table

from ccd.floor.days import SECOND
from ccd.floor.records import DayRecord

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
COUNTS = (("ins", "sign_ins"), ("pauses", "pauses"), ("answ.", "answered"), ("missed", "missed"))


def show(records: Iterable[DayRecord], timezone: str, console: Console | None = None) -> None:
    """A table a day; times of day are in `timezone`, what lasted is in hours, minutes and seconds."""
    console = console or Console()
    days: dict[str, list[DayRecord]] = {}
    for record in sorted(records, key=lambda record: (record.day, record.agent)):
        days.setdefault(record.day.isoformat(), []).append(record)
    if not days:
        console.print("nothing was seen")
    for day, of_day in days.items():
        console.print(_table(f"{day} {timezone}", of_day, ZoneInfo(timezone)))


def _table(title: str, records: Iterable[DayRecord], zone: ZoneInfo) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column("agent", no_wrap=True)
    for heading in ("from", "to", *(heading for heading, _ in DURATIONS + COUNTS)):
        table.add_column(heading, justify="right", no_wrap=True)
    for record in records:
        table.add_row(
            record.agent,
            _time_of_day(record.first_sign_in, zone),
            _time_of_day(record.last_sign_out, zone),
            *(duration(getattr(record, name)) for _, name in DURATIONS),
            *(str(getattr(record, name)) for _, name in COUNTS),
        )
    return table


def duration(us: int) -> str:
    """`8:00:05`, and nothing at all for nothing: an empty cell is easier to pass over than a zero."""
    whole = us // SECOND
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}" if us else ""


def _time_of_day(at: int | None, zone: ZoneInfo) -> str:
    return "" if at is None else datetime.fromtimestamp(at // SECOND, zone).strftime("%H:%M:%S")
