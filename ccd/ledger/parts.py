"""Parts: what follows from a run of transactions, and from the blocks that sealed them, whatever came before. Pure.

Parts can be gone through side by side, each in a process of its own. What one needs of those before it (how balances
stood, what had been reserved, which months were closed) is left to the audit, which takes what followed from each in
their order (ccd.ledger.audit).

Millions of rows come through here. They are the driver's own tuples, what most of them have in common is told and
encoded once, and all that is done with each of them stands in one loop; what the loop can't say for certain is looked
at again, closely.
"""

from bisect import bisect_right
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from operator import itemgetter
from struct import error as struct_error
from struct import pack
from typing import Any, NamedTuple

from ccd.ledger.audit import (
    POSTED,
    Derived,
    Entry,
    Finding,
    TransactionRow,
    content_digest,
    place_of,
    place_of_block,
    taken_back_wrongly,
)
from ccd.ledger.blocks import Block, Contents, local_hash
from ccd.ledger.digest import DIGEST_FORMAT, NOTHING_TAKEN_BACK, TRANSACTION_FIELDS, TRANSFER_FIELDS
from ccd.ledger.merkle import root_of
from ccd.ledger.model import Account
from ccd.ledger.rules import Month

UNREADABLE = (TypeError, ValueError, KeyError, AttributeError, struct_error)

Row = Sequence[Any]  # of transactions, as OWN_COLUMNS says, and whether it is like most; of entries, as ENTRY_COLUMNS
Original = tuple[bytes, tuple[int, int, int]]  # of a transfer that is taken back: its transaction's digest, its move
Originals = Mapping[tuple[int, int], Original]
Sums = dict[tuple[int, int, str], int]  # by block, account and day: 2026-11-23

OWN_COLUMNS = ("id", "key", "facts", "recorded_at", "digest")
FRAME_COLUMNS = (
    "revision", "book", "month", "state", "legs", "reference", "text", "asked_by", "terms", "refusal", "format",
)  # fmt: skip
ENTRY_COLUMNS = (
    "transaction_id", "leg", "debit", "credit", "seconds", "day", "service", "reverses_transaction", "reverses_leg",
)  # fmt: skip
AMOUNTS_MAX = 50_000  # kept encoded
number_of = itemgetter(0)


class Sides(dict[int, tuple[bytes, bytes]]):
    """The owner and the kind of each account; of one that there is not, nothing, which is looked at closely."""

    def __missing__(self, account: int) -> tuple[bytes, bytes]:
        return b"", b""


class Known(NamedTuple):
    """All accounts, by number: whose they are, as names and as bytes; the floors of those with one; and what the sealer
    sealed of them."""

    names: Mapping[int, Account]
    sides: Sides
    floors: Mapping[int, int]
    digests: Sequence[tuple[int, bytes]]


@dataclass(frozen=True, slots=True)
class Part:
    """Transactions above `after` up to `up_to`, and the blocks that sealed them; of those that are not sealed, none.

    `last` is the block before the first, and `sums` are those that the blocks are said to come to.
    """

    after: int
    up_to: int
    last: Block
    blocks: Sequence[Block] = ()
    sums: Sums = field(default_factory=dict)


class Chunk(NamedTuple):
    """Some transactions, with all transfers up to the last of them. What transactions are beside OWN_COLUMNS is `most`
    for those that are like most, and for each of the others the next of `others`, as FRAME_COLUMNS says."""

    rows: Sequence[Row]
    most: Row
    others: Sequence[Row]
    entries: Sequence[Row]
    originals: Originals


class Lengths(dict[int, bytes]):
    """As they stand in what a digest is of."""

    def __missing__(self, length: int) -> bytes:
        packed = self[length] = pack(">I", length)
        return packed


class Amounts(dict[int, tuple[bytes, bytes]]):
    """The same of seconds, as long as there are not too many of them."""

    def __missing__(self, seconds: int) -> tuple[bytes, bytes]:
        if len(self) == AMOUNTS_MAX:
            self.clear()
        made = self[seconds] = encoded((str(seconds),))
        return made


class Purposes(dict[tuple[str, str], tuple[bytes, bytes]]):
    """Day and service of a transfer that takes nothing back: the lengths, and the texts."""

    def __missing__(self, purpose: tuple[str, str]) -> tuple[bytes, bytes]:
        made = self[purpose] = encoded((*purpose, *NOTHING_TAKEN_BACK))
        return made


