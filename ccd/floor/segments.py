"""A seat's time line: half-open segments, and the transitions between them."""

from collections.abc import Iterable

from ccd.floor.seats import UNOBSERVED, View
from ccd.floor.values import value


@value
class Segment:
    """A span in which a seat's view did not change; times are µs since the epoch, `end` is None while it is open.

    `number` rises by one with each segment of the PBX, so that segments of one instant keep their order. `told` says
    that an event of the switch opened it: a snapshot's changes count no sign-ins and no pauses. The three counts are
    of what happened at the very start. A segment may have no length: a pause set and lifted in one microsecond counts.
    """

    seat: str
    number: int
    start: int
    end: int | None
    view: View
    told: bool
    offered: int
    answered: int
    missed: int
    opened_by: int  # evidence references (ccd.floor.events), 0 when no event did it
    closed_by: int

    def closed(self, end: int, ref: int) -> "Segment":
        return Segment(  # spelled out: `dataclasses.replace` costs four times as much, on the path of every event
            self.seat, self.number, self.start, end, self.view, self.told,
            self.offered, self.answered, self.missed, self.opened_by, ref,
        )  # fmt: skip


@value
class Transition:
    """What the floor says happened: a segment closed (none, when the seat is new) and the one that follows it."""

    closed: Segment | None
    opened: Segment


def as_they_follow(line: Iterable[tuple[str, Segment]]) -> list[tuple[str, Segment]]:
    """Stored segments, as (pbx, segment) in any order, in that of time. Each ends where the next of its seat begins:
    what was found later of a gap (ccd.history.gaps) stands for the unobserved, which is left out."""
    found: list[tuple[str, Segment] | None] = []
    last: dict[tuple[str, str], int] = {}
    for pbx, segment in sorted(line, key=lambda each: (each[1].start, each[0], each[1].number)):
        place = last.get((pbx, segment.seat))
        before = None if place is None else found[place]
        if before is not None and place is not None and (before[1].end is None or before[1].end > segment.start):
            cut = before[1].closed(segment.start, before[1].closed_by)
            is_found = cut.start == cut.end and cut.view.state is UNOBSERVED
            found[place] = None if is_found else (pbx, cut)
        last[pbx, segment.seat] = len(found)
        found.append((pbx, segment))
    return [each for each in found if each is not None]
