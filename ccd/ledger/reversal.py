"""What takes a transaction back: its transfers mirrored, each naming the one that it takes back, and what it drew on
caps given back."""

from sqlalchemy.ext.asyncio import AsyncConnection

from ccd.errors import PostingError
from ccd.ledger.model import NUMBER_MAX, Draw, Leg, Posting, Transfer, key_spelled
from ccd.ledger.recorded import accounts_of, recorded_as
from ccd.ledger.terms import read_terms


async def reversal_of(connection: AsyncConnection, transaction: int, key: str) -> Posting:
    """Asked by nobody yet. PostingError where there is no such transaction, or it moved nothing."""
    found = await recorded_as(connection, [transaction]) if 0 < transaction <= NUMBER_MAX else []
    if not found or not found[0][1]:
        raise PostingError(key_spelled(key, 1), f"takes back transaction {transaction}", "one that moved something")
    kept, transfers = found[0]
    names = await accounts_of(connection, transfers)
    legs = tuple(
        Leg(names[one.credit], names[one.debit], one.seconds, one.service, Transfer(transaction, one.leg))
        for one in transfers
    )
    drawn = [one for one in read_terms(kept.terms) if isinstance(one, Draw)]
    return Posting(
        key, 1, kept.book, transfers[0].day, legs,
        asked_by="",
        reference=key_spelled(kept.key, kept.revision),
        terms=tuple(Draw(one.cap, -one.seconds) for one in drawn),
    )  # fmt: skip
