"""What a reservation draws and what its end moves. Pure."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ccd.ledger.model import Account, Leg, Reserve, Resolve


class Reserved(NamedTuple):
    """A reservation: where its seconds came from, in the order they were drawn, and where they lie."""

    transaction: int
    drawn: tuple[tuple[Account, int], ...]
    account: Account
    resolved: bool

    @property
    def seconds(self) -> int:
        return sum(seconds for _, seconds in self.drawn)


def legs_to_hold(term: Reserve, room: Mapping[Account, int]) -> tuple[Leg, ...] | None:
    """From each account as far as it goes (`room`, seconds), in the order asked for; None where that is not enough."""
    legs, rest = [], term.seconds
    for account in term.accounts:
        seconds = min(rest, room[account])
        if seconds > 0:
            legs.append(Leg(account, term.held, seconds, term.service))
            rest -= seconds
    return tuple(legs) if rest == 0 else None


def legs_to_resolve(term: Resolve, held: Reserved) -> tuple[Leg, ...] | None:
    """First what is posted, then what goes back, from the account drawn last to the first; None where less is held."""
    rest = held.seconds - term.seconds
    if rest < 0:
        return None
    legs = [Leg(held.account, term.to, term.seconds, term.service)] if term.to is not None else []
    for account, drawn in reversed(held.drawn):
        seconds = min(rest, drawn)
        if seconds > 0:
            legs.append(Leg(held.account, account, seconds, term.service))
            rest -= seconds
    return tuple(legs)


def are_held(legs: Sequence[Leg], term: Reserve) -> bool:
    """Whether a reservation may have moved this: as much of each account as it took was there."""
    room = dict.fromkeys(term.accounts, 0) | {leg.debit: leg.seconds for leg in legs}
    return legs_to_hold(term, room) == tuple(legs)


def are_resolved(legs: Sequence[Leg], term: Resolve, held: Sequence[Leg]) -> bool:
    """Whether the end of a reservation that moved `held` moves this."""
    if not held:
        return False
    drawn = tuple((leg.debit, leg.seconds) for leg in held)
    return legs_to_resolve(term, Reserved(0, drawn, held[0].credit, resolved=False)) == tuple(legs)
