"""CSV as people and other systems write it, line by line, with every fault's line and column."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from ccd.errors import Fault, FaultsError

FAULTS_MAX = 100  # a wrong separator must not print a file
BYTE_ORDER_MARK = "\ufeff"  # with which spreadsheets begin a file

Row = Mapping[str, str]


class Written(NamedTuple):
    """A file as it is written, on a disk or in the database."""

    file: Path  # what its faults name
    text: str
    number: int = 0  # of its import; 0 where it is in a file


class Header(NamedTuple):
    """What the first line has to name, what it may name besides, in any order, and how many lines may follow."""

    needed: tuple[str, ...]
    optional: tuple[str, ...]
    lines_max: int


def file_text(file: Path, fault: type[FaultsError]) -> str:
    """What the file says, to the last sign; raises `fault` where it can't be read."""
    try:
        return decoded(file.read_bytes(), file, fault)
    except OSError as error:
        raise fault((Fault(file, None, "", f"can't be read: {error.strerror}"),)) from None


def decoded(written: bytes, file: Path, fault: type[FaultsError]) -> str:
    try:
        return written.decode()
    except UnicodeDecodeError as error:
        line = written.count(b"\n", 0, error.start) + 1
        problem = f"is not UTF-8 (byte {error.start} of the file); save it as CSV UTF-8"
        raise fault((Fault(file, line, "", problem),)) from None


def rows(text: str, file: Path, header: Header, faults: list[Fault]) -> Iterator[tuple[int, Row]]:
    """Each line that is not empty, with its number, under the header's names; what is wrong goes to `faults`."""
    for line, row in _rows(text, file, header, faults):
        faults += [Fault(file, line, column, NUL) for column, cell in row.items() if "\0" in cell]
        yield line, row


NUL = "has a NUL in it, which no database takes for text"


def raise_any(faults: Iterable[Fault], fault: type[FaultsError]) -> None:
    """Raises `fault` with the first of them, in the file's order, if there are any."""
    if found := sorted(faults, key=lambda each: each.line or 0):
        raise fault(tuple(found[:FAULTS_MAX]))


def _rows(text: str, file: Path, header: Header, faults: list[Fault]) -> Iterator[tuple[int, Row]]:
    records = _records(text, file, faults)
    first = next(records, None)
    if first is None and faults:
        return
    names = [cell.strip() for cell in first[1]] if first else []
    if problem := _header_problem(names, header):
        faults.append(Fault(file, 1, "", problem))
        return
    for number, (line, cells) in enumerate(records, start=1):
        if number > header.lines_max:
            faults.append(Fault(file, line, "", f"is line {number} of at most {header.lines_max}"))
            return
        if len(cells) > len(names):
            problem = f"has {len(cells)} columns, the header {len(names)}; put what holds a comma in double quotes"
            faults.append(Fault(file, line, "", problem))
        elif any(cell.strip() for cell in cells):
            yield line, dict(zip(names, (cell.strip() for cell in cells), strict=False))


def _records(text: str, file: Path, faults: list[Fault]) -> Iterator[tuple[int, list[str]]]:
    """Each with the line on which it begins: a cell in quotes may go over several. One that is no CSV ends them."""
    reader = csv.reader(io.StringIO(text.removeprefix(BYTE_ORDER_MARK), newline=""), strict=True)
    while True:
        begins = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            faults.append(Fault(file, begins, "", f"is not CSV: {error}"))
            return
        if cells is None:
            return
        yield begins, cells


def _header_problem(names: list[str], header: Header) -> str:
    missing = [name for name in header.needed if name not in names]
    unknown = [name for name in names if name not in header.needed + header.optional]
    if missing or unknown or len(set(names)) < len(names):
        found = ",".join(names) or "nothing"
        if len(names) == 1 and (other := next((sign for sign in ";\t|" if sign in found), "")):
            found += f", with {other!r} between its columns: it has to be a comma"
        follow = f", and {', '.join(header.optional)} may follow" if header.optional else ""
        return f"the header has to be {','.join(header.needed)}{follow}; found {found}"
    return ""


def written(lines: Iterable[Iterable[str]]) -> str:
    """The lines as a CSV file, header first."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(lines)
    return text.getvalue()
