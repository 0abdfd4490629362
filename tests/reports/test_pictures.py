"""Reports as pictures: which one is drawn, what it says, and that it is a picture."""

import struct
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from xml.etree import ElementTree

import pytest
from matplotlib.axis import Axis
from matplotlib.text import Text

from ccd.reports import plots
from ccd.reports.indicators import HOUR_US, OfAgent, OfQueue, Sums, Waits
from ccd.reports.periods import Each, Period, periods
from ccd.reports.pictures import NoPictureError, picture
from ccd.reports.report import By, KnownOfPeriod, Show

NOVEMBER, OCTOBER = (Period(date(2026, month, 1), date(2026, month, 30)) for month in (11, 10))
WEEKS = list(periods(date(2026, 8, 3), date(2026, 11, 29), Each.WEEK))
WAITS = Waits(20, 5)


def found(teams: int = 3, agents: int = 5, worse: float = 1.0) -> KnownOfPeriod:
    """Agents whose aux ratios go from 0.4 % up, in teams below a centre, each with a queue."""
    lines = [(f"team-{number}", "centre") for number in range(1, teams + 1)]
    made = []
    for number in range(agents * teams):
        base, answered = 8 * HOUR_US, 40 + number * 3
        aux = round(base * 0.004 * (number + 1) * worse)
        sums = Sums(days=1, signed_in=base, base=base, aux=aux, paused=aux, due=base, answered=answered, available=base)
        made.append(OfAgent(str(1000 + number), lines[number % teams], sums))
    calls = Sums(calls_answered=90, calls_in_time=round(80 / worse), calls_given_up=10, waited=90 * 9_000_000)
    return KnownOfPeriod(made, [OfQueue(f"queue {line[0]}", line, calls) for line in lines])


NOW, THEN = found(), found(worse=1.6)
EMPTY = KnownOfPeriod(())
DRAWN: dict[str, tuple[By, Show, Sequence[Period], Sequence[Period], Sequence[KnownOfPeriod], Sequence[str]]] = {
    "the distribution": (
        By.UNIT, Show.DISTRIBUTION, [NOVEMBER], [], [NOW],
        ["Aux ratios of agents", "below 1 %", "2.53 – 3.7 %", "above 10 %", "13 %",
         "2026-11-01 – 2026-11-30: 15 agents"],
    ),
    "the distribution of two times": (
        By.UNIT, Show.DISTRIBUTION, [NOVEMBER], [OCTOBER], [NOW, THEN],
        ["2026-10-01 – 2026-10-30: 15 agents", "13 % / 7 %"],
    ),
    "a point an agent": (
        By.AGENT, Show.INDICATORS, [NOVEMBER], [OCTOBER], [NOW, THEN],
        ["Aux ratio against calls answered per hour", "One point an agent", "calls answered / hours signed in", "10 %"],
    ),
    "units at two times": (
        By.UNIT, Show.INDICATORS, [NOVEMBER], [OCTOBER], [NOW, THEN],
        ["Units", "centre", "team-3", "80.0 %", "50.0 %", "answered within 20 s / offered", "occupancy = "],
    ),
    "queues": (By.QUEUE, Show.SERVICE, [NOVEMBER], [], [NOW], ["Queues", "queue team-2", "answered after, s", "9.0"]),
    "units over the weeks": (
        By.UNIT, Show.INDICATORS, WEEKS, [], [NOW] * len(WEEKS),
        ["Service level and aux ratio, by unit", "2026-08-03", "aux / (signed in - exempt - unreachable)", "team-1"],
    ),
    "units over the weeks, against others": (
        By.UNIT, Show.INDICATORS, WEEKS, WEEKS, [NOW, EMPTY] * len(WEEKS),
        ["Dashed: the times that they are held against."],
    ),
    "callers of units over the weeks": (
        By.UNIT, Show.SERVICE, WEEKS, [], [NOW] * len(WEEKS), ["Service level and answered after, s, by unit"],
    ),
    "the distribution over the weeks": (
        By.UNIT, Show.DISTRIBUTION, WEEKS, WEEKS, [NOW, THEN] * len(WEEKS),
        ["Agents below 1 %, in the interval and above 10 %, by unit", "share from 2.53 % to 3.7 %",
         "team-3", "2026-08-03", "aux / (signed in", "Dashed: the times that they are held against."],
    ),
    "nobody's distribution": (
        By.UNIT, Show.DISTRIBUTION, [NOVEMBER], [], [EMPTY], ["2026-11-01 – 2026-11-30: 0 agents"],
    ),
    "nobody's points": (By.AGENT, Show.INDICATORS, [NOVEMBER], [], [EMPTY], ["One point an agent"]),
}  # fmt: skip


