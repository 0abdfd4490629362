"""Reports as pictures. The only module that imports matplotlib, which is not installed with ccd by itself.

Colours are those of Okabe and Ito, which people who see few colours can tell apart; lines differ in their marks too. No
point carries an agent's name: nobody is ranked in public.
"""

import logging
import textwrap
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any, BinaryIO, Final, Literal

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator

from ccd.reports.indicators import LAST_STEP, LAVISH, REASONABLE_MAX, REASONABLE_MIN, STEP, THRIFTY, Distribution

INK, PALE, GRID = "#222222", "#666666", "#dddddd"
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKS = ("o", "s", "^", "D", "v", "P", "X")
LINES_MAX = len(COLOURS)
NOW, THEN = COLOURS[0], COLOURS[4]
BANDS = ((0.0, THRIFTY, "#56B4E9"), (REASONABLE_MIN, REASONABLE_MAX, "#009E73"), (LAVISH, 1.0, "#D55E00"))
CAPTION_CHARS = 175
PLACES = 5  # of where axes are, as a share of the page: finer than a dot
# Fonts with Chinese, Japanese and Korean, of those that are installed: a unit can be called 一班.
WIDE_FONTS = ("Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "WenQuanYi Zen Hei", "WenQuanYi Micro Hei",
              "Microsoft YaHei", "PingFang SC", "SimHei")  # fmt: skip

STYLE: Final[Any] = {
    "figure.figsize": (10.0, 6.0), "figure.dpi": 120, "savefig.dpi": 120, "font.size": 10, "text.color": INK,
    "axes.edgecolor": PALE, "axes.labelcolor": INK, "axes.spines.top": False, "axes.spines.right": False,
    "axes.grid": True, "axes.axisbelow": True, "grid.color": GRID, "grid.linewidth": 0.8, "xtick.color": PALE,
    "ytick.color": PALE, "legend.frameon": False, "svg.fonttype": "none", "svg.hashsalt": "ccd",
}  # fmt: skip


PERCENT = FuncFormatter(lambda share, _: f"{share * 100:.3g} %")
ROUND = {"steps": (1, 2, 5, 10)}  # of numbers along an axis


@dataclass(frozen=True, slots=True)
class Words:
    title: str
    caption: str  # how each figure is reckoned


@dataclass(frozen=True, slots=True)
class Panel:
    """One figure: for each name a value a place along the axis, None where there is none; and the same of the other
    times, where they are held against each other."""

    label: str
    is_share: bool
    now: Sequence[tuple[str, Sequence[float | None]]]
    then: Sequence[tuple[str, Sequence[float | None]]] = ()


Points = Sequence[tuple[float, float]]  # calls answered per hour, and aux ratio


