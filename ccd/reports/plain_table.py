"""Tables on a terminal, for people: nothing of a cell is cut off or taken for a style, figures stand to the right, and
a column that says nothing is left out."""

import os
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol, TypeVar
from zoneinfo import ZoneInfo

from rich.cells import cell_len
from rich.console import Console, JustifyMethod
from rich.table import Table
from rich.text import Text

from ccd.floor.days import SECOND
from ccd.reports.legible import legible

NUMBER = re.compile(r"\(?([+−-]?\d[\d.,:]*( ?%)?|-)\)?")
DURATION = re.compile(r"[+−]?(\d+ (h|min|s) ?)+")
WITHOUT_A_TERMINAL = 10_000
WHOLE_MAX = 40  # a cell without a space that is longer is broken where there is no room
AROUND = 3  # a cell's padding, and the line before it


class Narrowed(Protocol):
    @property
    def narrowest(self) -> int:
        """Below it something would be broken."""


C = TypeVar("C", bound=Narrowed)


@dataclass(frozen=True)
class PlainColumn:
    head: str
    cells: list[str]

    @property
    def is_figures(self) -> bool:
        lines = [line for cell in self.cells for line in cell.split("\n") if line]
        return all(NUMBER.fullmatch(line) or DURATION.fullmatch(line) for line in lines)

    @property
    def narrowest(self) -> int:
        """Below it a word would be broken."""
        words = self.head.split()
        for cell in self.cells:
            is_whole = "\n" in cell or NUMBER.fullmatch(cell)
            words += cell.split("\n") if is_whole else cell.split()
        return min(WHOLE_MAX, max(map(cell_len, words), default=0))

    @property
    def widest(self) -> int:
        """Above it nothing is gained."""
        return max(cell_len(line) for text in (self.head, *self.cells) for line in text.split("\n"))


class PlainTable:
    """At most as many cells a row as there are heads; a last row may sum up those above it. With `keys`, what a
    terminal is too narrow for stands in several tables, one below the other, and so many columns begin each of them."""

    def __init__(self, *heads: str, title: str = "", keys: int = 0) -> None:
        self._heads = heads
        self._title = title
        self._keys = keys
        self._rows: list[tuple[str, ...]] = []
        self._sums: list[tuple[str, ...]] = []

    def add(self, *cells: str) -> None:
        self._rows.append(tuple(map(legible, cells)))

    def sum_up(self, *cells: str) -> None:
        self._sums = [tuple(map(legible, cells))]

    def print(self) -> None:
        """As wide as the terminal at most, unless that breaks a word; where another program reads it, each row is a
        line."""
        rows = self._rows + self._sums
        columns = [
            PlainColumn(head, [row[place] if place < len(row) else "" for row in rows])
            for place, head in enumerate(self._heads)
        ]
        columns = [column for column in columns if not rows or any(column.cells)]
        room = _terminal()
        for part in parted(columns, self._keys, room):
            self._print_part(part, room)

    def _print_part(self, columns: Sequence[PlainColumn], terminal: int) -> None:
        widths = _widths(columns, terminal - AROUND * len(columns) - 1)
        table = Table(title=self._title or None, title_justify="left")
        for place, (column, width) in enumerate(zip(columns, widths, strict=True)):
            justify: JustifyMethod = "right" if place and column.is_figures else "left"
            table.add_column(Text(column.head), justify=justify, width=width, overflow="fold")
        for number, cells in enumerate(zip(*(column.cells for column in columns), strict=True)):
            is_sums = number == len(self._rows)
            if is_sums:
                table.add_section()
            table.add_row(*map(Text, cells), style="bold" if is_sums else None)
        Console(width=table_width(widths)).print(table)


def clock(at: int | None, zone: str) -> str:
    """An instant, µs, as a clock of that zone shows it, to the second; nothing for none."""
    if at is None:
        return ""
    return f"{datetime.fromtimestamp(at // SECOND, UTC).astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M:%S}"


def _terminal() -> int:
    """Its width; where none is there, and none is named, there is room for anything."""
    return Console().width if sys.stdout.isatty() or "COLUMNS" in os.environ else WITHOUT_A_TERMINAL


def table_width(widths: Iterable[int]) -> int:
    """With what stands around the columns."""
    return sum(width + AROUND for width in widths) + 1


def parted(columns: Sequence[C], keys: int, terminal: float) -> list[list[C]]:
    """As many columns in each table as there is room for; each begins with the first `keys`, and has one more."""

    def needs(part: Sequence[C]) -> int:
        return table_width(column.narrowest for column in part)

    first = list(columns[:keys])
    parts = [list(columns)]
    if keys and needs(columns) > terminal:
        parts = [first.copy()]
        for column in columns[keys:]:
            if needs([*parts[-1], column]) > terminal and len(parts[-1]) > keys:
                parts.append(first.copy())
            parts[-1].append(column)
    return parts


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
