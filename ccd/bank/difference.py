"""What has to be posted, so that what was posted for a day becomes what the day is worth (docs/time-bank.md 4). Pure.

A first settlement is the difference to nothing. A loss takes the available balance, and the rest becomes that day's
leave; a gain first cancels that day's leave, as far as it is neither offset nor taken, then goes to savings. So the
agent's net (balance + reserved - leave) moves by the difference of the worths and by nothing else, whatever was there
to take: that is why every order of the same events leaves the same net.

Once the day's month is closed attendance has its leave: none is made or cancelled any more. A loss takes the available
balance, and the rest is written off; a gain goes to savings, but for what makes up for an earlier write-off, where the
policy says so. What is written off is part of what the day was reckoned as: the next difference does not ask for it.

Each leg uses the house account of its service. A loss first gives back what had been credited, a gain first gives back
what had been charged.

The same holds of whatever an agent's day is reckoned for (`ccd.bank.accounts.Origin`): what its record is worth, leave
of idle days, overtime, what was worked on a day off. Each reads what it posted before from its own services.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from ccd.bank.accounts import DAY_ORIGIN, LEAVE, ORIGINS, SAVINGS, House, Origin
from ccd.bank.overdraft import taken
from ccd.bank.worth import Worth
from ccd.ledger.model import Account, Leg, Moved


class Purse(NamedTuple):
    """What is on an agent's accounts, by kind, and the order in which it is taken; `owner` is that of the accounts."""

    owner: str
    available: Mapping[str, int]
    takes: tuple[str, ...]


class OriginSum(NamedTuple):
    """What an origin comes to, in seconds: what it brings, with the interest on it, or what it costs."""

    deposit_s: int = 0
    overdraft_s: int = 0
    interest_s: int = 0

    @property
    def net_s(self) -> int:
        return self.deposit_s + self.interest_s - self.overdraft_s


class Posted(NamedTuple):
    """What has been posted so far for one agent's day and origin, in seconds, each as what is left of it."""

    deposited_s: int = 0
    charged_s: int = 0  # taken from the balance
    leave_s: int = 0  # made personal leave
    leave_open_s: int = 0  # of that: neither offset nor taken
    written_off_s: int = 0  # of losses after the month's close: asked of nobody, and reckoned with
    interest_s: int = 0

    @property
    def net_s(self) -> int:
        """What the day was reckoned as."""
        return self.deposited_s + self.interest_s - self.charged_s - self.leave_s - self.written_off_s


UNPOSTED = Posted()


def posted_by(transfers: Iterable[Moved], agent: str, written_off_s: int = 0, origin: Origin = DAY_ORIGIN) -> Posted:
    """Read from the day's transfers on the accounts of `agent` (the owner), those of other services among them.

    What was written off is no transfer: the facts of the settlements say it. Leave that is moved under a service of
    nobody's, as by hand, is taken for the day's own.
    """
    sums = dict.fromkeys(origin.services, 0)
    others = _services_of_others(origin)
    leave_now = 0
    for moved in transfers:
        seconds = moved.seconds if moved.credit.owner == agent else -moved.seconds
        if moved.service in sums:
            sums[moved.service] += seconds
        elif moved.service in others or origin is not DAY_ORIGIN:
            continue
        if LEAVE in (own.kind for own in (moved.debit, moved.credit) if own.owner == agent):
            leave_now += seconds
    leave_s = sums[origin.leave]
    leave_open_s = max(0, min(leave_s, leave_now))
    charged_s = -sums.get(origin.charge, 0)
    interest_s = sums.get(origin.interest, 0)
    return Posted(sums[origin.credit], charged_s, leave_s, leave_open_s, written_off_s, interest_s)


def legs_of(
    worth: Worth, posted: Posted, available: Mapping[str, int], takes: tuple[str, ...], agent: str, house: House
) -> tuple[Leg, ...]:
    """The transfers that make up the difference, while the day's month is open. `available` is what is on the agent's
    accounts, by kind; `agent` is their owner.
    """
    change_s = worth.deposit_s - worth.overdraft_s
    if posted is UNPOSTED and change_s >= 0:  # nine days of ten
        return (Leg(house.savings, Account(agent, SAVINGS), change_s, SAVINGS),) if change_s else ()
    return difference(_due(worth), posted, Purse(agent, available, takes), house)


