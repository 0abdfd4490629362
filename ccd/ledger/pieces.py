"""Pieces of what digests are of, each put together once for the many transactions that have it in common. Pure."""

from collections.abc import Sequence
from struct import error as struct_error
from typing import Any, NamedTuple

from ccd.ledger.audit import POSTED
from ccd.ledger.digest import DIGEST_FORMAT, NOTHING_TAKEN_BACK, fields_told
from ccd.ledger.model import REVISION_MAX
from ccd.ledger.rules import Month

UNREADABLE = (TypeError, ValueError, KeyError, AttributeError, struct_error)
FRAME_COLUMNS = (
    "revision", "book", "month", "state", "legs", "reference", "text", "asked_by", "terms", "refusal", "format",
)  # fmt: skip
BEGINNING = f"{DIGEST_FORMAT};"
AMOUNTS_MAX = 50_000  # kept encoded


class Sides(dict[int, str]):
    """The owner and the kind of each account, as they stand in what a digest is of; of one that there is not, nothing,
    which is looked at closely."""

    def __missing__(self, account: int) -> str:
        return ""


class Framed(NamedTuple):
    """What all transactions with a frame have in common: what their digests are of before and after their facts, the
    month that they count in, how many transfers they have, whether they are posted, and whether there is nothing else
    about them."""

    before: str
    after: str
    month: Month
    legs: int
    is_posted: bool
    is_plain: bool


class Lengths(dict[int, str]):
    """As they stand before a field of what a digest is of, after whatever is always before them."""

    def __init__(self, before: str = "") -> None:
        self._before = before

    def __missing__(self, length: int) -> str:
        made = self[length] = f"{self._before}{length}:"
        return made


class Amounts(dict[int, str]):
    """Seconds as they stand there, as long as there are not too many of them."""

    def __missing__(self, seconds: int) -> str:
        if len(self) == AMOUNTS_MAX:
            self.clear()
        made = self[seconds] = fields_told((str(seconds),))
        return made


class Purposes(dict[tuple[str, str], str]):
    """Day and service of a transfer that takes nothing back."""

    def __missing__(self, purpose: tuple[str, str]) -> str:
        made = self[purpose] = fields_told((*purpose, *NOTHING_TAKEN_BACK))
        return made


def framed(frame: Sequence[Any]) -> Framed:
    revision, book, month, state, legs, reference, text, asked_by, terms, refusal, version = frame
    before = fields_told((str(revision), book, month, state, reference, text, asked_by))
    posted = state == POSTED
    is_plain = posted and version == DIGEST_FORMAT and not terms and not refusal and 0 <= revision <= REVISION_MAX
    return Framed(before, fields_told((terms, refusal)), (book, month), legs, posted, is_plain)


def framed_plainly(frame: Sequence[Any]) -> Framed | None:
    """None where transactions with this frame are not all told by a single transfer each."""
    try:
        found = framed(frame)
    except UNREADABLE:
        return None
    return found if found.is_plain and found.legs == 1 else None
