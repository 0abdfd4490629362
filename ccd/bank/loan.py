"""Leave offset, 无息贷款 (docs/time-bank.md 3.5): what is owed for a month as a loan without interest, and what of the
balance goes against it. Pure.

An item is what one origin of one day still owes. There is no other list of them than the ledger: they are read from the
transfers for that day, and so is what was offset of each, by whom and when.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from operator import attrgetter
from typing import NamedTuple

from ccd.bank.accounts import LEAVE, ORIGINS, House, Origin
from ccd.bank.attendance_calendar import span
from ccd.bank.difference import posted_by
from ccd.bank.overdraft import taken
from ccd.bank.policy import LoanTerms
from ccd.ledger.model import Account, Leg, Moved, month_of

OFFSET, TAKEN_BACK = "offset", "offset-back"  # the first words of their keys


class Item(NamedTuple):
    """What an agent's day owes by one origin. Seconds: what was made leave, and of that what is neither offset nor
    taken, what was offset, and what attendance has taken over."""

    day: date
    origin: Origin
    made_s: int
    open_s: int
    offset_s: int
    taken_s: int

    @property
    def name(self) -> str:
        return f"{self.day.isoformat()}/{self.origin.name}"


class LoanOffer(NamedTuple):
    """What may be offset: `could_s` of what is owed, as far as the balance goes. `by_itself`: what nobody decides on is
    offset when the month closes, where that secures full attendance."""

    items: tuple[Item, ...]
    balance_s: int
    by_itself: bool = True

    @property
    def owed_s(self) -> int:
        return sum(item.open_s for item in self.items)

    @property
    def could_s(self) -> int:
        return min(self.owed_s, self.balance_s)


def is_busy(day: date, terms: LoanTerms) -> bool:
    """By the calendar's month, whatever the attendance month is: the load follows that. A day that is named is what it
    is named."""
    if any(first <= day <= last for first, last in terms.idle_days):
        return False
    if any(first <= day <= last for first, last in terms.busy_days):
        return True
    _, last = span(month_of(day))
    return day.day <= terms.busy_first or (last - day).days < terms.busy_last


def items_of(transfers: Iterable[Moved], owner: str) -> tuple[Item, ...]:
    """Of the transfers on what an agent owes for some days, in the order of days; others don't matter."""
    by_day: dict[date, list[Moved]] = defaultdict(list)
    for moved in transfers:
        if owner in (moved.debit.owner, moved.credit.owner):
            by_day[moved.day].append(moved)
    items = []
    for day, own in sorted(by_day.items()):
        for origin in ORIGINS:
            posted = posted_by(own, owner, origin=origin)
            if posted.leave_s > 0:
                away = _away(own, owner)
                offset_s, taken_s = away[origin.offset], away[origin.taken]
                items.append(Item(day, origin, posted.leave_s, posted.leave_open_s, offset_s, taken_s))
    return tuple(items)


def _away(transfers: Iterable[Moved], owner: str) -> Mapping[str, int]:
    """What went from the agent's leave, by service."""
    found: dict[str, int] = defaultdict(int)
    owed = Account(owner, LEAVE)
    for moved in transfers:
        if owed in (moved.debit, moved.credit):
            found[moved.service] += moved.seconds if moved.debit == owed else -moved.seconds
    return found


def offset_legs(
    item: Item, seconds: int, available: Mapping[str, int], order: tuple[str, ...], owner: str, house: House
) -> tuple[Leg, ...]:
    """Of one item, as far as it is open and the balance goes: what is paid, and what is owed no more."""
    legs = [
        Leg(Account(owner, kind), house.offset, draw, item.origin.offset)
        for kind, draw in taken(min(seconds, item.open_s), available, order)
    ]
    paid_s = sum(leg.seconds for leg in legs)
    if paid_s:
        legs.append(Leg(Account(owner, LEAVE), house.leave, paid_s, item.origin.offset))
    return tuple(legs)


def taken_leg(item: Item, owner: str, house: House) -> Leg:
    """What attendance takes over when the month closes."""
    return Leg(Account(owner, LEAVE), house.leave_taken, item.open_s, item.origin.taken)


def offset_key(agent: str, item: Item) -> str:
    return f"{OFFSET}/{agent}/{item.name}"


def taken_back_key(agent: str, item: Item) -> str:
    """Its revisions are those of the offsets that they take back."""
    return f"{TAKEN_BACK}/{agent}/{item.name}"


def taking_back(transfers: Iterable[Moved], transaction: int) -> tuple[Leg, ...]:
    """What one posting of an agent's has moved, mirrored."""
    return tuple(
        Leg(moved.credit, moved.debit, moved.seconds, moved.service, moved.transfer)
        for moved in sorted(transfers, key=attrgetter("transfer"))
        if moved.transfer is not None and moved.transfer.transaction == transaction
    )


def costs_less_since(transfers: Iterable[Moved], owner: str, origin: Origin, transaction: int) -> bool:
    """Whether the day has come to less that is owed since a posting: what was offset for nothing has come back then."""
    gained_s = 0
    for moved in transfers:
        later = moved.transfer is not None and moved.transfer.transaction > transaction
        if later and moved.service in origin.services and moved.service not in (origin.offset, origin.taken):
            credited = moved.credit.owner == owner
            owed = Account(owner, LEAVE) in (moved.debit, moved.credit)
            gained_s += moved.seconds if credited != owed else -moved.seconds
    return gained_s > 0


def taken_key(agent: str, item: Item) -> str:
    return f"taken/{agent}/{item.name}"


def keeps_key(agent: str, month: str) -> str:
    """Under which it stands that the agent has said not to offset by itself what is left of the month."""
    return f"offset-none/{agent}/{month}"


def secures(offer: LoanOffer, other_faults: int, grace_s: int) -> bool:
    """Whether to offset all of it would leave the agent with full attendance, and nothing less would. What attendance
    has taken over is lost, whatever is offset now."""
    taken_s = sum(item.taken_s for item in offer.items)
    if other_faults or taken_s > grace_s:
        return False
    return grace_s < taken_s + offer.owed_s and offer.owed_s <= offer.balance_s
