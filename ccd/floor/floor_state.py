"""All that a floor knows of one PBX: what is stored with each batch, and what a restart goes on from."""

from dataclasses import dataclass, field

from ccd.floor.seats import Seat
from ccd.floor.segments import Segment

Caller = tuple[str, str]  # queue and call


@dataclass(slots=True)
class FloorState:
    seats: dict[str, Seat] = field(default_factory=dict)
    open: dict[str, Segment] = field(default_factory=dict)  # each seat's segment without an end
    waiting: dict[str, dict[str, int]] = field(default_factory=dict)  # queue → caller → µs since, in this order
    half_seen: set[Caller] = field(default_factory=set)  # who wait, and did over a gap
    number: int = 0  # of the newest segment
    heard_at: int | None = None  # everything before it has been said: the watermark
    confirmed_at: int | None = None  # of the newest snapshot
    gap_since: int | None = None
