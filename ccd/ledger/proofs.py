"""Proofs: a statement that its owner can hold against a signed head without the database, today or in ten years.

Each line carries what was posted, in full, and the few hashes that lead from it to its block, and from there to the
head. It shows that each line stands in the ledger as it is told and in this order; not that no line was left out. Pure.
"""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from ccd.errors import ProofError
from ccd.ledger.audit import Entry, TransactionRow, content_digest
from ccd.ledger.blocks import block_hash
from ccd.ledger.heads import ILLEGIBLE, SAID_OTHERWISE, SignedHead, head_of, said_once, spelled
from ccd.ledger.merkle import leaf, root_by
from ccd.ledger.model import Account, key_spelled

PROOF_FORMAT = 1
SAID = tuple(
    name for name in TransactionRow._fields if name not in ("id", "legs", "digest")
)  # of a transaction, in a proof


@dataclass(frozen=True, slots=True)
class LeafPlace:
    """Where a transaction stands: the leaf in its block, with the paths to the block's root and to the head's."""

    block: int
    leaves: int
    before: bytes
    index: int
    path: Sequence[bytes]
    block_path: Sequence[bytes]


@dataclass(frozen=True, slots=True)
class ProofLine:
    """A transaction that moved something of the owner's. `accounts` are those that its transfers name by number."""

    kept: TransactionRow
    transfers: Sequence[Entry]
    accounts: Mapping[int, Account]
    place: LeafPlace

    def as_json(self) -> dict[str, Any]:
        place = self.place
        return {
            "number": self.kept.id,
            "transaction": {name: getattr(self.kept, name) for name in SAID},
            "transfers": [transfer_json(transfer, self.accounts) for transfer in self.transfers],
            "block": {"number": place.block, "leaves": place.leaves, "before": place.before.hex()},
            "place": place.index,
            "path": [beside.hex() for beside in place.path],
            "block_path": [beside.hex() for beside in place.block_path],
        }


@dataclass(frozen=True, slots=True)
class ProofShown:
    """What a proof has shown: its lines, and what they come to by kind of account, in seconds."""

    owner: str
    head: SignedHead
    lines: Sequence[ProofLine]
    sums: Mapping[str, int]


def proof_text(owner: str, head: SignedHead, lines: Sequence[ProofLine]) -> str:
    return json.dumps(proof_json(owner, head, lines), ensure_ascii=False, indent=1)


def proof_json(owner: str, head: SignedHead, lines: Sequence[ProofLine]) -> dict[str, Any]:
    return {"format": PROOF_FORMAT, "owner": owner, "head": head.as_json(), "lines": [one.as_json() for one in lines]}


def check_proof(text: str, source: str) -> ProofShown:
    """Follows each line to the head. ProofError says which does not get there; FileError, if the head is none."""
    try:
        said = json.loads(text, object_pairs_hook=said_once)
        if said["format"] != PROOF_FORMAT:
            raise ProofError(source, f"is of format {said['format']}; this program reads {PROOF_FORMAT}")
        owner, head = str(said["owner"]), head_of(said["head"], source)
        lines = [read_line(line) for line in said["lines"]]
        for line in lines:
            _check_line(line, head, source)
        if spelled(said) != spelled(proof_json(owner, head, lines)):
            raise ProofError(source, SAID_OTHERWISE)
    except ILLEGIBLE as error:
        raise ProofError(source, f"is no proof of a statement ({error!r})") from None
    sums: dict[str, int] = defaultdict(int)
    last = (0, -1)
    for line in lines:
        if (line.place.block, line.place.index) <= last:
            raise ProofError(source, f"has {_named(line)} out of its order, or twice")
        last = line.place.block, line.place.index
        moved = 0
        for transfer in line.transfers:
            for number, seconds in ((transfer.debit, -transfer.seconds), (transfer.credit, transfer.seconds)):
                account = line.accounts[number]
                if account.owner == owner:
                    sums[account.kind] += seconds
                    moved += 1
        if not moved:
            raise ProofError(source, f"has {_named(line)}, which moves nothing of {owner}")
    return ProofShown(owner, head, lines, dict(sums))


def _check_line(line: ProofLine, head: SignedHead, source: str) -> None:
    place = line.place
    digest = content_digest(line.kept, line.transfers, line.accounts)
    root = root_by(place.path, place.index, place.leaves, leaf(digest))
    if root is None:
        raise ProofError(source, f"has no way from {_named(line)} to its block")
    block = leaf(block_hash(place.block, place.leaves, root, place.before))
    if root_by(place.block_path, place.block - 1, head.head.blocks, block) != head.head.root:
        raise ProofError(
            source,
            f"does not lead from {_named(line)} to the head: one of the two is not as the ledger told it, or they were "
            "not told together",
        )


def transfer_json(transfer: Entry, accounts: Mapping[int, Account]) -> dict[str, Any]:
    back = None
    if transfer.reverses is not None and transfer.reversed_digest is not None:
        back = {"digest": transfer.reversed_digest.hex(), "leg": transfer.reverses[1]}
    return {
        "debit": list(accounts[transfer.debit]),
        "credit": list(accounts[transfer.credit]),
        "seconds": transfer.seconds,
        "day": transfer.day.isoformat(),
        "service": transfer.service,
        "takes_back": back,
    }


def read_line(said: Mapping[str, Any]) -> ProofLine:
    numbers: dict[Account, int] = {}
    transfers = []
    for leg, one in enumerate(said["transfers"], 1):
        debit, credit = (
            numbers.setdefault(Account(*map(str, one[side])), len(numbers)) for side in ("debit", "credit")
        )
        back = one["takes_back"]
        reverses, digest = ((0, int(back["leg"])), bytes.fromhex(back["digest"])) if back else (None, None)
        day = date.fromisoformat(one["day"])
        transfers.append(
            Entry(leg, debit, credit, int(one["seconds"]), day, str(one["service"]), reverses, digest, None)
        )
    values: dict[str, Any] = {name: str(said["transaction"][name]) for name in SAID}
    values |= {name: int(values[name]) for name in ("revision", "recorded_at", "format")}
    kept = TransactionRow(id=int(said["number"]), legs=len(transfers), digest=b"", **values)
    block = said["block"]
    place = LeafPlace(
        int(block["number"]), int(block["leaves"]), bytes.fromhex(block["before"]), int(said["place"]),
        [bytes.fromhex(beside) for beside in said["path"]], [bytes.fromhex(beside) for beside in said["block_path"]],
    )  # fmt: skip
    return ProofLine(kept, transfers, {number: account for account, number in numbers.items()}, place)


def _named(line: ProofLine) -> str:
    return f"transaction {line.kept.id} ({key_spelled(line.kept.key, line.kept.revision)})"
