"""What has to be posted, so that what was posted for a day becomes what the day is worth (docs/time-bank.md 4). Pure.

A first settlement is the difference to nothing. A loss takes the available balance, and the rest becomes that day's
leave; a gain first cancels that day's leave, as far as it is neither offset nor taken, then goes to savings. So the
agent's net (balance + reserved - leave) moves by the difference of the worths and by nothing else, whatever was there
to take: that is why every order of the same events leaves the same net.

Once the day's month is closed attendance has its leave: none is made or cancelled any more. A loss takes the available
balance, and the rest is written off; a gain goes to savings, but for what makes up for an earlier write-off, where the
policy says so. What is written off is part of what the day was reckoned as: the next difference does not ask for it.

Each leg uses the house account of its service. A loss first gives back what the day had deposited, a gain first gives
back what the day had been charged.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from ccd.bank.accounts import IDLE_LEAVE, LEAVE, OVERDRAFT, SAVINGS, SERVICES, House
from ccd.bank.overdraft import taken
from ccd.bank.worth import Worth
from ccd.ledger.model import Account, Leg, Moved


class Posted(NamedTuple):
    """What settlements have posted so far for one agent's day, in seconds, each as what is left of it."""

    deposited_s: int = 0
    charged_s: int = 0  # taken from the balance
    leave_s: int = 0  # made personal leave
    leave_open_s: int = 0  # of that: neither offset nor taken
    written_off_s: int = 0  # of losses after the month's close: asked of nobody, and reckoned with

    @property
    def net_s(self) -> int:
        """What the day was reckoned as."""
        return self.deposited_s - self.charged_s - self.leave_s - self.written_off_s


UNPOSTED = Posted()


def posted_by(transfers: Iterable[Moved], agent: str, written_off_s: int = 0) -> Posted:
    """Read from the day's transfers on the accounts of `agent` (the owner), those of other services among them.

    What was written off is no transfer: the facts of the settlements say it.
    """
    sums = dict.fromkeys(SERVICES, 0)
    leave_now = 0
    for moved in transfers:
        seconds = moved.seconds if moved.credit.owner == agent else -moved.seconds
        if moved.service in sums:
            sums[moved.service] += seconds
        if moved.service in IDLE_LEAVE:
            continue
        if LEAVE in (own.kind for own in (moved.debit, moved.credit) if own.owner == agent):
            leave_now += seconds
    leave_open_s = max(0, min(sums[LEAVE], leave_now))
    return Posted(sums[SAVINGS], -sums[OVERDRAFT], sums[LEAVE], leave_open_s, written_off_s)


def legs_of(
    worth: Worth, posted: Posted, available: Mapping[str, int], takes: tuple[str, ...], agent: str, house: House
) -> tuple[Leg, ...]:
    """The transfers that make up the difference, while the day's month is open. `available` is what is on the agent's
    accounts, by kind; `agent` is their owner.
    """
    change_s = worth.deposit_s - worth.overdraft_s
    if posted is UNPOSTED and change_s >= 0:  # nine days of ten
        return (Leg(house.savings, Account(agent, SAVINGS), change_s, SAVINGS),) if change_s else ()
    change_s -= posted.net_s
    if change_s < 0:
        legs, rest = _taken_back(-change_s, worth, posted, available, takes, agent, house)
        if rest:
            legs.append(Leg(house.leave, Account(agent, LEAVE), rest, LEAVE))
        return tuple(legs)
    cancelled = min(change_s, posted.leave_open_s, available.get(LEAVE, 0))
    legs = [Leg(Account(agent, LEAVE), house.leave, cancelled, LEAVE)] if cancelled else []
    return (*legs, *_credited(change_s - cancelled, posted, agent, house))


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
    change_s = worth.net_s - posted.net_s
    if change_s < 0:
        legs, rest = _taken_back(-change_s, worth, posted, available, takes, agent, house)
        return tuple(legs), rest
    met = min(change_s, posted.written_off_s) if meets_write_off else 0
    return tuple(_credited(change_s - met, posted, agent, house)), -met


def _taken_back(
    seconds: int,
    worth: Worth,
    posted: Posted,
    available: Mapping[str, int],
    takes: tuple[str, ...],
    agent: str,
    house: House,
) -> tuple[list[Leg], int]:
    """From what is available; and how much there was nothing to take for."""
    legs = []
    deposit_back_s = max(0, posted.deposited_s - worth.deposit_s)
    for kind, draw in taken(seconds, available, takes):
        seconds -= draw
        back = min(draw, deposit_back_s)
        deposit_back_s -= back
        if back:
            legs.append(Leg(Account(agent, kind), house.savings, back, SAVINGS))
        if draw > back:
            legs.append(Leg(Account(agent, kind), house.overdraft, draw - back, OVERDRAFT))
    return legs, seconds


def _credited(seconds: int, posted: Posted, agent: str, house: House) -> Iterable[Leg]:
    charge_back = max(0, min(seconds, posted.charged_s))
    if charge_back:
        yield Leg(house.overdraft, Account(agent, SAVINGS), charge_back, OVERDRAFT)
    if seconds > charge_back:
        yield Leg(house.savings, Account(agent, SAVINGS), seconds - charge_back, SAVINGS)
