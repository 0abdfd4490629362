"""A report: what periods come to for agents or units, two of them side by side where somebody asks for it. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from ccd.reports.indicators import (
    HIDING,
    INDICATORS,
    OfAgent,
    against_median,
    by_agent,
    distribution,
    figures,
    total,
)  # fmt: skip
from ccd.reports.periods import Period

K = TypeVar("K")

Figures = Mapping[str, float | None]


class By(StrEnum):
    UNIT = "unit"
    AGENT = "agent"


class Show(StrEnum):
    INDICATORS = "indicators"
    DISTRIBUTION = "distribution"  # of agents' aux ratios
    HIDING = "hiding"  # where time could hide, less the median of the agents of the unit


@dataclass(frozen=True, slots=True)
class Line:
    """Of one agent in a unit, or of a whole unit (`agent` is "" then), in one period."""

    period: Period
    unit: str
    agent: str
    days: int  # agent-days
    figures: Figures


def formulas(show: Show) -> dict[str, str]:
    """How each figure is reckoned, in words that stand wherever it does."""
    match show:
        case Show.INDICATORS:
            return {name: indicator.formula for name, indicator in INDICATORS.items()}
        case Show.DISTRIBUTION:
            return {
                "agents": "agents with a base",
                "below_1": "aux ratio below 1 %",
                "reasonable": "aux ratio from 2.53 % to 3.7 %",
                "above_10": "aux ratio above 10 %",
                "between": "all others",
            }
        case Show.HIDING:
            return {name: f"{one.formula}, less the median of the unit's agents" for name, one in HIDING.items()}


def lines(period: Period, found: Sequence[OfAgent], by: By, show: Show) -> list[Line]:
    """In the order of units and agents. A unit has the agents of those below it as well; an agent stands in the own
    unit alone, or in each of several."""
    if show is Show.HIDING:
        return _hiding(period, found)
    if by is By.AGENT:
        own = _grouped(((each.unit, each.agent), each) for each in found)
        return [_line(period, unit, agent, own[unit, agent], show) for unit, agent in sorted(own)]
    in_units = _grouped((unit, each) for each in found for unit in each.line)
    return [_line(period, unit, "", in_units[unit], show) for unit in sorted(in_units)]


def json_of(made: Iterable[tuple[Line, Line | None]], show: Show) -> dict[str, Any]:
    """`against` is the same of the period that it is held against; None where there was nothing."""
    rows = []
    for line, other in made:
        row = {**_said(line), **({"against": _said(other)} if other is not None else {})}
        rows.append(row)
    return {"formulas": formulas(show), "rows": rows}


def _said(line: Line) -> dict[str, Any]:
    whose = {"unit": line.unit, "agent": line.agent} if line.agent else {"unit": line.unit}
    first, last = (day.isoformat() for day in line.period)
    return {"from": first, "to": last, **whose, "agent_days": line.days, **line.figures}


def _grouped(pairs: Iterable[tuple[K, OfAgent]]) -> dict[K, list[OfAgent]]:
    groups: dict[K, list[OfAgent]] = {}
    for key, each in pairs:
        groups.setdefault(key, []).append(each)
    return groups


def _line(period: Period, unit: str, agent: str, found: Sequence[OfAgent], show: Show) -> Line:
    sums = total(found)
    if show is Show.DISTRIBUTION:
        marks = distribution(found)
        counts = (marks.agents, marks.thrifty, marks.reasonable, marks.lavish, marks.between)
        return Line(period, unit, agent, sums.days, dict(zip(formulas(show), counts, strict=True)))
    return Line(period, unit, agent, sums.days, figures(sums))


def _hiding(period: Period, found: Sequence[OfAgent]) -> list[Line]:
    """Each agent against the median of the own unit."""
    made = []
    for unit in sorted({each.unit for each in found}):
        own = [each for each in found if each.unit == unit]
        said = against_median(own)
        days = {agent: sums.days for agent, sums in by_agent(own).items()}
        made += [Line(period, unit, agent, days[agent], said[agent]) for agent in sorted(said)]
    return made
