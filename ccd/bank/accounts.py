"""Which accounts there are (docs/time-bank.md 4), and what the ledger calls their owners."""

from typing import NamedTuple

from ccd.ledger.model import Account

# Held by origin; together they are the agent's balance.
BALANCE_KINDS = ("savings", "gift", "interest", "overtime")
AGENT_KINDS = (*BALANCE_KINDS, "reserved", "leave")
HOUSE_KINDS = ("savings", "overdraft", "leave")

# Services, as each transfer of a settlement names the one it belongs to.
SAVINGS = "savings"
OVERDRAFT = "overdraft"
LEAVE = "leave"


class Parties(NamedTuple):
    """Between whom a posting moves seconds: an agent, and the house of the agent's centre."""

    agent: str
    house: str

    def own(self, kind: str) -> Account:
        return Account(self.agent, kind)

    def of_house(self, kind: str) -> Account:
        return Account(self.house, kind)


def agent_owner(agent: str) -> str:
    return f"agent/{agent}"


def house_owner(centre: str) -> str:
    return f"house/{centre}"
