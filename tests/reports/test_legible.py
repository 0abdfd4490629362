"""What somebody wrote does nothing to the terminal of who reads it."""

import pytest

from ccd.reports.legible import legible, on_one_line
from ccd.reports.plain_table import PlainTable


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("王芳\tgave 5 min\nof hers", "王芳\tgave 5 min\nof hers"),
        ("a\x1b[1A\x1b[2Kb", r"a\x1b[1A\x1b[2Kb"),
        ("5\r6\x7f\x9b2J", r"5\r6\x7f\x9b2J"),
        ("01 \u202e54", r"01 \u202e54"),
    ],
)
def test_what_would_act_on_a_terminal_is_spelled_out(text: str, told: str) -> None:
    assert legible(text) == told


def test_a_line_stays_one() -> None:
    assert on_one_line("a\nb\x1b") == r"a\nb\x1b"


def test_no_cell_of_a_table_hides_another(capsys: pytest.CaptureFixture[str]) -> None:
    table = PlainTable("who", "why")
    table.add("ann", "a gift\x1b[1A")
    table.sum_up("all", "\x1b[2K")
    table.print()
    printed = capsys.readouterr().out
    assert "\x1b[1A" not in printed
    assert "\x1b[2K" not in printed
    assert r"a gift\x1b[1A" in printed