class Walk:
    """Goes through one part, some rows at a time."""

    def __init__(self, part: Part, known: Known) -> None:
        self._known = known
        self._last = part.last
        self._blocks = deque(part.blocks)
        self._kept_sums = dict(part.sums)
        self._purposes, self._amounts = Purposes(), Amounts()
        self._lengths = Lengths()
        self._frame: tuple[Row, Any] = ((), None)
        self._sums: dict[tuple[int, str], int] = defaultdict(int)  # by account and day, of the block that is open
        self._rows: list[tuple[int, bytes]] = []  # of the block that is open: numbers and digests
        self._times: list[int] = []
        self.derived = Derived()

    def take(self, chunk: Chunk) -> None:
        """The next transactions, with all transfers up to the last of them."""
        rows, entries = chunk.rows, chunk.entries
        others = iter(chunk.others)
        at = entries_at = 0
        while rows and self._blocks and rows[-1][0] > (up_to := self._blocks[0].span.up_to):
            end = bisect_right(rows, up_to, at, key=number_of)
            entries_end = bisect_right(entries, up_to, entries_at, key=number_of)
            self._go(rows[at:end], entries[entries_at:entries_end], chunk, others)
            self._seal(self._blocks.popleft())
            at, entries_at = end, entries_end
        self._go(rows[at:], entries[entries_at:], chunk, others)

    def end(self) -> Derived:
        while self._blocks:
            self._seal(self._blocks.popleft())
        for number, account, day in self._kept_sums:
            self._find(f"block {number}", f"a sum of account {account} for {day} is of nothing that it seals")
        return self.derived

    def _go(self, rows: Sequence[Row], entries: Sequence[Row], chunk: Chunk, others: Iterator[Row]) -> None:
        floors, sides = self._known.floors, self._known.sides
        lengths, purposes, amounts = self._lengths, self._purposes, self._amounts
        derived, sums = self.derived, self._sums
        moved, lowest, months = derived.moved, derived.lowest, derived.months
        frame, of_frame = self._frame
        at, count = 0, len(entries)
        for number, key, facts, recorded_at, kept, is_like_most in rows:
            own = chunk.most if is_like_most else next(others)
            if at < count and entries[at][0] < number:
                at = self._skip(entries, at, number)
            first = at
            try:
                if own is not frame:
                    of_frame, frame = framed(own), own
                counted, before, before_it, after, after_it, month, legs, posted, is_plain = of_frame
                said, why, when = key.encode(), facts.encode(), str(recorded_at).encode()
                heads = [counted, lengths[len(said)], before, lengths[len(why)], after, lengths[len(when)]]
                texts = [said, before_it, why, after_it, when]
                taken: tuple[int, ...] = ()
                while at < count and entries[at][0] == number:
                    _, leg, debit, credit, seconds, day, service, back, back_leg = entries[at]
                    at += 1
                    if posted:
                        moved[debit] -= seconds
                        moved[credit] += seconds
                        if debit in floors:
                            taken += (debit,)
                        else:
                            sums[debit, day] -= seconds
                        if credit not in floors:
                            sums[credit, day] += seconds
                    if back is not None or back_leg is not None or leg != at - first:
                        is_plain = False
                    from_, from_it = sides[debit]
                    to, to_it = sides[credit]
                    amount, it = amounts[seconds]
                    purpose, for_it = purposes[day, service]
                    heads += (from_, to, amount, purpose)
                    texts += (from_it, to_it, it, for_it)
                for debit in taken:
                    lowest[debit] = min(lowest[debit], moved[debit])
                if posted:
                    months[month] = number
                elif month not in months:
                    months[month] = 0
                if not is_plain or at - first != legs or sha256(b"".join(heads + texts)).digest() != kept:
                    self._look_closely(
                        row_of(number, key, facts, recorded_at, kept, own), entries[first:at], chunk.originals
                    )
            except UNREADABLE as error:
                self._find(place_of(number, key, own[0]), f"it holds what none can hold ({error!r})")
                while at < count and entries[at][0] == number:
                    at += 1
        self._skip(entries, at, None)
        self._frame = frame, of_frame
        derived.transactions += len(rows)
        derived.entries += count
        self._rows += [(row[0], row[4]) for row in rows]
        self._times += [row[3] for row in rows]

    def _skip(self, entries: Sequence[Row], at: int, number: int | None) -> int:
        """Over transfers of no transaction, which come before that of this number; None: to the end."""
        while at < len(entries) and (number is None or entries[at][0] < number):
            self._find(f"transaction {entries[at][0]}", f"it is not there, and its transfer {entries[at][1]} is")
            at += 1
        return at

    def _look_closely(self, kept: TransactionRow, rows: Sequence[Row], originals: Originals) -> None:
        entries = [entry_of(row, originals) for row in rows]
        if content_digest(kept, entries, self._known.names) != kept.digest:
            self._find(kept.place, "its content is not what its digest says")
        if [entry.leg for entry in entries] != list(range(1, kept.legs + 1)):
            self._find(kept.place, f"it was written with {kept.legs} transfers, and has {len(entries)}")
        if kept.state != POSTED:
            if entries or not kept.refusal:
                self._find(kept.place, "it was refused, and has transfers or no reason")
            return
        for entry in entries:
            if entry.reverses is not None and entry.reversed_move != (entry.credit, entry.debit, entry.seconds):
                self._find(kept.place, taken_back_wrongly(*entry.reverses))
        if kept.terms:
            self.derived.with_terms.append(kept)

    def _seal(self, block: Block) -> None:
        """Holds the block against what was found for it."""
        try:
            self._compare(block)
        except UNREADABLE as error:
            self._find(place_of_block(block), f"it holds what none can hold ({error!r})")
        for (account, day), seconds in self._sums.items():
            said = self._kept_sums.pop((block.number, account, day), 0)
            if said != seconds:
                found = f"account {account} moved {seconds} s for {day}, its sum says {said} s"
                self._find(place_of_block(block), found)
        self._last, self._rows, self._times = block, [], []
        self._sums.clear()

    def _compare(self, block: Block) -> None:
        span, place, digests, times = block.span, place_of_block(block), self._known.digests, self._times or [0]
        first, end = (bisect_right(digests, at, key=number_of) for at in (span.accounts_after, span.accounts_up_to))
        first = first if self._last.number else 0  # numbers count from 1: what is below is in no block
        contents = Contents(self._rows, digests[first:end], min(times), max(times))
        leaves = contents.leaves
        if len(leaves) != block.leaves:
            self._find(place, f"it sealed {block.leaves} transactions and accounts, and {len(leaves)} are there")
        elif root_of(leaves) != block.root:
            self._find(place, "what it sealed is not what is there: something was changed, put in or taken out")
        if block.local != local_hash(self._last.local, span, contents, block.sealed_at):
            self._find(place, "numbers or times in it were changed")
        if (block.earliest, block.latest) != (contents.earliest, contents.latest):
            self._find(place, "it says other times than its transactions")

    def _find(self, place: str, found: str) -> None:
        self.derived.findings.append(Finding(place, found))