@contextmanager
def _styled() -> Iterator[None]:
    installed = set(fontManager.get_font_names())
    families = ["DejaVu Sans", *(font for font in WIDE_FONTS if font in installed)]
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    with matplotlib.rc_context({**STYLE, "font.family": families}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from")  # without such a font a name has empty boxes
        yield


def write(figure: Figure, file: Path | BinaryIO, kind: Literal["png", "svg"]) -> None:
    """The same figures make the same file: it says nothing of when it was made, or by what, and where the layout's
    solver, which need not come to the same last digit twice, puts the axes is rounded."""
    with _styled():
        figure.draw_without_rendering()
        figure.set_layout_engine("none")
        for axes in figure.axes:
            left, bottom, width, height = axes.get_position(original=True).bounds
            axes.set_position((round(left, PLACES), round(bottom, PLACES), round(width, PLACES), round(height, PLACES)))
        figure.savefig(file, format=kind, metadata={"Date": None} if kind == "svg" else {"Software": None})


def spread(words: Words, times: Sequence[tuple[str, Distribution]]) -> Figure:
    """How many agents have which aux ratio, with the source's marks; at one time, or now and then."""
    with _styled():
        figure, (axes,) = _page(words, 1)
        for low, high, colour in BANDS:
            axes.axvspan(low, min(high, LAST_STEP + STEP), color=colour, alpha=0.13, linewidth=0)
        ways: Sequence[dict[str, Any]] = (
            {"color": NOW, "edgecolor": "white", "linewidth": 1},
            {"histtype": "step", "color": INK, "linewidth": 1.8},
        )
        for (time, of), drawn in zip(times, ways, strict=False):
            edges = [number * STEP for number in range(len(of.steps) + 1)]
            middles = [edge + STEP / 2 for edge in edges[:-1]]
            axes.hist(middles, bins=edges, weights=of.steps, label=_counted(time, of.agents), **drawn)
        axes.legend(loc="upper right", bbox_to_anchor=(1, 0.98))
        for at, side, said, counts in (
            (0.0, "left", "below 1 %", [of.thrifty for _, of in times]),
            ((REASONABLE_MIN + REASONABLE_MAX) / 2, "center", "2.53 – 3.7 %", [of.reasonable for _, of in times]),
            (LAVISH, "left", "above 10 %", [of.lavish for _, of in times]),
        ):
            shares = [_share(count, of.agents) for count, (_, of) in zip(counts, times, strict=True)]
            axes.annotate(
                f"{said}\n{' / '.join(shares)}", (at, 1.01), xycoords=("data", "axes fraction"), ha=side, va="bottom",
                fontsize=9,
            )  # fmt: skip
        axes.set_xlim(0, LAST_STEP + STEP)
        axes.set_xticks([0, 0.01, 0.0253, 0.037, 0.05, 0.075, 0.10, 0.125, 0.15])
        axes.set_xticklabels(["0", "1", "2.53", "3.7", "5", "7.5", "10", "12.5", "≥ 15"])
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(axis="x", visible=False)
        axes.set(xlabel="aux ratio, %", ylabel="agents")
        return figure


def against_calls(words: Words, times: Sequence[tuple[str, Points]]) -> Figure:
    """Aux ratio against calls answered per hour, one point an agent; two times side by side."""
    with _styled():
        figure, panels = _page(words, len(times), side_by_side=True)
        highest = max((ratio for _, points in times for _, ratio in points), default=0.0)
        most = max((calls for _, points in times for calls, _ in points), default=0.0)
        for axes, (said, points) in zip(panels, times, strict=True):
            for low, high, colour in BANDS:
                axes.axhspan(low, min(high, 1.0), color=colour, alpha=0.13, linewidth=0)
            calls, ratios = [calls for calls, _ in points], [ratio for _, ratio in points]
            axes.scatter(calls, ratios, s=26, color=NOW, edgecolor="white", linewidth=0.6, alpha=0.85)
            axes.set_xlim(0, most * 1.05 or 1)
            axes.set_ylim(0, max(highest * 1.08, 0.05))
            axes.yaxis.set_major_formatter(PERCENT)
            axes.set(xlabel="calls answered per hour signed in")
            axes.set_title(_counted(said, len(points)), loc="left", fontsize=10, color=PALE)
        panels[0].set_ylabel("aux ratio")
        for at, said in ((THRIFTY, "1 %"), (REASONABLE_MIN, "2.53 %"), (REASONABLE_MAX, "3.7 %"), (LAVISH, "10 %")):
            if at < panels[-1].get_ylim()[1]:
                panels[-1].annotate(
                    said, (1.01, at), xycoords=("axes fraction", "data"), va="center", fontsize=8, color=PALE
                )
        return figure


def courses(words: Words, places: Sequence[str], panels: Sequence[Panel]) -> Figure:
    """A line a unit or queue over the times, the other times dashed."""
    with _styled():
        figure, drawn = _page(words, len(panels))
        along = range(len(places))
        for axes, panel in zip(drawn, panels, strict=True):
            styles = zip(COLOURS, MARKS, strict=True)
            others = dict(panel.then)
            for (name, values), (colour, mark) in zip(panel.now, styles, strict=False):
                axes.plot(along, _gaps(values), color=colour, marker=mark, markersize=5, linewidth=1.8, label=name)
                if name in others:
                    axes.plot(along, _gaps(others[name]), color=colour, linewidth=1.3, linestyle=(0, (4, 2)), alpha=0.8)
            if panel.label == "aux ratio":
                axes.axhspan(REASONABLE_MIN, REASONABLE_MAX, color="#009E73", alpha=0.13, linewidth=0)
            _measure(axes, panel)
            axes.set_ylabel(panel.label)
            axes.grid(axis="x", visible=False)
            axes.set_xticks([at for at in along if at % (len(places) // 10 + 1) == 0])
            axes.set_xticklabels([])
        drawn[-1].set_xticklabels([places[round(at)] for at in drawn[-1].get_xticks()])
        drawn[0].legend(loc="lower left", bbox_to_anchor=(0, 1.01), ncols=LINES_MAX, borderaxespad=0, handlelength=1.6)
        return figure


def side_by_side(words: Words, times: Sequence[str], panels: Sequence[Panel]) -> Figure:
    """Bars of one time, or of two, a panel a figure; the names stand at the left."""
    with _styled():
        figure, drawn = _page(words, len(panels), side_by_side=True, rows=max(len(panel.now) for panel in panels))
        thick = 0.38 if len(times) == 2 else 0.6
        for axes, panel in zip(drawn, panels, strict=True):
            names = [name for name, _ in panel.now]
            for number, (said, values) in enumerate(zip(times, (panel.now, panel.then), strict=False)):
                widths = [figure if figure is not None else 0.0 for _, (figure,) in values]
                offset = (number - (len(times) - 1) / 2) * (thick + 0.02)
                bars = axes.barh([at + offset for at in range(len(names))], widths, thick, label=said,
                                 color=(NOW, THEN)[number])  # fmt: skip
                axes.bar_label(
                    bars, [_spelled(figure, panel.is_share) for _, (figure,) in values], padding=3, fontsize=8
                )
            axes.set_yticks(range(len(names)), names)
            axes.tick_params(axis="y", length=0, labelcolor=INK)
            axes.set_ylim(len(names) - 0.4, -0.6)
            _measure(axes, panel, across=True)
            axes.set_title(panel.label, loc="left", fontsize=10)
            axes.grid(axis="y", visible=False)
        handles, labels = drawn[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="upper right", bbox_to_anchor=(0.985, 0.985), ncols=2)
        return figure


def _page(words: Words, panels: int, side_by_side: bool = False, rows: int = 0) -> tuple[Figure, list[Axes]]:
    """Title above, caption below, and panels that share their axes between."""
    caption = textwrap.fill(words.caption, CAPTION_CHARS, break_on_hyphens=False)
    figure = Figure()
    height = max(6.0, 2.4 + 0.55 * rows)
    figure.set_figheight(height)
    below = (0.22 + 0.165 * (caption.count("\n") + 1)) / height
    above = 0.55 / height
    figure.set_layout_engine(ConstrainedLayoutEngine(rect=(0.01, below, 0.98, 1 - below - above)))
    figure.text(0.015, 1 - 0.17 / height, words.title, fontsize=13, fontweight="bold", va="top")
    figure.text(0.015, 0.12 / height, caption, fontsize=8, color=PALE, va="bottom", linespacing=1.35)
    if side_by_side:
        return figure, list(figure.subplots(1, panels, sharey=True, squeeze=False)[0])
    return figure, [row[0] for row in figure.subplots(panels, 1, sharex=True, squeeze=False)]


def _measure(axes: Axes, panel: Panel, across: bool = False) -> None:
    """From nothing up, with room for what is written at the ends of bars."""
    found = [value for _, values in (*panel.now, *panel.then) for value in values if value is not None]
    highest = max(found, default=0.0) or 1.0
    if across:
        axes.set_xlim(0, highest * 1.32)
        axes.xaxis.set_major_locator(FixedLocator(_ticks(highest, panel.is_share)))
    else:
        lowest = max(0, ceil(min(found, default=0.0) * 10) - 1) / 10 if panel.is_share and highest > 0.3 else 0.0
        axes.set_ylim(lowest, min(highest + (highest - lowest) * 0.1, 1.02) if panel.is_share else highest * 1.12)
        axes.yaxis.set_major_locator(MaxNLocator(5, **ROUND))
    if panel.is_share:
        (axes.xaxis if across else axes.yaxis).set_major_formatter(PERCENT)


def _ticks(highest: float, is_share: bool) -> list[float]:
    """None in the room for what is written at the ends of bars, nor above the whole."""
    ticks = MaxNLocator(3, **ROUND).tick_values(0, highest)
    return [tick for tick in ticks if tick <= (1 if is_share and highest > 0.3 else highest)]


def _share(count: int, agents: int) -> str:
    return f"{count / agents:.0%}".replace("%", " %") if agents else "-"


def _counted(said: str, agents: int) -> str:
    return f"{said}: {agents} agent{'s' * (agents != 1)}"


def _gaps(values: Sequence[float | None]) -> list[float]:
    return [float("nan") if value is None else value for value in values]


def _spelled(figure: float | None, is_share: bool) -> str:
    if figure is None:
        return "–"
    return f"{figure * 100:.1f} %" if is_share else f"{figure:.1f}"
