"""Which picture a report is: chosen by what is shown, of whom, and of how many times. Pure, but for matplotlib."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from ccd.reports import plots
from ccd.reports.indicators import INDICATORS, Waits, by_agent, distribution
from ccd.reports.periods import Period
from ccd.reports.plots import LINES_MAX, Panel, Points, Words
from ccd.reports.report import By, Figures, KnownOfPeriod, Show, formulas, report_lines
from ccd.reports.report_table import SHARES

# What is drawn of an answer that has more figures than a picture has room for.
DRAWN = {
    Show.INDICATORS: ("service_level", "aux_ratio", "utilisation", "occupancy"),
    Show.SERVICE: ("service_level", "answered_after_s"),
}
COURSES = {  # one above the other
    Show.INDICATORS: ("service_level", "aux_ratio"),
    Show.SERVICE: ("service_level", "answered_after_s"),
    Show.DISTRIBUTION: ("below_1", "reasonable", "above_10"),
}
WORDS = {
    "answered_after_s": "answered after, s", "below_1": "below 1 %", "reasonable": "in the interval",
    "above_10": "above 10 %",
}  # fmt: skip
UNITS_MAX = 20  # bars below each other


class NoPictureError(ValueError):
    """What is asked for can't be drawn so."""


def picture(
    by: By, show: Show, waits: Waits, asked: Sequence[Period], others: Sequence[Period], found: Sequence[KnownOfPeriod]
) -> Figure:
    """`found` is what is known of the periods asked, then of the others, that they are held against."""
    if show is Show.HIDING:
        raise NoPictureError("where time could hide is told as table, csv or json")
    now, then = found[: len(asked)], found[len(asked) :]
    said = formulas(show, waits)
    if by is By.AGENT and len(asked) > 1:
        raise NoPictureError("a picture with a point or a bar for agents is of one time: --each whole")
    if by is By.AGENT or (show is Show.DISTRIBUTION and len(asked) == 1):
        times = [(spelled(period), one) for period, one in zip((*asked, *others), found, strict=True)]
        return _of_agents(show, said, times)
    if len(asked) == 1:
        return _side_by_side(by, show, said, (*asked, *others), found)
    return _courses(by, show, said, asked, (now, then))


def _of_agents(show: Show, said: dict[str, str], times: Sequence[tuple[str, KnownOfPeriod]]) -> Figure:
    if show is Show.DISTRIBUTION:
        spread = [(period, distribution(one.agents)) for period, one in times]
        caption = (
            f"aux ratio = {INDICATORS['aux_ratio'].formula}. Bands: below 1 %, from 2.53 % to 3.7 %, above 10 %, with"
            " the share of agents in them; all others are between. Agents without a base are left out."
        )
        return plots.spread(Words("Aux ratios of agents", caption), spread)
    caption = (
        f"aux ratio = {said['aux_ratio']}. Calls answered per hour = {said['answered_per_hour']}. One point an agent."
        " Bands: below 1 %, from 2.53 % to 3.7 %, above 10 %."
    )
    words = Words("Aux ratio against calls answered per hour", caption)
    return plots.against_calls(words, [(period, _points(one)) for period, one in times])


def _points(found: KnownOfPeriod) -> Points:
    made = []
    for sums in by_agent(found.agents).values():
        calls, ratio = (INDICATORS[name].of(sums) for name in ("answered_per_hour", "aux_ratio"))
        if ratio is not None:
            made.append((calls or 0.0, ratio))
    return made


def _side_by_side(
    by: By, show: Show, said: dict[str, str], times: Sequence[Period], found: Sequence[KnownOfPeriod]
) -> Figure:
    told = [_by_name(period, one, by, show) for period, one in zip(times, found, strict=True)]
    names = _names(told, found, UNITS_MAX)
    panels = []
    for figure in DRAWN[show]:
        values = [[(name, (each.get(name, {}).get(figure),)) for name in names] for each in told]
        panels.append(Panel(in_words(figure), figure in SHARES, values[0], values[1] if values[1:] else ()))
    words = Words(f"{str(by).capitalize()}s", _caption(said, DRAWN[show]))
    return plots.side_by_side(words, [spelled(period) for period in times], panels)


def _courses(
    by: By,
    show: Show,
    said: dict[str, str],
    asked: Sequence[Period],
    found: tuple[Sequence[KnownOfPeriod], Sequence[KnownOfPeriod]],
) -> Figure:
    now, then = ([_by_name(period, one, by, show) for period, one in zip(asked, each, strict=False)] for each in found)
    names = _names(now, found[0], LINES_MAX)
    shown = COURSES[show]
    panels = []
    for figure in shown:
        courses = [[(name, [one.get(name, {}).get(figure) for one in each]) for name in names] for each in (now, then)]
        panels.append(Panel(in_words(figure), figure in SHARES, courses[0], courses[1] if then else ()))
    *most, last = map(in_words, shown)
    title = f"{'agents ' if show is Show.DISTRIBUTION else ''}{', '.join(most)} and {last}"
    marks = " Band: from 2.53 % to 3.7 %." if "aux_ratio" in shown else ""
    if show is Show.DISTRIBUTION:
        marks += f" Shares are of the agents with a base; aux ratio = {INDICATORS['aux_ratio'].formula}."
    marks += " Dashed: the times that they are held against." if then else ""
    words = Words(f"{title[0].upper()}{title[1:]}, by {by}", _caption(said, shown) + marks)
    return plots.courses(words, [period.first.isoformat() for period in asked], panels)


def _by_name(period: Period, found: KnownOfPeriod, by: By, show: Show) -> dict[str, Figures]:
    return {line.queue or line.unit: line.figures for line in report_lines(period, found, by, show)}


def _names(told: Sequence[dict[str, Figures]], found: Sequence[KnownOfPeriod], at_most: int) -> list[str]:
    """Each unit followed by those below it."""
    below: dict[str, tuple[str, ...]] = {}
    for one in found:
        for line in {each.line for each in one.agents} | {each.line for each in one.queues}:
            below |= {unit: line[number:][::-1] for number, unit in enumerate(line)}
    names = sorted({name for each in told for name in each}, key=lambda name: below.get(name, (name,)))
    if not names:
        raise NoPictureError("there is nothing to draw: nothing was measured then")
    if len(names) > at_most:
        raise NoPictureError(f"{len(names)} are too many for one picture, which has room for {at_most}: name a --unit")
    return names


def _caption(said: dict[str, str], shown: Sequence[str]) -> str:
    return ". ".join(f"{in_words(name)} = {said[name]}" for name in shown) + "."


def in_words(name: str) -> str:
    return WORDS.get(name, name.replace("_", " "))


def spelled(period: Period) -> str:
    return str(period).replace("/", " – ")
