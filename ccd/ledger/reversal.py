"""What takes a transaction back: its transfers mirrored, each naming the one that it takes back."""

from sqlalchemy.ext.asyncio import AsyncConnection

from ccd.errors import PostingError
from ccd.ledger.model import NUMBER_MAX, Leg, Posting, Transfer, key_spelled
from ccd.ledger.recorded import accounts_of, recorded_as


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
    return Posting(
        key, 1, kept.book, transfers[0].day, legs, asked_by="", reference=key_spelled(kept.key, kept.revision)
    )
