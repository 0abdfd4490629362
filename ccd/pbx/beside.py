"""What one PBX's evidence tells of a gap that has ended: who was in which queue when it began, what was told after it.

Nobody keeps what a floor was in the past. So it is gone through again, from the last answer before the gap on
(ccd.pbx.snapshot), which stands in the evidence behind all that it may have overtaken.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from ccd.floor.days import SECOND
from ccd.floor.events import PbxEvent, Snapshot
from ccd.pbx.blocks import END, event_name, microseconds, text_of
from ccd.pbx.captured import LAST_BLOCKS
from ccd.pbx.evidence_file import REF_NUMBERS, day_path, evidence_days, evidence_members
from ccd.pbx.evidence_index import found
from ccd.pbx.headers import ROW_HEADERS
from ccd.pbx.observation import PICKED
from ccd.pbx.shapes import Picking
from ccd.pbx.snapshot import MEMBER_EVENTS, ROWS, Gathering
from ccd.pbx.translate import QUEUE_EVENTS, Scope, Translator

REACHES = (LAST_BLOCKS, 20 * LAST_BLOCKS, 400 * LAST_BLOCKS)  # how far back the last answer is looked for, in blocks
SPOKE_US = 2 * SECOND  # so shortly before an answer, its rows may be older than the event
AFTER_US = 3 * SECOND


class Beside(NamedTuple):
    """`before` begins with a snapshot and leads to the gap; `after` is what was told behind the one that ends it."""

    before: list[PbxEvent]
    after: list[PbxEvent]


def beside(folder: Path, refs: tuple[int, int], gap: tuple[int, int], scope: Scope) -> Beside | None:
    """Of a gap (µs) between these two of the PBX's evidence in `folder`: the last that is known to have been told
    before it, and the answer that ends it. None where not so much is kept."""
    last, end = refs
    since, until = gap
    ending = found(folder, range(max(end - LAST_BLOCKS, last + 1), end + LAST_BLOCKS))
    if end not in ending:
        return None
    after = [each for each in _told(ending, scope) if until <= each.at < until + AFTER_US]
    for reach in REACHES:
        blocks = found(folder, (ref for ref in _refs(folder, last, reach) if ref < end))
        if before := _up_to_gap(_told(blocks, scope), since):
            return Beside(before, [each for each in after if not isinstance(each, Snapshot)])
    return None


def _refs(folder: Path, last: int, reach: int) -> Iterator[int]:
    """Of what was told up to `last` and shortly after it, on the day before it too."""
    day, number = divmod(last, REF_NUMBERS)
    earlier = max((each for each in evidence_days(folder) if each < day), default=0)
    if number <= reach and earlier:
        with day_path(folder, earlier).open("rb") as stream:
            newest = max((head.last for head in evidence_members(stream)), default=0)
        yield from range(earlier * REF_NUMBERS + max(1, newest - reach), earlier * REF_NUMBERS + newest + 1)
    yield from range(day * REF_NUMBERS + max(1, number - reach), last + LAST_BLOCKS)


def _up_to_gap(told: Iterable[PbxEvent], since: int) -> list[PbxEvent]:
    """From the last snapshot on; nothing where there is none."""
    kept: list[PbxEvent] = []
    for event in told:
        if isinstance(event, Snapshot):
            kept = [event]
        elif event.at > since:  # heard, and never stored: whoever heard it was killed
            break
        elif kept:
            kept.append(event)
    return kept


def _told(blocks: Mapping[int, bytes], scope: Scope) -> Iterator[PbxEvent]:
    """In the order in which it was heard; an answer stands at the time of what was said before it."""
    translator, picking = Translator(scope), Picking(PICKED)
    at = 0
    said: dict[tuple[str, str], int] = {}  # when each pair of seat and queue spoke last
    for ref, block in sorted(blocks.items()):
        name = event_name(block)
        if name in QUEUE_EVENTS:
            values = picking.pick(name, text_of(block))
            said_at = microseconds(values[0])
            event = translator.event(name, values, said_at, ref) if translator.takes(values[1]) else None
            if event is not None and said_at is not None:
                at = max(at, said_at)
                if isinstance(event, MEMBER_EVENTS):
                    said[event.seat, event.queue] = said_at
                yield event
        elif name in ROWS:
            gathering = _answer(translator, picking, block)
            gathering.spoke |= {pair for pair, when in said.items() if when > at - SPOKE_US}
            yield gathering.snapshot(at, ref)


def _answer(translator: Translator, picking: Picking, block: bytes) -> Gathering:
    gathering = Gathering(translator)
    for row in block.split(END):
        name = event_name(row)
        if name in ROWS:
            values = picking.pick(name, text_of(row))
            gathering.row(name, dict(zip(ROW_HEADERS, values, strict=True)), row)
    return gathering
