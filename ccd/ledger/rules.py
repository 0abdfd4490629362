"""The rules that can refuse a posting: its month, what it takes back, the balances. Pure: what is under lock comes in.

A posting that is not refused moves the balances, so that the next one sees them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ccd.errors import PostingError
from ccd.ledger.model import Account, Posting, Refusal, Rule, Transfer

OPEN = "open"

Month = tuple[str, str]  # book, 2026-11

Move = tuple[int, int, int]  # a leg by the numbers of its accounts: debit, credit, seconds
Back = tuple[Transfer, Move]  # what is to be taken back, and the move that does it


class Original(NamedTuple):
    """A transfer that is to be taken back."""

    move: Move
    digest: bytes
    reversed_before: bool


@dataclass(slots=True)
class Standing:
    """How things stand in one transaction. Every guarded account that is debited has to be among `balances`."""

    months: dict[Month, str] = field(default_factory=dict)
    balances: dict[int, int] = field(default_factory=dict)
    floors: dict[int, int] = field(default_factory=dict)
    originals: dict[Transfer, Original] = field(default_factory=dict)

    def refusal(
        self, posting: Posting, month: str, moves: Sequence[Move], backs: Sequence[Back], names: Mapping[int, Account]
    ) -> Refusal | None:
        """The rule that speaks against the posting; None: the posting has moved the balances."""
        state = self.months[posting.book, month]
        if state != OPEN:
            return Refusal(Rule.MONTH, f"{month} of {posting.book} is {state} and takes no postings")
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
        changes: dict[int, int] = {}
        balances = self.balances
        for debit, credit, seconds in moves:
            if debit in balances:
                changes[debit] = changes.get(debit, 0) - seconds
            if credit in balances:
                changes[credit] = changes.get(credit, 0) + seconds
        return changes

    def _original(self, posting: Posting, back: Transfer, move: Move) -> Original:
        original = self.originals.get(back)
        debit, credit, seconds = move
        if original is None or original.move != (credit, debit, seconds):
            raise PostingError(posting.spelled, f"reverses {back}", "a transfer that it mirrors exactly")
        return original
