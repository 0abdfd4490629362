"""Random organisations: trees whose units come, go and move from day to day, as lines of a file without faults."""

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import strategies as st

FIRST = date(2026, 12, 1)
NAMES = ("", "一班", 'say "hello", Ann', "two\nlines", "ß", " x")
CLOCK = ("Asia/Shanghai", "04:00")  # its own: a team that stands below nobody for a time keeps it


@st.composite
def organisations(draw: st.DrawFn) -> list[tuple[str, ...]]:
    """A centre, sub-centres that stay, and teams that move between them."""
    subs = [f"sub-{number}" for number in range(draw(st.integers(1, 3)))]
    lines = [("centre", "centre", "", draw(st.sampled_from(NAMES)), "Asia/Shanghai", "", "CN", "", "")]
    lines += [(sub, "sub_centre", "centre", "", "", "", draw(st.sampled_from(("", "HK"))), "", "") for sub in subs]
    for number in range(draw(st.integers(0, 4))):
        days = sorted(draw(st.sets(st.integers(0, 30), max_size=3)))
        for first, last in pairwise(["", *(str(FIRST + timedelta(days=day)) for day in days), ""]):
            parent, name = draw(st.sampled_from(["", "centre", *subs])), draw(st.sampled_from(NAMES))
            lines.append((f"team-{number}", "team", parent, name, *CLOCK, "", first, last))
    return draw(st.permutations(lines))
