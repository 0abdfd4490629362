"""The argument that names a line of a statement."""

import typer

from ccd.ledger.model import Transfer


def transfer_of(said: str) -> Transfer:
    """`1234.1`, or `1234` for the transaction's first."""
    number, dot, leg = said.partition(".")
    parts = (number, leg) if dot else (number, "1")
    if not all(part.isascii() and part.isdecimal() and len(part) < 19 for part in parts):
        raise typer.BadParameter(f"{said!r}; allowed: a transfer as a statement names it, 1234.1")
    return Transfer(*map(int, parts))
