"""What attendance is handed, as CSV, as JSON and as a spreadsheet that says the same; in memory that does not grow."""

import csv
import io
import json
import tracemalloc
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from ccd.reports.attendance import Row, attendance_columns, csv_into, json_into, kinds_of
from ccd.reports.attendance_xlsx import xlsx_into

KINDS = kinds_of(("personal", "sick"))
OPEN = Row(
    "1001", date(2026, 11, 3), "team-1", 2, 28_800, 27_000, 420, 0, 0, {"personal": 1_380}, 435, 0,
    "2026-11", None, None, None,
)  # fmt: skip
CLOSED = OPEN._replace(agent="1002", offset_s=1_815, full_attendance=True, points=7.5, given=1, leave_s={"day_off": 60})
FORMULA = OPEN._replace(agent='=HYPERLINK("http://x")', unit="@team", full_attendance=False, points=0.0, given=3)
ROWS = (OPEN, CLOSED, FORMULA, OPEN._replace(agent="+1"), OPEN._replace(agent="-1", unit="http://team"))


def as_csv(rows: Iterable[Row]) -> list[list[str]]:
    text = io.StringIO()
    with csv_into(text, KINDS) as write:
        for row in rows:
            write(row)
    return list(csv.reader(io.StringIO(text.getvalue())))


def cells(sheet: Any) -> list[list[str]]:
    rows = sheet.iter_rows(values_only=True)
    return [
        ["" if cell is None else f"{cell:g}" if isinstance(cell, float) else str(cell) for cell in row] for row in rows
    ]


def test_a_row_has_a_column_for_each_kind_of_leave():
    head, first, second, *_ = as_csv(ROWS)
    assert head == attendance_columns(KINDS)
    assert dict(zip(head, first, strict=True)) == {
        "agent": "1001", "day": "2026-11-03", "unit": "team-1", "revision": "2", "scheduled_s": "28800",
        "signed_in_s": "27000", "late_s": "420", "early_leave_s": "0", "off_post_s": "0", "leave_personal_s": "1380",
        "leave_sick_s": "0", "leave_day_off_s": "0", "leave_other_s": "0", "personal_leave_s": "435", "offset_s": "0",
        "month": "2026-11", "full_attendance": "", "points": "", "given": "",
    }  # fmt: skip
    assert second[head.index("full_attendance") :] == ["yes", "7.5", "1"]


def test_no_cell_of_a_csv_is_a_formula():
    _, *rows = as_csv(ROWS)
    assert [row[0] for row in rows] == ["1001", "1002", '\'=HYPERLINK("http://x")', "'+1", "'-1"]
    assert rows[2][2] == "'@team"


def test_the_spreadsheet_says_what_the_csv_says(tmp_path: Path):
    file = tmp_path / "a.xlsx"
    with xlsx_into(file, KINDS) as write:
        for row in ROWS:
            write(row)
    (sheet,) = openpyxl.load_workbook(file).worksheets
    said = [[cell.removeprefix("'") for cell in row] for row in as_csv(ROWS)]
    assert [[cell.replace("0.0", "0") for cell in row] for row in said] == cells(sheet)
    assert {cell.data_type for cell in sheet["A"]} == {"s"}, "no formula, whatever an agent is called"
    assert sheet["E2"].value == 28_800, "seconds are numbers"


def test_what_does_not_fit_a_sheet_goes_on_in_the_next(tmp_path: Path):
    file = tmp_path / "a.xlsx"
    with xlsx_into(file, KINDS, rows_max=2) as write:
        for row in ROWS:
            write(row)
    sheets = [cells(sheet) for sheet in openpyxl.load_workbook(file).worksheets]
    assert [[row[0] for row in sheet] for sheet in sheets] == [
        ["agent", "1001", "1002"], ["agent", '=HYPERLINK("http://x")', "+1"], ["agent", "-1"],
    ]  # fmt: skip


def test_a_full_disk_is_said_of_a_spreadsheet_and_nothing_is_left_elsewhere(tmp_path: Path, monkeypatch: Any):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("zipfile.ZipFile.__del__", lambda _: None)  # it would try once more, and complain
    with pytest.raises(OSError, match="No space left on device"), xlsx_into(Path("/dev/full"), KINDS) as write:
        write(OPEN)
    assert not list(tmp_path.iterdir())


def test_the_json_is_an_array_also_of_nothing():
    for rows in (ROWS, ()):
        text = io.StringIO()
        with json_into(text) as write:
            for row in rows:
                write(row)
        said = json.loads(text.getvalue())
        assert [one["agent"] for one in said] == [row.agent for row in rows]
    with json_into(text := io.StringIO()) as write:
        write(CLOSED)
    assert json.loads(text.getvalue())[0] == CLOSED._asdict() | {"day": "2026-11-03"}


def test_a_year_of_many_agents_is_written_in_memory_that_does_not_grow(tmp_path: Path):
    def peak(days: int) -> int:
        tracemalloc.start()
        with (
            xlsx_into(tmp_path / "a.xlsx", KINDS) as to_xlsx,
            csv_into((tmp_path / "a.csv").open("w"), KINDS) as to_csv,
        ):
            for number in range(days):
                for agent in range(20):
                    row = OPEN._replace(agent=str(agent), day=date(2026, 1, 1) + timedelta(days=number))
                    to_xlsx(row)
                    to_csv(row)
            found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(150)  # Python itself keeps some 2,000 tuples that are free
    month = peak(30)
    assert peak(365) < month + 100_000
