"""The rules that can refuse a posting: its month, what it takes back, the balances. Pure: what is under lock comes in.

A posting that is not refused moves the balances, so that the next one sees them.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ccd.errors import PostingError
from ccd.ledger.model import Account, Posting, Refusal, Rule, Transfer

OPEN = "open"

Month = tuple[str, str]  # book, 2026-11


class Move(NamedTuple):
    """A leg by the numbers of its accounts."""

    debit: int
    credit: int
    seconds: int


class Original(NamedTuple):
    """A transfer that is to be taken back."""

    move: Move
    digest: bytes
    reversed_before: bool


@dataclass(slots=True)
class Standing:
    """How things stand in one transaction. Every guarded account that is debited is among `balances`."""

    months: dict[Month, str] = field(default_factory=dict)
    balances: dict[int, int] = field(default_factory=dict)
    floors: dict[int, int] = field(default_factory=dict)
    originals: dict[Transfer, Original] = field(default_factory=dict)

    def refusal(self, posting: Posting, moves: Sequence[Move], names: Mapping[int, Account]) -> Refusal | None:
        """The rule that speaks against the posting; None: the posting has moved the balances."""
        month = self.months[posting.book, posting.month]
        if month != OPEN:
            return Refusal(Rule.MONTH, f"{posting.month} of {posting.book} is {month} and takes no postings")
        backs = [(leg.reverses, move) for leg, move in zip(posting.legs, moves, strict=True) if leg.reverses]
        for back, move in backs:
            if self._original(posting, back, move).reversed_before:
                return Refusal(Rule.REVERSAL, f"transfer {back} was taken back before")
        changes = self._changes(moves)
        for number, change in changes.items():
            room = self.balances[number] - self.floors[number]
            if change < 0 and room + change < 0:
                whose = f"{names[number].kind} of {names[number].owner}"
                return Refusal(Rule.BALANCE, f"{whose} has {room} s to give, and {-change} s are asked")
        for number, change in changes.items():
            self.balances[number] += change
        for back, _ in backs:
            self.originals[back] = self.originals[back]._replace(reversed_before=True)
        return None

    def _changes(self, moves: Sequence[Move]) -> dict[int, int]:
        changes: dict[int, int] = defaultdict(int)
        for debit, credit, seconds in moves:
            if debit in self.balances:
                changes[debit] -= seconds
            if credit in self.balances:
                changes[credit] += seconds
        return changes

    def _original(self, posting: Posting, back: Transfer, move: Move) -> Original:
        original = self.originals.get(back)
        if original is None or original.move != (move.credit, move.debit, move.seconds):
            raise PostingError(posting.spelled, f"reverses {back}", "a transfer that it mirrors exactly")
        return original