def encoded(fields: Sequence[str]) -> tuple[bytes, bytes]:
    """The lengths of fields, and the fields, as ccd.ledger.digest puts them together."""
    texts = [field.encode() for field in fields]
    return pack(f">{len(texts)}I", *map(len, texts)), b"".join(texts)


def framed(frame: Row) -> tuple[bytes, bytes, bytes, bytes, bytes, Month, int, bool, bool]:
    """What all transactions with this frame have in common: how their digests' content begins, the lengths and texts
    before and after their facts, the month that they count in, how many transfers they have, whether they are posted,
    and whether there is nothing else about them."""
    revision, book, month, state, legs, reference, text, asked_by, terms, refusal, version = frame
    counted = pack(">HH", version, TRANSACTION_FIELDS + legs * TRANSFER_FIELDS)
    before = encoded((str(revision), book, month, state, reference, text, asked_by))
    posted = state == POSTED
    is_plain = posted and version == DIGEST_FORMAT and not terms
    return counted, *before, *encoded((terms, refusal)), (book, month), legs, posted, is_plain


def row_of(number: int, key: str, facts: str, recorded_at: int, kept: bytes, frame: Row) -> TransactionRow:
    revision, book, month, state, legs, reference, text, asked_by, terms, refusal, version = frame
    return TransactionRow(
        number, key, revision, book, month, state, legs, reference, text, asked_by, facts, terms, refusal, recorded_at,
        version, kept,
    )  # fmt: skip


def entry_of(row: Row, originals: Originals) -> Entry:
    _, leg, debit, credit, seconds, day, service, back, back_leg = row
    reverses = None if back is None and back_leg is None else (back, back_leg)
    original, move = originals.get(reverses, (None, None)) if reverses else (None, None)
    return Entry(leg, debit, credit, seconds, date.fromisoformat(day), service, reverses, original, move)
