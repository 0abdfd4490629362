"""What a verification remembers for the next: the block up to which everything was right, and what followed by then.

It is as good as the place where it is kept. Whoever can write there, and in the ledger, can make the two agree; a head
that was signed and kept elsewhere still tells (docs/adr).
"""

import json
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from operator import itemgetter
from struct import pack
from typing import Any

from ccd.errors import FileError
from ccd.ledger.audit import Audit, Reservation
from ccd.ledger.blocks import Block, BlockSpan
from ccd.ledger.digest import DIGEST_BYTES
from ccd.ledger.heads import ILLEGIBLE
from ccd.ledger.merkle import Peaks
from ccd.ledger.model import Account, is_number
from ccd.ledger.parts import Known
from ccd.ledger.rules import Cap
from ccd.ledger.sealing import block_row

REMEMBERED_FORMAT = 1
ROW_NUMBERS = ("number", "after", "up_to", "accounts_after", "accounts_up_to")  # of a block


@dataclass(frozen=True, slots=True)
class Remembered:
    """`block` is the last that was gone through, `peaks` the tree up to it.

    `accounts` is a hash of those that were sealed: all accounts are read each time, so that is held against them.
    """

    block: Block
    peaks: tuple[bytes, ...]
    accounts: bytes
    balances: Mapping[int, int]
    caps: Mapping[str, Cap]
    reservations: Mapping[tuple[str, int], Reservation]
    closed: Mapping[tuple[str, str], int]
    months: frozenset[tuple[str, str]]

    @property
    def tree(self) -> Peaks:
        return Peaks.of(self.block.number, self.peaks)

    def audit(self, names: Mapping[int, Account], floors: Mapping[int, int]) -> Audit:
        """That goes on from here."""
        audit = Audit(names, floors)
        audit.balances.update(self.balances)
        audit.caps.update(self.caps)
        audit.reservations.update(self.reservations)
        audit.closed.update(self.closed)
        audit.months.update(self.months)
        return audit

    def as_text(self) -> str:
        return json.dumps(
            {
                "format": REMEMBERED_FORMAT,
                "block": {
                    name: value.hex() if isinstance(value, bytes) else value
                    for name, value in block_row(self.block).items()
                },
                "peaks": [root.hex() for root in self.peaks],
                "accounts": self.accounts.hex(),
                "balances": [list(one) for one in self.balances.items()],
                "caps": [[name, *cap] for name, cap in self.caps.items()],
                "reservations": [
                    [*claim, one.transaction, one.owner, one.expires_at] for claim, one in self.reservations.items()
                ],
                "closed": [[*month, closing] for month, closing in self.closed.items()],
                "months": sorted(self.months),
            },
            ensure_ascii=False,
        )


def accounts_hash(digests: Sequence[tuple[int, bytes]], block: Block) -> bytes:
    """Of accounts up to those of the block, by number and digest."""
    sealed = digests[: bisect_right(digests, block.span.accounts_up_to, key=itemgetter(0))]
    return sha256(b"".join(pack(">q", number) + digest for number, digest in sealed)).digest()


def remember(audit: Audit, block: Block, peaks: Peaks, known: Known) -> Remembered:
    """As it is now; the audit may go on."""
    return Remembered(
        block, tuple(peaks.roots), accounts_hash(known.digests, block), dict(audit.balances), dict(audit.caps),
        dict(audit.reservations), dict(audit.closed), frozenset(audit.months),
    )  # fmt: skip


def read_remembered(text: str, source: str) -> Remembered:
    """FileError where the text is nothing that a verification remembered."""
    try:
        said = json.loads(text)
        if said["format"] != REMEMBERED_FORMAT:
            raise FileError(source, f"is of format {said['format']}; this program reads {REMEMBERED_FORMAT}")
        block = _block(said["block"])
        peaks = tuple(bytes.fromhex(root) for root in said["peaks"])
        remembered = Remembered(
            block,
            peaks,
            bytes.fromhex(said["accounts"]),
            {int(account): int(seconds) for account, seconds in said["balances"]},
            {str(name): Cap(int(limit_s), int(drawn_s)) for name, limit_s, drawn_s in said["caps"]},
            {
                (str(key), int(revision)): Reservation(int(number), str(owner), at if at is None else int(at))
                for key, revision, number, owner, at in said["reservations"]
            },
            {(str(book), str(month)): int(closing) for book, month, closing in said["closed"]},
            frozenset((str(book), str(month)) for book, month in said["months"]),
        )
    except ILLEGIBLE as error:
        raise FileError(source, f"is nothing that a verification remembered ({error!r})") from None
    if len(peaks) != block.number.bit_count() or {len(root) for root in peaks} - {DIGEST_BYTES}:
        raise FileError(source, "is nothing that a verification remembered: its hashes are not as many as its blocks")
    return remembered


def _block(said: Mapping[str, Any]) -> Block:
    root, before, hashed, local = (bytes.fromhex(said[name]) for name in ("root", "before", "hash", "local"))
    if not all(is_number(said[name]) for name in ROW_NUMBERS):
        raise ValueError("its block has numbers that no row has")
    number, *ends = (said[name] for name in ROW_NUMBERS)
    leaves, *times = (int(said[name]) for name in ("leaves", "earliest", "latest", "sealed_at"))
    return Block(number, BlockSpan(*ends), leaves, root, before, hashed, local, *times)