@pytest.mark.parametrize("name", DRAWN)
def test_a_picture_says_what_it_shows_and_by_which_formulas(name: str, tmp_path: Path) -> None:
    by, show, asked, others, known, says = DRAWN[name]
    svg, png = tmp_path / "a.svg", tmp_path / "a.png"
    plots.write(picture(by, show, WAITS, asked, others, known), svg, "svg")
    plots.write(picture(by, show, WAITS, asked, others, known), png, "png")
    root = ElementTree.parse(svg).getroot()
    assert root.tag.endswith("svg")
    texts = " ".join("".join(each.itertext()) for each in root.iter() if each.tag.endswith("}text"))
    for each in says:
        assert each in texts
    assert not any(str(number) in texts.split() for number in range(1000, 1015)), "no point is anybody's name"
    content = png.read_bytes()
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", content[16:24])
    assert (width, height >= 600) == (1200, True)


def test_the_same_figures_make_the_same_file(tmp_path: Path) -> None:
    for kind, times in ("svg", 12), ("png", 2):
        made = [tmp_path / f"{number}.{kind}" for number in range(times)]
        for file in made:
            drawn = picture(By.UNIT, Show.INDICATORS, WAITS, [NOVEMBER], [OCTOBER], [NOW, THEN])
            plots.write(drawn, file, "svg" if kind == "svg" else "png")
        assert len({file.read_bytes() for file in made}) == 1


def test_each_unit_is_followed_by_those_below_it() -> None:
    lines = (("a-team", "west", "centre"), ("b-team", "east", "centre"), ("c-team", "west", "centre"))
    agents = [OfAgent(str(number), line, Sums(days=1, base=HOUR_US)) for number, line in enumerate(lines)]
    drawn = picture(By.UNIT, Show.INDICATORS, WAITS, [NOVEMBER], [], [KnownOfPeriod(agents)])
    names = [label.get_text() for label in drawn.axes[0].get_yticklabels()]
    assert names == ["centre", "east", "b-team", "west", "a-team", "c-team"]


def test_texts_do_not_lie_on_each_other(tmp_path: Path) -> None:
    """Titles, captions, names along the axes and figures at the ends of bars, as they are drawn."""
    for by, show, asked, others, known, _ in DRAWN.values():
        drawn = picture(by, show, WAITS, asked, others, known)
        plots.write(drawn, tmp_path / "a.png", "png")
        boxes = [text.get_window_extent() for text in drawn.texts]
        for axes in drawn.axes:
            labels = [*ticks_within(axes.xaxis), *ticks_within(axes.yaxis), *axes.texts, axes.title, axes.xaxis.label]
            boxes += [text.get_window_extent() for text in labels if text.get_visible() and text.get_text().strip()]
        for number, box in enumerate(boxes):
            for other in boxes[number + 1 :]:
                assert not (box.width and other.width and box.shrunk(0.9, 0.7).overlaps(other.shrunk(0.9, 0.7)))


def ticks_within(axis: Axis) -> list[Text]:
    """Those beyond the ends of an axis are not drawn."""
    low, high = sorted(axis.get_view_interval())
    return [tick.label1 for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high]


@pytest.mark.parametrize(
    ("by", "show", "asked", "known", "says"),
    [
        (By.AGENT, Show.HIDING, 1, NOW, "is told as table, csv or json"),
        (By.AGENT, Show.INDICATORS, 2, NOW, "--each whole"),
        (By.AGENT, Show.DISTRIBUTION, 2, NOW, "--each whole"),
        (By.UNIT, Show.DISTRIBUTION, 2, EMPTY, "there is nothing to draw"),
        (By.UNIT, Show.INDICATORS, 1, EMPTY, "there is nothing to draw"),
        (By.UNIT, Show.INDICATORS, 2, found(teams=8), "9 are too many for one picture, which has room for 7"),
        (By.UNIT, Show.INDICATORS, 1, found(teams=30), "31 are too many for one picture, which has room for 20"),
    ],
)
def test_what_can_not_be_drawn_is_said(by: By, show: Show, asked: int, known: KnownOfPeriod, says: str) -> None:
    with pytest.raises(NoPictureError, match=says):
        picture(by, show, WAITS, WEEKS[:asked], [], [known] * asked)
