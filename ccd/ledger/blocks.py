"""Blocks: what was recorded between two moments, sealed under one hash that stands on all blocks before it. Pure.

A block's leaves are the digests of its transactions, then of its accounts, in the order of their numbers. Its hash is
over its number, how many leaves it has, their root, and the root of the tree of all blocks before it: whoever knows one
hash knows everything that came before, and a path of a few hashes leads from any leaf to the newest root.

What belongs to one database alone (the rows' numbers, when it was sealed) is hashed apart, in `local`, so that the same
history has the same hashes on every engine.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from struct import pack

from ccd.ledger.merkle import EMPTY, leaves_of, root_of

BLOCK_FORMAT = 1


@dataclass(frozen=True, slots=True)
class BlockSpan:
    """The numbers that a block takes in: transactions above `after` up to `up_to`, accounts likewise."""

    after: int
    up_to: int
    accounts_after: int
    accounts_up_to: int


@dataclass(frozen=True, slots=True)
class Block:
    """As it is kept. Times are microseconds since the epoch; `earliest` and `latest` are of its transactions."""

    number: int
    span: BlockSpan
    leaves: int
    root: bytes
    before: bytes
    hash: bytes
    local: bytes
    earliest: int
    latest: int
    sealed_at: int


@dataclass(frozen=True, slots=True)
class Contents:
    """What is found between two numbers: how many transactions, the numbers and digests of these and then of accounts,
    and when the transactions were recorded."""

    transactions: int
    numbers: Sequence[int]
    digests: Sequence[bytes]
    earliest: int
    latest: int

    @property
    def leaves(self) -> list[bytes]:
        return leaves_of(self.digests)


START = Block(0, BlockSpan(0, 0, 0, 0), 0, EMPTY, EMPTY, EMPTY, EMPTY, 0, 0, 0)


def sealed(last: Block, before: bytes, span: BlockSpan, contents: Contents, sealed_at: int) -> Block:
    """The block that follows `last`; `before` is the root of the tree of all blocks up to that one."""
    number, leaves = last.number + 1, contents.leaves
    root = root_of(leaves)
    local = local_hash(last.local, span, contents, sealed_at)
    return Block(
        number, span, len(leaves), root, before, block_hash(number, len(leaves), root, before), local,
        contents.earliest, contents.latest, sealed_at,
    )  # fmt: skip


def block_hash(number: int, leaves: int, root: bytes, before: bytes) -> bytes:
    return sha256(pack(">HQQ", BLOCK_FORMAT, number, leaves) + root + before).digest()


def local_hash(last: bytes, span: BlockSpan, contents: Contents, sealed_at: int) -> bytes:
    bounds = (span.after, span.up_to, span.accounts_after, span.accounts_up_to)
    fields = (contents.transactions, *bounds, contents.earliest, contents.latest, sealed_at, *contents.numbers)
    return sha256(pack(f">H{len(fields)}q", BLOCK_FORMAT, *fields) + last).digest()
