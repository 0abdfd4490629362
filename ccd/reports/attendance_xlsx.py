"""The same rows as a spreadsheet, written row by row: of a year of thousands of agents no more than a row is kept."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import xlsxwriter

from ccd.reports.attendance import Row, Write, attendance_columns, cells_of

ROWS_MAX = 1_000_000  # of one sheet; Excel has 1,048,576
# Texts are texts, whatever they look like.
OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}  # fmt: skip


@contextmanager
def xlsx_into(file: Path, kinds: Sequence[str], rows_max: int = ROWS_MAX) -> Iterator[Write]:
    """What does not fit a sheet goes on in the next."""
    with xlsxwriter.Workbook(str(file), OPTIONS) as book:
        sheet, number = book.add_worksheet(), 0
        sheet.write_row(0, 0, attendance_columns(kinds))

        def write(row: Row) -> None:
            nonlocal sheet, number
            if number == rows_max:
                sheet, number = book.add_worksheet(), 0
                sheet.write_row(0, 0, attendance_columns(kinds))
            number += 1
            sheet.write_row(number, 0, cells_of(row, kinds))

        yield write
