"""A table loses nothing of what it is told, however narrow the terminal."""

from contextlib import redirect_stdout
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccd.reports.plain_table import PlainTable, clock

WORDS = st.lists(st.text(alphabet="aZ0[]/=:王", min_size=1, max_size=30), max_size=5).map(" ".join)


def printed(table: PlainTable, width: int = 80) -> str:
    out = StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out):
        patch.setenv("COLUMNS", str(width))
        table.print()
    return out.getvalue()


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("│┃").replace("┃", "│").split("│")]


@given(rows=st.lists(st.tuples(WORDS, WORDS, WORDS), min_size=1, max_size=5), width=st.integers(20, 200))
def test_every_letter_of_every_cell_is_there_and_a_column_that_says_nothing_is_not(
    rows: list[tuple[str, str, str]], width: int
) -> None:
    table = PlainTable("one", "two", "three")
    for row in rows:
        table.add(*row)
    lines = [cells(line) for line in printed(table, width).splitlines() if line[:1] in ("│", "┃")]
    said = [place for place in range(3) if any(row[place] for row in rows)]
    assert lines == [] or {len(line) for line in lines} == {len(said)}
    for number, place in enumerate(said):
        together = "".join(line[number] for line in lines[1:]).replace(" ", "")
        assert together == "".join(row[place] for row in rows).replace(" ", "")


def test_figures_stand_to_the_right_and_sums_below_a_line() -> None:
    table = PlainTable("agent", "seconds", "so", title="in November")
    table.add("wang", "7", "+1 h 2 min")
    table.add("li", "1200", "−3 s")
    table.sum_up("all", "1207", "1 h")
    lines = printed(table).splitlines()
    assert lines[0].strip() == "in November"
    assert lines[4].split("│")[2] == "       7 "
    assert lines[5].split("│")[1:4] == [" li    ", "    1200 ", "       −3 s "]
    assert lines[6].startswith("├")
    assert cells(lines[7]) == ["all", "1207", "1 h"]


def test_what_is_too_wide_stands_in_several_tables_that_begin_alike() -> None:
    table = PlainTable("unit", "days", *(f"figure {number}" for number in range(12)), keys=2)
    table.add("team-1", "20", *(f"{number}.50 %" for number in range(12)))
    told = printed(table, 60).splitlines()
    assert max(map(len, told)) <= 60
    rows = [cells(line) for line in told if "team-1" in line]
    assert len(rows) > 1
    assert {tuple(row[:2]) for row in rows} == {("team-1", "20")}
    assert [cell for row in rows for cell in row[2:]] == [f"{number}.50 %" for number in range(12)]
    assert len([line for line in printed(table, 400).splitlines() if "team-1" in line]) == 1


def test_where_another_program_reads_it_each_row_is_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    table = PlainTable("why", *(f"figure {number}" for number in range(40)), keys=1)
    table.add("for so many words that no terminal has room for them", *("1 234 567" for _ in range(40)))
    out = StringIO()
    with redirect_stdout(out):
        table.print()
    (line,) = (line for line in out.getvalue().splitlines() if "so many words that no terminal" in line)
    assert len(cells(line)) == 41


def test_what_has_no_rows_says_what_it_would_have() -> None:
    assert "agent" in printed(PlainTable("agent", "seconds"))


def test_a_clock_is_that_of_the_zone() -> None:
    assert clock(1_795_968_000_000_000, "Asia/Shanghai") == "2026-11-30 00:00:00"
    assert clock(None, "Asia/Shanghai") == ""
