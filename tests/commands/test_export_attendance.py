"""`ccd export attendance`: a recorded month, as attendance is handed it."""

import csv
import io
import json
import os
from pathlib import Path

import openpyxl
import pytest

from tests.commands.recorded_months import MONTH, ccd, planned
from tests.commands.running import refusal, said


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return planned(tmp_path_factory.mktemp("month"))


def test_each_agent_s_day_is_a_row(file: Path) -> None:
    rows = {(row["agent"], row["day"]): row for row in csv.DictReader(io.StringIO(said(export(file))))}
    assert list(rows) == [("1001", "2026-08-11"), ("1002", "2026-08-11"), ("1001", "2026-08-12")]
    there, never, away = rows.values()
    assert [there[name] for name in ("scheduled_s", "signed_in_s", "late_s", "off_post_s", "unit")] == [
        "28800", "28800", "0", "0", "team-1",
    ]  # fmt: skip
    assert (never["signed_in_s"], never["off_post_s"]) == ("0", "28800")
    assert (away["signed_in_s"], away["leave_personal_s"], away["late_s"]) == ("27000", "1800", "0")
    assert {row["month"] for row in rows.values()} == {MONTH}
    assert {(row["full_attendance"], row["points"], row["given"]) for row in rows.values()} == {("", "", "")}


def export(file: Path, *words: str):
    return ccd(file, "export", "attendance", MONTH, *words)


def test_the_spreadsheet_and_the_json_say_the_same_and_the_file_is_its_owner_s(file: Path) -> None:
    rows = list(csv.reader(io.StringIO(said(export(file)))))
    sheet, listed = file.with_name("a.xlsx"), file.with_name("a.json")
    assert said(export(file, "--format", "xlsx", "--output", str(sheet))).endswith(
        "3 days of agents, from 2026-08-01 to 2026-08-31\n"
    )
    (found,) = openpyxl.load_workbook(sheet).worksheets
    assert [["" if cell is None else str(cell) for cell in row] for row in found.iter_rows(values_only=True)] == rows
    said(export(file, "--format", "json", "--output", str(listed)))
    assert [[one["agent"], one["day"]] for one in json.loads(listed.read_text())] == [row[:2] for row in rows[1:]]
    assert (sheet.stat().st_mode & 0o777, listed.stat().st_mode & 0o777) == (0o600, 0o600)
    assert sorted(one.name for one in file.parent.glob(".a.*")) == []


def test_one_unit_alone_and_several_months(file: Path) -> None:
    assert said(export(file, "--unit", "team-2")).count("\n") == 2
    assert said(ccd(file, "export", "attendance", "2026-07", "--to", MONTH, "--unit", "team-1")).count("\n") == 3
    assert "team-9" in refusal(export(file, "--unit", "team-9"))
    assert "before" in refusal(export(file, "--to", "2026-07"))
    assert "--output" in refusal(export(file, "--format", "xlsx"))
    assert "can't be written" in refusal(export(file, "--output", "/nowhere/a.csv"))
    os.mkfifo(pipe := file.with_name("pipe"))
    assert "pipe is there, and is no file" in refusal(export(file, "--output", str(pipe)))
    assert pipe.is_fifo(), "as /dev/null stays what it is"


def test_who_reads_it_leaves_a_record(file: Path) -> None:
    said(export(file, "--unit", "team-1"))
    assert "read attendance" in said(ccd(file, "acts"))
