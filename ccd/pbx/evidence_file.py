"""A day's evidence as a file: gzip members, one per flush, each with its own length and numbers in its header.

`zcat` shows what the PBX said, with a line `#number length` before each block. A member's header carries, as the gzip
format allows, an extra field of ours (first number, last number, bytes of the member), so that a number is found and a
torn tail is noticed without unpacking a whole day.

    <folder>/<pbx>/2026-11-23.ami.gz          appended to; a torn last member is cut off when the day is opened again
    <folder>/<pbx>/2026-11-23.ami.idx         where each member begins (ccd.pbx.evidence_index)
    <folder>/<pbx>/2026-11-23.ami.gz.sha256   written when the day is over; it stays when the day is purged
"""

import os
import zlib
from collections.abc import Iterable, Iterator
from datetime import date
from hashlib import file_digest
from pathlib import Path
from struct import Struct
from typing import BinaryIO, NamedTuple

REF_NUMBERS = 10**9  # a ref is yyyymmdd * REF_NUMBERS + the number within the day

HEADER = Struct("<4sIBBHcc H III")  # magic and flags, mtime, xfl, OS, extra length, id, id, length, the three numbers
MAGIC = b"\x1f\x8b\x08\x04"  # gzip, deflate, "an extra field follows"
EXTRA = (b"c", b"d")
TRAILER = Struct("<II")  # CRC-32 and length of what was packed
LEVEL = 6


class Record(NamedTuple):
    number: int
    block: bytes


class MemberHead(NamedTuple):
    offset: int
    first: int  # number
    last: int
    size: int  # bytes, head and trailer included


def pack_member(records: Iterable[Record]) -> bytes:
    """The records as one gzip member; there must be at least one, in the order of their numbers."""
    records = list(records)
    text = b"".join(b"#%d %d\r\n%b\r\n\r\n" % (number, len(block), block) for number, block in records)
    packer = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    body = packer.compress(text) + packer.flush()
    size = HEADER.size + len(body) + TRAILER.size
    extra_bytes = HEADER.size - 12
    head = HEADER.pack(
        MAGIC, 0, 0, 255, extra_bytes, *EXTRA, extra_bytes - 4, records[0].number, records[-1].number, size
    )
    return head + body + TRAILER.pack(zlib.crc32(text), len(text) & 0xFFFFFFFF)


def unpack_member(member: bytes) -> Iterator[Record]:
    """The records of one member. Raises zlib.error or ValueError where it is damaged."""
    text = zlib.decompress(member, zlib.MAX_WBITS | 16)
    at = 0
    while at < len(text):
        end = text.index(b"\r\n", at)
        number, length = text[at + 1 : end].split(b" ")
        at = end + 2
        yield Record(int(number), text[at : at + int(length)])
        at += int(length) + 4


def evidence_members(stream: BinaryIO, offset: int = 0) -> Iterator[MemberHead]:
    """The heads of the whole members from the one at `offset` on, in order; it ends at the first that is torn."""
    size = os.fstat(stream.fileno()).st_size
    while offset + HEADER.size <= size:
        stream.seek(offset)
        magic, _, _, _, _, one, two, _, first, last, length = HEADER.unpack(stream.read(HEADER.size))
        if magic != MAGIC or (one, two) != EXTRA or length <= HEADER.size or offset + length > size:
            return
        yield MemberHead(offset, first, last, length)
        offset += length


def mend(path: Path) -> tuple[int, int]:
    """Cut a torn last member off. (the last number that is whole, bytes that were cut off); (0, 0) without a file."""
    if not path.exists():
        return 0, 0
    with path.open("r+b") as stream:
        last, whole = 0, 0
        for head in evidence_members(stream):
            last, whole = head.last, head.offset + head.size
        torn = stream.seek(0, os.SEEK_END) - whole
        if torn:
            stream.truncate(whole)
        return last, torn


def append(path: Path, records: Iterable[Record]) -> int:
    """Add the records as one member, and wait until the disk has them; gives where it begins. Raises OSError."""
    with path.open("ab") as stream:
        offset = stream.tell()
        stream.write(pack_member(records))
        stream.flush()
        os.fdatasync(stream.fileno())
    return offset


def seal(path: Path) -> str:
    """The file's SHA-256, written beside it in the format of `sha256sum --check`."""
    with path.open("rb") as stream:
        digest = file_digest(stream, "sha256").hexdigest()
    new = hash_path(path).with_suffix(".new")
    new.write_text(f"{digest}  {path.name}\n")
    new.replace(hash_path(path))  # a disk that is full leaves no empty one
    return digest


def hash_path(path: Path) -> Path:
    return path.with_name(path.name + ".sha256")


def day_path(folder: Path, day: int) -> Path:
    """`day` as yyyymmdd."""
    return folder / f"{day // 10000:04d}-{day // 100 % 100:02d}-{day % 100:02d}.ami.gz"


def evidence_days(folder: Path) -> list[int]:
    """The days of which evidence is kept, oldest first, as yyyymmdd. What else lies in the folder is left alone."""
    return sorted(day for path in folder.glob("????-??-??.ami.gz") if (day := _day_named(path.name[:10])))


def _day_named(text: str) -> int:
    """`2026-11-23` as 20261123; 0 where it is no day."""
    try:
        return int(date.fromisoformat(text).strftime("%Y%m%d"))
    except ValueError:
        return 0
