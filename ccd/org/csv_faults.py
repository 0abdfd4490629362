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


def text_of(file: Path, fault: type[FaultsError]) -> str:
    """What the file says, to the last sign; raises `fault` where it can't be read."""
    try:
        return file.read_bytes().decode()
    except OSError as error:
        raise fault((Fault(file, None, "", f"can't be read: {error.strerror}"),)) from None
    except UnicodeDecodeError as error:
        problem = f"is not UTF-8 (byte {error.start}); save it as CSV UTF-8"
        raise fault((Fault(file, None, "", problem),)) from None


def rows(text: str, file: Path, header: Header, faults: list[Fault]) -> Iterator[tuple[int, Row]]:
    """Each line that is not empty, with its number, under the header's names; what is wrong goes to `faults`."""
    try:
        for line, row in _rows(text, file, header, faults):
            faults += [Fault(file, line, column, NUL) for column, cell in row.items() if "\0" in cell]
            yield line, row
    except csv.Error as error:
        faults.append(Fault(file, None, "", f"is not CSV: {error}"))


NUL = "has a NUL in it, which no database takes for text"


def raise_any(faults: Iterable[Fault], fault: type[FaultsError]) -> None:
    """Raises `fault` with the first of them, in the file's order, if there are any."""
    if found := sorted(faults, key=lambda each: each.line or 0):
        raise fault(tuple(found[:FAULTS_MAX]))


def _rows(text: str, file: Path, header: Header, faults: list[Fault]) -> Iterator[tuple[int, Row]]:
    reader = csv.reader(io.StringIO(text.removeprefix(BYTE_ORDER_MARK), newline=""), strict=True)
    names = [cell.strip() for cell in next(reader, [])]
    if problem := _header_problem(names, header):
        faults.append(Fault(file, 1, "", problem))
        return
    for number, cells in enumerate(reader, start=1):
        if number > header.lines_max:
            faults.append(Fault(file, reader.line_num, "", f"is line {number} of at most {header.lines_max}"))
            return
        if len(cells) > len(names):
            problem = f"has {len(cells)} columns, the header {len(names)}; put what holds a comma in double quotes"
            faults.append(Fault(file, reader.line_num, "", problem))
        elif any(cell.strip() for cell in cells):
            yield reader.line_num, dict(zip(names, (cell.strip() for cell in cells), strict=False))


def _header_problem(names: list[str], header: Header) -> str:
    missing = [name for name in header.needed if name not in names]
    unknown = [name for name in names if name not in header.needed + header.optional]
    if missing or unknown or len(set(names)) < len(names):
        found = ",".join(names) or "nothing"
        follow = f", and {', '.join(header.optional)} may follow" if header.optional else ""
        return f"the header has to be {','.join(header.needed)}{follow}; found {found}"
    return ""


def written(lines: Iterable[Iterable[str]]) -> str:
    """The lines as a CSV file, header first."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(lines)
    return text.getvalue()
