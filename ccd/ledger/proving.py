"""Takes heads and proofs out of the database, in one consistent view each."""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ccd.ledger.blocks import Block
from ccd.ledger.heads import Head, SignedHead, sign
from ccd.ledger.merkle import Tree, leaf, root_of
from ccd.ledger.proofs import LeafPlace, ProofLine
from ccd.ledger.recorded import accounts_of, recorded_as
from ccd.ledger.schema import accounts, blocks, entries, owners, transactions
from ccd.ledger.sealing import block_of


class Proven(NamedTuple):
    """A statement with its head. `unsealed` is how many newer transactions are in no block yet, and can't be shown."""

    head: SignedHead
    lines: Sequence[ProofLine]
    unsealed: int


async def head_now(connection: AsyncConnection, key: Ed25519PrivateKey, now: int) -> SignedHead:
    """Of everything that is sealed."""
    rows = (await connection.execute(select(blocks.c.hash, blocks.c.local).order_by(blocks.c.number))).all()
    return _signed([row.local for row in rows], root_of([leaf(row.hash) for row in rows]), key, now)


async def unsealed(connection: AsyncConnection) -> int:
    """How many transactions are newer than all blocks, and in no head yet."""
    last = select(func.coalesce(func.max(blocks.c.up_to), 0)).scalar_subquery()
    return await connection.scalar(select(func.count()).where(transactions.c.id > last)) or 0


async def proven_statement(connection: AsyncConnection, owner: str, key: Ed25519PrivateKey, now: int) -> Proven:
    """Every transaction that moved something of the owner's, in order, with its way to a head of now."""
    chain = [block_of(row) for row in await connection.execute(select(blocks).order_by(blocks.c.number))]
    of_blocks = Tree([leaf(block.hash) for block in chain])
    head = _signed([block.local for block in chain], of_blocks.root, key, now)
    mine = select(accounts.c.id).join(owners, owners.c.id == accounts.c.owner_id).where(owners.c.name == owner)
    own = (await connection.execute(mine)).scalars().all()
    query = select(entries.c.transaction_id).where(or_(entries.c.debit.in_(own), entries.c.credit.in_(own))).distinct()
    numbers = sorted((await connection.execute(query)).scalars())
    sealed = [number for number in numbers if chain and number <= chain[-1].span.up_to]
    lines: list[ProofLine] = []
    found = await recorded_as(connection, sealed)
    names = await accounts_of(connection, (one for _, transfers in found for one in transfers))
    ends = [block.span.up_to for block in chain]
    for at, within in groupby(found, lambda one: bisect_left(ends, one[0].id)):
        block, block_path = chain[at], of_blocks.path(at)
        places, hashed = await _leaves(connection, block)
        of_block = Tree(hashed)
        for kept, transfers in within:
            index = places[kept.id]
            place = LeafPlace(block.number, block.leaves, block.before, index, of_block.path(index), block_path)
            named = {number: names[number] for one in transfers for number in (one.debit, one.credit)}
            lines.append(ProofLine(kept, transfers, named, place))
    return Proven(head, lines, len(numbers) - len(sealed))


async def _leaves(connection: AsyncConnection, block: Block) -> tuple[dict[int, int], list[bytes]]:
    """Of a block: the place of each transaction, and all leaves."""
    span, hashed, places = block.span, list[bytes](), dict[int, int]()
    for table, after, up_to in (
        (transactions, span.after, span.up_to),
        (accounts, span.accounts_after, span.accounts_up_to),
    ):
        query = select(table.c.id, table.c.digest).where(table.c.id > after, table.c.id <= up_to).order_by(table.c.id)
        for number, digest in await connection.execute(query):
            if table is transactions:
                places[number] = len(hashed)
            hashed.append(leaf(digest))
    return places, hashed


def _signed(local: Sequence[bytes], root: bytes, key: Ed25519PrivateKey, now: int) -> SignedHead:
    """The head of blocks of which these are the local hashes, in order."""
    return sign(Head(len(local), root, local[-1] if local else root, now), key)
