"""The queue_log that a running Asterisk writes, read from an instant on: the file itself and those it was rotated into.

Whether all is there that was to be written shows by a line of our own (`MARK`): it is asked of Asterisk, and whatever
it wrote before stands above it.

Files are moved, copied, cut and packed while they are read. So each is opened once, and read where it was opened; the
log itself first, since what it is moved to is then known to be the same.
"""

import errno
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from typing import BinaryIO, NamedTuple

from ccd.pbx.chronology import Chronology
from ccd.pbx.queue_log import LINE_BYTES_MAX, PACKED, TORN, first_at, open_log, parse_line

MARK = "CCDMARK"  # the event of our own line; its first datum says which


LINES_MAX = 500_000  # of an excerpt, some 50 MB: what a floor of 5,000 does in hours


class Excerpt(NamedTuple):
    """The lines from an instant on, up to the mark (and without it) where that was found, and LINES_MAX at most."""

    lines: list[bytes]
    begins_at: int | None  # µs: of the first line that is there at all, also before that instant; None without any
    last_at: int | None  # of the last line
    marked_at: int | None
    whole: bool  # all were read that there are


class _File(NamedTuple):
    """One that is open: its first time (µs), and the line that tells it."""

    begins: int
    first: bytes
    path: Path
    stream: BinaryIO


class LogFile:
    """One PBX's, by its path. Raises OSError as `open` does, and where a file is cut or torn while it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def since(self, at: int, mark: str) -> Excerpt:
        """From the first line of that second (µs) on. Without `mark` (empty) up to the end. Where there are more lines
        than LINES_MAX, those of whole seconds."""
        with ExitStack() as opened:
            files = self._from(at, opened)
            found = _excerpt(files, at, mark)
            for file in files:
                if _first(file.stream) != (file.begins, file.first):
                    raise OSError(errno.ESTALE, "was cut while it was read", str(file.path))
        return found

    def _from(self, at: int, opened: ExitStack) -> list[_File]:
        """The files that have lines since `at`, oldest first. A copy of one, or the same by its new name, is left out;
        and so is one that can't be read, where the log itself reaches back to then."""
        unread: OSError | None = None
        found: dict[tuple[int, bytes], _File] = {}
        rotated = sorted(self.path.parent.glob(f"{self.path.name}[.-]*"), key=lambda path: path.suffix == ".gz")
        for path in (self.path, *(path for path in rotated if path.is_file())):
            try:
                stream = opened.enter_context(open_log(path))
                first = _first(stream)
            except (OSError, *TORN) as error:
                if path == self.path:
                    raise
                unread = error if isinstance(error, OSError) else _torn(path)
                continue
            if first is not None:
                found.setdefault(first, _File(*first, path, stream))
        files = sorted(found.values(), key=lambda file: file.begins)
        if unread and not any(file.path == self.path and file.begins <= at for file in files):
            raise unread  # what is in it might be of that time
        older = [number for number, file in enumerate(files) if file.begins <= at]
        return files[older[-1] :] if older else files


def earliest_told(files: Iterable[Path]) -> int | None:
    """The earliest time (µs) that files tell of. Raises as `excerpts`."""
    found = []
    for path in files:
        try:
            with open_log(path) as stream:
                found.append(first_at(stream))
        except TORN as error:
            raise _torn(path) from error
    return min((at for at in found if at is not None), default=None)


def excerpts(files: Iterable[Path], spans: Sequence[tuple[int, int]]) -> list[Excerpt]:
    """Of files in any order, the lines of each of these spans (µs, half-open), which begin one after the other: no more
    of a log of years is held at once. Raises BackwardsError, and OSError as `open` does, and where a packed one is
    torn."""
    found: list[list[bytes]] = [[] for _ in spans]
    begins_at = last_at = None
    chronology = Chronology()
    path: Path | None = None
    try:
        for path in chronology.in_order(files, first_at, open_log):
            with open_log(path) as stream:
                for raw in stream:
                    if (parsed := parse_line(raw)) is None:
                        continue
                    last_at = parsed[1].at
                    begins_at = last_at if begins_at is None else begins_at
                    chronology.go_on(last_at, path.__str__)
                    for lines, (start, end) in zip(found, spans, strict=True):
                        if start > last_at:
                            break
                        if last_at < end:
                            lines.append(raw)
    except TORN as error:
        raise _torn(path) from error
    return [Excerpt(lines, begins_at, last_at, None, whole=True) for lines in found]


def _excerpt(files: Sequence[_File], at: int, mark: str) -> Excerpt:
    lines: list[bytes] = []
    last_at: int | None = None
    begins_at = files[0].begins if files else None
    for raw in chain.from_iterable(_lines(file, at) for file in files):
        parsed = parse_line(raw)
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


def _lines(file: _File, at: int) -> Iterator[bytes]:
    """Those from one at or before the first of `at` on; one that is still being written is none yet."""
    try:
        file.stream.seek(0 if file.path.suffix == PACKED else _place(file.stream, at))
        for raw in file.stream:
            if raw.endswith(b"\n"):
                yield raw
    except TORN as error:
        raise _torn(file.path) from error


def _torn(path: Path | None) -> OSError:
    return OSError(errno.EIO, "is torn", str(path or "a packed file"))


def _first(stream: BinaryIO) -> tuple[int, bytes] | None:
    """The first that is a line of a log, and its time (µs)."""
    stream.seek(0)
    return next(((parsed[1].at, raw) for raw in stream if (parsed := parse_line(raw))), None)


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
        if parsed := parse_line(raw):
            yield parsed[1].at
