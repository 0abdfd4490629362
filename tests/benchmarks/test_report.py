"""The report of the benchmarks: what it reads, what it says first, and what it keeps."""

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import __main__ as runner
from benchmarks import report
from benchmarks.asked import BENCHMARKS, FIGURES, Figure
from benchmarks.report import Row, merged, objects_in, rows_of

RATIO = Figure("speed", "some", "ratio", 2.0, "at least", {"name": "some"})
SIZE = Figure("size", "other", "page.bytes", 20.0, "at most", unit="KB", scale=1e-3)


@pytest.fixture
def two_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "FIGURES", (RATIO, SIZE))


def test_every_figure_is_of_a_benchmark_that_is_there():
    assert all(importlib.util.find_spec(f"benchmarks.{name}") for name in BENCHMARKS)
    assert len({figure.what for figure in FIGURES}) == len(FIGURES)


def test_objects_are_read_a_line_each_and_over_many_lines_whatever_stands_between():
    text = 'warming up {1}\n{"a": 1}\n' + json.dumps({"b": {"c": 2}}, indent=2) + '\ndone\n{"d": 3}'
    assert list(objects_in(text)) == [{"a": 1}, {"b": {"c": 2}}, {"d": 3}]


@pytest.mark.parametrize(
    ("figure", "said", "found", "met"),
    [
        (RATIO, [{"name": "none", "ratio": 9}, {"name": "some", "ratio": 1.9}], 1.9, False),
        (RATIO, [{"name": "some", "ratio": 2}], 2, True),
        (SIZE, [{"page": {"bytes": 20_000}}], 20.0, True),
        (SIZE, [{"page": {"bytes": 20_001}}], 20.001, False),
    ],
)
def test_a_figure_is_found_and_held_against_its_bound(figure, said, found, met):
    assert figure.found_in(said) == pytest.approx(found)
    assert figure.is_met(found) is met


def test_a_figure_that_was_not_said_is_not_made_up():
    assert SIZE.found_in([{"page": 3}, {"other": {}}, {"page": {"bytes": "many"}}]) is None


@pytest.mark.usefixtures("two_figures")
def test_what_is_below_the_asked_comes_first_and_what_was_not_run_again_stays():
    before = rows_of("some", "python -m benchmarks.some", [{"name": "some", "ratio": 3.0}], "a machine")
    rows = merged(before, rows_of("other", "python -m benchmarks.other", [{"page": {"bytes": 30_000}}], "another"))
    assert [(row.what, row.met) for row in rows] == [("size", False), ("speed", True)]
    lines = [line for line in report.page(rows).splitlines() if line.startswith("| ")][1:]
    assert lines[0].startswith("| **below** | size | 30 KB | at most 20 KB | `python -m benchmarks.other`")
    assert lines[1].startswith("| met | speed | 3 | at least 2 |")


def test_a_stricter_bound_of_our_own_stands_beside_the_asked_one_met_or_not(monkeypatch: pytest.MonkeyPatch):
    own = Figure("faster", "some", "ratio", 9.0, "at least", {"name": "some"}, own=True)
    monkeypatch.setattr(report, "FIGURES", (RATIO, own, SIZE))
    rows = rows_of("some", "", [{"name": "some", "ratio": 3.0}], "") + rows_of(
        "other", "", [{"page": {"bytes": 9}}], ""
    )
    assert [(row.what, row.met) for row in merged(rows, [])] == [("speed", True), ("faster", False), ("size", True)]
    assert "| own: **below** | faster | 3 | at least 9 |" in report.page(rows)


def test_verifying_is_held_to_entries_as_asked_and_to_transfers_as_ours():
    said = [{"engine": "sqlite", "transfers_per_s": 150_000}]
    figures = [one for one in FIGURES if one.key == "transfers_per_s" and one.where == {"engine": "sqlite"}]
    assert [(one.what.split()[3], one.found_in(said), one.own) for one in figures] == [
        ("entries", 300_000, False),
        ("transfers", 150_000, True),
    ]


@pytest.mark.usefixtures("two_figures")
def test_a_figure_run_again_takes_the_place_of_the_old_one():
    old, new = (rows_of("some", "", [{"name": "some", "ratio": ratio}], "") for ratio in (1.0, 5.0))
    assert [row.figure for row in merged(old, new)] == [5.0]


@pytest.mark.usefixtures("two_figures")
def test_what_was_written_is_read_again(tmp_path: Path):
    assert report.read(tmp_path) == ([], {})
    rows = rows_of("some", "python -m benchmarks.some", [], "a machine")
    assert rows == [Row("speed", None, 2.0, "at least", "", None, "python -m benchmarks.some", "a machine", rows[0].at)]
    report.write(tmp_path, rows, {"some": []})
    assert report.read(tmp_path) == (rows, {"some": []})
    assert "**not measured** | speed | none" in (tmp_path / "benchmarks.md").read_text()


@pytest.mark.usefixtures("two_figures")
def test_a_benchmark_that_fails_is_told_and_the_others_are_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    outputs = {"some": ([], False), "other": ([{"page": {"bytes": 1_000}}], True)}
    monkeypatch.setattr(runner, "run", outputs.__getitem__)
    assert runner.run_all(["some", "other"], tmp_path) == ["some"]
    assert [(row.what, row.met) for row in report.read(tmp_path)[0]] == [("speed", None), ("size", True)]


def test_an_unknown_benchmark_is_named_with_those_there_are():
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "nonsense"], cwd=report.DOCS.parent, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert "no such benchmark: nonsense; there are pipeline" in done.stderr


def test_a_machine_is_told_with_how_fast_it_is():
    assert re.search(r"cores of .+, [1-9]\d* ms for a million turns of a loop, load \d", report.machine())
