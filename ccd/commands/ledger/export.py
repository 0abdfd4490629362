"""`ccd ledger export`: the whole ledger for other programs."""

import sys
from collections.abc import Callable, Mapping
from contextlib import aclosing
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Final

import typer

from ccd.commands.configuration import Config
from ccd.commands.ledger.asking import asked
from ccd.commands.whole_file import written_whole
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
    with written_whole(output) as unfinished, unfinished.open("wb") as file:
        asked(config, lambda books: _tell(books, format, file.write))


async def _tell(books: Ledger, format: ExportFormat, write: Write) -> None:
    async with aclosing(whole_export(books.engine, FORMS[format])) as pieces:
        async for piece in pieces:
            write(piece.encode())
