"""Which accounts there are (docs/time-bank.md 4), and what the ledger calls their owners."""

from typing import NamedTuple

from ccd.ledger.model import Account, Kind, Side

AGENT = "agent/"

# Held by origin; together they are the agent's balance.
BALANCE_KINDS = ("savings", "gift", "interest", "overtime")
RESERVED = "reserved"  # held for what may come, and not to be taken meanwhile
AGENT_KINDS = (*BALANCE_KINDS, RESERVED, "leave")
HOUSE_KINDS = (
    "savings", "overdraft", "leave", "gift", "withdrawn", "overtime", "interest", "offset", "leave_taken", "expiry",
)  # fmt: skip

# As the ledger opens them: an agent's never fall below zero, a house's have no limit.
AGENT_ACCOUNTS = tuple(Kind(kind, Side.CREDIT, 0) for kind in AGENT_KINDS)
HOUSE_ACCOUNTS = tuple(Kind(kind, Side.DEBIT, None) for kind in HOUSE_KINDS)

# Services, as each transfer of a settlement names the one it belongs to.
SAVINGS = "savings"
OVERDRAFT = "overdraft"
LEAVE = "leave"
GIFT = "gift"  # a red packet's
OVERTIME = "overtime"
INTEREST = "interest"
WORKED = "worked"  # on a day that was granted: it comes back from what was withdrawn
EXPIRY = "expiry"  # of what nobody used
REPAID = "idle_repaid"  # leave of an idle day that was offset, and turned out not to have been


class Origin(NamedTuple):
    """What an agent's day is reckoned for, and may be anew (docs/time-bank.md 4): each with services of its own, so
    that nothing of one is taken for another's, although all owe on one leave account.

    `credit` is the service of what it brings, from the house's account `house` to the agent's `kind`; `charge` and
    `charged` those of what it costs, where that is another. What it costs is taken from the balance, or `lent`: then it
    is leave until it is offset.
    """

    name: str
    credit: str
    house: str
    kind: str
    leave: str
    offset: str
    taken: str
    charge: str = ""
    charged: str = ""
    interest: str = ""
    lent: bool = False

    @property
    def services(self) -> tuple[str, ...]:
        paid = tuple(service for service in (self.credit, self.charge, self.interest) if service)
        return (*paid, self.leave, self.offset, self.taken)


DAY_ORIGIN = Origin(
    "day", SAVINGS, "savings", "savings", LEAVE, "offset", "leave_taken", charge=OVERDRAFT, charged="overdraft"
)
IDLE_ORIGIN = Origin("idle", REPAID, "offset", "savings", "idle_leave", "idle_offset", "idle_taken", lent=True)
OVERTIME_ORIGIN = Origin(
    "overtime", OVERTIME, "overtime", "overtime", "overtime_leave", "overtime_offset", "overtime_taken",
    interest=INTEREST,
)  # fmt: skip
WORKED_ORIGIN = Origin("worked", WORKED, "withdrawn", "savings", "worked_leave", "worked_offset", "worked_taken")
ORIGINS = (DAY_ORIGIN, IDLE_ORIGIN, OVERTIME_ORIGIN, WORKED_ORIGIN)

# What a next revision reads from the ledger: nobody else may post under these names.
SERVICES = tuple(service for origin in ORIGINS for service in origin.services)


class House(NamedTuple):
    """The accounts of a centre that the bank moves seconds from and to; without a limit."""

    owner: str
    savings: Account
    overdraft: Account
    leave: Account
    gift: Account
    withdrawn: Account
    overtime: Account
    interest: Account
    offset: Account
    leave_taken: Account
    expiry: Account

    @classmethod
    def of(cls, centre: str) -> "House":
        owner = f"house/{centre}"
        return cls(owner, *(Account(owner, kind) for kind in HOUSE_KINDS))

    def account(self, kind: str) -> Account:
        return Account(self.owner, kind)


def agent_owner(agent: str) -> str:
    return f"{AGENT}{agent}"


def owning_agent(owner: str) -> str:
    """Whose accounts these are; "" where the owner is a house."""
    return owner.removeprefix(AGENT) if owner.startswith(AGENT) else ""
