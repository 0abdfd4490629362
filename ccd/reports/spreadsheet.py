"""What a CSV that people open in a spreadsheet must not say."""

from typing import Final, TypeVar

FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet takes a text for that begins so

T = TypeVar("T")


def harmless(cell: T) -> T | str:
    """A text that begins as a formula does is a text to whoever opens the file, behind a quote."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULAS) else cell
