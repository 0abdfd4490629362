"""A report as a table for a terminal, and as CSV."""

import csv
import io
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table

from ccd.reports.report import Line, Show, formulas

SHARES = frozenset(("utilisation", "occupancy", "aux_ratio", "wrap_up", "missed", "other_call", "unreachable",
                    "partly_paused"))  # fmt: skip

Made = Sequence[tuple[Line, Line | None]]


def show_table(made: Made, show: Show, held_against: bool, console: Console | None = None) -> None:
    """Shares as per cent; where two periods are held against each other, both figures stand in one cell. The formulas
    follow below."""
    console = console or Console()
    said = formulas(show)
    table = Table("period", "unit", "agent", "agent-days", *said)
    for line, other in made:
        cells = []
        for name in said:
            cell = _spelled(name, line.figures.get(name))
            if held_against:
                cell += f" ({_spelled(name, other.figures.get(name) if other else None)})"
            cells.append(cell)
        table.add_row(str(line.period), line.unit, line.agent, str(line.days), *cells)
    console.print(table)
    for name, formula in said.items():
        console.print(f"{name} = {formula}", highlight=False)


def as_csv(made: Made, show: Show, held_against: bool) -> str:
    """Figures as they are, not rounded; empty where there is none."""
    names = list(formulas(show))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    others = [f"against_{name}" for name in ("from", "to", "agent_days", *names)] if held_against else []
    writer.writerow(["from", "to", "unit", "agent", "agent_days", *names, *others])
    for line, other in made:
        row: list[object] = [*line.period, line.unit, line.agent, line.days, *_figures(line, names)]
        if held_against:
            row += [*other.period, other.days, *_figures(other, names)] if other else [""] * len(others)
        writer.writerow(row)
    return out.getvalue()


def _figures(line: Line, names: Iterable[str]) -> list[object]:
    return ["" if (figure := line.figures.get(name)) is None else figure for name in names]


def _spelled(name: str, figure: float | None) -> str:
    if figure is None:
        return "-"
    if name in SHARES:
        return f"{figure * 100:.2f} %"
    return str(figure) if isinstance(figure, int) else f"{figure:.2f}"
