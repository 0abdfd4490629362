"""A report as a table for a terminal, and as CSV."""

import csv
import io
from collections.abc import Callable, Iterable

from ccd.reports.indicators import Waits
from ccd.reports.plain_table import PlainTable
from ccd.reports.report import By, Made, ReportLine, Show, formulas
from ccd.reports.spreadsheet import harmless

SHARES = frozenset(("utilisation", "occupancy", "aux_ratio", "service_level", "own_in_time", "team_response",
                    "wrap_up", "missed", "other_call", "unreachable", "partly_paused", "below_1", "reasonable",
                    "above_10", "between"))  # fmt: skip


def as_table(made: Made, by: By, show: Show, waits: Waits, held_against: bool) -> PlainTable:
    """Shares as per cent; where two periods are held against each other, the other and its figures stand below."""
    said = formulas(show, waits)
    heads: dict[str, Callable[[ReportLine], str]] = {
        "period": lambda line: str(line.period).replace("/", "\n"),
        "unit": lambda line: line.unit,
    }
    if by is By.QUEUE:
        heads["queue"] = lambda line: line.queue
    elif by is By.AGENT or show is Show.HIDING:
        heads["agent"] = lambda line: line.agent
    if show is not Show.SERVICE:
        heads["agent-days"] = lambda line: str(line.days)
    table = PlainTable(*heads, *map(_in_words, said), keys=len(heads))
    for line, other in made:
        cells = {head: spelled(line) for head, spelled in heads.items()}
        if other is not None:
            cells |= {
                head: f"{cells[head]}\n({heads[head](other)})" for head in ("period", "agent-days") if head in heads
            }
        for name in said:
            cells[name] = _spelled(name, line.figures.get(name))
            if held_against:
                cells[name] += f"\n({_spelled(name, other.figures.get(name) if other else None)})"
        table.add(*cells.values())
    return table


def formulas_said(show: Show, waits: Waits) -> list[str]:
    """A line for each of the table's figures."""
    return [f"{_in_words(name)} = {formula}" for name, formula in formulas(show, waits).items()]


def as_csv(made: Made, show: Show, waits: Waits, held_against: bool) -> str:
    """Figures as they are, not rounded; empty where there is none."""
    names = list(formulas(show, waits))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    others = [f"against_{name}" for name in ("from", "to", "agent_days", *names)] if held_against else []
    writer.writerow(["from", "to", "unit", "agent", "queue", "agent_days", *names, *others])
    for line, other in made:
        row: list[object] = [*line.period, *map(harmless, line.whose), line.days, *_figures(line, names)]
        if held_against:
            row += [*other.period, other.days, *_figures(other, names)] if other else [""] * len(others)
        writer.writerow(row)
    return out.getvalue()


def _in_words(name: str) -> str:
    """A name that a narrow column can break."""
    return name.replace("_", " ")


def _figures(line: ReportLine, names: Iterable[str]) -> list[object]:
    return ["" if (figure := line.figures.get(name)) is None else figure for name in names]


def _spelled(name: str, figure: float | None) -> str:
    if figure is None:
        return "-"
    if name in SHARES:
        return f"{figure * 100:.2f} %"
    return str(figure) if isinstance(figure, int) else f"{figure:.2f}"
