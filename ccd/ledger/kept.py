"""What is kept beside the transactions, held against what follows from them: balances, caps, reservations, months."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from ccd.ledger.audit import Audit
from ccd.ledger.holding import are_held, are_resolved
from ccd.ledger.model import Account, Leg, Reserve
from ccd.ledger.parts import Part
from ccd.ledger.rules import CLOSED, OPEN, Month
from ccd.ledger.schema import balances, caps, entries, owners, periods, reservations, resolutions
from ccd.ledger.sound import Inspector

RESERVED = select(reservations.c.transaction_id, owners.c.name, reservations.c.expires_at).join(owners, isouter=True)

MOVE = (entries.c.debit, entries.c.credit, entries.c.seconds, entries.c.service)


async def compare_balances(inspector: Inspector, audit: Audit) -> None:
    kept = {row.account_id: (row.seconds, row.floor) for row in await inspector.sound_rows(select(balances))}
    for number, floor in audit.floors.items():
        place = f"balance of account {number} ({audit.names[number].kind} of {audit.names[number].owner})"
        follows = (audit.balances[number], floor)
        if number not in kept:
            inspector.find(place, f"it is not there; {follows[0]} s follow from the transfers")
        elif kept[number] != follows:
            inspector.find(place, "it says {} s above {}; {} s above {} follow".format(*kept[number], *follows))
    for number in kept.keys() - audit.floors.keys():
        inspector.find(f"balance of account {number}", "the account keeps none")


async def compare_caps(inspector: Inspector, audit: Audit) -> None:
    kept = {row.name: (row.limit_s, row.drawn_s) for row in await inspector.sound_rows(select(caps))}
    inspector.compare("cap", kept, {name: tuple(cap) for name, cap in audit.caps.items()})


async def compare_reservations(inspector: Inspector, audit: Audit, part: Part) -> None:
    """Made and ended in the part."""
    number = reservations.c.transaction_id
    kept = {row[0]: tuple(row[1:]) for row in await _within(inspector, part, RESERVED, number)}
    inspector.compare("reservation", kept, audit.made)
    number = resolutions.c.transaction_id
    ended = await _within(inspector, part, select(resolutions.c.reservation, number), number)
    inspector.compare("end of reservation", {row[0]: row[1] for row in ended}, audit.ended)
    if audit.reserving:
        await _compare_reserved(inspector, audit, part)


async def _compare_reserved(inspector: Inspector, audit: Audit, part: Part) -> None:
    """The transfers that follow from a reservation, and from its end."""
    number, ending = reservations.c.transaction_id, resolutions.c.transaction_id
    made = await _legs_within(inspector, audit, part, number, number)
    moved = {**made, **await _legs_within(inspector, audit, part, ending, ending)}
    held = await _legs_within(inspector, audit, part, ending, resolutions.c.reservation)
    for transaction, (place, term) in audit.reserving.items():
        legs = moved.get(transaction, [])
        try:
            if isinstance(term, Reserve):
                follows = are_held(legs, term)
            else:
                follows = are_resolved(legs, term, held.get(transaction, []))
        except TypeError:  # a transfer of what is no number, which is named as that
            continue
        if not follows:
            inspector.find(place, "its transfers are not those of what it reserves, or of the reservation that it ends")


async def compare_months(inspector: Inspector, audit: Audit) -> None:
    kept: dict[Month, str] = {(row.book, row.month): row.state for row in await inspector.sound_rows(select(periods))}
    for month in audit.months - kept.keys():
        inspector.find(f"month {month[1]} of {month[0]}", "it is not there, and transactions count in it")
    for month, state in kept.items():
        if state not in (OPEN, CLOSED):
            inspector.find(f"month {month[1]} of {month[0]}", f"it is {state}, which none can be")
    closed = {month for month, state in kept.items() if state == CLOSED}
    for month in closed ^ audit.closed.keys():
        said, follows = ("closed", "no") if month in closed else ("open", "a")
        inspector.find(f"month {month[1]} of {month[0]}", f"it is {said}, and {follows} transaction closed it")


async def _within(inspector: Inspector, part: Part, query: Any, number: Any) -> Sequence[Any]:
    return await inspector.rows(query.where(number > part.after, number <= part.up_to))


async def _legs_within(inspector: Inspector, audit: Audit, part: Part, by: Any, of: Any) -> dict[int, list[Leg]]:
    """The transfers of transactions `of`, by the transaction within the part that they belong to."""
    found = defaultdict[int, list[Leg]](list)
    query = select(by, *MOVE).join(entries, entries.c.transaction_id == of).order_by(by, entries.c.leg)
    for transaction, debit, credit, seconds, service in await _within(inspector, part, query, by):
        whose = [audit.names.get(number, Account("", str(number))) for number in (debit, credit)]
        found[transaction].append(Leg(whose[0], whose[1], seconds, service))
    return found
