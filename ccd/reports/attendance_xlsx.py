"""The same rows as a spreadsheet, written row by row: of a year of thousands of agents no more than a row is kept."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import xlsxwriter
from xlsxwriter.exceptions import FileCreateError

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
    """What does not fit a sheet goes on in the next. OSError where it can't be written; no piece of it is left then."""
    with (
        TemporaryDirectory() as beside,
        file.open("wb") as whole,
        _its_own_error(),
        xlsxwriter.Workbook(whole, {**OPTIONS, "tmpdir": beside}) as book,
    ):
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


@contextmanager
def _its_own_error() -> Iterator[None]:
    """In place of the library's, which is none of the system's."""
    try:
        yield
    except FileCreateError as error:
        raise error.args[0] from None
