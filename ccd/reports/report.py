"""A report: what periods come to for agents or units, two of them side by side where somebody asks for it. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from ccd.reports.indicators import (
    HIDING,
    INDICATORS,
    SERVICE,
    OfAgent,
    OfQueue,
    Sums,
    Waits,
    against_median,
    by_agent,
    distribution,
    figures,
    total,
)  # fmt: skip
from ccd.reports.periods import Period

K = TypeVar("K")
Of = TypeVar("Of", OfAgent, OfQueue)

Figures = Mapping[str, float | None]
Made = Sequence[tuple["ReportLine", "ReportLine | None"]]


class By(StrEnum):
    UNIT = "unit"
    AGENT = "agent"
    QUEUE = "queue"


class Show(StrEnum):
    INDICATORS = "indicators"
    DISTRIBUTION = "distribution"  # of agents' aux ratios
    HIDING = "hiding"  # where time could hide, less the median of the agents of the unit
    SERVICE = "service"  # what became of callers, of queues and of the units that they belong to


@dataclass(frozen=True, slots=True)
class KnownOfPeriod:
    """What is known of a period."""

    agents: Sequence[OfAgent]
    queues: Sequence[OfQueue] = ()


@dataclass(frozen=True, slots=True)
class ReportLine:
    """Of one agent in a unit, of a queue, or of a whole unit (`agent` and `queue` are "" then), in one period."""

    period: Period
    unit: str
    agent: str
    days: int  # agent-days
    figures: Figures
    queue: str = ""
    steps: tuple[int, ...] = ()  # of a distribution: how many agents are in each

    @property
    def whose(self) -> tuple[str, str, str]:
        return self.unit, self.agent, self.queue


def formulas(show: Show, waits: Waits) -> dict[str, str]:
    """How each figure is reckoned, in words that stand wherever it does."""
    match show:
        case Show.INDICATORS | Show.SERVICE:
            shown = INDICATORS if show is Show.INDICATORS else SERVICE
            return {name: indicator.formula.format_map(waits._asdict()) for name, indicator in shown.items()}
        case Show.DISTRIBUTION:
            return {
                "agents": "agents with a base",
                "below_1": "share of them with an aux ratio below 1 %",
                "reasonable": "share from 2.53 % to 3.7 %",
                "above_10": "share above 10 %",
                "between": "share of all others",
            }
        case Show.HIDING:
            return {name: f"{one.formula}, less the median of the unit's agents" for name, one in HIDING.items()}


def report_lines(period: Period, found: KnownOfPeriod, by: By, show: Show) -> list[ReportLine]:
    """In the order of units, agents and queues. A unit has the agents and the queues of those below it as well; an
    agent stands in the own unit alone, or in each of several."""
    if show is Show.HIDING:
        return _hiding(period, found.agents)
    if show is Show.SERVICE:
        return _service(period, found.queues, by)
    if by is By.AGENT:
        own = _grouped(((each.unit, each.agent), each) for each in found.agents)
        return [_line(period, unit, agent, own[unit, agent], (), show) for unit, agent in sorted(own)]
    agents = _grouped((unit, each) for each in found.agents for unit in each.line)
    queues = {} if show is Show.DISTRIBUTION else _in_units(found.queues)
    units = sorted(agents.keys() | queues.keys())
    return [_line(period, unit, "", agents.get(unit, ()), queues.get(unit, ()), show) for unit in units]


def two_periods(
    period: Period, own: Iterable[ReportLine], others: Iterable[ReportLine], show: Show, waits: Waits
) -> Made:
    """The lines of a period, in their order, each with the other's of the same unit, agent or queue; of what only the
    other has there is a line without figures."""
    here, there = ({line.whose: line for line in lines} for lines in (own, others))
    nothing = dict.fromkeys(formulas(show, waits))
    made = []
    for whose in sorted(here.keys() | there.keys()):
        unit, agent, queue = whose
        made.append((here.get(whose) or ReportLine(period, unit, agent, 0, nothing, queue), there.get(whose)))
    return made


def json_of(made: Made, show: Show, waits: Waits) -> dict[str, Any]:
    """`against` is the same of the period that it is held against; None where there was nothing."""
    rows = []
    for line, other in made:
        row = {**_said(line), **({"against": _said(other)} if other is not None else {})}
        rows.append(row)
    return {"formulas": formulas(show, waits), "rows": rows}


def _said(line: ReportLine) -> dict[str, Any]:
    whose = {"unit": line.unit} | {name: said for name in ("agent", "queue") if (said := getattr(line, name))}
    first, last = (day.isoformat() for day in line.period)
    steps = {"steps": list(line.steps)} if line.steps else {}
    return {"from": first, "to": last, **whose, "agent_days": line.days, **line.figures, **steps}


def _grouped(pairs: Iterable[tuple[K, Of]]) -> dict[K, list[Of]]:
    groups: dict[K, list[Of]] = {}
    for key, each in pairs:
        groups.setdefault(key, []).append(each)
    return groups


def _in_units(queues: Iterable[OfQueue]) -> dict[str, list[OfQueue]]:
    return _grouped((unit, each) for each in queues for unit in each.line)


def _line(
    period: Period, unit: str, agent: str, agents: Sequence[OfAgent], queues: Sequence[OfQueue], show: Show
) -> ReportLine:
    sums = total((*agents, *queues))
    if show is Show.DISTRIBUTION:
        marks = distribution(agents)
        shares = [count / marks.agents if marks.agents else None for count in marks.counts]
        named = zip(("below_1", "reasonable", "above_10", "between"), shares, strict=True)
        return ReportLine(period, unit, agent, sums.days, {"agents": marks.agents, **dict(named)}, steps=marks.steps)
    return ReportLine(period, unit, agent, sums.days, figures(sums))


def _hiding(period: Period, found: Sequence[OfAgent]) -> list[ReportLine]:
    """Each agent against the median of the own unit."""
    made = []
    for unit in sorted({each.unit for each in found}):
        own = [each for each in found if each.unit == unit]
        said = against_median(own)
        days = {agent: sums.days for agent, sums in by_agent(own).items()}
        for agent in sorted(said):
            made.append(ReportLine(period, unit, agent, days[agent], {name: said[agent].get(name) for name in HIDING}))
    return made


def _service(period: Period, found: Sequence[OfQueue], by: By) -> list[ReportLine]:
    """Of units, and by queue also of those queues that belong to none."""
    if by is By.QUEUE:
        sums = {(each.unit, each.queue): Sums() for each in found}
        for each in found:
            sums[each.unit, each.queue] += each.sums
        return [
            ReportLine(period, unit, "", 0, figures(sums[unit, queue], SERVICE), queue) for unit, queue in sorted(sums)
        ]
    units = _in_units(found)
    return [ReportLine(period, unit, "", 0, figures(total(units[unit]), SERVICE)) for unit in sorted(units)]
