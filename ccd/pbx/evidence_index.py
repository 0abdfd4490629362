"""Where the members of a day's evidence begin, so that a block is found at once in a day of 86,400 of them.

The index is a hint, and never believed: what it names is looked at before anything is read there, and from there on
the members tell by themselves. A torn, a stale or a foreign one makes a search long, and its answer no other. Whoever
writes the day keeps it (ccd.pbx.evidence); that of a day which is closed is completed by whoever reads it.

    <folder>/<pbx>/2026-11-23.ami.idx     16 bytes a member: the number of its first block, and where it begins
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from struct import Struct
from typing import BinaryIO, NamedTuple

from ccd.pbx.evidence_file import REF_NUMBERS, MemberHead, day_path, evidence_members, hash_path, unpack_member

ENTRY = Struct("<QQ")


class IndexEntry(NamedTuple):
    first: int  # number of a member's first block
    offset: int


class Entries:
    """Those of an index as it lies there; none where it can't be read."""

    def __init__(self, path: Path) -> None:
        self.kept = b""
        with suppress(OSError):
            self.kept = path.read_bytes()

    def __len__(self) -> int:
        return len(self.kept) // ENTRY.size

    def __getitem__(self, place: int) -> IndexEntry:
        return IndexEntry(*ENTRY.unpack_from(self.kept, place * ENTRY.size))


def find(folder: Path, ref: int) -> bytes | None:
    """The block that `ref` names, as received; None where it was purged, or never written. `folder` is one PBX's."""
    return found(folder, [ref]).get(ref)


def found(folder: Path, refs: Iterable[int]) -> dict[int, bytes]:
    """By ref, the blocks that are there: each member is unpacked once."""
    by_day: dict[int, list[int]] = {}
    for ref in sorted(set(refs)):
        day, number = divmod(ref, REF_NUMBERS)
        by_day.setdefault(day, []).append(number)
    blocks: dict[int, bytes] = {}
    for day, numbers in by_day.items():
        path = day_path(folder, day)
        if not path.exists():
            continue
        if hash_path(path).exists():  # nobody else writes there any more
            with suppress(OSError):
                complete(path)
        with path.open("rb") as stream:
            for number, block in _blocks(stream, Entries(index_path(path)), numbers):
                blocks[day * REF_NUMBERS + number] = block
    return blocks


def evidence_hash(folder: Path, day: int) -> str:
    """The SHA-256 that was written when the day (yyyymmdd) was closed; empty where it was not, or nothing is known."""
    path = hash_path(day_path(folder, day))
    return path.read_text().partition(" ")[0] if path.exists() else ""


def note(path: Path, first: int, offset: int) -> None:
    """Of the day's file `path`: a member was written at `offset`. OSError."""
    with index_path(path).open("ab") as stream:
        stream.truncate(stream.tell() // ENTRY.size * ENTRY.size)  # half an entry would shift all that follow
        stream.write(ENTRY.pack(first, offset))


def complete(path: Path) -> None:
    """The index of the day's file `path` goes on from where it is right to the file's end. OSError."""
    entries = Entries(index_path(path))
    with path.open("rb") as stream:
        last = _member(stream, entries[len(entries) - 1]) if len(entries) else None
        heads = list(evidence_members(stream, 0 if last is None else last.offset + last.size))
    kept = b"" if last is None else entries.kept[: len(entries) * ENTRY.size]
    whole = kept + b"".join(ENTRY.pack(head.first, head.offset) for head in heads)
    if whole != entries.kept:
        new = index_path(path).with_suffix(".new")
        new.write_bytes(whole)
        new.replace(index_path(path))


def index_path(path: Path) -> Path:
    """Of a day's file."""
    return path.with_suffix(".idx")


def _blocks(stream: BinaryIO, entries: Entries, numbers: Iterable[int]) -> Iterator[tuple[int, bytes]]:
    """Of `numbers`, in their order, those that are there."""
    unpacked = (-1, dict[int, bytes]())  # the member that was read last: where it begins, its blocks by number
    for number in numbers:
        for head in evidence_members(stream, _near(stream, entries, number)):
            if head.first <= number <= head.last and head.offset != unpacked[0]:
                stream.seek(head.offset)
                unpacked = head.offset, dict(unpack_member(stream.read(head.size)))
            if number <= head.last:
                break
        if number in unpacked[1]:
            yield number, unpacked[1][number]


def _near(stream: BinaryIO, entries: Entries, number: int) -> int:
    """Where to begin to look for a block: at its member if the index is right, and never behind it."""
    place = bisect_right(entries, number, key=lambda entry: entry.first) - 1
    return entries[place].offset if place >= 0 and _member(stream, entries[place]) else 0


def _member(stream: BinaryIO, entry: IndexEntry) -> MemberHead | None:
    """What the entry names, where it is there."""
    head = next(evidence_members(stream, entry.offset), None)
    return head if head is not None and head.first == entry.first else None
