"""The queue_log that a running Asterisk writes, read from an instant on: the file itself and those it was rotated into.

Whether all is there that was to be written shows by a line of our own (`MARK`): it is asked of Asterisk, and whatever
it wrote before stands above it.
"""

import gzip
from bisect import bisect_left
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from ccd.pbx.queue_log import LINE_BYTES_MAX, first_at, parse

MARK = "CCDMARK"  # the event of our own line; its first datum says which


LINES_MAX = 500_000  # of an excerpt, some 50 MB: what a floor of 5,000 does in hours


class Excerpt(NamedTuple):
    """The lines from an instant on, up to the mark (and without it) where that was found, and LINES_MAX at most."""

    lines: list[bytes]
    begins_at: int | None  # µs: of the first line that is there at all, also before that instant; None without any
    last_at: int | None  # of the last line
    marked_at: int | None
    whole: bool  # all were read that there are


class LogFile:
    """One PBX's, by its path. Raises OSError as `open` does."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def since(self, at: int, mark: str) -> Excerpt:
        """From the first line of that second (µs) on. Without `mark` (empty) up to the end. Where there are more lines
        than LINES_MAX, those of whole seconds."""
        lines: list[bytes] = []
        last_at: int | None = None
        files = self._from(at)
        begins_at = files[0][0] if files else None
        for _, path in files:
            with _opened(path) as stream:
                if path.suffix != ".gz":
                    stream.seek(_place(stream, at))
                for raw in stream:
                    parsed = parse(raw)
                    if parsed is None or parsed[1].at < at:
                        continue
                    verb, line = parsed
                    if mark and verb == MARK and line.data[:1] == (mark,):
                        return Excerpt(lines, begins_at, last_at, line.at, whole=True)
                    if len(lines) >= LINES_MAX and line.at != last_at:
                        return Excerpt(lines, begins_at, last_at, None, whole=False)
                    last_at = line.at
                    lines.append(raw)
        return Excerpt(lines, begins_at, last_at, None, whole=True)

    def _from(self, at: int) -> list[tuple[int, Path]]:
        """The files that have lines since `at`, oldest first, each with its first time."""
        self.path.stat()
        found = []
        for path in {self.path, *self.path.parent.glob(f"{self.path.name}[.-]*")}:
            with _opened(path) as stream:
                begins = first_at(stream)
            if begins is not None:
                found.append((begins, path))
        found.sort()
        older = [number for number, (begins, _) in enumerate(found) if begins <= at]
        return found[older[-1] :] if older else found


def _opened(path: Path) -> BinaryIO:
    return gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")  # type: ignore[return-value]  # a GzipFile reads as one


def _place(stream: BinaryIO, at: int) -> int:
    """The offset of a line at or before the first of `at`: lines rise in time."""
    size = stream.seek(0, 2)
    steps = range(0, size, LINE_BYTES_MAX)
    place = bisect_left(steps, True, key=lambda offset: _at_or_after(stream, offset) >= at)
    return steps[place - 1] if place > 0 else 0


def _at_or_after(stream: BinaryIO, offset: int) -> int:
    """The time of the first whole line behind the offset; later than any where there is none."""
    stream.seek(offset)
    if offset:
        stream.readline(LINE_BYTES_MAX)
    return next(_times(stream), 2**62)


def _times(stream: BinaryIO) -> Iterator[int]:
    for raw in stream:
        if parsed := parse(raw):
            yield parsed[1].at
