"""The report of all benchmarks: docs/benchmarks.json, and docs/benchmarks.md with what is below the asked first.

A benchmark's rows are replaced when it is run again; those of benchmarks that were not run stay, each with its date.
"""

import json
import os
import platform
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.asked import FIGURES

DOCS = Path(__file__).parent.parent / "docs"
ORDER = {False: 0, None: 1, True: 2}  # what is below the asked, what could not be measured, what is met

HEAD = """# Benchmarks

How fast, as ratios within one run on one machine wherever a ratio can say it. `make bench` makes this page and
benchmarks.json, which holds everything that each benchmark said; `make bench ARGS="pipeline"` runs some of them anew.
What is below the asked comes first.

*Own* marks a bound that nobody asked for and that is stricter than the asked one above it. Asked are entries verified
a second; an entry is a line on one account, and a transfer writes two, a debit and a credit. This ledger keeps both
in one row, so who calls that row an entry holds it to the stricter line. Asked is a balance at a past day; a moment
within a day is more to look through.

What is told in time, or a second, is of the machine as much as of the code: below the table stands what a million turns
of a loop took each. The same code on cores that were twice as fast is in benchmarks-on-two-days.md.

| | what | figure | asked | command | run |
|---|---|---|---|---|---|
"""


@dataclass(frozen=True, slots=True)
class Row:
    what: str
    figure: float | None  # None: the benchmark did not come to an end
    asked: float
    bound: str
    unit: str
    met: bool | None
    command: str
    machine: str
    at: str  # UTC
    own: bool = False  # the bound is ours, and stricter than the asked one

    @property
    def order(self) -> int:
        """What is ours alone stands beside what was asked, met or not."""
        return ORDER[True if self.own and self.met is False else self.met]


def objects_in(text: str) -> Iterator[dict[str, Any]]:
    """The JSON objects of an output, a line each or over many lines; lines between them are passed over."""
    decoder = json.JSONDecoder()
    start = text.find("{")
    while start >= 0:
        try:
            found, end = decoder.raw_decode(text, start)
        except json.JSONDecodeError:
            found, end = None, start + 1
        if isinstance(found, dict):
            yield found
        start = text.find("{", end)


def machine() -> str:
    """What a figure was measured on: how fast one of its cores is, and how much else was going on there."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        models = [line.partition(":")[2].strip() for line in info.read_text().splitlines() if "model name" in line]
        cpu = models[0] if models else cpu
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    cores = len(os.sched_getaffinity(0))
    return (
        f"{cores} cores of {cpu}, {memory_gb:.0f} GB, Python {platform.python_version()}, "
        f"{turns_ms():.0f} ms for a million turns of a loop, load {os.getloadavg()[0]:.1f} at the start"
    )


def turns_ms() -> float:
    """The best of five: machines of one name differ by half."""

    def once() -> float:
        began = time.perf_counter()
        for number in range(1_000_000):
            number * number
        return time.perf_counter() - began

    return min(once() for _ in range(5)) * 1e3


def rows_of(benchmark: str, command: str, said: Sequence[Mapping[str, Any]], on: str) -> list[Row]:
    """A row for each figure asked of the benchmark."""
    at = datetime.now(UTC).isoformat(timespec="minutes").removesuffix("+00:00")
    rows = []
    for asked in FIGURES:
        if asked.benchmark == benchmark:
            figure = asked.found_in(said)
            met = None if figure is None else asked.is_met(figure)
            rows.append(Row(asked.what, figure, asked.asked, asked.bound, asked.unit, met, command, on, at, asked.own))
    return rows


def merged(before: Iterable[Row], new: Iterable[Row]) -> list[Row]:
    """The new rows in place of older ones of the same name; what is asked no more goes."""
    by_name = {row.what: row for row in before} | {row.what: row for row in new}
    rows = [by_name[asked.what] for asked in FIGURES if asked.what in by_name]
    return sorted(rows, key=lambda row: row.order)


def read(folder: Path) -> tuple[list[Row], dict[str, Any]]:
    """The rows of the report that is there, and what each benchmark said."""
    file = folder / "benchmarks.json"
    if not file.exists():
        return [], {}
    report = json.loads(file.read_text(encoding="utf-8"))
    return [Row(**row) for row in report["rows"]], report["said"]


def write(folder: Path, rows: Sequence[Row], said: Mapping[str, Any]) -> None:
    report = {"rows": [asdict(row) for row in rows], "said": said}
    (folder / "benchmarks.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    (folder / "benchmarks.md").write_text(page(rows), encoding="utf-8")


def page(rows: Sequence[Row]) -> str:
    machines = list(dict.fromkeys(row.machine for row in rows))
    notes = "".join(f"{number}. {name}\n" for number, name in enumerate(machines, 1))
    return HEAD + "".join(_line(row, machines.index(row.machine) + 1) for row in rows) + f"\nMachines:\n\n{notes}"


def _line(row: Row, machine_number: int) -> str:
    mark = ("own: " if row.own else "") + {True: "met", False: "**below**", None: "**not measured**"}[row.met]
    return (
        f"| {mark} | {row.what} | {in_words(row)} | {row.bound} {row.asked:g} {row.unit}".rstrip()
        + f" | `{row.command}` | {row.at}, machine {machine_number} |\n"
    )


def in_words(row: Row) -> str:
    return "none" if row.figure is None else f"{row.figure:.3g} {row.unit}".rstrip()
