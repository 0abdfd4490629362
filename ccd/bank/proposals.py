"""Proposals: another system, as a knowledge base or a suggestion box, asks for a red packet; a manager gives it, or
says why not (docs/time-bank.md 3.3). Pure."""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from ccd.bank.packets import Packet
from ccd.errors import ProposalError


class ProposalState(StrEnum):
    OPEN = "open"  # nobody has decided yet
    CONFIRMED = "confirmed"  # and given
    DECLINED = "declined"


class Proposal(NamedTuple):
    """`source` is the key that the system speaks with, and `name` what it calls the proposal itself: together they are
    its id."""

    source: str
    name: str
    unit: str
    agents: tuple[str, ...]
    seconds: int
    kind: str
    reason: str
    proposed_at: int  # microseconds since the epoch
    verdict: ProposalState = ProposalState.OPEN
    decided_by: str = ""
    why: str = ""
    number: int = 0  # the older one has the less; 0 while it isn't kept

    @property
    def id(self) -> str:
        return f"{self.source}/{self.name}"

    def packet(self, day: date) -> Packet:
        """As it is given, on the day on which it is confirmed."""
        return Packet(f"proposed/{self.id}", self.unit, self.agents, self.seconds, self.kind, self.reason, day)

    @property
    def said(self) -> Mapping[str, object]:
        """What the other system said: the same under one name for ever."""
        agents = sorted(self.agents)
        return {
            "unit": self.unit, "agents": agents, "seconds": self.seconds, "kind": self.kind, "reason": self.reason,
        }  # fmt: skip


def check_same(before: Proposal, asked: Proposal) -> None:
    """ProposalError where the name stands for something else."""
    if differing := sorted(field for field in asked.said if asked.said[field] != before.said[field]):
        raise ProposalError(
            asked.id, f"was proposed with another {' and '.join(differing)}: choose another name", "key-taken"
        )


def check_proposal_open(proposal: Proposal, wanted: ProposalState) -> None:
    """ProposalError where it was decided otherwise."""
    if proposal.verdict not in (ProposalState.OPEN, wanted):
        found = f"was {proposal.verdict} by {proposal.decided_by}: it stays that"
        raise ProposalError(proposal.id, found, "proposal-decided", by=proposal.decided_by)
