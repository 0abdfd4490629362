"""SHA-256 of what is posted, over its fields, each with its length before it.

Never over JSON or over what a database prints: those change with a release. Accounts go in by name and transactions by
key, never by the numbers that a database gave them, so that both engines come to the same digests.
"""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from struct import pack

from ccd.ledger.model import Account, Kind, Leg, Posting, PostingState, Transfer
from ccd.ledger.rules import Original

DIGEST_FORMAT = 3  # of transactions, which say theirs
BINARY_FORMAT_MAX = 2
ACCOUNT_FORMAT = 2  # for ever: an account says none
DIGEST_BYTES = 32
NOTHING_TAKEN_BACK = ("", "")


def digest(fields: Sequence[str], version: int = DIGEST_FORMAT) -> bytes:
    """Of the UTF-8 of `3;` and of what is told of the fields; formats 1 and 2 were binary."""
    if version <= BINARY_FORMAT_MAX:
        return _in_binary(fields, version)
    return sha256(f"{version};{fields_told(fields)}".encode()).digest()


def fields_told(fields: Sequence[str]) -> str:
    """Each with its length before it, in characters: `5:ann/17:savings`."""
    return "".join([f"{len(field)}:{field}" for field in fields])


def _in_binary(fields: Sequence[str], version: int) -> bytes:
    """Of the format (2 bytes), the number of fields (2), each field's length in bytes (4 each), and their UTF-8."""
    joined = "".join(fields)
    encoded = joined.encode()
    lengths = map(len, fields) if joined.isascii() else (len(field.encode()) for field in fields)
    return sha256(pack(f">HH{len(fields)}I", version, len(fields), *lengths) + encoded).digest()


def posting_digest(
    posting: Posting,
    month: str,
    legs: Sequence[Leg],
    state: PostingState,
    terms: str,
    refusal: str,
    recorded_at: int,
    originals: Mapping[Transfer, Original],
) -> bytes:
    """Of a transaction and all its legs. A leg that takes a transfer back names it by its transaction's digest.

    Format 1 was the same as 2, without terms.
    """
    day = posting.day.isoformat()
    fields = [
        posting.key, str(posting.revision), posting.book, month, state, posting.reference, posting.text,
        posting.asked_by, posting.facts, terms, refusal, str(recorded_at),
    ]  # fmt: skip
    for debit, credit, seconds, service, back in legs if state is PostingState.POSTED else ():
        taken_back = (originals[back].digest.hex(), str(back.leg)) if back else NOTHING_TAKEN_BACK
        fields += (*debit, *credit, str(seconds), day, service, *taken_back)
    return digest(fields)


def account_digest(account: Account, kind: Kind, unit: str, opened_at: int, asked_by: str) -> bytes:
    floor = "" if kind.floor is None else str(kind.floor)
    return digest(("account", *account, unit, kind.side, floor, str(opened_at), asked_by), ACCOUNT_FORMAT)
