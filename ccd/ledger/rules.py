"""The rules that can refuse a posting: its month, what it takes back, what it resolves, caps, balances.

Pure: what is under lock comes in. A posting that is not refused moves the balances, so that the next one sees them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ccd.errors import PostingError
from ccd.ledger.holding import Reserved, legs_to_hold, legs_to_resolve
from ccd.ledger.model import (
    Account,
    Claim,
    Close,
    Draw,
    Late,
    Leg,
    Limit,
    Posting,
    Refusal,
    Reserve,
    Resolve,
    Rule,
    Term,
    Transfer,
)  # fmt: skip

OPEN, CLOSED = "open", "closed"

Month = tuple[str, str]  # book, 2026-11

Move = tuple[int, int, int]  # a leg by the numbers of its accounts: debit, credit, seconds
Changes = dict[int, int]  # what a posting adds to balances, by account, in seconds
Back = tuple[Transfer, Move]  # what is to be taken back, and the move that does it


class Original(NamedTuple):
    """A transfer that is to be taken back."""

    move: Move
    posted_by: str  # its transaction's key and revision
    digest: bytes
    reversed_before: bool
    of_a_reservation: bool  # which is resolved, and not taken back


class Cap(NamedTuple):
    """What may be drawn on it, and what has been, in seconds."""

    limit_s: int
    drawn_s: int


@dataclass(slots=True)
class Standing:
    """How things stand in one transaction. Every guarded account that is debited has to be among `balances`."""

    months: dict[Month, str] = field(default_factory=dict)
    balances: dict[int, int] = field(default_factory=dict)
    floors: dict[int, int] = field(default_factory=dict)
    originals: dict[Transfer, Original] = field(default_factory=dict)
    reservations: dict[Claim, Reserved] = field(default_factory=dict)
    caps: dict[str, Cap] = field(default_factory=dict)

    def learn(self, balances: Mapping[int, tuple[int, int]]) -> None:
        """Seconds and floor, by account, as they were read under lock."""
        for number, (seconds, floor) in balances.items():
            self.balances[number] = seconds
            self.floors[number] = floor

    def month_of(self, posting: Posting, month: str) -> str:
        """In which the posting counts: `month`, unless that is closed and it may be late."""
        if self.months[posting.book, month] == CLOSED:
            for term in posting.terms:
                if isinstance(term, Late):
                    return term.month
        return month

    def legs(self, posting: Posting, month: str, ids: Mapping[Account, int]) -> tuple[Leg, ...] | Refusal:
        """The posting's own, and those that follow from its terms and from how things stand."""
        legs = posting.legs
        if closed := self._month_refusal(posting, month):
            return closed
        for term in posting.terms:
            made = self._made(posting, term, ids)
            if isinstance(made, Refusal):
                return made
            legs += made
        return legs

    def admit(
        self, posting: Posting, month: str, changes: Changes, backs: Sequence[Back], names: Mapping[int, Account]
    ) -> Refusal | None:
        """Moves the balances, unless a rule speaks against the posting: then that is told, and nothing has moved.

        `changes` are of all accounts with a balance; those that fall have to have been read.
        """
        if closed := self._month_refusal(posting, month):
            return closed
        for back, move in backs:
            if (original := self._original(posting, back, move)).reversed_before:
                found = f"transfer {back.leg} of {original.posted_by} was taken back before"
                return Refusal(Rule.REVERSAL, found, names[move[0]], amount_s=move[2], limit_s=0)
        if posting.terms and isinstance(refusal := self._drawn(posting), Refusal):
            return refusal
        for number, change in changes.items():
            if change < 0 and (room := self.room(number)) + change < 0:
                whose = f"{names[number].kind} of {names[number].owner}"
                found = f"{whose} has {room} s to give, and {-change} s are asked"
                return Refusal(Rule.BALANCE, found, names[number], amount_s=-change, limit_s=room)
        for number, change in changes.items():
            if number in self.balances:
                self.balances[number] += change
        for back, _ in backs:
            self.originals[back] = self.originals[back]._replace(reversed_before=True)
        return None

    def keep(self, posting: Posting, month: str, held: Reserved | None) -> None:
        """What the terms of a posting that was not refused leave; `held` is what it reserved."""
        caps = self._drawn(posting)
        assert not isinstance(caps, Refusal), "a posting that was refused leaves nothing"
        self.caps.update(caps)
        for term in posting.terms:
            if isinstance(term, Reserve) and held is not None:
                self.reservations[posting.key, posting.revision] = held
            elif isinstance(term, Resolve):
                self.reservations[term.reservation] = self.reservations[term.reservation]._replace(resolved=True)
            elif isinstance(term, Close):
                self.months[posting.book, month] = CLOSED

    def room(self, number: int) -> int:
        return self.balances[number] - self.floors[number]

    def _month_refusal(self, posting: Posting, month: str) -> Refusal | None:
        state = self.months[posting.book, month]
        if state == OPEN:
            return None
        return Refusal(Rule.MONTH, f"{month} of {posting.book} is {state} and takes no postings")

    def _made(self, posting: Posting, term: Term, ids: Mapping[Account, int]) -> tuple[Leg, ...] | Refusal:
        if isinstance(term, Reserve):
            for account in term.accounts:
                if ids.get(account) not in self.balances:
                    found = f"reserves from the account {account.kind} of {account.owner}"
                    raise PostingError(posting.spelled, found, "accounts that are open and have a floor")
            room = {account: self.room(ids[account]) for account in term.accounts}
            legs = legs_to_hold(term, room)
            if legs is None:
                has = sum(room.values())
                found = f"{term.held.owner} has {has} s to give, and {term.seconds} s are to be reserved"
                return Refusal(Rule.BALANCE, found, term.held, amount_s=term.seconds, limit_s=has)
            return legs
        if isinstance(term, Resolve):
            key, revision = term.reservation
            held = self.reservations.get(term.reservation)
            if held is None:
                raise PostingError(posting.spelled, f"resolves {key}/r{revision}", "a reservation that was posted")
            if held.resolved:
                found = f"the reservation {key}/r{revision} was resolved before"
                return Refusal(Rule.RESERVATION, found, held.account, amount_s=term.seconds, limit_s=0)
            if term.to == held.account:
                found = f"posts {key}/r{revision} to where it is held, the account {term.to.kind} of {term.to.owner}"
                raise PostingError(posting.spelled, found, "another account")
            legs = legs_to_resolve(term, held)
            if legs is None:
                found = f"the reservation {key}/r{revision} holds {held.seconds} s, and {term.seconds} s are asked"
                return Refusal(Rule.RESERVATION, found, held.account, amount_s=term.seconds, limit_s=held.seconds)
            return legs
        return ()

    def _drawn(self, posting: Posting) -> dict[str, Cap] | Refusal:
        """The caps as the posting leaves them."""
        caps: dict[str, Cap] = {}
        for term in posting.terms:
            if not isinstance(term, (Draw, Limit)):
                continue
            cap = caps.get(term.cap) or self.caps.get(term.cap)
            if isinstance(term, Limit):
                cap = Cap(term.seconds, cap.drawn_s if cap else 0)
            elif cap is None:
                found = f"draws on the cap {term.cap}"
                raise PostingError(
                    posting.spelled, found, "a cap that was given a limit", cap=term.cap, amount_s=term.seconds
                )
            else:
                cap = Cap(cap.limit_s, cap.drawn_s + term.seconds)
            if not 0 <= cap.drawn_s <= cap.limit_s:
                found = f"{term.cap} has a limit of {cap.limit_s} s, and {cap.drawn_s} s would be drawn on it"
                return Refusal(Rule.CAP, found, cap=term.cap, amount_s=cap.drawn_s, limit_s=cap.limit_s)
            caps[term.cap] = cap
        return caps

    def _original(self, posting: Posting, back: Transfer, move: Move) -> Original:
        original = self.originals.get(back)
        debit, credit, seconds = move
        if original is None or original.move != (credit, debit, seconds):
            raise PostingError(posting.spelled, f"reverses {back}", "a transfer that it mirrors exactly")
        if original.of_a_reservation:
            found = f"reverses {back}, which a reservation moved"
            raise PostingError(posting.spelled, found, "another: a reservation is posted or released, once")
        return original
