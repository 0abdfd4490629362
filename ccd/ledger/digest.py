"""SHA-256 of what is posted, over length-prefixed bytes with a format version.

Never over JSON or over what a database prints: those change with a release. Accounts go in by name and transactions by
key, never by the numbers that a database gave them, so that both engines come to the same digests.
"""

from hashlib import sha256

from ccd.ledger.model import Leg, Posting, State

DIGEST_FORMAT = 1


def digest(*fields: str) -> bytes:
    """Of the fields in their order; each goes in as its length in four bytes and its UTF-8."""
    parts = [DIGEST_FORMAT.to_bytes(2, "big")]
    for field in fields:
        encoded = field.encode()
        parts.append(len(encoded).to_bytes(4, "big"))
        parts.append(encoded)
    return sha256(b"".join(parts)).digest()


def transaction_digest(posting: Posting, state: State, legs: int, refusal: str, recorded_at: int) -> bytes:
    return digest(
        posting.key,
        str(posting.revision),
        posting.book,
        posting.month,
        state.value,
        str(legs),
        posting.reference,
        posting.text,
        posting.asked_by,
        posting.facts,
        refusal,
        str(recorded_at),
    )


def entry_digest(transaction: bytes, number: int, leg: Leg, day: str, reversed_digest: bytes | None) -> bytes:
    """Covers its transaction's digest, and that of the transfer it reverses."""
    return digest(
        transaction.hex(),
        str(number),
        leg.debit.owner,
        leg.debit.kind,
        leg.credit.owner,
        leg.credit.kind,
        str(leg.seconds),
        day,
        leg.service,
        reversed_digest.hex() if reversed_digest else "",
    )
