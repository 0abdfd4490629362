"""AMI bytes in, in chunks of any size; whole blocks out.

A block is what stands between two blank lines, as bytes and without them. It is decoded only when it is whole, so a
character that falls on a chunk's border is never torn. Whatever can't be a block (longer than the limits, no headers)
is dropped and counted, and the next blank line is a new start. Reading a name or a stamp costs no dict: most blocks of
a busy PBX are of no interest, and are known by their name alone.
"""

from typing import cast

from ccd.floor.days import SECOND

END = b"\r\n\r\n"
EVENT = b"Event: "
RESPONSE = b"Response: "
NUL, REPLACEMENT = b"\x00", "\ufffd".encode()
BANNER = b"Asterisk Call Manager/"
STAMP = b"\r\nTimestamp: "

LINE_BYTES_MAX = 64 * 1024
BLOCK_BYTES_MAX = 256 * 1024
STAMP_S_MAX = 4_102_444_799  # the last second of the year 2099: what is later is garbage, not a time


class Blocks:
    """Cuts a stream into blocks. `dropped` counts those that were too long, or had no header in them."""

    def __init__(self, line_bytes_max: int = LINE_BYTES_MAX, block_bytes_max: int = BLOCK_BYTES_MAX) -> None:
        self.dropped = 0
        self._line_bytes_max = line_bytes_max
        self._block_bytes_max = block_bytes_max
        self._rest = b""
        self._skipping = False  # inside a block that was too long: up to the next blank line nothing counts

    def feed(self, data: bytes) -> list[bytes]:
        """The blocks that are whole now: each starts with `Event: ` or `Response: `, or is the banner alone."""
        blocks = (self._rest + data).split(END)
        self._rest = blocks.pop()
        if self._skipping and blocks:
            del blocks[0]
            self._skipping = False
        if len(self._rest) > self._block_bytes_max:
            self._skip_rest()
        if all(block.startswith((EVENT, RESPONSE)) and len(block) <= self._line_bytes_max for block in blocks):
            return blocks
        return [usable for block in blocks for usable in self._usable(block)]

    def finish(self) -> list[bytes]:
        """The stream has ended: a last block is whole where its end of line has come, else it is forgotten."""
        rest, self._rest = self._rest, b""
        whole = not self._skipping and rest.endswith(b"\r\n")
        self._skipping = False
        return self._usable(rest[:-2]) if whole else []

    def _skip_rest(self) -> None:
        """The block that is coming is too long: forget it, but not the start of a blank line at its end."""
        self.dropped += not self._skipping
        self._rest = self._rest[-3:]
        self._skipping = True

    def _usable(self, block: bytes) -> list[bytes]:
        """The block without blank lines and without garbage before its first header; a banner is a block of its own."""
        block = block.lstrip(b"\r\n")
        banner = []
        if block.startswith(BANNER):
            line, _, block = block.partition(b"\r\n")
            banner, block = [line], block.lstrip(b"\r\n")
        if not block:
            return banner
        start = 0 if block.startswith((EVENT, RESPONSE)) else _first_header(block)
        usable = block[start:] if start is not None else b""
        if not self._fits(usable):
            usable = b""
        self.dropped += len(usable) < len(block)
        return [*banner, usable] if usable else banner

    def _fits(self, block: bytes) -> bool:
        if len(block) <= self._line_bytes_max:
            return True
        return len(block) <= self._block_bytes_max and max(map(len, block.split(b"\r\n"))) <= self._line_bytes_max


def _first_header(block: bytes) -> int | None:
    """Where the first line that can start a block begins, after garbage without a blank line."""
    starts = [start + 2 for word in (EVENT, RESPONSE) if (start := block.find(b"\r\n" + word)) >= 0]
    return min(starts, default=None)


def headers_of(block: bytes) -> dict[str, str]:
    """All headers of the block by name. Of a header that comes twice the last value counts."""
    lines = text_of(block).split("\r\n")
    return dict(cast("list[tuple[str, str]]", [line.split(": ", 1) for line in lines if ": " in line]))


def text_of(block: bytes) -> str:
    """U+FFFD stands for what is no UTF-8, and for NUL, which no database takes."""
    return (block.replace(NUL, REPLACEMENT) if NUL in block else block).decode(errors="replace")


def event_name(block: bytes) -> bytes:
    """The name of the event that the block is; empty for a response."""
    if not block.startswith(EVENT):
        return b""
    end = block.find(b"\r\n", 7)
    return block[7:end] if end > 0 else block[7:]


def stamp(block: bytes) -> int | None:
    """The block's `Timestamp` in µs, None where it has none or one that is no time."""
    start = block.find(STAMP)
    if start < 0:
        return None
    start += len(STAMP)
    end = block.find(b"\r\n", start)
    return microseconds(block[start : end if end > 0 else len(block)].decode(errors="replace"))


def microseconds(text: str) -> int | None:
    """`1795466140.427029` as µs since the epoch, exactly; None where the text is no such time."""
    digits = text.replace(".", "", 1)
    if not (digits.isascii() and digits.isdigit()):
        return None
    if len(digits) == 16 and text[10] == ".":  # as Asterisk writes it, until the year 2286
        return at if (at := int(digits)) <= STAMP_S_MAX * SECOND else None
    whole, _, part = text.partition(".")
    if not whole or len(whole) > 12:
        return None
    at = int(whole) * SECOND + int((part + "000000")[:6])
    return at if 0 < at <= STAMP_S_MAX * SECOND else None