def legs_after_close(
    worth: Worth,
    posted: Posted,
    available: Mapping[str, int],
    takes: tuple[str, ...],
    agent: str,
    house: House,
    meets_write_off: bool,
) -> tuple[tuple[Leg, ...], int]:
    """The same once the month is closed; and how many seconds are written off by it, below zero where a gain makes up
    for what was written off before, if it `meets_write_off`."""
    return difference_after_close(_due(worth), posted, Purse(agent, available, takes), house, meets_write_off)


def difference(
    due: OriginSum, posted: Posted, purse: Purse, house: House, origin: Origin = DAY_ORIGIN
) -> tuple[Leg, ...]:
    """The transfers that make up the difference to what is due, while the day's month is open."""
    change_s = due.net_s - posted.net_s
    owed = Account(purse.owner, LEAVE)
    if change_s < 0:
        legs, rest = ([], -change_s) if origin.lent else _taken_back(-change_s, due, posted, purse, house, origin)
        if rest:
            legs.append(Leg(house.leave, owed, rest, origin.leave))
        return tuple(legs)
    cancelled = min(change_s, posted.leave_open_s, purse.available.get(LEAVE, 0))
    legs = [Leg(owed, house.leave, cancelled, origin.leave)] if cancelled else []
    return (*legs, *_credited(change_s - cancelled, due, posted, purse, house, origin))


def difference_after_close(
    due: OriginSum, posted: Posted, purse: Purse, house: House, meets_write_off: bool, origin: Origin = DAY_ORIGIN
) -> tuple[tuple[Leg, ...], int]:
    """The same once the month is closed, and how many seconds are written off by it."""
    change_s = due.net_s - posted.net_s
    if change_s < 0:
        legs, rest = _taken_back(-change_s, due, posted, purse, house, origin)
        return tuple(legs), rest
    met = min(change_s, posted.written_off_s) if meets_write_off else 0
    return tuple(_credited(change_s - met, due, posted, purse, house, origin)), -met


def apply_legs(legs: Iterable[Leg], owner: str, balances: dict[str, int]) -> None:
    """What the legs do to the balances of `owner`, by kind."""
    for leg in legs:
        for account, seconds in ((leg.debit, -leg.seconds), (leg.credit, leg.seconds)):
            if account.owner == owner:
                balances[account.kind] = balances.get(account.kind, 0) + seconds


def _taken_back(
    seconds: int, due: OriginSum, posted: Posted, purse: Purse, house: House, origin: Origin
) -> tuple[list[Leg], int]:
    """From what is available; and how much there was nothing to take for. Interest goes back before what bore it, and
    what was never brought is charged."""
    back = [
        (house.account(origin.interest), origin.interest, posted.interest_s - due.interest_s),
        (house.account(origin.house), origin.credit, posted.deposited_s - due.deposit_s),
        (house.account(origin.charged or origin.house), origin.charge or origin.credit, seconds),
    ]
    legs = []
    for kind, draw in taken(seconds, purse.available, purse.takes):
        seconds -= draw
        for number, (to, service, left) in enumerate(back):
            part = min(draw, left)
            if part > 0:
                draw -= part
                back[number] = to, service, left - part
                legs.append(Leg(Account(purse.owner, kind), to, part, service))
    return legs, seconds


def _credited(
    seconds: int, due: OriginSum, posted: Posted, purse: Purse, house: House, origin: Origin
) -> Iterable[Leg]:
    """To where it would have come at once: what was charged, then interest as far as it is missing, then the rest."""
    parts = (
        (house.account(origin.charged), SAVINGS, origin.charge, posted.charged_s),
        (house.account(origin.interest), origin.interest, origin.interest, due.interest_s - posted.interest_s),
        (house.account(origin.house), origin.kind, origin.credit, seconds),
    )
    for of, kind, service, left in parts:
        part = min(seconds, left)
        if part > 0:
            seconds -= part
            yield Leg(of, Account(purse.owner, kind), part, service)


def _due(worth: Worth) -> OriginSum:
    return OriginSum(worth.deposit_s, worth.overdraft_s)


def _services_of_others(origin: Origin) -> frozenset[str]:
    return frozenset(service for other in ORIGINS if other is not origin for service in other.services)
