"""AMI bytes in chunks of any size become whole blocks, and garbage costs no more than itself."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccd.pbx.blocks import Blocks, event_name, headers_of, microseconds, stamp

CAPTURES = Path(__file__).parent / "captures"
EVENT = "Event: QueueMemberPause\r\nTimestamp: 1795466140.427029\r\nMemberName: 王小红\r\nPaused: 1".encode()
END = b"\r\n\r\n"


def fed(blocks: Blocks, data: bytes, chunk_bytes: int) -> list[bytes]:
    chunks = [data[start : start + chunk_bytes] for start in range(0, len(data), chunk_bytes)]
    return [block for chunk in chunks for block in blocks.feed(chunk)]


@pytest.mark.parametrize("capture", ["22.ami", "16.ami", "22.afterrestart.ami"])
@pytest.mark.parametrize("chunk_bytes", [7, 1460, 65536])
def test_a_capture_gives_the_same_blocks_in_whatever_chunks_it_comes(capture, chunk_bytes):
    data = (CAPTURES / capture).read_bytes()
    whole = Blocks()
    expected = whole.feed(data)
    assert expected[0].startswith(b"Asterisk Call Manager/")
    assert len(expected) == data.count(END) + 1  # the banner has no blank line of its own
    pieces = Blocks()
    assert fed(pieces, data, chunk_bytes) == expected
    assert pieces.dropped == 0


@given(st.lists(st.integers(1, 40), min_size=1, max_size=30))
def test_a_character_on_a_chunks_border_is_not_torn(sizes):
    data, blocks, got = EVENT + END, Blocks(), []
    for size in [*sizes, len(data)]:
        got += blocks.feed(data[:size])
        data = data[size:]
    assert [headers_of(block)["MemberName"] for block in got] == ["王小红"]


def test_bytes_that_are_no_utf8_become_replacement_characters():
    blocks = Blocks()
    [block] = blocks.feed(b"Event: QueueMemberPause\r\nMemberName: \xffAnn" + END)
    assert headers_of(block)["MemberName"] == "\ufffdAnn"


def test_nul_is_replaced_since_no_database_takes_it():
    blocks = Blocks()
    (block,) = blocks.feed(b"Event: QueueMemberPause\r\nReason: to\x00ilet\r\n\r\n")
    assert headers_of(block)["Reason"] == "to\ufffdilet"


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x00\x01 no header at all" + END,
        b"x" * 1_000_000 + END,
        b"Event: Long\r\nData: " + b"y" * 70_000 + END,
        b"Event: " + b"z" * 5_000_000 + END,
        b"GET / HTTP/1.1\r\n",  # without a blank line: the next block is found all the same
    ],
)
@pytest.mark.parametrize("chunk_bytes", [1000, 10_000_000])
def test_garbage_is_dropped_and_costs_no_block_beside_it(garbage, chunk_bytes):
    blocks = Blocks()
    assert fed(blocks, EVENT + END + garbage + EVENT + END, chunk_bytes) == [EVENT, EVENT]
    assert blocks.dropped == 1


def test_after_a_line_beyond_the_limit_the_next_blank_line_is_a_new_start():
    blocks = Blocks()
    assert fed(blocks, b"q" * 1_000_000 + b"\r\n" + EVENT + END + EVENT + END, 1000) == [EVENT]
    assert blocks.dropped == 1


def test_blank_lines_too_many_are_no_damage():
    blocks = Blocks()
    assert blocks.feed(EVENT + END + b"\r\n\r\n\r\n" + EVENT + END) == [EVENT, EVENT]
    assert blocks.dropped == 0


def test_a_block_that_never_ends_holds_no_more_than_the_limit():
    blocks = Blocks(block_bytes_max=10_000)
    for _ in range(1000):
        assert blocks.feed(b"a" * 1000) == []
    assert len(blocks._rest) <= 10_000
    assert blocks.dropped == 1
    assert blocks.feed(b"\r\n\r\n" + EVENT + END) == [EVENT]


@given(st.binary(max_size=400), st.integers(1, 60))
def test_no_bytes_at_all_make_it_fail(garbage, chunk_bytes):
    blocks = Blocks(line_bytes_max=50, block_bytes_max=100)
    for block in fed(blocks, garbage + END + b"Event: A" + END, chunk_bytes):
        headers_of(block)
        event_name(block)
        stamp(block)
    assert len(blocks._rest) <= 100


def test_a_line_without_a_colon_is_no_header_and_of_two_the_last_counts():
    headers = headers_of(b"Event: A\r\nnonsense\r\nReason: late: again\r\nReason: b\r\nEmpty: ")
    assert headers == {"Event": "A", "Reason": "b", "Empty": ""}


def test_name_and_stamp_are_read_without_a_dict():
    assert event_name(EVENT) == b"QueueMemberPause"
    assert event_name(b"Response: Success\r\nEvent: No") == b""
    assert stamp(EVENT) == 1_795_466_140_427_029
    assert stamp(b"Event: FullyBooted\r\nUptime: 3") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1795466140.427029", 1_795_466_140_427_029),
        ("1795466140", 1_795_466_140_000_000),
        ("1795466140.5", 1_795_466_140_500_000),
        ("1795466140.4270291", 1_795_466_140_427_029),
        ("", None),
        ("0", None),
        ("-3.0", None),
        ("1e9", None),
        ("999999999999.0", None),
        ("٣٣٣.5", None),
        ("12.x", None),
    ],
)
def test_a_stamp_is_exact_or_it_is_none(text, expected):
    assert microseconds(text) == expected


def test_the_end_of_a_stream_completes_a_last_block_that_lacks_only_its_blank_line():
    blocks = Blocks()
    blocks.feed(EVENT + b"\r\n")
    assert blocks.finish() == [EVENT]
    blocks.feed(EVENT[:-4])
    assert blocks.finish() == []
