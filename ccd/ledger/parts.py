"""Parts: what follows from a run of transactions, and from the blocks that sealed them, whatever came before. Pure.

Parts can be gone through side by side, each in a process of its own. What one needs of those before it (how balances
stood, what had been reserved, which months were closed) is left to the audit, which takes what followed from each in
their order (ccd.ledger.audit).

Millions of rows come through here. They are the driver's own tuples, what most of them have in common is told and
encoded once, and all that is done with each of them stands in one loop; what the loop can't say for certain is looked
at again, closely. Where all have the same frame and a single transfer, as most of settlement's have, the database joins
both, and a shorter loop says whether all is right; where it can't, they go through the other.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from operator import eq, itemgetter
from typing import Any, NamedTuple

from ccd.ledger.audit import (
    FORMAT_WITHOUT_TERMS,
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
from ccd.ledger.digest import DIGEST_FORMAT
from ccd.ledger.merkle import root_of
from ccd.ledger.model import REVISION_MAX, Account
from ccd.ledger.pieces import BEGINNING, UNREADABLE, Amounts, Framed, Lengths, Purposes, Sides, framed
from ccd.ledger.rules import Month

Row = Sequence[Any]  # of transactions, as OWN_COLUMNS says, and whether it is like most; of entries, as ENTRY_COLUMNS
Original = tuple[bytes, tuple[int, int, int]]  # of a transfer that is taken back: its transaction's digest, its move
Originals = Mapping[tuple[int, int], Original]
Sums = dict[tuple[int, int, str], int]  # by block, account and day: 2026-11-23

OWN_COLUMNS = ("id", "key", "facts", "recorded_at", "digest")
ENTRY_COLUMNS = (
    "transaction_id", "leg", "debit", "credit", "seconds", "day", "service", "reverses_transaction", "reverses_leg",
)  # fmt: skip
PLAIN_COLUMNS = (*OWN_COLUMNS, "debit", "credit", "seconds", "day", "service")  # of both, with its only transfer
number_of = itemgetter(0)
NO_MORE: Row = (2**63,)  # no number is as high


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


class Walk:
    """Goes through one part, some rows at a time."""

    def __init__(self, part: Part, known: Known) -> None:
        self._known = known
        self._last = part.last
        self._blocks = deque(part.blocks)
        self._kept_sums = dict(part.sums)
        self._purposes, self._amounts = Purposes(), Amounts()
        self._lengths = Lengths()
        self._sums: dict[tuple[int, str], int] = defaultdict(int)  # by account and day, of the block that is open
        self._numbers: list[int] = []  # of transactions of the block that is open; so their times and digests
        self._times: list[int] = []
        self._digests: list[bytes] = []
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

    def take_plain(self, rows: Sequence[Row], frame: Framed) -> bool:
        """The next transactions, each with its only transfer, as PLAIN_COLUMNS says, all with this frame. Where
        anything about them is not right none of them is taken: what it is, is found one by one."""
        if not rows:
            return False
        try:
            digests = self._digests_of(rows, frame)
        except UNREADABLE:
            return False
        numbers, _, _, times, kept, debited, credited, amounts, days, _ = zip(*rows, strict=True)
        if digests != list(kept) or len(set(numbers)) != len(rows) or set(map(type, amounts)) != {int}:
            return False
        if min(amounts) < 1 or any(map(eq, debited, credited)):
            return False
        at = 0
        while at < len(rows):
            is_whole = bool(self._blocks) and numbers[-1] > self._blocks[0].span.up_to
            end = bisect_right(numbers, self._blocks[0].span.up_to, at) if is_whole else len(rows)
            some = slice(at, end)
            self._move(debited[some], credited[some], amounts[some], days[some])
            self._numbers += numbers[some]
            self._times += times[some]
            self._digests += digests[some]
            if is_whole:
                self._seal(self._blocks.popleft())
            at = end
        self._count_in(frame.month, numbers[-1])
        self.derived.transactions += len(rows)
        self.derived.entries += len(rows)
        return True

    def _digests_of(self, rows: Sequence[Row], frame: Framed) -> list[bytes]:
        """What those of these transactions have to be."""
        sides, purposes, amounts = self._known.sides, self._purposes, self._amounts
        of_key, of_facts, of_moment = self._lengths, Lengths(frame.before), Lengths(frame.after)
        begun, digests = sha256(BEGINNING.encode()), list[bytes]()
        for _, key, facts, recorded_at, _, debit, credit, seconds, day, service in rows:
            when = str(recorded_at)
            digest = begun.copy()  # sooner than a new one
            digest.update(
                "".join((
                    of_key[len(key)], key, of_facts[len(facts)], facts, of_moment[len(when)], when, sides[debit],
                    sides[credit], amounts[seconds], purposes[day, service],
                )).encode()
            )  # fmt: skip
            digests.append(digest.digest())
        return digests

    def _move(self, debited: Row, credited: Row, amounts: Row, days: Row) -> None:
        """What follows from these transactions, whose digests are right."""
        sums, floors = self._sums, self._known.floors
        moved, lowest = self.derived.moved, self.derived.lowest
        for debit, credit, seconds, day in zip(debited, credited, amounts, days, strict=True):
            if credit in floors:
                moved[credit] += seconds
            else:
                sums[credit, day] += seconds
            if debit in floors:
                moved[debit] = left = moved[debit] - seconds
                if left < lowest[debit]:
                    lowest[debit] = left
            else:
                sums[debit, day] -= seconds

    def _keep(self, rows: Sequence[Row]) -> None:
        """For the block that is open."""
        self._numbers += [row[0] for row in rows]
        self._times += [row[3] for row in rows]
        self._digests += [row[4] for row in rows]

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
        moved, lowest = derived.moved, derived.lowest
        frame: Row = ()
        month: Month | None = None
        last = 0  # that was posted with this frame
        ahead = iter(entries)
        entry = next(ahead, NO_MORE)
        for number, key, facts, recorded_at, kept, is_like_most in rows:
            own = chunk.most if is_like_most else next(others)
            while entry[0] < number:
                self._find_alone(entry)
                entry = next(ahead, NO_MORE)
            try:
                if own is not frame:
                    self._count_in(month, last)
                    before, after, month, legs, posted, is_simple = framed(own)
                    frame, last = own, 0
                when = str(recorded_at)
                texts = [
                    BEGINNING, lengths[len(key)], key, before, lengths[len(facts)], facts, after, lengths[len(when)],
                    when,
                ]  # fmt: skip
                at, is_plain = 0, is_simple
                taken: tuple[int, ...] = ()
                while entry[0] == number:
                    _, leg, debit, credit, seconds, day, service, back, back_leg = entry
                    at += 1
                    if leg != at or back is not None or back_leg is not None or seconds < 1 or debit == credit:
                        is_plain = False
                    if posted:
                        if debit in floors:
                            moved[debit] -= seconds
                            taken += (debit,)
                        else:
                            sums[debit, day] -= seconds
                        if credit in floors:
                            moved[credit] += seconds
                        else:
                            sums[credit, day] += seconds
                    texts += sides[debit], sides[credit], amounts[seconds], purposes[day, service]
                    entry = next(ahead, NO_MORE)
                for debit in taken:
                    lowest[debit] = min(lowest[debit], moved[debit])
                if posted:
                    last = number
                if not is_plain or at != legs or sha256("".join(texts).encode()).digest() != kept:
                    self._look_closely(
                        row_of(number, key, facts, recorded_at, kept, own), within(entries, number), chunk.originals
                    )
            except UNREADABLE as error:
                self._find(place_of(number, key, own[0]), f"it holds what none can hold ({error!r})")
                while entry[0] == number:
                    entry = next(ahead, NO_MORE)
        while entry is not NO_MORE:
            self._find_alone(entry)
            entry = next(ahead, NO_MORE)
        self._count_in(month, last)
        derived.transactions += len(rows)
        derived.entries += len(entries)
        self._keep(rows)

    def _count_in(self, month: Month | None, last: int) -> None:
        """Transactions count in this month, of which this was the last that was posted; 0: none was."""
        if month:
            months = self.derived.months
            months[month] = last or months.get(month, 0)

    def _find_alone(self, entry: Row) -> None:
        self._find(f"transaction {entry[0]}", f"it is not there, and its transfer {entry[1]} is")

    def _look_closely(self, kept: TransactionRow, rows: Sequence[Row], originals: Originals) -> None:
        entries = [entry_of(row, originals) for row in rows]
        if content_digest(kept, entries, self._known.names) != kept.digest:
            self._find(kept.place, "its content is not what its digest says")
        if [entry.leg for entry in entries] != list(range(1, kept.legs + 1)):
            self._find(kept.place, f"it was written with {kept.legs} transfers, and has {len(entries)}")
        if not FORMAT_WITHOUT_TERMS <= kept.format <= DIGEST_FORMAT:
            self._find(kept.place, f"its format is {kept.format}, which nothing writes")
        if not 0 <= kept.revision <= REVISION_MAX:
            self._find(kept.place, f"its revision is {kept.revision}, which no posting can have")
        if kept.state != POSTED:
            if entries or not kept.refusal:
                self._find(kept.place, "it was refused, and has transfers or no reason")
            return
        if kept.refusal:
            self._find(kept.place, "it was posted, and has a reason why it was refused")
        for entry in entries:
            if entry.seconds < 1 or entry.debit == entry.credit:
                self._find(kept.place, f"its transfer {entry.leg} is no whole seconds above 0 between two accounts")
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
        self._last = block
        for of_block in (self._numbers, self._times, self._digests, self._sums):
            of_block.clear()

    def _compare(self, block: Block) -> None:
        span, place, digests = block.span, place_of_block(block), self._known.digests
        first, end = (bisect_right(digests, at, key=number_of) for at in (span.accounts_after, span.accounts_up_to))
        first = first if self._last.number else 0  # numbers count from 1: what is below is in no block
        contents = self._contents(digests[first:end])
        leaves = contents.leaves
        if len(leaves) != block.leaves:
            self._find(place, f"it sealed {block.leaves} transactions and accounts, and {len(leaves)} are there")
        elif root_of(leaves) != block.root:
            self._find(place, "what it sealed is not what is there: something was changed, put in or taken out")
        if block.local != local_hash(self._last.local, span, contents, block.sealed_at):
            self._find(place, "numbers or times in it were changed")
        if (block.earliest, block.latest) != (contents.earliest, contents.latest):
            self._find(place, "it says other times than its transactions")

    def _contents(self, accounts: Sequence[tuple[int, bytes]]) -> Contents:
        """Of the block that is open, with these accounts."""
        opened, of_them = zip(*accounts, strict=True) if accounts else ((), ())
        times = self._times or (0,)
        return Contents(
            len(self._numbers), [*self._numbers, *opened], [*self._digests, *of_them], min(times), max(times)
        )

    def _find(self, place: str, found: str) -> None:
        self.derived.findings.append(Finding(place, found))


def within(entries: Sequence[Row], number: int) -> Sequence[Row]:
    """The transfers of this transaction."""
    return entries[bisect_left(entries, number, key=number_of) : bisect_right(entries, number, key=number_of)]


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
