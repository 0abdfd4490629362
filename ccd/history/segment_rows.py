"""A segment as a row and back, and a seat's facts as text. The hottest code of the store: plain tuples, no mapping."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from ccd.errors import StoredFormatError
from ccd.floor.seats import STATE_WORDS, Seat, View
from ccd.floor.segments import Segment
from ccd.history.schema import PAUSE_WORDS

SEAT_FORMAT = 1  # of `seats.facts` and `seats.open`; rises when Seat, View or Segment are no longer read the same

COLUMNS = (
    "pbx", "number", "seat", "start_at", "end_at", "name", "state", "member", "pause", "reason", "reason_at", "told",
    "offered", "answered", "missed", "opened_by", "closed_by",
)  # fmt: skip

STATES = {word: state for state, word in STATE_WORDS.items()}
PAUSES = {word: pause for pause, word in PAUSE_WORDS.items()}

_ENCODER = msgspec.json.Encoder()
_SEAT = msgspec.json.Decoder(Seat)
_SEGMENT = msgspec.json.Decoder(Segment)

Row = tuple[Any, ...]


def segment_row(pbx: str, segment: Segment) -> Row:
    """A closed segment, in the order of COLUMNS."""
    view = segment.view
    return (
        pbx, segment.number, segment.seat, segment.start, segment.end, view.name, STATE_WORDS[view.state], view.member,
        PAUSE_WORDS[view.pause], view.reason, view.reason_at, segment.told,
        segment.offered, segment.answered, segment.missed, segment.opened_by, segment.closed_by,
    )  # fmt: skip


def segments_of(rows: Iterable[Sequence[Any]]) -> list[tuple[str, Segment]]:
    """(pbx, segment) of rows in the order of COLUMNS; views that recur are made once."""
    views: dict[tuple[Any, ...], View] = {}
    found: list[tuple[str, Segment]] = []
    for row in rows:
        (pbx, number, seat, start, end, name, state, member, pause, reason, reason_at, told,
         offered, answered, missed, opened_by, closed_by) = row  # fmt: skip
        meaning = (name, state, member, pause, reason, reason_at)
        view = views.get(meaning)
        if view is None:
            view = views[meaning] = View(name, STATES[state], bool(member), PAUSES[pause], reason, reason_at)
        segment = Segment(seat, number, start, end, view, bool(told), offered, answered, missed, opened_by, closed_by)
        found.append((pbx, segment))
    return found


def facts_of(seat: Seat) -> str:
    return _ENCODER.encode(seat).decode()


def open_of(segment: Segment) -> str:
    return _ENCODER.encode(segment).decode()


def seat_from(text: str, version: int) -> Seat:
    _check(version)
    return _SEAT.decode(text)


def open_from(text: str, version: int) -> Segment:
    _check(version)
    return _SEGMENT.decode(text)


def _check(version: int) -> None:
    if version != SEAT_FORMAT:
        raise StoredFormatError("seats", version, SEAT_FORMAT)
