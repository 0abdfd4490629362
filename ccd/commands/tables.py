"""Tables on a terminal, for people: nothing of a cell is cut off or taken for a style, figures stand to the right, and
a column that says nothing is left out."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from rich.cells import cell_len
from rich.console import Console, JustifyMethod
from rich.table import Table
from rich.text import Text

from ccd.floor.days import SECOND

FIGURE = re.compile(r"|[+−-]?\d[\d.,:]*( ?%)?|[+−]?(\d+ (h|min|s) ?)+")
WHOLE_MAX = 40  # a cell without a space that is longer is broken where there is no room
AROUND = 3  # a cell's padding, and the line before it


class PlainTable:
    """At most as many cells a row as there are heads; a last row may sum up those above it."""

    def __init__(self, *heads: str, title: str = "") -> None:
        self._heads = heads
        self._title = title
        self._rows: list[tuple[str, ...]] = []
        self._sums: list[tuple[str, ...]] = []

    def add(self, *cells: str) -> None:
        self._rows.append(cells)

    def sum_up(self, *cells: str) -> None:
        self._sums = [cells]

    def print(self) -> None:
        """As wide as the terminal at most, unless that would break a word."""
        rows = self._rows + self._sums
        columns = [
            PlainColumn(head, [row[place] if place < len(row) else "" for row in rows])
            for place, head in enumerate(self._heads)
        ]
        columns = [column for column in columns if not rows or any(column.cells)]
        console = Console()
        widths = _widths(columns, console.width - AROUND * len(columns) - 1)
        table = Table(title=self._title or None, title_justify="left")
        for place, (column, width) in enumerate(zip(columns, widths, strict=True)):
            justify: JustifyMethod = "right" if place and column.is_figures else "left"
            table.add_column(Text(column.head), justify=justify, width=width, overflow="fold")
        for number, cells in enumerate(zip(*(column.cells for column in columns), strict=True)):
            is_sums = number == len(self._rows)
            if is_sums:
                table.add_section()
            table.add_row(*map(Text, cells), style="bold" if is_sums else None)
        Console(width=max(console.width, sum(widths) + AROUND * len(widths) + 1)).print(table)


def clock(at: int | None, zone: str) -> str:
    """An instant, µs, as a clock of that zone shows it, to the second; nothing for none."""
    if at is None:
        return ""
    return f"{datetime.fromtimestamp(at // SECOND, UTC).astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M:%S}"


@dataclass(frozen=True)
class PlainColumn:
    head: str
    cells: list[str]

    @property
    def is_figures(self) -> bool:
        return all(map(FIGURE.fullmatch, self.cells))

    @property
    def narrowest(self) -> int:
        """Below it a word would be broken."""
        words = [*self.head.split()]
        for cell in self.cells:
            words += cell.split("\n") if "\n" in cell else cell.split()
        return min(WHOLE_MAX, max(map(cell_len, words), default=0))

    @property
    def widest(self) -> int:
        """Above it nothing is gained."""
        return max(cell_len(line) for text in (self.head, *self.cells) for line in text.split("\n"))


def _widths(columns: Sequence[PlainColumn], room: int) -> list[int]:
    """Each at its narrowest, and what is left to all who want it, in equal parts."""
    widths = [column.narrowest for column in columns]
    left = max(0, room - sum(widths))
    wanting = sorted(range(len(columns)), key=lambda place: columns[place].widest - widths[place])
    for done, place in enumerate(wanting):
        more = min(columns[place].widest - widths[place], left // (len(columns) - done))
        widths[place] += more
        left -= more
    return widths
