"""The events as received, kept beside what was made of them (docs/time-bank.md 7), without holding up the floor.

`keep` gives a block its number and puts it into a bounded buffer; `run` hands the buffer to a thread that packs and
writes it (ccd.pbx.evidence_file). A process that starts begins a new million of numbers: what the one before it gave a
number and had not yet written is never confused with something else.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from pathlib import Path
from time import time
from urllib.parse import quote

from ccd.floor.days import SECOND
from ccd.pbx.evidence_file import REF_NUMBERS, Record, append, day_path, evidence_days, mend, seal
from ccd.pbx.evidence_index import complete, index_path, note
from ccd.pbx.incidents import Log

FLUSH_INTERVAL_S = 1.0
BUFFER_BYTES_MAX = 64 * 1024 * 1024
BUFFER_BLOCKS_MAX = 500_000
NUMBERS_A_PROCESS = 1_000_000  # more than the buffer holds: see above
DAY_S = 86_400


@dataclass(slots=True)
class BlocksKept:
    """What became of the blocks, counted since the start."""

    written: int = 0
    dropped: int = 0  # the buffer was full
    failed: int = 0  # the disk did not take them


class Evidence:
    """One PBX's evidence. Made before the event loop carries traffic: it looks at the files that are there."""

    def __init__(
        self,
        folder: Path,
        pbx: str,
        log: Log,
        *,
        keep_days: int,
        buffer_bytes_max: int = BUFFER_BYTES_MAX,
        flush_interval_s: float = FLUSH_INTERVAL_S,
        clock: Callable[[], float] = time,
        may_write: Callable[[], bool] = lambda: True,
        needed_since: Callable[[], date | None] = lambda: None,
    ) -> None:
        self.folder = pbx_folder(folder, pbx)
        self.kept = BlocksKept()
        self._log = log
        self._keep_days = keep_days
        self._buffer_bytes_max = buffer_bytes_max
        self._flush_interval_s = flush_interval_s
        self._clock = clock
        self._may_write, self._needed_since = may_write, needed_since
        self._buffer: list[tuple[int, Record]] = []
        self._buffer_bytes = 0
        self._full = False
        self._failing = False
        self._writer = ThreadPoolExecutor(1, thread_name_prefix=f"evidence of {pbx}")  # one: two would tear a file
        self.folder.mkdir(0o700, parents=True, exist_ok=True)
        self._day = max(evidence_days(self.folder), default=0)
        self._open_day = self._day  # the writing thread's: the day whose file is not sealed yet
        self._day_end_us = _day_end_us(self._day) if self._day else 0
        self._number = self._resume()
        self._given = False

    def keep(self, at: int, block: bytes) -> int:
        """The ref of a block that was said at `at` (µs); 0 when the buffer is full and it is not kept."""
        if at >= self._day_end_us:
            self._turn_day(at)
        if self._buffer_bytes + len(block) > self._buffer_bytes_max or len(self._buffer) >= BUFFER_BLOCKS_MAX:
            self._drop()
            return 0
        self._number += 1
        self._given = True
        self._buffer_bytes += len(block)
        self._buffer.append((self._day, Record(self._number, block)))
        return self._day * REF_NUMBERS + self._number

    async def run(self) -> None:
        """Write what has come, again and again; at the end once more."""
        try:
            while True:
                await asyncio.sleep(self._flush_interval_s)
                await self.flush()
        finally:
            await asyncio.shield(self.flush())

    async def flush(self) -> None:
        """Hand what has come to the disk. It does not raise: evidence that can't be written stops no capture.

        Nothing is written while another process may be writing here: it would be behind the hash of a day.
        """
        if not self._may_write():
            return
        buffer, self._buffer, self._buffer_bytes, self._full = self._buffer, [], 0, False
        # Even if there is nothing: a flush that was given up may still be writing, and what it took must get there.
        await asyncio.shield(asyncio.get_running_loop().run_in_executor(self._writer, self._write, buffer))

    # --- in the event loop -------------------------------------------------------------------------------------------

    def _resume(self) -> int:
        """The number before the first that this process gives."""
        last = self._mend(self._day) if self._day else 0
        return (last // NUMBERS_A_PROCESS + 1) * NUMBERS_A_PROCESS - 1

    def _turn_day(self, at: int) -> None:
        """The day's end has passed. A PBX whose clock is days ahead of ours is filed under tomorrow at most."""
        tomorrow_us = round((self._clock() + DAY_S) * SECOND)
        day = max(self._day, _day_of(min(at, tomorrow_us)))
        if day > self._day:
            # Of the first day that this process sees, the one before it may have given numbers already.
            self._number = 0 if self._given else self._number
            self._day = day
        self._day_end_us = _day_end_us(self._day)

    def _drop(self) -> None:
        self.kept.dropped += 1
        if not self._full:
            self._full = True
            self._log.error(
                "evidence is dropped: the disk takes less than the PBX says",
                folder=str(self.folder),
                buffer_bytes_max=self._buffer_bytes_max,
            )

    # --- in the thread that writes: one thread, so one write after the other ----------------------------------------

    def _write(self, buffer: list[tuple[int, Record]]) -> None:
        for day, records in groupby(buffer, key=lambda item: item[0]):
            blocks = [record for _, record in records]
            try:
                if self._failing:
                    self._mend(day)
                if day != self._open_day:
                    self._close_day(day)
                offset = append(day_path(self.folder, day), blocks)
            except OSError as error:
                self._fail(error, len(blocks))
            else:
                with suppress(OSError):  # it only makes a search short, and is completed once the disk takes it
                    note(day_path(self.folder, day), blocks[0].number, offset)
                self.kept.written += len(blocks)
                if self._failing:
                    self._failing = False
                    self._log.info("evidence is written again", folder=str(self.folder), lost=self.kept.failed)

    def _close_day(self, day: int) -> None:
        """Seal the day before `day`, and purge what is older than it may be, unless a day needs it that waits: that of
        PBXs which say nothing any more, and of those that are followed no more, with the own."""
        path = day_path(self.folder, self._open_day)
        if self._open_day and path.exists():
            self._log.info("a day's evidence is closed", file=str(path), sha256=seal(path))
        self._open_day = day  # only now: on a full disk it is tried again
        oldest = _day_of(_day_end_us(day) - (self._keep_days + 1) * DAY_S * SECOND)
        needed = self._needed_since()
        if needed is not None:  # a unit's day can begin on the UTC day before
            oldest = min(oldest, int((needed - timedelta(days=1)).strftime("%Y%m%d")))
        for folder in self.folder.parent.iterdir():
            for kept in evidence_days(folder):
                if kept < oldest:
                    day_path(folder, kept).unlink(missing_ok=True)
                    index_path(day_path(folder, kept)).unlink(missing_ok=True)

    def _mend(self, day: int) -> int:
        last, torn = mend(path := day_path(self.folder, day))
        if torn:
            self._log.warning("evidence had a torn end, which was cut off", file=str(path), bytes=torn)
        with suppress(OSError):
            complete(path)
        return last

    def _fail(self, error: OSError, blocks: int) -> None:
        self.kept.failed += blocks
        if not self._failing:
            self._failing = True
            self._log.error(
                "evidence can't be written; the floor goes on without it", folder=str(self.folder), error=str(error)
            )


def pbx_folder(folder: Path, pbx: str) -> Path:
    """Where one PBX's evidence lies; a name is never a path."""
    return folder / (quote(pbx, safe="") if pbx.strip(".") else "%2E")


def _day_of(at: int) -> int:
    """The UTC day of `at` (µs) as yyyymmdd."""
    return int(datetime.fromtimestamp(at / SECOND, UTC).strftime("%Y%m%d"))


def _day_end_us(day: int) -> int:
    start = datetime(day // 10000, day // 100 % 100, day % 100, tzinfo=UTC)
    return round((start + timedelta(days=1)).timestamp()) * SECOND
