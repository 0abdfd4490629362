"""Which accounts there are (docs/time-bank.md 4), and what the ledger calls their owners."""

from typing import NamedTuple

from ccd.ledger.model import Account, Kind, Side

# Held by origin; together they are the agent's balance.
BALANCE_KINDS = ("savings", "gift", "interest", "overtime")
AGENT_KINDS = (*BALANCE_KINDS, "reserved", "leave")
HOUSE_KINDS = ("savings", "overdraft", "leave", "gift", "withdrawn")

# As the ledger opens them: an agent's never fall below zero, a house's have no limit.
AGENT_ACCOUNTS = tuple(Kind(kind, Side.CREDIT, 0) for kind in AGENT_KINDS)
HOUSE_ACCOUNTS = tuple(Kind(kind, Side.DEBIT, None) for kind in HOUSE_KINDS)

# Services, as each transfer of a settlement names the one it belongs to.
SAVINGS = "savings"
OVERDRAFT = "overdraft"
LEAVE = "leave"
SERVICES = (SAVINGS, OVERDRAFT, LEAVE)
IDLE_LEAVE = ("idle_leave", "idle_offset", "idle_taken")  # leave of idle days (3.5), on the same account as that of 3.4
GIFT = "gift"  # a red packet's


class House(NamedTuple):
    """The accounts of a centre that the bank moves seconds from and to; without a limit."""

    owner: str
    savings: Account
    overdraft: Account
    leave: Account
    gift: Account
    withdrawn: Account

    @classmethod
    def of(cls, centre: str) -> "House":
        owner = f"house/{centre}"
        return cls(owner, *(Account(owner, kind) for kind in HOUSE_KINDS))


def agent_owner(agent: str) -> str:
    return f"agent/{agent}"
