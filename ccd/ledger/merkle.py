"""Trees of hashes: one root stands for any number of leaves, and a short path shows that a leaf is among them.

The tree of RFC 6962: leaves and nodes are hashed apart, so that none can be taken for the other, and a leaf without a
neighbour moves up as it is. Pure.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256

from ccd.ledger.digest import DIGEST_BYTES

EMPTY = sha256().digest()
LEAF, NODE = b"\x00", b"\x01"


def leaf(content: bytes) -> bytes:
    return sha256(LEAF + content).digest()


def leaves_of(contents: Iterable[bytes]) -> list[bytes]:
    """There are millions: each goes on from a copy of what they begin with, which is made sooner than a new hash."""
    begun, leaves = sha256(LEAF), list[bytes]()
    for content in contents:
        hashed = begun.copy()
        hashed.update(content)
        leaves.append(hashed.digest())
    return leaves


def node(left: bytes, right: bytes) -> bytes:
    return sha256(NODE + left + right).digest()


class Tree:
    """Over hashed leaves, in their order; built once, however many paths are asked of it."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        self._levels = [list(leaves)]
        while len(self._levels[-1]) > 1:
            self._levels.append(_above(self._levels[-1]))

    @property
    def root(self) -> bytes:
        top = self._levels[-1]
        return top[0] if top else EMPTY

    def path(self, index: int) -> list[bytes]:
        """What has to be hashed with leaf `index`, from below to above, to come to the root."""
        path = []
        for level in self._levels[:-1]:
            beside = index ^ 1
            if beside < len(level):
                path.append(level[beside])
            index //= 2
        return path


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Of hashed leaves, in their order; of them only one level is kept at a time."""
    level = list(leaves)
    while len(level) > 1:
        level = _above(level)
    return level[0] if level else EMPTY


def root_by(path: Sequence[bytes], index: int, count: int, hashed: bytes) -> bytes | None:
    """The root of `count` leaves of which number `index` is `hashed`; None where the path can't be one of its."""
    rest = list(path)
    if not 0 <= index < count or any(len(beside) != DIGEST_BYTES for beside in rest):
        return None
    while count > 1:
        if index ^ 1 < count:
            if not rest:
                return None
            beside = rest.pop(0)
            hashed = node(beside, hashed) if index % 2 else node(hashed, beside)
        index, count = index // 2, (count + 1) // 2
    return hashed if not rest else None


class Peaks:
    """A tree that grows by a leaf at a time, kept as the roots of its whole parts: as many as its count has ones."""

    def __init__(self, leaves: Iterable[bytes] = ()) -> None:
        self.count = 0
        self.roots: list[bytes] = []
        for one in leaves:
            self.add(one)

    @classmethod
    def of(cls, count: int, roots: Iterable[bytes]) -> "Peaks":
        """The tree of `count` leaves that was kept as these roots."""
        peaks = cls()
        peaks.count, peaks.roots = count, list(roots)
        return peaks

    def add(self, hashed: bytes) -> None:
        self.count += 1
        count = self.count
        while count % 2 == 0:
            hashed = node(self.roots.pop(), hashed)
            count //= 2
        self.roots.append(hashed)

    @property
    def root(self) -> bytes:
        if not self.roots:
            return EMPTY
        *rest, root = self.roots
        for left in reversed(rest):
            root = node(left, root)
        return root


def _above(level: list[bytes]) -> list[bytes]:
    begun, above = sha256(NODE), list[bytes]()
    for left, right in zip(level[::2], level[1::2], strict=False):
        hashed = begun.copy()
        hashed.update(left)
        hashed.update(right)
        above.append(hashed.digest())
    if len(level) % 2:
        above.append(level[-1])
    return above
