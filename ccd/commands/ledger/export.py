"""`ccd ledger export`: the whole ledger for other programs."""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import aclosing, contextmanager
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Final

import typer

from ccd.commands.configuration import Config
from ccd.commands.ledger.asking import asked
from ccd.errors import FileError
from ccd.ledger.books import Ledger
from ccd.ledger.exports.beancount import BEANCOUNT
from ccd.ledger.exports.form import Form
from ccd.ledger.exports.hledger import HLEDGER
from ccd.ledger.exports.records import CSV, JSON_LINES
from ccd.ledger.exports.told import whole_export

Write = Callable[[bytes], object]


class ExportFormat(StrEnum):
    beancount = "beancount"
    hledger = "hledger"
    csv = "csv"
    jsonl = "jsonl"


FORMS: Final[Mapping[ExportFormat, Form]] = MappingProxyType(
    {
        ExportFormat.beancount: BEANCOUNT,
        ExportFormat.hledger: HLEDGER,
        ExportFormat.csv: CSV,
        ExportFormat.jsonl: JSON_LINES,
    }
)


def export(
    config: Config,
    format: Annotated[ExportFormat, typer.Option("--format", help="For which program.")],
    output: Annotated[
        Path | None, typer.Option("--output", help="A file, there once it is whole; else it is printed.")
    ] = None,
) -> None:
    """Tell the whole ledger, with the balance of every account, to another program."""

    if output is None:
        asked(config, lambda books: _tell(books, format, sys.stdout.buffer.write))
        return
    with written_whole(output) as write:
        asked(config, lambda books: _tell(books, format, write))


async def _tell(books: Ledger, format: ExportFormat, write: Write) -> None:
    async with aclosing(whole_export(books.engine, FORMS[format])) as pieces:
        async for piece in pieces:
            write(piece.encode())


@contextmanager
def written_whole(path: Path) -> Iterator[Write]:
    """A file that takes its name once everything is in it and on the disk; until then an older one keeps it.

    FileError where that can't be. Only its user can read it: it says what each owner has.
    """
    with _said(path):
        if path.exists() and not path.is_file():
            raise FileError(str(path), "is no file; without --output the export is printed")
        descriptor, unfinished = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:50]}.")
    try:
        with open(descriptor, "wb") as file:

            def write(piece: bytes) -> None:
                with _said(path):
                    file.write(piece)

            yield write
            with _said(path):
                file.flush()
                os.fsync(file.fileno())
                os.replace(unfinished, path)
    finally:
        Path(unfinished).unlink(missing_ok=True)


@contextmanager
def _said(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise FileError(str(path), f"can't be written: {error.strerror}") from error
