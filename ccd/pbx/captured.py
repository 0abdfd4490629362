"""Captured AMI bytes as events, for `ccd replay`: several files are one PBX's stream with gaps between them.

A gap runs from the last queue event or Ping before it to the first timestamped event after login, where the snapshot
applies; a banner inside a file is a new connection too. A capture without any QueueStatus answer is told as it is: who
is in which queue is then known only of those who speak.
"""

from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from ccd.floor.events import Lost, PbxEvent, Snapshot
from ccd.pbx.blocks import BANNER, Blocks, event_name, stamp
from ccd.pbx.chronology import Chronology
from ccd.pbx.evidence_file import REF_NUMBERS
from ccd.pbx.evidence_index import found
from ccd.pbx.observation import Observation
from ccd.pbx.queue_log import parse_line
from ccd.pbx.translate import Scope, Translator

CHUNK_BYTES = 1024 * 1024
LAST_BLOCKS = 5_000  # of evidence: of a floor of 5,000 in some seconds at its busiest
LOG_TELLS_US = 2_000_000  # so long after a line of the log nothing that is told can be the same event
SETTLE_US = 500_000  # how long after a QueueStatus answer events may still come that the answer has overtaken


class Capture:
    """One PBX's captured streams. `dropped` and `rejected` say what could not be used."""

    def __init__(self, scope: Scope | None = None, *, settle_us: int = SETTLE_US) -> None:
        self._blocks = Blocks()
        self._translator = Translator(scope or Scope())
        self._observation = Observation(self._translator, settle_us=settle_us)
        self.rejected = self._translator.rejected

    @property
    def dropped(self) -> int:
        """Blocks."""
        return self._blocks.dropped

    def read(self, files: Iterable[Path]) -> Iterator[PbxEvent]:
        """The events of the files, in the order of their time. Raises BackwardsError, and OSError as `open` does."""
        chronology = Chronology()
        for path in chronology.in_order(files, _first_at):
            with path.open("rb") as stream:
                for event in self.connection(stream):
                    chronology.go_on(event.at, path.__str__)
                    yield event

    def connection(self, stream: BinaryIO) -> Iterator[PbxEvent]:
        """The events of one file: of one connection, or of several one after the other."""
        yield from self._connect()
        while data := stream.read(CHUNK_BYTES):
            yield from self._hear(self._blocks.feed(data))
        yield from self._hear(self._blocks.finish())
        yield from self._observation.end()

    def _connect(self) -> list[PbxEvent]:
        lost = self._observation.lose()
        self._observation.begin()
        return lost

    def _hear(self, blocks: list[bytes]) -> list[PbxEvent]:
        if not any(block.startswith(BANNER) for block in blocks):
            return self._observation.hear(blocks)
        events: list[PbxEvent] = []
        for block in blocks:
            if block.startswith(BANNER):
                events += self._observation.end() + self._connect()
            else:
                events += self._observation.hear([block])
        return events


def _first_at(stream: BinaryIO) -> int | None:
    blocks = Blocks()
    while data := stream.read(CHUNK_BYTES):
        for block in blocks.feed(data):
            if (at := stamp(block)) is not None:
                return at
    return None


def told_up_to(folder: Path, ref: int, scope: Scope) -> list[PbxEvent] | None:
    """What was told last, up to the event that one PBX's evidence in `folder` keeps as `ref`; None where it was not
    written, and where it was told out of queue_log by who has filled a gap just before: no block of AMI's says that."""
    blocks = found(folder, range(max(ref - LAST_BLOCKS, ref // REF_NUMBERS * REF_NUMBERS), ref + 1))
    if ref not in blocks:
        return None
    lines = [parsed[1].at for block in blocks.values() if not event_name(block) and (parsed := parse_line(block))]
    stream = BytesIO(b"".join(block + b"\r\n\r\n" for _, block in sorted(blocks.items())))
    told: list[PbxEvent] = [e for e in Capture(scope).connection(stream) if not isinstance(e, Lost | Snapshot)]
    newest = max((event.at for event in told), default=0)
    return None if lines and max(lines) > newest - LOG_TELLS_US else told
