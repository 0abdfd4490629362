"""What has to be posted, so that what was posted for a day becomes what the day is worth (docs/time-bank.md 4). Pure.

A first settlement is the difference to nothing. A loss takes the available balance, and the rest becomes that day's
leave; a gain first cancels that day's leave, as far as it is neither offset nor taken, then goes to savings. So the
agent's net (balance + reserved - leave) moves by the difference of the worths and by nothing else, whatever was there
to take: that is why every order of the same events leaves the same net.

Each leg uses the house account of its service. A loss first gives back what the day had deposited, a gain first gives
back what the day had been charged.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from ccd.bank.accounts import LEAVE, OVERDRAFT, SAVINGS, SERVICES, House
from ccd.bank.overdraft import taken
from ccd.bank.worth import Worth
from ccd.ledger.model import Account, Leg, Moved


class Posted(NamedTuple):
    """What settlements have posted so far for one agent's day, in seconds, each as what is left of it."""

    deposited_s: int = 0
    charged_s: int = 0  # taken from the balance
    leave_s: int = 0  # made personal leave
    leave_open_s: int = 0  # of that: neither offset nor taken

    @property
    def net_s(self) -> int:
        return self.deposited_s - self.charged_s - self.leave_s


UNPOSTED = Posted()


def posted_by(transfers: Iterable[Moved], agent: str) -> Posted:
    """Read from the day's transfers on the accounts of `agent` (the owner), those of other services among them."""
    sums = dict.fromkeys(SERVICES, 0)
    leave_now = 0
    for moved in transfers:
        seconds = moved.seconds if moved.credit.owner == agent else -moved.seconds
        if moved.service in sums:
            sums[moved.service] += seconds
        if LEAVE in (own.kind for own in (moved.debit, moved.credit) if own.owner == agent):
            leave_now += seconds
    leave_open_s = max(0, min(sums[LEAVE], leave_now))
    return Posted(sums[SAVINGS], -sums[OVERDRAFT], sums[LEAVE], leave_open_s)


def legs_of(
    worth: Worth, posted: Posted, available: Mapping[str, int], takes: tuple[str, ...], agent: str, house: House
) -> tuple[Leg, ...]:
    """The transfers that make up the difference. `available` is the balance by kind; only a loss looks at it.

    `agent` is the owner of the agent's accounts.
    """
    change_s = worth.deposit_s - worth.overdraft_s
    if posted is UNPOSTED and change_s >= 0:  # nine days of ten
        return (Leg(house.savings, Account(agent, "savings"), change_s, SAVINGS),) if change_s else ()
    change_s -= posted.net_s
    if change_s < 0:
        return tuple(_loss(-change_s, worth, posted, available, takes, agent, house))
    return tuple(_gain(change_s, worth, posted, agent, house))


def _loss(
    seconds: int,
    worth: Worth,
    posted: Posted,
    available: Mapping[str, int],
    takes: tuple[str, ...],
    agent: str,
    house: House,
) -> Iterable[Leg]:
    deposit_back_s = max(0, posted.deposited_s - worth.deposit_s)
    for kind, draw in taken(seconds, available, takes):
        seconds -= draw
        back = min(draw, deposit_back_s)
        deposit_back_s -= back
        if back:
            yield Leg(Account(agent, kind), house.savings, back, SAVINGS)
        if draw > back:
            yield Leg(Account(agent, kind), house.overdraft, draw - back, OVERDRAFT)
    if seconds:
        yield Leg(house.leave, Account(agent, "leave"), seconds, LEAVE)


def _gain(seconds: int, worth: Worth, posted: Posted, agent: str, house: House) -> Iterable[Leg]:
    cancelled = min(seconds, posted.leave_open_s)
    if cancelled:
        yield Leg(Account(agent, "leave"), house.leave, cancelled, LEAVE)
    overdrawn_s = posted.charged_s + posted.leave_s - cancelled  # leave that was offset or taken has been paid as well
    charge_back = max(0, min(seconds - cancelled, posted.charged_s, overdrawn_s - worth.overdraft_s))
    if charge_back:
        yield Leg(house.overdraft, Account(agent, "savings"), charge_back, OVERDRAFT)
    rest = seconds - cancelled - charge_back
    if rest:
        yield Leg(house.savings, Account(agent, "savings"), rest, SAVINGS)
