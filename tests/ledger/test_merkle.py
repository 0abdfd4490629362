"""The tree of hashes: known roots, and no leaf, place or number but the right one comes to the root."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccd.ledger.merkle import EMPTY, Peaks, Tree, leaf, node, root_by, root_of

numbers = st.integers(1, 70)


def leaves_of(count: int) -> list[bytes]:
    return [leaf(bytes([at])) for at in range(count)]


def by_halves(leaves: list[bytes]) -> bytes:
    """RFC 6962, 2.1, as it is written there: the left half is the largest power of two below the number of leaves."""
    if len(leaves) == 1:
        return leaves[0]
    left = 1
    while left * 2 < len(leaves):
        left *= 2
    return node(by_halves(leaves[:left]), by_halves(leaves[left:]))


def test_the_tree_of_nothing_is_the_hash_of_nothing() -> None:
    assert root_of([]) == EMPTY == sha256(b"").digest()
    assert Peaks().root == Tree([]).root == EMPTY


def test_the_roots_are_those_of_the_standards_own_example() -> None:
    """The eight leaves and the roots that Certificate Transparency's tests give."""
    contents = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
    leaves = [leaf(bytes.fromhex(content)) for content in contents]
    assert root_of(leaves[:1]).hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert root_of(leaves).hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


@given(count=numbers)
def test_by_levels_by_halves_and_one_by_one_come_to_the_same_root(count: int) -> None:
    leaves = leaves_of(count)
    assert root_of(leaves) == by_halves(leaves) == Peaks(leaves).root == Tree(leaves).root


@given(count=numbers, data=st.data())
def test_a_path_leads_from_its_leaf_to_the_root_and_from_no_other(count: int, data: st.DataObject) -> None:
    leaves = leaves_of(count)
    index = data.draw(st.integers(0, count - 1))
    path = Tree(leaves).path(index)
    assert root_by(path, index, count, leaves[index]) == root_of(leaves)
    assert root_by(path, index, count, leaf(b"another")) != root_of(leaves)
    for other in range(count):
        if other != index:
            assert root_by(path, other, count, leaves[index]) != root_of(leaves)


@given(count=st.integers(2, 70), data=st.data())
def test_a_path_with_any_hash_changed_is_none(count: int, data: st.DataObject) -> None:
    leaves = leaves_of(count)
    index = data.draw(st.integers(0, count - 1))
    path = Tree(leaves).path(index)
    at = data.draw(st.integers(0, len(path) - 1))
    changed = [*path[:at], leaf(b"another"), *path[at + 1 :]]
    assert root_by(changed, index, count, leaves[index]) != root_of(leaves)


@pytest.mark.parametrize(
    ("path", "index", "count"),
    [([], 0, 2), ([b"short"], 0, 2), ([EMPTY], 0, 1), ([EMPTY, EMPTY], 1, 2), ([EMPTY], 2, 2), ([EMPTY], -1, 2)],
)
def test_a_path_that_can_not_be_leads_nowhere(path: list[bytes], index: int, count: int) -> None:
    assert root_by(path, index, count, leaf(b"")) is None
