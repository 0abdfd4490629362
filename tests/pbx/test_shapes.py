"""What is picked of a block by an order that was learnt is what stands in it."""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccd.pbx.blocks import Blocks, event_name, text_of
from ccd.pbx.observation import PICKED
from ccd.pbx.shapes import SHAPES_MAX, Picking

CAPTURES = sorted((Path(__file__).parent / "captures").glob("*.ami"))


def searched(text: str, names: Sequence[str]) -> tuple[str, ...]:
    """Line by line from the second on; a value ends with its line, or at a lone carriage return."""
    found: dict[str, str] = {}
    for line in re.split("\r\n", text)[1:]:
        name, colon, value = line.partition(": ")
        if colon and name in names:
            found[name] = value.split("\r")[0]
    return tuple(found.get(name, "") for name in names)


@pytest.mark.parametrize("capture", CAPTURES, ids=lambda path: path.name)
def test_of_a_captures_blocks_the_same_is_picked_as_stands_in_them(capture):
    picking = Picking(PICKED)
    picked = 0
    for block in Blocks().feed(capture.read_bytes()):
        name, text = event_name(block), text_of(block)
        if name in PICKED:
            assert picking.pick(name, text) == searched(text, PICKED[name])
            picked += 1
    assert picked > 5


lines = st.lists(
    st.sampled_from(["Queue: a", "Queue: b", "Queue: ", "Name: x", "Other: 1", "Name: a\rQueue: c", "no header", ""])
)


@given(st.lists(lines, max_size=40))
def test_orders_that_change_from_block_to_block_pick_nothing_wrong(blocks):
    names = ("Name", "Missing", "Queue")
    picking = Picking({b"A": names})
    for block in blocks:
        text = "\r\n".join(["Event: A", *block])
        assert picking.pick(b"A", text) == searched(text, names)


def test_an_order_is_learnt_once_and_only_so_many_are():
    picking = Picking({b"A": ("Queue", "Name")})
    orders = ["\r\n".join(["Event: A", *["Other: 1"] * n, "Queue: q"]) for n in range(2 * SHAPES_MAX)]
    for text in orders * 2:
        assert picking.pick(b"A", text) == ("q", "")
    assert len(picking._shapes[b"A"]) == SHAPES_MAX
